"""The cross-encoder is one more input for the best few; a stage that is down costs quality, never a rule."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.errors import StageUnavailable
from recommender.events import EventType
from recommender.history import History
from recommender.policy import RerankMode
from recommender.snapshot import Snapshot
from recommender.trace import Trace
from recommender.types import Context, Slate, Source

Ask = Callable[..., Slate]
HistoryOf = Callable[..., History]
Scripted = Callable[..., "object"]
BUY = EventType.PURCHASE
BACKWARDS = {item: float(item) for item in range(40)}
"""A cross-encoder that prefers high rows, against popularity."""


@pytest.fixture
def reranked(two_aisles: Snapshot) -> Snapshot:
    return replace(two_aisles, rerank_helps=True, rerank_weight=0.5)


@pytest.fixture
def tea_drinker(history_of: HistoryOf) -> History:
    return history_of((30, BUY, 3), (31, BUY, 2))


def scores_of(slate: Slate) -> dict[int, float]:
    return dict(zip(slate.item.tolist(), slate.score.tolist(), strict=True))


def test_reranking_changes_the_scores_of_its_20_and_of_no_other(
    two_aisles: Snapshot, reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History
) -> None:
    stages = scripted(reranked, logits=BACKWARDS)
    plain = ask(two_aisles, limit=40, history=tea_drinker)
    after = ask(reranked, limit=40, history=tea_drinker, stages=stages)
    looked_at = plain.item.tolist()[:20]
    assert stages.asked == [("tea 31; tea 30", looked_at)]
    before, now = scores_of(plain), scores_of(after)
    assert {item for item in before if before[item] != now[item]} <= set(looked_at)
    assert sum(now[item] - before[item] for item in looked_at) == pytest.approx(0.0, abs=1e-5)
    assert after.item[0] == max(now, key=now.__getitem__)
    terms = dict(zip(after.item.tolist(), after.rerank.tolist(), strict=True))
    assert {item: now[item] - before[item] for item in before} == pytest.approx(terms, abs=1e-6)


def test_the_depth_of_reranking_is_the_policys(
    reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History
) -> None:
    stages = scripted(reranked, logits=BACKWARDS)
    shallow = replace(reranked, policy=replace(reranked.policy, rerank_depth=5))
    slate = ask(shallow, limit=40, history=tea_drinker, stages=stages)
    assert len(stages.asked[0][1]) == 5
    assert (slate.rerank != 0).sum() <= 5


def test_the_preferred_product_rises_to_the_top_where_the_weight_is_large(
    reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History
) -> None:
    stages = scripted(reranked, logits={27: 5.0, 30: -5.0, 31: -5.0} | dict.fromkeys(range(20, 27), 0.0))
    slate = ask(replace(reranked, rerank_weight=10.0), history=tea_drinker, stages=stages)
    assert slate.item[0] == 27


def test_a_product_the_cross_encoder_does_not_know_keeps_its_score(
    two_aisles: Snapshot, reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History
) -> None:
    stages = scripted(reranked, logits={item: value for item, value in BACKWARDS.items() if item != 30})
    slate = ask(reranked, limit=40, history=tea_drinker, stages=stages)
    assert scores_of(slate)[30] == scores_of(ask(two_aisles, limit=40, history=tea_drinker))[30]
    assert np.isfinite(slate.score).all()


def test_a_page_about_products_asks_with_their_names(reranked: Snapshot, ask: Ask, scripted: Scripted) -> None:
    stages = scripted(reranked, logits=BACKWARDS)
    ask(reranked, context=Context.CART, anchors=[25, 3], stages=stages)
    assert stages.asked[0][0] == "tea 25; coffee 3"
    assert not {25, 3} & set(stages.asked[0][1])


def test_a_stranger_is_not_reranked(reranked: Snapshot, ask: Ask, scripted: Scripted) -> None:
    stages = scripted(reranked, logits=BACKWARDS)
    slate = ask(reranked, stages=stages)
    assert stages.asked == []
    assert slate.degraded == ()


@pytest.mark.parametrize(
    ("mode", "helps", "runs"),
    [
        (RerankMode.AUTO, True, True),
        (RerankMode.AUTO, False, False),
        (RerankMode.ON, False, True),
        (RerankMode.OFF, True, False),
    ],
)
def test_the_rules_decide_whether_the_cross_encoder_runs(
    two_aisles: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History, mode: RerankMode, helps: bool, runs: bool
) -> None:
    shop = replace(two_aisles, rerank_helps=helps, policy=replace(two_aisles.policy, rerank=mode))
    stages = scripted(shop, logits=BACKWARDS)
    ask(shop, history=tea_drinker, stages=stages)
    assert bool(stages.asked) is runs


def test_without_the_reranker_the_blend_decides_and_the_answer_says_so(
    two_aisles: Snapshot, reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History
) -> None:
    slate = ask(reranked, history=tea_drinker, stages=scripted(reranked, down=["rerank"]))
    assert slate.degraded == ("rerank",)
    assert slate.item.tolist() == ask(two_aisles, history=tea_drinker).item.tolist()
    assert not slate.rerank.any()


def test_without_the_collaborative_stage_the_other_sources_answer(
    reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History
) -> None:
    slate = ask(reranked, history=tea_drinker, stages=scripted(reranked, logits=BACKWARDS, down=["collaborative"]))
    assert slate.degraded == ("collaborative",)
    assert Source.COLLABORATIVE not in slate.found_by
    assert (slate.item >= 20).all()
    assert len(slate) == 10


def test_with_every_stage_down_the_hard_rules_hold(
    reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History, changed: Callable[..., Snapshot]
) -> None:
    shop = changed(reranked, stock={20: 0, 0: 0}, active={21: False})
    stages = scripted(shop, down=["collaborative", "rerank"])
    slate = ask(shop, limit=40, history=tea_drinker, stages=stages, exclude=[22])
    assert slate.degraded == ("collaborative", "rerank")
    assert sorted(slate.item.tolist()) == [item for item in range(40) if item not in {0, 20, 21, 22}]


def test_an_error_that_is_not_expected_is_not_hidden(
    reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History
) -> None:
    class Broken(type(scripted(reranked))):  # type: ignore[misc]
        async def fold_in(self, confidences: object, *, timeout: float) -> NDArray[np.float32]:
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        ask(reranked, history=tea_drinker, stages=Broken(reranked))


def test_stages_are_given_what_is_left_of_the_deadline(
    reranked: Snapshot, ask: Ask, scripted: Scripted, tea_drinker: History
) -> None:
    ticks = iter(range(100))
    trace = Trace(lambda: float(next(ticks)), budget=50.0)
    stages = scripted(reranked, logits=BACKWARDS)
    ask(reranked, history=tea_drinker, stages=stages, trace=trace)
    fold_in, rerank = stages.timeouts
    assert 50.0 > fold_in > rerank > 0.0
    assert trace.seconds.keys() == {"candidates", "score", "rerank", "slate"}
    assert all(seconds > 0 for seconds in trace.seconds.values())


def test_a_stage_that_fails_names_itself() -> None:
    error = StageUnavailable("rerank", "no time left")
    assert (error.stage, error.reason) == ("rerank", "no time left")
    assert "rerank" in str(error)
