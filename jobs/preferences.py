"""A taste vector per customer for other programs (seed 004's user preference embeddings)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np
from sqlalchemy import Connection, Engine

from jobs.customer_pages import customer_pages
from jobs.run import Report, Summary, say_nothing
from models.release import Release, read_release
from models.release_store import ReleaseStore
from recommender.errors import NoRelease
from recommender.evidence import taste_vector
from recommender.history import TASTE_EVENTS, History, taste_weights
from store.customer_history import HistoryRows, read_history
from store.deployments import current_deployment
from store.engine import reading
from store.preferences import Preference, write_preferences

CUSTOMERS_AT_ONCE: Final = 200


def preferences(
    engine: Engine,
    releases: ReleaseStore,
    *,
    personalized_by_default: bool = True,
    at_once: int = CUSTOMERS_AT_ONCE,
    report: Report = say_nothing,
) -> Summary:
    """Store each customer's taste: Σ weight · item vector over the latest events, of length 1, as serving has it.

    The vectors are of the release that is served; products newer than it do not count here. Raises NoRelease where
    none is served.
    """
    with reading(engine) as connection:
        deployed = current_deployment(connection)
    if deployed is None:
        raise NoRelease("none is promoted: run `shelfwise train`, then `shelfwise promote RELEASE_ID`")
    release = read_release(releases.fetch(deployed.release_id))
    row_of = {str(external_id): row for row, external_id in enumerate(release.items)}

    def work(connection: Connection, user_ids: Sequence[str]) -> dict[str, Preference | None]:
        return {user_id: _preference(connection, user_id, release, row_of) for user_id in user_ids}

    write = partial(write_preferences, personalized_by_default=personalized_by_default)
    customers, written = customer_pages(engine, at_once, work, write, report)
    return {"release": release.release_id, "customers": customers, "written": written}


def _preference(connection: Connection, user_id: str, release: Release, row_of: Mapping[str, int]) -> Preference | None:
    history = _as_rows(read_history(connection, user_id=user_id, session_id=None), row_of)
    vector = taste_vector(taste_weights(history), release.item_vectors.vectors, release.item_vectors.row)
    if vector is None:
        return None
    return Preference(release.release_id, vector.astype("<f4").tobytes(), min(len(history), TASTE_EVENTS))


def _as_rows(rows: HistoryRows, row_of: Mapping[str, int]) -> History:
    item = np.array([row_of.get(product, -1) for product in rows.product_ids], dtype=np.int32)
    return History(item, rows.types, rows.occurred_at).where(item >= 0)
