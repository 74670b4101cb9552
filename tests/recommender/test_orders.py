"""The lines of one order are one basket, whenever each was sent."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.history import DAY
from recommender.orders import order_moments


def moments(*lines: tuple[int, int, float]) -> list[float]:
    """(customer, order, second) in any order."""
    customer, order, at = (np.array(column) for column in zip(*lines, strict=True))
    return order_moments(customer, order, at.astype(np.float64)).tolist()


def test_lines_of_an_order_have_the_moment_of_the_first() -> None:
    assert moments((0, 7, 12.0), (0, 7, 10.0), (0, 8, 11.0), (0, 7, 13.0)) == [10.0, 10.0, 11.0, 10.0]


def test_another_customers_order_of_that_number_is_another() -> None:
    assert moments((0, 7, 10.0), (1, 7, 11.0)) == [10.0, 11.0]


def test_without_an_order_each_line_is_on_its_own() -> None:
    assert moments((0, -1, 10.0), (0, -1, 11.0)) == [10.0, 11.0]


def test_what_comes_more_than_a_day_later_is_not_the_same_basket() -> None:
    assert moments((0, 7, 0.0), (0, 7, DAY), (0, 7, DAY + 1.0)) == [0.0, 0.0, DAY + 1.0]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2), st.integers(0, 200_000).map(float)), min_size=1))
def test_moments_only_move_back_by_a_day_at_most_and_stay_there(lines: list[tuple[int, int, float]]) -> None:
    moved = moments(*lines)
    assert all(0.0 <= at - new <= DAY for (_, _, at), new in zip(lines, moved, strict=True))
    assert all(at == new for (_, order, at), new in zip(lines, moved, strict=True) if order < 0)
    again = moments(*((customer, order, at) for (customer, order, _), at in zip(lines, moved, strict=True)))
    assert again == moved
