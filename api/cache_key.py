"""What two requests have in common when the one may have the other's answer: the same key in every replica."""

import hashlib
import json
from typing import Final

import numpy as np
from numpy.typing import NDArray

from api.live import Live
from recommender.decision_record import Versions
from recommender.history import NO_HISTORY
from recommender.pipeline import reads_history
from recommender.types import Query

BUCKET_SECONDS: Final = 900
"""What depends on the hour moves at most this late: the session's window and the age of new arrivals."""

KEYED: Final = frozenset({"context", "limit", "at", "history", "anchors", "exclude", "asked"})
"""Fields of a query that the key holds: every one, and a test says so."""


def key_of(query: Query, live: Live, versions: Versions) -> str:
    """32 hexadecimal digits. It names nobody: a customer is what the history in it says."""
    digest = hashlib.blake2b(digest_size=16)
    plain = [versions.release, versions.rules, versions.catalog, query.context, query.limit]
    digest.update(json.dumps([*plain, int(query.at // BUCKET_SECONDS)]).encode())
    history = query.history if reads_history(query) else NO_HISTORY
    for rows in (query.anchors, query.exclude, history.item):
        digest.update(_products(rows, live))
    digest.update(history.kind.tobytes())
    digest.update(history.at.tobytes())
    digest.update(query.asked.tobytes())
    return digest.hexdigest()


def _products(rows: NDArray[np.integer], live: Live) -> bytes:
    """Rows of the release are the same everywhere; newer products have the row in which each process saw them."""
    newer = [str(one) for one in live.snapshot.catalog.external_id[rows[rows >= live.known]]]
    released = np.where(rows < live.known, rows, -1).astype("<i4")
    return json.dumps([len(rows), newer]).encode() + released.tobytes()
