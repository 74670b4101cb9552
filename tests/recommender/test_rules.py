"""Hard rules: each forbids exactly what it is for, and says why."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalog import Catalog, ProductRow, build_catalog
from recommender.rules import HARD_RULES, HardRule, compile_rules
from recommender.rules.active import Active
from recommender.rules.in_stock import InStock

SHOP = build_catalog(
    [
        ProductRow(external_id="plenty", name="plenty", stock=5),
        ProductRow(external_id="sold out", name="sold out", stock=0),
        ProductRow(external_id="unknown stock", name="unknown stock"),
        ProductRow(external_id="switched off", name="switched off", stock=5, active=False),
        ProductRow(external_id="both", name="both", stock=0, active=False),
    ]
)


def test_every_rule_is_known_by_its_own_name() -> None:
    assert all(rule.name == name for name, rule in HARD_RULES.items())
    assert set(HARD_RULES) == {"active", "in_stock"}


def test_active_forbids_what_is_switched_off() -> None:
    assert Active().allows(SHOP).tolist() == [True, True, True, False, False]


def test_in_stock_forbids_what_is_sold_out_and_takes_unknown_stock_for_sellable() -> None:
    assert InStock().allows(SHOP).tolist() == [True, False, True, True, False]


def test_allowed_is_what_every_rule_allows() -> None:
    assert compile_rules([Active(), InStock()], SHOP).allowed.tolist() == [True, False, True, False, False]


def test_without_rules_everything_is_allowed() -> None:
    assert compile_rules([], SHOP).allowed.tolist() == [True] * 5


@pytest.mark.parametrize(
    ("item", "violation"),
    [
        (0, None),
        (1, ("in_stock", "stock=0")),
        (2, None),
        (3, ("active", "active=false")),
        (4, ("active", "active=false")),
    ],
)
def test_a_violation_names_the_first_rule_and_the_value_it_saw(item: int, violation: tuple[str, str] | None) -> None:
    assert compile_rules([Active(), InStock()], SHOP).violation(item) == violation


def test_the_order_of_the_rules_decides_which_one_is_named() -> None:
    assert compile_rules([InStock(), Active()], SHOP).violation(4) == ("in_stock", "stock=0")


@given(st.lists(st.tuples(st.booleans(), st.integers(-1, 3)), max_size=10))
def test_a_product_is_allowed_exactly_when_no_rule_is_violated(columns: list[tuple[bool, int]]) -> None:
    catalog = build_catalog(
        [
            ProductRow(external_id=str(row), name="x", active=active, stock=None if stock < 0 else stock)
            for row, (active, stock) in enumerate(columns)
        ]
    )
    compiled = compile_rules(tuple(HARD_RULES.values()), catalog)
    expected = [active and stock != 0 for active, stock in columns]
    assert compiled.allowed.tolist() == expected
    assert [compiled.violation(row) is None for row in range(len(columns))] == expected


def test_a_mask_has_one_entry_per_product(shelf: Callable[..., Catalog]) -> None:
    catalog = shelf("a", "b")
    for rule in HARD_RULES.values():
        assert rule.allows(catalog).shape == (2,)
        assert rule.allows(catalog).dtype == np.bool_


@pytest.mark.parametrize("rules", [[], [InStock()], [Active(), InStock()]])
def test_a_deleted_product_is_refused_whichever_rules_apply(rules: list[HardRule]) -> None:
    shop = build_catalog([ProductRow(external_id="gone", name="gone", stock=5, deleted=True)])
    compiled = compile_rules(rules, shop)
    assert compiled.allowed.tolist() == [False]
    assert compiled.violation(0) == ("deleted", "the shop deleted this product")
