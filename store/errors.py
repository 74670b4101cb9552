"""What can go wrong in the store that is nobody's input."""

from recommender.errors import ShelfwiseError


class StoreUnavailable(ShelfwiseError):
    """The database cannot do this now: locked for too long, disk full, connection lost, not migrated.

    Nothing of the transaction was kept. A caller may try again; with an ``event_id`` that is safe.
    """


class JobIsRunning(ShelfwiseError):
    """Another process runs this job now; nothing was done."""
