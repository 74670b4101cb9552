"""How fast the store takes events, and how soon another process sees them. Every acknowledged event is on disk.

Run:  make bench-store                                   (SQLite in a temporary folder)
      make bench-store URLS=postgresql://user@host/empty  (any number of URLs of empty databases)

Writes var/bench/store.json. The generator runs on the same cores as the store.
"""

import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import pandas as pd
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from recommender.events import EventType
from settings import ROOT, read_settings
from store.engine import migrate, open_engine
from store.event_writer import EventWriter
from store.events import Event, EventResult
from store.sync import read_sync_config, sync_kind

SECONDS: Final = 5.0
BATCH: Final = 50
WRITERS: Final = 4
SINGLE_PER_SECOND: Final = 100.0
IMPORT_ROWS: Final = 300_000
SEEN: Final = 100
SYNCED: Final = 10_000

IMPORTER: Final = """
import sys, time
from pathlib import Path
from store.engine import open_engine
from store.imports import import_file
began = time.monotonic()
import_file(open_engine(sys.argv[1]), "events", Path(sys.argv[2]), now=time.time(), rejects_dir=Path(sys.argv[3]),
            progress=lambda done, total: None)
print(time.monotonic() - began)
"""

WATCHER: Final = """
import sys, time
from api.follower import POLL_SECONDS
from store.changes import newest_change, read_changes
from store.engine import open_engine, reading
from store.feed import change_signal
engine = open_engine(sys.argv[1])
signal = change_signal(engine)
with reading(engine) as connection:
    cursor = newest_change(connection)
print("watching", flush=True)
while True:
    with reading(engine) as connection:
        changes = read_changes(connection, cursor)
    for change in changes:
        cursor = change.id
        print(change.key, time.time(), flush=True)
    signal.wait(POLL_SECONDS)
"""
"""Follows the feed as a gateway does."""


@click.command()
@click.argument("urls", nargs=-1)
def main(urls: tuple[str, ...]) -> None:
    """Measure each database and write the results."""
    with tempfile.TemporaryDirectory(prefix="bench-store-") as folder:
        results = {
            make_url(url).get_backend_name(): measure(url, Path(folder))
            for url in urls or (f"sqlite:///{folder}/store.db",)
        }
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "load_before": os.getloadavg()[0]}
    written = read_settings().home_folder / "bench" / "store.json"
    written.parent.mkdir(exist_ok=True)
    written.write_text(json.dumps({"machine": machine, "commit": _commit(), "databases": results}, indent=2) + "\n")
    click.echo(f"written to {written}")


def measure(url: str, folder: Path) -> dict[str, Any]:
    """All figures of one database."""
    engine = open_engine(url)
    migrate(engine)
    result: dict[str, Any] = {}
    steps: dict[str, Callable[[], object]] = {
        f"events_per_second_in_batches_of_{BATCH}": lambda: throughput(engine, BATCH),
        "events_per_second_one_by_one": lambda: throughput(engine, 1),
        "single_event_ms": lambda: latency(engine),
        "single_event_ms_while_importing": lambda: latency_while_importing(engine, url, folder, result),
        "visible_to_another_process_ms": lambda: visibility(engine, url),
        "synced_products_per_second": lambda: sync_rate(engine, folder),
    }
    for name, step in steps.items():
        result[name] = step()
        click.echo(f"{engine.dialect.name}  {name}: {result[name]}")
    engine.dispose()
    return result


def events(count: int, prefix: str) -> list[Event]:
    """Purchases with ids, as a shop that retries sends them; half of them are of returning customers."""
    return [
        Event(
            product_id=f"product-{number % 5_000}",
            type=EventType.PURCHASE,
            user_id=f"customer-{number % 20_000}",
            event_id=f"{prefix}-{number}",
            price=2.5,
            quantity=1,
            occurred_at=time.time(),
        )
        for number in range(count)
    ]


def throughput(engine: Engine, batch: int) -> int:
    """Acknowledged events per second of `WRITERS` callers, each waiting for its answer before the next call."""
    stop = time.monotonic() + SECONDS

    def call(writer: EventWriter, name: str) -> int:
        sent = 0
        while time.monotonic() < stop:
            sent += _accepted(writer.submit(events(batch, f"{name}-{sent}")).result())
        return sent

    with EventWriter(engine) as writer, ThreadPoolExecutor(WRITERS) as pool:
        began = time.monotonic()
        counts = list(pool.map(lambda number: call(writer, f"through-{batch}-{number}"), range(WRITERS)))
        return round(sum(counts) / (time.monotonic() - began))


