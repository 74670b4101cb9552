from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from recommender.outcomes import Outcome, furthest

outcomes = st.sampled_from(Outcome)


def test_the_order_is_written_down_once() -> None:
    assert list(Outcome) == ["active", "dismissed", "clicked", "purchased"]


@given(several=st.lists(outcomes, min_size=1), data=st.data())
def test_neither_order_nor_repetition_changes_where_it_ends(several: list[Outcome], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(several + several))
    assert reduce(furthest, shuffled) is reduce(furthest, several)


@given(one=outcomes, other=outcomes)
def test_it_never_moves_back(one: Outcome, other: Outcome) -> None:
    order = list(Outcome)
    assert order.index(furthest(one, other)) >= order.index(one)
