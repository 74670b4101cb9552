"""Matrices that somebody else made: any order of rows, each broken condition by name, and nothing is unpickled."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.errors import InvalidInput
from tests.foreign_models import save_matrix
from training.registry.matrix import FactorMatrix, ItemItemMatrix, load_taken_matrix, take_matrix
from training.registry.taken import Taken

IDS = ["milk", "bread", "wine"]
FACTORS = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float64)
TOGETHER = np.array([[9, 1, 0], [2, 9, 3], [-1, 4, 9]], dtype=np.float32)


def take(folder: Path, **options: object) -> Taken:
    (taken := folder / "taken").mkdir()
    return take_matrix(folder / "matrix.npy", folder / "items.json", taken, **options)  # type: ignore[arg-type]


def test_factors_follow_their_products_into_the_order_of_a_release(tmp_path: Path) -> None:
    save_matrix(tmp_path, FACTORS, IDS)
    taken = take(tmp_path)
    assert taken.facts == {"kind": "factors", "products": 3, "dimension": 2, "regularization": 10.0}
    matrix = load_taken_matrix(taken.folder)
    assert isinstance(matrix, FactorMatrix)
    found = matrix.of(["wine", "never heard of it", "milk", "tea", "salt"])
    assert found.dtype == np.float32
    assert found.tolist() == [[5, 6], [0, 0], [1, 2]]
    assert matrix.of(["tea"]).shape == (0, 2)


def test_an_item_item_matrix_follows_its_products_strongest_first(tmp_path: Path) -> None:
    save_matrix(tmp_path, TOGETHER, IDS)
    taken = take(tmp_path)
    assert taken.facts == {"kind": "item-item", "products": 3, "pairs": 4, "weight_kept": 1.0}
    matrix = load_taken_matrix(taken.folder)
    assert isinstance(matrix, ItemItemMatrix)
    found = matrix.of(["tea", "wine", "bread", "milk"])
    assert found.indptr.tolist() == [0, 0, 1, 3, 4]
    assert found.item.tolist() == [2, 1, 3, 2]
    assert found.weight.tolist() == [4, 3, 2, 1]
    alone = found.of(np.array([2]))
    assert dict(zip(alone.item.tolist(), alone.weight.tolist(), strict=True)) == {1: 3, 3: 2}


def test_only_the_hundred_largest_of_a_row_are_kept_and_the_loss_is_said(tmp_path: Path) -> None:
    values = np.tile(np.arange(1, 151, dtype=np.float32), (150, 1))
    save_matrix(tmp_path, values, [str(row) for row in range(150)])
    taken = take(tmp_path)
    matrix = load_taken_matrix(taken.folder)
    assert isinstance(matrix, ItemItemMatrix)
    assert set(np.diff(matrix.neighbours.indptr).tolist()) == {100}
    assert matrix.neighbours.item[:3].tolist() == [149, 148, 147]
    total = sum(values[row].sum() - values[row, row] for row in range(150))
    assert taken.facts["weight_kept"] == pytest.approx(matrix.neighbours.weight.sum() / total, abs=1e-5)


def test_dense_and_sparse_say_the_same(tmp_path: Path) -> None:
    for name in ("dense", "sparse"):
        save_matrix(tmp_path / name, TOGETHER, IDS)
    sp.save_npz(tmp_path / "sparse" / "matrix.npz", sp.csr_array(TOGETHER))
    (tmp_path / "sparse" / "taken").mkdir()
    sparse = take_matrix(
        tmp_path / "sparse" / "matrix.npz", tmp_path / "sparse" / "items.json", tmp_path / "sparse" / "taken"
    )
    dense = take(tmp_path / "dense")
    assert sparse.facts == dense.facts
    one, two = (load_taken_matrix(taken.folder) for taken in (sparse, dense))
    assert isinstance(one, ItemItemMatrix)
    assert isinstance(two, ItemItemMatrix)
    for name in ("indptr", "item", "weight"):
        np.testing.assert_array_equal(getattr(one.neighbours, name), getattr(two.neighbours, name))


def test_a_square_factor_matrix_says_that_it_is_one(tmp_path: Path) -> None:
    save_matrix(tmp_path, TOGETHER, IDS)
    np.savez(tmp_path / "matrix.npz", factors=TOGETHER)
    (tmp_path / "taken").mkdir()
    taken = take_matrix(tmp_path / "matrix.npz", tmp_path / "items.json", tmp_path / "taken", regularization=0.5)
    assert (taken.facts["kind"], taken.facts["regularization"]) == ("factors", 0.5)


@given(st.permutations(range(12)), st.integers(0, 2**32 - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_the_order_of_rows_says_nothing(tmp_path_factory: pytest.TempPathFactory, order: list[int], seed: int) -> None:
    ids = np.array([f"p{row}" for row in range(12)])
    values = np.random.default_rng(seed).random((12, 12)).astype(np.float32)
    tables = []
    for rows in (np.arange(12), np.array(order)):
        folder = tmp_path_factory.mktemp("order")
        save_matrix(folder, values[np.ix_(rows, rows)], ids[rows].tolist())
        matrix = load_taken_matrix(take(folder).folder)
        assert isinstance(matrix, ItemItemMatrix)
        tables.append(matrix.of(ids.tolist()))
    np.testing.assert_array_equal(tables[0].item, tables[1].item)
    np.testing.assert_array_equal(tables[0].weight, tables[1].weight)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("items.txt", b"milk\nbread\nwine\n"),
        ("items.txt", "\ufeffmilk\r\nbread\r\nwine".encode()),
        ("items.json", b'["milk", "bread", "wine"]'),
    ],
)
def test_product_ids_from_text_and_json(tmp_path: Path, name: str, content: bytes) -> None:
    save_matrix(tmp_path, FACTORS, ["x"])
    (tmp_path / name).write_bytes(content)
    (tmp_path / "taken").mkdir()
    taken = take_matrix(tmp_path / "matrix.npy", tmp_path / name, tmp_path / "taken")
    assert load_taken_matrix(taken.folder).ids == tuple(IDS)


@pytest.mark.parametrize("ids", [np.array([7, 8, 9]), np.array(["7", "8", "9"]), np.array([b"7", b"8", b"9"])])
def test_product_ids_from_an_array(tmp_path: Path, ids: np.ndarray) -> None:
    save_matrix(tmp_path, FACTORS, ["x"])
    np.save(tmp_path / "items.npy", ids)
    (tmp_path / "taken").mkdir()
    taken = take_matrix(tmp_path / "matrix.npy", tmp_path / "items.npy", tmp_path / "taken")
    assert load_taken_matrix(taken.folder).ids == ("7", "8", "9")


def matrix_of(values: np.ndarray, ids: list[str] = IDS) -> Callable[[Path], object]:
    return lambda folder: save_matrix(folder, values, ids)


def with_nan() -> np.ndarray:
    values = FACTORS.copy()
    values[1, 0] = np.nan
    return values


FLAWS: dict[str, tuple[Callable[[Path], object], str]] = {
    "NaN": (matrix_of(with_nan()), r"matrix\.npy=nan: in column 0 of product 'bread'; every number must be finite"),
    "too large for float32": (matrix_of(FACTORS * 1e39), r"matrix\.npy=inf: in column 0 of product 'milk'"),
    "another number of ids": (matrix_of(FACTORS, ["milk"]), r"matrix\.npy rows=3: differs from the 1 product ids"),
    "an id twice": (matrix_of(FACTORS, ["milk", "wine", "milk"]), r"items='milk': is in items\.json more than once"),
    "no id": (matrix_of(FACTORS, ["milk", "", "wine"]), r"items='items\.json': has no product id in row 1"),
    "no rows": (matrix_of(np.zeros((0, 2)), []), r"matrix\.npy=\[0, 2\]: must have rows and columns"),
    "one axis": (matrix_of(np.zeros(3)), r"matrix\.npy=\[3\]: must have rows and columns"),
    "words": (matrix_of(np.array([["a", "b"]] * 3)), r"matrix\.npy='<U1': must be real numbers"),
    "complex numbers": (matrix_of(FACTORS * 1j), r"matrix\.npy='complex128': must be real numbers"),
    "zeros": (matrix_of(FACTORS * 0), r"matrix\.npy=0\.0: is the only number in it"),
    "a diagonal": (matrix_of(np.eye(3)), r"matrix\.npy=0\.0: is the largest weight off the diagonal"),
    "too wide": (matrix_of(np.ones((3, 513))), r"matrix\.npy columns=513: are too many factors"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_every_broken_condition_is_one_line_with_the_value(tmp_path: Path, flaw: str) -> None:
    make, message = FLAWS[flaw]
    make(tmp_path)
    with pytest.raises(InvalidInput, match=message) as refused:
        take(tmp_path)
    assert "\n" not in str(refused.value)


SPARSE_FLAWS = {
    "indptr": ({"indptr": np.array([0, 5, 2, 4])}, "indptr=4: does not divide 4 values into rows"),
    "indices": ({"indices": np.array([1, 0, 2, 7])}, "indices=4: do not all name one of 3 columns"),
    "negative": ({"indices": np.array([1, 0, 2, -1])}, "indices=4: do not all name one of 3 columns"),
    "shape": ({"shape": np.array([3, 4])}, r"=\[3, 4\]: must be square"),
    "format": ({"format": np.array(b"csc")}, "'csc': is the form of the sparse matrix; csr is needed"),
    "numbers": ({"data": np.array(list("abcd"))}, "'<U1': must be real numbers"),
}


@pytest.mark.parametrize("flaw", SPARSE_FLAWS)
def test_a_damaged_sparse_matrix_is_refused_before_anything_follows_its_indices(tmp_path: Path, flaw: str) -> None:
    changed, message = SPARSE_FLAWS[flaw]
    good = {
        "indptr": np.array([0, 1, 3, 4]),
        "indices": np.array([1, 0, 2, 1]),
        "data": np.array([1.0, 2, 3, 4]),
        "shape": np.array([3, 3]),
        "format": np.array(b"csr"),
    }
    np.savez(tmp_path / "matrix.npz", **(good | changed))  # type: ignore[arg-type]
    (tmp_path / "items.json").write_text(json.dumps(IDS))
    (tmp_path / "taken").mkdir()
    with pytest.raises(InvalidInput, match=message):
        take_matrix(tmp_path / "matrix.npz", tmp_path / "items.json", tmp_path / "taken")


class Touch:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_an_array_of_objects_is_refused_and_never_unpickled(tmp_path: Path, suffix: str) -> None:
    objects = np.array([[Touch(tmp_path / "trap")]], dtype=object)
    (np.save if suffix == "npy" else np.savez)(tmp_path / f"matrix.{suffix}", objects, allow_pickle=True)
    np.save(tmp_path / "items.npy", np.array([Touch(tmp_path / "trap")], dtype=object), allow_pickle=True)
    (tmp_path / "items.json").write_text('["milk"]')
    (tmp_path / "taken").mkdir()
    with pytest.raises(InvalidInput, match=rf"matrix\.{suffix}"):
        take_matrix(tmp_path / f"matrix.{suffix}", tmp_path / "items.json", tmp_path / "taken")
    save_matrix(tmp_path, np.ones((1, 2)), ["milk"])
    with pytest.raises(InvalidInput, match=r"items='items\.npy': cannot be read"):
        take_matrix(tmp_path / "matrix.npy", tmp_path / "items.npy", tmp_path / "taken")
    assert not (tmp_path / "trap").exists()
