"""The page says what the JSON says, and the command leaves out what is not there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks.quality.__main__ import main
from benchmarks.quality.markdown import document
from benchmarks.quality.reference import BARS, KNOWN

META: dict[str, Any] = {
    "command": "make bench-quality",
    "commit": "abc",
    "machine": "2 × A Processor",
    "python": "3.11.7",
    "date": "2026-01-02",
    "quick": False,
    "minutes": 12.3,
    "skipped": {"beauty": "no data under amazon-beauty-2014 in the folder of data sets"},
}


def row(value: float, gain: float = 0.01) -> dict[str, float | list[float]]:
    """A row of the JSON whose metrics are all the same."""
    made: dict[str, float | list[float]] = {}
    for metric in ("ndcg@10", "ndcg@20", "recall@20", "mrr@20", "hr@10", "hr@20"):
        made |= {metric: value, f"{metric}_ci": [value - 0.01, value + 0.01]}
        made |= {f"{metric}_gain": gain, f"{metric}_gain_ci": [gain - 0.01, gain + 0.01]}
    return made


@pytest.fixture
def results() -> dict[str, Any]:
    return {
        "complete_journey": {
            "all": {"own_frequency": row(0.3118), "collaborative": row(0.192), "hybrid": row(0.33)},
            "new_only": {"hybrid": row(0.0385)},
            "cold": {"hybrid": row(0.05), "random": {"recall@20": 0.002, "recall@20_ci": [0.002, 0.002]}},
            "cart": {"co_purchase": row(0.2, 0.0), "hybrid": row(0.23, 0.03)},
        },
        "online_retail": {"all": {"hybrid": row(0.36)}},
    }


def line(page: str, *starts: str) -> str:
    """The only line whose cells start so."""
    (found,) = [line for line in page.splitlines() if line.startswith("| " + " | ".join(starts) + " |")]
    return found


def test_bars_are_judged(results: dict[str, Any]) -> None:
    page = document(results, META)
    assert "goal reached" in line(page, "Complete Journey, all", "NDCG@20")
    assert "**not reached**" in line(page, "Online Retail, all", "NDCG@20")
    assert line(page, "Complete Journey, new only", "NDCG@20").endswith("| 0.0380 | 0.0420 | reached |")
    assert "+15.0%" in line(page, "Complete Journey, cart", "recall@20 gain")


def test_cold_products_are_judged_against_chance(results: dict[str, Any]) -> None:
    page = document(results, META)
    assert "25 × chance | 10 × chance | - | reached" in line(page, "Complete Journey, cold", "recall@20")
    assert line(page, "random", "0.0020 (0.0020, 0.0020)", "-")


def test_known_figures_are_compared(results: dict[str, Any]) -> None:
    page = document(results, META)
    own = line(page, "Complete Journey, all", "own frequency")
    assert "0.3121 | 0.3118 (0.3018, 0.3218) | -0.0003 | yes" in own
    assert "**no**" in line(page, "Complete Journey, all", "collaborative")


def test_the_page_names_machine_command_and_what_is_left_out(results: dict[str, Any]) -> None:
    page = document(results, META)
    for said in ("`make bench-quality`", "2 × A Processor", "`abc`", "Left out: Amazon Beauty: no data"):
        assert said in page
    assert "A quick run" not in page
    assert "A quick run" in document(results, META | {"quick": True})


def test_tables_are_whole(results: dict[str, Any]) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", document(results, META), flags=re.MULTILINE):
        assert len({line.count(" | ") for line in block.strip().splitlines()}) == 1


def test_a_page_about_nothing_is_a_page() -> None:
    assert document({}, META).startswith("# Quality")


def test_bars_and_known_figures_are_about_protocols_there_are() -> None:
    assert {(bar.data_set, bar.protocol) for bar in BARS} >= {
        ("beauty", "leave_one_out"),
        ("online_retail", "new_only"),
    }
    assert len({(k.data_set, k.protocol, k.model, k.metric) for k in KNOWN}) == len(KNOWN)


def test_the_command_leaves_out_what_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFWISE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHELFWISE_BENCH_DATA", str(tmp_path / "nothing"))
    result = CliRunner().invoke(main, ["--quick", "--only", "online_retail", "--only", "beauty"])
    assert result.exit_code == 0, result.output
    assert result.output.count("is skipped") == 3
    written = tmp_path / "home" / "bench"
    assert json.loads((written / "quality.json").read_text()) == {}
    assert set(json.loads((written / "quality.meta.json").read_text())["skipped"]) == {
        "complete_journey",
        "online_retail",
        "beauty",
    }
    assert "Left out" in (written / "quality.md").read_text()
