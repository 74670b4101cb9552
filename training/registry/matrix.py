"""A factor matrix or an item-item matrix that somebody else made: checked, and brought into a release's row order."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from mlflow.models.signature import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from numpy.typing import NDArray

from models.release import Stage
from recommender.errors import InvalidInput
from recommender.snapshot import Neighbours
from training.collaborative import REGULARIZATION
from training.registry.matrix_files import read_ids, read_matrix
from training.registry.taken import Taken

MAX_FACTORS: Final = 512
"""Folding a customer in solves a system of this size within the request: 512 take some 10 ms."""
KEPT_PER_ROW: Final = 100
"""Of an item-item matrix, the largest weights above 0 of each row serve; what is lost is reported."""
IDS: Final = "items.json"
CONFIG: Final = "config.json"
FACTORS: Final = "factors.npy"
NEIGHBOURS: Final = "neighbours.npz"
BLOCK_ROWS: Final = 1024


@dataclass(frozen=True, slots=True)
class FactorMatrix:
    """(len(ids), f) factors; a customer is folded in with this regularisation."""

    ids: tuple[str, ...]
    factors: NDArray[np.float32]
    regularization: float

    def of(self, external_ids: Sequence[str]) -> NDArray[np.float32]:
        """Factors in this order of products, up to the last that has any; one without has zeros, which say nothing."""
        source = _rows_of(self.ids, external_ids)
        covered = int(np.flatnonzero(source >= 0).max(initial=-1)) + 1
        found = np.zeros((covered, self.factors.shape[1]), dtype=np.float32)
        here = source[:covered] >= 0
        found[here] = self.factors[source[:covered][here]]
        return found


@dataclass(frozen=True, slots=True)
class ItemItemMatrix:
    """What owning a product says about others: rows of ``neighbours`` are ``ids``, the strongest first."""

    ids: tuple[str, ...]
    neighbours: Neighbours

    def of(self, external_ids: Sequence[str]) -> Neighbours:
        """The same rows in this order of products, as a release holds them; unknown products are left out."""
        source = _rows_of(self.ids, external_ids)
        target = np.full(len(self.ids), -1, dtype=np.int64)
        target[source[source >= 0]] = np.flatnonzero(source >= 0)
        table = self.neighbours
        owner = target[np.repeat(np.arange(len(self.ids)), np.diff(table.indptr))]
        other = target[table.item]
        known = (owner >= 0) & (other >= 0)
        return compressed(owner[known], other[known], table.weight[known], len(external_ids))


def take_matrix(file: Path, ids_file: Path, folder: Path, *, regularization: float | None = None) -> Taken:
    """Write items.json, config.json and factors.npy or neighbours.npz into ``folder``.

    `InvalidInput` with the first condition of the contract that it breaks.
    """
    matrix, ids = read_matrix(file), read_ids(ids_file)
    if matrix.values.shape[0] != len(ids):
        reason = f"differs from the {len(ids)} product ids of {ids_file.name}"
        raise InvalidInput(f"{file.name} rows", matrix.values.shape[0], reason)
    (folder / IDS).write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
    if matrix.is_factors:
        return _take_factors(file.name, matrix.values, ids, folder, regularization)
    if regularization is not None:
        raise InvalidInput("regularization", regularization, "is for factors; this matrix is square, so item-item")
    return _take_item_item(file.name, matrix.values, ids, folder)


def load_taken_matrix(folder: Path) -> FactorMatrix | ItemItemMatrix:
    """Read what `take_matrix` wrote."""
    ids = tuple(json.loads((folder / IDS).read_text(encoding="utf-8")))
    if (folder / FACTORS).is_file():
        config = json.loads((folder / CONFIG).read_text())
        return FactorMatrix(ids, np.load(folder / FACTORS, allow_pickle=False), config["regularization"])
    with np.load(folder / NEIGHBOURS, allow_pickle=False) as table:
        return ItemItemMatrix(ids, Neighbours(table["indptr"], table["item"], table["weight"]))


def compressed(
    owner: NDArray[np.int64], other: NDArray[np.int64], weight: NDArray[np.float32], rows: int
) -> Neighbours:
    """Triples as compressed rows, the strongest of each row first, equals by their number."""
    order = np.lexsort((other, -weight, owner))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=rows))]).astype(np.int64)
    return Neighbours(indptr, other[order].astype(np.int32), weight[order].astype(np.float32))


def _take_factors(name: str, values: Any, ids: list[str], folder: Path, regularization: float | None) -> Taken:  # noqa: ANN401 - a memory map of any number
    width = values.shape[1]
    if width > MAX_FACTORS:
        raise InvalidInput(
            f"{name} columns", width, f"are too many factors to fold a customer in; at most {MAX_FACTORS}"
        )
    strength = REGULARIZATION if regularization is None else regularization
    if not (np.isfinite(strength) and strength > 0):
        raise InvalidInput("regularization", strength, "must be above 0")
    factors = _float32(values)
    _require_finite(name, factors, ids)
    if not factors.any():
        raise InvalidInput(name, 0.0, "is the only number in it: these factors say nothing")
    np.save(folder / FACTORS, factors)
    (folder / CONFIG).write_text(json.dumps({"regularization": strength}))
    found = TensorSpec(np.dtype(np.float32), (-1, width), "query_vector")
    return Taken(
        stage=Stage.COLLABORATIVE,
        folder=folder,
        signature=ModelSignature(inputs=_confidences(), outputs=Schema([found])),
        example=_example(ids),
        facts={"kind": "factors", "products": len(ids), "dimension": width, "regularization": strength},
    )


def _take_item_item(name: str, values: Any, ids: list[str], folder: Path) -> Taken:  # noqa: ANN401 - dense or sparse
    owner, other, weight, total = [], [], [], 0.0
    for start, block in _blocks(values):
        _require_finite(name, block, ids[start : start + len(block)])
        block[np.arange(len(block)), start + np.arange(len(block))] = 0.0  # owning a product says nothing new of it
        block = np.maximum(block, 0.0)
        total += float(block.sum(dtype=np.float64))
        best = np.argsort(-block, axis=1, kind="stable")[:, :KEPT_PER_ROW]
        row, place = np.nonzero(np.take_along_axis(block, best, axis=1))
        owner.append(start + row)
        other.append(best[row, place])
        weight.append(block[row, best[row, place]])
    table = compressed(np.concatenate(owner), np.concatenate(other), np.concatenate(weight), len(ids))
    if not len(table.item):
        raise InvalidInput(name, 0.0, "is the largest weight off the diagonal: this matrix says nothing")
    np.savez(folder / NEIGHBOURS, indptr=table.indptr, item=table.item, weight=table.weight)
    (folder / CONFIG).write_text(json.dumps({"kept_per_row": KEPT_PER_ROW}))
    kept = float(table.weight.sum(dtype=np.float64)) / total
    facts: dict[str, str | int | float] = {"kind": "item-item", "products": len(ids), "pairs": len(table.item)}
    facts["weight_kept"] = round(kept, 6)
    found = TensorSpec(np.dtype(np.float32), (-1, len(ids)), "score")
    signature = ModelSignature(inputs=_confidences(), outputs=Schema([found]))
    return Taken(stage=Stage.COLLABORATIVE, folder=folder, signature=signature, example=_example(ids), facts=facts)


def _blocks(values: Any) -> Iterator[tuple[int, NDArray[np.float32]]]:  # noqa: ANN401 - dense or sparse
    """The rows in turns, dense: a large matrix never stands in memory as a whole."""
    for start in range(0, values.shape[0], BLOCK_ROWS):
        block = values[start : start + BLOCK_ROWS]
        yield start, _float32(block.toarray() if sp.issparse(block) else block)


def _float32(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """A copy; what float32 cannot hold becomes infinite, and is refused as such."""
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float32, order="C")


def _require_finite(name: str, values: NDArray[np.float32], ids: Sequence[str]) -> None:
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = wrong[0].tolist()
        where = f"in column {column} of product {ids[row]!r}; every number must be finite in float32"
        raise InvalidInput(name, float(values[row, column]), where)


def _rows_of(ids: Sequence[str], external_ids: Sequence[str]) -> NDArray[np.int64]:
    """Row in ``ids`` of each external id; −1 where it has none."""
    place = {one: row for row, one in enumerate(ids)}
    return np.array([place.get(str(one), -1) for one in external_ids], dtype=np.int64)


def _confidences() -> Any:  # noqa: ANN401 - MLflow is untyped here
    return Schema([ColSpec("string", "product_id"), ColSpec("double", "confidence")])


def _example(ids: Sequence[str]) -> dict[str, list[Any]]:
    return {"product_id": list(ids[:2]), "confidence": [5.0, 1.0][: len(ids)]}
