"""The catalog as columns: one row per product, one numpy array per attribute."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

UNKNOWN_STOCK = -1
"""Stock of a product whose shop does not say how many it has; it counts as sellable."""

NO_CATEGORY = -1
"""Category code of a product without one; no cap per category applies to it."""

_PRODUCT_NAMESPACE = UUID("5f8b3a52-6d0c-5d5e-9b0e-3a1f6f0c7c11")


def product_uuid(external_id: str) -> str:
    """The internal product id: a name-based UUID, so every replica derives the same one without asking."""
    return str(uuid5(_PRODUCT_NAMESPACE, external_id))


@dataclass(frozen=True)
class Catalog:
    """Products as columns of equal length n. Never mutated: a change makes a new one.

    Strings are object arrays. ``price`` is float32 with NaN where unknown, ``stock`` int32 with
    `UNKNOWN_STOCK` where unknown, ``created_at`` float64 epoch seconds with NaN where unknown.
    ``category`` holds codes into ``category_names``, `NO_CATEGORY` where unknown; ``text`` is what the text
    encoder reads. A product that the shop ``deleted`` keeps its row, for what was learnt from it lines up with rows;
    it is never ``active``.
    """

    external_id: NDArray[np.object_]
    name: NDArray[np.object_]
    text: NDArray[np.object_]
    image_url: NDArray[np.object_]
    category: NDArray[np.int32]
    category_names: tuple[str, ...]
    price: NDArray[np.float32]
    stock: NDArray[np.int32]
    active: NDArray[np.bool_]
    deleted: NDArray[np.bool_]
    created_at: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.external_id)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of a product by either of its ids."""
        return _both_ids(self.external_id)

    def category_name(self, row: int) -> str:
        """Readable category of a product; empty where it has none."""
        code = int(self.category[row])
        return "" if code == NO_CATEGORY else self.category_names[code]

    def take(self, rows: NDArray[np.int64]) -> "Catalog":
        """The products of the given rows, in that order."""
        columns = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return Catalog(**columns, category_names=self.category_names)

    def with_products(self, products: Sequence["ProductRow"]) -> "Catalog":
        """This catalog with the given products changed in place and unknown ones appended in the order given."""
        row_of = self.row_of
        new = [product for product in products if product.external_id not in row_of]
        places = np.array([row_of.get(p.external_id, -1) for p in products], dtype=np.int64)
        appended = len(self) + np.arange(len(new))
        places[places < 0] = appended
        names = self.category_names + tuple(
            sorted({product.category for product in products} - {"", *self.category_names})
        )
        given = build_catalog(products, category_names=names)
        columns = {}
        for name in _COLUMNS:
            column = getattr(self, name)
            columns[name] = np.concatenate([column, np.empty(len(new), dtype=column.dtype)])
            columns[name][places] = getattr(given, name)
        changed = Catalog(**columns, category_names=names)
        # Rows never move, so the index is carried over: making it anew takes longer than everything else here.
        changed.__dict__["row_of"] = row_of | _both_ids([product.external_id for product in new], start=len(self))
        return changed

    def aligned(self, external_ids: Sequence[str]) -> "Catalog":
        """This catalog with the given products first, in that order, and every other product after them.

        A listed product that the catalog lacks becomes a deleted row, so the release still lines up with its
        artifacts.
        """
        rows = {str(external_id): row for row, external_id in enumerate(self.external_id)}
        missing = [external_id for external_id in external_ids if external_id not in rows]
        widened = self._with_ghosts(missing)
        rows |= {external_id: len(self) + n for n, external_id in enumerate(missing)}
        first = [rows[external_id] for external_id in external_ids]
        listed = np.zeros(len(widened), dtype=bool)
        listed[first] = True
        return widened.take(np.concatenate([np.asarray(first, dtype=np.int64), np.flatnonzero(~listed)]))

    def _with_ghosts(self, external_ids: Sequence[str]) -> "Catalog":
        if not external_ids:
            return self
        ghosts = build_catalog([ProductRow(external_id=e, name=e, deleted=True) for e in external_ids])
        columns = {name: np.concatenate([getattr(self, name), getattr(ghosts, name)]) for name in _COLUMNS}
        return Catalog(**columns, category_names=self.category_names)


_COLUMNS = ("external_id", "name", "text", "image_url", "category", "price", "stock", "active", "deleted", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """One product as a shop describes it. Empty strings and None mean unknown."""

    external_id: str
    name: str
    category: str = ""
    text: str = ""
    image_url: str | None = None
    price: float | None = None
    stock: int | None = None
    active: bool = True
    deleted: bool = False
    created_at: float | None = None

    @property
    def encoded_text(self) -> str:
        """What the text encoder reads of it: the name where there is no text."""
        return self.text or self.name


def build_catalog(products: Sequence[ProductRow], *, category_names: Sequence[str] | None = None) -> Catalog:
    """Columns from products, in the order given; ``category_names`` fixes the codes where they exist already."""
    names = tuple(category_names or sorted({product.category for product in products} - {""}))
    code = {name: number for number, name in enumerate(names)} | {"": NO_CATEGORY}
    return Catalog(
        external_id=_objects(product.external_id for product in products),
        name=_objects(product.name for product in products),
        text=_objects(product.encoded_text for product in products),
        image_url=_objects(product.image_url for product in products),
        category=np.array([code[product.category] for product in products], dtype=np.int32),
        category_names=names,
        price=np.array([np.nan if p.price is None else p.price for p in products], dtype=np.float32),
        stock=np.array([UNKNOWN_STOCK if p.stock is None else p.stock for p in products], dtype=np.int32),
        active=np.array([product.active and not product.deleted for product in products], dtype=bool),
        deleted=np.array([product.deleted for product in products], dtype=bool),
        created_at=np.array([np.nan if p.created_at is None else p.created_at for p in products], dtype=np.float64),
    )


def _both_ids(external_ids: Iterable[str], *, start: int = 0) -> dict[str, int]:
    rows = {str(external_id): row for row, external_id in enumerate(external_ids, start)}
    return {product_uuid(external_id): row for external_id, row in rows.items()} | rows


def _objects(values: object) -> NDArray[np.object_]:
    listed = list(values)  # type: ignore[call-overload]
    column = np.empty(len(listed), dtype=object)
    column[:] = listed
    return column
