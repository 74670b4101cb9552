"""``shelfwise train`` and ``evaluate``. Training's libraries are imported only when one of them runs."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from cli.progress import progress
from recommender.rules.file import read_rules
from settings import Settings, read_settings
from store.engine import migrate, open_engine

if TYPE_CHECKING:
    from training.tracking import Tracking
    from training.train import Options


@click.command()
@click.option("--thorough", is_flag=True, help="Train the cross-encoder for long instead of about a minute.")
@click.option(
    "--evaluate-from",
    type=click.DateTime(),
    help="First moment of the two weeks that models are compared on, in the data's original time (UTC).",
)
@click.option("--only", type=click.Choice(["embedding", "collaborative", "cross-encoder"]), help="Run one job alone.")
@click.option("--seed", default=0, show_default=True)
def train(thorough: bool, evaluate_from: datetime | None, only: str | None, seed: int) -> None:
    """Train, evaluate and register a release from what is in the store."""
    settings, console = read_settings(), Console()
    options = train_options(settings, thorough=thorough, evaluate_from=evaluate_from, seed=seed)
    release_id = run_training(settings, options, console, only=only)
    if release_id:
        console.print(f"\nNext: [bold]shelfwise promote {release_id}[/bold]", highlight=False)


@click.command()
@click.argument("release_id")
def evaluate(release_id: str) -> None:
    """Show how RELEASE_ID did against plain models on its time split."""
    from training.tracking import evaluation_report

    settings, console = read_settings(), Console()
    tracking(settings).open()
    console.print(evaluation_report(release_id), markup=False, highlight=False)


def train_options(
    settings: Settings, *, thorough: bool = False, evaluate_from: datetime | None = None, seed: int = 0
) -> "Options":
    """What training is asked for, with its workspace under the home folder."""
    from training.train import Options

    workspace = settings.home_folder / "training"
    workspace.mkdir(exist_ok=True)
    return Options(
        workspace=workspace,
        policy=read_rules(Path(settings.rules_file)).policy,
        encoder=settings.embedding_model,
        evaluate_from=evaluate_from,
        thorough=thorough,
        seed=seed,
    )


def run_training(settings: Settings, options: "Options", console: Console, *, only: str | None = None) -> str | None:
    """Train with progress; returns the registered release's id, or None where one job ran alone."""
    from training.train import run_alone
    from training.train import train as run_all

    engine = open_engine(settings.database_url)
    migrate(engine)
    with progress(console) as report:
        if only is not None:
            run_alone(only, engine, tracking(settings), options, report)
            return None
        manifest = run_all(engine, tracking(settings), options, report)
    engine.dispose()
    console.print(f"release [bold]{manifest.release_id}[/bold] is registered", highlight=False)
    return manifest.release_id


def tracking(settings: Settings) -> "Tracking":
    """MLflow as the settings say."""
    from training.tracking import Tracking

    return Tracking(settings.mlflow_tracking_uri, settings.home_folder / "mlartifacts")
