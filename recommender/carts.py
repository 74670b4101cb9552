"""Carts that were left behind, worked out from what was put in, taken out and bought."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from recommender.events import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class CartEvent:
    """A CART_ADD, CART_REMOVE or PURCHASE of one customer, ``at`` in any unit that ascends in time."""

    product: str
    type: EventType
    at: int
    quantity: int | None = None
    price: float | None = None


@dataclass(frozen=True, slots=True)
class CartLine:
    """So many of a product; ``price`` is that of one, as it was last told, or None."""

    quantity: int
    price: float | None


@dataclass(frozen=True, slots=True)
class LeftCart:
    """What was in the cart when nobody touched it any more, by product, and when it was touched last."""

    at: int
    lines: Mapping[str, CartLine]

    @property
    def value(self) -> float | None:
        """Sum of the lines whose price is known; None if none is."""
        paid = [line.quantity * line.price for line in self.lines.values() if line.price is not None]
        return sum(paid) if paid else None


def left_carts(events: Sequence[CartEvent], *, idle: int, now: int) -> Iterator[LeftCart]:
    """Each cart of one customer that was untouched for ``idle``, oldest first; ``events`` ascend in time.

    The cart is what was added less what was removed since the last purchase: an order takes the cart along, whatever
    it was of. An addition without a quantity is of 1, a removal without one of all. It depends on the events alone
    and not on when it is asked, but that a cart is not left before ``idle`` has passed.
    """
    cart: dict[str, CartLine] = {}
    for event, following in zip_longest(events, events[1:]):
        _apply(cart, event)
        if cart and (now if following is None else following.at) - event.at >= idle:
            yield LeftCart(event.at, dict(cart))


def _apply(cart: dict[str, CartLine], event: CartEvent) -> None:
    if event.type is EventType.PURCHASE:
        cart.clear()
        return
    line = cart.pop(event.product, CartLine(0, None))
    price = line.price if event.price is None else event.price
    if event.type is EventType.CART_ADD:
        cart[event.product] = CartLine(line.quantity + (event.quantity or 1), price)
    elif event.quantity is not None and event.quantity < line.quantity:
        cart[event.product] = CartLine(line.quantity - event.quantity, price)


def recovered_at(cart_at: int, products: Iterable[str], events: Iterable[CartEvent]) -> int | None:
    """When any of the products was bought first after the cart was left; None if none was.

    ``events`` ascend in time.
    """
    wanted = set(products)
    return next((one.at for one in events if _buys(one) and one.at > cart_at and one.product in wanted), None)


def _buys(event: CartEvent) -> bool:
    return event.type is EventType.PURCHASE
