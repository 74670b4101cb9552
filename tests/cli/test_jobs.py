"""``shelfwise jobs``, and the page about it."""

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from cli.jobs import run
from cli.training import TRAINING
from store.engine import reading
from store.job_lock import only_run
from store.job_runs import list_runs
from tests.cli.conftest import Shelfwise
from tests.planted_shop import Shop

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "jobs.md").read_text(encoding="utf-8")
COMMANDS: Final = re.findall(r"^shelfwise (jobs .*)$", PAGE, flags=re.MULTILINE)
CRONTAB: Final = re.findall(r"^[0-9*]+ [0-9*]+ \* \* \* +shelfwise (jobs .*)$", PAGE, flags=re.MULTILINE)

RETRAIN: Final = "jobs run retrain"
"""Takes minutes: tests/training/test_gate.py runs what it does."""


def test_every_command_of_the_page_does_its_work(shelfwise: Shelfwise, promoted_shop: Shop, tmp_path: Path) -> None:
    quick = [command for command in [*COMMANDS, *CRONTAB] if command != RETRAIN]
    for command in quick:
        arguments = shlex.split(command.replace("/tmp/shelfwise-export", str(tmp_path / "out")))
        outcome = shelfwise(*arguments, variables=promoted_shop.variables())
        assert (outcome.status, outcome.err) == (0, ""), command
    engine = promoted_shop.open()
    with reading(engine) as connection:
        runs = list_runs(connection, limit=100)
    assert {one.status for one in runs} == {"done"}
    assert len(runs) == len(quick) - 1
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_the_page_is_about_every_job() -> None:
    jobs = set(run.commands)
    assert {command.split()[2] for command in COMMANDS if command.startswith("jobs run")} == jobs
    assert set(re.findall(r"^## ([a-z_]+)$", PAGE, flags=re.MULTILINE)) == jobs
    assert set(re.findall(r"^\| `([a-z_]+)` \| (?:hourly|daily|when)", PAGE, flags=re.MULTILINE)) == jobs
    assert len(CRONTAB) == 5


def test_the_list_says_what_ran_and_what_it_did(shelfwise: Shelfwise, empty_shop: Shop) -> None:
    variables = empty_shop.variables()
    said = shelfwise("jobs", "run", "cart_abandonment", variables=variables).out
    assert "cart_abandonment: customers 0, carts 0, recovered 0" in said
    failed = shelfwise("jobs", "run", "preferences", variables=variables)
    assert failed.status == 1
    assert "shelfwise promote" in failed.error
    listed = shelfwise("jobs", "list", variables=variables).out
    assert [word in listed for word in ("cart_abandonment", "done", "preferences", "failed", "none is promoted")] == [
        True
    ] * 5


def test_a_second_run_at_the_same_time_is_one_clear_line(shelfwise: Shelfwise, empty_shop: Shop) -> None:
    shelfwise("jobs", "run", "retention", variables=empty_shop.variables())
    with only_run(empty_shop.open(), "retention"):
        outcome = shelfwise("jobs", "run", "retention", variables=empty_shop.variables())
    assert outcome.status == 1
    assert outcome.error.startswith("error: retention is running already")


def test_two_trainings_at_the_same_time_would_share_a_workspace(shelfwise: Shelfwise, empty_shop: Shop) -> None:
    with only_run(empty_shop.open(), TRAINING):
        for command in (("train",), ("jobs", "run", "retrain")):
            outcome = shelfwise(*command, variables=empty_shop.variables())
            assert outcome.status == 1
            assert outcome.error.startswith("error: training is running already")


@pytest.mark.parametrize("hours", ["0", "-3", "1000"])
def test_hours_that_make_no_sense_are_one_clear_line(shelfwise: Shelfwise, empty_shop: Shop, hours: str) -> None:
    outcome = shelfwise("jobs", "run", "cart_abandonment", "--hours", hours, variables=empty_shop.variables())
    assert outcome.status == 1
    assert "hours" in outcome.error
