"""Profiles and consent: what is stated, computed and decided are kept apart, and every process is told."""

import pytest
from sqlalchemy import Engine

from recommender.errors import InvalidInput
from store.changes import read_changes
from store.customers import is_personal, read_customer, record_consent, state_profile, write_customer
from store.engine import reading, writing
from store.errors import Conflict
from store.sessions import identify

STATED = {"preferences": {"favoriteCategories": ["Käse", "wine"]}}


def personal(engine: Engine, user_id: str | None = "ann", session_id: str | None = None, *, default: bool) -> bool:
    with reading(engine) as connection:
        return is_personal(connection, user_id=user_id, session_id=session_id, default=default)


def decide(engine: Engine, decision: bool | None, source: str = "banner") -> None:
    with writing(engine) as connection:
        record_consent(connection, "ann", decision, source=source)


def announced(engine: Engine) -> list[str | None]:
    with reading(engine) as connection:
        return [change.key for change in read_changes(connection, 0)]


def test_a_profile_reads_back_and_is_replaced_as_a_whole(engine: Engine) -> None:
    with writing(engine) as connection:
        assert read_customer(connection, "ann") is None
        state_profile(connection, "ann", STATED, default=True)
        state_profile(connection, "bob", {}, default=True)
        write_customer(connection, "ann", {"computed": {"segment": "regular"}})
    with writing(engine) as connection:
        found = read_customer(connection, "ann")
        assert found is not None
        assert (found.stated, found.computed, found.personalization) == (STATED, {"segment": "regular"}, None)
        state_profile(connection, "ann", {"demographics": {"age": 3}}, default=True)
        again = read_customer(connection, "ann")
        assert again is not None
        assert (again.stated, again.computed) == ({"demographics": {"age": 3}}, {"segment": "regular"})
        assert again.created_at == found.created_at <= again.updated_at
    assert announced(engine) == ["user:ann", "user:bob", "user:ann", "user:ann"]


@pytest.mark.parametrize("default", [True, False])
def test_a_decision_counts_before_the_default_and_can_be_taken_back(engine: Engine, default: bool) -> None:
    assert personal(engine, default=default) == default
    for decision in (True, False):
        decide(engine, decision, "phone")
        assert personal(engine, default=default) == decision
    with reading(engine) as connection:
        found = read_customer(connection, "ann")
        assert found is not None
        assert (found.personalization, found.consent_source, found.consent_at is not None) == (False, "phone", True)
    decide(engine, None)
    assert personal(engine, default=default) == default


def test_a_session_follows_the_customer_it_was_identified_as(engine: Engine) -> None:
    with writing(engine) as connection:
        identify(connection, session_id="s1", user_id="ann")
    decide(engine, False)
    assert not personal(engine, None, "s1", default=True)
    assert personal(engine, None, "s2", default=True)
    assert personal(engine, "bob", "s1", default=True)
    assert announced(engine)[2:] == ["user:ann", "session:s1"]


def test_no_profile_of_who_does_not_want_one(engine: Engine) -> None:
    decide(engine, False)
    with writing(engine) as connection, pytest.raises(Conflict, match="no profile is stored"):
        state_profile(connection, "ann", STATED, default=True)
    with writing(engine) as connection, pytest.raises(Conflict):
        state_profile(connection, "bob", STATED, default=False)  # opt-in: has not said yes


def test_a_consent_names_its_source(engine: Engine) -> None:
    with pytest.raises(InvalidInput, match="source"):
        decide(engine, True, "")
