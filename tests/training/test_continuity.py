"""Data with a lost day is refused with the numbers; holidays, closing days and small shops are not."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InvalidInput
from recommender.history import DAY
from training.continuity import find_gaps, require_whole

START = datetime(2023, 9, 4, tzinfo=UTC).timestamp()
"""A Monday."""


def shop(days: int = 150, *, a_day: float = 200.0, weekdays: tuple[int, ...] = tuple(range(7)), seed: int = 0) -> dict:
    """Baskets by day from Monday, 2023-09-04, on; more at weekends."""
    rng = np.random.default_rng(seed)
    usual = {day: a_day * (1.4 if day % 7 >= 5 else 1.0) * (day % 7 in weekdays) for day in range(days)}
    return {day: int(rng.poisson(mean)) for day, mean in usual.items()}


def moments(baskets: dict[int, int]) -> np.ndarray:
    return np.concatenate([START + day * DAY + np.linspace(3600, 80_000, count) for day, count in baskets.items()])


def number(date: str) -> int:
    return int((datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() - START) / DAY)


def said(baskets: dict[int, int]) -> list[str]:
    return [str(gap) for gap in find_gaps(moments(baskets))]


def test_a_whole_shop_passes() -> None:
    assert said(shop()) == []


@pytest.mark.parametrize("date", ["2023-10-10", "2023-09-05", "2024-01-30"])
def test_a_missing_day_is_named_with_the_number_that_was_expected(date: str) -> None:
    (gap,) = said(shop() | {number(date): 0})
    assert gap.startswith(f"{date}: 0 baskets, about ")
    assert 150 < float(gap.split("about ")[1].split()[0]) < 320


def test_a_missing_month_is_one_gap() -> None:
    lost = dict.fromkeys(range(number("2023-10-20"), number("2023-11-20")), 0)
    assert [gap.split(":")[0] for gap in said(shop() | lost)] == ["2023-10-20 to 2023-11-19"]


@pytest.mark.parametrize("holiday", ["2023-12-25", "2023-12-26", "2024-01-01"])
def test_a_shop_may_be_closed_at_the_turn_of_the_year(holiday: str) -> None:
    assert said(shop() | {number(holiday): 0}) == []
    assert said(shop() | {number(holiday): 3}) == []


def test_a_lost_day_beside_a_holiday_is_still_lost() -> None:
    lost = {number("2023-12-25"): 0, number("2023-12-26"): 0, number("2023-12-27"): 0}
    (gap,) = said(shop() | lost)
    assert gap.startswith("2023-12-25 to 2023-12-27")


def test_weekdays_on_which_a_shop_never_sells_are_not_missing() -> None:
    assert said(shop(weekdays=(0, 1, 2, 3, 4, 5))) == []


def test_a_small_shop_has_days_without_a_customer() -> None:
    quiet = shop(a_day=0.7)
    assert 0 in quiet.values()
    assert said(quiet) == []


def test_but_not_a_whole_month() -> None:
    lost = dict.fromkeys(range(60, 95), 0)
    assert len(said(shop(a_day=0.7) | lost)) == 1


def test_a_drop_of_one_day_is_refused_and_half_a_day_is_not() -> None:
    (gap,) = said(shop() | {50: 20})
    assert "2023-10-24: 20 baskets" in gap
    assert said(shop() | {50: 100}) == []


def test_a_week_at_a_third_of_the_volume_is_refused() -> None:
    baskets = shop()
    baskets |= {day: baskets[day] // 3 for day in range(93, 107)}
    assert any("about 1,5" in gap for gap in said(baskets))


def test_the_first_and_the_last_day_may_be_cut_off() -> None:
    assert said(shop() | {0: 5, 149: 1}) == []


def test_the_error_says_how_to_go_on() -> None:
    with pytest.raises(InvalidInput, match=r"2023-10-10: 0 baskets, about .* --accept-gaps WHY"):
        require_whole(moments(shop() | {number("2023-10-10"): 0}))
    require_whole(moments(shop()))
    closed = moments(shop() | {number("2023-10-10"): 0})
    (gap,) = find_gaps(closed)
    require_whole(closed, accepted={(gap.first, gap.last)})
    with pytest.raises(InvalidInput):
        require_whole(closed, accepted={(gap.first - 1, gap.last)})
    with pytest.raises(InvalidInput, match=r"0 of products in the catalog.*nothing to learn from.* --accept-gaps WHY"):
        require_whole(np.zeros(0))


@given(st.integers(0, 3), st.floats(1.0, 40.0))
def test_too_short_to_judge_is_not_judged(days: int, a_day: float) -> None:
    assert find_gaps(moments(shop(days, a_day=a_day)) if days else np.zeros(0)) == []


@pytest.mark.parametrize("a_day", [0.5, 3.0, 12.0, 30.0, 80.0, 400.0])
def test_chance_alone_is_hardly_ever_refused(a_day: float) -> None:
    """Once in 22,000 days on which ten baskets are expected: in half a year of such days, one shop in a hundred."""
    assert sum(said(shop(a_day=a_day, seed=seed)) != [] for seed in range(100)) <= 1
