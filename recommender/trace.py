"""Where the time of a request goes, and how much is left. The clock is given: this package has none of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Trace:
    """Stage timings and the deadline of one request, in seconds on the given monotonic clock."""

    def __init__(self, clock: Callable[[], float], budget: float) -> None:
        self._clock = clock
        self._ends = clock() + budget
        self.seconds: dict[str, float] = {}
        """Seconds spent per stage."""

    def remaining(self) -> float:
        """Seconds left until the deadline; negative when it has passed."""
        return self._ends - self._clock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Charge the time inside to ``name``."""
        began = self._clock()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self._clock() - began


def timeless() -> Trace:
    """A trace whose clock stands still: for offline replays, where no stage may be skipped for lack of time."""
    return Trace(lambda: 0.0, float("inf"))
