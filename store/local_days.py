"""Days of the shop: they begin and end where its clocks say midnight, and have 23 or 25 hours twice a year."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from store.instants import to_ms

_QUARTER_MS: Final = 900_000  # clocks are changed on quarters of an hour


def local_ms(instants: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """What the shop's clocks showed at these epoch milliseconds: milliseconds since 1970-01-01 00:00 there."""
    quarters, place = np.unique(instants // _QUARTER_MS, return_inverse=True)
    offsets = [_offset_ms(quarter * _QUARTER_MS, zone) for quarter in quarters.tolist()]
    shown: NDArray[np.int64] = instants + np.array(offsets, dtype=np.int64)[place]
    return shown


def _offset_ms(instant: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant / 1000, zone).utcoffset()
    assert offset is not None
    return round(offset / timedelta(milliseconds=1))


def day_of(instant: int, zone: ZoneInfo) -> str:
    """The day (``2026-11-21``) on which an instant in epoch milliseconds lies."""
    return datetime.fromtimestamp(instant / 1000, zone).date().isoformat()


def day_start(day: str, zone: ZoneInfo) -> int:
    """The first instant of a day, in epoch milliseconds."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    return to_ms(midnight.astimezone(UTC).timestamp())


def day_after(day: str) -> str:
    """The next day."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def days_between(first: int, last: int, zone: ZoneInfo) -> Iterator[str]:
    """Every day from the one of ``first`` to the one of ``last`` (epoch milliseconds), both included."""
    day, end = day_of(first, zone), day_of(last, zone)
    while day <= end:
        yield day
        day = day_after(day)
