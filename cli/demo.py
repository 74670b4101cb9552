"""``shelfwise demo``: real purchases, a trained release, and a server that answers, in one command."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from typing import Final

import click
from rich.console import Console

from cli.data import run_import
from cli.releases import current_release, run_promotion
from cli.serve import serve_arguments, serve_environment
from cli.showcase import Shopper, showcase
from cli.training import run_training, train_options
from settings import Settings, read_settings

EVALUATE_FROM: Final = datetime(2017, 12, 1)
"""The window on which Complete Journey is compared; before the holidays, and a week that is complete."""
READY_SECONDS: Final = 60.0


@click.command()
@click.option("--port", default=3000, show_default=True, envvar="PORT")
@click.option("--prepare-only", is_flag=True, help="Stop before serving.")
def demo(port: int, prepare_only: bool) -> None:
    """Import Complete Journey, train, promote, and serve on 127.0.0.1. What is there already is not done again."""
    settings, console = read_settings(), Console()
    began = time.monotonic()
    if prepare_only:
        prepare(settings, console)
        return
    if current_release(settings) is None:  # in a process of its own: what training loads must not stay while we serve
        subprocess.run([sys.executable, "-m", "cli.main", "demo", "--prepare-only"], check=True)
    else:
        console.print("A release is promoted already: data and models are reused.")
    _serve(settings, console, port, began)


def prepare(settings: Settings, console: Console) -> None:
    """Everything before serving; an interrupted import goes on, and finished texts are not embedded again."""
    from training.complete_journey.shop_files import write_shop_files

    console.rule("1 of 3 · data")
    console.print("Complete Journey by dunnhumby: what 2,469 households bought in 2017")
    files = write_shop_files(settings.home_folder / "complete-journey")
    run_import("products", files.products)
    run_import("events", files.events, shift_to_now=True)
    console.rule("2 of 3 · training")
    options = train_options(settings, evaluate_from=EVALUATE_FROM)
    release_id = run_training(settings, options, console)
    assert release_id is not None
    console.rule("3 of 3 · promotion")
    run_promotion(settings, release_id, console, why="demo")


def _serve(settings: Settings, console: Console, port: int, began: float) -> None:
    """Run the server as a child, say when it answers, and end it when this process ends."""
    server = subprocess.Popen([sys.executable, *serve_arguments("compact", "127.0.0.1", port)], env=serve_environment())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if not _wait_until_ready(server, port):
            console.print("[red]The server did not become ready; its messages are above.[/red]")
            sys.exit(1)
        _say_ready(settings, console, port, time.monotonic() - began)
        server.wait()
    except KeyboardInterrupt:
        console.print("stopping")
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> bool:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def _say_ready(settings: Settings, console: Console, port: int, seconds: float) -> None:
    base = f"http://127.0.0.1:{port}"
    console.rule("ready")
    console.print(f"Shelfwise answers on {base} (ready {seconds:.0f} s after this command started)\n", highlight=False)
    for shopper in showcase(settings):
        console.print(f"# {_described(shopper)}", highlight=False)
        console.print(f"curl -s '{base}/api/v1/recommendations/homepage?user_id={shopper.user_id}'\n", highlight=False)
    console.print(f"All endpoints: {base}/docs   Front page: {base}/   Stop: Ctrl-C", highlight=False)


def _described(shopper: Shopper) -> str:
    return f"customer {shopper.user_id} buys unusually much of: {', '.join(shopper.categories)}"
