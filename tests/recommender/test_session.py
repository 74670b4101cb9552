"""The homepage answers what the shopper did in the last hours."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.in_process import answer_now
from recommender.events import EVENT_TYPES, TASTE_WEIGHTS, EventType
from recommender.evidence import asked_scores, session_scores, strongest
from recommender.history import SESSION_EVENTS, History, session_items
from recommender.policy import Policy, Weights
from recommender.snapshot import Snapshot
from recommender.stages import Stages
from recommender.types import SOURCES, Context, Slate, Source

Ask = Callable[..., Slate]
HistoryOf = Callable[..., History]
Scripted = Callable[..., Stages]
VIEW, BUY, ADD, REMOVE = EventType.VIEW, EventType.PURCHASE, EventType.CART_ADD, EventType.CART_REMOVE
HOUR = 1 / 24


@pytest.fixture(scope="module")
def lively(two_aisles: Snapshot) -> Snapshot:
    """The two aisles, where the session counts as much as anything else."""
    return replace(two_aisles, policy=replace(two_aisles.policy, session_weight=1.0, session_hours=12.0))


def session_column(slate: Slate) -> np.ndarray:
    return slate.evidence[:, SOURCES.index(Source.SESSION)]


def test_the_last_hours_are_the_session(history_of: HistoryOf, now: float) -> None:
    history = history_of((1, BUY, 13 * HOUR), (2, VIEW, 11 * HOUR), (3, ADD, 0), (2, VIEW, 0))
    assert session_items(history, now=now, hours=12).tolist() == [2, 3]
    assert session_items(history, now=now, hours=24).tolist() == [1, 2, 3]
    assert session_items(history, now=now + 86_400, hours=12).tolist() == []
    assert session_items(history_of(), now=now, hours=12).tolist() == []


def test_only_the_latest_events_of_a_long_session_count(history_of: HistoryOf, now: float) -> None:
    history = history_of(*[(row, VIEW, row * HOUR / 60) for row in range(50)])  # row 0 is the newest
    assert session_items(history, now=now, hours=12).tolist() == list(range(SESSION_EVENTS))


def test_what_was_put_back_is_not_part_of_the_session(history_of: HistoryOf, now: float) -> None:
    put_back = history_of((1, ADD, 2 * HOUR), (2, ADD, 2 * HOUR), (1, REMOVE, HOUR))
    assert session_items(put_back, now=now, hours=12).tolist() == [2]


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(EVENT_TYPES), st.floats(0, 2)), max_size=15))
def test_session_items_are_distinct_recent_and_liked(
    history_of: HistoryOf, now: float, events: list[tuple[int, EventType, float]]
) -> None:
    items = session_items(history_of(*events), now=now, hours=12).tolist()
    liked = {item for item, kind, days in events if days < 0.5 and TASTE_WEIGHTS[kind] > 0}
    disliked = {item for item, kind, _ in events if TASTE_WEIGHTS[kind] < 0}
    assert len(set(items)) == len(items)
    assert liked - disliked <= set(items) <= liked | {item for item, _, days in events if days == 0.5}


def test_what_is_bought_together_with_the_session_comes_first(
    lively: Snapshot, ask: Ask, history_of: HistoryOf, scripted: Scripted
) -> None:
    scores = answer_now(session_scores(lively, np.array([0]), scripted(lively)))
    assert scores is not None
    assert np.flatnonzero(scores).tolist() == [1, 21]
    slate = ask(replace(lively, fitted=Weights()), history=history_of((0, VIEW, HOUR)), limit=3)
    assert slate.item.tolist()[:2] == [21, 1]
    assert slate.found_by[Source.SESSION] == 2
    assert session_column(slate)[0] == 1.0


def test_where_nobody_bought_anything_together_likeness_counts(lively: Snapshot, scripted: Scripted) -> None:
    scores = answer_now(session_scores(lively, np.array([30]), scripted(lively)))
    assert scores is not None
    assert scores[20:] == pytest.approx(np.where(np.arange(20, 40) == 30, 0.0, 1.0))  # not the session itself
    assert scores[:20] == pytest.approx(np.zeros(20))


def test_a_session_about_which_nothing_is_known_is_silent(lively: Snapshot, scripted: Scripted) -> None:
    speechless = replace(lively, vectors=np.zeros((2, 2), dtype=np.float32))
    assert answer_now(session_scores(speechless, np.array([30]), scripted(speechless))) is None


def test_yesterday_is_not_the_session(lively: Snapshot, ask: Ask, history_of: HistoryOf) -> None:
    slate = ask(lively, history=history_of((0, VIEW, 1.0)))
    assert Source.SESSION not in slate.found_by
    assert not session_column(slate).any()


def test_a_weight_of_0_switches_the_session_off(two_aisles: Snapshot, ask: Ask, history_of: HistoryOf) -> None:
    assert two_aisles.policy.session_weight == 0.0
    slate = ask(two_aisles, history=history_of((0, VIEW, HOUR)))
    assert Source.SESSION not in slate.found_by


def test_the_session_counts_on_the_homepage_only(lively: Snapshot, ask: Ask, history_of: HistoryOf) -> None:
    assert lively.weights(Context.HOMEPAGE).session == 1.0
    for context in set(Context) - {Context.HOMEPAGE}:
        assert lively.weights(context).session == 0.0
        slate = ask(lively, context=context, anchors=[30], history=history_of((0, VIEW, HOUR)))
        assert not session_column(slate).any()


def test_models_are_compared_without_a_session() -> None:
    assert Policy().session_weight > 0
    assert Policy().without_soft_rules().session_weight == 0.0


TEA: np.ndarray = np.array([[0.0, 1.0]], dtype=np.float32)


def test_what_was_asked_for_counts_for_who_did_nothing_yet(lively: Snapshot, ask: Ask) -> None:
    slate = ask(replace(lively, fitted=Weights(popularity=0.1)), asked=TEA)
    assert (slate.item >= 20).all()
    assert (session_column(slate) == 1.0).all()
    assert slate.strategy == "hybrid"


def test_the_best_of_several_texts_counts(lively: Snapshot, scripted: Scripted) -> None:
    both = np.eye(2, dtype=np.float32)
    assert answer_now(asked_scores(lively, both, scripted(lively))) == pytest.approx(np.ones(40))
    assert answer_now(asked_scores(lively, TEA[:0], scripted(lively))) is None


def test_a_search_does_not_silence_the_rest_of_the_session(lively: Snapshot, ask: Ask, history_of: HistoryOf) -> None:
    """The history's 0 goes with 21 and 1; the search adds the other tea, whatever unit either comes in."""
    slate = ask(replace(lively, fitted=Weights()), history=history_of((0, VIEW, HOUR)), asked=TEA, limit=40)
    by_item = dict(zip(slate.item.tolist(), session_column(slate).tolist(), strict=True))
    assert by_item[1] == pytest.approx(1 / 3)
    assert {by_item[row] for row in range(20, 40)} == {1.0}


def test_columns_without_anything_are_none() -> None:
    assert strongest([]) is None
    assert strongest([np.zeros(3, dtype=np.float32), -np.ones(3, dtype=np.float32)]) is None
