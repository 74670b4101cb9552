"""Requests are what the API accepts, in the shares that were asked for."""

from collections import Counter
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from api import schemas
from api.app import build_app
from loadtests.ids import Ids
from loadtests.target import Refused
from loadtests.traffic import MIX, Endpoint, Request, Traffic, parse_mix, without_events

IDS = Ids(("ada", "grace&hopper"), ("apple", "pear/plum", "a&b=c?"), "", "")
QUERIES = {
    Endpoint.HOMEPAGE: schemas.HomepageQuery,
    Endpoint.PRODUCT: schemas.ProductQuery,
    Endpoint.TOGETHER: schemas.TogetherQuery,
    Endpoint.CART: schemas.CartQuery,
}


def drawn(count: int, *, ids: Ids = IDS, mix: Any = MIX, seed: int = 1) -> list[Request]:
    return list(islice(Traffic(ids, mix, seed=seed), count))


def test_shares_are_those_of_the_mix() -> None:
    counts = Counter(request.endpoint for request in drawn(20_000))
    for endpoint, share in MIX.items():
        assert counts[endpoint] / 20_000 == pytest.approx(share / sum(MIX.values()), abs=0.02)


def test_the_same_seed_asks_the_same() -> None:
    gets = [[request.path for request in drawn(500, seed=seed)] for seed in (1, 1, 2)]
    assert gets[0] == gets[1]
    assert gets[0] != gets[2]


def test_every_path_is_a_route_of_the_api() -> None:
    wanted = {
        Endpoint.HOMEPAGE: "/api/v1/recommendations/homepage",
        Endpoint.PRODUCT: "/api/v1/recommendations/product/{product_id}",
        Endpoint.TOGETHER: "/api/v1/recommendations/frequently-bought-together/{product_id}",
        Endpoint.CART: "/api/v1/recommendations/cart",
        Endpoint.EVENT: "/api/v1/interactions",
    }
    paths = build_app().openapi()["paths"]
    for request in drawn(500, ids=Ids(("ada",), ("apple",), "", "")):
        path = urlsplit(request.path).path
        template = path.replace("/apple", "/{product_id}")
        assert template == wanted[request.endpoint]
        assert request.method.lower() in paths[template]


def test_every_query_is_valid() -> None:
    for request in drawn(500):
        if request.endpoint is not Endpoint.EVENT:
            QUERIES[request.endpoint].model_validate(dict(parse_qsl(urlsplit(request.path).query)))


def test_every_event_is_valid_and_its_own() -> None:
    events = [schemas.Interaction.model_validate_json(one.body) for one in drawn(2000) if one.body is not None]
    assert len({event.event_id for event in events}) == len(events) > 0
    assert all(str(event.event_id).startswith("loadtest-") for event in events)
    assert {bool(event.user_id) for event in events} == {True, False}


def test_two_runs_send_different_events() -> None:
    first, second = ({one.body for one in drawn(200) if one.body} for _ in range(2))
    assert not first & second


def test_product_ids_survive_the_path() -> None:
    paths = {request.path.split("?")[0] for request in drawn(500) if request.endpoint is Endpoint.PRODUCT}
    assert "/api/v1/recommendations/product/pear%2Fplum" in paths


def test_popular_products_come_first() -> None:
    ids = Ids((), tuple(f"p{rank:03}" for rank in range(100)), "", "")
    counts = Counter(one.path.rsplit("/", 1)[-1] for one in drawn(5000, ids=ids, mix={Endpoint.PRODUCT: 1.0}))
    assert [name for name, _ in counts.most_common(3)] == ["p000", "p001", "p002"]
    assert len(counts) > 90


def test_without_customers_everyone_is_a_stranger() -> None:
    assert not any("user_id" in one.path for one in drawn(500, ids=Ids((), ("apple",), "", "")))


def test_read_only_sends_nothing() -> None:
    assert all(request.method == "GET" for request in drawn(500, mix=without_events(MIX)))
    with pytest.raises(Refused, match="leaves nothing"):
        without_events({Endpoint.EVENT: 1.0})


def test_mix_from_the_command_line() -> None:
    assert parse_mix("homepage=1, cart=2.5") == {Endpoint.HOMEPAGE: 1.0, Endpoint.CART: 2.5}
    for wrong in ("", "homepage", "homepage=x", "checkout=1", "cart=0", "cart=-1", "cart=nan"):
        with pytest.raises(Refused, match="--mix"):
            parse_mix(wrong)
