"""``shelfwise jobs``: run a job once, or list the last runs. When to run is for cron or a Kubernetes CronJob."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy import Engine

from cli.progress import progress
from cli.retrain import retrain
from cli.training import train_options
from jobs.cart_abandonment import IDLE_HOURS, cart_abandonment
from jobs.export import export
from jobs.preferences import preferences
from jobs.profiles import profiles
from jobs.recommendation_performance import recommendation_performance
from jobs.retention import encoders_in_use, retention
from jobs.run import Report, Summary, run_job
from runners.shelf import release_store
from settings import Settings, read_settings
from store.engine import migrate, open_engine, reading
from store.job_runs import JobRun, list_runs
from store.performance import DayFigures, read_figures

Job = Callable[[Engine, Settings, Report], Summary]

WIDTH = 110
"""Columns that the tables need, so that nothing is cut."""


@click.group()
def jobs() -> None:
    """Run jobs, and list their last runs."""


@jobs.group()
def run() -> None:
    """Run a job once. Running it again changes nothing; a second run at the same time is refused."""


@jobs.command(name="list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
def list_command(limit: int) -> None:
    """List the last runs, the newest first."""
    engine = _opened(read_settings())
    with reading(engine) as connection:
        runs = list_runs(connection, limit=limit)
    table = Table("job", "status", "started (UTC)", "took", Column("what it did", overflow="fold"))
    for one in runs:
        table.add_row(
            one.name, str(one.status), _utc(one.started_at), _took(one), one.error or _told(one.summary or {})
        )
    Console(width=max(Console().width, WIDTH)).print(table)


@run.command(name="cart_abandonment")
@click.option("--hours", default=IDLE_HOURS, show_default=True, help="Untouched for so long, a cart is left.")
def cart_abandonment_command(hours: float) -> None:
    """Find carts that were left behind in the last 30 days, and those that were bought after all."""
    _run("cart_abandonment", lambda engine, _, __: cart_abandonment(engine, now=time.time(), idle_hours=hours))


@run.command(name="recommendation_performance")
def recommendation_performance_command() -> None:
    """Count answers, clicks, purchases and revenue by day, context, algorithm and release."""

    def job(engine: Engine, settings: Settings, report: Report) -> Summary:
        days = settings.keep_decisions_days
        return recommendation_performance(engine, zone=settings.zone, decision_days=days, report=report)

    engine, summary = _run("recommendation_performance", job)
    with reading(engine) as connection:
        figures = read_figures(connection, since=str(summary.get("first_day", "9999")))
    _show(figures)


@run.command(name="export")
@click.option("--output", type=click.Path(path_type=Path), help="A folder to be made; exports/TIME in the home folder.")
def export_command(output: Path | None) -> None:
    """Write training data as Parquet: events under pseudonyms, and products."""

    def job(engine: Engine, settings: Settings, report: Report) -> Summary:
        now = time.time()
        target = output or settings.home_folder / "exports" / f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}"
        return export(engine, target, now=now, personalized_by_default=settings.personal_by_default, report=report)

    _run("export", job)


@run.command(name="preferences")
def preferences_command() -> None:
    """Store each customer's taste vector, for other programs."""

    def job(engine: Engine, settings: Settings, report: Report) -> Summary:
        default = settings.personal_by_default
        return preferences(engine, release_store(settings), personalized_by_default=default, report=report)

    _run("preferences", job)


@run.command(name="profiles")
def profiles_command() -> None:
    """Work out customers' profiles: when, how often, what and how dear they buy."""

    def job(engine: Engine, settings: Settings, report: Report) -> Summary:
        default = settings.personal_by_default
        return profiles(engine, zone=settings.zone, personalized_by_default=default, report=report)

    _run("profiles", job)


@run.command(name="retrain")
@click.option("--thorough", is_flag=True, help="Train the cross-encoder for long instead of about a minute.")
def retrain_command(thorough: bool) -> None:
    """Train, evaluate, and promote what the gate accepts; otherwise the champion stays."""

    def job(engine: Engine, settings: Settings, report: Report) -> Summary:
        return retrain(engine, settings, train_options(settings, thorough=thorough), report, Console())

    _run("retrain", job)


@run.command(name="retention")
def retention_command() -> None:
    """Remove what is older than the settings keep: events (their daily sums stay), decisions, changes, vectors."""

    def job(engine: Engine, settings: Settings, report: Report) -> Summary:
        return retention(
            engine,
            now=time.time(),
            zone=settings.zone,
            event_days=settings.keep_events_days,
            decision_days=settings.keep_decisions_days,
            encoders=encoders_in_use(engine, release_store(settings)),
            report=report,
        )

    _run("retention", job)


def _run(name: str, job: Job) -> tuple[Engine, Summary]:
    """Run a job over the store of the settings, with progress, and say what it did."""
    settings, console = read_settings(), Console()
    engine = _opened(settings)
    with progress(console) as report:
        summary = run_job(engine, name, partial(job, engine, settings, report))
    console.print(f"{name}: {_told(summary)}", highlight=False, markup=False, soft_wrap=True)
    return engine, summary


def _opened(settings: Settings) -> Engine:
    engine = open_engine(settings.database_url)
    migrate(engine)
    return engine


def _told(summary: Summary) -> str:
    return ", ".join(
        f"{key} {value if isinstance(value, str) else json.dumps(value)}" for key, value in summary.items()
    )


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


def _took(one: JobRun) -> str:
    return "" if one.finished_at is None else f"{one.finished_at - one.started_at:.1f} s"


def _show(rows: list[DayFigures]) -> None:
    table = Table("day", "context", "algorithm", "release", "answers", "shown", "clicked", "purchased", "revenue")
    for row in rows:
        sums = row.figures
        counts = (sums.answers, sums.shown, sums.clicked, sums.purchased)
        table.add_row(row.day, *row.group, *(f"{count:,}" for count in counts), f"{sums.revenue:,.2f}")
    if rows:
        Console(width=max(Console().width, WIDTH)).print(table)
