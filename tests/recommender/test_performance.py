"""Daily figures."""

from hypothesis import given
from hypothesis import strategies as st

from recommender.performance import Answer, Figures, Group, figures_by_group

HOME, CART = Group("homepage", "hybrid", "r1"), Group("cart", "hybrid", "r1")


def answer(group: Group = HOME, request: str = "q", status: str = "active", shown: str = "ab") -> Answer:
    return Answer(group=group, request_id=request, status=status, shown=list(shown))


def test_answers_are_counted_by_what_became_of_them() -> None:
    statuses = ("active", "clicked", "purchased", "dismissed")
    found = figures_by_group([*(answer(status=status) for status in statuses), answer(CART, shown="abc")], {})
    assert found == {
        HOME: Figures(answers=4, shown=8, clicked=2, purchased=1, dismissed=1),
        CART: Figures(answers=1, shown=3),
    }


def test_a_sale_counts_once_and_where_its_product_was_shown() -> None:
    sales = {("q", "b"): 5.0, ("q", "z"): 7.0, ("p", "a"): 9.0}
    found = figures_by_group([answer(shown="a"), answer(CART, shown="ab"), answer(shown="b")], sales)
    assert (found[HOME].revenue, found[CART].revenue) == (0.0, 5.0)
    assert sales == {("q", "z"): 7.0, ("p", "a"): 9.0}


KEYS = st.tuples(st.sampled_from("pq"), st.sampled_from("abc"))
ANSWERS = st.lists(
    st.builds(
        answer, st.sampled_from((HOME, CART)), st.sampled_from("pqr"), st.just("active"), st.text("abc", max_size=3)
    )
)


@given(ANSWERS, st.dictionaries(KEYS, st.integers(1, 9).map(float)))
def test_no_sale_is_lost_or_doubled(answers: list[Answer], sales: dict[tuple[str, str], float]) -> None:
    before = sum(sales.values())
    counted = sum(figures.revenue for figures in figures_by_group(answers, sales).values())
    assert counted + sum(sales.values()) == before
