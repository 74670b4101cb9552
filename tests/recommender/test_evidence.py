"""Sources speak on one scale, and a source that knows nothing is silent."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.collaborative import Collaborative
from models.in_process import InProcessStages, answer_now
from recommender.catalog import Catalog
from recommender.evidence import (
    affinity_scores,
    co_purchase_scores,
    collaborative_scores,
    content_scores,
    neighbour_scores,
    popularity_scores,
    sequence_scores,
    weigh_evidence,
)
from recommender.facts import ITEM_NAMES, ItemFacts
from recommender.history import ItemWeights
from recommender.snapshot import Neighbours, Snapshot
from recommender.types import SOURCES, Source

NOTHING = Neighbours(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
STAGES = InProcessStages(
    Collaborative(np.zeros((0, 4), np.float32), 1.0, NOTHING, NOTHING, NOTHING, np.zeros(0, np.float32))
)
SIZE = 8
ALL = np.arange(SIZE)
columns = arrays(np.float32, SIZE, elements=st.integers(-1600, 1600).map(lambda sixteenths: sixteenths / 16))
masks = arrays(np.bool_, SIZE)


def liking(**items: float) -> ItemWeights:
    """``liking(_3=1.0)``: weight 1 on item 3."""
    rows = np.array([int(name.strip("_")) for name in items], dtype=np.int32)
    return ItemWeights(rows, np.array(list(items.values()), dtype=np.float32))


def column_of(source: Source, table: np.ndarray) -> list[float]:
    return table[:, SOURCES.index(source)].tolist()


def test_the_best_allowed_product_of_a_source_is_1_and_ratios_survive() -> None:
    raw = np.array([8, 4, 2, 0], dtype=np.float32)
    scaled = weigh_evidence({Source.REPEAT: raw}, np.array([False, True, True, True])).scaled(np.arange(4))
    assert column_of(Source.REPEAT, scaled) == [1.0, 1.0, 0.5, 0.0]


def test_a_negative_score_is_no_evidence() -> None:
    raw = np.array([-3, 2], dtype=np.float32)
    scaled = weigh_evidence({Source.CONTENT: raw}, np.ones(2, dtype=bool)).scaled(np.arange(2))
    assert column_of(Source.CONTENT, scaled) == [0.0, 1.0]


def test_a_silent_source_is_a_column_of_zeros() -> None:
    scaled = weigh_evidence({Source.CONTENT: np.ones(2, np.float32)}, np.ones(2, dtype=bool)).scaled(np.arange(2))
    assert scaled.shape == (2, len(SOURCES))
    for source in set(SOURCES) - {Source.CONTENT}:
        assert column_of(source, scaled) == [0.0, 0.0]


def test_where_nothing_is_allowed_everything_is_0() -> None:
    scaled = weigh_evidence({Source.CONTENT: np.ones(2, np.float32)}, np.zeros(2, dtype=bool)).scaled(np.arange(2))
    assert not scaled.any()


@given(columns, masks)
def test_scaled_scores_lie_in_0_to_1_and_keep_the_order(raw: np.ndarray, allowed: np.ndarray) -> None:
    scaled = weigh_evidence({Source.CONTENT: raw}, allowed).scaled(ALL)[:, SOURCES.index(Source.CONTENT)]
    assert ((scaled >= 0) & (scaled <= 1)).all()
    assert (np.diff(scaled[np.argsort(raw, kind="stable")]) >= 0).all()
    if (raw[allowed] > 0).any():
        assert scaled[allowed].max() == 1.0


@given(columns, masks, st.floats(1e-3, 1e3))
def test_the_unit_of_a_source_does_not_matter(raw: np.ndarray, allowed: np.ndarray, factor: float) -> None:
    as_it_is = weigh_evidence({Source.CONTENT: raw}, allowed).scaled(ALL)
    in_another_unit = weigh_evidence({Source.CONTENT: (raw * factor).astype(np.float32)}, allowed).scaled(ALL)
    np.testing.assert_allclose(in_another_unit, as_it_is, atol=1e-5)


@given(columns, columns)
def test_a_source_is_scaled_alone(one: np.ndarray, other: np.ndarray) -> None:
    allowed = np.ones(SIZE, dtype=bool)
    together = weigh_evidence({Source.CONTENT: one, Source.REPEAT: other}, allowed).scaled(ALL)
    alone = weigh_evidence({Source.CONTENT: one}, allowed).scaled(ALL)
    assert column_of(Source.CONTENT, together) == column_of(Source.CONTENT, alone)


def test_content_is_the_cosine_with_the_taste(two_aisles: Snapshot) -> None:
    scores = answer_now(content_scores(two_aisles, liking(_0=3.0, _20=4.0), STAGES))
    assert scores is not None
    assert scores[:20] == pytest.approx(np.full(20, 0.6))
    assert scores[20:] == pytest.approx(np.full(20, 0.8))


def test_disliked_products_turn_the_content_score_negative(two_aisles: Snapshot) -> None:
    scores = answer_now(content_scores(two_aisles, liking(_0=-1.0), STAGES))
    assert scores is not None
    assert scores[5] == -1.0
    assert scores[25] == 0.0


@pytest.mark.parametrize("taste", [liking(), liking(_0=1.0, _1=-1.0)], ids=["nothing liked", "likes that cancel"])
def test_content_is_silent_without_a_direction(two_aisles: Snapshot, taste: ItemWeights) -> None:
    assert answer_now(content_scores(two_aisles, taste, STAGES)) is None


class NoisyStages(InProcessStages):
    """Stages whose sums are rounded otherwise, as in a larger batch."""

    async def similarities(self, vectors: np.ndarray, profile: np.ndarray) -> np.ndarray:
        exact = await super().similarities(vectors, profile)
        return (exact + np.where(np.arange(len(exact)) % 2, 1e-7, -1e-7)).astype(np.float32)


def test_who_asks_at_the_same_time_does_not_decide_between_equals(two_aisles: Snapshot) -> None:
    noisy = NoisyStages(STAGES.collaborative)
    alone, batched = (answer_now(content_scores(two_aisles, liking(_0=1.0), one)) for one in (STAGES, noisy))
    assert alone is not None
    assert len(np.unique(alone)) < len(alone)
    assert np.array_equal(alone, batched)


def test_content_is_silent_about_a_text_at_the_mean(two_aisles: Snapshot) -> None:
    at_mean = replace(two_aisles, vectors=np.zeros((2, 2), dtype=np.float32))
    assert answer_now(content_scores(at_mean, liking(_0=1.0), STAGES)) is None


def test_co_purchase_sums_over_the_anchors(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot], neighbours_of: Callable[..., Neighbours]
) -> None:
    related = neighbours_of(4, {0: {2: 0.5, 3: 0.25}, 1: {2: 0.25}})
    snapshot = snapshot_of(shelf(*"abcd"), co_purchase=related)
    scores = co_purchase_scores(snapshot, np.array([0, 1]))
    assert scores is not None
    assert scores.tolist() == [0.0, 0.0, 0.75, 0.25]


def test_co_purchase_is_silent_about_products_nobody_bought_together(two_aisles: Snapshot) -> None:
    assert co_purchase_scores(two_aisles, np.array([30])) is None
    assert co_purchase_scores(two_aisles, np.array([], dtype=np.int64)) is None


def test_products_newer_than_the_release_score_0_in_its_columns(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot], neighbours_of: Callable[..., Neighbours]
) -> None:
    snapshot = snapshot_of(
        shelf(*"abc"),  # the release knew two products only
        factors=np.array([[1, 0], [0, 2]], dtype=np.float32),
        popularity=np.array([5, 3], dtype=np.float32),
        co_purchase=neighbours_of(2, {0: {1: 1.0}}),
    )
    assert collaborative_scores(snapshot, np.array([1, 1], np.float32)).tolist() == [1.0, 2.0, 0.0]
    assert popularity_scores(snapshot).tolist() == [5.0, 3.0, 0.0]
    assert co_purchase_scores(snapshot, np.array([2])) is None
    related = co_purchase_scores(snapshot, np.array([0, 2]))
    assert related is not None
    assert related.tolist() == [0.0, 1.0, 0.0]


def test_neighbours_and_what_follows_are_weighed_by_the_customers_own(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot], neighbours_of: Callable[..., Neighbours]
) -> None:
    related = neighbours_of(4, {0: {1: 0.5, 2: 0.25}, 3: {2: 1.0}})
    snapshot = snapshot_of(shelf(*"abcd"), neighbours=related, sequence=related)
    for scores in (neighbour_scores, sequence_scores):
        column = scores(snapshot, liking(_0=2.0, _3=1.0))
        assert column is not None
        assert column.tolist() == [0.0, 1.0, 1.5, 0.0]
        assert scores(snapshot, liking(_1=1.0)) is None
        assert scores(snapshot, liking(_9=1.0)) is None  # newer than the release


def test_affinity_is_what_sells_among_the_kinds_that_are_bought(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot]
) -> None:
    columns = np.zeros((4, len(ITEM_NAMES)), dtype=np.float32)
    columns[:, ITEM_NAMES.index("sold_14d")] = [1, 3, 9, 7]
    kinds = np.array([0, 0, 1, 1], dtype=np.int32)
    snapshot = snapshot_of(shelf(*"abcde"), facts=ItemFacts(columns, np.arange(4, dtype=np.int32), kinds))
    column = affinity_scores(snapshot, liking(_0=1.0))
    assert column is not None
    weight = np.log1p(1.0) / np.sqrt(4.0)
    assert column == pytest.approx([weight, 3 * weight, 0, 0, 0])
    assert affinity_scores(snapshot, liking(_4=1.0)) is None  # newer than the release: of no kind
