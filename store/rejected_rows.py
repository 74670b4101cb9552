"""Files of rejected rows repeat what was wrong with a row, which may hold a customer's id.

Apart from `store.imports`, which needs pandas: a serving process erases customers too.
"""

import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path


def forget_rejected(folder: Path, ids: Collection[str]) -> int:
    """Remove the lines in which one of the ids stands as a word of its own; returns how many.

    A file is replaced as a whole, so an interruption leaves the old one or the new one. Not while a file is imported.
    """
    if not ids or not folder.is_dir():
        return 0
    names = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids))})(?!\w)")
    return sum(_without(path, names) for path in sorted(folder.glob("*.ndjson")))


def _without(path: Path, names: re.Pattern[str]) -> int:
    with path.open(encoding="utf-8", newline="\n") as file:
        lines = list(file)
    kept = [line for line in lines if not any(names.search(text) for text in _texts(line))]
    if len(kept) < len(lines):
        fresh = path.with_suffix(".fresh")
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(kept)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    return len(lines) - len(kept)


def _texts(line: str) -> Iterator[str]:
    """What a line says; its own number in the file is no id."""
    try:
        reject = json.loads(line)
    except ValueError:  # cut off in the middle of a write
        yield line
        return
    yield from (str(value) for name, value in reject.items() if name != "line")
