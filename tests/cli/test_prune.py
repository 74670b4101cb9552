"""Old releases go, and what serves or may have to serve again stays."""

import pytest

from models.release import MANIFEST
from tests.cli.conftest import Shelfwise
from tests.planted_shop import Shop, published_variant

NEWER = ("variant-a", "variant-b", "variant-c", "variant-d")


@pytest.fixture
def shop(promoted_shop: Shop) -> Shop:
    """The planted release, and four of the same moment, which count as newer in the order of their names."""
    for name in NEWER:
        published_variant(promoted_shop, name, {})
    return promoted_shop


def published(shop: Shop) -> set[str]:
    return {path.parent.name for path in (shop.home / "releases").glob(f"*/{MANIFEST}")}


def test_the_newest_and_the_champion_stay(shelfwise: Shelfwise, shop: Shop) -> None:
    outcome = shelfwise("releases", "prune", "--keep", "2", variables=shop.variables())
    assert outcome.status == 0
    assert "2 of 5 releases deleted" in outcome.out
    assert published(shop) == {shop.release, "variant-c", "variant-d"}
    assert not (shop.home / "releases" / "variant-a").exists()


def test_the_release_before_the_champion_stays_too(shelfwise: Shelfwise, shop: Shop) -> None:
    shop.deploy("variant-a")
    assert shelfwise("releases", "prune", "--keep", "0", variables=shop.variables()).status == 0
    assert published(shop) == {shop.release, "variant-a"}


def test_nothing_goes_where_few_are_there(shelfwise: Shelfwise, shop: Shop) -> None:
    outcome = shelfwise("releases", "prune", variables=shop.variables())
    assert "0 of 5 releases deleted" in outcome.out
    assert len(published(shop)) == 5
