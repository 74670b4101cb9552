"""Promotions and rollbacks under 16 clients: none fails, and each answer is wholly that of the release it names.

Every list is computed again in this process with the release that the answer names (`benchmarks.swap`, which does
this 50 times and with clients that never pause).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from benchmarks.swap.crowd import Crowd, Seen, judge
from benchmarks.swap.expected import Expected, List, expected_answers, some_requests
from benchmarks.swap.servers import serving
from benchmarks.swap.swapping import swap
from benchmarks.swap.variants import publish_variants
from runners.shelf import release_store
from settings import Settings
from tests.planted_shop import Shop
from tests.real_server import STAGE_SECRET, Server, end_with_parent

CLIENTS: Final = 16
PAUSE_S: Final = 0.3
SWAPS: Final = 4
"""Promotions and rollbacks together; of one variant, for opening a release is what takes time."""


@pytest.fixture(scope="module")
def variant(live_shop: Shop) -> str:
    """A release beside the planted one, which would answer nonsense with the other's stages."""
    (release_id,) = publish_variants(release_store(live_shop.settings), live_shop.release, 1)
    return release_id


@pytest.fixture(scope="module")
def expected(live_shop: Shop, variant: str, patient_rules: Path) -> Expected:
    settings = live_shop.settings
    patient = Settings(home=settings.home, rules_file=str(patient_rules)).resolved()
    return expected_answers(patient, [live_shop.release, variant], some_requests(settings, 8))


@pytest.fixture(scope="module")
def distributed(live_shop: Shop, patient_rules: Path) -> Iterator[str]:
    """A gateway and each stage as services of their own, on ports, as k8s/overlays/distributed has them."""
    rules = {"RULES_FILE": str(patient_rules), "RESULT_CACHE_SECONDS": "0", "STAGE_SECRET": STAGE_SECRET}
    variables = live_shop.variables(**rules) | {"BENTOML_HOME": str(live_shop.home / "bentoml")}
    with serving("distributed", variables, live_shop.home / "distributed.log", in_child=end_with_parent) as url:
        yield url


def test_a_list_of_another_release_is_seen(expected: Expected, live_shop: Shop, variant: str) -> None:
    assert len(expected[variant]) >= 16
    request, others = next(iter(expected[variant].items()))
    own = expected[live_shop.release][request]
    halves = List(own.products, others.scores)
    answers = [Seen(request, 0.0, 0.0, 200, live_shop.release, shown) for shown in (own, others, halves)]
    verdict = judge([*answers, Seen(request, 0.0, 0.0, 503)], expected)
    assert (verdict.answers, verdict.failed, verdict.mixed, verdict.degraded) == (4, 1, 2, 0)


def test_each_stage_a_process(graph: Server, live_shop: Shop, variant: str, expected: Expected) -> None:
    _swap_under_load(graph.url, live_shop, variant, expected)


def test_each_stage_a_service(distributed: str, live_shop: Shop, variant: str, expected: Expected) -> None:
    _swap_under_load(distributed, live_shop, variant, expected)


def _swap_under_load(url: str, shop: Shop, variant: str, expected: Expected) -> None:
    engine = shop.open()
    with Crowd(url, list(expected[shop.release]), clients=CLIENTS, pause=PAUSE_S) as crowd:
        swaps = swap(engine, crowd, [variant] * (SWAPS // 2), SWAPS)
    engine.dispose()
    assert [one.release_id for one in swaps] == [variant, shop.release] * (SWAPS // 2)
    assert {one.release for one in crowd.seen} == {shop.release, variant}
    verdict = judge(crowd.seen, expected)
    assert (verdict.failed, verdict.mixed) == (0, 0)
    assert verdict.degraded < 0.05 * verdict.answers
