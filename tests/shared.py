"""What takes long to make is made once, by whichever of the test processes asks for it first."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that ``make`` filled, the same for all processes of this run; nobody may change what is in it.

    Whoever else asks waits until it is complete. What a failed attempt left is thrown away and made anew.
    """
    folder = _folder_of_the_run(factory) / name
    made = folder.with_suffix(".made")
    with FileLock(folder.with_suffix(".lock")):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def _folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """pytest-xdist gives each of its processes a folder below the one of the run."""
    own = factory.getbasetemp()
    return own.parent if own.name.startswith("popen-") else own
