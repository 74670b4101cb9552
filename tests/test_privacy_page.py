"""What docs/privacy.md names exists: tables, addresses, commands and settings."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Final

from api.app import build_app
from api.customer_schemas import Consent
from cli.customers import customers as commands
from settings import PREFIX, Settings
from store.tables import metadata

PAGE: Final = (Path(__file__).resolve().parent.parent / "docs" / "privacy.md").read_text(encoding="utf-8")


def test_the_tables_are_the_store_s() -> None:
    cells = re.findall(r"^\| (`[^|]*`) \|[^|]*\|[^|]*\|[^|]*\|$", PAGE, flags=re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert len(named) == 9
    assert named <= {table.name for table in metadata.sorted_tables}


def test_the_addresses_and_commands_are_there() -> None:
    known = [re.sub(r"{\w+}", "[^/]+", path) for path in build_app().openapi()["paths"]]
    named = re.findall(r"127\.0\.0\.1:3000(/\S+)", PAGE)
    assert len(named) == 4
    assert [path for path in named if not any(re.fullmatch(one, path) for one in known)] == []
    assert set(re.findall(r"shelfwise customers ([\w-]+)", PAGE)) == set(commands.commands)


def test_the_settings_and_the_example_are_good() -> None:
    assert set(re.findall(rf"{PREFIX}(\w+)", PAGE)) <= {field.name.upper() for field in fields(Settings)}
    (body,) = re.findall(r"-d '(\{.*?\})'", PAGE)
    assert Consent.model_validate(json.loads(body)).personalization == "off"
