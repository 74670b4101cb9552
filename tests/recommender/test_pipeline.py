"""The whole pipeline on a shop with two aisles: coffee in rows 0–19, tea in rows 20–39, lower rows sell more."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from recommender.catalog import Catalog
from recommender.events import EventType
from recommender.history import DAY, History
from recommender.policy import ContextPolicy, Policy, Weights
from recommender.snapshot import Snapshot
from recommender.types import SOURCES, Context, Removal, Slate, Source

Ask = Callable[..., Slate]
Changed = Callable[..., Snapshot]
HistoryOf = Callable[..., History]
BUY, VIEW = EventType.PURCHASE, EventType.VIEW


def capped(cap: int, **rest: object) -> Policy:
    policy = Policy()
    contexts = {context: replace(own, max_per_category=cap) for context, own in policy.contexts.items()}
    return replace(policy, contexts=MappingProxyType(contexts), **rest)


def test_a_stranger_sees_what_sells(two_aisles: Snapshot, ask: Ask) -> None:
    slate = ask(two_aisles, limit=5)
    assert slate.item.tolist() == [0, 1, 2, 3, 4]
    assert slate.strategy == "popular"
    assert slate.found_by == {Source.POPULARITY: 40}
    assert slate.removals == slate.degraded == ()


def test_a_stranger_sees_a_full_list_even_where_nothing_ever_sold(two_aisles: Snapshot, ask: Ask) -> None:
    unsold = replace(two_aisles, popularity=np.zeros(40, dtype=np.float32))
    assert ask(unsold, limit=4).item.tolist() == [0, 1, 2, 3]


def test_a_tea_drinker_sees_tea(two_aisles: Snapshot, ask: Ask, history_of: HistoryOf) -> None:
    slate = ask(two_aisles, limit=12, history=history_of((30, BUY, 3), (35, VIEW, 1)))
    assert (slate.item >= 20).all()
    assert slate.item[0] == 30  # bought before: the only one that repeat purchase speaks for
    assert slate.strategy == "hybrid"
    found = {Source.CONTENT, Source.COLLABORATIVE, Source.POPULARITY, Source.REPEAT, Source.AFFINITY}
    assert slate.found_by.keys() == found


def test_a_customer_with_views_only_sees_the_aisle_they_looked_at(
    two_aisles: Snapshot, ask: Ask, history_of: HistoryOf
) -> None:
    slate = ask(two_aisles, history=history_of((25, VIEW, 0)))
    assert (slate.item >= 20).all()
    assert Source.REPEAT not in slate.found_by


def test_what_was_taken_out_of_the_cart_speaks_against_its_aisle(
    two_aisles: Snapshot, ask: Ask, history_of: HistoryOf
) -> None:
    slate = ask(two_aisles, history=history_of((0, EventType.CART_REMOVE, 0)))
    assert (slate.evidence[:, SOURCES.index(Source.CONTENT)] == 0).all()
    assert len(slate) == 10


def test_scores_are_the_blend_of_the_evidence_shown(two_aisles: Snapshot, ask: Ask, history_of: HistoryOf) -> None:
    slate = ask(two_aisles, history=history_of((30, BUY, 3)))
    np.testing.assert_allclose(slate.score, slate.evidence @ two_aisles.fitted.vector(), rtol=1e-6)
    assert (np.diff(slate.score) <= 0).all()


def test_similar_products_stand_beside_the_product_shown(two_aisles: Snapshot, ask: Ask) -> None:
    slate = ask(two_aisles, context=Context.PRODUCT_PAGE, anchors=[25], limit=19)
    assert sorted(slate.item.tolist()) == [row for row in range(20, 40) if row != 25]
    assert slate.strategy == "hybrid"
    assert slate.removals == (Removal(25, "shown_product", "the request is about this product"),)


def test_the_cart_is_completed_with_what_is_bought_together(two_aisles: Snapshot, ask: Ask) -> None:
    slate = ask(two_aisles, context=Context.CART, anchors=[0], limit=3)
    assert slate.item.tolist()[0] == 21
    assert Removal(0, "in_cart", "the request is about this product") in slate.removals


def test_nothing_in_the_cart_is_recommended_again(two_aisles: Snapshot, ask: Ask) -> None:
    slate = ask(two_aisles, context=Context.CART, anchors=[0, 1, 21], limit=37)
    assert not {0, 1, 21} & set(slate.item.tolist())
    assert len(slate) == 37


@pytest.mark.parametrize(
    ("anchor", "limit", "first", "strategy"),
    [
        (0, 2, [21, 1], "co_purchase"),
        (0, 5, [21, 1], "co_purchase+similarity"),
        (30, 3, [20, 21, 22], "similarity"),
    ],
)
def test_bought_together_says_how_it_came_about(
    two_aisles: Snapshot, ask: Ask, anchor: int, limit: int, first: list[int], strategy: str
) -> None:
    slate = ask(two_aisles, context=Context.BOUGHT_TOGETHER, anchors=[anchor], limit=limit)
    assert slate.item.tolist()[: len(first)] == first
    assert slate.strategy == strategy


def test_a_page_about_products_ignores_the_customers_history(
    two_aisles: Snapshot, ask: Ask, history_of: HistoryOf
) -> None:
    about_tea = {"context": Context.PRODUCT_PAGE, "anchors": [25]}
    with_history = ask(two_aisles, history=history_of((0, BUY, 0)), **about_tea)
    assert with_history.item.tolist() == ask(two_aisles, **about_tea).item.tolist()


def test_each_context_uses_its_own_weights_and_cap(two_aisles: Snapshot, ask: Ask) -> None:
    only_popularity = ContextPolicy(weights=Weights(popularity=1.0), max_per_category=1)
    policy = replace(two_aisles.policy, contexts=MappingProxyType(dict.fromkeys(Context, only_popularity)))
    slate = ask(replace(two_aisles, policy=policy), context=Context.PRODUCT_PAGE, anchors=[25], limit=2)
    assert slate.item.tolist() == [20, 0]


def test_a_sold_out_product_is_replaced_by_the_next_and_named(two_aisles: Snapshot, ask: Ask, changed: Changed) -> None:
    slate = ask(changed(two_aisles, stock={1: 0}), limit=3)
    assert slate.item.tolist() == [0, 2, 3]
    assert slate.removals == (Removal(1, "in_stock", "stock=0"),)


def test_a_product_switched_off_is_not_shown_even_to_its_best_customer(
    two_aisles: Snapshot, ask: Ask, changed: Changed, history_of: HistoryOf
) -> None:
    shop = changed(two_aisles, active={30: False})
    slate = ask(shop, limit=40, history=history_of((30, BUY, 1), (30, BUY, 2)))
    assert 30 not in slate.item
    assert len(slate) == 39
    assert Removal(30, "active", "active=false") in slate.removals


def test_excluded_products_are_left_out_and_named(two_aisles: Snapshot, ask: Ask) -> None:
    slate = ask(two_aisles, exclude=[0, 2], limit=3)
    assert slate.item.tolist() == [1, 3, 4]
    assert set(slate.removals) == {
        Removal(0, "excluded", "the request leaves this product out"),
        Removal(2, "excluded", "the request leaves this product out"),
    }


def test_a_hard_rule_is_named_before_the_request(two_aisles: Snapshot, ask: Ask, changed: Changed) -> None:
    slate = ask(changed(two_aisles, stock={0: 0}), exclude=[0])
    assert slate.removals == (Removal(0, "in_stock", "stock=0"),)


def test_nothing_allowed_gives_an_empty_slate_that_says_why(two_aisles: Snapshot, ask: Ask, changed: Changed) -> None:
    slate = ask(changed(two_aisles, stock=dict.fromkeys(range(40), 0)))
    assert len(slate) == 0
    assert {removal.detail for removal in slate.removals} == {"stock=0"}
    assert slate.evidence.shape == (0, len(SOURCES))


def test_a_cap_spreads_the_list_over_the_aisles(two_aisles: Snapshot, ask: Ask) -> None:
    slate = ask(replace(two_aisles, policy=capped(3)), limit=6)
    assert slate.item.tolist() == [0, 1, 2, 20, 21, 22]


def test_caps_and_catalog_may_leave_a_list_short(two_aisles: Snapshot, ask: Ask) -> None:
    assert len(ask(replace(two_aisles, policy=capped(3)), limit=10)) == 6


def test_a_limit_beyond_the_candidates_is_filled_from_the_catalog(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot], ask: Ask
) -> None:
    sold = np.zeros(30, dtype=np.float32)
    sold[7] = 1.0
    slate = ask(snapshot_of(shelf(*["x"] * 30), popularity=sold), limit=30)
    assert slate.item[0] == 7
    assert sorted(slate.item.tolist()) == list(range(30))
    assert slate.score[1:].tolist() == [0.0] * 29


def test_larger_limits_bring_more_candidates(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot], ask: Ask
) -> None:
    shop = snapshot_of(shelf(*["x"] * 400), popularity=np.arange(400, 0, -1, dtype=np.float32))
    found = [ask(shop, limit=limit).found_by[Source.POPULARITY] for limit in (1, 16, 17, 100)]
    assert found == [50, 50, 51, 300]


def test_new_arrivals_are_lifted_for_as_long_as_the_rules_say(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot], ask: Ask, now: float
) -> None:
    created = {3: now - 5 * DAY, 2: now - 31 * DAY}  # 0 and 1: unknown, which is not new
    shop = snapshot_of(shelf(*"abcd", created=created), popularity=np.array([4, 3, 2, 1], dtype=np.float32))
    assert ask(shop, limit=4).item.tolist() == [0, 1, 2, 3]
    lifted = ask(replace(shop, policy=replace(shop.policy, new_arrival_boost=1.0)), limit=4)
    assert lifted.item.tolist() == [3, 0, 1, 2]
    assert lifted.score[0] == pytest.approx(1.0 + 0.01 / 4)


def test_a_product_newer_than_the_release_is_found_by_its_content(
    two_aisles: Snapshot, shelf: Callable[..., Catalog], ask: Ask, history_of: HistoryOf
) -> None:
    wider = replace(
        two_aisles,
        catalog=shelf(*["coffee"] * 20, *["tea"] * 21),
        vector_row=np.append(two_aisles.vector_row, np.int32(1)),
    )
    slate = ask(wider, limit=41, history=history_of((30, BUY, 1)))
    place = slate.item.tolist().index(40)
    assert place <= 20
    assert slate.evidence[place, SOURCES.index(Source.CONTENT)] == 1.0
    assert slate.evidence[place, SOURCES.index(Source.COLLABORATIVE)] == 0.0


def test_a_history_of_products_without_factors_leaves_the_collaborative_source_silent(
    two_aisles: Snapshot, ask: Ask, history_of: HistoryOf
) -> None:
    few_factors = replace(two_aisles, factors=two_aisles.factors[:10])
    slate = ask(few_factors, history=history_of((30, BUY, 1)))
    assert Source.COLLABORATIVE not in slate.found_by
    assert slate.degraded == ()


def test_the_same_query_gives_the_same_slate(two_aisles: Snapshot, ask: Ask, history_of: HistoryOf) -> None:
    once, again = (ask(two_aisles, history=history_of((30, BUY, 1), (3, VIEW, 0))) for _ in range(2))
    assert once.item.tolist() == again.item.tolist()
    assert once.score.tolist() == again.score.tolist()
