"""The three topologies: one process, a supervisor with a process per stage, and services of their own on ports."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from cli.serve import serve_arguments, serve_environment
from settings import ROOT

TOPOLOGIES: Final = ("compact", "graph", "distributed")
STAGES: Final = ("Embedding", "Collaborative", "Reranker")
READY_SECONDS: Final = 180.0
STOP_SECONDS: Final = 40.0
_SERVICE: Final = ["-m", "bentoml_cli._internal.start", "start-http-server", "service:Gateway", "--host", "127.0.0.1"]


@contextlib.contextmanager
def serving(
    topology: str, variables: Mapping[str, str], log: Path, *, in_child: Callable[[], None] | None = None
) -> Iterator[str]:
    """Address of a ready server with these SHELFWISE_ variables; ``in_child`` is called in each process it starts."""
    ports = {name: _free_port() for name in ("Gateway", *STAGES)}
    started = []
    try:
        for arguments in _commands(topology, ports):
            with log.open("ab") as output:
                started.append(
                    subprocess.Popen(
                        [sys.executable, *arguments],
                        env=_others(serve_environment()) | dict(variables),
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        preexec_fn=in_child,
                    )
                )
        url = f"http://127.0.0.1:{ports['Gateway']}"
        _wait_until_ready(url, log)
        yield url
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()


def _commands(topology: str, ports: Mapping[str, int]) -> list[list[str]]:
    if topology != "distributed":
        return [serve_arguments(topology, "127.0.0.1", ports["Gateway"])]
    depends = [part for name in STAGES for part in ("--depends", f"{name}=http://127.0.0.1:{ports[name]}")]
    each = {
        name: [*_SERVICE, "--working-dir", str(ROOT), "--service-name", name, "--port", str(ports[name])]
        for name in ports
    }
    return [*(each[name] for name in STAGES), [*each["Gateway"], *depends]]


def _others(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("SHELFWISE_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, log: Path) -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5):
            return
        time.sleep(0.1)
    end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise TimeoutError(f"{url} is not ready after {READY_SECONDS:g} s\n{end}")
