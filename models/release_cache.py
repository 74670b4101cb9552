"""Downloaded releases: whole ones only, and no more of them than a few."""

import os
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from models.release import MANIFEST, read_manifest, verify_files
from recommender.errors import InvalidRelease

KEPT: Final = 4
"""Releases, those used latest: the one that serves, the one before, one that comes, and one to compare with."""
ABANDONED_SECONDS: Final = 86_400
"""No download takes a day: one that is older was left behind by a process that was killed."""


class ReleaseCache:
    """A folder that processes of one machine may share. A folder whose name begins with a dot is no release yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, release_id: str) -> Path | None:
        """The release's folder, used just now; None where it is not here, `InvalidRelease` where nobody can look."""
        folder = self._folder / release_id
        try:
            if not (folder / MANIFEST).is_file():
                return None
        except OSError as error:
            raise InvalidRelease(f"release {release_id} cannot be looked up in {self._folder}: {error}") from error
        with suppress(OSError):  # the folder may be read only: then nothing is deleted from it either
            os.utime(folder)
        return folder

    def add(self, release_id: str, download: Callable[[Path], None]) -> Path:
        """Have a release downloaded, verify it and keep it; those used longest ago make room.

        It goes into a folder of its own first, so that a cut connection or a second process never leaves half a
        release. `InvalidRelease` where it is not whole, for what is kept here is never downloaded again.
        """
        folder, partial = self._folder / release_id, self._unnamed(release_id)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            download(partial)
            verify_files(partial, read_manifest(partial))
            if not folder.exists():
                partial.rename(folder)
                os.utime(folder)
        except OSError as error:
            raise InvalidRelease(f"release {release_id} cannot be kept in {self._folder}: {error}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        self._make_room()
        return folder

    def _make_room(self) -> None:
        """Whatever goes wrong is left to the next download: a release that is here serves."""
        with suppress(OSError):
            used = {path: path.stat().st_mtime for path in self._folder.iterdir() if path.is_dir()}
            partials = {path for path in used if path.name.startswith(".")}
            for path in partials:
                if used[path] < time.time() - ABANDONED_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)
            for path in sorted(used.keys() - partials, key=lambda path: used[path])[:-KEPT]:
                gone = path.rename(self._unnamed(path.name))  # at once: a release is never half here
                shutil.rmtree(gone, ignore_errors=True)

    def _unnamed(self, release_id: str) -> Path:
        return self._folder / f".{release_id}.{uuid.uuid4().hex}"
