"""``shelfwise models``: models that somebody else made, registered for use in a release."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.table import Table

from cli.progress import progress
from models.release import Stage
from settings import Settings, read_settings
from store.engine import migrate, open_engine, reading
from store.products import external_ids

if TYPE_CHECKING:
    from training.registry.record import Registered

WIDTH: Final = 140
"""Columns that the list needs, so that no name is cut."""

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def models() -> None:
    """Bring your own model: register one, list them; `shelfwise train --model STAGE=NAME` uses it."""


@models.command()
@click.option("--stage", required=True, type=click.Choice([stage.value for stage in Stage]))
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--name", help="What it is called from now on; the file's or folder's name where left out.")
@click.option(
    "--trained-until",
    type=click.DateTime(),
    help="Everything that it learnt from happened before (UTC, the data's original time). "
    "Without it the gate gives no verdict.",
)
@click.option("--tokenizer", type=_file, help="tokenizer.json, where it does not lie beside the graph.")
@click.option("--max-tokens", type=int, help="Longer texts are cut.")
@click.option("--output", help="Which output of the graph, where none is called as usual.")
@click.option("--pooling", type=click.Choice(["mean", "cls"]), help="Of an encoder that gives a vector per token.")
@click.option("--items", type=_file, help="Product ids of a matrix' rows, where they do not lie beside it.")
@click.option("--regularization", type=float, help="Of folding customers in against factors.")
def register(
    stage: str,
    path: Path,
    name: str | None,
    trained_until: datetime | None,
    pooling: str | None,
    **further: Any,  # noqa: ANN401 - options as `Registration` has them
) -> None:
    """Check the model at PATH against the contract of its stage, and keep it in MLflow.

    PATH is an ONNX graph with its tokenizer.json, or a matrix (.npy, .npz) with the product ids of its rows
    (items.json, items.txt or items.npy): a folder with both, or the file.
    """
    from cli.training import tracking
    from training.registry.encoder import Pooling
    from training.registry.register import Registration, register_model

    settings, console = read_settings(), Console()
    asked = Registration(
        stage=Stage(stage),
        path=path,
        name=name or path.resolve().with_suffix("").name,
        trained_until=trained_until,
        pooling=None if pooling is None else Pooling(pooling),
        **further,
    )
    with progress(console) as report:
        report("checking the model", 0, 1)
        registered, coverage = register_model(tracking(settings), asked, _catalog_ids(settings))
        report("checking the model", 1, 1)
    model = registered.model
    facts = ", ".join(f"{key} {value}" for key, value in registered.facts.items())
    lines = [f"{stage} model {model.name}, version {model.version}: {facts}", f"run {model.run_id}"]
    lines += coverage.lines if coverage else []
    if model.trained_until is None:
        lines.append("it declares no training cut: a release with it is not gated but forced (--trained-until)")
    for line in [*lines, f"Next: shelfwise train --model {stage}={model.name}"]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@models.command(name="list")
def list_() -> None:
    """List registered models, every version, the newest first."""
    from cli.training import tracking
    from training.registry.record import registered_models

    settings, console = read_settings(), Console(width=max(Console().width, WIDTH))
    tracking(settings).open()
    table = Table("stage", "name", "version", "trained until", "registered", "sha256", "run")
    for one in registered_models():
        table.add_row(*_described(one))
    console.print(table)


def _described(registered: "Registered") -> tuple[str, ...]:
    model = registered.model
    until = "not declared" if model.trained_until is None else f"{model.trained_until:%Y-%m-%d %H:%M}"
    at = f"{registered.registered_at:%Y-%m-%d %H:%M}"
    return model.stage, model.name, str(model.version), until, at, model.sha256[:12], model.run_id


def _catalog_ids(settings: Settings) -> list[str]:
    engine = open_engine(settings.database_url)
    migrate(engine)
    with reading(engine) as connection:
        found = external_ids(connection)
    engine.dispose()
    return found
