"""Frames in, the shop's files out, and what training reads of them after the real import."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality import beauty, online_retail
from benchmarks.quality.data_sets import BEAUTY, BENCHMARKS, COMPLETE_JOURNEY, ONLINE_RETAIL, loader
from benchmarks.quality.shop import Files, import_files
from models.embedding import ItemVectors
from training.dataset import Dataset
from training.replay import build_arena

SEQUENCES = {"anna": ["soap", "comb", "balm", "wax"], "ben": ["comb", "soap", "wax"], "cleo": ["wax", "balm", "new"]}


def told(step: str, done: int, total: int) -> None:
    """Progress that nobody reads."""


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The sequences through the real import."""
    folder = tmp_path_factory.mktemp("beauty")
    rows = [(user, item, place) for user, items in SEQUENCES.items() for place, item in enumerate(items)]
    names = sorted({item for items in SEQUENCES.values() for item in items})
    items = pd.DataFrame({"item_id": names, "title": [None if name == "wax" else f"A {name}" for name in names]})
    items.to_parquet(folder / "items.parquet")
    interactions = pd.DataFrame(rows, columns=["user_id", "item_id", "seq_pos"])
    interactions.sample(frac=1, random_state=3).to_parquet(folder / "interactions.parquet")
    return import_files("beauty", beauty.write_files(folder, folder), folder, told)


def test_histories_are_aligned_at_their_ends(reviews: Dataset) -> None:
    last = [float(reviews.history(user).at[-1]) for user in range(len(SEQUENCES))]
    assert last == [beauty.END.timestamp()] * len(SEQUENCES)
    for user in range(len(SEQUENCES)):
        assert (np.diff(reviews.history(user).at) == beauty.STEP_DAYS * 86_400).all()


def test_a_cut_before_the_end_is_leave_one_out(reviews: Dataset) -> None:
    texts = ItemVectors(np.eye(1, 2, dtype=np.float32), np.zeros(len(reviews.catalog), np.int32), np.zeros(2))
    arena = build_arena(reviews, texts, cut=BEAUTY.cuts[0].timestamp(), protocol=BEAUTY.protocol)
    names = arena.data.catalog.external_id
    cases = list(arena.cases(arena.customers()))
    for case, sequence in zip(cases, SEQUENCES.values(), strict=True):
        assert [names[row] for row in case.query.history.item] == sequence[:-1]
        assert {names[row] for row in case.relevant} == {sequence[-1]}
        assert {names[row] for row in np.flatnonzero(~case.pool.allowed)} == set(sequence[:-1])


def test_a_product_without_a_title_is_called_by_its_id(reviews: Dataset) -> None:
    assert dict(zip(reviews.catalog.external_id, reviews.catalog.name, strict=True))["wax"] == "wax"


def test_an_invoice_is_a_basket(tmp_path: Path) -> None:
    moment = pd.Timestamp("2011-10-01 09:15")
    pd.DataFrame(
        {"item_id": ["a", "b", "unsold"], "title": ["PINK MUG", "BLUE MUG", None], "price": [2.5, 0, 1.0]}
    ).to_parquet(tmp_path / "items.parquet")
    pd.DataFrame(
        {
            "user_id": pd.array([7, 7, 7, 8], dtype="Int32"),
            "item_id": ["a", "b", "a", "a"],
            "timestamp": [moment, moment, moment + pd.Timedelta(minutes=5), moment],
            "order_id": ["1", "1", "2", "3"],
            "quantity": [6, 1, 2, 1],
            "price": [2.5, 1.0, 2.5, 2.5],
        }
    ).to_parquet(tmp_path / "purchases_clean.parquet")
    data = import_files("gifts", online_retail.write_files(tmp_path, tmp_path), tmp_path, told)
    assert data.catalog.external_id.tolist() == ["a", "b"]
    assert data.catalog.text.tolist() == ["pink mug. price 2 to 5", "blue mug"]
    assert data.baskets.tolist() == [3, 1]
    assert data.customers.tolist() == [0, 1]


def test_files_that_changed_are_imported_anew(tmp_path: Path) -> None:
    products, events = tmp_path / "products.parquet", tmp_path / "events.parquet"
    pd.DataFrame({"product_id": ["1"], "name": ["one"]}).to_parquet(products)
    for bought in (1, 2):
        pd.DataFrame(
            {
                "user_id": "me",
                "product_id": "1",
                "type": "PURCHASE",
                "occurred_at": [1e9 + day * 86_400 for day in range(bought)],
            }
        ).to_parquet(events)
        for _ in range(2):
            assert len(import_files("small", Files(products, events), tmp_path, told)) == bought


def test_a_data_set_that_is_absent_says_so(tmp_path: Path) -> None:
    for benchmark in (ONLINE_RETAIL, BEAUTY):
        assert "no data" in str(loader(benchmark, tmp_path))
    assert callable(loader(COMPLETE_JOURNEY, tmp_path))


def test_protocols_are_those_of_the_bars() -> None:
    assert [benchmark.name for benchmark in BENCHMARKS] == ["complete_journey", "online_retail", "beauty"]
    end_of_labels = ONLINE_RETAIL.cuts[0].timestamp() + ONLINE_RETAIL.protocol.label_days * 86_400
    assert pd.Timestamp(end_of_labels, unit="s") == pd.Timestamp("2011-12-10")
