"""One run of a job: alone, and recorded however it ends."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Protocol

from sqlalchemy import Engine

from recommender.errors import ShelfwiseError
from store.engine import writing
from store.errors import StoreUnavailable
from store.job_lock import only_run
from store.job_runs import JobStatus, end_run, start_run

Summary = Mapping[str, object]
"""What a run did, as JSON: counts, and no customer's id."""


class Report(Protocol):
    """Told how far a step is."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """A step is over when done equals total."""


def say_nothing(step: str, done: int, total: int) -> None:
    """The report of a run that nobody watches."""


def run_job(engine: Engine, name: str, work: Callable[[], Summary]) -> Summary:
    """Do ``work`` and record it. Raises JobIsRunning, with nothing recorded, while another process runs this job.

    Earlier runs that never said how they ended are marked as lost. What ``work`` raises is recorded and raised again.
    """
    with only_run(engine, name):
        with writing(engine) as connection:
            run = start_run(connection, name)
        try:
            summary = work()
        except BaseException as error:
            with contextlib.suppress(StoreUnavailable), writing(engine) as connection:  # else the next run marks it
                end_run(connection, run, JobStatus.FAILED, error=_told(error))
            raise
        with writing(engine) as connection:
            end_run(connection, run, JobStatus.DONE, summary=summary)
        return summary


def _told(error: BaseException) -> str:
    # Errors that are not ours may quote the rows that they are about, and rows name customers.
    return str(error) if isinstance(error, ShelfwiseError) else type(error).__name__
