"""``shelfwise sync``: a shop's own database into the store."""

import os
from pathlib import Path

import click
from rich.console import Console

from cli.progress import progress
from settings import read_settings
from store.engine import migrate, open_engine
from store.sync import SyncReport, read_sync_config, sync_kind
from store.sync_status import ImportKind

KINDS: tuple[ImportKind, ...] = ("products", "customers", "orders", "events")


@click.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind of rows.")
@click.option("--full", is_flag=True, help="Read everything, and not only what changed since the last run.")
def sync(config: Path, kind: ImportKind | None, full: bool) -> None:
    """Read what changed in the shop's database that CONFIG (YAML) describes. See docs/sync.md."""
    settings, console = read_settings(), Console()
    read = read_sync_config(config, os.environ)
    engine = open_engine(settings.database_url)
    migrate(engine)
    with progress(console) as report:
        for name in (kind,) if kind else read.feeds:
            outcome = sync_kind(
                engine,
                read,
                name,
                full=full,
                rejects_dir=settings.home_folder / "rejects",
                progress=lambda done, total, step=f"syncing {name}": report(step, done, total),  # type: ignore[misc]
            )
            _say(console, outcome)
    engine.dispose()


def _say(console: Console, outcome: SyncReport) -> None:
    parts = [f"{outcome.kind}: {outcome.rows_read:,} rows read, {outcome.rows_written:,} written"]
    if outcome.rows_deleted:
        parts.append(f"{outcome.rows_deleted:,} not there any more and marked as deleted")
    if outcome.rows_rejected:
        parts.append(f"{outcome.rows_rejected:,} rejected, with reasons in {outcome.rejects}")
    if outcome.rows_unreadable:
        parts.append(f"{outcome.rows_unreadable:,} without a key or a moment of change, never read")
    if outcome.resumed:
        parts.append("an interrupted run was gone on with")
    console.print("; ".join(parts), markup=False, highlight=False, soft_wrap=True)
