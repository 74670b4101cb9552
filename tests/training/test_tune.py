"""A recipe is fitted on the past alone, the learned blender on windows that the weights beside it are not fitted on."""

from dataclasses import replace

import numpy as np
import pytest

from models.blender import Blender
from models.embedding import ItemVectors
from recommender.history import DAY
from recommender.types import Context
from training import learned_blend
from training.dataset import Dataset, build_dataset
from training.tune import Materials, Past, fit_blender
from training.weights import UNFITTED_WEIGHTS

PAST = Past(windows=2, customers=100, carts=50, enough=100)


@pytest.fixture(autouse=True)
def little_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted shop has sixty customers."""
    monkeypatch.setattr(learned_blend, "MIN_LISTS", 10)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def materials(shop: Dataset, vectors: ItemVectors, told: list[str]) -> Materials:
    return Materials(shop, vectors, lambda step, done, total: told.append(step) if done == total else None, past=PAST)


def fitted_at(materials: Materials, cut: float) -> Blender:
    return fit_blender(materials, cut - 14 * DAY)


def test_nothing_after_its_window_is_known(materials: Materials, shop: Dataset, cut: float) -> None:
    blender = fitted_at(materials, cut)
    assert Context.HOMEPAGE in blender.trees
    assert fitted_at(replace(materials, data=shop.before(cut)), cut) == blender


def test_nor_what_is_returned_only_later(materials: Materials, shop: Dataset, cut: float) -> None:
    recent = (shop.at >= cut - 14 * DAY) & (shop.at < cut)
    returned = recent & (np.arange(len(shop)) % 3 == 0)
    gone_at = np.where(returned, cut + DAY, np.inf)
    whole = build_dataset(shop.catalog, shop.user, shop.item, shop.at, n_users=shop.n_users, gone_at=gone_at)
    assert len(whole) < len(shop)
    assert fitted_at(replace(materials, data=whole), cut) == fitted_at(materials, cut)


def test_the_trees_learn_from_windows_before(materials: Materials, cut: float, told: list[str]) -> None:
    fitted_at(materials, cut)
    days = sorted({float(step.removeprefix("models as of ")) for step in told if step.startswith("models as of ")})
    assert days == [cut - back * 14 * DAY for back in (3, 2, 1)]
    assert told.count("replaying an earlier past") == 2


def test_a_small_shop_cannot_spare_the_newest_window(materials: Materials, cut: float, told: list[str]) -> None:
    """Sixty customers in each of two windows are fewer than two hundred."""
    fitted_at(replace(materials, past=replace(PAST, enough=200)), cut)
    assert told.count("replaying an earlier past") == 3


def test_a_shop_without_a_past_gets_the_weights_of_others(materials: Materials, shop: Dataset) -> None:
    blender = fit_blender(materials, float(shop.at.min()))
    assert blender.fitted == UNFITTED_WEIGHTS
    assert not blender.trees
