"""Old rows of the other tables, removed a few at a time: no transaction here holds up other writers for long."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, select, tuple_

from store.tables import cart_abandonments, decisions, product_embeddings, products, pseudonyms


def remove_decisions(connection: Connection, before_ms: int, limit: int) -> int:
    """Remove up to ``limit`` decisions made earlier; returns how many."""
    return _remove(connection, decisions, decisions.c.generated_at < before_ms, limit)


def unused_pseudonyms(connection: Connection, before_ms: int) -> list[str]:
    """Those given earlier under which no decision is kept any more."""
    return list(connection.execute(select(pseudonyms.c.pseudonym).where(_unused(before_ms))).scalars())


def remove_pseudonyms(connection: Connection, names: Sequence[str], before_ms: int) -> int:
    """Remove these, but for those that are used again; returns how many."""
    some = pseudonyms.c.pseudonym.in_(names)
    return connection.execute(delete(pseudonyms).where(some, _unused(before_ms))).rowcount


def _unused(before_ms: int) -> ColumnElement[bool]:
    used = exists().where(decisions.c.pseudonym == pseudonyms.c.pseudonym)
    return (pseudonyms.c.created_at < before_ms) & ~used


def remove_abandonments(connection: Connection, before_ms: int, limit: int) -> int:
    """Remove up to ``limit`` carts that were left behind earlier: they are events in another form."""
    return _remove(connection, cart_abandonments, cart_abandonments.c.abandoned_at < before_ms, limit)


def remove_embeddings(connection: Connection, encoders: Collection[str] | None, limit: int) -> int:
    """Remove up to ``limit`` vectors: of deleted products, and of other encoders than these (None: of no encoder)."""
    table = product_embeddings.c
    same = products.c.external_product_id == table.external_product_id
    useless: ColumnElement[bool] = exists().where(same, products.c.deleted_at.is_not(None))
    if encoders is not None:
        useless |= table.encoder.not_in(encoders)
    return _remove(connection, product_embeddings, useless, limit)


def _remove(connection: Connection, table: Table, old: ColumnElement[bool], limit: int) -> int:
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(old).limit(limit)
    return connection.execute(delete(table).where(key.in_(some))).rowcount
