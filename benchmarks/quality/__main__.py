"""Measures the quality of the lists on public data.

Run:  make bench-quality            (≤ 60 minutes on two idle cores)
      make bench-quality QUICK=1    (≤ 8 minutes: fewer customers, the first cut only, no cross-encoder)

Writes var/bench/quality.json, quality.meta.json and, in full, docs/quality.md from them; quick: var/bench/quality.md.
"""

import json
import platform
import time
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from threadpoolctl import threadpool_limits

from benchmarks.quality.data_sets import BENCHMARKS, loader
from benchmarks.quality.markdown import document
from benchmarks.quality.runs import FULL, QUICK, run
from benchmarks.quality.shop import open_shop
from benchmarks.quality.tables import Table
from cli.progress import progress
from settings import ROOT, read_settings
from training.assemble import code_commit

DOCUMENT: Final = ROOT / "docs" / "quality.md"
NAMES: Final = [benchmark.name for benchmark in BENCHMARKS]


@click.command()
@click.option("--quick", is_flag=True, help="At most 1,000 customers, the first cut only, no cross-encoder.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of data sets; default: SHELFWISE_BENCH_DATA.")
@click.option("--only", type=click.Choice(NAMES), multiple=True, help="One data set; any number of times.")
def main(quick: bool, data: Path | None, only: tuple[str, ...]) -> None:
    """Measure each data set, and write the figures and the page about them."""
    settings, console, began = read_settings(), Console(), time.monotonic()
    home = settings.home_folder / "bench"
    effort, folder = QUICK if quick else FULL, data or Path(settings.bench_data)
    console.print(f"about {'8' if quick else '60'} minutes at most on two idle cores", highlight=False)
    found: dict[str, dict[str, Table]] = {}
    meta = _meta(quick)
    for benchmark in BENCHMARKS:
        write_files = loader(benchmark, folder)
        if only and benchmark.name not in only:
            write_files = "not asked for"
        if isinstance(write_files, str):
            console.print(f"{benchmark.name} is skipped: {write_files}", highlight=False)
            meta["skipped"][benchmark.name] = write_files
            continue
        console.rule(benchmark.name)
        with progress(console) as report:
            shop = open_shop(benchmark.name, write_files, home / "quality", report)
            with threadpool_limits(1, "blas"):  # products of one vector are too small to share
                found[benchmark.name] = run(benchmark, shop, effort, report)
        meta["minutes"] = round((time.monotonic() - began) / 60, 1)
        _write(home, found, meta)
    _write(home, found, meta)
    page = home / "quality.md" if quick or meta["skipped"] else DOCUMENT
    page.write_text(document(found, meta), encoding="utf-8")
    console.print(f"written: {home / 'quality.json'} and {page}", highlight=False)


def _write(home: Path, found: dict[str, dict[str, Table]], meta: dict[str, Any]) -> None:
    """After every data set, so that an interrupted run leaves what it found."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "quality.json").write_text(json.dumps(found, indent=1) + "\n")
    (home / "quality.meta.json").write_text(json.dumps(meta, indent=1) + "\n")


def _meta(quick: bool) -> dict[str, Any]:
    """Which machine and code this is about."""
    return {
        "command": "make bench-quality" + (" QUICK=1" if quick else ""),
        "commit": code_commit(),
        "machine": _processor(),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "quick": quick,
        "minutes": 0.0,
        "skipped": {},
    }


def _processor() -> str:
    """Model and number of processors, as the system calls them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} × {models[0]}" if models else platform.machine()


if __name__ == "__main__":
    main()
