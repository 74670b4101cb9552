"""A shop of two tastes whose right answers are obvious: tea drinkers and gardeners, each with a basket a week."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from models.embedding import ItemVectors
from recommender.catalog import ProductRow, build_catalog
from recommender.history import DAY
from training.dataset import Dataset, build_dataset

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")  # a busy neighbour must not fail a property

START = 1_500_000_000.0
PER_TASTE, CUSTOMERS, WEEKS, BASKET = 16, 40, 12, 8
CUT = START + 8 * 7 * DAY


@pytest.fixture(scope="session")
def cut() -> float:
    """Four weeks before the end."""
    return CUT


@pytest.fixture(scope="session")
def planted() -> Dataset:
    """Even customers buy eight of the even products each week, odd ones eight of the odd products."""
    rng = np.random.default_rng(5)
    lines = [
        (user, 2 * int(item) + user % 2, START + week * 7 * DAY + user)
        for user in range(CUSTOMERS)
        for week in range(WEEKS)
        for item in rng.permutation(PER_TASTE)[:BASKET]
    ]
    user, item, at = (np.array(column) for column in zip(*lines, strict=True))
    products = [ProductRow(external_id=f"{row:02}", name=f"product {row}") for row in range(2 * PER_TASTE)]
    return build_dataset(
        build_catalog(products), user.astype(np.int32), item.astype(np.int32), at.astype(np.float64), n_users=CUSTOMERS
    )


@pytest.fixture(scope="session")
def vectors(planted: Dataset) -> ItemVectors:
    """One direction per taste."""
    row = np.arange(len(planted.catalog), dtype=np.int32) % 2
    return ItemVectors(np.eye(2, dtype=np.float32), row, np.zeros(2, np.float32))
