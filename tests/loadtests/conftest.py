"""Planted servers in processes of their own, so that a generator and what it measures share nothing."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loadtests.planted_server import Plan, encoded

ROOT = Path(__file__).resolve().parents[2]

StartServer = Callable[..., str]


@pytest.fixture
def planted() -> Iterator[StartServer]:
    """Starts a server with what is planted, and gives its URL."""
    started: list[subprocess.Popen[str]] = []

    def start(**plan: Any) -> str:
        command = [sys.executable, "-m", "tests.loadtests.planted_server", encoded(Plan(**plan))]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None
        return f"http://127.0.0.1:{int(process.stdout.readline())}"

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def users(tmp_path: Path) -> Path:
    file = tmp_path / "users.txt"
    file.write_text("ada\ngrace\n\nedsger\n")
    return file


@pytest.fixture
def products(tmp_path: Path) -> Path:
    file = tmp_path / "products.txt"
    file.write_text("apple\npear & plum\n")
    return file


def seen(base: str) -> list[tuple[str, str, str]]:
    """Method, path and body of everything that a planted server was asked."""
    with urllib.request.urlopen(f"{base}/seen", timeout=5) as answer:
        return [tuple(one) for one in json.load(answer)]
