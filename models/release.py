"""A release: one folder with every artifact that serving needs, and a manifest that vouches for each byte of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from models.blender import Blender, load_blender, tree_path, trees_file
from models.collaborative import Collaborative, load_collaborative
from models.embedding import ItemVectors, load_item_vectors
from models.learned_blend import FACTS, load_facts
from recommender.errors import InvalidRelease
from recommender.facts import ItemFacts, no_facts
from recommender.metrics.gate import Verdict
from recommender.types import Context

SCHEMA_VERSION: Final = 2
READABLE: Final = (1, SCHEMA_VERSION)
"""A release of version 1 has no neighbours, sequence, facts or trees: those stay silent."""
MANIFEST: Final = "manifest.json"
ENCODER_GRAPH: Final = "embedding/model.onnx"
"""Its sha256 is the encoder's name in the store's `product_embeddings`."""
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
NEEDED_SINCE_2: Final = ("collaborative/neighbours.npz", "collaborative/sequence.npz", FACTS)


class Stage(StrEnum):
    """A stage whose model a shop may bring itself."""

    EMBEDDING = "embedding"
    COLLABORATIVE = "collaborative"
    CROSS_ENCODER = "cross_encoder"


class HeldModel(BaseModel):
    """A model that somebody else made and registered, as a release holds it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: Stage
    name: str
    version: int
    """Counted by MLflow, from 1 for each stage and name."""
    sha256: str
    """Of the files that serve: of each file's name and hash, in order of the names."""
    trained_until: datetime | None
    """Everything that it learnt from happened before, in the data's own time (UTC); None where nobody said so."""
    run_id: str
    """MLflow run of its registration."""

    @property
    def label(self) -> str:
        """Names one content: two models with the same label are the same."""
        return f"{self.name}@{self.sha256[:12]}"


class FileEntry(BaseModel):
    """One file of the release."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    size: int
    run_id: str | None = None
    """MLflow run that made it."""


class Gate(BaseModel):
    """What the promotion gate said of this release when it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    against: str
    """Id of the release that was champion."""
    verdict: Verdict


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
    erasures_until: datetime | None = None
    """Customers who were erased up to this moment were not learnt from; None where nobody had been, or can say so."""
    items_sha256: str
    encoder: str
    features: dict[str, bool]
    """Switches decided by the evaluation: ``rerank`` and ``learned``, the learned blender."""
    evaluation: dict[str, Any]
    gate: Gate | None = None
    """None where it was not compared: there was no champion, or the two could not be compared."""
    models: tuple[HeldModel, ...] = ()
    """Models in it that the shop brought itself."""
    ungated: str = ""
    """Why the gate cannot judge it; empty where it can."""
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
    facts: ItemFacts

    @property
    def release_id(self) -> str:
        """Its id."""
        return self.manifest.release_id


def read_release(folder: Path) -> Release:
    """Verify every file against the manifest, then load. `InvalidRelease` names the file that is wrong."""
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    needed = (*NEEDED, *(NEEDED_SINCE_2 if manifest.schema_version > 1 else ()), *_trees(folder))
    for name in needed:
        if name not in manifest.files:
            raise InvalidRelease(f"release {manifest.release_id}: {name} is not listed in the manifest")
    for name in needed:
        _check_readable(folder / name, manifest.release_id)
    try:
        items = np.load(folder / "items.npy", allow_pickle=False)
        release = Release(
            folder=folder,
            manifest=manifest,
            items=items,
            item_vectors=load_item_vectors(folder / "embedding"),
            collaborative=load_collaborative(folder / "collaborative"),
            blender=load_blender(folder / "blender"),
            facts=load_facts(folder) if manifest.schema_version > 1 else no_facts(len(items)),
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


def _trees(folder: Path) -> list[str]:
    """The blender's graphs that are there: one that the manifest does not list is refused."""
    return [f"blender/{trees_file(context)}" for context in Context if tree_path(folder / "blender", context)]


def _is_inside(name: str) -> bool:
    """Whether a manifest's file name stays below the release folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone; `InvalidRelease` where it is missing, unreadable or of another schema version."""
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidRelease(f"{path}: {error.strerror}") from error
    return parse_manifest(content, str(path))


def parse_manifest(content: bytes, path: str) -> Manifest:
    """What `read_manifest` makes of a manifest's bytes; its errors begin with ``path``."""
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise InvalidRelease(f"{path}: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from error
    if manifest.schema_version not in READABLE:
        known = " and ".join(map(str, READABLE))
        raise InvalidRelease(f"{path}: schema_version={manifest.schema_version}, this version reads {known}")
    return manifest


def verify_files(folder: Path, manifest: Manifest) -> None:
    """`InvalidRelease` with the file's name where one is missing or unreadable, or its size or hash differs."""
    for name, entry in manifest.files.items():
        try:
            wrong = _what_is_wrong(folder, name, entry)
        except OSError as error:  # a lost mount, a dying disk, a file of somebody else's
            raise InvalidRelease(f"release {manifest.release_id}: {name} cannot be read: {error.strerror}") from error
        if wrong:
            raise InvalidRelease(f"release {manifest.release_id}: {name} {wrong}")


def _what_is_wrong(folder: Path, name: str, entry: FileEntry) -> str:
    """Empty where the file is what its entry says."""
    if not _is_inside(name):
        return "lies outside of the release"
    path = folder / name
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != entry.size or file_sha256(path) != entry.sha256:
        return "is damaged: its hash differs from the manifest"
    return ""


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
        "collaborative/neighbours.npz": len(release.collaborative.neighbours.indptr) - 1,
        "collaborative/sequence.npz": len(release.collaborative.sequence.indptr) - 1,
        FACTS: len(release.facts.columns),
    }
    for name, count in rows.items():
        if count != n:
            raise InvalidRelease(f"release {release.release_id}: {name} has {count} rows, items.npy has {n}")
    if (factored := len(release.collaborative.factors)) > n:
        raise InvalidRelease(
            f"release {release.release_id}: collaborative/factors.npy has {factored} rows, items.npy has {n}"
        )
