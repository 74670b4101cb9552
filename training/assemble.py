"""Puts a release folder together from the artifacts of the jobs."""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.blender import Blender, trees_file
from models.collaborative import Collaborative
from models.cross_encoder import ProductStates
from models.embedding import ItemVectors
from models.learned_blend import save_facts
from models.onnx_session import check_graph
from models.release import MANIFEST, SCHEMA_VERSION, Gate, Manifest, file_entries, file_sha256
from recommender.catalog import Catalog
from recommender.facts import ItemFacts

GRAPHS: Final = ("embedding/model.onnx", "cross_encoder/customer.onnx", "cross_encoder/score.onnx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The artifacts of one release, all in the row order of ``catalog``."""

    catalog: Catalog
    encoder_folder: Path
    vectors: ItemVectors
    collaborative: Collaborative
    cross_encoder_folder: Path
    states: ProductStates
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


def assemble(parts: Parts, provenance: Provenance, folder: Path, *, now: datetime) -> Manifest:
    """Write the folder, its manifest last; returns the manifest."""
    for name in ("embedding", "collaborative", "cross_encoder", "blender"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    np.save(folder / "items.npy", parts.catalog.external_id.astype(np.str_))
    _copy(parts.encoder_folder, folder / "embedding", ("model.onnx", "tokenizer.json", "config.json"))
    parts.vectors.save(folder / "embedding")
    parts.collaborative.save(folder / "collaborative")
    graphs = ("customer.onnx", "score.onnx", "tokenizer.json", "config.json")
    _copy(parts.cross_encoder_folder, folder / "cross_encoder", graphs)
    parts.states.save(folder / "cross_encoder")
    parts.blender.save(folder / "blender")
    save_facts(parts.facts, folder)
    for graph in GRAPHS:
        check_graph(folder / graph)
    for context in parts.blender.trees:
        check_graph(folder / "blender" / trees_file(context))
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
        files=files,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _copy(source: Path, target: Path, names: tuple[str, ...]) -> None:
    for name in names:
        shutil.copyfile(source / name, target / name)
