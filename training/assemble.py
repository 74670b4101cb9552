"""Puts a release folder together from the artifacts of the jobs."""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.blender import Blender
from models.collaborative import Collaborative
from models.embedding import ItemVectors
from models.learned_blend import save_facts
from models.onnx_session import check_graph
from models.release import MANIFEST, SCHEMA_VERSION, Gate, HeldModel, Manifest, file_entries, file_sha256
from models.reranker import Products
from recommender.catalog import Catalog
from recommender.facts import ItemFacts

MODEL_FILES: Final = ("*.onnx", "tokenizer.json", "config.json")
"""What a text model is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The artifacts of one release, all in the row order of ``catalog``."""

    catalog: Catalog
    encoder_folder: Path
    vectors: ItemVectors
    collaborative: Collaborative
    cross_encoder_folder: Path
    products: Products
    blender: Blender
    facts: ItemFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a release comes from; times as epoch seconds."""

    data_cut: float
    evaluated_cut: float | None
    data_hash: str
    encoder: str
    rerank: bool
    evaluation: dict[str, Any]
    runs: dict[str, str]
    """MLflow run of each top folder."""
    erasures_until: float | None = None
    gate: Gate | None = None
    models: tuple[HeldModel, ...] = ()
    """Registered models in it."""
    ungated: str = ""
    """Why the gate cannot judge it; empty where it can."""


def assemble(parts: Parts, provenance: Provenance, folder: Path, *, now: datetime) -> Manifest:
    """Write the folder, its manifest last; returns the manifest."""
    for name in ("embedding", "collaborative", "cross_encoder", "blender"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    np.save(folder / "items.npy", parts.catalog.external_id.astype(np.str_))
    _copy_model(parts.encoder_folder, folder / "embedding")
    parts.vectors.save(folder / "embedding")
    parts.collaborative.save(folder / "collaborative")
    _copy_model(parts.cross_encoder_folder, folder / "cross_encoder")
    parts.products.save(folder / "cross_encoder")
    parts.blender.save(folder / "blender")
    save_facts(parts.facts, folder)
    for graph in sorted(folder.rglob("*.onnx")):
        check_graph(graph)
    manifest = _manifest(folder, provenance, now, learned=bool(parts.blender.trees))
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1))
    return manifest


def code_commit() -> str:
    """Commit of the checkout that trains; ``unknown`` outside of one, ``+`` appended where files were changed."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()


def _manifest(folder: Path, provenance: Provenance, now: datetime, *, learned: bool) -> Manifest:
    files = file_entries(folder, run_of=provenance.runs)
    digest = hashlib.sha256("".join(entry.sha256 for entry in files.values()).encode()).hexdigest()
    return Manifest(
        schema_version=SCHEMA_VERSION,
        release_id=f"{now:%Y%m%d-%H%M%S}-{digest[:6]}",
        created_at=now,
        data_cut=_moment(provenance.data_cut),
        evaluated_cut=None if provenance.evaluated_cut is None else _moment(provenance.evaluated_cut),
        code_commit=code_commit(),
        data_hash=provenance.data_hash,
        erasures_until=None if provenance.erasures_until is None else _moment(provenance.erasures_until),
        items_sha256=file_sha256(folder / "items.npy"),
        encoder=provenance.encoder,
        features={"rerank": provenance.rerank, "learned": learned},
        evaluation=provenance.evaluation,
        gate=provenance.gate,
        models=provenance.models,
        ungated=provenance.ungated,
        files=files,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _copy_model(source: Path, target: Path) -> None:
    for pattern in MODEL_FILES:
        for path in sorted(source.glob(pattern)):
            shutil.copyfile(path, target / path.name)
