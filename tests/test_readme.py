"""The README's commands, examples, links and settings are true."""

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Final

import click
import pytest

from cli.main import cli
from settings import PREFIX, Settings
from tests.real_server import Server

ROOT: Final = Path(__file__).resolve().parent.parent
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES: Final = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")}
BLOCKS: Final = re.findall(r"^```\w*\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
CURLS: Final = [
    shlex.split(command)
    for block in BLOCKS
    for command in re.findall(r"^curl (?:.*\\\n)*.*$", block, flags=re.MULTILINE)
]
PLANTED: Final = {"1053": "coffee-customer-01", "1082185": "coffee-03", "995242": "coffee-05"}
"""The demo's ids in the README, and who stands for them in the planted shop."""


def test_there_are_examples_to_test() -> None:
    assert len(CURLS) >= 6
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_named_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", PAGES[page], flags=re.MULTILINE))
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", PAGES)
def test_every_file_linked_exists(page: str) -> None:
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", PAGES[page]) if "://" not in target]
    assert [target for target in linked if not (ROOT / target).exists()] == []


def test_every_shelfwise_command_named_exists() -> None:
    lines = re.findall(r"(?:^|`)shelfwise ([a-z][^`#\n]*)", README, flags=re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        command: click.Command = cli
        words = line.split()
        while words and isinstance(command, click.Group) and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        assert command is not cli, line
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_the_settings_table_is_complete() -> None:
    documented = set(re.findall(rf"^\| `{PREFIX}([A-Z_]+)`", README, flags=re.MULTILINE))
    assert documented == {field.name.upper() for field in fields(Settings)}


@pytest.mark.parametrize("arguments", CURLS, ids=lambda arguments: " ".join(arguments)[:80])
def test_every_curl_example_answers(arguments: list[str], compact: Server) -> None:
    url = next(word for word in arguments if word.startswith("http"))
    path = _planted(url.removeprefix("http://127.0.0.1:3000"))
    if "-d" in arguments:
        method, body = (arguments[arguments.index(option) + 1] for option in ("-X", "-d"))
        answer = compact.client.request(method, path, json=json.loads(_planted(body)))
        assert answer.status_code == (201 if method == "POST" else 200), answer.text
    else:
        answer = compact.client.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.json()["recommendations"]


def test_the_example_answer_has_the_fields_of_a_real_one(compact: Server) -> None:
    example = json.loads(next(block for block in BLOCKS if block.startswith('{"recommendations"')))
    real = compact.recommend("homepage", user_id=PLANTED["1053"])
    assert example.keys() == real.keys() - {"explanation"}
    assert example["recommendations"][0].keys() == real["recommendations"][0].keys()


def _planted(text: str) -> str:
    for demo, planted in PLANTED.items():
        text = text.replace(demo, planted)
    return text
