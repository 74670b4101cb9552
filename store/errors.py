"""What the store cannot do: because of what is stored already, or because of the database."""

from recommender.errors import ShelfwiseError


class StoreUnavailable(ShelfwiseError):
    """The database cannot do this now: locked for too long, disk full, connection lost, not migrated.

    Nothing of the transaction was kept. A caller may try again; with an ``event_id`` that is safe.
    """


class JobIsRunning(ShelfwiseError):
    """Another process runs this job now; nothing was done."""


class Conflict(ShelfwiseError):
    """A value that would be good by itself contradicts what is stored; nothing was changed."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        self.field, self.value, self.reason = field, value, reason
        super().__init__(f"{field}={value!r}: {reason}")


class HealthDataLocked(ShelfwiseError):
    """Health data cannot be encrypted or read: no key, not the right one, or damaged. The text names no content."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"health data: {reason}")
