"""Products become columns, and every way of changing a catalog keeps rows, codes and both ids right."""

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalog import NO_CATEGORY, UNKNOWN_STOCK, Catalog, ProductRow, build_catalog, product_uuid

MILK = ProductRow(
    external_id="milk",
    name="Milk",
    category="dairy",
    text="milk. dairy",
    image_url="https://shop.test/milk.png",
    price=1.5,
    stock=7,
    created_at=1e9,
)
BREAD = ProductRow(external_id="bread", name="Bread", category="bakery")
BAG = ProductRow(external_id="bag", name="Bag")

products = st.builds(
    ProductRow,
    external_id=st.sampled_from("abcdefgh"),
    name=st.text(max_size=5),
    category=st.sampled_from(["", "dairy", "bakery", "fruit", "wine"]),
    text=st.text(max_size=5),
    image_url=st.none() | st.just("https://shop.test/x.png"),
    price=st.none() | st.floats(0, 1000, width=32),
    stock=st.none() | st.integers(0, 100),
    active=st.booleans(),
    created_at=st.none() | st.floats(0, 2e9),
)


def as_rows(catalog: Catalog) -> list[tuple[object, ...]]:
    """Every product as plain values that compare equal; NaN becomes None."""
    return [
        (
            catalog.external_id[row],
            catalog.name[row],
            catalog.text[row],
            catalog.image_url[row],
            catalog.category_name(row),
            None if np.isnan(catalog.price[row]) else float(catalog.price[row]),
            int(catalog.stock[row]),
            bool(catalog.active[row]),
            None if np.isnan(catalog.created_at[row]) else float(catalog.created_at[row]),
        )
        for row in range(len(catalog))
    ]


def column_types(catalog: Catalog) -> dict[str, np.dtype]:
    return {name: value.dtype for name, value in vars(catalog).items() if isinstance(value, np.ndarray)}


def test_every_attribute_of_a_product_is_in_its_row() -> None:
    expected = ("milk", "Milk", "milk. dairy", "https://shop.test/milk.png", "dairy", 1.5, 7, True, 1e9)
    assert as_rows(build_catalog([BREAD, MILK]))[1] == expected


def test_unknown_attributes_have_their_marks() -> None:
    catalog = build_catalog([BAG])
    assert catalog.stock[0] == UNKNOWN_STOCK
    assert catalog.category[0] == NO_CATEGORY
    assert catalog.category_name(0) == ""
    assert np.isnan(catalog.price[0])
    assert np.isnan(catalog.created_at[0])
    assert catalog.active[0]


def test_the_text_of_a_product_without_one_is_its_name() -> None:
    assert build_catalog([BAG]).text[0] == "Bag"


def test_given_category_names_keep_their_codes() -> None:
    catalog = build_catalog([BREAD, MILK], category_names=["wine", "dairy", "bakery"])
    assert catalog.category.tolist() == [2, 1]


def test_an_empty_catalog_has_no_rows_and_the_usual_types() -> None:
    empty = build_catalog([])
    assert len(empty) == 0
    assert column_types(empty) == column_types(build_catalog([MILK]))


def test_both_ids_lead_to_the_row() -> None:
    catalog = build_catalog([BREAD, MILK])
    assert catalog.row_of["milk"] == catalog.row_of[product_uuid("milk")] == 1
    assert "nothing" not in catalog.row_of


def test_the_internal_id_is_a_uuid_that_depends_on_the_external_id_alone() -> None:
    assert UUID(product_uuid("milk")).version == 5
    assert product_uuid("milk") == product_uuid("milk") != product_uuid("Milk")


def test_take_gives_the_rows_in_the_order_asked_for() -> None:
    taken = build_catalog([BREAD, MILK, BAG]).take(np.array([2, 0]))
    assert as_rows(taken) == as_rows(build_catalog([BAG, BREAD]))
    assert taken.row_of["bread"] == 1
    assert "milk" not in taken.row_of


