"""Stage 1 finds exactly the best allowed products of each source, and says which ones it had to leave out."""

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.candidates import generate, top_k
from recommender.evidence import weigh_evidence
from recommender.types import SOURCES, Source


@st.composite
def shops(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with many ties, the allowed mask, and a popularity rank."""
    n = draw(st.integers(1, 30))
    scores = draw(st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), min_size=n, max_size=n))
    allowed = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    rank = draw(st.permutations(range(n)))
    return np.array(scores, np.float32), np.array(allowed, bool), np.array(rank, np.int64)


def slow_top_k(scores: np.ndarray, allowed: np.ndarray, k: int, rank: np.ndarray) -> list[int]:
    wanted = [row for row in range(len(scores)) if allowed[row] and scores[row] > 0]
    return sorted(wanted, key=lambda row: (-scores[row], rank[row]))[:k]


@given(shops(), st.integers(1, 40))
def test_top_k_equals_sorting_everything(shop: tuple[np.ndarray, np.ndarray, np.ndarray], k: int) -> None:
    scores, allowed, rank = shop
    assert top_k(scores, allowed, k, popular_rank=rank).tolist() == slow_top_k(scores, allowed, k, rank)


@given(st.integers(0, 2**32 - 1), st.integers(64, 4000), st.integers(1, 120), st.sampled_from([2, 9, 10**6]))
def test_top_k_of_a_large_catalog_equals_sorting_everything(seed: int, size: int, k: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    scores = (rng.integers(-1, levels, size) / levels).astype(np.float32)
    allowed, rank = rng.random(size) < rng.random(), rng.permutation(size)
    assert top_k(scores, allowed, k, popular_rank=rank).tolist() == slow_top_k(scores, allowed, k, rank)
    everything = slow_top_k(scores, np.ones(size, dtype=bool), k, rank)
    assert top_k(scores, None, k, popular_rank=rank).tolist() == everything


def test_of_equals_the_more_popular_comes_first() -> None:
    scores = np.array([1, 2, 1, 1], dtype=np.float32)
    rank = np.array([3, 2, 1, 0])
    assert top_k(scores, np.ones(4, dtype=bool), 3, popular_rank=rank).tolist() == [1, 3, 2]


def test_top_k_takes_no_product_without_evidence_however_few_there_are() -> None:
    scores = np.array([0, -1, np.nan, 0.1], dtype=np.float32)
    assert top_k(scores, np.ones(4, dtype=bool), 4, popular_rank=np.arange(4)).tolist() == [3]


finders = st.dictionaries(st.sampled_from(SOURCES), st.integers(1, 10), min_size=1)


@given(shops(), shops(), finders)
def test_candidates_are_allowed_found_and_ordered_by_popularity(
    shop: tuple[np.ndarray, np.ndarray, np.ndarray],
    other: tuple[np.ndarray, np.ndarray, np.ndarray],
    finders: Mapping[Source, int],
) -> None:
    content, allowed, rank = shop
    columns = {Source.CONTENT: content, Source.REPEAT: np.resize(other[0], len(content))}
    evidence = weigh_evidence(columns, allowed)
    candidates, refused = generate(evidence, finders, allowed, popular_rank=rank)
    spoke = {source: k for source, k in finders.items() if source in columns}
    expected = {row for source, k in spoke.items() for row in slow_top_k(columns[source], allowed, k, rank)}
    assert set(candidates.item.tolist()) == expected
    assert len(candidates) == len(expected)
    assert allowed[candidates.item].all()
    assert (np.diff(rank[candidates.item]) > 0).all()
    np.testing.assert_array_equal(candidates.scores, evidence.scaled(candidates.item))
    found = {source: len(slow_top_k(columns[source], allowed, k, rank)) for source, k in spoke.items()}
    assert candidates.found_by == found
    everything = np.ones_like(allowed)
    wanted = {row for source, k in spoke.items() for row in slow_top_k(columns[source], everything, k, rank)}
    assert set(refused.tolist()) == {row for row in wanted if not allowed[row]}
    assert len(set(refused.tolist())) == len(refused)


def test_a_forbidden_product_makes_room_for_the_next_one() -> None:
    evidence = weigh_evidence({Source.CONTENT: np.array([3, 2, 1], np.float32)}, np.array([False, True, True]))
    candidates, refused = generate(evidence, {Source.CONTENT: 2}, np.array([False, True, True]), popular_rank=ROWS)
    assert candidates.item.tolist() == [1, 2]
    assert refused.tolist() == [0]
    assert candidates.found_by == {Source.CONTENT: 2}


def test_every_source_scores_a_product_whichever_found_it() -> None:
    columns = {Source.CONTENT: np.array([2, 1, 0], np.float32), Source.POPULARITY: np.array([1, 2, 4], np.float32)}
    evidence = weigh_evidence(columns, np.ones(3, dtype=bool))
    candidates, _ = generate(evidence, {Source.CONTENT: 1}, np.ones(3, dtype=bool), popular_rank=ROWS)
    assert candidates.item.tolist() == [0]
    assert candidates.scores[0, SOURCES.index(Source.POPULARITY)] == 0.25


def test_no_source_no_candidates() -> None:
    candidates, refused = generate(
        weigh_evidence({}, np.ones(3, dtype=bool)), {Source.CONTENT: 5}, np.ones(3, dtype=bool), popular_rank=ROWS
    )
    assert len(candidates) == len(refused) == 0
    assert candidates.scores.shape == (0, len(SOURCES))


ROWS = np.arange(3)
