import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from recommender.errors import InvalidInput
from store.catalog import Product, read_catalog, upsert_products
from store.engine import reading, writing
from store.imports.rows import check_products
from store.imports.source_files import RawChunk
from store.products import change_product, stored_products
from store.variants import Variant, sent_variants, stock_of

SHIRT = Product(
    external_id="shirt",
    name="Shirt",
    stock=99,
    variants=(Variant(id="s", attributes={"size": "S"}, stock=0), Variant(id="m", stock=4)),
)


def product(engine: Engine) -> Product:
    with reading(engine) as connection:
        return stored_products(connection, ["shirt"])["shirt"]


def test_variants_are_stored_and_their_stock_is_the_products(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [SHIRT])
        catalog = read_catalog(connection)
    assert catalog.stock[catalog.row_of["shirt"]] == 4
    assert product(engine) == SHIRT
    assert product(engine).stock == 4


def test_a_live_stock_counts_until_variants_are_sent_again(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [SHIRT])
        change_product(connection, "shirt", {"stock": 0})
    assert product(engine).stock == 0
    with writing(engine) as connection:
        upsert_products(connection, [SHIRT])
    assert product(engine).stock == 4


@given(st.lists(st.none() | st.integers(0, 2**31 - 1), min_size=1))
def test_sold_out_only_when_all_are(stocks: list[int | None]) -> None:
    total = stock_of([Variant(id=str(place), stock=stock) for place, stock in enumerate(stocks)])
    assert (total == 0) == all(stock == 0 for stock in stocks)
    assert (total is None) == (None in stocks)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "variants"),
        ([1], "variants.0"),
        ([{"stock": 1}], "variants.0"),
        ([{"id": "s", "size": "S"}], "variants.0.size"),
        ([{"id": "s", "attributes": 1}], "variants.0.attributes"),
        ([{"id": "s", "stock": "1"}], "variants.0.stock"),
        ([{"id": "s", "stock": -1}], "variants.0.stock"),
        ([{"id": "s"}, {"id": "s"}], "variants.1.id"),
    ],
)
def test_mistakes_are_named(sent: object, field: str) -> None:
    def made() -> Product:
        return Product(external_id="a", name="A", variants=sent_variants(sent))

    with pytest.raises(InvalidInput) as refused:
        made()
    assert refused.value.field == field
    checked = check_products(
        RawChunk([1, 2], {"product_id": ["a", "b"], "name": ["A", "B"], "variants": [sent, None]}, ())
    )
    assert [(reject.line, reject.field) for reject in checked.rejects] == [(1, "variants")]
    assert field in checked.rejects[0].reason


@pytest.mark.parametrize("form", [lambda sent: sent, json.dumps])
def test_imported_as_json_or_as_its_text(form: Callable[[object], object]) -> None:
    sent = [{"id": 7, "attributes": {"size": "S"}, "stock": 2}]
    [imported] = check_products(
        RawChunk([1], {"product_id": [1], "name": ["A"], "variants": [form(sent)]}, ())
    ).accepted
    assert imported.variants == (Variant(id="7", attributes={"size": "S"}, stock=2),)
    assert imported.stock == 2
