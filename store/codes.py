"""Ids as numbers, gathered while rows are read: a column of strings takes ten times the memory."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class Codes:
    """A column of ids, gathered part by part as numbers in the order of first appearance; None is -1."""

    def __init__(self) -> None:
        self._code: dict[str | None, int] = {None: -1}
        self._parts: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]

    def add(self, ids: Iterable[str | None]) -> None:
        """The ids of some further rows."""
        code = self._code
        self._parts.append(np.array([code.setdefault(one, len(code) - 1) for one in ids], dtype=np.int32))

    def sorted(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """The column as codes into its sorted distinct ids, and those ids."""
        ids = tuple(sorted(one for one in self._code if one is not None))
        rank = np.full(len(ids) + 1, -1, dtype=np.int32)  # the last one is for None
        rank[[self._code[one] for one in ids]] = np.arange(len(ids), dtype=np.int32)
        return rank[np.concatenate(self._parts)], ids
