"""Erasing a customer: afterwards no table, no file and no byte of the database's file holds their id."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from recommender.errors import InvalidInput
from recommender.events import EventType
from store.changes import ChangeKind, append_changes, newest_change, read_changes
from store.customer_history import read_history
from store.engine import reading, writing
from store.erasures import note_release, read_certificate, subject_hash
from store.event_writer import EventWriter
from store.events import Event
from store.export import export_customer
from store.personal_data import Erasure, erase_customer
from store.purchases import read_purchases
from store.sessions import identify
from store.tables import (
    cart_abandonments,
    customers,
    decisions,
    erasures,
    metadata,
    pseudonyms,
    user_interactions,
    user_preference_embeddings,
)

ANN, VISIT = "ann-7f3e9c21", "visit-51b08d44"
BUY = Event(product_id="tea", type=EventType.PURCHASE, user_id=ANN, occurred_at=10.0, order_id=f"{ANN}-o1", price=1.0)


@pytest.fixture
def rejects(tmp_path: Path) -> Path:
    """Rejected rows of Ann's, of her visit's, and of others."""
    folder = tmp_path / "rejects"
    folder.mkdir()
    values = [ANN, f"not a time of {VISIT}", f"{ANN}x", "bob", 17]
    lines = [{"line": 7 * n, "field": "f", "value": value, "reason": "wrong"} for n, value in enumerate(values)]
    (folder / "a.rejects.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def _events_of(number: int) -> list[Event]:
    """One each of Bob's, Ann's, and of nobody in a visit that was Ann's."""
    bob = replace(BUY, user_id=f"bob{number:03}", order_id=None, occurred_at=float(number))
    ann = replace(BUY, occurred_at=float(number), metadata={"mail": ANN}, session_id=f"{ANN}-s{number}")
    return [bob, ann, replace(bob, user_id=None, session_id=VISIT)]


@pytest.fixture
def known(engine: Engine) -> Engine:
    """Ann and Bob with something in every table that knows customers."""
    with EventWriter(engine) as writer:
        for ten in range(0, 200, 10):  # enough for pages to be split
            writer.submit([event for number in range(ten, ten + 10) for event in _events_of(number)]).result()
        writer.submit([replace(BUY, user_id="bob", session_id=VISIT, order_id=None)]).result()
    with writing(engine) as connection:
        identify(connection, session_id=VISIT, user_id=ANN)
        for key in (f"user:{ANN}", f"session:{VISIT}", "user:bob"):
            pseudonym = {"customer_key": key, "pseudonym": key[-4:], "created_at": 1}
            cart = {"customer_key": key, "abandoned_at": 1, "products": [], "detected_at": 2}
            connection.execute(insert(pseudonyms).values(pseudonym))
            connection.execute(insert(cart_abandonments).values(cart))
        for user in (ANN, "bob"):
            profile = {"user_id": user, "stated": {"name": user}, "computed": {}, "created_at": 1, "updated_at": 1}
            taste = {"user_id": user, "release_id": "r", "vector": b"", "interactions": 1, "updated_at": 1}
            connection.execute(insert(customers).values(profile))
            connection.execute(insert(user_preference_embeddings).values(taste))
        shown = {
            "request_id": "r-1", "pseudonym": ANN[-4:], "context": "homepage", "algorithm": "hybrid", "confidence": 1.0,
            "release_id": "r", "status": "active", "generated_at": 1, "expires_at": 2, "record": "{}",
        }  # fmt: skip
        connection.execute(insert(decisions).values(shown))
    return engine


def cells(engine: Engine) -> Iterator[tuple[str, Any]]:
    """Every value of every table, as text, with its place."""
    with reading(engine) as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                yield from ((f"{table.name}.{name}", repr(value)) for name, value in row.items())


def places(engine: Engine, *ids: str) -> set[str]:
    return {place for place, value in cells(engine) if any(one in value for one in ids)}


def files_with(engine: Engine, *ids: str) -> list[str]:
    """Which of SQLite's files hold an id; PostgreSQL's are not ours to look into."""
    if engine.dialect.name != "sqlite":
        return []
    database = Path(str(engine.url.database))
    files = [path for path in database.parent.iterdir() if path.name.startswith(database.name)]
    return [path.name for path in files if any(one.encode() in path.read_bytes() for one in ids)]


def test_nothing_that_names_the_customer_is_left_anywhere(known: Engine, rejects: Path) -> None:
    before = newest = 0
    with reading(known) as connection:
        before = newest_change(connection)
    assert len(places(known, ANN, VISIT)) > 10
    erased = erase_customer(known, ANN, rejects=rejects)
    assert places(known, ANN) == set()
    assert places(known, VISIT) == {"user_interactions.session_id"}  # of what Bob did on the same device
    assert ANN.encode() not in (rejects / "a.rejects.ndjson").read_bytes().replace(f"{ANN}x".encode(), b"")
    assert files_with(known, ANN) == []
    assert erased.file_rewritten == (known.dialect.name == "sqlite")
    with reading(known) as connection:
        newest = newest_change(connection)
        assert [change.kind for change in read_changes(connection, before)] == [ChangeKind.CUSTOMERS]
    assert newest > before


