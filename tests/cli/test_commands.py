"""The commands: what they say, how they end, and that a mistake is one clear line."""

import json
from pathlib import Path

import pytest

from models.release import MANIFEST
from store.deployments import current_deployment
from store.engine import reading
from tests.cli.conftest import Shelfwise
from tests.planted_shop import Shop, published_variant

COMMANDS = ("import", "sync", "train", "evaluate", "promote", "rollback", "releases", "lineage", "serve", "customers")
COMMANDS += ("jobs", "doctor", "demo")


def served(shop: Shop) -> str | None:
    engine = shop.open()
    with reading(engine) as connection:
        deployment = current_deployment(connection)
    engine.dispose()
    return None if deployment is None else deployment.release_id


def test_help_names_every_command(script: Shelfwise, empty_shop: Shop) -> None:
    outcome = script("--help", variables=empty_shop.variables())
    assert outcome.status == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in outcome.out] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(shelfwise: Shelfwise, empty_shop: Shop, command: str) -> None:
    outcome = shelfwise(command, "-h", variables=empty_shop.variables())
    assert (outcome.status, outcome.err) == (0, "")
    assert "Usage: shelfwise" in outcome.out


def test_importing_says_what_became_of_the_rows(shelfwise: Shelfwise, empty_shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "products [new].csv"
    file.write_text("product_id,name,price\n1,Tea,2.5\n2,,3\n3,Mug,-1\n4,Pot,9\n")
    outcome = shelfwise("import", "products", file, variables=empty_shop.variables())
    assert outcome.status == 0
    assert "products: 2 of 4 rows imported" in outcome.out
    rejects = empty_shop.home / "rejects" / "products [new].csv.rejects.ndjson"
    assert len(rejects.read_text().splitlines()) == 2
    assert str(rejects) in outcome.out.replace("\n", "")
    again = shelfwise("import", "products", file, variables=empty_shop.variables())
    assert again.status == 0
    assert "products [new].csv: was imported before" in again.out


@pytest.mark.parametrize(
    ("kind", "name", "content", "said"),
    [
        ("products", "shop.csv", b"id,title\n1,Tea\n", "no column product_id"),
        ("products", "shop[red].csv", b"id,title\n1,Tea\n", "shop[red].csv has no column product_id"),
        ("products", "shop.parquet", b"not parquet", "is not a readable parquet file"),
        ("products", "shop.csv", b"", "no column product_id"),
        ("products", "shop.xls", b"x", "must end with one of"),
        ("products", "shop.csv", b"product_id,name\n\xff\xfe,x\n", "is not a readable csv file"),
        ("events", "log.csv", b"product_id,type,occurred_at\n1,VIEW,2024-01-01\n", "user_id"),
    ],
)
def test_a_bad_file_is_one_clear_line(
    shelfwise: Shelfwise, empty_shop: Shop, tmp_path: Path, kind: str, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    outcome = shelfwise("import", kind, file, variables=empty_shop.variables())
    assert outcome.status == 1
    assert outcome.error.startswith("error: ")
    assert said in outcome.error


def test_a_bad_file_is_one_clear_line_from_the_console_script_too(
    script: Shelfwise, empty_shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("id,title\n1,Tea\n")
    outcome = script("import", "products", file, variables=empty_shop.variables())
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.error == "error: product_id='id, title': shop.csv has no column product_id"


def test_doctor_before_a_release_says_what_to_run(shelfwise: Shelfwise, empty_shop: Shop) -> None:
    outcome = shelfwise("doctor", variables=empty_shop.variables())
    assert outcome.status == 1
    assert "ok   rules file" in outcome.out
    assert "ok   database" in outcome.out
    assert "bad  release: none is promoted" in outcome.out
    assert "`shelfwise promote RELEASE_ID`" in outcome.out  # in one piece, to be copied


def test_doctor_with_a_release_finds_everything_in_place(shelfwise: Shelfwise, promoted_shop: Shop) -> None:
    outcome = shelfwise("doctor", variables=promoted_shop.variables())
    assert (outcome.status, outcome.out.count("ok ")) == (0, 3)
    assert f"{promoted_shop.release}: " in outcome.out


@pytest.mark.parametrize("file", ["items.npy", "embedding/config.json"])
def test_doctor_names_a_damaged_file(shelfwise: Shelfwise, promoted_shop: Shop, file: str) -> None:
    path = promoted_shop.home / "releases" / promoted_shop.release / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()  # a hard link to the planted shop's own file
    path.write_bytes(content)
    outcome = shelfwise("doctor", variables=promoted_shop.variables())
    assert outcome.status == 1
    assert f"{file} is damaged" in outcome.out.replace("\n", " ")


def test_doctor_reports_every_bad_part(shelfwise: Shelfwise, empty_shop: Shop) -> None:
    variables = empty_shop.variables(RULES_FILE="/no/such/rules.yaml", DATABASE_URL="mysql://shop")
    outcome = shelfwise("doctor", variables=variables)
    assert (outcome.status, outcome.out.count("bad ")) == (1, 3)


def test_releases_lists_what_is_published_and_what_serves(shelfwise: Shelfwise, promoted_shop: Shop) -> None:
    published_variant(promoted_shop, "20260101-000000-second", {})
    outcome = shelfwise("releases", variables=promoted_shop.variables())
    assert outcome.status == 0
    (serving,) = [line for line in outcome.out.splitlines() if promoted_shop.release in line]
    (other,) = [line for line in outcome.out.splitlines() if "20260101-000000-second" in line]
    assert "champion" in serving
    assert "planted" in serving  # why
    assert "champion" not in other


@pytest.mark.parametrize(("learned", "shown"), [(["cart"], "0.2222"), (["cart", "homepage"], "0.3333")])
def test_releases_shows_the_metric_of_what_the_homepage_shows(
    shelfwise: Shelfwise, promoted_shop: Shop, learned: list[str], shown: str
) -> None:
    """Trees may score carts alone; ``features`` says only that there are any."""
    path = promoted_shop.home / "releases" / promoted_shop.release / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["features"] = {"rerank": False, "learned": True}
    rows = {"fitted_blend": {"ndcg_20": [0.2222, 0, 1]}, "learned_blend": {"ndcg_20": [0.3333, 0, 1]}}
    manifest["evaluation"] |= {"learned": learned, "groups": {"all": rows}}
    path.unlink()  # a hard link to the planted shop's own file
    path.write_text(json.dumps(manifest))
    (line,) = shelfwise("releases", variables=promoted_shop.variables()).out.splitlines()[3:-1]
    assert f" {shown} " in line


def test_releases_of_an_empty_shop_is_an_empty_list(shelfwise: Shelfwise, empty_shop: Shop) -> None:
    outcome = shelfwise("releases", variables=empty_shop.variables())
    assert (outcome.status, outcome.err) == (0, "")


@pytest.mark.parametrize("command", ["promote", "evaluate"])
def test_a_release_that_mlflow_does_not_know_is_one_clear_line(
    shelfwise: Shelfwise, promoted_shop: Shop, command: str
) -> None:
    outcome = shelfwise(command, "never-trained", variables=promoted_shop.variables())
    assert outcome.status == 1
    assert "never-trained" in outcome.error
    assert served(promoted_shop) == promoted_shop.release


def test_training_an_empty_shop_says_what_to_import(shelfwise: Shelfwise, empty_shop: Shop) -> None:
    outcome = shelfwise("train", variables=empty_shop.variables())
    assert outcome.status == 1
    assert "shelfwise import products" in outcome.error


def test_a_rollback_without_an_earlier_release_is_refused(shelfwise: Shelfwise, promoted_shop: Shop) -> None:
    outcome = shelfwise("rollback", variables=promoted_shop.variables())
    assert outcome.status == 1
    assert "only one release was ever promoted" in outcome.error
    assert served(promoted_shop) == promoted_shop.release


def test_promote_and_rollback_move_the_release_and_the_alias(shelfwise: Shelfwise, promoted_shop: Shop) -> None:
    """Both write what serving follows and MLflow's alias champion (DESIGN §3)."""
    from mlflow import MlflowClient

    variables = promoted_shop.variables()
    client = MlflowClient(variables["SHELFWISE_MLFLOW_TRACKING_URI"])
    folder = published_variant(promoted_shop, "second", {})
    client.create_model_version("shelfwise", str(folder), tags={"release_id": "second"})

    def champion() -> str:
        return str(client.get_model_version_by_alias("shelfwise", "champion").tags["release_id"])

    refused = shelfwise("promote", "second", "--why", "better", variables=variables)
    assert refused.status == 1
    assert "was never compared with the champion" in refused.error
    assert shelfwise("promote", "second", "--force", "a copy of the first", variables=variables).status == 0
    assert served(promoted_shop) == champion() == "second"
    assert shelfwise("rollback", "--why", "worse", variables=variables).status == 0
    assert served(promoted_shop) == promoted_shop.release
    assert champion() == promoted_shop.release


def test_the_evaluation_of_a_release_can_be_read(shelfwise: Shelfwise, promoted_shop: Shop) -> None:
    outcome = shelfwise("evaluate", promoted_shop.release, variables=promoted_shop.variables())
    assert outcome.status == 0
    assert outcome.out.startswith("# Evaluation from ")
    assert "NDCG@20" in outcome.out
