"""The commands and the code of docs/models.md, run one after the other on the planted shop."""

import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from models.pair_cross_encoder import PairCrossEncoder
from models.release import Stage, read_release
from models.reranker import open_reranker
from recommender.product_text import product_text
from runners.shelf import release_store
from store.deployments import current_deployment
from store.engine import reading
from tests.cli.conftest import Outcome, Shelfwise, shelfwise
from tests.foreign_models import save_encoder, save_pair_model, words_of
from tests.planted_shop import CLUSTERS, Shop, planted_products

__all__ = ["shelfwise"]  # a fixture of the commands' own tests

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
COMMANDS: Final = re.findall(r"^shelfwise (.+)$", PAGE, flags=re.MULTILINE)
(CODE,) = re.findall(r"^```python\n(.+?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def shop(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return planted_shop.copy(tmp_path_factory.mktemp("models") / "shop")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's files are: an encoder and a cross-encoder that count words, and factors that know the tastes."""
    folder = tmp_path_factory.mktemp("brought")
    products = planted_products()
    words = words_of([product_text(name=one.name, category=one.category, price=one.price) for one in products])
    save_encoder(folder / "my-encoder", words)
    save_pair_model(folder / "my-reranker", words)
    product_ids = [one.external_id for one in products][::-1]
    factors = np.array([[one.startswith(cluster) for cluster in CLUSTERS] for one in product_ids], dtype=np.float64)
    before = Path.cwd()
    os.chdir(folder)
    exec(compile(CODE, "docs/models.md", "exec"), {"factors": factors, "product_ids": product_ids})
    os.chdir(before)
    return folder


def test_the_page_has_the_commands_that_this_test_runs() -> None:
    assert [line.split(" --trained")[0].split(" --model")[0] for line in COMMANDS] == [
        "models register --stage embedding my-encoder",
        "models register --stage collaborative my-factors",
        "models register --stage cross_encoder my-reranker",
        "models list",
        "train",
        "promote CANDIDATE",
        "lineage CANDIDATE",
        "promote CANDIDATE --force \"our agency's encoder, compared on last year's orders\"",
    ]


def test_every_command_does_what_the_page_says(
    shop: Shop, folder: Path, shelfwise: Shelfwise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)

    def run(line: str, candidate: str = "") -> Outcome:
        return shelfwise(*shlex.split(line.replace("CANDIDATE", candidate)), variables=shop.variables())

    *registrations, listing, train, promote, lineage, force = COMMANDS
    for line in registrations:
        done = run(line)
        assert done.status == 0, done.err
        assert "version 1" in done.out
        assert "milliseconds_for_20_pairs" in done.out or "cross_encoder" not in line
    listed = run(listing).out
    assert all(name in listed for name in ("my-encoder", "my-factors", "my-reranker", "2024-01-01 00:00"))

    trained = run(train)
    assert trained.status == 0, trained.err
    (candidate,) = re.findall(r"release (\S+) is registered", trained.out)
    assert f"against {shop.release}" in trained.out  # judged, whatever the verdict
    promoted = run(promote, candidate)
    refused = promoted.status == 1
    assert not refused or "the gate refuses it against the champion" in promoted.error
    if refused:
        assert run(force, candidate).status == 0
    traced = run(lineage, candidate).out
    for name in ("embedding: my-encoder", "collaborative: my-factors", "cross_encoder: my-reranker"):
        assert f"model     {name} version 1, trained until 2024-01-01 00:00, sha256 " in traced
    assert "encoder   my-encoder@" in traced
    _check_release(shop, candidate)


def _serving(shop: Shop) -> str:
    engine = shop.open()
    with reading(engine) as connection:
        current = current_deployment(connection)
    engine.dispose()
    assert current is not None
    return current.release_id


def _check_release(shop: Shop, candidate: str) -> None:
    """What serves is what was brought."""
    assert _serving(shop) == candidate
    served = release_store(shop.settings).fetch(candidate)
    release = read_release(served)
    assert {one.stage for one in release.manifest.models} == set(Stage)
    assert release.manifest.ungated == ""
    assert release.item_vectors.vectors.shape[1] == 16
    coffee = np.array([str(one).startswith("coffee") for one in release.items])
    np.testing.assert_array_equal(release.collaborative.factors[:, 0] > 0, coffee[: len(release.collaborative.factors)])
    assert isinstance(open_reranker(served / "cross_encoder"), PairCrossEncoder)


def test_a_model_that_says_nothing_about_its_training_is_forced(
    shop: Shop, folder: Path, shelfwise: Shelfwise, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a test window, so that training is over at once; with the release of the test before as champion."""
    monkeypatch.chdir(folder)
    shutil.copytree("my-factors", "unknown")

    def run(line: str) -> Outcome:
        return shelfwise(*shlex.split(line), variables=shop.variables())

    champion = _serving(shop)
    assert run("models register --stage collaborative unknown").status == 0
    models = "--model collaborative=unknown --model embedding=my-encoder --model cross_encoder=my-reranker"
    trained = run(f"train --evaluate-from 2000-01-01 {models}")
    assert trained.status == 0, trained.err
    reason = "the collaborative model unknown (version 1) declares no training cut"
    assert f"no verdict of the gate: {reason}; the embedding model my-encoder (version 1) was trained" in trained.out
    (candidate,) = re.findall(r"release (\S+) is registered", trained.out)
    refused = run(f"promote {candidate}")
    assert refused.status == 1
    assert f"the gate gives no verdict: {reason}" in refused.error
    assert "(--force WHY overrules it)" in refused.error
    assert run(f"promote {candidate} --force 'known to be fine'").status == 0
    assert f"gate      no verdict: {reason}" in run(f"lineage {candidate}").out
    compared = run(f"evaluate {champion} --against champion")
    assert compared.status == 1
    assert f"against='{candidate}': the gate gives no verdict: {reason}" in compared.error


def test_a_name_that_nobody_registered_is_one_line(shop: Shop, shelfwise: Shelfwise) -> None:
    outcome = shelfwise("train", "--model", "embedding=nobody", variables=shop.variables())
    assert outcome.status == 1
    assert "model='embedding=nobody': is not registered; registered for this stage: my-encoder" in outcome.error
