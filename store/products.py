"""Single products as a shop looks at them and changes them: by either id, a page at a time, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, or_, select, update

from store.catalog import Product, announce_products
from store.instants import now_ms, to_seconds
from store.tables import products
from store.values import check_count, check_price, check_text
from store.variants import read_variants

CHANGEABLE: Final = ("stock", "price", "active")
"""What `change_product` sets."""


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """A product as it is stored, and when it was last written, in epoch seconds."""

    product: Product
    updated_at: float


def find_product(connection: Connection, product_id: str) -> StoredProduct | None:
    """The product with this id, external or internal; None where there is none or it was deleted."""
    rows = list(connection.execute(_kept().where(_is(product_id))))
    # One shop's own id can be the internal id of another product: the shop's own counts.
    rows.sort(key=lambda row: row.external_product_id != product_id)
    return _stored(rows[0]) if rows else None


def stored_products(connection: Connection, external_ids: Sequence[str]) -> dict[str, Product]:
    """The products with these external ids, at most 1,000 of them; unknown and deleted ones are left out."""
    rows = connection.execute(_kept().where(products.c.external_product_id.in_(external_ids)))
    return {row.external_product_id: _stored(row).product for row in rows}


def delete_products(connection: Connection, external_ids: Sequence[str]) -> None:
    """Mark products as deleted, as `delete_product` does, and announce it."""
    now = now_ms()
    one = update(products).where(products.c.external_product_id == bindparam("of"))
    if external_ids:
        connection.execute(
            one.values(deleted_at=now, updated_at=now), [{"of": external_id} for external_id in external_ids]
        )
    announce_products(connection, external_ids)


def external_ids(connection: Connection) -> list[str]:
    """Of all products that are not deleted."""
    return list(
        connection.execute(select(products.c.external_product_id).where(products.c.deleted_at.is_(None))).scalars()
    )


def list_products(connection: Connection, *, after: str = "", limit: int) -> list[StoredProduct]:
    """Up to ``limit`` products with an external id above ``after``, ordered by it, deleted ones left out."""
    check_text("after", after)
    column = products.c.external_product_id
    rows = connection.execute(_kept().where(column > after).order_by(column).limit(limit))
    return [_stored(row) for row in rows]


def change_product(connection: Connection, product_id: str, values: Mapping[str, Any]) -> str | None:
    """Set some of `CHANGEABLE` on the product with this id, external or internal; None is unknown.

    Returns its external id; None, with nothing written, where there is no such product or it was deleted. Raises
    InvalidInput for a negative price or stock.
    """
    unknown = set(values) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"cannot be changed one by one: {', '.join(sorted(unknown))}")
    check_price("price", values.get("price"))
    check_count("stock", values.get("stock"), least=0)
    return _write(connection, product_id, values)


def delete_product(connection: Connection, product_id: str) -> str | None:
    """Mark the product with this id, external or internal, as deleted; returns as `change_product` does.

    Its row stays: events and releases name it, and `store.catalog.upsert_products` brings it back.
    """
    return _write(connection, product_id, {"deleted_at": now_ms()})


def _write(connection: Connection, product_id: str, values: Mapping[str, Any]) -> str | None:
    found = find_product(connection, product_id)
    if found is None:
        return None
    external_id = found.product.external_id
    one = update(products).where(products.c.external_product_id == external_id)
    connection.execute(one.values(**values, updated_at=now_ms()))
    announce_products(connection, [external_id])
    return external_id


def _kept() -> Select[Any]:
    return select(products).where(products.c.deleted_at.is_(None))


def _is(product_id: str) -> ColumnElement[bool]:
    check_text("product_id", product_id)
    return or_(products.c.external_product_id == product_id, products.c.product_id == product_id)


def _stored(row: Row[Any]) -> StoredProduct:
    product = Product(
        external_id=row.external_product_id,
        name=row.name,
        category=row.category,
        brand=row.brand,
        description=row.description,
        price=row.price,
        image_url=row.image_url,
        stock=row.stock,
        active=row.active,
        created_at=None if row.created_at is None else to_seconds(row.created_at),
        attributes=row.attributes,
        variants=read_variants(row.variants),
    )
    if product.stock != row.stock:  # a live update set the product's own: it counts until variants are sent again
        object.__setattr__(product, "stock", row.stock)
    return StoredProduct(product, to_seconds(row.updated_at))
