"""Where published releases lie: a local folder by default, anything fsspec reaches by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec

from models.release import MANIFEST, Manifest, parse_manifest, read_manifest, verify_files
from models.release_cache import ReleaseCache
from recommender.errors import InvalidInput, InvalidRelease


class ReleaseStore:
    """Releases by id under one URL. A release is there exactly when its manifest is, which is written last.

    Every method raises `InvalidRelease` where the place that the URL names does not answer.
    """

    def __init__(self, url: str, *, cache: Path) -> None:
        try:
            self._files, root = fsspec.url_to_fs(url)
        except (OSError, ValueError, ImportError) as error:
            raise InvalidInput("SHELFWISE_RELEASES_URL", url, str(error)) from error
        self._root = str(root).rstrip("/")
        self._local = type(self._files).__name__ == "LocalFileSystem"
        self._cache = ReleaseCache(cache)

    def publish(self, folder: Path) -> str:
        """Copy a verified release into the store and return its id; publishing it again changes nothing."""
        manifest = read_manifest(folder)
        verify_files(folder, manifest)
        target = f"{self._root}/{manifest.release_id}"
        with self._refusals(f"release {manifest.release_id} cannot be published"):
            if not self._files.exists(f"{target}/{MANIFEST}"):
                for name in [*manifest.files, MANIFEST]:
                    self._files.makedirs(f"{target}/{name}".rsplit("/", 1)[0], exist_ok=True)
                    self._files.put_file(str(folder / name), f"{target}/{name}")
        return manifest.release_id

    def fetch(self, release_id: str) -> Path:
        """Local folder of a published release, downloaded once where the store is remote.

        What was downloaded is whole and never changes: a remote store that does not answer is not needed for it.
        """
        if self._local:
            self._require(release_id)
            return Path(self._root) / release_id
        return self._cache.get(release_id) or self._cache.add(release_id, lambda folder: self._get(release_id, folder))

    def manifest(self, release_id: str) -> Manifest:
        """The manifest of a published release alone; none of its other files is looked at."""
        path = f"{self._root}/{release_id}/{MANIFEST}"
        with self._refusals(f"release {release_id}: {MANIFEST} cannot be read"):
            content = self._files.cat_file(path)
        return parse_manifest(content, path)

    def ids(self) -> list[str]:
        """Ids of all published releases, sorted."""
        with self._refusals("releases cannot be listed"):
            if not self._files.exists(self._root):
                return []
            names = [str(path).rstrip("/").rsplit("/", 1)[-1] for path in self._files.ls(self._root, detail=False)]
            return sorted(name for name in names if self._files.exists(f"{self._root}/{name}/{MANIFEST}"))

    def remove(self, release_id: str) -> None:
        """Delete a published release, its manifest first: from then on it is not there. Nothing where it is not."""
        target = f"{self._root}/{release_id}"
        with self._refusals(f"release {release_id} cannot be deleted"):
            if not self._files.exists(target):
                return
            if self._files.exists(f"{target}/{MANIFEST}"):
                self._files.rm_file(f"{target}/{MANIFEST}")
            self._files.rm(target, recursive=True)

    def _get(self, release_id: str, folder: Path) -> None:
        self._require(release_id)
        with self._refusals(f"release {release_id} cannot be downloaded"):
            self._files.get(f"{self._root}/{release_id}", str(folder), recursive=True)

    def _require(self, release_id: str) -> None:
        with self._refusals(f"release {release_id} cannot be looked up"):
            published = self._files.exists(f"{self._root}/{release_id}/{MANIFEST}")
        if not published:
            raise InvalidRelease(f"release {release_id} is not in the release store {self._root}")

    @contextmanager
    def _refusals(self, what: str) -> Iterator[None]:
        """`InvalidRelease` that says what could not be done, and why."""
        try:
            yield
        except Exception as error:  # a boundary: each file system fails in the words of its own library
            why = f"{type(error).__name__}: {error}"
            raise InvalidRelease(f"{what}: the release store {self._root} says {why}") from error
