"""Removes what the shop no longer keeps; what is counted of it stays."""

from collections.abc import Collection
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from jobs.gently import BATCH, gently, until_none
from jobs.recommendation_performance import DAY_MS, recommendation_performance, removable_before
from jobs.run import Report, Summary, say_nothing
from models.release import ENCODER_GRAPH, read_manifest
from models.release_store import ReleaseStore
from recommender.errors import InvalidRelease
from store.changes import ChangeKind, append_changes, first_recent_change, prune_changes
from store.deployments import current_deployment, previous_deployment
from store.engine import reading, writing
from store.instants import to_ms
from store.performance import days_with_decisions
from store.removal import (
    remove_abandonments,
    remove_decisions,
    remove_embeddings,
    remove_pseudonyms,
    unused_pseudonyms,
)
from store.totals import events_before, retire_events

CHANGES_KEPT_MS: Final = DAY_MS
"""A process that did not read the feed for so long reloads everything, see `store.changes.read_changes`."""


def retention(
    engine: Engine,
    *,
    now: float,
    zone: ZoneInfo,
    event_days: int | None,
    decision_days: int,
    encoders: Collection[str] | None,
    report: Report = say_nothing,
) -> Summary:
    """Remove events older than ``event_days`` (None: none), decisions older than ``decision_days``, old changes, and
    vectors of deleted products and of other encoders than ``encoders`` (None: they are not known, so of none).

    Batches are transactions, each of which leaves everything counted once: killed anywhere, the next run goes on.
    ``now`` is in epoch seconds.
    """
    today = to_ms(now)
    events, carts = (0, 0) if event_days is None else _events(engine, today - event_days * DAY_MS, zone, report)
    return {
        "events": events,
        "carts": carts,
        "decisions": _decisions(engine, now, zone, decision_days, report),
        "pseudonyms": _pseudonyms(engine, today - decision_days * DAY_MS),
        "changes": _changes(engine, today - CHANGES_KEPT_MS),
        "embeddings": until_none(engine, lambda connection: remove_embeddings(connection, encoders, BATCH)),
        "encoders_known": encoders is not None,
    }


def _events(engine: Engine, before_ms: int, zone: ZoneInfo, report: Report) -> tuple[int, int]:
    with reading(engine) as connection:
        ids = events_before(connection, before_ms).tolist()
    removed = 0
    for start in range(0, len(ids), BATCH):
        report("removing events", start, len(ids))
        with gently(engine) as connection:
            removed += retire_events(connection, ids[start : start + BATCH], zone)
    if removed:
        report("removing events", len(ids), len(ids))
        with writing(engine) as connection:  # processes that serve forget the histories that they have in memory
            append_changes(connection, ChangeKind.CUSTOMERS, [None])
    return removed, until_none(engine, lambda connection: remove_abandonments(connection, before_ms, BATCH))


def _decisions(engine: Engine, now: float, zone: ZoneInfo, days_kept: int, report: Report) -> int:
    recommendation_performance(engine, zone=zone, decision_days=days_kept, report=report)
    with reading(engine) as connection:
        before_ms = removable_before(now, zone, days_with_decisions(connection, zone), days_kept)
    return until_none(engine, lambda connection: remove_decisions(connection, before_ms, BATCH))


def _pseudonyms(engine: Engine, before_ms: int) -> int:
    """They lead from a customer to their decisions, and there are none any more."""
    with reading(engine) as connection:
        unused = unused_pseudonyms(connection, before_ms)
    removed = 0
    for start in range(0, len(unused), BATCH):
        with gently(engine) as connection:
            removed += remove_pseudonyms(connection, unused[start : start + BATCH], before_ms)
    return removed


def _changes(engine: Engine, before_ms: int) -> int:
    with reading(engine) as connection:
        first = first_recent_change(connection, before_ms)

    def oldest(connection: Connection) -> int:
        return prune_changes(connection, first, BATCH)

    return until_none(engine, oldest)


def encoders_in_use(engine: Engine, releases: ReleaseStore) -> set[str] | None:
    """Encoders of the release that is served and of the one before it; None where one of them cannot be read."""
    with reading(engine) as connection:
        deployed = [found for found in (current_deployment(connection), previous_deployment(connection)) if found]
    try:
        manifests = [read_manifest(releases.fetch(one.release_id)) for one in deployed]
    except (InvalidRelease, OSError):
        return None
    return {one.files[ENCODER_GRAPH].sha256 for one in manifests if ENCODER_GRAPH in one.files}
