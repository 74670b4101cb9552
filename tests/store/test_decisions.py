import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from recommender.outcomes import Outcome
from store import pseudonyms
from store.decisions import Decision, DecisionWriter, insert_decisions, read_decisions
from store.engine import open_engine, reading, writing
from store.erasures import note_erasure
from store.tables import decisions

ANSWER = Decision(
    request_id="r1",
    customer_key="user:ann",
    context="homepage",
    algorithm="hybrid",
    confidence=0.5,
    release_id="first",
    generated_at=1_700_000_000.25,
    record=json.dumps({"shown": ["milk", "tea"]}),
)


class Counts(dict[str, int]):
    """What a writer said."""

    def __call__(self, result: str, number: int) -> None:
        self[result] = self.get(result, 0) + number


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def stored(engine: Engine) -> Any:
    """``stored("r1")``: what is kept under the request id."""

    def read(request_id: str) -> Any:
        with reading(engine) as connection:
            return read_decisions(connection, request_id)

    return read


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(decisions)).scalar_one()


def test_a_decision_reads_back_without_its_customer(engine: Engine, counts: Counts, stored: Any) -> None:
    with DecisionWriter(engine, counts) as writer:
        writer.submit(replace(ANSWER, full_record=json.dumps({"candidates": ["milk"]})))
    (one,) = stored("r1")
    assert (one.context, one.algorithm, one.confidence, one.release_id) == ("homepage", "hybrid", 0.5, "first")
    assert (one.status, one.generated_at, one.expires_at) == (Outcome.ACTIVE, 1_700_000_000.25, 1_700_003_600.25)
    assert one.record == {"shown": ["milk", "tea"]}
    assert one.full_record == {"candidates": ["milk"]}
    with reading(engine) as connection:
        assert pseudonyms.known(connection, ["user:ann"]) == {"user:ann": one.pseudonym}
    assert "ann" not in repr(one)
    assert counts == {"written": 1}
    assert stored("r2") == []


def test_a_stranger_has_no_pseudonym(engine: Engine, stored: Any) -> None:
    with DecisionWriter(engine) as writer:
        writer.submit(replace(ANSWER, customer_key=""))
    assert [one.pseudonym for one in stored("r1")] == [None]


def test_a_request_id_may_repeat_and_the_newest_comes_first(engine: Engine, stored: Any) -> None:
    with DecisionWriter(engine) as writer:
        for context in ("homepage", "cart"):
            writer.submit(replace(ANSWER, context=context))
    assert [one.context for one in stored("r1")] == ["cart", "homepage"]
    assert len({one.pseudonym for one in stored("r1")}) == 1


def test_decisions_after_an_erasure_are_somebody_else_s(engine: Engine, stored: Any) -> None:
    """The erasure comes while the second decision waits in the queue."""
    with writing(engine) as connection:
        insert_decisions(connection, [ANSWER])
    with DecisionWriter(engine) as writer, writing(engine) as connection:
        writer.submit(replace(ANSWER, context="cart"))
        pseudonyms.drop(connection, ["user:ann"])
    assert len({one.pseudonym for one in stored("r1")}) == 2


def test_many_decisions_share_a_commit(engine: Engine, counts: Counts) -> None:
    with DecisionWriter(engine, counts, pause_s=30.0) as writer, writing(engine):
        for number in range(500):
            writer.submit(replace(ANSWER, request_id=str(number)))
    assert count(engine) == counts["written"] == 500


def test_a_full_queue_drops_and_counts_and_never_waits(engine: Engine, counts: Counts) -> None:
    with DecisionWriter(engine, counts, queue_size=5) as writer, writing(engine):
        for number in range(100):
            writer.submit(replace(ANSWER, request_id=str(number)))
        assert counts["dropped"] >= 100 - 2 * 5
    assert counts["written"] + counts["dropped"] == 100
    assert count(engine) == counts["written"]


def test_a_database_that_cannot_costs_the_batch_and_the_writer_goes_on(
    engine: Engine, url: str, counts: Counts
) -> None:
    impatient = open_engine(url, busy_timeout_s=0.05)
    with DecisionWriter(impatient, counts, pause_s=0.0) as writer:
        with writing(engine):
            writer.submit(ANSWER)
            while not counts:
                pass
        writer.submit(ANSWER)
    assert counts == {"dropped": 1, "written": 1}
    assert count(engine) == 1
    impatient.dispose()


def test_a_decision_that_cannot_be_written_costs_its_batch_and_the_writer_goes_on(
    engine: Engine, counts: Counts, stored: Any, caplog: pytest.LogCaptureFixture
) -> None:
    half_a_pair = replace(ANSWER, full_record="\ud800")
    with DecisionWriter(engine, counts, pause_s=0.0) as writer:
        writer.submit(half_a_pair)
        while not counts:
            pass
        writer.submit(replace(ANSWER, request_id="r2"))
    assert counts == {"dropped": 1, "written": 1}
    assert (stored("r1"), len(stored("r2"))) == ([], 1)
    assert "1 decisions are lost: UnicodeEncodeError" in caplog.text


def test_after_closing_everything_is_dropped(engine: Engine, counts: Counts) -> None:
    writer = DecisionWriter(engine, counts)
    writer.close()
    writer.close()
    writer.submit(ANSWER)
    assert counts == {"dropped": 1}


def test_who_was_answered_before_an_erasure_gets_no_new_pseudonym(engine: Engine, stored: Any) -> None:
    """Decisions wait for up to a second: one that is written after its customer was erased must not name them."""
    later = replace(ANSWER, customer_key="user:bob", request_id="r2", generated_at=4_000_000_000.0)
    with writing(engine) as connection:
        note_erasure(connection, "ann", {"user_interactions": 1})
        insert_decisions(connection, [ANSWER, later])
        assert pseudonyms.known(connection, ["user:ann", "user:bob"]).keys() == {"user:bob"}
    assert [one.pseudonym for one in stored("r1")] == [None]
