"""``shelfwise train`` and ``evaluate``. Training's libraries are imported only when one of them runs."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from sqlalchemy import Engine

from cli.progress import progress
from models.release import Gate
from recommender.errors import InvalidInput, ShelfwiseError
from recommender.rules.file import read_rules
from runners.shelf import release_store
from settings import Settings, read_settings
from store.engine import migrate, open_engine
from store.job_lock import only_run

if TYPE_CHECKING:
    from training.fitting import Options
    from training.recipe import Recipe
    from training.tracking import Tracking

TRAINING: Final = "training"
"""The lock of whatever fits models: they share one workspace."""


@click.command()
@click.option("--thorough", is_flag=True, help="Train the cross-encoder for long instead of about a minute.")
@click.option(
    "--evaluate-from",
    type=click.DateTime(),
    help="First moment of the two weeks that models are compared on, in the data's original time (UTC).",
)
@click.option("--only", type=click.Choice(["embedding", "collaborative", "cross-encoder"]), help="Run one job alone.")
@click.option("--search", is_flag=True, help="Look for better settings of the learned blender; each try is in MLflow.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--accept-gaps", metavar="WHY", default="", help="Train on data with missing days; the reason is recorded."
)
@click.option(
    "--model",
    "models",
    metavar="STAGE=NAME",
    multiple=True,
    help="A registered model in place of the one that training would fit (`shelfwise models`).",
)
def train(
    thorough: bool,
    evaluate_from: datetime | None,
    only: str | None,
    search: bool,
    seed: int,
    accept_gaps: str,
    models: tuple[str, ...],
) -> None:
    """Train, evaluate, judge against the champion, and register a release from what is in the store."""
    settings, console = read_settings(), Console()
    options = train_options(
        settings,
        thorough=thorough,
        evaluate_from=evaluate_from,
        search=search,
        seed=seed,
        accept_gaps=accept_gaps,
        models=models,
    )
    release_id = run_training(settings, options, console, only=only)
    if release_id:
        console.print(f"\nNext: [bold]shelfwise promote {release_id}[/bold]", highlight=False)


@click.command()
@click.argument("release_id")
@click.option(
    "--against",
    metavar="champion|RELEASE_ID",
    help="Say what the promotion gate says of it: the verdict, and the numbers of every check.",
)
def evaluate(release_id: str, against: str | None) -> None:
    """Show how RELEASE_ID did against plain models on its time split, or against another release."""
    from training.report import verdict_markdown
    from training.tracking import evaluation_report

    settings, console = read_settings(), Console()
    tracking(settings).open()
    if against is None:
        text = evaluation_report(release_id)
    else:
        gate = run_comparison(settings, release_id, against, console)
        text = verdict_markdown(gate.verdict, release_id, gate.against)
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def run_comparison(settings: Settings, release_id: str, against: str, console: Console) -> Gate:
    """The gate's verdict on two releases; the replay is repeated only where the two were never compared."""
    from training.against import judge_against
    from training.gate import gate_against
    from training.promote import serving_release
    from training.recipe import read_recipe

    engine = open_engine(settings.database_url)
    migrate(engine)
    champion_id = serving_release(engine) if against == "champion" else against
    if champion_id is None:
        raise InvalidInput("against", against, "there is none yet: the first release is promoted without a comparison")
    gate = gate_against(release_id, champion_id)
    if gate is None:
        champion = read_recipe(release_store(settings).fetch(champion_id))
        with only_run(engine, TRAINING), progress(console) as report:
            options = train_options(settings)
            gate = judge_against(engine, tracking(settings), release_id, champion, options, report)
    engine.dispose()
    return gate


def train_options(
    settings: Settings,
    *,
    thorough: bool = False,
    evaluate_from: datetime | None = None,
    search: bool = False,
    seed: int = 0,
    accept_gaps: str = "",
    models: Sequence[str] = (),
) -> "Options":
    """What training is asked for, with its workspace under the home folder and the registered models fetched."""
    from training.fitting import Options
    from training.registry.use import bring, parse_models

    workspace = settings.home_folder / "training"
    workspace.mkdir(exist_ok=True)
    options = Options(
        workspace=workspace,
        policy=read_rules(Path(settings.rules_file)).policy,
        encoder=settings.embedding_model,
        evaluate_from=evaluate_from,
        thorough=thorough,
        search=search,
        seed=seed,
        accept_gaps=accept_gaps,
    )
    return options.using(bring(tracking(settings), parse_models(models), workspace))


def run_training(settings: Settings, options: "Options", console: Console, *, only: str | None = None) -> str | None:
    """Train with progress; returns the registered release's id, or None where one job ran alone."""
    from training.train import run_alone
    from training.train import train as run_all

    engine = open_engine(settings.database_url)
    migrate(engine)
    with only_run(engine, TRAINING), progress(console) as report:
        if only is not None:
            run_alone(only, engine, tracking(settings), options, report)
            return None
        champion = champion_recipe(settings, engine, console)
        manifest = run_all(engine, tracking(settings), options, report, champion)
    engine.dispose()
    if manifest.ungated:
        console.print(f"no verdict of the gate: {manifest.ungated}", markup=False, highlight=False, soft_wrap=True)
    if manifest.gate is not None:
        console.print(_said(manifest.gate), highlight=False, soft_wrap=True)
    console.print(f"release [bold]{manifest.release_id}[/bold] is registered", highlight=False)
    return manifest.release_id


def champion_recipe(settings: Settings, engine: Engine, console: Console) -> "Recipe | None":
    """The recipe that serves now; None, and said why, where there is none to compare with."""
    from training.promote import serving_release
    from training.recipe import read_recipe

    release_id = serving_release(engine)
    if release_id is None:
        return None
    try:
        return read_recipe(release_store(settings).fetch(release_id))
    except ShelfwiseError as error:
        console.print(f"  no comparison with the champion: {error}", markup=False, highlight=False, soft_wrap=True)
        return None


def _said(gate: Gate) -> str:
    from training.report import refusal

    if gate.verdict.accepted:
        return f"gate: accepted against [bold]{gate.against}[/bold]"
    return f"gate: refused against [bold]{gate.against}[/bold]: {refusal(gate.verdict)}"


def tracking(settings: Settings) -> "Tracking":
    """MLflow as the settings say."""
    from training.tracking import Tracking

    return Tracking(settings.mlflow_tracking_uri, settings.home_folder / "mlartifacts")
