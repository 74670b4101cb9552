"""The names and examples in docs/events.md are those that the code knows."""

import json
import re
from pathlib import Path
from typing import Final

from api.schemas import Interaction
from recommender.event_names import ALIASES, known_type
from recommender.events import EVENT_TYPES

PAGE: Final = (Path(__file__).resolve().parent.parent / "docs" / "events.md").read_text(encoding="utf-8")
ROWS: Final = re.findall(r"^\| `([A-Z_]+)` \|(.*)\|$", PAGE, flags=re.MULTILINE)


def test_the_table_has_every_type_and_every_name() -> None:
    named = {
        ours: {name.strip() for cell in cells.split("|") for name in cell.split(",")} - {""} for ours, cells in ROWS
    }
    assert list(named) == list(EVENT_TYPES)
    assert {name for names in named.values() for name in names} == set(ALIASES)
    assert all(known_type(name) == ours for ours, names in named.items() for name in names)


def test_the_examples_are_events_and_only_the_one_shown_as_invalid_is_not() -> None:
    bodies = [json.loads(body) for body in re.findall(r"-d '(\{.*?\})'\n", PAGE, flags=re.DOTALL)]
    events = [event for body in bodies if body.keys() != {"session_id"} for event in body.get("events", [body])]
    good = [event for event in events if event["interaction_type"] != "BUY"]
    assert (len(events), len(good)) == (5, 4)
    assert [Interaction.model_validate(event).user_id for event in good] == ["1053"] * 4
