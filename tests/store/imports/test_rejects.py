import json
from pathlib import Path

import pytest

from store.imports.rejects import Reject, RejectsFile


@pytest.fixture
def rejects(tmp_path: Path) -> RejectsFile:
    file = RejectsFile(tmp_path / "folder" / "a.csv.rejects.ndjson")
    file.append([Reject(2, "price", -1, "no"), Reject(5, "name", None, "ß")])
    file.append([Reject(9, "row", "x", "no")])
    return file


def lines(rejects: RejectsFile) -> list[int]:
    return [json.loads(line)["line"] for line in rejects.path.read_text("utf-8").splitlines()]


def test_one_json_object_a_line(rejects: RejectsFile) -> None:
    first, second, _ = rejects.path.read_text("utf-8").splitlines()
    assert json.loads(first) == {"line": 2, "field": "price", "value": -1, "reason": "no"}
    assert json.loads(second) == {"line": 5, "field": "name", "value": None, "reason": "ß"}


def test_without_rejects_there_is_no_file(tmp_path: Path) -> None:
    RejectsFile(tmp_path / "a").append([])
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(("line", "kept"), [(9, [2, 5, 9]), (8, [2, 5]), (5, [2, 5]), (4, [2])])
def test_what_was_not_committed_is_forgotten(rejects: RejectsFile, line: int, kept: list[int]) -> None:
    rejects.keep_up_to(line)
    assert lines(rejects) == kept


@pytest.mark.parametrize("line", [0, 1])
def test_a_file_of_nothing_is_removed(rejects: RejectsFile, line: int) -> None:
    rejects.keep_up_to(line)
    assert not rejects.path.exists()
    rejects.keep_up_to(line)


def test_a_line_cut_in_the_middle_is_forgotten(rejects: RejectsFile) -> None:
    with rejects.path.open("a") as file:
        file.write('{"line": 1')
    rejects.keep_up_to(100)
    assert lines(rejects) == [2, 5, 9]
