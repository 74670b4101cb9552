"""The learned blender orders the homepage of customers who bought, and stands back everywhere else."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.events import EventType
from recommender.facts import ITEM_NAMES, no_facts
from recommender.features import FEATURES
from recommender.history import NO_HISTORY, History
from recommender.policy import Policy, Weights
from recommender.snapshot import Snapshot
from recommender.trace import Trace
from recommender.types import Context, Slate

Ask = Callable[..., Slate]
PLAIN = Policy().without_soft_rules()


class CheapFirst:
    """Prefers what sold least, the very opposite of every other source."""

    def predict(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        return -1000 * table[:, FEATURES.index("sold_7d")]


@pytest.fixture
def learned(two_aisles: Snapshot) -> Snapshot:
    columns = np.zeros((40, len(ITEM_NAMES)), dtype=np.float32)
    columns[:, ITEM_NAMES.index("sold_7d")] = np.arange(40, 0, -1)
    facts = replace(no_facts(40), columns=columns)
    return replace(two_aisles, facts=facts, learned={Context.HOMEPAGE: CheapFirst()})


@pytest.fixture
def buyer(history_of: Callable[..., History]) -> History:
    return history_of((0, EventType.PURCHASE, 2), (3, EventType.PURCHASE, 1))


def test_its_order_is_the_answers_order(learned: Snapshot, buyer: History, ask: Ask) -> None:
    slate = ask(learned, history=buyer)
    assert slate.learned
    assert slate.item.tolist() == list(range(39, 29, -1))
    assert slate.score[0] == 1.0
    assert (np.diff(slate.score) <= 0).all()
    assert (slate.score >= 0).all()
    np.testing.assert_array_equal(slate.blend, slate.score)


def test_a_reserve_product_comes_after_every_candidate(learned: Snapshot, buyer: History, ask: Ask) -> None:
    few = replace(PLAIN, candidates=dict.fromkeys(PLAIN.candidates, 1))
    slate = ask(replace(learned, policy=few), history=buyer, limit=40)
    assert len(slate) == 40
    assert (np.diff(slate.score) <= 0).all()


@pytest.mark.parametrize("context", [Context.PRODUCT_PAGE, Context.CART, Context.BOUGHT_TOGETHER])
def test_other_pages_keep_their_weights(learned: Snapshot, buyer: History, ask: Ask, context: Context) -> None:
    assert not ask(learned, context=context, history=buyer, anchors=[0]).learned


def test_a_cart_has_trees_of_its_own(learned: Snapshot, buyer: History, ask: Ask) -> None:
    """They know strangers too."""
    carts = replace(learned, learned={Context.CART: CheapFirst()})
    for history in (buyer, NO_HISTORY):
        slate = ask(carts, context=Context.CART, history=history, anchors=[0])
        assert slate.learned
        assert slate.item[0] == max(slate.item)
    assert not ask(carts, history=buyer).learned


def test_strangers_and_those_who_only_looked_keep_the_weights(
    learned: Snapshot, history_of: Callable[..., History], ask: Ask
) -> None:
    assert not ask(learned).learned
    assert not ask(learned, history=history_of((3, EventType.VIEW, 1))).learned


def test_a_shop_that_sets_weights_gets_them(learned: Snapshot, buyer: History, ask: Ask) -> None:
    homepage = replace(PLAIN.contexts[Context.HOMEPAGE], weights=Weights(popularity=1.0))
    own = replace(PLAIN, contexts={**PLAIN.contexts, Context.HOMEPAGE: homepage})
    slate = ask(replace(learned, policy=own), history=buyer)
    assert not slate.learned
    assert slate.item[0] == 0


def test_after_the_deadline_the_weights_answer_and_the_answer_says_so(
    learned: Snapshot, buyer: History, ask: Ask
) -> None:
    slate = ask(learned, history=buyer, trace=Trace(lambda: 0.0, 0.0))
    assert not slate.learned
    assert "learned_blend" in slate.degraded
    assert len(slate) == 10


def test_what_goes_with_the_session_is_added(learned: Snapshot, history_of: Callable[..., History], ask: Ask) -> None:
    with_session = replace(learned, policy=replace(PLAIN, session_weight=5.0))
    history = history_of((30, EventType.PURCHASE, 9), (0, EventType.CART_ADD, 0))
    assert ask(with_session, history=history).item[0] == 21
    assert ask(learned, history=history).item[0] == 39


def test_of_what_nobody_bought_the_trees_say_nothing(learned: Snapshot, buyer: History, ask: Ask) -> None:
    first = ask(learned, history=buyer).item[0]
    popularity = np.ones(len(learned.catalog), dtype=np.float32)
    popularity[first] = 0.0
    slate = ask(replace(learned, popularity=popularity), history=buyer, limit=len(learned.catalog))
    assert first not in slate.item[:10]


def test_equal_candidates_score_the_same(two_aisles: Snapshot, buyer: History, ask: Ask) -> None:
    slate = ask(replace(two_aisles, learned={Context.HOMEPAGE: CheapFirst()}), history=buyer)
    assert set(slate.score.tolist()) == {0.0}
    assert slate.item.tolist() == list(range(10))
