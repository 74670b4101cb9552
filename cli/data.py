"""``shelfwise import``: a shop's files into the store."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from cli.progress import progress
from recommender.errors import InvalidInput
from settings import read_settings
from store.engine import migrate, open_engine
from store.imports import ImportReport, import_file
from store.sync_status import ImportKind

WEEK: Final = 7 * 86_400.0


@click.group(name="import")
def import_group() -> None:
    """Import products, customers, orders or events from Parquet, CSV or NDJSON."""


FILE: Final = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
MAP: Final = click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="OURS=THEIRS",
    help="The file calls our column OURS otherwise, e.g. product_id=sku. Any number of times.",
)


@import_group.command()
@FILE
@MAP
def products(file: Path, mapped: tuple[str, ...]) -> None:
    """Import products from FILE.

    Columns: product_id and name; category, brand, description, price, stock, active, image_url, created_at where
    known; any other column becomes an attribute. A product that is already there is replaced.
    """
    run_import("products", file, mapping=_mapping(mapped))


@import_group.command()
@FILE
@MAP
def customers(file: Path, mapped: tuple[str, ...]) -> None:
    """Import what customers state of themselves from FILE.

    Columns: user_id; age, gender, location, family_size, favorite_categories, brand_preferences, budget_min,
    budget_max, preferred_shopping_times, average_order_value, shopping_frequency where known. Lists are JSON, or have
    | between them. Rows with health data are refused.
    """
    run_import("customers", file, mapping=_mapping(mapped))


@import_group.command()
@FILE
@MAP
def orders(file: Path, mapped: tuple[str, ...]) -> None:
    """Import the lines of orders from FILE.

    Columns: order_id, product_id, occurred_at, user_id or session_id; quantity, unit_price, promotion_used, rating,
    review, store_location, event_id where known. A line that is there takes the rating and the review it has now.
    """
    run_import("orders", file, mapping=_mapping(mapped))


@import_group.command()
@FILE
@MAP
@click.option(
    "--shift-to-now",
    is_flag=True,
    help="Move all timestamps forward by whole weeks, so that old data looks recent; the shift is recorded.",
)
def events(file: Path, mapped: tuple[str, ...], shift_to_now: bool) -> None:
    """Import events from FILE.

    Columns: user_id or session_id, product_id, type (PURCHASE, VIEW, …), occurred_at; quantity, price, order_id,
    event_id where known. Importing the same file again changes nothing.
    """
    run_import("events", file, shift_to_now=shift_to_now, mapping=_mapping(mapped))


def _mapping(mapped: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=") for one in mapped]
    for one, (ours, _, theirs) in zip(mapped, pairs, strict=True):
        if not ours or not theirs:
            raise InvalidInput("map", one, "must be OURS=THEIRS, as in product_id=sku")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def run_import(
    kind: ImportKind, file: Path, *, shift_to_now: bool = False, mapping: Mapping[str, str] | None = None
) -> ImportReport:
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
            mapping=mapping,
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
