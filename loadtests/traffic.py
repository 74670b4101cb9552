"""What shoppers ask for: a stream of requests over the recommendation endpoints and the events that go with them."""

import json
import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final
from urllib.parse import quote, urlencode

from loadtests.ids import Ids
from loadtests.target import Refused


class Endpoint(StrEnum):
    """Names in reports and in ``--mix``."""

    HOMEPAGE = "homepage"
    PRODUCT = "product"
    TOGETHER = "together"
    CART = "cart"
    EVENT = "event"


MIX: Final[Mapping[Endpoint, float]] = {
    Endpoint.HOMEPAGE: 25,  # a visit begins here, and comes back
    Endpoint.PRODUCT: 35,  # most pages of a shop are product pages
    Endpoint.TOGETHER: 10,  # shown on some product pages
    Endpoint.CART: 10,
    Endpoint.EVENT: 20,  # about every second product page reports its view, and some put the product into the cart
}
"""Share of each endpoint in a hundred requests of a grocery or general shop. An assumption to change with ``--mix``."""

DEFAULT_MIX: Final = ",".join(f"{endpoint}={share:g}" for endpoint, share in MIX.items())

STRANGERS: Final = 0.2
"""Share of requests without a customer: first visits, and visitors who have not signed in."""

CART_SIZES: Final = (1, 2, 3, 4, 5)
EVENT_TYPES: Final = ("VIEW", "VIEW", "VIEW", "VIEW", "CART_ADD")

EVENT_ID_PREFIX: Final = "loadtest-"
"""Every event that is sent has an id that begins so: ``DELETE … WHERE event_id LIKE 'loadtest-%'`` removes them."""

BASE: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: a GET, or a POST where there is a body."""

    endpoint: Endpoint
    path: str
    body: bytes | None = None

    @property
    def method(self) -> str:
        """GET or POST."""
        return "GET" if self.body is None else "POST"


def parse_mix(text: str) -> dict[Endpoint, float]:
    """``homepage=30,product=70`` → shares; endpoints that are not named are not asked."""
    try:
        pairs = [part.split("=") for part in text.split(",")]
        mix = {Endpoint(name.strip()): float(share) for name, share in pairs}
    except ValueError as error:
        raise Refused(f"--mix {text!r}: NAME=SHARE,… with names of {', '.join(Endpoint)}") from error
    if not (all(0 <= share < 1e9 for share in mix.values()) and sum(mix.values()) > 0):
        raise Refused(f"--mix {text!r}: shares are numbers from 0, and not all 0")
    return mix


def without_events(mix: Mapping[Endpoint, float]) -> dict[Endpoint, float]:
    """The same traffic, writing nothing."""
    left = dict(mix)
    left.pop(Endpoint.EVENT, None)
    if not sum(left.values()):
        raise Refused("--read-only leaves nothing of this --mix")
    return left


class Traffic:
    """An endless stream of requests, the same one for the same seed (event ids apart).

    Customers are drawn evenly, which is hard on caches; products by Zipf's law in the order given, as shops see it.
    """

    def __init__(self, ids: Ids, mix: Mapping[Endpoint, float], *, seed: int) -> None:
        self._ids, self._random = ids, random.Random(seed)
        self._endpoints, self._shares = list(mix), list(accumulate(mix.values()))
        self._popularity = list(accumulate(1 / (rank + 1) for rank in range(len(ids.products))))
        self._run, self._events = uuid.uuid4().hex[:12], 0

    def __iter__(self) -> Iterator[Request]:
        return self

    def __next__(self) -> Request:
        """The next request."""
        (endpoint,) = self._random.choices(self._endpoints, cum_weights=self._shares)
        match endpoint:
            case Endpoint.HOMEPAGE:
                return self._get(endpoint, "/recommendations/homepage")
            case Endpoint.PRODUCT:
                return self._get(endpoint, f"/recommendations/product/{quote(self._product(), safe='')}")
            case Endpoint.TOGETHER:
                path = f"/recommendations/frequently-bought-together/{quote(self._product(), safe='')}"
                return self._get(endpoint, path)
            case Endpoint.CART:
                products = {self._product() for _ in range(self._random.choice(CART_SIZES))}
                return self._get(endpoint, "/recommendations/cart", product_ids=",".join(sorted(products)))
        return self._event()

    def _get(self, endpoint: Endpoint, path: str, **parameters: str) -> Request:
        user = self._user()
        query = urlencode(parameters | ({} if user is None else {"user_id": user}))
        return Request(endpoint, f"{BASE}{path}" + (f"?{query}" if query else ""))

    def _event(self) -> Request:
        self._events += 1
        user = self._user()
        sent = {
            "product_id": self._product(),
            "interaction_type": self._random.choice(EVENT_TYPES),
            "event_id": f"{EVENT_ID_PREFIX}{self._run}-{self._events}",
        }
        who = {"session_id": f"{EVENT_ID_PREFIX}{self._run}"} if user is None else {"user_id": user}
        return Request(Endpoint.EVENT, f"{BASE}/interactions", json.dumps(sent | who).encode())

    def _user(self) -> str | None:
        if not self._ids.users or self._random.random() < STRANGERS:
            return None
        return self._random.choice(self._ids.users)

    def _product(self) -> str:
        return self._random.choices(self._ids.products, cum_weights=self._popularity)[0]
