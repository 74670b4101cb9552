"""The bento is built offline, holds what serving needs and no more, and serves as the manifests start it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.serve import ONE_THREAD, QUIET
from settings import PREFIX
from tests.k8s.conftest import rendered
from tests.k8s.manifests import ROOT, Manifests
from tests.k8s.serving_packages import serving_pins

IMPORTED = """
import sys
sys.path.insert(0, sys.argv[1])
import service, store.engine
files = (getattr(module, "__file__", None) or "" for module in list(sys.modules.values()))
print(*(file for file in files if file.startswith(sys.argv[2]) and not file.startswith(sys.prefix)))
print(*(name for name in ("torch", "mlflow", "pandas", "training") if name in sys.modules))
store.engine.migrate(store.engine.open_engine(sys.argv[3]))
"""
"""Imports the service from a bento; prints modules that came from the checkout; migrates a database."""


@pytest.fixture(scope="module")
def bento(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built bento: the folder that an image holds as $BENTO_PATH."""
    home = tmp_path_factory.mktemp("bentoml")
    # Without the virtual environment: the build would look at each of its 55,000 files.
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT, checkout, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "var", "__pycache__"))
    unreachable = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    environment = os.environ | unreachable | {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}
    command = [sys.executable, "-m", "bentoml", "build", "--version", "test", "--output", "tag", str(checkout)]
    built = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=checkout, timeout=300)
    assert built.returncode == 0, built.stdout + built.stderr
    return home / "bentos" / "shelfwise" / "test"


@pytest.fixture(scope="module")
def gateway(bento: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of the gateway of the compact overlay: the manifest's variables, the bento, folders of this machine."""
    tmp_path, compact = tmp_path_factory.mktemp("gateway"), rendered("overlays/compact")
    (workload,) = compact.workloads
    (start,) = workload.container["args"]
    port = _free_port()
    bare = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "BENTOML_"))}
    here = {
        "BENTOML_HOME": str(tmp_path / "bentoml"),
        "SHELFWISE_HOME": str(tmp_path / "home"),
        "SHELFWISE_RELEASES_URL": str(tmp_path / "releases"),
        "SHELFWISE_DATABASE_URL": f"sqlite:///{tmp_path}/shop.db",
        "BENTOML_PORT": str(port),
    }
    environment = bare | ONE_THREAD | QUIET | compact.settings() | workload.environment | here
    # What the image's entry point makes of the container's arguments.
    command = [sys.executable, "-m", "bentoml_cli._internal.start", start, "--host", "127.0.0.1", str(bento)]
    process = subprocess.Popen(command, env=environment, cwd=tmp_path)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_bento_holds_what_serves_and_nothing_else(bento: Path) -> None:
    files = {str(path.relative_to(bento / "src")) for path in (bento / "src").rglob("*") if path.is_file()}
    expected = {str(path.relative_to(ROOT)) for path in (ROOT / "store" / "migrations" / "versions").glob("*.py")}
    expected |= {"service.py", "settings.py", "recommender/rules/default.yaml", "store/migrations/env.py"}
    assert expected <= files
    serving = {"api", "cli", "jobs", "models", "recommender", "runners", "store"}
    assert {name.split("/")[0] for name in files} == serving | {"service.py", "settings.py", "bentofile.yaml"}
    assert {Path(name).suffix for name in files} == {".py", ".yaml", ".mako"}


def test_bento_holds_no_models(bento: Path) -> None:
    described = yaml.safe_load((bento / "bento.yaml").read_text())
    assert described["models"] == []
    assert described["entry_service"] == "Gateway"


def test_bento_needs_nothing_of_the_checkout(bento: Path, gateway: int, tmp_path: Path) -> None:
    """(The gateway is named so that it starts meanwhile.)"""
    arguments = [str(bento / "src"), str(ROOT), f"sqlite:///{tmp_path}/shop.db"]
    output = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout.splitlines()
    assert output == ["", ""], "modules that came from the checkout, then modules that serving should not import"


def test_the_jobs_of_the_manifests_run_from_the_bento(bento: Path, tmp_path: Path) -> None:
    """In the folder that their pods start in, and without what only training needs."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTHON"))}
    environment = bare | {"SHELFWISE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(_without_training(tmp_path))}
    manifests = rendered("overlays/compact")
    serving = manifests.workloads[0].container["image"]
    jobs = [job for job in manifests.jobs if job.container["image"] == serving]  # retraining has an image of its own
    for job in jobs:
        assert Path(job.container["workingDir"]) == Path("/home/bentoml/bento/src")
        python, *arguments = job.container["args"]
        command = [sys.executable if python == "python" else python, *arguments]
        done = subprocess.run(command, cwd=bento / "src", env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    assert len(jobs) == 4


def _without_training(tmp_path: Path) -> Path:
    """A folder that makes importing any of these fail."""
    folder = tmp_path / "absent"
    folder.mkdir()
    for name in ("training", "torch", "mlflow", "sentence_transformers", "implicit", "matplotlib", "scipy"):
        (folder / f"{name}.py").write_text(f"raise ImportError('{name} is not in the image')\n")
    return folder


def test_packages_are_exactly_what_serving_needs() -> None:
    listed = yaml.safe_load((ROOT / "bentofile.yaml").read_text())["python"]["packages"]
    wanted = serving_pins()
    assert sorted(listed) == sorted(wanted), "python -m tests.k8s.serving_packages prints the lines for bentofile.yaml"


def test_requirements_of_the_image_are_the_list(bento: Path) -> None:
    listed = yaml.safe_load((ROOT / "bentofile.yaml").read_text())["python"]["packages"]
    written = (bento / "env" / "python" / "requirements.txt").read_text().split()
    assert set(written) == set(listed)


def test_image_sets_what_shelfwise_serve_sets() -> None:
    envs = yaml.safe_load((ROOT / "bentofile.yaml").read_text())["envs"]
    assert {env["name"]: env["value"] for env in envs} == ONE_THREAD | QUIET


def test_manifest_starts_the_bento(gateway: int, compact: Manifests) -> None:
    """Without a release a pod is alive and says what it waits for; so it is started, not restarted."""
    (workload,) = compact.workloads
    paths = {name: probe["httpGet"]["path"] for name, probe in workload.probes.items()}
    assert _get(gateway, paths["startupProbe"])[0] == 200
    assert _get(gateway, paths["livenessProbe"])[0] == 200
    status, body = _get(gateway, paths["readinessProbe"])
    assert status == 503
    assert "release" in json.loads(body)["missing"]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _get(port: int, path: str, seconds: float = 60.0) -> tuple[int, Any]:
    """Answer to a GET, as soon as the server listens."""
    ends = time.monotonic() + seconds
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (ConnectionError, TimeoutError):  # the port takes connections before the service behind it is imported
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        finally:
            connection.close()
