import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.imports.columns import as_count, as_flag, as_instant, as_number, as_series, as_text
from store.values import MAX_COUNT

MISSING = [None, "", "  ", float("nan")]


def column(*values: object) -> "pd.Series":
    return as_series(list(values), len(values))


def test_a_column_the_file_does_not_have_is_missing() -> None:
    assert as_text(as_series(None, 3)).missing.tolist() == [True] * 3


def test_a_chunk_without_rows_is_a_column_without_rows() -> None:
    for read in (as_text, as_number, as_flag, as_instant):
        assert len(read(as_series([], 0)).values) == 0
        assert len(read(as_series(None, 0)).values) == 0


@pytest.mark.parametrize("value", [*MISSING, pd.NaT, pd.NA])
def test_missing_is_missing_for_every_kind(value: object) -> None:
    for read in (as_text, as_number, as_flag, as_instant):
        result = read(column(value))
        assert (result.missing.tolist(), result.unusable.tolist()) == ([True], [False])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" milk ", "milk"),
        (12, "12"),
        (12.0, "12"),
        (2.5, "2.5"),
        (10**30, str(10**30)),
        (True, "true"),
        (np.bool_(False), "false"),
        (Decimal("1.50"), "1.50"),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, 3, tzinfo=UTC), "2024-01-02T03:00:00+00:00"),
        ({"a": [1, "é"]}, '{"a": [1, "é"]}'),
        (np.array([1, 2]), "[1, 2]"),
        ("NA", "NA"),
        ("nan", "nan"),
        ("None", "None"),
    ],
)
def test_any_value_as_text(value: object, text: str) -> None:
    assert as_text(column(value)).values.tolist() == [text]
    assert as_text(column(None, value)).values.tolist() == [None, text]


def test_ids_with_gaps_stay_whole_numbers() -> None:
    assert as_text(as_series(pa.array([12, None]), 2)).values.tolist() == ["12", None]
    assert as_text(as_series(pa.array([12.0, None]), 2)).values.tolist() == ["12", None]
    assert as_text(as_series(pa.array([2**60 + 1, None]), 2)).values.tolist() == [str(2**60 + 1), None]


def test_nul_is_unusable_in_text() -> None:
    assert as_text(column("a\0b", "ab", None)).unusable.tolist() == [True, False, False]


@given(values=st.lists(st.none() | st.text(), max_size=5))
def test_text_is_trimmed_and_nothing_else(values: list[str | None]) -> None:
    result = as_text(column(*values)).values.tolist()
    assert result == [value.strip() or None if value is not None else None for value in values]


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_exact_from_text_and_from_numbers(value: float) -> None:
    assert as_number(column(repr(value))).values.tolist() == [value]
    assert as_number(column(f" {value!r} ")).values.tolist() == [value]
    assert as_number(column(value)).values.tolist() == [value]
    assert as_number(as_series(pa.array([value]), 1)).values.tolist() == [value]


@pytest.mark.parametrize("value", ["x", "1,5", "1_000", "0x10", "inf", math.inf, "nan", "1e999", True, [1]])
def test_what_is_no_number_is_unusable(value: object) -> None:
    result = as_number(column("1", value))
    assert (result.unusable.tolist(), math.isnan(result.values[1])) == ([False, True], True)


@pytest.mark.parametrize(("value", "usable"), [(1, True), ("3", True), (2.0, True), (MAX_COUNT, True)])
def test_counts(value: object, usable: bool) -> None:
    assert (~as_count(column(value), least=1).unusable).tolist() == [usable]


@pytest.mark.parametrize("value", [0, -1, 1.5, "1.5", MAX_COUNT + 1, "x", 10**400])
def test_what_is_no_count_is_unusable(value: object) -> None:
    assert as_count(column(value), least=1).unusable.tolist() == [True]


def test_flags() -> None:
    result = as_flag(column("True", "no", 1, 0, True, False, "maybe", 2, None))
    assert result.values[:6].tolist() == [1, 0, 1, 0, 1, 0]
    assert result.unusable.tolist() == [False] * 6 + [True, True, False]
    assert as_flag(as_series(pa.array([True, None]), 2)).values[0] == 1


NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
NOON_MS = 1_704_196_800_000


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-02T12:00:00Z",
        "2024-01-02 12:00",
        "2024-01-02T12:00:00.000999",
        "2024-01-02T14:00:00+02:00",
        "2024-01-02T06:30:00-0530",
        "1704196800",
        " 1704196800.0 ",
        1_704_196_800,
        1_704_196_800.0,
        NOON,
        NOON.astimezone(timezone(timedelta(hours=-3))),
        NOON.replace(tzinfo=None),
        pd.Timestamp(NOON),
    ],
)
def test_instants(value: object) -> None:
    assert as_instant(column(value)).values.tolist() == [NOON_MS]
    mixed = as_instant(column(None, "no", value, "2024-01-02"))
    assert mixed.values[2:].tolist() == [NOON_MS, NOON_MS - 12 * 3_600_000]
    assert (mixed.missing.tolist(), mixed.unusable.tolist()) == (
        [True, False, False, False],
        [False, True, False, False],
    )


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_instants_of_parquet(unit: str, zone: str | None) -> None:
    moment = NOON if zone else NOON.replace(tzinfo=None)
    result = as_instant(as_series(pa.array([moment, None], pa.timestamp(unit, zone)), 2))
    assert result.values[0] == NOON_MS
    assert (result.missing.tolist(), result.unusable.tolist()) == ([False, True], [False, False])
    assert as_instant(as_series(pa.array([NOON.date()]), 1)).values[0] == NOON_MS - 12 * 3_600_000


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "now",
        "today",
        "2024-13-01",
        "2024-02-30",
        "02/01/2024",
        "20240102",
        20_240_102,
        1_704_196_800_000,
        "1704196800000",
        "1969-12-31T23:59:59Z",
        "2100-01-01",
        "9999-12-31",
        "0001-01-01",
        -1,
        True,
        "2024-01-02T25:00",
        datetime(2500, 1, 1),
    ],
)
def test_what_is_no_instant_is_unusable(value: object) -> None:
    result = as_instant(column(value))
    assert (result.missing.tolist(), result.unusable.tolist()) == ([False], [True])


moments = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))


@given(moment=moments, hours=st.integers(-12, 14))
def test_iso_8601_in_any_zone(moment: datetime, hours: int) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    for written in (elsewhere.isoformat(), elsewhere.isoformat(" "), moment.replace(tzinfo=None).isoformat()):
        if int(written[:4]) >= 1970:
            assert as_instant(column(written)).values.tolist() == [milliseconds]


@given(seconds=st.floats(1e8, 4_102_444_799))
def test_epoch_seconds(seconds: float) -> None:
    for written in (seconds, repr(seconds)):
        assert abs(as_instant(column(written)).values[0] - seconds * 1000) <= 0.5
