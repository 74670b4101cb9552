"""A release: one folder with every artifact that serving needs, and a manifest that vouches for each byte of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from models.blender import Blender, load_blender
from models.collaborative import Collaborative, load_collaborative
from models.embedding import ItemVectors, load_item_vectors
from models.learned_blend import COLUMNS, FACTS, TREES, load_learned_blend
from recommender.errors import InvalidRelease
from recommender.learned import LearnedBlend

SCHEMA_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
NEEDED: Final = (
    "items.npy",
    "embedding/vectors.npy",
    "embedding/vector_row.npy",
    "embedding/mean.npy",
    "collaborative/factors.npy",
    "collaborative/popularity.npy",
    "collaborative/co_purchase.npz",
    "collaborative/config.json",
    "blender/weights.json",
)
"""What the gateway loads itself: each must be vouched for."""
LEARNED: Final = tuple(f"blender/{name}" for name in (TREES, COLUMNS, FACTS))
"""Needed as well where the manifest's feature ``learned`` is on."""


class FileEntry(BaseModel):
    """One file of the release."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    size: int
    run_id: str | None = None
    """MLflow run that made it."""


class Manifest(BaseModel):
    """What a release is and where it comes from. Times are UTC; cuts are in the store's (shifted) time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int
    release_id: str
    created_at: datetime
    data_cut: datetime
    """Newest event that the shipped artifacts learnt from."""
    evaluated_cut: datetime | None
    """The recipes were fitted before and scored after this moment; None where there was too little data."""
    code_commit: str
    data_hash: str
    items_sha256: str
    encoder: str
    features: dict[str, bool]
    """Switches decided by the evaluation: ``rerank`` and ``learned``, the learned blender."""
    evaluation: dict[str, Any]
    files: dict[str, FileEntry]


@dataclass(frozen=True, slots=True)
class Release:
    """A verified release with the arrays that the gateway works on. Encoders are opened by whoever needs them."""

    folder: Path
    manifest: Manifest
    items: NDArray[np.str_]
    """(n,) external product ids in row order."""
    item_vectors: ItemVectors
    collaborative: Collaborative
    blender: Blender
    learned: LearnedBlend | None
    """None where the weights in ``blender`` serve."""

    @property
    def release_id(self) -> str:
        """Its id."""
        return self.manifest.release_id


def read_release(folder: Path) -> Release:
    """Verify every file against the manifest, then load. `InvalidRelease` names the file that is wrong."""
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    learned = manifest.features.get("learned", False)
    needed = NEEDED + LEARNED if learned else NEEDED
    for name in needed:
        if name not in manifest.files:
            raise InvalidRelease(f"release {manifest.release_id}: {name} is not listed in the manifest")
    for name in needed:
        _check_readable(folder / name, manifest.release_id)
    try:
        release = Release(
            folder=folder,
            manifest=manifest,
            items=np.load(folder / "items.npy", allow_pickle=False),
            item_vectors=load_item_vectors(folder / "embedding"),
            collaborative=load_collaborative(folder / "collaborative"),
            blender=load_blender(folder / "blender"),
            learned=load_learned_blend(folder / "blender") if learned else None,
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise InvalidRelease(f"release {manifest.release_id}: cannot be read: {error}") from error
    _check_rows(release)
    return release


def _check_readable(path: Path, release_id: str) -> None:
    """`InvalidRelease` with the file's name where an array cannot be opened without unpickling."""
    if path.suffix not in {".npy", ".npz"}:
        return
    try:
        np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        raise InvalidRelease(f"release {release_id}: {path.name} cannot be read as an array: {error}") from error


def _is_inside(name: str) -> bool:
    """Whether a manifest's file name stays below the release folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone; `InvalidRelease` where it is missing, unreadable or of another schema version."""
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidRelease(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise InvalidRelease(f"{path}: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from error
    if manifest.schema_version != SCHEMA_VERSION:
        raise InvalidRelease(f"{path}: schema_version={manifest.schema_version}, this version reads {SCHEMA_VERSION}")
    return manifest


def verify_files(folder: Path, manifest: Manifest) -> None:
    """`InvalidRelease` with the file's name where one is missing, or its size or hash differs."""
    for name, entry in manifest.files.items():
        if not _is_inside(name):
            raise InvalidRelease(f"release {manifest.release_id}: {name} lies outside of the release")
        path = folder / name
        if not path.is_file():
            raise InvalidRelease(f"release {manifest.release_id}: {name} is missing")
        if path.stat().st_size != entry.size or file_sha256(path) != entry.sha256:
            raise InvalidRelease(
                f"release {manifest.release_id}: {name} is damaged: its hash differs from the manifest"
            )


def file_entries(folder: Path, *, run_of: dict[str, str]) -> dict[str, FileEntry]:
    """Entries of every file below the folder except the manifest; ``run_of`` maps a top folder to its MLflow run."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {
        path.relative_to(folder).as_posix(): FileEntry(
            sha256=file_sha256(path),
            size=path.stat().st_size,
            run_id=run_of.get(path.relative_to(folder).parts[0]),
        )
        for path in paths
    }


def file_sha256(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_rows(release: Release) -> None:
    """The stages must agree on how many items there are."""
    n = len(release.items)
    rows = {
        "embedding/vector_row.npy": len(release.item_vectors.row),
        "collaborative/popularity.npy": len(release.collaborative.popularity),
        "collaborative/co_purchase.npz": len(release.collaborative.co_purchase.indptr) - 1,
    }
    if release.learned is not None:
        rows["blender/item_facts.npz"] = len(release.learned.facts.columns)
    for name, count in rows.items():
        if count != n:
            raise InvalidRelease(f"release {release.release_id}: {name} has {count} rows, items.npy has {n}")
    if (factored := len(release.collaborative.factors)) > n:
        raise InvalidRelease(
            f"release {release.release_id}: collaborative/factors.npy has {factored} rows, items.npy has {n}"
        )
