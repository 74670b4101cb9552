"""The data sets, where their files are, and what is asked of each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmarks.quality import beauty, online_retail
from benchmarks.quality.shop import Files
from training.complete_journey import shop_files
from training.replay import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One data set with its protocol."""

    name: str
    protocol: Protocol
    cuts: tuple[datetime, ...]
    """Starts of test windows; the first is the one that bars are about."""
    views: tuple[str, ...]
    """Which questions are asked of each customer: ``all``, ``new_only``, ``cold`` or ``leave_one_out``."""
    carts: bool = False

    @property
    def rolls(self) -> bool:
        """Whether the gain is reported as a mean over several cuts."""
        return len(self.cuts) > 1


COMPLETE_JOURNEY: Final = Benchmark(
    name="complete_journey",
    protocol=Protocol(label_days=14.0, universe_baskets=10),
    cuts=(
        datetime(2017, 12, 1, tzinfo=UTC),
        datetime(2017, 11, 3, tzinfo=UTC),
        datetime(2017, 11, 17, tzinfo=UTC),
    ),
    views=("all", "new_only", "cold"),
    carts=True,
)
ONLINE_RETAIL: Final = Benchmark(
    name="online_retail",
    protocol=Protocol(label_days=39.0, universe_baskets=5),
    cuts=(datetime(2011, 11, 1, tzinfo=UTC),),
    views=("all", "new_only"),
)
BEAUTY: Final = Benchmark(
    name="beauty",
    protocol=Protocol(label_days=float(beauty.STEP_DAYS), universe_baskets=0, exclude_owned=True),
    cuts=(beauty.CUT,),
    views=("leave_one_out",),
)
BENCHMARKS: Final = (COMPLETE_JOURNEY, ONLINE_RETAIL, BEAUTY)


def loader(benchmark: Benchmark, data_folder: Path) -> Callable[[Path], Files] | str:
    """What writes the data set's files into a folder; why there is none where the data is absent."""
    if benchmark is COMPLETE_JOURNEY:
        missing = find_spec(shop_files.PACKAGE) is None
        return f"the package {shop_files.PACKAGE} is not installed" if missing else _complete_journey
    module = online_retail if benchmark is ONLINE_RETAIL else beauty
    source = data_folder / module.FOLDER
    if not source.is_dir():
        return f"no data under {source.name} in the folder of data sets"
    return lambda folder: module.write_files(source, folder)


def _complete_journey(folder: Path) -> Files:
    """The demo's own two files."""
    written = shop_files.write_shop_files(folder)
    return Files(written.products, written.events)
