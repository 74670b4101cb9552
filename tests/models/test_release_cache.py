"""The cache keeps what was used lately, and nothing that is not whole."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.release_cache import ABANDONED_SECONDS, KEPT, ReleaseCache

Add = Callable[[str], Path]


@pytest.fixture
def cache(tmp_path: Path) -> ReleaseCache:
    return ReleaseCache(tmp_path / "cache")


@pytest.fixture
def add(cache: ReleaseCache, pristine: Path) -> Add:
    return lambda name: cache.add(name, lambda folder: shutil.copytree(pristine, folder) and None)


def kept(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "cache").iterdir()}


def age(folder: Path, seconds: float) -> None:
    """As if it had been used so long ago."""
    then = folder.stat().st_mtime - seconds
    os.utime(folder, (then, then))


def test_what_was_used_longest_ago_makes_room(cache: ReleaseCache, add: Add, tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(KEPT)]
    for place, name in enumerate(names):
        age(add(name), 1000 - place)
    assert kept(tmp_path) == set(names)
    assert cache.get("r0") == tmp_path / "cache" / "r0"  # the oldest of all is used again
    add("new")
    assert kept(tmp_path) == {*names, "new"} - {"r1"}
    assert cache.get("r1") is None


def test_the_newest_stays_though_its_files_are_old(add: Add, pristine: Path, tmp_path: Path) -> None:
    """A download may carry the times of the original."""
    for name in ("a", "b", "c", "d", "e"):
        age(add(name), 100)
    assert (add("f") / "manifest.json").is_file()


def test_what_a_killed_process_left_goes_after_a_day(add: Add, tmp_path: Path) -> None:
    for name, seconds in ((".killed.1", ABANDONED_SECONDS + 60), (".downloading.2", 60)):
        (tmp_path / "cache" / name).mkdir(parents=True)
        age(tmp_path / "cache" / name, seconds)
    add("a")
    assert kept(tmp_path) == {"a", ".downloading.2"}


def test_an_interrupted_download_leaves_nothing(cache: ReleaseCache, tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        folder.mkdir()
        (folder / "items.npy").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.add("a", interrupted)
    assert kept(tmp_path) == set()
