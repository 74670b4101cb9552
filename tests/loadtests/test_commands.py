"""The tools as they are started: help, figures, refusals and exit statuses."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadtests import closed_loop, open_loop
from tests.loadtests.conftest import ROOT, StartServer, seen

QUICK = ("--warmup", "0")


@pytest.mark.parametrize("tool", ["closed_loop", "open_loop", "locustfile"])
def test_help(tool: str) -> None:
    command = [sys.executable, "-m", f"loadtests.{tool}", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
    assert "--allow-remote" in done.stdout


def test_closed_loop_reports(planted: StartServer, users: Path, products: Path, capsys: Any) -> None:
    base = planted(latency=0.01)
    arguments = ["--host", base, "--users", str(users), "--products", str(products), "--clients", "4"]
    assert closed_loop.main([*arguments, "--requests", "60", *QUICK]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["requested"], report["samples"], report["error_count"], report["clients"]) == (60, 60, 0, 4)
    assert report["latency_ms"]["p50"] >= 10
    assert report["traffic"]["users"] == 3
    assert report["complaints"] == []
    assert {method for method, _, _ in seen(base)} == {"GET", "POST"}


def test_open_loop_reports(planted: StartServer, tmp_path: Path, capsys: Any) -> None:
    base, out = planted(latency=0.01, products=20), tmp_path / "report.json"
    arguments = ["--host", base, "--rate", "50", "--duration", "0.6", "--read-only", "--out", str(out)]
    assert open_loop.main([*arguments, "--warmup", "5"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads(out.read_text())
    assert (report["requested"], report["samples"], report["offered_per_second"]) == (30, 30, 50)
    timer_ms = 1  # the event loop's timers count in milliseconds, so a request may go out a little before it is due
    assert report["latency_ms"]["p99"] + timer_ms >= report["from_send_ms"]["p99"] >= 10
    assert report["traffic"]["products_from"] == "discovered from the service"
    asked = seen(base)
    assert {method for method, _, _ in asked} == {"GET"}
    assert len(asked) == 21 + 5 + 30 + 2, "discovery, warm-up, measurement, metrics before and after"
    assert report["kept_share"] == 0.0


@pytest.mark.parametrize("tool", [closed_loop, open_loop])
def test_errors_trip_the_gate(tool: Any, planted: StartServer, products: Path, capsys: Any) -> None:
    size = ["--requests", "20"] if tool is closed_loop else ["--rate", "100", "--duration", "0.2"]
    assert tool.main(["--host", planted(fail_every=10), "--products", str(products), *size, *QUICK]) == 1
    output = capsys.readouterr()
    assert json.loads(output.out)["error_count"] == 2
    assert "FAILED: 2 of 20 answers were wrong: 2 × HTTP 500" in output.err


def test_missing_samples_trip_the_gate(planted: StartServer, products: Path, capsys: Any) -> None:
    arguments = ["--host", planted(latency=0.3), "--products", str(products), "--clients", "1", "--requests", "50"]
    assert closed_loop.main([*arguments, "--max-seconds", "1", *QUICK]) == 1
    assert "samples are missing" in capsys.readouterr().err


def test_warm_up_errors_trip_the_gate(planted: StartServer, products: Path, capsys: Any) -> None:
    arguments = ["--host", planted(fail_every=10), "--products", str(products), "--requests", "9", "--warmup", "10"]
    assert closed_loop.main(arguments) == 1
    assert "1 of 10 warm-up answers were wrong" in capsys.readouterr().err


@pytest.mark.parametrize("tool", [closed_loop, open_loop])
def test_other_machines_are_refused(tool: Any, capsys: Any) -> None:
    assert tool.main(["--host", "http://shop.example"]) == 2
    assert "not this machine" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--duration", "601"],
        ["--rate", "5001"],
        ["--max-in-flight", "2001"],
        ["--timeout", "61"],
        ["--warmup", "10001"],
        ["--users", "a", "--database", "b"],
    ],
    ids=" ".join,
)
def test_runs_are_bounded(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        open_loop.main(arguments)


def test_a_run_has_at_most_half_a_million_requests(planted: StartServer, products: Path, capsys: Any) -> None:
    arguments = ["--host", planted(), "--products", str(products), "--rate", "5000", "--duration", "600", *QUICK]
    assert open_loop.main(arguments) == 2
    assert "3000000" in capsys.readouterr().err


def start_locust(base: str, users: Path, products: Path, *further: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless", "--host", base]
    command += ["--users", "10", "--spawn-rate", "10"]
    command += ["--user-ids", str(users), "--product-ids", str(products), "--pause", "0.05", "--only-summary"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [*command, *further], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment
    )


def test_locust_runs_and_decides(planted: StartServer, users: Path, products: Path) -> None:
    """Three runs side by side: a good one, one with planted errors, and one whose requests are lost at its end."""
    good_server = planted(latency=0.02)
    good = start_locust(good_server, users, products, "--run-time", "3s", "--min-requests", "5")
    failing = start_locust(planted(fail_every=7), users, products, "--run-time", "2s")
    losing = start_locust(planted(latency=8), users, products, "--run-time", "2s", "--stop-timeout", "1")
    output = {name: run.communicate(timeout=60)[0] for name, run in (("g", good), ("f", failing), ("l", losing))}
    assert good.returncode == 0, output["g"]
    assert "0 failed, 0 samples missing" in output["g"]
    assert {path.split("/")[3].split("?")[0] for _, path, _ in seen(good_server)} == {"recommendations", "interactions"}
    assert failing.returncode == 1, output["f"]
    assert "HTTP 500" in output["f"]
    assert losing.returncode == 1, output["l"]
    assert "10 samples missing" in output["l"]


REFUSALS = """
from types import SimpleNamespace
from loadtests import locustfile
from loadtests.target import Refused
good = dict(host="", allow_remote=False, headless=True, run_time=60, num_users=1)
remote = {"host": "http://shop.example"}
for one in (remote, {"headless": False}, {"run_time": None}, {"run_time": 601}, {"num_users": 513}):
    try:
        locustfile._prepare(SimpleNamespace(), SimpleNamespace(**(good | one)))
    except Refused as error:
        print(error)
"""


def test_locust_refuses() -> None:
    """In a process of its own, for importing Locust changes the sockets of the process."""
    done = subprocess.run(
        [sys.executable, "-c", REFUSALS], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    reasons = ["not this machine", "--headless", "--run-time", "at most 600 s", "--users is at most 512"]
    lines = done.stdout.splitlines()
    assert len(lines) == len(reasons)
    assert all(reason in line for reason, line in zip(reasons, lines, strict=True))


def test_a_refused_locust_run_exits_with_2() -> None:
    command = [sys.executable, "-m", "loadtests.locustfile", "--host", "http://shop.example", "--run-time", "1s"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 2
    assert "not this machine" in done.stderr
