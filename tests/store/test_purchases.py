from dataclasses import replace

import numpy as np
from sqlalchemy import Engine, delete

from recommender.events import EventType
from store.engine import reading, writing
from store.events import Event, event_row, insert_events
from store.personal_data import erase
from store.purchases import Purchases, read_purchases
from store.sessions import guest_key, identify
from store.tables import user_interactions


def purchase(user: str | None, product: str, at: float) -> Event:
    return Event(product_id=product, type=EventType.PURCHASE, user_id=user, session_id="s", occurred_at=at)


def write(engine: Engine, *events: Event) -> None:
    with writing(engine) as connection:
        insert_events(connection, [event_row(event, 0) for event in events])


def read(engine: Engine, *, before: float | None = None, since: float | None = None) -> Purchases:
    with reading(engine) as connection:
        return read_purchases(connection, before=before, since=since)


BASKETS = (
    purchase("bob", "tea", 30.5),
    purchase("ann", "milk", 20.0),
    purchase("ann", "bread", 30.5),
    purchase("ann", "milk", 10.0),
)


def lines(purchases: Purchases) -> list[tuple[str, str, float]]:
    columns = zip(purchases.user, purchases.item, purchases.occurred_at, strict=True)
    return [(purchases.user_ids[user], purchases.item_ids[item], at) for user, item, at in columns]


def test_purchases_of_users_in_the_order_of_time(engine: Engine) -> None:
    view = replace(BASKETS[0], type=EventType.VIEW)
    write(engine, *BASKETS, view, purchase(None, "tea", 1.0))
    purchases = read(engine)
    assert lines(purchases) == [
        ("ann", "milk", 10.0),
        ("ann", "milk", 20.0),
        ("ann", "bread", 30.5),
        ("bob", "tea", 30.5),
    ]
    assert (purchases.user_ids, purchases.item_ids) == (("ann", "bob"), ("bread", "milk", "tea"))
    assert (purchases.user.dtype, purchases.item.dtype) == (np.int32, np.int32)
    assert purchases.occurred_at.dtype == np.float64


def test_an_empty_store_has_no_purchases(engine: Engine) -> None:
    purchases = read(engine)
    assert len(purchases) == 0
    assert (purchases.user_ids, purchases.item_ids) == ((), ())
    assert (purchases.user.dtype, purchases.occurred_at.dtype) == (np.int32, np.float64)


def test_since_is_included_and_before_is_not(engine: Engine) -> None:
    write(engine, *BASKETS)
    assert [at for _, _, at in lines(read(engine, since=20.0))] == [20.0, 30.5, 30.5]
    assert [at for _, _, at in lines(read(engine, before=20.0))] == [10.0]
    assert [at for _, _, at in lines(read(engine, since=20.0, before=30.5))] == [20.0]
    assert read(engine, before=20.0).item_ids == ("milk",)


def test_columns_and_hash_do_not_depend_on_the_order_of_writing(engine: Engine) -> None:
    write(engine, *BASKETS)
    first = read(engine)
    with writing(engine) as connection:
        connection.execute(delete(user_interactions))
    write(engine, *reversed(BASKETS))
    again = read(engine)
    assert lines(first) == lines(again)
    assert first.data_hash == again.data_hash


def test_the_hash_tells_different_purchases_apart(engine: Engine) -> None:
    write(engine, *BASKETS)
    hashes = {read(engine).data_hash, read(engine, before=30.0).data_hash, read(engine, since=15.0).data_hash}
    write(engine, BASKETS[0])
    hashes.add(read(engine).data_hash)
    renamed = replace(read(engine), user_ids=("ann", "eve"))
    later = replace(read(engine), occurred_at=read(engine).occurred_at + 1)
    assert len(hashes | {renamed.data_hash, later.data_hash}) == 6


def test_more_rows_than_one_fetch(engine: Engine) -> None:
    write(engine, *(purchase(f"u{number % 7}", f"p{number % 11}", float(number)) for number in range(2_500)))
    purchases = read(engine)
    assert lines(purchases) == [(f"u{number % 7}", f"p{number % 11}", float(number)) for number in range(2_500)]


