"""The record of jobs: one row per run."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from store.instants import now_ms, to_seconds
from store.tables import jobs


class JobStatus(StrEnum):
    """How a run ended, or that it has not."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    """It was killed, or its machine stopped; found out by the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One run; instants are epoch seconds, ``finished_at`` is None while it runs and where it was lost."""

    id: int
    name: str
    status: JobStatus
    started_at: float
    finished_at: float | None
    summary: Mapping[str, object] | None
    error: str | None


def start_run(connection: Connection, name: str) -> int:
    """The id of a new run. The caller holds the job's lock, so whatever else is said to run was lost."""
    lost = update(jobs).where(jobs.c.name == name, jobs.c.status == JobStatus.RUNNING)
    connection.execute(lost.values(status=str(JobStatus.LOST), error="it ended without saying how"))
    row = {"name": name, "status": str(JobStatus.RUNNING), "started_at": now_ms()}
    return int(connection.execute(insert(jobs).returning(jobs.c.id), row).scalar_one())


def end_run(
    connection: Connection,
    run: int,
    status: JobStatus,
    *,
    summary: Mapping[str, object] | None = None,
    error: str | None = None,
) -> None:
    """Record how a run ended."""
    values = {"status": str(status), "finished_at": now_ms(), "summary": summary, "error": error}
    connection.execute(update(jobs).where(jobs.c.id == run).values(**values))


def list_runs(connection: Connection, *, name: str | None = None, limit: int = 20) -> list[JobRun]:
    """The newest runs, of all jobs or of one, newest first."""
    newest = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
    rows = connection.execute(newest if name is None else newest.where(jobs.c.name == name))
    return [
        JobRun(
            id=row.id,
            name=row.name,
            status=JobStatus(row.status),
            started_at=to_seconds(row.started_at),
            finished_at=None if row.finished_at is None else to_seconds(row.finished_at),
            summary=row.summary,
            error=row.error,
        )
        for row in rows
    ]
