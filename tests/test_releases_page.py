"""The commands of docs/releases.md, run one after the other on the planted shop."""

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from models.blender import Blender
from recommender.policy import Weights
from recommender.types import Context
from store.deployments import deployment_history
from store.engine import reading, writing
from store.tables import decisions
from tests.cli.conftest import Outcome, Shelfwise, shelfwise
from tests.planted_shop import Shop, lay_out_encoder, published_variant
from training.tracking import Tracking, job, register

__all__ = ["shelfwise"]  # a fixture of the commands' own tests

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = (ROOT / "docs" / "releases.md").read_text(encoding="utf-8")
COMMANDS: Final = re.findall(r"^shelfwise (.+?)(?:\s+#.*)?$", PAGE, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def shop(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With a registered release CANDIDATE that shows everyone what is popular, and one recorded answer."""
    shop = planted_shop.copy(tmp_path_factory.mktemp("page") / "shop")
    Blender(Weights(popularity=1.0), 0.0).save(shop.home)
    folder = published_variant(shop, "CANDIDATE", {"blender/weights.json": (shop.home / "weights.json").read_bytes()})
    lay_out_encoder(folder / "embedding", shop.home / "training")  # training's own was thrown away for its size
    Tracking(shop.settings.mlflow_tracking_uri, shop.home / "mlartifacts").open()
    with job("train", params={}, data_hash="d") as run:
        run.folder(folder, under="release")
        run.text("# Evaluation from the test\n", "evaluation.md")
    register("CANDIDATE", run.run_id, artifact_path="release", description="")
    engine = shop.open()
    with writing(engine) as connection:
        answer = {"context": Context.HOMEPAGE, "algorithm": "hybrid", "confidence": 1.0, "status": "ok", "record": "{}"}
        times = {"generated_at": 1_700_000_000_000, "expires_at": 1_700_000_000_000}
        row = {"request_id": "REQUEST_ID", "release_id": planted_shop.release}
        connection.execute(decisions.insert().values(**answer, **times, **row))
    engine.dispose()
    return shop


def test_the_page_has_the_commands_that_this_test_runs() -> None:
    assert COMMANDS == [
        "train",
        "evaluate CANDIDATE",
        "evaluate CANDIDATE --against champion",
        "promote CANDIDATE",
        "releases",
        'rollback --why "baskets got smaller"',
        "releases prune --keep 5",
        'promote CANDIDATE --force "the champion shows a recalled product"',
        "lineage REQUEST_ID",
    ]


def test_every_command_does_what_the_page_says(shop: Shop, planted_shop: Shop, shelfwise: Shelfwise) -> None:
    """All but training, which tests/system/test_erasure.py runs."""

    def run(line: str) -> Outcome:
        return shelfwise(*shlex.split(line), variables=shop.variables())

    report, against, promotion, listing, back, pruned, forced, traced = COMMANDS[1:]
    assert run(report).out.startswith("# Evaluation from ")

    unknown = run(promotion)
    assert unknown.status == 1
    assert "run `shelfwise evaluate CANDIDATE --against champion`" in unknown.error
    verdict = run(against)
    assert verdict.status == 0, verdict.err
    assert f"## gate: CANDIDATE against {planted_shop.release}\n\n**Refused**" in verdict.out
    assert "| all customers | **failed** | 108 |" in verdict.out
    again = run(against)
    assert again.out == verdict.out[verdict.out.index("## gate") :]  # kept, and not replayed
    refused = run(promotion)
    assert refused.status == 1
    assert "all customers: NDCG@10 0." in refused.error
    assert "on 108 customers: " in refused.error

    assert run(forced).status == 0
    engine = shop.open()
    with reading(engine) as connection:
        newest = deployment_history(connection, limit=1)[0]
    engine.dispose()
    assert (newest.release_id, newest.action) == ("CANDIDATE", "force")
    assert newest.why == "the champion shows a recalled product"
    listed = run(listing).out
    (candidate,) = [line for line in listed.splitlines() if "CANDIDATE" in line]
    assert "champion" in candidate
    assert "forced:" in candidate
    (first,) = [line for line in listed.splitlines() if planted_shop.release in line]
    assert "previous" in first

    assert planted_shop.release in run(back).out
    assert "0 of 2 releases deleted" in run(pruned).out
    lines = run(traced).out.splitlines()
    assert lines[0].startswith("answer    homepage at 2023-11-14 22:13:20 UTC, by ")
    assert lines[1].startswith(f"release   {planted_shop.release}, made ")
    found = {line.split()[0] for line in lines}
    assert found == {"answer", "release", "data", "evaluated", "code", "encoder", "gate", "run"}
    assert run(f"lineage {planted_shop.release}").out.splitlines() == lines[1:]


def test_an_id_that_nobody_knows_is_one_clear_line(shop: Shop, shelfwise: Shelfwise) -> None:
    outcome = shelfwise("lineage", "nobody-knows", variables=shop.variables())
    assert outcome.status == 1
    assert "nobody-knows" in outcome.error
    assert "neither the request id of a recorded answer nor a release" in outcome.error
