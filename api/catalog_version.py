"""A name for the state that the catalog is in: the same in every replica that has followed the same changes."""

import secrets
from collections.abc import Iterable

from store.changes import CATALOG_KINDS, Change


class CatalogVersion:
    """The id of the newest change of products that the catalog holds; a random name while it may hold more than that.

    It holds more after this process wrote a product itself, until the change feed has told of it.
    """

    def __init__(self) -> None:
        self.name = secrets.token_hex(8)
        self._change = 0
        self._own_writes = 0

    def begin(self, change: int) -> None:
        """The catalog is about to be read, at or after this change of products."""
        self._change = change

    def moved(self) -> None:
        """The catalog is another one from now on."""
        self.name = secrets.token_hex(8)

    def own_write(self) -> None:
        """This process has taken in products, or is about to, of which the feed may not have told yet."""
        self._own_writes += 1

    @property
    def own_writes(self) -> int:
        """How many so far: to be asked for before changes are read, and given to `followed`."""
        return self._own_writes

    def followed(self, changes: Iterable[Change], own_writes: int) -> None:
        """The catalog holds these changes. It stands exactly there where nothing was written here in between."""
        self._change = max([self._change, *(change.id for change in changes if change.kind in CATALOG_KINDS)])
        if own_writes == self._own_writes:
            self.name = str(self._change)