def latency(engine: Engine, *, until: Callable[[], bool] | None = None) -> dict[str, float]:
    """Milliseconds from when an event was due to its acknowledgement, `SINGLE_PER_SECOND` of them, open loop."""
    done: list[float] = []
    run = str(time.time_ns())
    with EventWriter(engine) as writer:
        began, number = time.monotonic(), 0
        waiting: list[Future[list[EventResult]]] = []
        while not (until() if until else number >= 2 * SECONDS * SINGLE_PER_SECOND):
            due = began + number / SINGLE_PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
            future = writer.submit(events(1, f"single-{run}-{number}"))
            future.add_done_callback(lambda _, due=due: done.append(1000 * (time.monotonic() - due)))  # type: ignore[misc]
            waiting.append(future)
            number += 1
        for future in waiting:
            _accepted(future.result())
    return _percentiles(done)


def latency_while_importing(engine: Engine, url: str, folder: Path, result: dict[str, Any]) -> dict[str, float]:
    """The same while another process loads a file of `IMPORT_ROWS` events."""
    file = folder / f"{engine.dialect.name}.parquet"
    number = np.arange(IMPORT_ROWS)
    pd.DataFrame(
        {
            "user_id": number % 20_000,
            "product_id": number % 5_000,
            "type": "PURCHASE",
            "occurred_at": 1.7e9 + number,
            "price": 2.5,
        }
    ).to_parquet(file)
    command = [sys.executable, "-c", IMPORTER, url, str(file), str(folder)]
    importer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        measured = latency(engine, until=lambda: importer.poll() is not None)
    finally:
        seconds, _ = importer.communicate()
    result["imported_rows_per_second"] = round(IMPORT_ROWS / float(seconds))
    return measured


def sync_rate(engine: Engine, folder: Path) -> int:
    """Products per second that a first `shelfwise sync` reads from a shop's SQLite file, in its batches of 100."""
    shop, config = folder / f"shop-{engine.dialect.name}.db", folder / "shop.yaml"
    config.write_text(f"database: {{url: 'sqlite:///{shop}'}}\nproducts: {{table: items, updated_at: modified}}\n")
    with closing(sqlite3.connect(shop)) as connection, connection:
        connection.execute("CREATE TABLE items (product_id TEXT PRIMARY KEY, name TEXT, price REAL, modified INTEGER)")
        rows = ((f"synced-{number}", f"Product {number}", 2.5, number) for number in range(SYNCED))
        connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", rows)
    began = time.monotonic()
    feeds = read_sync_config(config, {})
    report = sync_kind(engine, feeds, "products", rejects_dir=folder, progress=lambda done, total: None)
    return round(report.rows_written / (time.monotonic() - began))


def visibility(engine: Engine, url: str) -> dict[str, float]:
    """Milliseconds from an acknowledgement until a second process has read the change from the feed."""
    with _watching(url) as seen, EventWriter(engine) as writer:
        acknowledged: dict[str, float] = {}
        for number in range(SEEN):
            user = f"visible-{number}"
            sent = Event(product_id="product-1", type=EventType.VIEW, user_id=user)
            _accepted(writer.submit([sent]).result())
            acknowledged[f"user:{user}"] = time.time()
            time.sleep(0.037)  # falls on every phase of the other's polling
        ends = time.monotonic() + 10.0
        while not acknowledged.keys() <= seen.keys() and time.monotonic() < ends:
            time.sleep(0.05)
        missing = acknowledged.keys() - seen.keys()
        if missing:
            raise RuntimeError(f"{len(missing)} changes were never seen")
        return _percentiles([1000 * max(0.0, seen[key] - moment) for key, moment in acknowledged.items()])


@contextmanager
def _watching(url: str) -> Iterator[dict[str, float]]:
    """When a second process saw each key, filled while the block runs."""
    seen: dict[str, float] = {}
    watcher = subprocess.Popen([sys.executable, "-c", WATCHER, url], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert watcher.stdout is not None
    lines = watcher.stdout
    lines.readline()

    def read() -> None:
        for line in lines:
            key, moment = line.rsplit(maxsplit=1)
            seen.setdefault(key, float(moment))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        watcher.kill()
        watcher.wait()
        thread.join()


def _accepted(results: list[EventResult]) -> int:
    if any(result is not EventResult.ACCEPTED for result in results):
        raise RuntimeError(f"not every event was accepted: {set(results)}")
    return len(results)


def _percentiles(milliseconds: list[float]) -> dict[str, float]:
    return {f"p{q}": round(float(np.percentile(milliseconds, q)), 2) for q in (50, 95, 99)} | {
        "samples": len(milliseconds)
    }


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
