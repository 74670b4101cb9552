"""The error tree. An error that a caller can cause names field and value; the API maps it to HTTP in one place."""


class ShelfwiseError(Exception):
    """Base of every error that Shelfwise raises on purpose."""


class InvalidInput(ShelfwiseError):
    """A value that the caller sent cannot be used."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        self.field, self.value, self.reason = field, value, reason
        super().__init__(f"{field}={value!r}: {reason}")


class UnknownProduct(ShelfwiseError):
    """A product that the caller asked about is not in the catalog."""

    def __init__(self, field: str, value: str) -> None:
        self.field, self.value = field, value
        super().__init__(f"{field}={value!r}: no such product in the catalog")


class UnknownCustomer(ShelfwiseError):
    """Nothing is kept of a customer that the caller asked about."""

    def __init__(self, user_id: str) -> None:
        self.field, self.value = "user_id", user_id
        super().__init__(f"user_id={user_id!r}: nothing is kept of this customer")


class NoRelease(ShelfwiseError):
    """No release has been promoted yet, so nothing can be recommended."""


class InvalidRelease(ShelfwiseError):
    """A release is damaged, incomplete or of a schema that this version cannot read."""


class StageUnavailable(ShelfwiseError):
    """A stage did not answer in time, or not at all; the pipeline goes on without it."""

    def __init__(self, stage: str, reason: str) -> None:
        self.stage, self.reason = stage, reason
        super().__init__(f"stage {stage}: {reason}")
