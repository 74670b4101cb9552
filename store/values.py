"""Checks of single values: what passes is stored unchanged by SQLite and by PostgreSQL."""

import math
from typing import Final

from recommender.errors import InvalidInput
from store.instants import LATEST_MS, to_ms

MAX_COUNT: Final = 2**31 - 1
"""Largest number an INTEGER column of PostgreSQL holds."""


def check_text(field: str, value: str | None, *, required: bool = False) -> None:
    """Raises InvalidInput for a missing required text, a NUL character or a lone surrogate."""
    if not value:
        if required:
            raise InvalidInput(field, value, "must not be empty")
        return
    if "\0" in value:
        raise InvalidInput(field, value, "contains a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(field, value, "is not valid Unicode") from error


def check_price(field: str, value: float | None, *, positive: bool = False) -> None:
    """Raises InvalidInput unless the price is unknown (None), or finite and at least 0 (above 0 if positive)."""
    if value is None:
        return
    if not math.isfinite(value) or value < 0 or (positive and value == 0):
        raise InvalidInput(field, value, f"must be a number {'above' if positive else 'of at least'} 0")


def check_count(field: str, value: int | None, *, least: int) -> None:
    """Raises InvalidInput unless the count is unknown (None) or a whole number from ``least`` to `MAX_COUNT`."""
    if value is not None and not (isinstance(value, int) and least <= value <= MAX_COUNT):
        raise InvalidInput(field, value, f"must be a whole number from {least} to {MAX_COUNT}")


def check_instant(field: str, seconds: float | None) -> None:
    """Raises InvalidInput unless unknown (None) or epoch seconds from 1970 to 2099."""
    if seconds is not None and not (math.isfinite(seconds) and 0 <= to_ms(seconds) < LATEST_MS):
        raise InvalidInput(field, seconds, "must be epoch seconds between 1970 and 2100")
