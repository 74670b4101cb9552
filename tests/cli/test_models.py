"""``shelfwise models``: what is registered is in MLflow with all that is known of it, what is refused is not."""

from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.models import Model

from cli.training import tracking
from models.release import Stage
from recommender.errors import InvalidInput
from store.catalog import Product, upsert_products
from store.engine import migrate, open_engine, writing
from tests.cli.conftest import Shelfwise
from tests.foreign_models import save_encoder, save_matrix, save_pair_model, words_of
from tests.planted_shop import Shop
from training.registry.probes import TEXTS
from training.registry.record import content_sha256, fetch_model, find_model, registered_models
from training.tracking import download

WORDS = words_of(TEXTS)


@pytest.fixture
def shop(empty_shop: Shop) -> Shop:
    """Three products."""
    engine = open_engine(empty_shop.settings.database_url)
    migrate(engine)
    with writing(engine) as connection:
        upsert_products(connection, [Product(external_id=name, name=name) for name in ("milk", "bread", "tea")])
    engine.dispose()
    return empty_shop


def test_an_encoder_is_registered_with_signature_example_and_metadata(
    shop: Shop, shelfwise: Shelfwise, tmp_path: Path
) -> None:
    save_encoder(tmp_path / "words", WORDS)
    arguments = ("models", "register", "--stage", "embedding", tmp_path / "words", "--trained-until", "2024-03-01")
    done = shelfwise(*arguments, variables=shop.variables())
    assert done.status == 0, done.err
    said = done.out
    assert "embedding model words, version 1: dimension 16, max_tokens 64" in said
    assert "Next: shelfwise train --model embedding=words" in said
    assert "not gated" not in said
    tracking(shop.settings).open()
    model = find_model(Stage.EMBEDDING, "words")
    assert (model.version, model.trained_until and model.trained_until.isoformat()) == (1, "2024-03-01T00:00:00+00:00")
    run = MlflowClient().get_run(model.run_id)
    assert run.data.params["sha256"] == model.sha256
    assert run.data.params["trained_until"] == "2024-03-01T00:00:00+00:00"
    assert run.data.metrics["dimension"] == 16
    folder = download(f"{run.info.artifact_uri}/model", tmp_path / "fetched")
    kept = Model.load(str(folder))
    assert kept.signature is not None
    assert kept.signature.inputs.input_names() == ["text"]
    example = kept.load_input_example(str(folder))
    assert list(example["text"]) == list(TEXTS[:2])
    (tmp_path / "workspace").mkdir()
    served = fetch_model(model, tmp_path / "workspace")
    assert content_sha256(served) == model.sha256
    assert {path.name for path in served.iterdir()} == {"model.onnx", "tokenizer.json", "config.json"}


def test_every_stage_and_every_version_is_listed(shop: Shop, shelfwise: Shelfwise, tmp_path: Path) -> None:
    save_pair_model(tmp_path / "pairs", WORDS)
    save_matrix(tmp_path / "factors", np.ones((3, 2)), ["bread", "gone", "milk"])
    variables = shop.variables()
    for stage, name in (("cross_encoder", "pairs"), ("collaborative", "factors"), ("collaborative", "factors")):
        done = shelfwise("models", "register", "--stage", stage, tmp_path / name, variables=variables)
        assert done.status == 0, done.err
        assert "a release with it is not gated but forced (--trained-until)" in done.out
    assert "2 of its products are in the catalog; 1 of the catalog's are not in it" in done.out
    assert "1 of its products are not in the catalog: gone" in done.out
    lines = [line for line in shelfwise("models", "list", variables=variables).out.splitlines() if "not decl" in line]
    assert [[cell.strip() for cell in line.split("│")][1:5] for line in lines] == [
        ["collaborative", "factors", "2", "not declared"],
        ["collaborative", "factors", "1", "not declared"],
        ["cross_encoder", "pairs", "1", "not declared"],
    ]
    with pytest.raises(InvalidInput, match=r"model='embedding=pairs': is not registered; .*: none"):
        find_model(Stage.EMBEDDING, "pairs")


def test_a_file_beside_another_folder(shop: Shop, shelfwise: Shelfwise, tmp_path: Path) -> None:
    save_encoder(tmp_path / "words", WORDS)
    tokenizer = (tmp_path / "words" / "tokenizer.json").rename(tmp_path / "tokens.json")
    arguments = ("models", "register", "--stage", "embedding", tmp_path / "words" / "model.onnx", "--name", "mine")
    missing = shelfwise(*arguments, variables=shop.variables())
    assert missing.status == 1
    assert "holds none of tokenizer.json" in missing.error
    done = shelfwise(*arguments, "--tokenizer", tokenizer, variables=shop.variables())
    assert done.status == 0, done.err
    assert "embedding model mine, version 1" in done.out


REFUSED = (
    ("--stage embedding --items {}/items.json", "items="),
    ("--stage collaborative --name a=b", "name='a=b': must be 1 to 64 letters"),
    ("--stage collaborative --pooling mean", "pooling='mean': says nothing about a model of the stage"),
    ("--stage collaborative --regularization 0", "regularization=0.0: must be above 0"),
    ("--stage embedding", "holds none of model.onnx, onnx/model.onnx"),
    ("--stage collaborative", "items='wine': is not in the catalog, and neither is any other of the 2"),
)


def test_what_is_refused_is_one_line_and_leaves_nothing(shop: Shop, shelfwise: Shelfwise, tmp_path: Path) -> None:
    save_matrix(tmp_path, np.ones((2, 3)), ["wine", "cheese"])
    for options, error in REFUSED:
        given = options.format(tmp_path).split()
        done = shelfwise("models", "register", *given, tmp_path, variables=shop.variables())
        assert done.status == 1
        assert error in done.error
    tracking(shop.settings).open()
    assert registered_models() == []
