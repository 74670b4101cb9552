"""``shelfwise customers``: give and erase."""

import json
from pathlib import Path

import pytest

from recommender.events import EventType
from store.engine import migrate
from store.events import Event, EventWriter
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
