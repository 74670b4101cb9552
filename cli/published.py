"""``shelfwise releases``: what is in the release store, and ``prune``, which deletes the old ones."""

from collections.abc import Iterable, Iterator
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection, Engine

from models.release import Manifest
from models.release_store import ReleaseStore
from recommender.errors import InvalidRelease
from recommender.types import Context
from runners.shelf import release_store
from settings import read_settings
from store.deployments import Deployment, current_deployment, deployment_history, previous_deployment
from store.engine import migrate, open_engine, reading

WIDTH: Final = 140
"""Columns that the list of releases needs, so that no id is cut."""


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
    manifests, unreadable = _manifests(published)
    table = Table("release", "made", "data up to", "NDCG@20", "reranking", "alias", "who", "why")
    for release_id in sorted([*manifests, *unreadable]):
        described = _described(manifests[release_id]) if release_id in manifests else ("unreadable", "", "", "")
        table.add_row(release_id, *described, alias.get(release_id, ""), *_decided(latest.get(release_id)))
    console.print(table)
    for release_id, why in unreadable.items():
        console.print(f"{release_id} is unreadable: {why}", markup=False, highlight=False, soft_wrap=True)


@releases.command()
@click.option("--keep", default=5, show_default=True, type=click.IntRange(min=0), help="How many of the newest stay.")
@click.option("--unreadable", is_flag=True, help="Delete those with an unreadable manifest too.")
def prune(keep: int, unreadable: bool) -> None:
    """Delete old releases from the release store: never the champion nor the one before it; MLflow keeps its copy."""
    settings, console = read_settings(), Console(soft_wrap=True, highlight=False, markup=False)
    engine, published = open_engine(settings.database_url), release_store(settings)
    migrate(engine)
    manifests, broken = _manifests(published)
    newest_first = sorted(manifests, key=lambda one: (manifests[one].created_at, one), reverse=True)
    deleted = 0
    for release_id in delete_unneeded(engine, published, [*newest_first[keep:], *(broken if unreadable else ())]):
        deleted += 1
        console.print(f"deleted {release_id}")
    engine.dispose()
    for release_id, why in ({} if unreadable else broken).items():
        console.print(f"kept {release_id}, which --unreadable deletes: {why}")
    console.print(f"{deleted} of {len(manifests) + len(broken)} releases deleted")


def delete_unneeded(engine: Engine, published: ReleaseStore, release_ids: Iterable[str]) -> Iterator[str]:
    """Delete these releases but those that are needed at that moment: somebody may promote meanwhile. Yields ids."""
    for release_id in release_ids:
        with reading(engine) as connection:
            needed = needed_releases(connection)
        if release_id not in needed:
            published.remove(release_id)
            yield release_id


def needed_releases(connection: Connection) -> set[str]:
    """Ids of the releases that serve or may have to serve again at once."""
    return {one.release_id for one in (current_deployment(connection), previous_deployment(connection)) if one}


def _manifests(published: ReleaseStore) -> tuple[dict[str, Manifest], dict[str, str]]:
    """Of all published releases, by id; and why those that cannot be read cannot."""
    manifests: dict[str, Manifest] = {}
    unreadable: dict[str, str] = {}
    for release_id in published.ids():
        try:
            manifests[release_id] = published.manifest(release_id)
        except InvalidRelease as error:
            unreadable[release_id] = str(error)
    return manifests, unreadable


def _described(manifest: Manifest) -> tuple[str, ...]:
    """Date, data cut, NDCG@20 of what the homepage shows, and whether it reranks."""
    reranks = manifest.features.get("rerank", False)
    rows = manifest.evaluation.get("groups", {}).get("all", {})
    blend = "learned_blend" if Context.HOMEPAGE in manifest.evaluation.get("learned", ()) else "fitted_blend"
    shipped = rows.get("blend_with_rerank" if reranks else blend, {}).get("ndcg_20")
    return (
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
