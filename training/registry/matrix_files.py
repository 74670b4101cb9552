"""Reads matrices and product ids from files that somebody else wrote. Nothing in them is unpickled."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.errors import InvalidInput

SPARSE: Final = frozenset({"indptr", "indices", "data", "shape"})
"""What scipy.sparse.save_npz writes of a matrix in compressed rows."""
FACTORS: Final = "factors"
"""Name of an array in an .npz file that is a factor matrix even where it is square."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of numbers, dense or in compressed sparse rows, as the file has them."""

    values: NDArray[np.floating] | sp.csr_array
    is_factors: bool
    """Whether a row is a product's factors, or what it says about every other product."""


def read_matrix(path: Path) -> Matrix:
    """A .npy file, an .npz file with one array, or one of scipy's; a square one is item-item.

    A dense .npy stays on disk. `InvalidInput` with the file and what is wrong about it.
    """
    try:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InvalidInput("path", str(path), f"is not a .npy or .npz file without objects: {error}") from error
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        return _dense(path, loaded, named="")
    with loaded as archive:
        if set(archive.files) >= SPARSE:
            return Matrix(_sparse(path, archive), is_factors=False)
        if len(archive.files) != 1:
            reason = "are in the file; one array, or what scipy.sparse.save_npz writes of a CSR matrix, is needed"
            raise InvalidInput(path.name, sorted(archive.files), reason)
        (name,) = archive.files
        return _dense(path, _array(path, archive, name), named=name)


def read_ids(path: Path) -> list[str]:
    """Product ids from a .json list, a .npy array or a text file with one a line: not empty, each once."""
    if not path.is_file():
        raise InvalidInput("items", str(path), "there is no such file; it holds the product id of each row")
    ids = [str(one) for one in _listed(path)]
    if not ids or "" in ids:
        reason = "is empty" if not ids else f"has no product id in row {ids.index('')}"
        raise InvalidInput("items", path.name, reason)
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        twice = next(one for one in ids if one in seen or seen.add(one))  # type: ignore[func-returns-value]
        raise InvalidInput("items", twice, f"is in {path.name} more than once")
    return ids


def _listed(path: Path) -> list[object]:
    try:
        if path.suffix == ".npy":
            array = np.load(path, allow_pickle=False)
            if array.ndim != 1 or array.dtype.kind not in "UiuS":
                raise InvalidInput("items", f"{array.dtype} {list(array.shape)}", f"in {path.name}: must be a list")
            return [one.decode() if isinstance(one, bytes) else one for one in array.tolist()]
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix != ".json":
            return list(text.splitlines())
        found = json.loads(text)
    except (OSError, ValueError, EOFError) as error:
        raise InvalidInput("items", path.name, f"cannot be read: {error}") from error
    if not isinstance(found, list) or not all(type(one) in (str, int) for one in found):
        raise InvalidInput("items", path.name, "must be a list of product ids")
    return found


def _dense(path: Path, values: NDArray[Any], *, named: str) -> Matrix:
    if values.ndim != 2 or 0 in values.shape:
        raise InvalidInput(path.name, list(values.shape), "must have rows and columns")
    _require_numbers(path, values.dtype)
    square = values.shape[0] == values.shape[1]
    return Matrix(values, is_factors=named == FACTORS or not square)


def _sparse(path: Path, archive: np.lib.npyio.NpzFile) -> sp.csr_array:
    """A CSR matrix, each of its parts checked: SciPy would follow a wrong index out of the array."""
    named = _array(path, archive, "format").item() if "format" in archive.files else "csr"
    kind = named.decode() if isinstance(named, bytes) else str(named)
    if kind != "csr":
        raise InvalidInput(path.name, kind, "is the form of the sparse matrix; csr is needed (matrix.tocsr())")
    indptr, indices, data, shape = (_array(path, archive, name) for name in ("indptr", "indices", "data", "shape"))
    _require_numbers(path, data.dtype)
    if shape.shape != (2,) or shape[0] != shape[1]:
        raise InvalidInput(path.name, shape.tolist(), "must be square: a sparse matrix is item-item")
    if len(indptr) != shape[0] + 1 or indptr[0] != 0 or indptr[-1] != len(data) or (np.diff(indptr) < 0).any():
        raise InvalidInput(f"{path.name} indptr", len(indptr), f"does not divide {len(data)} values into rows")
    if len(indices) != len(data) or (len(indices) and not 0 <= indices.min() <= indices.max() < shape[0]):
        raise InvalidInput(f"{path.name} indices", len(indices), f"do not all name one of {shape[0]} columns")
    return sp.csr_array((data, indices, indptr), shape=tuple(shape.tolist()))


def _array(path: Path, archive: np.lib.npyio.NpzFile, name: str) -> NDArray[Any]:
    try:
        return np.asarray(archive[name])
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InvalidInput(path.name, name, f"cannot be read as an array: {error}") from error


def _require_numbers(path: Path, dtype: np.dtype) -> None:
    if dtype.kind not in "fiu":
        raise InvalidInput(path.name, str(dtype), "must be real numbers")
