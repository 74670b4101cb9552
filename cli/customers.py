"""``shelfwise customers``: what is kept of a customer, to give to them and to erase."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from sqlalchemy import Engine

from cli.progress import progress
from recommender.errors import InvalidInput, UnknownCustomer
from settings import Settings, read_settings
from store.engine import migrate, open_engine, reading
from store.export import export_customer
from store.health import read_health, rotate
from store.instants import to_seconds
from store.personal_data import Erasure, erase_customer


@click.group()
def customers() -> None:
    """Export and erase what is kept of a customer."""


@customers.command()
@click.argument("customer_id", metavar="ID")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE.", metavar="FILE")
def export(customer_id: str, output: Path | None) -> None:
    """Everything that is kept of customer ID, as JSON; health data too, where SHELFWISE_HEALTH_KEYS opens it."""
    settings = read_settings()
    with reading(_opened(settings)) as connection:
        data: dict[str, Any] = dict(export_customer(connection, customer_id))
        health = read_health(connection, customer_id, settings.health_key_bytes) if settings.health_keys else None
    if not data:
        raise UnknownCustomer(customer_id)
    if health is not None:
        data["health"] = health
    document = {"user_id": customer_id, "exported_at": datetime.now(UTC).isoformat(), "data": data}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput("output", str(output), f"cannot be written: {error.strerror}") from error


@customers.command()
@click.argument("customer_id", metavar="ID")
def erase(customer_id: str) -> None:
    """Erase customer ID from the store and from files of rejected rows, and show the certificate.

    On SQLite the file is written anew, so that no deleted page keeps anything; that needs room for it once more.
    """
    settings, console = read_settings(), Console(soft_wrap=True, highlight=False, markup=False)
    with console.status("erasing"):
        erasure = erase_customer(_opened(settings), customer_id, rejects=settings.rejects_folder)
    for line in _certificate_lines(erasure):
        console.print(line)


@customers.command(name="rotate-keys")
def rotate_keys() -> None:
    """Encrypt all health data anew under the first of SHELFWISE_HEALTH_KEYS; afterwards the others can go."""
    settings, console = read_settings(), Console(soft_wrap=True, highlight=False)
    with progress(console) as report:
        step = "encrypting health data anew"
        count = rotate(_opened(settings), settings.health_key_bytes, lambda done, total: report(step, done, total))
    console.print(f"{count:,} customers' health data is under the first key now")


def _certificate_lines(erasure: Erasure) -> list[str]:
    certificate = erasure.certificate
    erased_at = datetime.fromtimestamp(to_seconds(certificate.erased_at), UTC).isoformat(timespec="seconds")
    removed = ", ".join(f"{table} {rows:,}" for table, rows in certificate.removed.items() if rows)
    return [
        f"certificate {certificate.certificate_id}",
        f"  erased: {erased_at}",
        f"  removed: {removed or 'nothing was kept'}",
        f"  first release without them: {certificate.first_release_without or 'the next `shelfwise train`'}",
        f"  database file: {'rewritten' if erasure.file_rewritten else 'deleted rows go with its next vacuum'}",
    ]


def _opened(settings: Settings) -> Engine:
    engine = open_engine(settings.database_url)
    migrate(engine)
    return engine
