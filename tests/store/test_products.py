from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from recommender.catalog import product_uuid
from recommender.errors import InvalidInput
from store.catalog import Product, read_catalog, read_products, upsert_products
from store.changes import newest_change, read_changes
from store.engine import reading, writing
from store.products import change_product, delete_product, find_product, list_products

MILK = Product(
    external_id="milk",
    name="Whole milk",
    category="Dairy",
    brand="Farm 7",
    description="One gallon",
    price=3.99,
    image_url="https://shop.example/milk.jpg",
    stock=7,
    created_at=1_700_000_000.125,
    attributes={"size": "1 gal"},
)
BARE = Product(external_id="tea", name="Tea")


def found(connection: Connection, product_id: str) -> Product:
    stored = find_product(connection, product_id)
    assert stored is not None
    return stored.product


def announced(connection: Connection, after: int) -> list[tuple[str, str | None]]:
    return [(change.kind, change.key) for change in read_changes(connection, after)]


@pytest.mark.parametrize("product", [MILK, BARE])
def test_a_product_is_found_by_either_id_with_everything_it_has(engine: Engine, product: Product) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK, BARE])
    with reading(engine) as connection:
        assert found(connection, product.external_id) == product
        assert found(connection, product_uuid(product.external_id)) == product
        assert find_product(connection, "nothing") is None


def test_the_shops_own_id_comes_before_the_internal_one(engine: Engine) -> None:
    twin = Product(external_id=product_uuid("milk"), name="An id like another's internal one")
    with writing(engine) as connection:
        upsert_products(connection, [MILK, twin])
        assert found(connection, product_uuid("milk")) == twin


def test_pages_follow_one_another_in_the_order_of_ids(engine: Engine) -> None:
    ids = ["10", "9", "B", "a", "b", "é"]
    with writing(engine) as connection:
        upsert_products(connection, [Product(external_id=one, name=one) for one in reversed(ids)])
        delete_product(connection, "B")
        pages, after = [], ""
        while page := [one.product.external_id for one in list_products(connection, after=after, limit=2)]:
            pages.append(page)
            after = page[-1]
    assert pages == [["10", "9"], ["a", "b"], ["é"]]


@pytest.mark.parametrize(
    "values", [{"stock": 0}, {"price": 1.25}, {"active": False}, {"stock": None, "price": None, "active": False}]
)
def test_only_what_is_named_changes(engine: Engine, values: dict[str, Any]) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK, BARE])
        before = newest_change(connection)
        assert change_product(connection, product_uuid("milk"), values) == "milk"
        changed = found(connection, "milk")
        assert {name: getattr(changed, name) for name in values} == values
        others = ("name", "category", "brand", "description", "image_url", "created_at", "attributes")
        assert [getattr(changed, name) for name in others] == [getattr(MILK, name) for name in others]
        assert found(connection, "tea") == BARE
        assert announced(connection, before) == [("product", "milk")]


@pytest.mark.parametrize(
    ("field", "value"), [("stock", -1), ("stock", 2**31), ("price", -0.5), ("price", float("nan"))]
)
def test_a_value_that_cannot_be_stored_changes_nothing(engine: Engine, field: str, value: float) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK])
        with pytest.raises(InvalidInput) as refused:
            change_product(connection, "milk", {"active": False, field: value})
        assert refused.value.field == field
        assert found(connection, "milk") == MILK


def test_a_deleted_product_is_gone_but_its_row_stays(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK, BARE])
        before = newest_change(connection)
        assert delete_product(connection, product_uuid("milk")) == "milk"
        assert announced(connection, before) == [("product", "milk")]
        assert find_product(connection, "milk") is None
        assert change_product(connection, "milk", {"stock": 3}) is None
        assert delete_product(connection, "milk") is None
        assert [row.deleted for row in read_products(connection, ["milk", "tea"])] == [True, False]
        catalog = read_catalog(connection)
    assert catalog.external_id.tolist() == ["milk", "tea"]
    assert (catalog.active.tolist(), catalog.deleted.tolist()) == ([False, True], [True, False])


def test_writing_a_deleted_product_brings_it_back(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [MILK])
        delete_product(connection, "milk")
        upsert_products(connection, [MILK])
        assert found(connection, "milk") == MILK


def test_unknown_products_are_neither_changed_nor_announced(engine: Engine) -> None:
    with writing(engine) as connection:
        assert change_product(connection, "nothing", {"stock": 1}) is None
        assert delete_product(connection, "nothing") is None
        assert newest_change(connection) == 0
        with pytest.raises(InvalidInput):
            find_product(connection, "a\0b")
