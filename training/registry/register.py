"""From a path to a registered model: find the files, check them against the stage's contract, keep them in MLflow."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from models.release import HeldModel, Stage
from recommender.errors import InvalidInput
from training.registry.encoder import Pooling, take_encoder
from training.registry.files import GRAPHS, IDS, MATRICES, TOKENIZERS, companion, model_file
from training.registry.matrix import load_taken_matrix, take_matrix
from training.registry.pair_model import take_pair_model
from training.registry.record import Registered, check_name, record, registered_models
from training.registry.taken import Taken
from training.tracking import Tracking

EXAMPLES: Final = 5
"""Product ids that a report names."""

ASKED_BY: Final = {
    Stage.EMBEDDING: frozenset({"tokenizer", "max_tokens", "output", "pooling"}),
    Stage.CROSS_ENCODER: frozenset({"tokenizer", "max_tokens", "output"}),
    Stage.COLLABORATIVE: frozenset({"items", "regularization"}),
}
"""Which options a stage knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What `shelfwise models register` was asked for. What is None is found out, or as usual."""

    stage: Stage
    path: Path
    name: str
    trained_until: datetime | None = None
    """Everything that it learnt from happened before; None where that is not known."""
    tokenizer: Path | None = None
    max_tokens: int | None = None
    output: str | None = None
    pooling: Pooling | None = None
    items: Path | None = None
    regularization: float | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which products of a matrix the catalog has, and the other way round."""

    known: int
    unknown: tuple[str, ...]
    """Products of the matrix that the catalog does not have."""
    without: int
    """Products of the catalog that the matrix says nothing about."""

    @property
    def lines(self) -> list[str]:
        """For people."""
        said = [f"{self.known:,} of its products are in the catalog; {self.without:,} of the catalog's are not in it"]
        if self.unknown:
            more = ", …" if len(self.unknown) > EXAMPLES else ""
            first = ", ".join(self.unknown[:EXAMPLES])
            said.append(f"{len(self.unknown):,} of its products are not in the catalog: {first}{more}")
        return said


def register_model(
    tracking: Tracking, asked: Registration, catalog_ids: Sequence[str]
) -> tuple[Registered, Coverage | None]:
    """Take the model and record it; with a matrix comes what its products have to do with the catalog's.

    `InvalidInput` with field and value where a file is missing or the model breaks its stage's contract; then nothing
    is recorded.
    """
    check_name(asked.name)
    _check_options(asked)
    source = model_file(asked.path, MATRICES if asked.stage is Stage.COLLABORATIVE else GRAPHS)
    tracking.open()
    with tempfile.TemporaryDirectory() as folder:
        taken = _take(asked, source, Path(folder))
        coverage = _coverage(taken, catalog_ids) if asked.stage is Stage.COLLABORATIVE else None
        model = record(taken, name=asked.name, source=source, trained_until=asked.trained_until)
    return _registered(model), coverage


def _take(asked: Registration, source: Path, folder: Path) -> Taken:
    if asked.stage is Stage.COLLABORATIVE:
        ids = companion("items", asked.items, asked.path, IDS)
        return take_matrix(source, ids, folder, regularization=asked.regularization)
    tokenizer = companion("tokenizer", asked.tokenizer, asked.path, TOKENIZERS)
    options = {"name": asked.name, "output": asked.output, "max_tokens": asked.max_tokens}
    if asked.stage is Stage.CROSS_ENCODER:
        return take_pair_model(source, tokenizer, folder, **options)  # type: ignore[arg-type]
    return take_encoder(source, tokenizer, folder, pooling=asked.pooling or Pooling.MEAN, **options)  # type: ignore[arg-type]


def _check_options(asked: Registration) -> None:
    """`InvalidInput` for an option that the stage would silently ignore."""
    for option in sorted(frozenset().union(*ASKED_BY.values()) - ASKED_BY[asked.stage]):
        if (value := getattr(asked, option)) is not None:
            raise InvalidInput(option, str(value), f"says nothing about a model of the stage {asked.stage}")
    if asked.max_tokens is not None and asked.max_tokens < 8:
        raise InvalidInput("max_tokens", asked.max_tokens, "must be at least 8")


def _coverage(taken: Taken, catalog_ids: Sequence[str]) -> Coverage:
    ids, catalog = load_taken_matrix(taken.folder).ids, frozenset(catalog_ids)
    unknown = tuple(one for one in ids if one not in catalog)
    if len(unknown) == len(ids):
        raise InvalidInput("items", ids[0], f"is not in the catalog, and neither is any other of the {len(ids)}")
    known = len(ids) - len(unknown)
    return Coverage(known=known, unknown=unknown, without=len(catalog) - known)


def _registered(model: HeldModel) -> Registered:
    return next(one for one in registered_models() if one.model.run_id == model.run_id)
