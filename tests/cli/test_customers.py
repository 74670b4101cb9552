"""``shelfwise customers``: give and erase."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from recommender.events import EventType
from store.engine import migrate, writing
from store.event_writer import EventWriter
from store.events import Event
from store.health import write_health
from tests.cli.conftest import Shelfwise
from tests.planted_shop import Shop


@pytest.fixture
def shop(empty_shop: Shop) -> Shop:
    engine = empty_shop.open()
    migrate(engine)
    with EventWriter(engine) as writer:
        writer.submit([Event(product_id="tea", type=EventType.VIEW, user_id="ann-7f3e")]).result()
    engine.dispose()
    return empty_shop


def test_a_customer_is_exported_and_erased(shelfwise: Shelfwise, shop: Shop, tmp_path: Path) -> None:
    shown = shelfwise("customers", "export", "ann-7f3e", variables=shop.variables())
    assert json.loads(shown.out)["data"]["user_interactions"][0]["product_id"] == "tea"
    written = tmp_path / "ann.json"
    assert shelfwise("customers", "export", "ann-7f3e", "--output", written, variables=shop.variables()).status == 0
    assert json.loads(written.read_text())["user_id"] == "ann-7f3e"
    erased = shelfwise("customers", "erase", "ann-7f3e", variables=shop.variables())
    assert (erased.status, erased.err) == (0, "")
    assert "user_interactions 1" in erased.out
    assert "the next `shelfwise train`" in erased.out
    assert b"ann-7f3e" not in b"".join(path.read_bytes() for path in shop.home.glob("shelfwise.db*"))


def test_whom_nobody_knows_is_one_line(shelfwise: Shelfwise, shop: Shop) -> None:
    outcome = shelfwise("customers", "export", "bob", variables=shop.variables())
    assert outcome.status == 1
    assert outcome.error == "error: user_id='bob': nothing is kept of this customer"


def test_a_file_that_cannot_be_written_is_one_line(shelfwise: Shelfwise, shop: Shop, tmp_path: Path) -> None:
    outcome = shelfwise(
        "customers", "export", "ann-7f3e", "--output", tmp_path / "no" / "f", variables=shop.variables()
    )
    assert (outcome.status, "cannot be written" in outcome.error) == (1, True)


def test_health_data_is_carried_over_to_a_new_key_and_exported(shelfwise: Shelfwise, shop: Shop) -> None:
    old, new = (b64encode(bytes([number]) * 32).decode() for number in (1, 2))
    engine = shop.open()
    with writing(engine) as connection:
        write_health(connection, "ann-7f3e", {"allergens": ["milk"]}, [b"\1" * 32])
    engine.dispose()
    rotated = shelfwise("customers", "rotate-keys", variables=shop.variables(HEALTH_KEYS=f"{new},{old}"))
    assert (rotated.status, "1 customers'" in rotated.out) == (0, True)
    exported = shelfwise("customers", "export", "ann-7f3e", variables=shop.variables(HEALTH_KEYS=new))
    assert json.loads(exported.out)["data"]["health"] == {"allergens": ["milk"]}
    assert (
        "health" not in json.loads(shelfwise("customers", "export", "ann-7f3e", variables=shop.variables()).out)["data"]
    )
    refused = shelfwise("customers", "rotate-keys", variables=shop.variables())
    assert (refused.status, "SHELFWISE_HEALTH_KEYS" in refused.error) == (1, True)
