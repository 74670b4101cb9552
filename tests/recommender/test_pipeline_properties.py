"""Thousands of random shops and queries: no hard rule is ever broken, and no list is shorter than it must be."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalog import NO_CATEGORY, UNKNOWN_STOCK, Catalog
from recommender.decision_record import Versions, full_record
from recommender.decision_replay import replay
from recommender.events import EVENT_TYPES
from recommender.history import DAY, NO_HISTORY, History
from recommender.policy import Policy
from recommender.snapshot import Neighbours, Snapshot
from recommender.types import Context, Query, Slate

CASES = 3000
NOW = 1_700_000_000.0


@dataclass(frozen=True)
class Case:
    """A shop and what is asked of it."""

    snapshot: Snapshot
    query: dict[str, object]
    down: tuple[str, ...]

    @property
    def cap(self) -> int | None:
        return self.snapshot.policy.contexts[self.query["context"]].max_per_category

    def showable(self) -> list[int]:
        """Rows that may be shown, from the raw columns and the query alone."""
        catalog = self.snapshot.catalog
        left_out = set(self.query["anchors"]) | set(self.query["exclude"])
        return [
            row
            for row in range(len(catalog))
            if catalog.active[row] and catalog.stock[row] != 0 and row not in left_out
        ]

    def feasible(self) -> int:
        """Length of the longest list that the cap permits."""
        sizes = Counter(self.snapshot.catalog.category[self.showable()].tolist())
        fit = [n if self.cap is None or code == NO_CATEGORY else min(n, self.cap) for code, n in sizes.items()]
        return min(sum(fit), self.query["limit"])


def random_catalog(rng: np.random.Generator, n: int) -> Catalog:
    """Few categories, much that is sold out, switched off or of unknown stock, age or category."""
    names = np.array([f"product {row % 7}" for row in range(n)], dtype=object)
    return Catalog(
        external_id=np.array([str(row) for row in range(n)], dtype=object),
        name=names,
        text=names,
        image_url=np.full(n, None, dtype=object),
        category=rng.choice([NO_CATEGORY, 0, 1, 2], n).astype(np.int32),
        category_names=("a", "b", "c"),
        price=np.full(n, np.nan, dtype=np.float32),
        stock=rng.choice([UNKNOWN_STOCK, 0, 1, 2], n).astype(np.int32),
        active=rng.random(n) < 0.8,
        deleted=np.zeros(n, dtype=bool),
        created_at=np.where(rng.random(n) < 0.5, np.nan, NOW - rng.random(n) * 60 * DAY),
    )


def random_snapshot(rng: np.random.Generator, n: int, snapshot_of: Callable[..., Snapshot]) -> Snapshot:
    released = int(rng.integers(0, n + 1))  # the other products are newer than the release
    texts = int(rng.integers(1, n + 1))
    vectors = rng.normal(size=(texts, 3)).astype(np.float32)
    vectors[rng.random(texts) < 0.2] = 0.0  # texts at the mean
    counts = rng.integers(0, 3, released)
    related = rng.integers(0, max(released, 1), counts.sum()).astype(np.int32)
    policy = Policy(new_arrival_boost=float(rng.choice([0.0, 0.5])), rerank_depth=int(rng.integers(1, 25)))
    caps = {c: replace(own, max_per_category=int(rng.integers(1, 5))) for c, own in policy.contexts.items()}
    return snapshot_of(
        random_catalog(rng, n),
        vectors=vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9),
        vector_row=rng.integers(0, texts, n).astype(np.int32),
        factors=rng.normal(size=(int(rng.integers(0, released + 1)), 2)).astype(np.float32),
        popularity=rng.integers(0, 4, released).astype(np.float32),
        co_purchase=Neighbours(
            np.concatenate([[0], np.cumsum(counts)]), related, rng.random(len(related)).astype(np.float32)
        ),
        policy=replace(policy, contexts=MappingProxyType(caps)) if rng.random() < 0.7 else Policy(),
        rerank_helps=bool(rng.random() < 0.5),
    )


def random_history(rng: np.random.Generator, n: int) -> History:
    size = int(rng.integers(0, 12))
    return History(
        rng.integers(0, n, size).astype(np.int32),
        rng.integers(0, len(EVENT_TYPES), size).astype(np.int8),
        NOW - np.sort(rng.random(size) * float(rng.choice([0.5, 4000])) * DAY)[::-1],
    )


def random_case(seed: int, n: int, limit: int, snapshot_of: Callable[..., Snapshot]) -> Case:
    rng = np.random.default_rng(seed)
    context = Context(rng.choice(list(Context)))
    query = {
        "context": context,
        "limit": limit,
        "history": random_history(rng, n),
        "anchors": [] if context is Context.HOMEPAGE else rng.integers(0, n, int(rng.integers(0, 4))).tolist(),
        "exclude": rng.integers(0, n, int(rng.integers(0, 3))).tolist(),
    }
    down = [stage for stage in ("collaborative", "rerank") if rng.random() < 0.3]
    return Case(random_snapshot(rng, n, snapshot_of), query, tuple(down))


def check(case: Case, slate: Slate) -> None:
    showable = set(case.showable())
    items = slate.item.tolist()
    assert set(items) <= showable
    assert len(set(items)) == len(items) == case.feasible()
    used = Counter(code for code in case.snapshot.catalog.category[items].tolist() if code != NO_CATEGORY)
    assert case.cap is None or all(count <= case.cap for count in used.values())
    assert not {removal.item for removal in slate.removals} & showable
    assert len({removal.item for removal in slate.removals}) == len(slate.removals)
    assert set(slate.degraded) <= set(case.down)
    assert np.isfinite(slate.score).all()
    assert ((slate.evidence >= 0) & (slate.evidence <= 1)).all()
    assert len(slate.score) == len(slate.rerank) == len(slate.evidence) == len(items)


@pytest.mark.timeout(120)
@settings(max_examples=CASES)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), limit=st.integers(1, 30))
def test_no_hard_rule_is_ever_broken_and_every_list_is_as_full_as_it_can_be(
    snapshot_of: Callable[..., Snapshot],
    scripted: Callable[..., object],
    ask: Callable[..., Slate],
    seed: int,
    n: int,
    limit: int,
) -> None:
    case = random_case(seed, n, limit, snapshot_of)
    logits = {row: float(row * 37 % 11) for row in range(0, n, 2)}
    check(case, ask(case.snapshot, stages=scripted(case.snapshot, logits=logits, down=case.down), **case.query))


@settings(max_examples=CASES // 10)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), limit=st.integers(1, 30))
def test_every_answer_comes_out_of_its_full_record_again(
    snapshot_of: Callable[..., Snapshot],
    scripted: Callable[..., object],
    ask: Callable[..., Slate],
    seed: int,
    n: int,
    limit: int,
) -> None:
    case = random_case(seed, n, limit, snapshot_of)
    logits = {row: float(row * 37 % 11) for row in range(0, n, 2)}
    slate = ask(case.snapshot, stages=scripted(case.snapshot, logits=logits, down=case.down), **case.query)
    arrays = {name: np.array(case.query[name], dtype=np.int64) for name in ("anchors", "exclude")}
    query = Query(**(case.query | arrays), at=NOW)
    assert slate.scored is not None
    record = full_record(query, slate, slate.scored, case.snapshot, Versions("r", "rules", "1"))
    assert replay(json.loads(record)) == [str(row) for row in slate.item.tolist()]


@settings(max_examples=CASES // 10)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), limit=st.integers(1, 30))
def test_beside_products_an_answer_is_the_same_for_everybody(
    snapshot_of: Callable[..., Snapshot],
    scripted: Callable[..., object],
    ask: Callable[..., Slate],
    seed: int,
    n: int,
    limit: int,
) -> None:
    """Kept answers rely on it."""
    case = random_case(seed, n, limit, snapshot_of)
    stages = scripted(case.snapshot, logits={row: float(row * 37 % 11) for row in range(0, n, 2)}, down=case.down)
    pages = (Context.PRODUCT_PAGE, Context.BOUGHT_TOGETHER)
    query = case.query | {"anchors": case.query["anchors"] or [0], "context": pages[seed % 2]}
    theirs = ask(case.snapshot, stages=stages, **query)
    anybody_s = ask(case.snapshot, stages=stages, **query | {"history": NO_HISTORY})
    assert theirs.item.tolist() == anybody_s.item.tolist()
    assert theirs.score.tolist() == anybody_s.score.tolist()
