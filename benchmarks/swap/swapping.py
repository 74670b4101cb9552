"""Promotions and rollbacks alternately, and how soon each shows in an answer."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from benchmarks.swap.crowd import Crowd
from store.deployments import previous_deployment, record_deployment
from store.engine import writing

SWAP_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Swap:
    """Seconds from the commit of the decision to the end of the first answer of the release that it names."""

    action: str
    release_id: str
    seconds: float


def swap(engine: Engine, crowd: Crowd, variants: Sequence[str], count: int) -> list[Swap]:
    """Promote a variant, roll back, promote the next: ``count`` times in all. Fails where one never shows."""
    return [
        _promoted(engine, crowd, variants[number // 2]) if number % 2 == 0 else _rolled_back(engine, crowd)
        for number in range(count)
    ]


def _promoted(engine: Engine, crowd: Crowd, release_id: str) -> Swap:
    with writing(engine) as connection:
        record_deployment(connection, release_id, action="promote", who="swap", why="")
    return Swap("promote", release_id, _shown(crowd, release_id))


def _rolled_back(engine: Engine, crowd: Crowd) -> Swap:
    with writing(engine) as connection:
        previous = previous_deployment(connection)
        assert previous is not None
        record_deployment(connection, previous.release_id, action="rollback", who="swap", why="")
    return Swap("rollback", previous.release_id, _shown(crowd, previous.release_id))


def _shown(crowd: Crowd, release_id: str) -> float:
    """Seconds until the first answer of this release; returns when the last ones of the other are over too."""
    began, first = time.monotonic(), 0.0
    while time.monotonic() - began < SWAP_SECONDS:
        later = [one for one in crowd.seen[-1000:] if one.ended > began and one.status == 200]
        hits = [one for one in later if one.release == release_id]
        if hits and not first:
            first = hits[0].ended - began
        if first and all(one.release == release_id for one in later[-32:]) and len(hits) >= 32:
            return first
        time.sleep(0.01)
    raise TimeoutError(f"{release_id} is not shown after {SWAP_SECONDS:g} s")