def test_a_changed_product_stays_in_its_row_and_the_old_catalog_stays_as_it_was() -> None:
    old = build_catalog([BREAD, MILK])
    sold_out = ProductRow(external_id="bread", name="Bread", category="bakery", stock=0)
    new = old.with_products([sold_out])
    assert new.stock.tolist() == [0, 7]
    assert old.stock.tolist() == [UNKNOWN_STOCK, 7]
    assert len(new) == 2


def test_a_new_product_with_a_new_category_comes_last_and_moves_no_code() -> None:
    old = build_catalog([BREAD, MILK])
    new = old.with_products([ProductRow(external_id="apple", name="Apple", category="apples")])
    assert new.category_names == ("bakery", "dairy", "apples")
    assert new.category.tolist() == [0, 1, 2]
    assert new.row_of["apple"] == new.row_of[product_uuid("apple")] == 2
    assert "apple" not in old.row_of


def test_column_types_survive_every_change() -> None:
    old = build_catalog([BREAD])
    assert column_types(old.with_products([MILK])) == column_types(old)
    assert column_types(old.aligned(["gone", "bread"])) == column_types(old)


@given(
    st.lists(products, unique_by=lambda p: p.external_id, max_size=5),
    st.lists(st.lists(products, unique_by=lambda p: p.external_id, max_size=5), max_size=4),
)
def test_changes_one_after_another_equal_one_fresh_build(
    start: list[ProductRow], changes: list[list[ProductRow]]
) -> None:
    catalog = build_catalog(start)
    latest = {product.external_id: product for product in start}
    for change in changes:
        catalog = catalog.with_products(change)
        latest |= {product.external_id: product for product in change}
    fresh = build_catalog(list(latest.values()))
    assert as_rows(catalog) == as_rows(fresh)
    assert catalog.row_of == fresh.row_of
    assert len(set(catalog.category_names)) == len(catalog.category_names)
    assert column_types(catalog) == column_types(fresh)


@given(
    st.lists(products, unique_by=lambda p: p.external_id, max_size=6),
    st.lists(st.sampled_from("abcdefghxyz"), unique=True, max_size=8),
)
def test_aligned_has_the_listed_products_first_and_loses_none(start: list[ProductRow], listed: list[str]) -> None:
    catalog = build_catalog(start)
    aligned = catalog.aligned(listed)
    given = {product.external_id: row for product, row in zip(start, as_rows(catalog), strict=True)}
    others = [product.external_id for product in start if product.external_id not in listed]
    assert aligned.external_id.tolist() == [*listed, *others]
    for row in as_rows(aligned):
        assert row == given.get(str(row[0]), row)
    assert aligned.active[[e not in given for e in aligned.external_id]].sum() == 0
    assert all(aligned.row_of[external_id] == row for row, external_id in enumerate(aligned.external_id))


def test_a_product_deleted_since_the_release_is_a_deleted_row_in_its_place() -> None:
    aligned = build_catalog([BREAD, MILK]).aligned(["gone", "milk"])
    assert aligned.external_id.tolist() == ["gone", "milk", "bread"]
    assert aligned.active.tolist() == [False, True, True]
    assert aligned.deleted.tolist() == [True, False, False]
    assert aligned.category_name(1) == "dairy"
    assert aligned.category_name(0) == ""


def test_a_catalog_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        build_catalog([MILK]).stock = np.zeros(1, dtype=np.int32)  # type: ignore[misc]


def test_a_deleted_product_keeps_its_row_and_is_never_active() -> None:
    catalog = build_catalog([BREAD, MILK]).with_products([replace(MILK, active=True, deleted=True)])
    assert catalog.external_id.tolist() == ["bread", "milk"]
    assert catalog.deleted.tolist() == [False, True]
    assert catalog.active.tolist() == [BREAD.active, False]
    back = catalog.with_products([replace(MILK, active=True)])
    assert (back.deleted.tolist(), bool(back.active[1])) == ([False, False], True)
