"""The slate is the best list that the caps permit, and full whenever a full one exists."""

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalog import NO_CATEGORY
from recommender.slate import AT_ONCE, fill_slate

NO_RESERVE = np.zeros(0, dtype=np.int64)


class Shop:
    """A catalog of ``category`` codes, some of whose rows are candidates, the others reserve."""

    def __init__(self, category: list[int], scores: list[float], limit: int, cap: int | None) -> None:
        self.category = np.array(category, dtype=np.int32)
        self.item = np.arange(len(scores))
        self.score = np.array(scores, dtype=np.float32)
        self.reserve = np.arange(len(category))  # the whole shop, candidates included, as the pipeline gives it
        self.limit, self.cap = limit, cap
        self.reserve_asked = 0

    def __repr__(self) -> str:
        return f"Shop({self.category.tolist()}, {self.score.tolist()}, {self.limit}, {self.cap})"

    def slate(self) -> list[int]:
        return fill_slate(
            item=self.item,
            score=self.score,
            category=self.category,
            reserve=self._ask,
            limit=self.limit,
            max_per_category=self.cap,
        ).tolist()

    def holds(self, rows: list[int] | tuple[int, ...]) -> bool:
        used = Counter(code for code in self.category[list(rows)].tolist() if code != NO_CATEGORY)
        return self.cap is None or all(count <= self.cap for count in used.values())

    def feasible(self, rows: np.ndarray) -> int:
        """How many of the rows fit into one slate."""
        sizes = Counter(self.category[rows].tolist())
        room = sum(n if self.cap is None or code == NO_CATEGORY else min(n, self.cap) for code, n in sizes.items())
        return min(room, self.limit)

    def _ask(self) -> np.ndarray:
        self.reserve_asked += 1
        return self.reserve


def test_shoppers_never_see_two_products_that_look_the_same_while_there_is_another() -> None:
    name = np.array(["bananas", "bananas", "plantains", "bananas", "apples", "bananas"], dtype=object)

    def slate(limit: int) -> list[int]:
        return fill_slate(
            item=np.array([1, 2, 3]),
            score=np.array([0.9, 0.5, 0.7], dtype=np.float32),
            category=np.zeros(6, dtype=np.int32),
            reserve=lambda: np.array([5, 4, 1]),
            limit=limit,
            max_per_category=None,
            name=name,
            shown=np.array([0]),
        ).tolist()

    assert slate(2) == [2, 4]
    assert slate(4) == [2, 4, 1, 3]


@st.composite
def shops(draw: st.DrawFn, most: int = 30) -> Shop:
    category = draw(st.lists(st.sampled_from([NO_CATEGORY, 0, 1, 2]), max_size=most))
    count = draw(st.integers(0, len(category)))
    scores = draw(st.lists(st.integers(-4, 12).map(lambda n: n / 4), min_size=count, max_size=count))
    return Shop(category, scores, draw(st.integers(1, 12)), draw(st.none() | st.integers(1, 4)))


@given(shops())
def test_the_cap_holds_nothing_repeats_and_the_slate_is_full_where_that_is_possible(shop: Shop) -> None:
    slate = shop.slate()
    assert shop.holds(slate)
    assert len(set(slate)) == len(slate) == shop.feasible(shop.reserve)


def test_a_product_far_back_in_the_reserve_is_found() -> None:
    shop = Shop([1] * (2 * AT_ONCE) + [2, 3, 1], [0.5], limit=4, cap=2)
    assert shop.slate() == [0, 1, 2 * AT_ONCE, 2 * AT_ONCE + 1]


@given(shops())
def test_candidates_come_best_first_and_before_any_reserve(shop: Shop) -> None:
    slate = shop.slate()
    own = [row for row in slate if row < len(shop.item)]
    assert slate[: len(own)] == own
    assert (np.diff(shop.score[own]) <= 0).all()
    assert len(own) == shop.feasible(shop.item)


@given(shops(most=9))
def test_no_other_choice_of_candidates_scores_more(shop: Shop) -> None:
    shop.reserve = NO_RESERVE
    slate = shop.slate()
    possible = [rows for rows in combinations(range(len(shop.item)), len(slate)) if shop.holds(rows)]
    best = max(float(shop.score[list(rows)].sum()) for rows in possible)
    assert float(shop.score[slate].sum()) == best


@given(shops())
def test_the_reserve_is_asked_only_where_candidates_do_not_fill_the_slate(shop: Shop) -> None:
    shop.slate()
    assert shop.reserve_asked == (shop.feasible(shop.item) < shop.limit)


def test_products_without_a_category_are_not_capped() -> None:
    assert Shop([NO_CATEGORY] * 5, [5, 4, 3, 2, 1], limit=5, cap=1).slate() == [0, 1, 2, 3, 4]


def test_a_full_category_is_skipped_not_the_rest_of_the_list() -> None:
    assert Shop([0, 0, 0, 1], [4, 3, 2, 1], limit=3, cap=2).slate() == [0, 1, 3]


def test_equal_scores_keep_the_order_of_the_candidates() -> None:
    assert Shop([0, 1, 2], [1, 1, 1], limit=3, cap=None).slate() == [0, 1, 2]


def test_the_reserve_fills_up_in_its_own_order_within_the_caps() -> None:
    shop = Shop([0, 0, 1, 1, 1], [1.0], limit=4, cap=2)
    shop.reserve = np.array([4, 1, 3, 2])
    assert shop.slate() == [0, 4, 1, 3]
