import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from recommender.catalog import UNKNOWN_STOCK, product_uuid
from recommender.errors import InvalidInput
from recommender.product_text import product_text
from store.catalog import SINGLE_CHANGES, Product, read_catalog, read_products, set_stock, upsert_products
from store.changes import Change, newest_change, read_changes
from store.engine import reading, writing
from store.tables import products

MILK = Product(
    external_id="milk",
    name="Whole milk",
    category="Dairy",
    brand="Farm 7",
    description="One gallon",
    price=3.99,
    image_url="https://shop.example/milk.jpg",
    stock=7,
    active=True,
    created_at=1_700_000_000.125,
    attributes={"size": "1 gal", "department": "GROCERY"},
)
BARE = Product(external_id="tea", name="Tea")


def announced(connection: Connection, after: int = 0) -> list[tuple[str, str | None]]:
    return [(change.kind, change.key) for change in read_changes(connection, after)]


def test_a_product_reads_back_as_it_was_written(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK])
    with reading(engine) as connection:
        catalog = read_catalog(connection)
    assert catalog.external_id.tolist() == ["milk"]
    assert catalog.name.tolist() == ["Whole milk"]
    assert [catalog.category_names[code] for code in catalog.category] == ["Dairy"]
    assert catalog.price.tolist() == [np.float32(3.99)]
    assert catalog.image_url.tolist() == ["https://shop.example/milk.jpg"]
    assert catalog.stock.tolist() == [7]
    assert catalog.active.tolist() == [True]
    assert catalog.created_at.tolist() == [1_700_000_000.125]


def test_the_text_is_composed_of_the_stored_fields(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK])
        text = read_catalog(connection).text[0]
    assert text == product_text(
        name="Whole milk",
        category="Dairy",
        brand="Farm 7",
        description="One gallon",
        attributes={"size": "1 gal", "department": "GROCERY"},
        price=3.99,
    )


def test_what_is_unknown_stays_unknown(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [BARE])
        catalog = read_catalog(connection)
    assert math.isnan(catalog.price[0])
    assert math.isnan(catalog.created_at[0])
    assert catalog.stock.tolist() == [UNKNOWN_STOCK]
    assert catalog.image_url.tolist() == [None]


def test_the_catalog_is_ordered_by_code_point_and_holds_inactive_products(engine: Engine) -> None:
    ids = ["b", "é", "B", "10", "9", "a", "🥛"]
    with writing(engine) as connection:
        upsert_products(connection, [Product(external_id=one, name=one, active=one != "9") for one in ids])
        catalog = read_catalog(connection)
    assert catalog.external_id.tolist() == sorted(ids)
    assert catalog.active.tolist() == [one != "9" for one in sorted(ids)]


def test_the_internal_id_is_derived_from_the_shops(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK])
        assert connection.execute(select(products.c.product_id)).scalar_one() == product_uuid("milk")


def test_a_write_replaces_the_product_wholly(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK])
        upsert_products(connection, [Product(external_id="milk", name="Oat milk")])
        (row,) = read_products(connection, ["milk"])
    assert (row.name, row.text, row.price, row.stock, row.created_at) == ("Oat milk", "oat milk", None, None, None)


def test_of_two_with_the_same_id_the_later_counts(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK, BARE, replace(MILK, name="Oat milk")])
        assert sorted(read_catalog(connection).name) == ["Oat milk", "Tea"]
        assert announced(connection) == [("product", "milk"), ("product", "tea")]


def test_products_are_read_in_the_order_asked_for(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK, BARE])
        rows = read_products(connection, ["tea", "nothing", "milk"])
        catalog = read_catalog(connection)
    assert [row.external_id for row in rows] == ["tea", "milk"]
    assert [row.text for row in rows] == catalog.text.tolist()[::-1]


def test_many_products_are_one_change(engine: Engine) -> None:
    many = [Product(external_id=str(number), name="x") for number in range(SINGLE_CHANGES + 1)]
    with writing(engine) as connection:
        upsert_products(connection, many[:-1])
        assert announced(connection) == [("product", product.external_id) for product in many[:-1]]
        upsert_products(connection, many)
        assert announced(connection, after=SINGLE_CHANGES) == [("catalog", None)]
        assert len(read_products(connection, [product.external_id for product in many])) == len(many)


def test_a_change_is_seen_exactly_when_its_product_is(engine: Engine) -> None:
    with writing(engine) as writer, reading(engine) as reader:
        upsert_products(writer, [MILK])
        assert newest_change(reader) == 0
        assert len(read_catalog(reader)) == 0
    with reading(engine) as reader:
        assert read_changes(reader, 0) == [Change(1, "product", "milk")]
        assert len(read_catalog(reader)) == 1


def test_stock_changes_only_where_it_differs(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK, BARE])
        missing = set_stock(connection, {"milk": 7, "tea": 0, "nothing": 3})
        assert missing == ("nothing",)
        assert announced(connection, after=2) == [("product", "tea")]
        assert {row.external_id: row.stock for row in read_products(connection, ["milk", "tea"])} == {
            "milk": 7,
            "tea": 0,
        }
        assert set_stock(connection, {"milk": None}) == ()
        assert read_products(connection, ["milk"])[0].stock is None
        assert read_products(connection, ["milk"])[0].name == "Whole milk"


def test_the_stock_of_many_products_is_one_change(engine: Engine) -> None:
    many = [Product(external_id=str(number), name="x") for number in range(SINGLE_CHANGES + 1)]
    with writing(engine) as connection:
        upsert_products(connection, many)
        set_stock(connection, {product.external_id: 5 for product in many})
        assert announced(connection) == [("catalog", None)] * 2
        assert set(read_catalog(connection).stock.tolist()) == {5}


def test_negative_stock_changes_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK, BARE])
        with pytest.raises(InvalidInput) as refused:
            set_stock(connection, {"milk": 1, "tea": -1})
        assert (refused.value.field, refused.value.value) == ("stock.tea", -1)
        assert read_products(connection, ["milk"])[0].stock == 7


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("product_id", {"external_id": ""}),
        ("name", {"name": ""}),
        ("brand", {"brand": "a\0b"}),
        ("price", {"price": -1.0}),
        ("price", {"price": math.nan}),
        ("stock", {"stock": -1}),
        ("stock", {"stock": 2**31}),
        ("created_at", {"created_at": 1.7e12}),
        ("attributes.size", {"attributes": {"size": "\ud800"}}),
    ],
)
def test_a_product_that_cannot_be_stored_cannot_be_made(field: str, values: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        Product(**({"external_id": "milk", "name": "Milk"} | values))
    assert refused.value.field == field


texts = st.text(max_size=12)
anything = st.fixed_dictionaries(
    {"external_id": texts, "name": texts},
    optional={
        "category": texts,
        "description": texts,
        "price": st.floats(),
        "image_url": texts,
        "stock": st.integers(),
        "active": st.booleans(),
        "attributes": st.dictionaries(texts, texts, max_size=2),
    },
)


@given(values=anything)
def test_every_product_that_can_be_made_reads_back(lasting_engine: Engine, values: dict[str, object]) -> None:
    try:
        product = Product(**values)
    except InvalidInput:
        return
    with writing(lasting_engine) as connection:
        upsert_products(connection, [product])
        (row,) = read_products(connection, [product.external_id])
    read = (row.external_id, row.name, row.category, row.price, row.image_url, row.stock, row.active)
    written = (product.external_id, product.name, product.category, product.price, product.image_url, product.stock)
    assert read == (*written, product.active)
