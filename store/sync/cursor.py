"""How far a shop's rows have been read: by when they changed, and among those that changed at once by their key."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from recommender.errors import InvalidInput

_READ: Final[Mapping[str, Callable[[Any], object]]] = {
    "int": int,
    "float": float,
    "str": str,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "Decimal": Decimal,
    "UUID": UUID,
}
"""By the name of the type: what an SQL database gives and can be asked for again."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row that was dealt with. ``changed_at`` is None where the shop does not say when rows change.

    Without a ``key`` a run was finished: what changed at that very moment is read again, for a row may have been
    committed since.
    """

    changed_at: object
    key: object

    def finished(self) -> "Cursor | None":
        """Where the next run begins; None is at the beginning."""
        return None if self.changed_at is None else Cursor(self.changed_at, None)

    def text(self) -> str:
        """For the store; raises InvalidInput for values of a type that cannot be read back."""
        return json.dumps({"changed_at": _written("updated_at", self.changed_at), "key": _written("key", self.key)})


def read_cursor(text: str | None) -> Cursor | None:
    """What `Cursor.text` wrote."""
    if text is None:
        return None
    said = json.loads(text)
    return Cursor(_read(said["changed_at"]), _read(said["key"]))


def _written(field: str, value: object) -> list[object] | None:
    if value is None:
        return None
    name = type(value).__name__
    if name not in _READ:
        raise InvalidInput(field, str(value), f"rows cannot be read in the order of a column of {name}")
    if isinstance(value, date):
        return [name, value.isoformat()]
    return [name, value if isinstance(value, int | float | str) else str(value)]


def _read(said: list[Any] | None) -> object:
    return None if said is None else _READ[said[0]](said[1])
