"""Columns that a shop calls otherwise: our name → the shop's."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from recommender.errors import InvalidInput

Column = TypeVar("Column")


def renamed(columns: Mapping[str, Column], mapping: Mapping[str, str]) -> dict[str, Column]:
    """The columns under our names; of two for one of our names the mapped one. One column may have several names."""
    taken = {*mapping, *mapping.values()}
    kept = {name: column for name, column in columns.items() if name not in taken}
    return kept | {ours: columns[theirs] for ours, theirs in mapping.items() if theirs in columns}


def check_mapping(mapping: Mapping[str, str], *, there: Iterable[str], known: Iterable[str] | None) -> None:
    """Raises InvalidInput for one of our names that is not in ``known``, or a column that is not ``there``."""
    names, there = None if known is None else list(known), list(there)
    for ours, theirs in mapping.items():
        if names is not None and ours not in names:
            raise InvalidInput("columns", ours, f"is not a column of ours; known: {', '.join(names)}")
        if theirs not in there:
            raise InvalidInput("columns", theirs, f"is not a column there; there are: {', '.join(there)}")
