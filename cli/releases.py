"""``shelfwise promote``, ``rollback`` and ``releases``."""

import getpass
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from models.release import read_manifest
from recommender.errors import InvalidInput
from runners.shelf import release_store
from settings import Settings, read_settings
from store.deployments import current_deployment, previous_deployment, record_deployment
from store.engine import migrate, open_engine, reading, writing

WIDTH: Final = 110
"""Columns that the list of releases needs, so that no id is cut."""


@click.command()
@click.argument("release_id")
@click.option("--why", default="", help="Recorded beside who and when.")
def promote(release_id: str, why: str) -> None:
    """Make RELEASE_ID the one that serves."""
    run_promotion(read_settings(), release_id, why=why)
    Console().print(f"release [bold]{release_id}[/bold] is champion; serving processes follow within a second")


@click.command()
@click.option("--why", default="", help="Recorded beside who and when.")
def rollback(why: str) -> None:
    """Go back to the release that served before."""
    from cli.training import tracking
    from training.promote import move_alias

    settings = read_settings()
    engine = open_engine(settings.database_url)
    migrate(engine)
    with writing(engine) as connection:
        previous = previous_deployment(connection)
        if previous is None:
            raise InvalidInput("rollback", "previous release", "there is none: only one release was ever promoted")
        record_deployment(connection, previous.release_id, action="rollback", who=getpass.getuser(), why=why)
    move_alias(tracking(settings), previous.release_id)
    Console().print(f"back to release [bold]{previous.release_id}[/bold]")


@click.command()
def releases() -> None:
    """List published releases."""
    settings, console = read_settings(), Console(width=max(Console().width, WIDTH))
    engine, published = open_engine(settings.database_url), release_store(settings)
    migrate(engine)
    with reading(engine) as connection:
        current = current_deployment(connection)
    table = Table("release", "made", "data up to", "NDCG@20", "reranking", "serves")
    for release_id in published.ids():
        manifest = read_manifest(published.fetch(release_id))
        serving = "learned_blend" if manifest.features.get("learned") else "fitted_blend"
        blend = manifest.evaluation.get("groups", {}).get("all", {}).get(serving, {}).get("ndcg_20")
        table.add_row(
            release_id,
            f"{manifest.created_at:%Y-%m-%d %H:%M}",
            f"{manifest.data_cut:%Y-%m-%d}",
            f"{blend[0]:.4f}" if blend else "-",
            "on" if manifest.features.get("rerank") else "off",
            "yes" if current and current.release_id == release_id else "",
        )
    console.print(table)


def run_promotion(settings: Settings, release_id: str, *, why: str) -> None:
    """Publish and deploy a registered release."""
    from cli.training import tracking
    from training.promote import promote as publish_and_deploy

    engine = open_engine(settings.database_url)
    migrate(engine)
    publish_and_deploy(engine, tracking(settings), release_store(settings), release_id, who=getpass.getuser(), why=why)
    engine.dispose()


def current_release(settings: Settings) -> str | None:
    """Id of the release that should serve."""
    engine = open_engine(settings.database_url)
    migrate(engine)
    with reading(engine) as connection:
        deployment = current_deployment(connection)
    engine.dispose()
    return None if deployment is None else deployment.release_id
