"""``shelfwise promote``, ``rollback`` and ``releases``."""

import getpass
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.release import Manifest, read_manifest
from recommender.errors import InvalidInput
from runners.shelf import release_store
from settings import Settings, read_settings
from store.deployments import (
    Deployment,
    current_deployment,
    deployment_history,
    previous_deployment,
)
from store.engine import migrate, open_engine, reading

WIDTH: Final = 140
"""Columns that the list of releases needs, so that no id is cut."""


@click.command()
@click.argument("release_id")
@click.option("--why", default="", help="Recorded beside who and when.")
@click.option("--force", metavar="WHY", help="Go on without the gate's leave; the reason is recorded.")
def promote(release_id: str, why: str, force: str | None) -> None:
    """Make RELEASE_ID the one that serves, if the gate accepts it against the one that serves now."""
    if force is not None and not force.strip():
        raise InvalidInput("force", force, "say why: it is recorded")
    run_promotion(read_settings(), release_id, Console(), why=why, force=force)


@click.command()
@click.option("--why", default="", help="Recorded beside who and when.")
def rollback(why: str) -> None:
    """Go back to the release that served before."""
    from cli.training import tracking
    from training.promote import move_alias
    from training.rollback import roll_back

    settings, console = read_settings(), Console()
    engine, mlflow = open_engine(settings.database_url), tracking(settings)
    migrate(engine)
    step = roll_back(engine, mlflow, release_store(settings), who=getpass.getuser(), why=why)
    engine.dispose()
    console.print(f"back from [bold]{step.left}[/bold] to release [bold]{step.back}[/bold]", soft_wrap=True)
    if step.unseen:
        warn(f"nobody could look whether its files are in place ({step.unseen}); processes that have it open serve it")
    _warn_of_alias(move_alias(mlflow, step.back))


@click.group(invoke_without_command=True)
@click.pass_context
def releases(context: click.Context) -> None:
    """List published releases: what they learnt from, how they did, and who put them live and why."""
    if context.invoked_subcommand is not None:
        return
    settings, console = read_settings(), Console(width=max(Console().width, WIDTH))
    engine, published = open_engine(settings.database_url), release_store(settings)
    migrate(engine)
    with reading(engine) as connection:
        serving, before = current_deployment(connection), previous_deployment(connection)
        newest_first = deployment_history(connection)
    engine.dispose()
    alias = {one.release_id: name for name, one in (("previous", before), ("champion", serving)) if one}
    latest = {one.release_id: one for one in reversed(newest_first)}
    table = Table("release", "made", "data up to", "NDCG@20", "reranking", "alias", "who", "why")
    for release_id in published.ids():
        manifest = read_manifest(published.fetch(release_id))
        table.add_row(*_described(manifest), alias.get(release_id, ""), *_decided(latest.get(release_id)))
    console.print(table)


@releases.command()
@click.option("--keep", default=5, show_default=True, type=click.IntRange(min=0), help="How many of the newest stay.")
def prune(keep: int) -> None:
    """Delete old releases from the release store: never the champion nor the one before it; MLflow keeps its copy."""
    settings, console = read_settings(), Console()
    engine, published = open_engine(settings.database_url), release_store(settings)
    migrate(engine)
    with reading(engine) as connection:
        needed = {one.release_id for one in (current_deployment(connection), previous_deployment(connection)) if one}
    engine.dispose()
    made = {release_id: read_manifest(published.fetch(release_id)).created_at for release_id in published.ids()}
    newest_first = sorted(made, key=lambda release_id: (made[release_id], release_id), reverse=True)
    gone = [release_id for release_id in newest_first[keep:] if release_id not in needed]
    for release_id in gone:
        published.remove(release_id)
        console.print(f"deleted {release_id}", highlight=False)
    console.print(f"{len(gone)} of {len(made)} releases deleted", highlight=False)


def _described(manifest: Manifest) -> tuple[str, ...]:
    """Id, date, data cut, metric, and whether it reranks."""
    reranks = manifest.features.get("rerank", False)
    rows = manifest.evaluation.get("groups", {}).get("all", {})
    blend = "learned_blend" if manifest.features.get("learned", False) else "fitted_blend"
    shipped = rows.get("blend_with_rerank" if reranks else blend, {}).get("ndcg_20")
    return (
        manifest.release_id,
        f"{manifest.created_at:%Y-%m-%d %H:%M}",
        f"{manifest.data_cut:%Y-%m-%d}",
        f"{shipped[0]:.4f}" if shipped else "-",
        "on" if reranks else "off",
    )


def _decided(deployment: Deployment | None) -> tuple[str, str]:
    """Who decided last about a release, and why."""
    if deployment is None:
        return "", ""
    forced = "forced: " if deployment.action == "force" else ""
    return deployment.who, escape(forced + deployment.why)


def run_promotion(settings: Settings, release_id: str, console: Console, *, why: str, force: str | None = None) -> None:
    """Publish and deploy a registered release, and say so."""
    from cli.training import tracking
    from training.promote import promote as publish_and_deploy

    engine = open_engine(settings.database_url)
    migrate(engine)
    unmoved = publish_and_deploy(
        engine,
        tracking(settings),
        release_store(settings),
        release_id,
        who=getpass.getuser(),
        why=why,
        force=force,
    )
    engine.dispose()
    said = f"release [bold]{release_id}[/bold] is champion; serving processes follow within a second"
    console.print(said, highlight=False, soft_wrap=True)
    _warn_of_alias(unmoved)


def _warn_of_alias(unmoved: str) -> None:
    """What was decided stands, and nothing has to be repeated."""
    if unmoved:
        warn(
            f"MLflow's alias champion was not moved ({unmoved}); serving does not need it, the next promotion moves it"
        )


def warn(said: str) -> None:
    """One line on stderr beside an outcome that stands."""
    Console(stderr=True, soft_wrap=True).print(f"[yellow]warning:[/yellow] {escape(said)}", highlight=False)


def current_release(settings: Settings) -> str | None:
    """Id of the release that should serve."""
    engine = open_engine(settings.database_url)
    migrate(engine)
    with reading(engine) as connection:
        deployment = current_deployment(connection)
    engine.dispose()
    return None if deployment is None else deployment.release_id
