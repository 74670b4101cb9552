"""Settings are read in one place, and a mistake in them is one line, never a traceback."""

from dataclasses import fields
from datetime import datetime
from pathlib import Path

import pytest

from recommender.errors import InvalidInput
from recommender.rules.file import DEFAULT_RULES_FILE
from settings import PREFIX, ROOT, Settings, read_settings
from tests.cli.conftest import Shelfwise
from tests.planted_shop import Shop

CHECKED = {
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "personalization_default": "off",
    "event_retention_days": "400",
    "decision_retention_days": "7",
}
"""Values of the settings that cannot be any text."""


def test_without_variables_everything_lies_below_var(tmp_path: Path) -> None:
    assert Settings().home == str(ROOT / "var")
    settings = read_settings({"SHELFWISE_HOME": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/shelfwise.db"
    assert settings.releases_url == f"{tmp_path}/releases"
    assert settings.mlflow_tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert settings.rules_file == str(DEFAULT_RULES_FILE)
    assert settings.log_level == "INFO"
    assert settings.stage_secret == ""


def test_every_field_has_its_variable_and_survives_resolving(tmp_path: Path) -> None:
    given = {field.name: f"{tmp_path}/{field.name}" for field in fields(Settings)} | CHECKED
    settings = read_settings({PREFIX + name.upper(): value for name, value in given.items()})
    assert {name: getattr(settings, name) for name in given} == given


@pytest.mark.parametrize("name", ["SHELFWISE_DATABSE_URL", "SHELFWISE_", "SHELFWISE_home", "SHELFWISE_PORT"])
def test_an_unknown_variable_is_a_typing_mistake(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"is not a setting; known: .*SHELFWISE_DATABASE_URL") as caught:
        read_settings({name: "x"})
    assert (caught.value.field, caught.value.value) == (name, "x")


def test_variables_of_others_are_none_of_ours(tmp_path: Path) -> None:
    assert read_settings({"DATABASE_URL": "x", "PATH": "y", "SHELFWISE_HOME": str(tmp_path)}).home == str(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Europe/Entenhausen"),
        ("TIME_ZONE", "Europe"),
        ("TIME_ZONE", "/etc/localtime"),
        ("TIME_ZONE", ""),
        ("CURRENCY", "eur"),
        ("CURRENCY", "EURO"),
        ("PERSONALIZATION_DEFAULT", "yes"),
        ("EVENT_RETENTION_DAYS", "0"),
        ("EVENT_RETENTION_DAYS", "a year"),
        ("DECISION_RETENTION_DAYS", ""),
        ("DECISION_RETENTION_DAYS", "1.5"),
    ],
)
def test_a_value_that_can_be_checked_is_checked_at_once(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_settings({"SHELFWISE_HOME": str(tmp_path), PREFIX + name: value})
    assert (caught.value.field, caught.value.value) == (PREFIX + name, value)


def test_the_shop_s_days_begin_in_its_zone(tmp_path: Path) -> None:
    assert read_settings({"SHELFWISE_HOME": str(tmp_path)}).zone.key == "UTC"
    there = {"SHELFWISE_HOME": str(tmp_path), "SHELFWISE_TIME_ZONE": "Asia/Tokyo"}
    assert datetime(2026, 1, 1, tzinfo=read_settings(there).zone).isoformat() == "2026-01-01T00:00:00+09:00"


def test_how_long_things_are_kept_is_a_number_of_days(tmp_path: Path) -> None:
    home = {"SHELFWISE_HOME": str(tmp_path)}
    assert (read_settings(home).keep_events_days, read_settings(home).keep_decisions_days) == (None, 14)
    assert read_settings(home | {"SHELFWISE_EVENT_RETENTION_DAYS": "400"}).keep_events_days == 400


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        read_settings({"SHELFWISE_HOME": str(tmp_path)}).home = "elsewhere"  # type: ignore[misc]


def test_a_path_may_begin_with_the_user_s_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_settings({"SHELFWISE_HOME": "~/shop"}).home == str(tmp_path / "shop")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABSE_URL", "x"),
        ("DATABASE_URL", "mysql://shop"),
        ("DATABASE_URL", "no url [/red]"),
        ("DATABASE_URL", "sqlite:////dev/null/below/a/file.db"),
        ("HOME", "/dev/null/below/a/file"),
        ("RELEASES_URL", "nonsense://bucket"),
    ],
)
def test_a_mistake_in_the_environment_is_one_line(
    shelfwise: Shelfwise, empty_shop: Shop, name: str, value: str
) -> None:
    """Whatever the value holds, square brackets too: they are markup to the terminal library."""
    outcome = shelfwise("releases", variables=empty_shop.variables(**{name: value}))
    assert outcome.status == 1
    assert outcome.error.startswith("error: ")
    assert value in outcome.error


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Command lines that would have replaced this process."""
    commands: list[list[str]] = []

    def replace_process(program: str, arguments: list[str], environment: dict[str, str]) -> None:
        commands.append(arguments)
        raise SystemExit(0)

    monkeypatch.setattr("os.execvpe", replace_process)
    return commands


@pytest.mark.parametrize(
    ("name", "value"), [("LOG_LEVEL", "loud"), ("RULES_FILE", "/no/such/file.yaml"), ("DATABSE_URL", "x")]
)
def test_serve_reports_a_mistake_before_it_starts_anything(
    shelfwise: Shelfwise, empty_shop: Shop, started: list[list[str]], name: str, value: str
) -> None:
    """In the graph topology a mistake found later makes a process start again and again."""
    outcome = shelfwise("serve", "--topology", "graph", variables=empty_shop.variables(**{name: value}))
    assert not started
    assert outcome.status == 1
    assert outcome.error.startswith("error: ")
    assert value in outcome.error


@pytest.mark.parametrize(("topology", "module"), [("compact", "bentoml_cli._internal.start"), ("graph", "bentoml")])
def test_serve_starts_the_topology_that_was_asked_for(
    shelfwise: Shelfwise, empty_shop: Shop, started: list[list[str]], topology: str, module: str
) -> None:
    outcome = shelfwise("serve", "--topology", topology, "--port", 3210, variables=empty_shop.variables())
    assert outcome.status == 0
    (command,) = started
    assert command[1:3] == ["-m", module]
    assert command[command.index("--port") + 1] == "3210"
    assert command[command.index("--host") + 1] == "127.0.0.1"