def test_the_certificate_counts_what_went_and_names_nobody(known: Engine, rejects: Path) -> None:
    certificate = erase_customer(known, ANN, rejects=rejects).certificate
    counted = {table: count for table, count in certificate.removed.items() if table != "changes"}
    assert counted == {
        "user_interactions": 400,
        "cart_abandonments": 2,
        "pseudonyms": 2,
        "user_preference_embeddings": 1,
        "sessions": 1,
        "customers": 1,
        "rejects": 2,
    }
    with reading(known) as connection:
        of_ann = erasures.c.subject == certificate.certificate_id
        row = connection.execute(select(erasures).where(of_ann)).one()
        assert read_certificate(connection, certificate.certificate_id) == certificate
        assert read_certificate(connection, "0" * 64) is None
    assert row.subject == certificate.certificate_id == subject_hash(row.salt, ANN)


def test_others_keep_everything(known: Engine, rejects: Path) -> None:
    with reading(known) as connection:
        others = [read_history(connection, user_id=user, session_id=None) for user in ("bob", "bob007")]
    erase_customer(known, ANN, rejects=rejects)
    with reading(known) as connection:
        kept = [read_history(connection, user_id=user, session_id=None) for user in ("bob", "bob007")]
    assert [one.product_ids for one in kept] == [one.product_ids for one in others] == [("tea",), ("tea",)]
    assert places(known, "'bob'") == {"user_interactions.user_id", "customers.user_id", "customers.stated"} | {
        "user_preference_embeddings.user_id"
    }
    left = [json.loads(line)["value"] for line in (rejects / "a.rejects.ndjson").read_text().splitlines()]
    assert left == [f"{ANN}x", "bob", 17]


def test_erasing_again_gives_the_same_certificate_and_a_new_salt_is_not_made(known: Engine, rejects: Path) -> None:
    first = erase_customer(known, ANN, rejects=rejects).certificate
    assert erase_customer(known, ANN, rejects=rejects).certificate == first
    erase_customer(known, "bob", rejects=rejects)
    with reading(known) as connection:
        salts = connection.execute(select(erasures.c.salt)).scalars().all()
    assert len(salts) == 3  # ann, her session, bob
    assert len(set(salts)) == 1


def bought(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        purchases = read_purchases(connection)
    return {purchases.user_ids[user] for user in purchases.user}


def test_old_events_that_come_back_are_not_learnt_from_and_new_ones_are(known: Engine, rejects: Path) -> None:
    """A shop may import the same orders once more; who shops again later is a new person."""
    assert {ANN, "bob"} <= bought(known)
    certificate = erase_customer(known, ANN, rejects=rejects).certificate
    with EventWriter(known) as writer:
        writer.submit([BUY]).result()
        assert ANN not in bought(known)
        later = certificate.erased_at / 1000 + 60
        writer.submit([replace(BUY, occurred_at=later)]).result()
    assert ANN in bought(known)
    again = erase_customer(known, ANN, rejects=rejects).certificate
    assert (again.certificate_id, again.removed["user_interactions"]) == (certificate.certificate_id, 2)
    assert again.erased_at > certificate.erased_at
    assert ANN not in bought(known)


def test_the_first_release_that_was_trained_afterwards_is_noted(known: Engine, rejects: Path) -> None:
    erased: list[Erasure] = [erase_customer(known, user, rejects=rejects) for user in (ANN, "bob")]
    first, second = (one.certificate for one in erased)
    with writing(known) as connection:
        note_release(connection, "without-ann", first.erased_at)
        note_release(connection, "without-both", second.erased_at)
        note_release(connection, "later", None)
        found = [read_certificate(connection, one.certificate_id) for one in (first, second)]
    assert [one and one.first_release_without for one in found] == ["without-ann", "without-both"]


def test_someone_nobody_knows_can_be_erased_and_an_empty_id_cannot(engine: Engine, tmp_path: Path) -> None:
    certificate = erase_customer(engine, "nobody", rejects=tmp_path / "none").certificate
    assert not any(certificate.removed.values())
    with pytest.raises(InvalidInput):
        erase_customer(engine, "", rejects=tmp_path)


def test_an_erasure_is_seen_by_a_reader_that_has_read_every_change(known: Engine, rejects: Path) -> None:
    """The newest changes are the customer's own, and go; the number of the last one is not given out again."""
    with writing(known) as connection:
        append_changes(connection, ChangeKind.CUSTOMER, [f"user:{ANN}"])
    with reading(known) as connection:
        cursor = newest_change(connection)
    erase_customer(known, ANN, rejects=rejects)
    with reading(known) as connection:
        assert {change.kind for change in read_changes(connection, cursor)} == {ChangeKind.CUSTOMERS}
        assert (
            connection.execute(select(user_interactions.c.user_id).where(user_interactions.c.user_id == ANN)).all()
            == []
        )


def test_an_export_has_everything_of_the_customer_and_nothing_of_others(known: Engine, rejects: Path) -> None:
    with reading(known) as connection:
        data = export_customer(connection, ANN)
        assert export_customer(connection, "nobody") == {}
    assert {table: len(rows) for table, rows in data.items()} == {
        "user_interactions": 400,
        "cart_abandonments": 2,
        "user_preference_embeddings": 1,
        "sessions": 1,
        "customers": 1,
        "decisions": 1,
    }
    assert data["customers"][0]["stated"] == {"name": ANN}
    assert data["user_interactions"][0]["occurred_at"].startswith("1970-01-01T00:0")
    assert "bob" not in json.dumps(data)
    erase_customer(known, ANN, rejects=rejects)
    with reading(known) as connection:
        assert export_customer(connection, ANN) == {}
