import math

import pytest

from recommender.errors import InvalidInput
from store.values import MAX_COUNT, check_count, check_instant, check_price, check_text


@pytest.mark.parametrize("value", [None, "", "milk", "🥛", " "])
def test_text_that_both_databases_hold(value: str | None) -> None:
    check_text("name", value)


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "é\udfff"])
def test_text_that_no_database_holds(value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_text("name", value)
    assert (refused.value.field, refused.value.value) == ("name", value)


@pytest.mark.parametrize("value", [None, ""])
def test_required_text(value: str | None) -> None:
    with pytest.raises(InvalidInput):
        check_text("name", value, required=True)


@pytest.mark.parametrize("value", [-0.01, math.inf, math.nan])
def test_prices_are_finite_and_not_negative(value: float) -> None:
    with pytest.raises(InvalidInput):
        check_price("price", value)


def test_a_price_of_nothing_counts_only_where_it_need_not_be_positive() -> None:
    check_price("price", 0.0)
    check_price("price", None, positive=True)
    with pytest.raises(InvalidInput, match="above 0"):
        check_price("price", 0.0, positive=True)


@pytest.mark.parametrize("value", [0, MAX_COUNT + 1, 1.5, "1"])
def test_counts_are_whole_and_in_range(value: int) -> None:
    with pytest.raises(InvalidInput):
        check_count("quantity", value, least=1)


def test_counts_in_range() -> None:
    for value in (None, 1, MAX_COUNT):
        check_count("quantity", value, least=1)


@pytest.mark.parametrize("value", [-1.0, 4_102_444_800.0, 1.7e12, math.nan, math.inf])
def test_instants_are_seconds_and_not_milliseconds(value: float) -> None:
    with pytest.raises(InvalidInput, match="epoch seconds"):
        check_instant("occurred_at", value)


def test_instants_in_range() -> None:
    for value in (None, 0.0, 1.7e9, 4_102_444_799.9):
        check_instant("occurred_at", value)
