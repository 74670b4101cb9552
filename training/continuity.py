"""Is the data whole? Training on a shop whose export lost a day learns that nobody shops, and says nothing of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.errors import InvalidInput
from recommender.history import DAY

MISSING_BASKETS: Final = 10.0
"""Days without a basket are missing where so many were expected: by chance (Poisson) that happens once in 22,000."""
DROP_SHARE: Final = 0.25
"""A day must hold this share of what its weekday usually holds; Thanksgiving and the day after it hold half."""
WEEK_SHARE: Final = 0.5
DROP_BASKETS: Final = 50.0
"""Drops are judged from so many expected baskets on; below, chance alone can halve a day."""
NEIGHBOURS: Final = 4
"""The same weekday of four weeks before and four after says what a day usually holds."""
HOLIDAYS: Final = frozenset({(1, 1), (12, 25), (12, 26)})
"""Month and day on which shops may be closed; weekdays on which a shop never sells are known from its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Days with too few baskets; ``first`` and ``last`` count from 1970-01-01 in the data's original time."""

    first: int
    last: int
    found: int
    expected: float

    def __str__(self) -> str:
        days = _date(self.first) if self.first == self.last else f"{_date(self.first)} to {_date(self.last)}"
        return f"{days}: {self.found:,} baskets, about {self.expected:,.0f} expected"


def require_whole(at: NDArray[np.float64], *, accepted: Collection[tuple[int, int]] = ()) -> None:
    """`InvalidInput` where there is no basket, a day is missing or the volume dropped. ``at``: see `find_gaps`.

    ``accepted``: first and last days of gaps that the release that serves was trained over. One closed day must not
    stop every training after it.
    """
    if not len(at):
        reason = "nothing to learn from: shelfwise import orders FILE, or send events, with the catalog's product ids"
        raise InvalidInput("purchases", "0 of products in the catalog", f"{reason}; --accept-gaps WHY trains without")
    gaps = [gap for gap in find_gaps(at) if (gap.first, gap.last) not in accepted]
    if gaps:
        shown = "; ".join(map(str, gaps[:5])) + (f"; and {len(gaps) - 5} more" if len(gaps) > 5 else "")
        raise InvalidInput("purchases", shown, "the data has gaps; --accept-gaps WHY trains on it all the same")


def find_gaps(at: NDArray[np.float64]) -> list[Gap]:
    """Gaps in baskets at these moments (epoch seconds in the data's original time), oldest first.

    The first and the last day may be cut off and are not judged. Days are UTC days.
    """
    if not len(at):
        return []
    day = np.floor(at / DAY).astype(np.int64)
    start = int(day.min())
    counts = np.bincount(day - start)
    if len(counts) < 3:
        return []
    usual = _usual(counts, step=7)
    holiday = np.array([_is_holiday(start + number) for number in range(len(counts))])
    usual[holiday] = 0.0
    found = _missing(counts, usual) + _dropped(counts, usual) + _dropped_weeks(counts)
    return sorted((_moved(gap, start) for gap in found), key=lambda gap: (gap.first, gap.last))


def _usual(counts: NDArray[np.int64], *, step: int) -> NDArray[np.float64]:
    """Median of the values ``step`` apart from each, four before and four after; their mean where they are few."""
    offsets = [step * weeks for weeks in range(-NEIGHBOURS, NEIGHBOURS + 1) if weeks]
    places = np.arange(len(counts))[:, None] + np.array(offsets)
    inside = (places >= 0) & (places < len(counts))
    values = np.where(inside, counts[np.clip(places, 0, len(counts) - 1)], np.nan)
    known = inside.any(axis=1)
    usual = np.zeros(len(counts))
    median = np.nanmedian(values[known], axis=1)
    usual[known] = np.where(median < MISSING_BASKETS, np.nanmean(values[known], axis=1), median)
    return usual


def _missing(counts: NDArray[np.int64], usual: NDArray[np.float64]) -> list[Gap]:
    """Runs of days without any basket in which at least `MISSING_BASKETS` were expected."""
    empty = np.concatenate([[False], counts == 0, [False]])
    edges = np.flatnonzero(np.diff(empty.astype(np.int8)))
    runs = [(int(first), int(last) - 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]
    gaps = [Gap(first=a, last=b, found=0, expected=float(usual[a : b + 1].sum())) for a, b in runs]
    return [gap for gap in gaps if gap.expected >= MISSING_BASKETS]


def _dropped(counts: NDArray[np.int64], usual: NDArray[np.float64]) -> list[Gap]:
    """Days with some baskets, but far fewer than usual; not the first and the last."""
    low = (counts > 0) & (usual >= DROP_BASKETS) & (counts < DROP_SHARE * usual)
    low[[0, -1]] = False
    return [Gap(first=d, last=d, found=int(counts[d]), expected=float(usual[d])) for d in np.flatnonzero(low).tolist()]


def _dropped_weeks(counts: NDArray[np.int64]) -> list[Gap]:
    """Weeks, counted back from the last whole day, that hold less than half of what the weeks around them hold."""
    whole = counts[1:-1]
    whole = whole[len(whole) % 7 :]
    weeks = whole.reshape(-1, 7)
    total, offset = weeks.sum(axis=1), len(counts) - 1 - len(whole)
    usual = _usual(total, step=1)
    low = (usual >= DROP_BASKETS) & (total < WEEK_SHARE * usual) & (weeks > 0).all(axis=1)
    return [
        Gap(first=offset + 7 * w, last=offset + 7 * w + 6, found=int(total[w]), expected=float(usual[w]))
        for w in np.flatnonzero(low).tolist()
    ]


def _moved(gap: Gap, start: int) -> Gap:
    return Gap(first=start + gap.first, last=start + gap.last, found=gap.found, expected=gap.expected)


def _is_holiday(day: int) -> bool:
    moment = datetime.fromtimestamp(day * DAY, tz=UTC)
    return (moment.month, moment.day) in HOLIDAYS


def _date(day: int) -> str:
    return f"{datetime.fromtimestamp(day * DAY, tz=UTC):%Y-%m-%d}"
