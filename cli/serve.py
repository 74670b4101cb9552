"""``shelfwise serve``: the same service in the topology that suits the machine."""

import os
import sys
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from api.logs import configure_logs
from recommender.rules.file import read_rules
from settings import ROOT, read_settings

TOPOLOGIES: Final = ("compact", "graph")

ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Requests run side by side already; a matrix product that starts threads of its own only makes others wait."""

QUIET: Final = {
    "BENTOML_DO_NOT_TRACK": "True",
    "ORT_DISABLE_TELEMETRY": "1",  # set where ONNX Runtime is imported too; here for whatever else the image runs
    "TOKENIZERS_PARALLELISM": "false",
}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=3000, show_default=True, envvar="PORT")
@click.option(
    "--topology",
    type=click.Choice(TOPOLOGIES),
    default="compact",
    show_default=True,
    help="compact: all stages in one process. graph: each stage a process of its own, with adaptive batching.",
)
def serve(host: str, port: int, topology: str) -> None:
    """Answer requests over HTTP."""
    settings = read_settings()  # a mistake is reported here, once, instead of in every process
    read_rules(Path(settings.rules_file))
    configure_logs(settings.log_level)
    console = Console()
    console.print(f"Shelfwise on http://{host}:{port} ({topology} topology); stop with Ctrl-C", highlight=False)
    os.execvpe(sys.executable, [sys.executable, *serve_arguments(topology, host, port)], serve_environment())


def serve_arguments(topology: str, host: str, port: int) -> list[str]:
    """Arguments of the Python interpreter that start the service."""
    where = ["--host", host, "--port", str(port), "--working-dir", str(ROOT)]
    if topology == "graph":
        return ["-m", "bentoml", "serve", "service:Gateway", *where]
    start = ["-m", "bentoml_cli._internal.start", "start-http-server", "service:Gateway"]
    return [*start, "--service-name", "Gateway", *where]


def serve_environment() -> dict[str, str]:
    """This process's environment with the thread settings of serving, where they are not set already."""
    return ONE_THREAD | QUIET | dict(os.environ)
