"""Which registered models a training uses, and when the gate may judge what comes of it."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from models.collaborative import Collaborative
from models.release import HeldModel, Stage
from recommender.errors import InvalidInput
from recommender.history import ItemWeights
from tests.foreign_models import save_matrix
from training.collaborative import fit_collaborative
from training.dataset import Dataset
from training.registry.matrix import FactorMatrix, load_taken_matrix, take_matrix
from training.registry.record import record
from training.registry.use import bring, parse_models, undeclared, ungated, with_matrix
from training.tracking import Tracking

CUT = datetime(2024, 3, 1, tzinfo=UTC)


def held(trained_until: datetime | None, stage: Stage = Stage.EMBEDDING) -> HeldModel:
    return HeldModel(stage=stage, name="m", version=2, sha256="ab" * 32, trained_until=trained_until, run_id="r")


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        (CUT, ""),
        (datetime(2024, 2, 1, tzinfo=UTC), ""),
        (None, "the embedding model m (version 2) declares no training cut"),
        (
            datetime(2024, 3, 1, 1, tzinfo=UTC),
            "the embedding model m (version 2) was trained until 2024-03-01 01:00, after the test cut 2024-03-01 00:00",
        ),
    ],
)
def test_only_what_ends_before_the_test_window_is_judged(until: datetime | None, reason: str) -> None:
    assert ungated([held(until)], CUT) == reason
    assert ungated([held(CUT), held(until)], CUT) == reason
    assert ungated([], CUT) == ""


def test_only_a_model_that_declares_nothing_is_safe_from_no_window() -> None:
    assert undeclared([held(CUT), held(None)]) == "the embedding model m (version 2) declares no training cut"
    assert undeclared([held(datetime(2999, 1, 1, tzinfo=UTC))]) == ""


def test_models_are_named_by_stage() -> None:
    assert parse_models(["embedding=a", "collaborative=b"]) == {Stage.EMBEDDING: "a", Stage.COLLABORATIVE: "b"}
    for given, reason in [
        (["encoder=a"], "must be STAGE=NAME with a stage of embedding, collaborative, cross_encoder"),
        (["embedding"], "must be STAGE=NAME"),
        (["embedding=a", "embedding=b"], "the stage embedding has a model already: a"),
    ]:
        with pytest.raises(InvalidInput, match=reason):
            parse_models(given)


def test_files_that_changed_since_the_registration_are_refused(tmp_path: Path) -> None:
    tracking = Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")
    tracking.open()
    save_matrix(tmp_path, np.ones((3, 2)), ["a", "b", "c"])
    (tmp_path / "taken").mkdir()
    taken = take_matrix(tmp_path / "matrix.npy", tmp_path / "items.json", tmp_path / "taken")
    model = record(taken, name="ones", source=tmp_path / "matrix.npy", trained_until=None)
    names = {Stage.COLLABORATIVE: "ones"}
    brought = bring(tracking, names, tmp_path / "one")
    assert brought.models == (model,)
    assert isinstance(brought.matrix, FactorMatrix)
    assert brought.files(Stage.EMBEDDING) is None
    (factors,) = (tmp_path / "artifacts").rglob("factors.npy")
    np.save(factors, np.zeros((3, 2), np.float32))
    assert bring(tracking, names, tmp_path / "one").matrix is not None  # fetched before
    with pytest.raises(InvalidInput, match=r"model='collaborative=ones': the files of run .* are not those"):
        bring(tracking, names, tmp_path / "two")


@pytest.fixture(scope="module")
def fitted(shop: Dataset, cut: float) -> Collaborative:
    return fit_collaborative(shop.arranged(cut), cut=cut)


def test_their_factors_fold_customers_in_as_ours_do(
    shop: Dataset, fitted: Collaborative, cut: float, tmp_path: Path
) -> None:
    """Factors that know nothing but coffee and dog food, for half of the products, in another order."""
    ids = shop.arranged(cut).catalog.external_id
    listed = sorted(str(one) for one in ids if str(one)[-1] in "0123456789" and int(str(one)[-2:]) < 16)
    values = np.array([[one.startswith("coffee"), one.startswith("food")] for one in listed], dtype=np.float32)
    save_matrix(tmp_path, values, listed)
    (tmp_path / "taken").mkdir()
    take_matrix(tmp_path / "matrix.npy", tmp_path / "items.json", tmp_path / "taken", regularization=0.1)
    model = with_matrix(fitted, load_taken_matrix(tmp_path / "taken"), ids)
    assert model.popularity is fitted.popularity
    row = {str(one): number for number, one in enumerate(ids)}
    owned = ItemWeights(np.array([row["coffee-00"]], np.int32), np.array([5.0], np.float32))
    scores = model.factors @ model.fold_in([owned])[0]
    best = {str(ids[number]) for number in np.argsort(-scores)[:8]}
    assert best == {one for one in listed if one.startswith("coffee")}
    nothing = ItemWeights(np.array([row["coffee-20"]], np.int32), np.array([5.0], np.float32))
    if row["coffee-20"] < len(model.factors):
        assert not (model.factors @ model.fold_in([nothing])[0]).any()


def test_without_a_matrix_the_fitted_model_stays(fitted: Collaborative) -> None:
    assert with_matrix(fitted, None, np.array([], dtype=object)) is fitted
