"""A migrated database for each test, once as a SQLite file and once on PostgreSQL, and real processes beside it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.engine import migrate, open_engine
from tests.postgres_server import PostgresServer

REPOSITORY = Path(__file__).parents[2]
DATABASES = ("sqlite", "postgresql")

StartPython = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()  # the last connection to close leaves one file, without a write-ahead log
    return path


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'store.db')}"


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    """Of a migrated, empty database; what asks for it runs once on each."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=DATABASES)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bare/store.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database("template0") as url:
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    yield from _opened(url)


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """For what only SQLite has; a test says what that is."""
    yield from _opened(sqlite_url)


@pytest.fixture
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    """For what only PostgreSQL has; a test says what that is."""
    yield from _opened(postgresql_url)


def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module", params=DATABASES)
def lasting_engine(
    request: pytest.FixtureRequest, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """For properties: one store that all examples share."""
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{shutil.copy(migrated_file, tmp_path_factory.mktemp('lasting') / 'store.db')}")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield from _opened(url)


@pytest.fixture
def start_python() -> Iterator[StartPython]:
    """Starts a program in a process of its own; whatever still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", program, *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        started.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
