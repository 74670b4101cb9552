"""Where published releases lie: a local folder by default, anything fsspec reaches by URL."""

import shutil
import uuid
from pathlib import Path

import fsspec

from models.release import MANIFEST, read_manifest, verify_files
from recommender.errors import InvalidInput, InvalidRelease


class ReleaseStore:
    """Releases by id under one URL. A release is there exactly when its manifest is, which is written last."""

    def __init__(self, url: str, *, cache: Path) -> None:
        try:
            self._files, root = fsspec.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise InvalidInput("SHELFWISE_RELEASES_URL", url, str(error)) from error
        self._root = str(root).rstrip("/")
        self._local = type(self._files).__name__ == "LocalFileSystem"
        self._cache = cache

    def publish(self, folder: Path) -> str:
        """Copy a verified release into the store and return its id; publishing it again changes nothing."""
        manifest = read_manifest(folder)
        verify_files(folder, manifest)
        target = f"{self._root}/{manifest.release_id}"
        if not self._files.exists(f"{target}/{MANIFEST}"):
            for name in [*manifest.files, MANIFEST]:
                self._files.makedirs(f"{target}/{name}".rsplit("/", 1)[0], exist_ok=True)
                self._files.put_file(str(folder / name), f"{target}/{name}")
        return manifest.release_id

    def fetch(self, release_id: str) -> Path:
        """Local folder of a published release, downloaded once where the store is remote."""
        remote = f"{self._root}/{release_id}"
        if not self._files.exists(f"{remote}/{MANIFEST}"):
            raise InvalidRelease(f"release {release_id} is not in the release store {self._root}")
        if self._local:
            return Path(remote)
        local = self._cache / release_id
        if not (local / MANIFEST).is_file():
            self._download(remote, local)
        return local

    def ids(self) -> list[str]:
        """Ids of all published releases, sorted."""
        if not self._files.exists(self._root):
            return []
        names = [str(path).rstrip("/").rsplit("/", 1)[-1] for path in self._files.ls(self._root, detail=False)]
        return sorted(name for name in names if self._files.exists(f"{self._root}/{name}/{MANIFEST}"))

    def remove(self, release_id: str) -> None:
        """Delete a published release, its manifest first: from then on it is not there. Nothing where it is not."""
        target = f"{self._root}/{release_id}"
        if not self._files.exists(target):
            return
        if self._files.exists(f"{target}/{MANIFEST}"):
            self._files.rm_file(f"{target}/{MANIFEST}")
        self._files.rm(target, recursive=True)

    def _download(self, remote: str, local: Path) -> None:
        """Into a folder of its own first, so that a cut connection or a second process never leaves half a release.

        `InvalidRelease` where it is not whole: what is kept here is never downloaded again.
        """
        partial = local.with_name(f".{local.name}.{uuid.uuid4().hex}")
        partial.parent.mkdir(parents=True, exist_ok=True)
        self._files.get(remote, str(partial), recursive=True)
        try:
            verify_files(partial, read_manifest(partial))
        except InvalidRelease:
            shutil.rmtree(partial)
            raise
        if local.exists():
            shutil.rmtree(partial)
        else:
            partial.rename(local)
