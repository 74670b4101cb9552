import re

from sqlalchemy import Engine

from store.engine import reading, writing
from store.pseudonyms import drop, known, of_customers


def test_a_customer_keeps_one_pseudonym_that_says_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        first = of_customers(connection, ["user:ann", "session:s1", "user:ann"])
    with writing(engine) as connection:
        again = of_customers(connection, ["user:bob", "user:ann"])
    assert first.keys() == {"user:ann", "session:s1"}
    assert again["user:ann"] == first["user:ann"]
    assert len({*first.values(), *again.values()}) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in {*first.values(), *again.values()})


def test_who_was_dropped_is_somebody_else_from_then_on(engine: Engine) -> None:
    with writing(engine) as connection:
        before = of_customers(connection, ["user:ann", "user:bob"])
        assert drop(connection, ["user:ann", "user:nobody"]) == 1
        assert known(connection, ["user:ann", "user:bob"]) == {"user:bob": before["user:bob"]}
        assert of_customers(connection, ["user:ann"])["user:ann"] != before["user:ann"]


def test_more_customers_than_one_query_can_ask_for(engine: Engine) -> None:
    keys = [f"user:{number}" for number in range(2_500)]
    with writing(engine) as connection:
        made = of_customers(connection, keys)
    with reading(engine) as connection:
        assert known(connection, keys) == made
    with writing(engine) as connection:
        assert drop(connection, keys) == 2_500
