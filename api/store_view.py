"""What serving reads from the store: one short transaction per call, made to run in a worker thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from recommender.catalog import Catalog, ProductRow
from recommender.types import Context
from store.catalog import read_catalog, read_products
from store.changes import CATALOG_KINDS, Change, newest_change, read_changes
from store.customer_history import HistoryRows, Search, read_customer_events
from store.customers import Customer, is_personal, read_customer
from store.decisions import StoredDecision, read_decisions
from store.deployments import deployment_stack
from store.engine import reading
from store.recent import PastRequest, recent_customers, recent_requests
from store.sessions import history_key, named_by

SEARCHES: Final = 20
"""Latest searches of a shopper that are looked at."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a shopper."""

    history: HistoryRows
    searches: Sequence[Search]
    customer: Customer | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """A request that was answered before, with what is known of who asked by now."""

    request: PastRequest
    known: Known | None


@dataclass(frozen=True, slots=True)
class StoreView:
    """Every method raises `StoreUnavailable` when the database cannot answer."""

    engine: Engine

    def newest_change(self) -> int:
        """Id of the newest change."""
        with reading(self.engine) as connection:
            return newest_change(connection)

    def changes(self, after: int) -> list[Change]:
        """Changes after the given one, oldest first."""
        with reading(self.engine) as connection:
            return read_changes(connection, after)

    def catalog(self) -> Catalog:
        """All products."""
        with reading(self.engine) as connection:
            return read_catalog(connection)

    def products(self, external_ids: Sequence[str]) -> list[ProductRow]:
        """Some products."""
        with reading(self.engine) as connection:
            return read_products(connection, external_ids)

    def shopper(self, user_id: str | None, session_id: str | None, *, personal_by_default: bool) -> Known | None:
        """What is known of one shopper, all of one moment; None where answers to them must not be personal."""
        with reading(self.engine) as connection:
            return _known(connection, user_id, session_id, personal_by_default)

    def past_requests(self, count: int, *, personal_by_default: bool) -> list[Remembered]:
        """The newest ``count`` requests; where fewer were recorded, homepages of recent customers besides them."""
        with reading(self.engine) as connection:
            asked = recent_requests(connection, count)
            customers = recent_customers(connection, count - len(asked)) if len(asked) < count else []
            asked += [PastRequest(context=Context.HOMEPAGE, customer_key=history_key(one, None)) for one in customers]
            keys = dict.fromkeys(one.customer_key for one in asked)
            known = {key: _known(connection, *named_by(key), personal_by_default) for key in keys if key}
        return [Remembered(one, known.get(one.customer_key)) for one in asked]

    def some_customers(self, count: int) -> list[str]:
        """Ids of customers with recent events, for links to try."""
        with reading(self.engine) as connection:
            return recent_customers(connection, count)

    def decisions(self, request_id: str) -> list[StoredDecision]:
        """What was answered under a request id, newest first."""
        with reading(self.engine) as connection:
            return read_decisions(connection, request_id)

    def newest_catalog_change(self) -> int:
        """Id of the newest change of products."""
        with reading(self.engine) as connection:
            return newest_change(connection, CATALOG_KINDS)

    def deployed(self) -> list[str]:
        """Ids of the release that should serve and of those that rollbacks would go to, one after another.

        Empty before the first promotion.
        """
        with reading(self.engine) as connection:
            return [one.release_id for one in deployment_stack(connection)]


def _known(
    connection: Connection, user_id: str | None, session_id: str | None, personal_by_default: bool
) -> Known | None:
    if not is_personal(connection, user_id=user_id, session_id=session_id, default=personal_by_default):
        return None
    history, searches = read_customer_events(connection, user_id=user_id, session_id=session_id)
    return Known(history, searches[:SEARCHES], None if user_id is None else read_customer(connection, user_id))
