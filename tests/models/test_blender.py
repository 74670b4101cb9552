"""The blender is readable JSON and survives a round trip."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from models.blender import Blender, load_blender
from recommender.policy import Weights
from recommender.types import SOURCES

shares = st.floats(0, 1)


@given(st.builds(Blender, st.builds(Weights, **dict.fromkeys(SOURCES, shares)), shares))
def test_what_is_loaded_is_what_was_saved(tmp_path_factory: object, blender: Blender) -> None:
    folder = tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    blender.save(folder)
    assert load_blender(folder) == blender


def test_the_file_can_be_read_and_changed_by_people(blender: Blender, tmp_path: Path) -> None:
    blender.save(tmp_path)
    stored = json.loads((tmp_path / "weights.json").read_text())
    assert stored["fitted"]["repeat"] == 0.65
    stored["fitted"]["repeat"] = 0.5
    (tmp_path / "weights.json").write_text(json.dumps(stored))
    assert load_blender(tmp_path).fitted.repeat == 0.5
