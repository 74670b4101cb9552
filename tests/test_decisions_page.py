"""What docs/decisions.md says is what the code does."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Final

from api.schemas import Decision, Interaction
from recommender.outcomes import OUTCOMES, Outcome
from settings import PREFIX, Settings

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs"
PAGE: Final = (FOLDER / "decisions.md").read_text(encoding="utf-8")


def test_the_table_of_outcomes_is_complete() -> None:
    rows = re.findall(r"^\| (`[A-Z_`, ]+) \| `(\w+)` \|$", PAGE, flags=re.MULTILINE)
    named = {kind: outcome for kinds, outcome in rows for kind in re.findall(r"`(\w+)`", kinds)}
    assert named == {str(kind): str(outcome) for kind, outcome in OUTCOMES.items()}
    assert " < ".join(Outcome) in PAGE


def test_every_field_of_a_decision_is_explained() -> None:
    (table,) = re.findall(r"^\| field \|.*?\n\n", PAGE, flags=re.MULTILINE | re.DOTALL)
    named = {name for cell in re.findall(r"^\| (`[^|]*) \|", table, flags=re.MULTILINE) for name in cell.split(", ")}
    assert {name.strip("`") for name in named} == set(Decision.model_fields) - {"request_id"}


def test_settings_links_and_examples_are_real() -> None:
    assert set(re.findall(rf"{PREFIX}(\w+)", PAGE)) <= {field.name.upper() for field in fields(Settings)}
    assert [one for one in re.findall(r"\]\(([^)]+)\)", PAGE) if not (FOLDER / one).exists()] == []
    (body,) = re.findall(r"-d '(\{.*?\})'\n", PAGE)
    assert Interaction.model_validate(json.loads(body)).interaction_type in OUTCOMES
