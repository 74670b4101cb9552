"""Our own log lines: one per event, with time and level, on stderr."""

import logging

from recommender.errors import InvalidInput


def configure_logs(level: str) -> None:
    """Send the loggers below ``shelfwise`` to stderr from this level on; `InvalidInput` for an unknown level."""
    logger = logging.getLogger("shelfwise")
    try:
        logger.setLevel(level.upper())
    except ValueError as error:
        raise InvalidInput("SHELFWISE_LOG_LEVEL", level, "is not DEBUG, INFO, WARNING or ERROR") from error
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
