"""Facts of products are what their purchases before the cut say."""

import numpy as np
import pytest

from recommender.catalog import ProductRow, build_catalog
from recommender.facts import ITEM_NAMES, NEVER, ItemFacts
from recommender.history import DAY
from training.dataset import Dataset, build_dataset
from training.item_facts import item_facts

CUT = 1_000 * DAY


def purchases(*lines: tuple[int, int, float]) -> Dataset:
    """``(customer, product, days before the cut)`` of four products; the last two have one name."""
    catalog = build_catalog(
        [ProductRow(external_id=str(row), name=name) for row, name in enumerate(("milk", "wine", "soap", "soap"))]
    )
    user, item, age = (np.array(column) for column in zip(*lines, strict=True))
    return build_dataset(catalog, user.astype(np.int32), item.astype(np.int32), CUT - age * DAY, n_users=5)


def facts_of(data: Dataset) -> ItemFacts:
    return item_facts(data, np.array([0, 1, 2, 2], np.int32), np.array([5, 6, 7], np.int32), cut=CUT)


def facts(data: Dataset) -> dict[str, list[float]]:
    return dict(zip(ITEM_NAMES, facts_of(data).columns.T.tolist(), strict=True))


def test_sales_buyers_and_gaps() -> None:
    found = facts(
        purchases((0, 0, 20), (0, 0, 13), (0, 0, 3), (1, 0, 2), (2, 0, 100), (2, 0, 90), (3, 1, 5), (0, 2, 50))
    )
    assert found["sold_3d"] == [2, 0, 0, 0]
    assert found["sold_14d"] == [3, 1, 0, 0]
    assert found["sold_365d"] == [6, 1, 1, 0]
    assert found["buyers"] == [3, 1, 1, 0]
    assert found["new_buyers_14d"] == [1, 1, 0, 0]
    assert found["purchases_per_buyer"] == [2, 1, 1, 0]
    assert found["repeat_rate"] == pytest.approx([2 / 3, 0, 0, 0])
    assert found["usual_gap"] == [10, NEVER, NEVER, NEVER]
    assert found["days_on_sale"] == [100, 5, 50, 0]


def test_products_of_one_name_share_a_code() -> None:
    codes = facts_of(purchases((0, 0, 1))).namesakes
    assert codes[2] == codes[3]
    assert len(set(codes.tolist())) == 3


def test_products_of_one_text_are_of_one_kind() -> None:
    assert facts_of(purchases((0, 0, 1))).kinds.tolist() == [5, 6, 7, 7]
