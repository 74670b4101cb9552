"""What was asked lately, to be asked again; by customer keys, and never of who was erased."""

import json
from dataclasses import replace

from sqlalchemy import Engine

from store import pseudonyms
from store.decisions import insert_decisions
from store.engine import reading, writing
from store.recent import PastRequest, recent_requests
from store.sessions import history_key, named_by
from tests.store.test_decisions import ANSWER


def requests(engine: Engine, count: int = 10) -> list[PastRequest]:
    with reading(engine) as connection:
        return recent_requests(connection, count)


def test_the_newest_requests_come_first_with_what_it_takes_to_ask_again(engine: Engine) -> None:
    cart = replace(ANSWER, context="cart", record=json.dumps({"limit": 4, "anchors": ["tea", "milk"], "shown": []}))
    with writing(engine) as connection:
        insert_decisions(connection, [ANSWER, replace(cart, customer_key=""), replace(cart, customer_key="session:s")])
    assert requests(engine) == [
        PastRequest(context="cart", limit=4, anchors=("tea", "milk"), customer_key="session:s"),
        PastRequest(context="cart", limit=4, anchors=("tea", "milk")),
        PastRequest(context="homepage", customer_key="user:ann"),
    ]
    assert requests(engine, 1) == requests(engine)[:1]


def test_who_is_forgotten_is_a_stranger(engine: Engine) -> None:
    with writing(engine) as connection:
        insert_decisions(connection, [ANSWER])
        pseudonyms.drop(connection, ["user:ann"])
    assert [one.customer_key for one in requests(engine)] == [""]


def test_a_key_names_who_it_was_made_of() -> None:
    for named in (("ann", None), (None, "s:1"), (None, None), ("user:x", None)):
        assert named_by(history_key(*named)) == named
