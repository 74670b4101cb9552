"""Products: written by imports and by the shop's live updates, read whole at start and a few at a time after."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Row, bindparam, select, update

from recommender.catalog import Catalog, ProductRow, build_catalog, product_uuid
from recommender.product_text import product_text
from store.changes import ChangeKind, append_changes
from store.engine import upsert
from store.instants import now_ms, to_ms, to_seconds
from store.tables import products
from store.values import check_count, check_instant, check_price, check_text
from store.variants import Variant, check_variants, stock_of, stored_variants

SINGLE_CHANGES: Final = 1_000
"""A write of more products than this is announced as one change of the whole catalog."""

_IDS_A_QUERY: Final = 1_000  # well below the 32,766 parameters that a statement of SQLite may have

_COLUMNS: Final = (
    products.c.external_product_id,
    products.c.name,
    products.c.category,
    products.c.brand,
    products.c.description,
    products.c.price,
    products.c.image_url,
    products.c.stock,
    products.c.active,
    products.c.created_at,
    products.c.attributes,
    products.c.deleted_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product with everything that is stored of it. Empty strings and None mean unknown.

    ``created_at`` is in epoch seconds. With ``variants`` the stock is theirs (`stock_of`), whatever was given.
    Raises InvalidInput for an empty id or name, a negative price or stock, two variants of one id, or text that a
    database cannot hold.
    """

    external_id: str
    name: str
    category: str = ""
    brand: str = ""
    description: str = ""
    price: float | None = None
    image_url: str | None = None
    stock: int | None = None
    active: bool = True
    created_at: float | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()

    @property
    def text(self) -> str:
        """What the text encoder reads of it, as `read_products` composes it."""
        return product_text(
            name=self.name,
            category=self.category,
            brand=self.brand,
            description=self.description,
            attributes=self.attributes,
            price=self.price,
        )

    def __post_init__(self) -> None:
        check_text("product_id", self.external_id, required=True)
        check_text("name", self.name, required=True)
        for name in ("category", "brand", "description", "image_url"):
            check_text(name, getattr(self, name))
        for name, value in self.attributes.items():
            check_text("attributes", name, required=True)
            check_text(f"attributes.{name}", value)
        check_price("price", self.price)
        check_count("stock", self.stock, least=0)
        check_instant("created_at", self.created_at)
        if self.variants:
            check_variants(self.variants)
            object.__setattr__(self, "stock", stock_of(self.variants))


def read_catalog(connection: Connection) -> Catalog:
    """Every product, inactive and deleted ones too, ordered by external id. 92,000 take about a second."""
    rows = connection.execute(select(*_COLUMNS).order_by(products.c.external_product_id))
    return build_catalog([_product_row(row) for row in rows])


def read_products(connection: Connection, external_ids: Sequence[str]) -> list[ProductRow]:
    """The products with these external ids, in the order asked for; unknown ones are left out."""
    found = {}
    for ids in _batches(dict.fromkeys(external_ids)):
        query = select(*_COLUMNS).where(products.c.external_product_id.in_(ids))
        found.update({row.external_product_id: _product_row(row) for row in connection.execute(query)})
    return [found[external_id] for external_id in external_ids if external_id in found]


def upsert_products(connection: Connection, changed: Sequence[Product]) -> None:
    """Add or wholly replace products; of two with the same id the later counts, and a deleted one is back.

    Appends a `ChangeKind.PRODUCT` per product, or one `ChangeKind.CATALOG` for more than `SINGLE_CHANGES`.
    """
    write_products(connection, changed)
    announce_products(connection, list(dict.fromkeys(product.external_id for product in changed)))


def write_products(connection: Connection, changed: Sequence[Product]) -> None:
    """As `upsert_products`, but the caller announces the change."""
    now = now_ms()
    latest = {product.external_id: product for product in changed}
    if latest:
        rows = [_values(product, now) for product in latest.values()]
        connection.execute(upsert(connection, products, "product_id"), rows)


def set_stock(connection: Connection, stock: Mapping[str, int | None]) -> tuple[str, ...]:
    """Set how many there are of products, by external id; None is unknown. Returns the ids the catalog lacks.

    Only products whose stock differs are written and announced, as in `upsert_products`.
    """
    for external_id, count in stock.items():
        check_count(f"stock.{external_id}", count, least=0)
    stored = _read_stock(connection, stock)
    changed = [external_id for external_id, count in stored.items() if count != stock[external_id]]
    if changed:
        one = update(products).where(products.c.external_product_id == bindparam("of"))
        counted = one.values(stock=bindparam("count"), updated_at=now_ms())
        connection.execute(counted, [{"of": external_id, "count": stock[external_id]} for external_id in changed])
    announce_products(connection, changed)
    return tuple(external_id for external_id in stock if external_id not in stored)


def _read_stock(connection: Connection, external_ids: Iterable[str]) -> dict[str, int | None]:
    columns = (products.c.external_product_id, products.c.stock)
    stored: dict[str, int | None] = {}
    for ids in _batches(external_ids):
        rows = connection.execute(select(*columns).where(products.c.external_product_id.in_(ids)))
        stored.update((row.external_product_id, row.stock) for row in rows)
    return stored


def announce_products(connection: Connection, external_ids: Sequence[str]) -> None:
    """Append a `ChangeKind.PRODUCT` per product, or one `ChangeKind.CATALOG` for more than `SINGLE_CHANGES`."""
    if len(external_ids) > SINGLE_CHANGES:
        append_changes(connection, ChangeKind.CATALOG, [None])
    else:
        append_changes(connection, ChangeKind.PRODUCT, external_ids)


def _values(product: Product, now: int) -> dict[str, object]:
    return {
        "product_id": product_uuid(product.external_id),
        "external_product_id": product.external_id,
        "name": product.name,
        "category": product.category,
        "brand": product.brand,
        "description": product.description,
        "price": product.price,
        "image_url": product.image_url,
        "stock": product.stock,
        "active": product.active,
        "created_at": None if product.created_at is None else to_ms(product.created_at),
        "updated_at": now,
        "attributes": dict(product.attributes),
        "variants": stored_variants(product.variants),
        "deleted_at": None,
    }


def _product_row(
    row: Row[
        str, str, str, str, str, float | None, str | None, int | None, bool, int | None, dict[str, str], int | None
    ],
) -> ProductRow:
    (
        external_id,
        name,
        category,
        brand,
        description,
        price,
        image_url,
        stock,
        active,
        created_at,
        attributes,
        deleted,
    ) = row
    return ProductRow(
        external_id=external_id,
        name=name,
        category=category,
        text=product_text(
            name=name, category=category, brand=brand, description=description, attributes=attributes, price=price
        ),
        image_url=image_url,
        price=price,
        stock=stock,
        active=active,
        deleted=deleted is not None,
        created_at=None if created_at is None else to_seconds(created_at),
    )


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while batch := list(islice(remaining, _IDS_A_QUERY)):
        yield batch
