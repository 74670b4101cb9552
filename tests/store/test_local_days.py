from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.local_days import day_after, day_of, day_start, days_between, local_ms

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Santiago", "Pacific/Apia")]
HOUR = 3_600_000
INSTANTS = st.integers(0, 4_102_444_799_999)


def test_a_day_has_23_hours_when_clocks_go_forward_and_25_when_they_go_back() -> None:
    hours = {day: (day_start(day_after(day), BERLIN) - day_start(day, BERLIN)) / HOUR for day in DAYS}
    assert hours == {"2026-03-28": 24, "2026-03-29": 23, "2026-10-25": 25}


DAYS = ("2026-03-28", "2026-03-29", "2026-10-25")


def test_days_between_has_both_ends() -> None:
    first, last = day_start("2026-02-27", BERLIN), day_start("2026-03-02", BERLIN)
    assert list(days_between(first, last, BERLIN)) == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]
    assert list(days_between(first, last - 1, BERLIN))[-1] == "2026-03-01"


@pytest.mark.parametrize("zone", ZONES, ids=str)
@given(instant=INSTANTS)
def test_every_instant_lies_in_its_day(zone: ZoneInfo, instant: int) -> None:
    day = day_of(instant, zone)
    assert day_start(day, zone) <= instant < day_start(day_after(day), zone)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@given(instants=st.lists(INSTANTS, max_size=20))
def test_a_column_shows_what_clocks_showed(zone: ZoneInfo, instants: list[int]) -> None:
    shown = local_ms(np.array(instants, dtype=np.int64), zone)
    clocks = [datetime.fromtimestamp(instant / 1000, zone).replace(tzinfo=None, microsecond=0) for instant in instants]
    assert shown.astype("datetime64[ms]").astype("datetime64[s]").tolist() == clocks
