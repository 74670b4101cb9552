"""``shelfwise`` with a shop's settings: in this process for speed, and as the console script where that matters."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import main
from settings import PREFIX
from tests.planted_shop import Shop, without_settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that a failed command says."""
        (line,) = [line for line in self.err.splitlines() if line.strip()]
        return line


Shelfwise = Callable[..., Outcome]


@pytest.fixture
def empty_shop(tmp_path: Path) -> Shop:
    """A home folder in which nothing was done yet."""
    return Shop(tmp_path / "empty")


@pytest.fixture
def promoted_shop(planted_shop: Shop, tmp_path: Path) -> Shop:
    return planted_shop.copy(tmp_path / "promoted")


@pytest.fixture
def shelfwise(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shelfwise:
    """Runs the entry point here. An exception that it does not turn into one line fails the test."""

    def run(*arguments: object, variables: dict[str, str]) -> Outcome:
        with monkeypatch.context() as patched:
            for name in [name for name in os.environ if name.startswith(PREFIX)]:
                patched.delenv(name)
            for name, value in variables.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["shelfwise", *map(str, arguments)])
            capfd.readouterr()
            with pytest.raises(SystemExit) as ended:  # noqa: PT012 - a command that ends well raises nothing
                main()
                sys.exit(0)
        captured = capfd.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else 0 if code is None else 1, captured.out, captured.err)

    return run


def console_script(*arguments: object, variables: dict[str, str]) -> Outcome:
    """The installed program in a process of its own."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("shelfwise")), *map(str, arguments)],
        env=without_settings(os.environ) | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def script() -> Shelfwise:
    return console_script
