"""A real server in a process of its own, over a shop's folder, with its log at hand when something fails."""

import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest
import yaml

from cli.serve import serve_arguments, serve_environment
from tests.planted_shop import Shop, without_settings

STAGE_SECRET: Final = "planted-secret"
PATIENCE_MS: Final = 3_000
READY_SECONDS: Final = 300.0
STOP_SECONDS: Final = 30.0
LOG_LINES: Final = 40
RECOMMENDATIONS: Final = "/api/v1/recommendations"
INTERACTIONS: Final = "/api/v1/interactions"
PRODUCTS: Final = "/api/v1/products"
CUSTOMERS: Final = "/api/v1/customers"

_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None)


def end_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Linux: the process that calls this gets a signal when the test run is gone, even where that was killed."""
    _libc.prctl(_PR_SET_PDEATHSIG, by)


def free_port() -> int:
    """A port of the loopback interface that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(holds: Callable[[], object], *, within: float, what: str = "") -> float:
    """Wait until ``holds()`` is true; returns the seconds it took, fails after ``within``."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within, f"not within {within} s: {what or holds}"
        time.sleep(0.05)
    return time.monotonic() - began


class Server:
    """One start of `shelfwise serve`. ``client`` asks it; ``process`` is what was started, children not included."""

    def __init__(self, shop: Shop, topology: str, log: Path, **variables: str) -> None:
        self.shop, self.log = shop, log
        port = free_port()
        environment = without_settings(serve_environment()) | shop.variables(**variables)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *serve_arguments(topology, "127.0.0.1", port)],
                env=environment | {"BENTOML_HOME": str(shop.home / "bentoml")},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=end_with_parent,
            )
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=30.0)

    def wait(self, path: str = "/readyz") -> "Server":
        """Until this page answers 200; a server that ended or never answers fails with the end of its log."""
        ends = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends and self.process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if self.client.get(path).status_code == 200:
                    return self
            time.sleep(0.1)
        state = f"ended with {self.process.returncode}" if self.process.returncode is not None else "does not answer"
        raise AssertionError(f"{path}: the server {state}\n{self.log_end()}")

    def log_end(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])

    def processes(self) -> list[psutil.Process]:
        """The process that was started and all below it."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def stage(self, name: str) -> psutil.Process:
        """The process of a stage in the graph topology, by its command line."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if name in process.cmdline():
                    return process
        raise LookupError(f"no process of stage {name}")

    def terminate(self) -> int:
        """SIGTERM; returns the exit status. What does not end in time is killed."""
        started = self.processes() if self.process.poll() is None else []
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            self.client.close()
            for one in started:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL for every process, as a power cut would end them."""
        for one in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.wait(STOP_SECONDS)
        self.client.close()

    def recommend(self, page: str, **query: str | int) -> dict[str, Any]:
        """The answer of a recommendation endpoint, e.g. ``homepage`` or ``product/coffee-03``."""
        answer = self.client.get(f"{RECOMMENDATIONS}/{page}", params=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def shown(self, page: str, **query: str | int) -> list[str]:
        """External ids of the recommended products, in order."""
        return [product["external_product_id"] for product in self.recommend(page, **query)["recommendations"]]

    def post_event(self, **fields: object) -> dict[str, Any]:
        """Send an event, which must be accepted."""
        answer = self.client.post(INTERACTIONS, json=fields)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def metric(self, name: str, **labels: str) -> float:
        """Sum of the samples of this name whose labels include the given ones; 0 where there is none."""
        return sum(value for found, has, value in self.samples() if found == name and labels.items() <= has.items())

    def samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Every sample of /metrics: name, labels, value."""
        from prometheus_client.parser import text_string_to_metric_families

        for family in text_string_to_metric_families(self.client.get("/metrics").text):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value


@contextlib.contextmanager
def running(shop: Shop, topology: str, log: Path, **variables: str) -> Iterator[Server]:
    """A ready server, ended at the end of the block; ``variables`` are settings besides the shop's own."""
    server = Server(shop, topology, log, **variables)
    try:
        yield server.wait()
    finally:
        if server.process.poll() is None:
            server.terminate()


@pytest.fixture(scope="session")
def patient_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default rules with reranking always on, and time enough that nothing degrades on a busy machine."""
    path = tmp_path_factory.mktemp("rules") / "patient.yaml"
    path.write_text(yaml.safe_dump({"rerank": {"mode": "on"}, "deadline_ms": PATIENCE_MS}))
    return path


@pytest.fixture(scope="session")
def live_shop(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A copy that the two servers below share, as two replicas do."""
    return planted_shop.copy(tmp_path_factory.mktemp("live") / "shop")


@pytest.fixture(scope="session")
def compact(live_shop: Shop, patient_rules: Path) -> Iterator[Server]:
    """One process with every stage in it. A test that changes the shop puts it back."""
    with running(live_shop, "compact", live_shop.home / "compact.log", RULES_FILE=str(patient_rules)) as server:
        yield server


@pytest.fixture(scope="session")
def graph(live_shop: Shop, patient_rules: Path) -> Iterator[Server]:
    """Each stage a process of its own, behind a shared secret; SIGTERM must end all of them at the end."""
    settings = {"RULES_FILE": str(patient_rules), "STAGE_SECRET": STAGE_SECRET}
    settings["RESULT_CACHE_SECONDS"] = "0"  # what its stages do is tested, and a kept answer asks none of them
    with running(live_shop, "graph", live_shop.home / "graph.log", **settings) as server:
        yield server
        started = server.processes()
        assert server.terminate() == 0
        assert not [one for one in started if one.is_running()]
