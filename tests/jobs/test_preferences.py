"""Taste vectors of the planted shop: they point to what their customer buys."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, insert, select, update

from jobs.preferences import preferences
from models.release import read_release
from models.release_store import ReleaseStore
from recommender.errors import NoRelease
from recommender.events import EventType
from store.engine import reading, writing
from store.events import Event, event_row, insert_events
from store.instants import now_ms
from store.preferences import read_preferences
from store.tables import customers, deployments, user_interactions, user_preference_embeddings
from tests.planted_shop import CLUSTERS, Shop, cluster_of

SOME = [f"{cluster}-customer-{number:02}" for cluster in CLUSTERS for number in (0, 1)]


@pytest.fixture
def shop(planted_shop: Shop, tmp_path: Path) -> Shop:
    return planted_shop.copy(tmp_path / "shop")


@pytest.fixture
def planted(shop: Shop) -> Iterator[Engine]:
    engine = shop.open()
    yield engine
    engine.dispose()


@pytest.fixture
def releases(shop: Shop, tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(str(shop.home / "releases"), cache=tmp_path)


def test_everybody_s_vector_points_to_their_own_cluster(planted: Engine, releases: ReleaseStore) -> None:
    summary = preferences(planted, releases, at_once=50)
    assert summary["written"] == summary["customers"] == len(CLUSTERS) * 18
    with reading(planted) as connection:
        found = read_preferences(connection, SOME)
        stored = connection.execute(select(user_preference_embeddings)).first()
    release = read_release(releases.fetch(str(summary["release"])))
    vectors = release.item_vectors.vectors[release.item_vectors.row]
    for user_id in SOME:
        nearest = np.argsort(-(vectors @ found[user_id]))[:10]
        assert {cluster_of(str(release.items[row])) for row in nearest} == {cluster_of(user_id)}
        assert np.linalg.norm(found[user_id]) == pytest.approx(1.0, abs=1e-5)
    assert stored is not None
    assert (stored.release_id, stored.interactions) == (release.release_id, min(stored.interactions, 200))
    assert preferences(planted, releases)["written"] == 0


def test_vectors_go_with_the_events_and_with_personalization(planted: Engine, releases: ReleaseStore) -> None:
    preferences(planted, releases)
    gone, off = SOME[0], SOME[1]
    with writing(planted) as connection:
        connection.execute(user_interactions.delete().where(user_interactions.c.user_id == gone))
        row = {"user_id": off, "stated": {}, "computed": {}, "personalization": False, "created_at": 1, "updated_at": 1}
        connection.execute(insert(customers), row)
    assert preferences(planted, releases)["written"] == 2
    with reading(planted) as connection:
        assert set(read_preferences(connection, SOME)) == set(SOME) - {gone, off}
    with writing(planted) as connection:
        connection.execute(update(customers).values(personalization=True))
    assert preferences(planted, releases, personalized_by_default=False)["customers"] == len(CLUSTERS) * 18 - 1
    with reading(planted) as connection:
        assert set(read_preferences(connection, SOME)) == {off}


def test_products_that_the_release_does_not_know_do_not_count(planted: Engine, releases: ReleaseStore) -> None:
    event = Event(product_id="unheard-of", type=EventType.PURCHASE, user_id="new")
    with writing(planted) as connection:
        insert_events(connection, [event_row(event, now_ms())])
    preferences(planted, releases)
    with reading(planted) as connection:
        assert read_preferences(connection, ["new"]) == {}


def test_without_a_release_there_is_no_taste(planted: Engine, releases: ReleaseStore) -> None:
    with writing(planted) as connection:
        connection.execute(deployments.delete())
    with pytest.raises(NoRelease, match="shelfwise promote"):
        preferences(planted, releases)
