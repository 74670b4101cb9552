"""A data set as a shop: its two files go through the real import into a store of its own, which training reads."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from models.embedding import ItemVectors
from store.engine import migrate, open_engine
from store.imports import import_file
from store.sync_status import ImportKind
from training.dataset import Dataset
from training.embedding import embed_catalog, export_encoder
from training.encoder_source import DEFAULT_ENCODER
from training.source import Report, read_source

THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Files:
    """What a shop hands over."""

    products: Path
    events: Path

    @property
    def digest(self) -> str:
        """sha256 over both."""
        digest = hashlib.sha256(self.products.read_bytes())
        digest.update(self.events.read_bytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that is known of a data set, the future included."""

    name: str
    data: Dataset
    vectors: ItemVectors
    folder: Path
    """Where artifacts are kept that take long to make."""


def open_shop(name: str, write_files: Callable[[Path], Files], home: Path, report: Report) -> Shop:
    """Import the files that ``write_files`` puts into a folder, and embed the products' texts; both are kept."""
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    data = import_files(name, write_files(folder), folder, report)
    encoder = _encoder(home, folder, report)
    vectors = embed_catalog(
        data.catalog,
        encoder,
        threads=THREADS,
        progress=lambda done, total: report(f"{name}: embedding product texts", done, total),
    )
    return Shop(name, data, vectors, folder)


def import_files(name: str, files: Files, folder: Path, report: Report) -> Dataset:
    """What the store says of the files; imported again where they have changed."""
    database, marker = folder / "shop.db", folder / "imported.sha256"
    digest = files.digest
    if not (marker.is_file() and marker.read_text() == digest):
        for stale in (marker, *folder.glob("shop.db*")):
            stale.unlink(missing_ok=True)
    engine = open_engine(f"sqlite:///{database}")
    try:
        migrate(engine)
        if not marker.is_file():
            _import(engine, "products", files.products, name, report)
            _import(engine, "events", files.events, name, report)
            marker.write_text(digest)
        return read_source(engine, lambda step, done, total: report(f"{name}: {step}", done, total)).data
    finally:
        engine.dispose()


def _import(engine: Engine, kind: ImportKind, path: Path, name: str, report: Report) -> None:
    step = f"{name}: importing {kind}"
    import_file(
        engine,
        kind,
        path,
        now=0.0,
        rejects_dir=path.parent / "rejects",
        progress=lambda done, total: report(step, done, total),
    )


def _encoder(home: Path, folder: Path, report: Report) -> Path:
    """The exported text encoder, with a copy beside each shop's vectors."""
    exported, own = home / "encoder", folder / "encoder"
    if not (exported / "config.json").is_file():
        report("exporting the text encoder", 0, 1)
        export_encoder(DEFAULT_ENCODER, exported)
        report("exporting the text encoder", 1, 1)
    if not (own / "config.json").is_file():
        shutil.copytree(exported, own, dirs_exist_ok=True)
    return own
