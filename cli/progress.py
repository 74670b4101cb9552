"""Progress in the terminal: a bar with an estimate where someone watches, a line now and then where nobody does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as Estimate

LINE_SECONDS: Final = 10.0
"""Without a terminal, a step that takes longer says how far it is this often."""


class Report(Protocol):
    """Told the running step, what is done and the total."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show it."""


@contextmanager
def progress(console: Console) -> Iterator[Report]:
    """Shows each step as it goes; a step is over when done equals total."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TextColumn("left:"), Estimate(), console=console) as bars:
        yield _Bars(bars)


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._tasks[step], completed=done, total=total)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._began: dict[str, float] = {}
        self._said = 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if step not in self._began:
            if done >= total:  # nothing that took time, but something to be said
                self._console.print(f"  {step}", highlight=False)
            else:
                self._began[step] = self._said = now
            return
        elapsed = now - self._began[step]
        if done >= total:
            self._console.print(f"  {step}: done in {elapsed:.1f} s", highlight=False)
            del self._began[step]
        elif now - self._said > LINE_SECONDS and done:
            left = elapsed * (total - done) / done
            self._console.print(f"  {step}: {done:,} of {total:,}, about {left:.0f} s left", highlight=False)
            self._said = now
