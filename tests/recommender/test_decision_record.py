"""Short records fit, and say first what matters most; the confidence of a list."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalog import Catalog, ProductRow, build_catalog
from recommender.confidence import confidence
from recommender.decision_record import RECORD_BYTES, Versions, short_record
from recommender.events import EventType
from recommender.history import History
from recommender.policy import Weights
from recommender.snapshot import Snapshot
from recommender.types import NO_ROWS, SOURCES, Context, Query, Removal, Slate

VERSIONS = Versions("20261121-120000-abcdef", "0123456789abcdef", "123456")
MILLISECONDS = {"candidates": 3.14159, "score": 0.1, "rerank": 0.2, "slate": 0.33}


def record_of(
    ids: list[str], *, removals: int = 0, anchors: int = 0, cached: bool = False
) -> tuple[str, dict[str, Any]]:
    catalog = build_catalog([ProductRow(external_id=one, name=one) for one in ids])
    rows = np.arange(len(ids))
    score = np.linspace(1, 0, len(ids), dtype=np.float32)
    slate = Slate(
        item=rows,
        score=score,
        evidence=np.full((len(ids), len(SOURCES)), 1 / 3, dtype=np.float32),
        rerank=np.zeros(len(ids), dtype=np.float32),
        blend=score,
        learned=False,
        strategy="hybrid",
        removals=tuple(Removal(0, "in_stock", "stock=0") for _ in range(removals)),
        degraded=(),
        found_by={},
    )
    query = Query(context=Context.CART, limit=len(ids), at=0.0, anchors=rows[:anchors] if anchors else NO_ROWS)
    text = short_record(query, slate, catalog, VERSIONS, cached=cached, milliseconds=MILLISECONDS)
    return text, json.loads(text)


def test_a_usual_list_is_there_whole() -> None:
    text, record = record_of([f"10{number:05}" for number in range(12)], removals=3, anchors=2)
    assert len(text) <= RECORD_BYTES
    assert record["shown"] == [f"10{number:05}" for number in range(12)]
    assert record["scores"][0] == 1.0
    assert len(record["scores"]) == len(record["sources"]) == 12
    assert record["sources"][0] == [0.333] * len(SOURCES)
    assert record["removed"] == [["1000000", "in_stock", "stock=0"]] * 3
    assert record["anchors"] == ["1000000", "1000001"]
    assert record["ms"] == {"candidates": 3.1, "score": 0.1, "rerank": 0.2, "slate": 0.3}
    assert {name: record[name] for name in ("release", "rules", "catalog")} == {
        "release": VERSIONS.release, "rules": VERSIONS.rules, "catalog": VERSIONS.catalog,
    }  # fmt: skip


def test_what_does_not_fit_is_counted() -> None:
    _, record = record_of([f"10{number:05}" for number in range(12)], removals=500, anchors=12)
    assert 0 < len(record["removed"]) < record["removed_count"] == 500


@given(
    ids=st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=100, unique=True),
    removals=st.integers(0, 300),
    anchors=st.integers(0, 100),
)
def test_no_id_is_left_out_and_nothing_else_makes_it_too_long(ids: list[str], removals: int, anchors: int) -> None:
    text, record = record_of(ids, removals=removals, anchors=min(anchors, len(ids)))
    assert record["shown"] == ids
    assert len(text) <= max(RECORD_BYTES, 700 + len(json.dumps(ids)))
    assert record["scores"] == [round(float(one), 3) for one in np.linspace(1, 0, len(ids))[: len(record["scores"])]]


def test_a_hundred_long_ids_cost_their_scores(shelf: Callable[..., Catalog]) -> None:
    _, record = record_of([f"{number:036}" for number in range(100)])
    assert len(record["shown"]) == 100
    assert record["scores"] == record["sources"] == []


def test_confidence_is_what_popularity_does_not_explain(
    two_aisles: Snapshot, ask: Callable[..., Slate], history_of: Callable[..., History]
) -> None:
    weights = two_aisles.weights(Context.HOMEPAGE)
    assert confidence(ask(two_aisles), weights) == 0.0
    assert 0.5 < confidence(ask(two_aisles, history=history_of((30, EventType.PURCHASE, 3))), weights) <= 1.0
    assert confidence(ask(two_aisles, anchors=[3], context=Context.CART), Weights(content=1.0)) == 1.0
    assert confidence(ask(two_aisles), Weights()) == 0.0


@pytest.mark.parametrize("popular", [0.0, 0.25, 1.0])
def test_confidence_is_a_share(popular: float, two_aisles: Snapshot, ask: Callable[..., Slate]) -> None:
    slate = ask(two_aisles, anchors=[3], context=Context.CART)
    slate.evidence[:] = 0.0
    slate.evidence[:, 0], slate.evidence[:, 2] = 1.0 - popular, popular
    assert confidence(slate, Weights(content=1.0, popularity=1.0)) == pytest.approx(1.0 - popular)
