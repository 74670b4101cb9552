"""Instants: epoch milliseconds UTC in the database, float epoch seconds everywhere else."""

import time
from typing import Final

LATEST_MS: Final = 4_102_444_800_000
"""2100-01-01. Later instants are refused: almost always milliseconds sent as seconds."""


def to_ms(seconds: float) -> int:
    """Epoch milliseconds, rounded to the nearest."""
    return round(seconds * 1000)


def to_seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def now_ms() -> int:
    return time.time_ns() // 1_000_000