def test_purchases_that_were_taken_back_are_left_out(engine: Engine) -> None:
    refund = replace(purchase("ann", "milk", 40.0), type=EventType.REFUND)
    cancel = replace(purchase("bob", "tea", 50.0), type=EventType.CANCEL, order_id="o1", product_id=None)
    write(engine, refund, cancel, *BASKETS, replace(purchase("bob", "tea", 35.0), order_id="o1"))
    assert lines(read(engine)) == [("ann", "milk", 10.0), ("ann", "bread", 30.5), ("bob", "tea", 30.5)]


def test_a_refund_that_comes_after_the_time_read_is_not_known_yet(engine: Engine) -> None:
    write(engine, *BASKETS, replace(purchase("ann", "milk", 40.0), type=EventType.REFUND))
    assert ("ann", "milk", 20.0) in lines(read(engine, before=40.0))
    assert ("ann", "milk", 20.0) not in lines(read(engine, before=40.1))


def test_a_refund_of_an_earlier_purchase_takes_nothing_from_those_since(engine: Engine) -> None:
    early, late = purchase("ann", "milk", 10.0), purchase("ann", "milk", 20.0)
    of_early = replace(early, type=EventType.REFUND, order_id="o1", occurred_at=30.0)
    write(engine, replace(early, order_id="o1"), late, of_early)
    assert lines(read(engine, since=15.0)) == [("ann", "milk", 20.0)]
    assert lines(read(engine)) == [("ann", "milk", 20.0)]


def test_nothing_is_left_of_a_customer_who_took_everything_back(engine: Engine) -> None:
    only = purchase("ann", "milk", 10.0)
    write(engine, only, replace(only, type=EventType.REFUND, occurred_at=11.0))
    assert (len(read(engine)), read(engine).user_ids, read(engine).item_ids) == (0, (), ())


def test_lines_of_an_order_that_were_sent_one_by_one_are_one_basket(engine: Engine) -> None:
    first, second = (
        replace(purchase("ann", product, at), order_id="o1") for product, at in (("tea", 5.0), ("jam", 6.5))
    )
    others = replace(first, user_id="bob", occurred_at=4.0)
    write(engine, second, purchase("ann", "milk", 6.0), first, others, replace(first, occurred_at=5.0 + 86_401.0))
    assert lines(read(engine)) == [
        ("bob", "tea", 4.0),
        ("ann", "jam", 5.0),
        ("ann", "tea", 5.0),
        ("ann", "milk", 6.0),
        ("ann", "tea", 86_406.0),
    ]


def guest(product: str, at: float, visit: str, type: EventType = EventType.PURCHASE) -> Event:
    return Event(product_id=product, type=type, session_id=visit, occurred_at=at)


def read_with_guests(engine: Engine) -> list[tuple[str, str, float]]:
    with reading(engine) as connection:
        return lines(read_purchases(connection, guests=True))


def test_a_visit_that_nobody_claimed_is_a_customer_of_its_own_where_guests_count(engine: Engine) -> None:
    write(
        engine, guest("tea", 1.0, "v1"), guest("jam", 2.0, "v2"), guest("mug", 3.0, "ann"), purchase("ann", "tea", 4.0)
    )
    with writing(engine) as connection:
        identify(connection, session_id="v2", user_id="ann")
    assert lines(read(engine)) == [("ann", "jam", 2.0), ("ann", "tea", 4.0)]
    visits = [(guest_key("v1"), "tea", 1.0), ("ann", "jam", 2.0), (guest_key("ann"), "mug", 3.0), ("ann", "tea", 4.0)]
    assert read_with_guests(engine) == visits


def test_a_guest_takes_back_what_was_bought_in_the_same_visit(engine: Engine) -> None:
    write(engine, guest("tea", 1.0, "v1"), guest("tea", 1.0, "v2"), purchase("ann", "tea", 1.0))
    write(engine, guest("tea", 2.0, "v1", EventType.REFUND))
    assert read_with_guests(engine) == [(guest_key("v2"), "tea", 1.0), ("ann", "tea", 1.0)]


def test_what_comes_back_of_an_erased_customers_visit_is_not_a_guests(engine: Engine) -> None:
    write(engine, guest("tea", 1.0, "v1"), guest("tea", 1.0, "v2"))
    with writing(engine) as connection:
        identify(connection, session_id="v1", user_id="ann")
        erase(connection, "ann")
    write(engine, guest("tea", 1.0, "v1"))
    assert read_with_guests(engine) == [(guest_key("v2"), "tea", 1.0)]
