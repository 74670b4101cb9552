"""Run on a shop that has a promoted release (`make demo` makes one); its store and releases are copied, not changed.

python -m benchmarks.swap --swaps 50 --clients 16
"""

import json
import os
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import yaml
from sqlalchemy import make_url

from benchmarks.swap.crowd import Crowd, judge
from benchmarks.swap.expected import Expected, expected_answers, some_requests
from benchmarks.swap.servers import TOPOLOGIES, serving
from benchmarks.swap.swapping import Swap, swap
from benchmarks.swap.variants import publish_variants
from recommender.errors import InvalidInput
from runners.shelf import release_store
from settings import PREFIX, Settings, read_settings
from store.deployments import current_deployment
from store.engine import open_engine, reading

RULES: Final = {"rerank": {"mode": "on"}, "deadline_ms": 5_000}
"""Time enough that no stage is left out on a busy machine: an answer without one could not be compared."""


@click.command()
@click.option("--topology", "topologies", type=click.Choice(TOPOLOGIES), multiple=True, default=TOPOLOGIES)
@click.option("--swaps", default=50, show_default=True, type=click.IntRange(min=2), help="Promotions and rollbacks.")
@click.option("--clients", default=16, show_default=True, type=click.IntRange(min=1))
@click.option("--requests", default=16, show_default=True, type=click.IntRange(min=2), help="Of each kind of page.")
@click.option("--log", type=click.Path(path_type=Path), help="Where the servers write; else it is thrown away.")
def main(topologies: tuple[str, ...], swaps: int, clients: int, requests: int, log: Path | None) -> None:
    """Promote and roll back alternately under load; exit status 1 if a request failed or an answer was mixed."""
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        settings, champion = _copied(read_settings(), Path(folder))
        variants = publish_variants(release_store(settings), champion, swaps // 2)
        expected = expected_answers(settings, [champion, *variants], some_requests(settings, requests))
        written = log or Path(folder) / "server.log"
        for topology in topologies:
            figures = _measure(
                settings, topology, variants, expected, written, swaps=2 * len(variants), clients=clients
            )
            print(json.dumps({"topology": topology, "clients": clients, **figures}), flush=True)
            bad += figures["failed"] + figures["mixed"]
    raise SystemExit(1 if bad else 0)


def _measure(
    settings: Settings,
    topology: str,
    variants: list[str],
    expected: Expected,
    log: Path,
    *,
    swaps: int,
    clients: int,
) -> dict[str, Any]:
    engine = open_engine(settings.database_url)
    requests = list(expected[variants[0]])
    with serving(topology, _variables(settings), log) as url, Crowd(url, requests, clients=clients) as crowd:
        done = swap(engine, crowd, variants, swaps)
    engine.dispose()
    took = [one.ended - one.began for one in crowd.seen]
    return {
        "swaps": len(done),
        **asdict(judge(crowd.seen, expected)),
        "p50_ms": round(1000 * float(np.median(took)), 1),
        "p99_ms": round(1000 * float(np.percentile(took, 99)), 1),
        **{f"{action}_s": _seconds(done, action) for action in ("promote", "rollback")},
    }


def _seconds(done: list[Swap], action: str) -> dict[str, float]:
    values = [one.seconds for one in done if one.action == action]
    return {"median": round(float(np.median(values)), 3), "max": round(max(values), 3)}


def _copied(settings: Settings, folder: Path) -> tuple[Settings, str]:
    """The same shop in a folder of its own; releases are hard links."""
    database = make_url(settings.database_url)
    if database.get_backend_name() != "sqlite":
        raise InvalidInput("SHELFWISE_DATABASE_URL", database.get_backend_name(), "only a shop on SQLite is copied")
    engine = open_engine(settings.database_url)
    with reading(engine) as connection:
        deployment = current_deployment(connection)
    engine.dispose()
    if deployment is None:
        raise InvalidInput("release", "none", "is promoted: run `shelfwise train` and `shelfwise promote` first")
    for suffix in ("", "-wal"):
        if Path(f"{database.database}{suffix}").exists():
            shutil.copy(f"{database.database}{suffix}", folder / f"shelfwise.db{suffix}")
    released = release_store(settings).fetch(deployment.release_id)
    shutil.copytree(released, folder / "releases" / deployment.release_id, copy_function=_linked)
    (folder / "rules.yaml").write_text(yaml.safe_dump(RULES))
    moved = Settings(home=str(folder), rules_file=str(folder / "rules.yaml"), result_cache_seconds="0")
    return replace(moved, stage_secret="for this run only").resolved(), deployment.release_id


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy(source, target)


def _variables(settings: Settings) -> dict[str, str]:
    names = ("home", "database_url", "releases_url", "rules_file", "result_cache_seconds", "stage_secret")
    return {PREFIX + name.upper(): getattr(settings, name) for name in names} | {
        "BENTOML_HOME": f"{settings.home}/bento"
    }


if __name__ == "__main__":
    main()
