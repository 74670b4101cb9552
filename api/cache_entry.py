"""A slate as it is kept, and the slate again where all that it shows still holds. JSON: nothing is ever unpickled."""

import hashlib
from collections.abc import Iterable
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from api.answers import Answer
from api.live import Live
from recommender.catalog import Catalog
from recommender.pipeline import allowed_rows
from recommender.types import SOURCES, Query, Removal, Slate, Source


class Entry(BaseModel):
    """A slate by external ids; rows mean nothing in another process."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    shown: list[str]
    states: list[str]
    """Of each product shown, `product_state` when it was."""
    score: list[float]
    evidence: list[list[float]]
    rerank: list[float]
    blend: list[float]
    learned: bool
    strategy: str
    removals: list[tuple[str, str, str]]
    found_by: dict[Source, int]

    @model_validator(mode="after")
    def _is_one_table(self) -> Self:
        lengths = {
            len(column) for column in (self.shown, self.states, self.score, self.evidence, self.rerank, self.blend)
        }
        if len(lengths) != 1 or any(len(row) != len(SOURCES) for row in self.evidence):
            raise ValueError("columns of different lengths")
        return self


def entry_of(answer: Answer) -> bytes:
    """The answer's slate as JSON."""
    slate, catalog = answer.slate, answer.live.snapshot.catalog
    entry = Entry(
        shown=_ids(catalog, slate.item),
        states=[product_state(catalog, row) for row in slate.item.tolist()],
        score=slate.score.tolist(),
        evidence=slate.evidence.tolist(),
        rerank=slate.rerank.tolist(),
        blend=slate.blend.tolist(),
        learned=slate.learned,
        strategy=slate.strategy,
        removals=[(str(catalog.external_id[one.item]), one.rule, one.detail) for one in slate.removals],
        found_by=slate.found_by,
    )
    return entry.model_dump_json().encode()


def slate_of(entry: Entry, query: Query, live: Live) -> Slate | None:
    """The slate in rows of ``live``; None where a product is gone, forbidden by now, or not as it was."""
    catalog = live.snapshot.catalog
    rows = [catalog.row_of.get(external_id, -1) for external_id in entry.shown]
    if -1 in rows or not allowed_rows(query, live.snapshot)[rows].all():
        return None
    if [product_state(catalog, row) for row in rows] != entry.states:
        return None
    return Slate(
        item=np.array(rows, dtype=np.int64),
        score=np.array(entry.score, dtype=np.float32),
        evidence=np.array(entry.evidence, dtype=np.float32).reshape(len(rows), len(SOURCES)),
        rerank=np.array(entry.rerank, dtype=np.float32),
        blend=np.array(entry.blend, dtype=np.float32),
        learned=entry.learned,
        strategy=entry.strategy,
        removals=tuple(_removals(entry, catalog)),
        degraded=(),
        found_by=entry.found_by,
    )


def product_state(catalog: Catalog, row: int) -> str:
    """What a list may depend on of a product, and what it shows of it; stock counts through the rules alone."""
    parts = (catalog.name[row], catalog.category_name(row), catalog.price[row], catalog.text[row])
    return hashlib.blake2b(repr((*parts, catalog.created_at[row])).encode(), digest_size=6).hexdigest()


def _removals(entry: Entry, catalog: Catalog) -> Iterable[Removal]:
    for external_id, rule, detail in entry.removals:
        row = catalog.row_of.get(external_id)
        if row is not None:
            yield Removal(row, rule, detail)


def _ids(catalog: Catalog, rows: NDArray[np.integer]) -> list[str]:
    return [str(external_id) for external_id in catalog.external_id[rows]]
