"""``shelfwise import``: a shop's files into the store."""

import time
from pathlib import Path
from typing import Final, Literal

import click
from rich.console import Console

from cli.progress import progress
from settings import read_settings
from store.engine import migrate, open_engine
from store.imports import ImportReport, import_file

WEEK: Final = 7 * 86_400.0


@click.group(name="import")
def import_group() -> None:
    """Import products or events from Parquet, CSV or NDJSON."""


@import_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def products(file: Path) -> None:
    """Import products from FILE.

    Columns: product_id and name; category, brand, description, price, stock, active, image_url, created_at where
    known; any other column becomes an attribute. A product that is already there is replaced.
    """
    run_import("products", file)


@import_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--shift-to-now",
    is_flag=True,
    help="Move all timestamps forward by whole weeks, so that old data looks recent; the shift is recorded.",
)
def events(file: Path, shift_to_now: bool) -> None:
    """Import events from FILE.

    Columns: user_id or session_id, product_id, type (PURCHASE, VIEW, …), occurred_at; quantity, price, order_id,
    event_id where known. Importing the same file again changes nothing.
    """
    run_import("events", file, shift_to_now=shift_to_now)


def run_import(kind: Literal["products", "events"], file: Path, *, shift_to_now: bool = False) -> ImportReport:
    """Import one file into the store of the settings, and say what became of its rows."""
    settings, console = read_settings(), Console()
    engine = open_engine(settings.database_url)
    migrate(engine)
    with progress(console) as report:
        outcome = import_file(
            engine,
            kind,
            file,
            shift_to_now=shift_to_now,
            now=time.time(),
            rejects_dir=settings.rejects_folder,
            progress=lambda done, total: report(f"importing {kind}", done, total),
        )
    _say(console, kind, file, outcome)
    engine.dispose()
    return outcome


def _say(console: Console, kind: str, file: Path, outcome: ImportReport) -> None:
    if outcome.already_imported:
        _plain(console, f"{file.name}: was imported before, nothing to do")
        return
    console.print(
        f"{kind}: {outcome.rows_written:,} of {outcome.rows_read:,} rows imported",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if outcome.rows_rejected:
        console.print(
            f"  {outcome.rows_rejected:,} rejected, with reasons in {outcome.rejects}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if outcome.shift_s:
        console.print(
            f"  moved forward by {round(outcome.shift_s / WEEK)} weeks", markup=False, highlight=False, soft_wrap=True
        )


def _plain(console: Console, text: str) -> None:
    """File names may hold what rich takes for markup, and must not be broken into lines."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
