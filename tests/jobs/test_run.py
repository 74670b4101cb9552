"""A run is alone and recorded, also when it is killed."""

import pytest
from sqlalchemy import Engine

from jobs.run import run_job
from recommender.errors import InvalidInput
from store.engine import reading
from store.errors import JobIsRunning
from store.job_runs import JobRun, list_runs
from tests.store.conftest import StartPython

HOLDS = """
import sys, time
from jobs.run import run_job
from store.engine import open_engine
def work():
    print("working", flush=True)
    sys.stdin.readline()
    return {"rows": 3}
run_job(open_engine(sys.argv[1]), "export", work)
print("done", flush=True)
"""


def runs(engine: Engine) -> list[JobRun]:
    with reading(engine) as connection:
        return list_runs(connection)


def test_what_a_run_did_is_recorded(engine: Engine) -> None:
    assert run_job(engine, "export", lambda: {"rows": 2}) == {"rows": 2}
    (run,) = runs(engine)
    assert (run.name, run.status, run.summary, run.error) == ("export", "done", {"rows": 2}, None)
    assert run.finished_at is not None
    assert run.started_at <= run.finished_at


def test_an_error_of_ours_is_recorded_in_words_and_raised(engine: Engine) -> None:
    def work() -> dict[str, object]:
        raise InvalidInput("output", "x", "is there already")

    with pytest.raises(InvalidInput):
        run_job(engine, "export", work)
    (run,) = runs(engine)
    assert (run.status, run.error) == ("failed", "output='x': is there already")


def test_any_other_error_is_recorded_without_what_it_quotes(engine: Engine) -> None:
    with pytest.raises(KeyError):
        run_job(engine, "export", lambda: {}["customer-17"])
    assert [(run.status, run.error) for run in runs(engine)] == [("failed", "KeyError")]


def test_two_runs_of_one_job_at_once_are_refused_and_of_two_jobs_are_not(
    engine: Engine, url: str, start_python: StartPython
) -> None:
    first = start_python(HOLDS, url)
    assert first.stdout is not None
    assert first.stdout.readline() == "working\n"
    with pytest.raises(JobIsRunning, match=r"^export is running already \(since 20.* UTC\); this run did nothing$"):
        run_job(engine, "export", lambda: {"rows": 0})
    run_job(engine, "profiles", lambda: {"rows": 1})
    assert first.communicate("go on\n", timeout=60)[0] == "done\n"
    run_job(engine, "export", lambda: {"rows": 4})
    assert [(run.name, run.status, run.summary) for run in runs(engine)] == [
        ("export", "done", {"rows": 4}),
        ("profiles", "done", {"rows": 1}),
        ("export", "done", {"rows": 3}),
    ]


def test_a_killed_run_is_marked_as_lost_by_the_next_one(engine: Engine, url: str, start_python: StartPython) -> None:
    first = start_python(HOLDS, url)
    assert first.stdout is not None
    assert first.stdout.readline() == "working\n"
    run_job(engine, "profiles", lambda: {})
    first.kill()
    first.wait()
    assert [(run.name, run.status) for run in runs(engine)] == [("profiles", "done"), ("export", "running")]
    run_job(engine, "profiles", lambda: {})
    assert [run.status for run in runs(engine)] == ["done", "done", "running"]
    run_job(engine, "export", lambda: {})
    lost = runs(engine)[-1]
    assert (lost.name, lost.status, lost.finished_at) == ("export", "lost", None)
    assert lost.error == "it ended without saying how"
