"""The rows of a file that were not loaded, one JSON object a line."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reject:
    """A data row (``line``, the first is 1) that was not loaded, and the field and value it was not loaded for.

    ``key`` is the row's own in a shop's database; a file's rows have none.
    """

    line: int
    field: str
    value: object
    reason: str
    key: str | None = None

    def shown(self) -> dict[str, object]:
        """The fields it has."""
        return {name: value for name, value in asdict(self).items() if name != "key" or value is not None}


@dataclass(frozen=True, slots=True)
class RejectsFile:
    """Lists rejects in the order of the file's rows. There is no file while there are none."""

    path: Path

    def append(self, rejects: Iterable[Reject]) -> None:
        """Returns when they are on disk, so that a transaction that counts them can commit after."""
        lines = [json.dumps(reject.shown(), ensure_ascii=False) + "\n" for reject in rejects]
        if not lines:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())

    def keep_up_to(self, line: int) -> None:
        """Forget the rejects after this data row: of an earlier import, or of a transaction that never committed."""
        kept = list(self._lines_up_to(line))
        self.path.unlink(missing_ok=True)
        if kept:
            self.path.write_text("".join(kept), encoding="utf-8")

    def listed(self) -> set[tuple[object, object, object]]:
        """Key, field and reason of each reject that is on disk."""
        if not self.path.exists():
            return set()
        with self.path.open(encoding="utf-8", newline="\n") as file:
            rejects = [json.loads(line) for line in file]
        return {(reject.get("key"), reject["field"], reject["reason"]) for reject in rejects}

    def _lines_up_to(self, line: int) -> Iterator[str]:
        if line == 0 or not self.path.exists():
            return
        with self.path.open(encoding="utf-8", newline="\n") as file:
            for text in file:
                if not text.endswith("\n") or json.loads(text)["line"] > line:
                    return  # cut off in the middle of a write, or not committed: so is what follows
                yield text
