"""Time per stage and time left, on a clock that the caller owns."""

import math

import pytest

from recommender.trace import Trace, timeless


class Clock:
    """Stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_what_is_left_shrinks_with_the_clock_and_goes_below_0(clock: Clock) -> None:
    trace = Trace(clock, budget=2.0)
    assert trace.remaining() == 2.0
    clock.now += 3.0
    assert trace.remaining() == -1.0


def test_time_is_charged_to_the_stage_and_sums_up(clock: Clock) -> None:
    trace = Trace(clock, budget=2.0)
    for seconds in (0.5, 0.25):
        with trace.stage("score"):
            clock.now += seconds
    with trace.stage("slate"):
        pass
    assert trace.seconds == {"score": 0.75, "slate": 0.0}


def fail_after(clock: Clock, trace: Trace, seconds: float) -> None:
    with trace.stage("score"):
        clock.now += seconds
        raise KeyError("x")


def test_a_stage_that_fails_is_charged_too(clock: Clock) -> None:
    trace = Trace(clock, budget=2.0)
    with pytest.raises(KeyError):
        fail_after(clock, trace, 0.5)
    assert trace.seconds == {"score": 0.5}


def test_offline_there_is_always_time() -> None:
    assert timeless().remaining() == math.inf
