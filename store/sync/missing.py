"""Products that a shop has no longer."""

from typing import Final

import pandas as pd
from sqlalchemy import Engine

from recommender.errors import InvalidInput
from store.engine import reading, writing
from store.imports.columns import as_text
from store.products import delete_products, external_ids
from store.sync.shop import ShopRows

_DELETED_AT_ONCE: Final = 1_000


def delete_missing(engine: Engine, rows: ShopRows, column: str) -> int:
    """Mark our products as deleted whose id the shop's ``column`` does not have, rejected rows' ids included.

    Returns how many. Raises InvalidInput where the shop has no products at all: that is a mistake in the query.
    """
    there = set(as_text(pd.Series(list(rows.keys(column)), dtype=object)).values)
    if not there:
        raise InvalidInput("products", 0, "the shop's database has no products at all; none was marked as deleted")
    with reading(engine) as connection:
        missing = sorted(set(external_ids(connection)) - there)
    for start in range(0, len(missing), _DELETED_AT_ONCE):
        with writing(engine) as connection:
            delete_products(connection, missing[start : start + _DELETED_AT_ONCE])
    return len(missing)
