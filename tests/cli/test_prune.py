"""Old releases go, and what serves or may have to serve again stays."""

import pytest

from cli.published import delete_unneeded
from models.release import MANIFEST
from runners.shelf import release_store
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


def break_manifest(shop: Shop, name: str) -> None:
    (shop.home / "releases" / name / MANIFEST).write_text("{")


def test_an_unreadable_release_is_listed_and_the_others_are_too(shelfwise: Shelfwise, shop: Shop) -> None:
    break_manifest(shop, "variant-b")
    outcome = shelfwise("releases", variables=shop.variables())
    assert outcome.status == 0, outcome.err
    lines = [line for line in outcome.out.splitlines() if "variant-b" in line]
    assert "unreadable" in lines[0]
    assert lines[1].startswith("variant-b is unreadable: ")
    assert "Invalid JSON" in lines[1]
    assert all(any(name in line for line in outcome.out.splitlines()) for name in (*NEWER, shop.release))


def test_an_unreadable_release_goes_when_that_is_asked_for(shelfwise: Shelfwise, shop: Shop) -> None:
    """It may have been made by a newer version of the program, or the line to the release store was cut."""
    break_manifest(shop, "variant-b")
    outcome = shelfwise("releases", "prune", "--keep", "2", variables=shop.variables())
    assert "kept variant-b, which --unreadable deletes: " in outcome.out
    assert "1 of 5 releases deleted" in outcome.out
    assert published(shop) == {shop.release, "variant-b", "variant-c", "variant-d"}
    outcome = shelfwise("releases", "prune", "--unreadable", variables=shop.variables())
    assert "1 of 4 releases deleted" in outcome.out
    assert published(shop) == {shop.release, "variant-c", "variant-d"}


def test_an_unreadable_champion_stays(shelfwise: Shelfwise, shop: Shop) -> None:
    shop.deploy("variant-b")
    break_manifest(shop, "variant-b")
    assert shelfwise("releases", "prune", "--keep", "0", "--unreadable", variables=shop.variables()).status == 0
    assert published(shop) == {shop.release, "variant-b"}


def test_what_is_promoted_meanwhile_stays(shop: Shop) -> None:
    engine = shop.open()
    deleting = delete_unneeded(engine, release_store(shop.settings), ["variant-a", "variant-b", "variant-c"])
    assert next(deleting) == "variant-a"
    shop.deploy("variant-b")
    assert list(deleting) == ["variant-c"]
    engine.dispose()
    assert published(shop) == {shop.release, "variant-b", "variant-d"}
