"""No process of ours calls its libraries' makers: several of them report usage unless they are told not to."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.planted_shop import Shop

ROOT: Final = Path(__file__).parents[2]

PROGRAMS: Final = {
    "a session of ONNX Runtime": """
import sys
from pathlib import Path
from typing import Final
import service
from models.onnx_session import open_session
open_session(next(Path(sys.argv[1]).rglob("embedding/model.onnx")))
""",
    "a run of MLflow": """
import sys
import training.tracking
import mlflow
mlflow.set_tracking_uri("sqlite:///" + sys.argv[2] + "/mlflow.db")
with mlflow.start_run():
    mlflow.log_metric("ndcg", 0.3)
""",
}


class Listener:
    """Stands where the way out would be, and counts who comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.calls: list[bytes] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def url(self) -> str:
        """What a proxy variable takes."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _run(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                connection.settimeout(5.0)
                said = connection.recv(200)
                if said == b"bye":
                    return
                self.calls.append(said)

    def close(self) -> None:
        """End the thread by a call of our own."""
        with socket.create_connection(self._socket.getsockname()) as last:
            last.sendall(b"bye")
        self._thread.join()
        self._socket.close()


@pytest.fixture
def way_out() -> Iterator[Listener]:
    """A proxy that leads nowhere."""
    listener = Listener()
    yield listener
    listener.close()


@pytest.mark.parametrize("what", PROGRAMS)
def test_nothing_is_reported_to_anyone(what: str, way_out: Listener, planted_shop: Shop, tmp_path: Path) -> None:
    # Bare of everything that makes these libraries keep silent by themselves, such as CI=true.
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), way_out.url)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SHELFWISE_HOME": str(tmp_path)} | proxies
    command = [sys.executable, "-c", PROGRAMS[what], str(planted_shop.home), str(tmp_path)]
    subprocess.run(command, check=True, env=environment, cwd=ROOT, timeout=120)
    assert way_out.calls == []
    # ONNX Runtime keeps what it could not send yet, and an identifier of the machine, in the user's cache.
    assert list(tmp_path.rglob("*onnxruntime*")) == []
