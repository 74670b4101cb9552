"""Turns a raw column into text, numbers, instants or flags, a whole column at a time.

Each result says per row whether the value is missing (null, NaN or blank text) and whether it cannot be used.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from store.imports.source_files import RawColumn
from store.instants import LATEST_MS
from store.values import MAX_COUNT

Mask = NDArray[np.bool_]

EARLIEST_NUMBER_S: Final = 100_000_000
"""1973. A smaller number is no epoch seconds but, say, the date 20240131."""

_FLAGS: Final = {"true": 1.0, "t": 1.0, "yes": 1.0, "y": 1.0, "1": 1.0} | {
    "false": 0.0,
    "f": 0.0,
    "no": 0.0,
    "n": 0.0,
    "0": 0.0,
}


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Trimmed text, None where missing. Unusable is text with a NUL character."""

    values: NDArray[np.object_]
    missing: Mask
    unusable: Mask


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """float64, NaN where missing or unusable."""

    values: NDArray[np.float64]
    missing: Mask
    unusable: Mask


def as_series(raw: RawColumn, rows: int) -> "pd.Series[Any]":
    """The column as the file has it; all null where the file does not have it."""
    if raw is None:
        return pd.Series([None] * rows, dtype=object)
    if isinstance(raw, list):
        return pd.Series(raw, dtype=object)
    series: pd.Series[Any] = raw.to_pandas(integer_object_nulls=True)  # an id 12 must not become 12.0
    return series


def as_text(series: "pd.Series[Any]") -> TextColumn:
    """Text of any value: a whole number without decimals, dates in ISO 8601, nested values as JSON."""
    text = _text(series)
    missing = text.isna().to_numpy(dtype=bool)
    values = text.to_numpy(dtype=object, copy=True)
    values[missing] = None
    return TextColumn(
        values=values,
        missing=missing,
        unusable=text.str.contains("\0", regex=False).to_numpy(dtype=bool, na_value=False),
    )


def _text(series: "pd.Series[Any]") -> "pd.Series[str]":
    if not isinstance(series.dtype, pd.StringDtype):
        series = series.astype(object).map(_value_text).astype("str")
    stripped = series.str.strip()
    return stripped.mask(stripped == "")


def _value_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else str(int(value)) if float(value).is_integer() else repr(float(value))
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def as_number(series: "pd.Series[Any]") -> NumberColumn:
    """Finite numbers, from numbers or from their text."""
    if pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype):
        missing = series.isna().to_numpy(dtype=bool)
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        text = _text(series)
        missing = text.isna().to_numpy(dtype=bool)
        values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return _numbers(values, missing, np.isfinite(values))


def as_count(series: "pd.Series[Any]", *, least: int) -> NumberColumn:
    """Whole numbers from ``least`` to `store.values.MAX_COUNT`."""
    number = as_number(series)
    usable = (number.values % 1 == 0) & (number.values >= least) & (number.values <= MAX_COUNT)
    return _numbers(number.values, number.missing, usable)


def as_flag(series: "pd.Series[Any]") -> NumberColumn:
    """1 for true, yes, 1; 0 for false, no, 0; in any case."""
    text = _text(series)
    values = text.str.lower().map(_FLAGS).to_numpy(dtype=np.float64, na_value=np.nan)
    return _numbers(values, text.isna().to_numpy(dtype=bool), np.isfinite(values))


def as_instant(series: "pd.Series[Any]") -> NumberColumn:
    """Epoch milliseconds, rounded down, from timestamps, ISO 8601 text (UTC where it has no zone) or epoch seconds."""
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        missing = series.isna().to_numpy(dtype=bool)
        values = _stamp_ms(pd.to_datetime(series, utc=True))
    elif pd.api.types.is_numeric_dtype(series.dtype):
        number = as_number(series)
        missing, values = number.missing, _number_ms(number.values)
    else:
        text = _text(series)
        missing = text.isna().to_numpy(dtype=bool)
        dated = text.str.match(r"\d{4}-\d\d-\d\d").to_numpy(dtype=bool, na_value=False)
        stamps = pd.to_datetime(text.where(dated), format="ISO8601", utc=True, errors="coerce")
        seconds = pd.to_numeric(text.mask(dated), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        values = np.where(dated, _stamp_ms(stamps), _number_ms(seconds))
    return _numbers(values, missing, (values >= 0) & (values < LATEST_MS))


def _stamp_ms(stamps: "pd.Series[pd.Timestamp]") -> NDArray[np.float64]:
    milliseconds = stamps.dt.as_unit("ms").astype("int64").to_numpy(dtype=np.float64)
    return np.where(stamps.isna(), np.nan, milliseconds)


def _number_ms(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    milliseconds = np.round(np.minimum(seconds, LATEST_MS) * 1000)  # no overflow, and still too late where it was
    return np.where(seconds >= EARLIEST_NUMBER_S, milliseconds, np.nan)


def _numbers(values: NDArray[np.floating[Any]], missing: Mask, usable: Mask) -> NumberColumn:
    return NumberColumn(np.where(usable, values, np.nan), missing, ~missing & ~usable)
