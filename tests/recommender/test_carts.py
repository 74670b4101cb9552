"""Carts left behind."""

from hypothesis import given
from hypothesis import strategies as st

from recommender.carts import CartEvent, CartLine, LeftCart, left_carts, recovered_at
from recommender.events import EventType

HOUR = 60
NOW = 100 * HOUR


def add(product: str, at: int, quantity: int | None = None, price: float | None = None) -> CartEvent:
    return CartEvent(product=product, type=EventType.CART_ADD, at=at, quantity=quantity, price=price)


def remove(product: str, at: int, quantity: int | None = None) -> CartEvent:
    return CartEvent(product=product, type=EventType.CART_REMOVE, at=at, quantity=quantity)


def buy(product: str, at: int) -> CartEvent:
    return CartEvent(product=product, type=EventType.PURCHASE, at=at)


def left(*events: CartEvent, now: int = NOW) -> list[LeftCart]:
    return list(left_carts(events, idle=HOUR, now=now))


def test_a_cart_is_left_after_the_idle_time_and_not_before() -> None:
    assert left(add("tea", 0), now=HOUR - 1) == []
    assert left(add("tea", 0), now=HOUR) == [LeftCart(0, {"tea": CartLine(1, None)})]


def test_the_cart_is_what_was_added_less_what_was_removed() -> None:
    events = [add("tea", 0, 3, 2.0), add("pot", 1, None, 9.0), remove("tea", 2, 1), remove("cup", 3), add("tea", 4)]
    (cart,) = left(*events)
    assert cart == LeftCart(4, {"pot": CartLine(1, 9.0), "tea": CartLine(3, 2.0)})
    assert cart.value == 15.0


def test_a_removal_without_a_quantity_takes_all_and_an_empty_cart_is_not_left() -> None:
    assert left(add("tea", 0, 5), remove("tea", 1)) == []
    assert left(add("tea", 0, 5), remove("tea", 1, 7)) == []


def test_the_last_price_told_counts_and_no_price_makes_no_value() -> None:
    (cart,) = left(add("tea", 0, 1, 2.0), add("tea", 1, 1, 3.0), add("pot", 2))
    assert cart.value == 6.0
    assert [one.value for one in left(add("pot", 0))] == [None]


def test_a_purchase_takes_the_cart_along() -> None:
    assert left(add("tea", 0), buy("pot", 1)) == []
    assert left(add("tea", 0), buy("tea", 1), add("pot", 2)) == [LeftCart(2, {"pot": CartLine(1, None)})]


def test_a_cart_that_is_touched_again_is_left_again_with_everything() -> None:
    first, second = left(add("tea", 0), add("pot", 5 * HOUR))
    assert (first.at, set(first.lines)) == (0, {"tea"})
    assert (second.at, set(second.lines)) == (5 * HOUR, {"tea", "pot"})


def test_a_later_purchase_of_any_of_the_products_recovers_it() -> None:
    events = [buy("tea", 5), add("tea", 9), buy("cup", 10), buy("pot", 11), buy("tea", 12)]
    assert recovered_at(9, ["tea", "pot"], events) == 11
    assert recovered_at(12, ["tea"], events) is None


EVENTS = st.lists(
    st.tuples(st.sampled_from((add, remove, buy)), st.sampled_from("abc"), st.integers(0, 50)), max_size=12
)


@given(EVENTS, st.integers(0, 120), st.integers(0, 60))
def test_what_was_left_stays_left_however_often_it_is_asked(
    drawn: list[tuple[object, str, int]], now: int, on: int
) -> None:
    ordered = sorted(drawn, key=lambda one: one[2])
    events = [make(product, at) for make, product, at in ordered]  # type: ignore[operator]
    seen = [one for one in events if one.at <= now]
    earlier = list(left_carts(seen, idle=7, now=now))
    later = list(left_carts(events, idle=7, now=max(now + on, 50)))
    assert [cart for cart in later if cart.at + 7 <= now] == earlier
