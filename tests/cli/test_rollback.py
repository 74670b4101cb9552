"""A rollback goes back one release, whether or not MLflow and the release store can be asked."""

import shutil

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from mlflow import MlflowClient

from store.deployments import deployment_history
from store.engine import reading
from tests.cli.conftest import Shelfwise
from tests.planted_shop import Shop, published_variant

NOWHERE = {"MLFLOW_TRACKING_URI": "sqlite:////no/such/folder/mlflow.db"}


@pytest.fixture
def shop(promoted_shop: Shop) -> Shop:
    """Three releases were promoted one after the other: the planted one, ``b`` and ``c``."""
    for name in ("b", "c"):
        published_variant(promoted_shop, name, {})
        promoted_shop.deploy(name)
    return promoted_shop


def served(shop: Shop) -> list[str]:
    """Every decision, the newest first."""
    engine = shop.open()
    with reading(engine) as connection:
        history = deployment_history(connection)
    engine.dispose()
    return [one.release_id for one in history]


def test_mlflow_that_is_down_holds_no_rollback_up(shelfwise: Shelfwise, shop: Shop) -> None:
    outcome = shelfwise("rollback", variables=shop.variables(**NOWHERE))
    assert (outcome.status, outcome.out) == (0, "back from c to release b\n")
    assert outcome.error.startswith("warning: MLflow's alias champion was not moved (")
    assert "the next promotion moves it" in outcome.error
    assert served(shop)[0] == "b"


def test_a_release_that_mlflow_does_not_know_serves_again(shelfwise: Shelfwise, shop: Shop) -> None:
    outcome = shelfwise("rollback", variables=shop.variables())
    assert (outcome.status, outcome.out) == (0, "back from c to release b\n")
    assert "release_id='b': is not registered in MLflow" in outcome.error
    assert served(shop)[0] == "b"


def test_a_pruned_release_is_published_again_before_it_serves(shelfwise: Shelfwise, shop: Shop) -> None:
    """After b, the first one is next: it was pruned, for it was neither the champion nor the one before."""
    variables = shop.variables()
    with_mlflows_copy(shop)
    assert shelfwise("releases", "prune", "--keep", "0", variables=variables).status == 0
    assert not (shop.home / "releases" / shop.release).exists()
    assert shelfwise("rollback", variables=variables).status == 0
    outcome = shelfwise("rollback", variables=variables)
    assert (outcome.status, outcome.out, outcome.err) == (0, f"back from b to release {shop.release}\n", "")
    assert shelfwise("doctor", variables=variables).status == 0


def with_mlflows_copy(shop: Shop) -> None:
    """The planted shop's own copy lies in another home: this one is registered anew, from this home."""
    client = MlflowClient(shop.settings.mlflow_tracking_uri)
    (version,) = client.search_model_versions("name='shelfwise'")
    client.delete_model_version("shelfwise", version.version)
    copy = shutil.copytree(shop.home / "releases" / shop.release, shop.home / "mlartifacts" / shop.release)
    client.create_model_version("shelfwise", str(copy), tags={"release_id": shop.release})


def test_a_pruned_release_that_is_nowhere_does_not_serve(shelfwise: Shelfwise, shop: Shop) -> None:
    shutil.rmtree(shop.home / "releases" / "b")
    outcome = shelfwise("rollback", variables=shop.variables())
    assert outcome.status == 1
    assert "rollback='b': is not in the release store, and cannot be published again from MLflow" in outcome.error
    assert "`shelfwise releases`" in outcome.error
    assert served(shop) == ["c", "b", shop.release]


def test_a_release_store_that_does_not_answer_holds_no_rollback_up(
    shelfwise: Shelfwise, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise ConnectionError("the line is cut")

    monkeypatch.setattr(MemoryFileSystem, "exists", lost)
    outcome = shelfwise("rollback", variables=shop.variables(RELEASES_URL="memory://releases"))
    assert (outcome.status, outcome.out) == (0, "back from c to release b\n")
    assert "nobody could look whether its files are in place" in outcome.err
    assert "the line is cut" in outcome.err
    assert served(shop)[0] == "b"
