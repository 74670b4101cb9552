import time

from hypothesis import given
from hypothesis import strategies as st

from store.instants import LATEST_MS, now_ms, to_ms, to_seconds


@given(milliseconds=st.integers(0, LATEST_MS))
def test_milliseconds_survive_the_way_through_seconds(milliseconds: int) -> None:
    assert to_ms(to_seconds(milliseconds)) == milliseconds


def test_seconds_are_rounded_to_the_nearest_millisecond() -> None:
    assert [to_ms(seconds) for seconds in (0.0, 1.0004, 1.0006, 1_700_000_000.125)] == [
        0,
        1000,
        1001,
        1_700_000_000_125,
    ]


def test_now_is_now() -> None:
    assert abs(to_seconds(now_ms()) - time.time()) < 5
