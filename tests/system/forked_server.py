"""Gateways that are ready in a fraction of a second: forked from a process that has imported everything already.

Each is a process of its own with its own threads, port and database connections, and can be killed like any other.
What it lacks is `shelfwise serve` above it, which costs four seconds of a processor at every start.
"""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from cli.serve import serve_environment
from settings import ROOT
from tests.planted_shop import Shop, without_settings
from tests.real_server import end_with_parent, free_port

STOP_SECONDS: Final = 30.0

_PROGRAM: Final = """
import os, signal, sys

import uvicorn

from service import Gateway
from tests.real_server import end_with_parent

signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who is killed leaves no zombie
for port in sys.stdin:
    process = os.fork()
    if process == 0:
        end_with_parent(signal.SIGKILL)
        uvicorn.run(Gateway.to_asgi(), host="127.0.0.1", port=int(port), log_config=None)
        os._exit(0)
    print(process, flush=True)
"""


@dataclass(frozen=True, slots=True)
class ForkedServer:
    """A gateway, started: it listens in a moment."""

    url: str
    process: psutil.Process

    def kill(self) -> None:
        """SIGKILL, as a power cut would end it."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.kill()
            self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def forks(shop: Shop, log: Path) -> Iterator[Callable[[], ForkedServer]]:
    """Starts gateways over the shop, as many as are asked for; none outlives the block."""
    with log.open("ab") as output:
        origin = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            cwd=ROOT,
            env=without_settings(serve_environment()) | shop.variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            preexec_fn=end_with_parent,
        )
    assert origin.stdin is not None
    assert origin.stdout is not None
    started: list[ForkedServer] = []

    def start() -> ForkedServer:
        port = free_port()
        print(port, file=origin.stdin, flush=True)
        process = psutil.Process(int(origin.stdout.readline()))  # type: ignore[union-attr]
        started.append(ForkedServer(f"http://127.0.0.1:{port}", process))
        return started[-1]

    try:
        yield start
    finally:
        for one in started:
            one.kill()
        origin.kill()
        origin.communicate()
