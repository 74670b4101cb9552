"""A small but whole release on disk, and ways to damage it."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from models.blender import Blender
from models.collaborative import Collaborative
from models.embedding import ItemVectors
from models.learned_blend import save_facts
from models.release import MANIFEST, SCHEMA_VERSION, Manifest, file_entries, file_sha256
from recommender.facts import no_facts
from recommender.policy import Weights
from recommender.snapshot import Neighbours

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")  # a busy neighbour must not fail a property

ITEMS = ["milk", "bread", "wine", "cheese"]


@pytest.fixture(scope="session")
def collaborative() -> Collaborative:
    """Four items, three of them with factors; milk and bread are bought together."""
    return Collaborative(
        factors=np.array([[1, 0], [0.5, 0.5], [0, 1]], dtype=np.float32),
        regularization=0.5,
        co_purchase=Neighbours(
            np.array([0, 1, 2, 2, 2]), np.array([1, 0], np.int32), np.array([0.75, 0.25], np.float32)
        ),
        neighbours=Neighbours(np.array([0, 1, 1, 1, 1]), np.array([2], np.int32), np.array([0.5], np.float32)),
        sequence=Neighbours(np.array([0, 0, 1, 1, 1]), np.array([3], np.int32), np.array([0.5], np.float32)),
        popularity=np.array([4, 3, 2, 1], dtype=np.float32),
    )


@pytest.fixture(scope="session")
def item_vectors() -> ItemVectors:
    """Three texts for four items."""
    vectors = np.array([[0.6, 0.8], [1, 0], [0, 0]], dtype=np.float32)
    return ItemVectors(vectors, np.array([0, 1, 1, 2], np.int32), np.array([0.1, -0.1], np.float32))


@pytest.fixture(scope="session")
def blender() -> Blender:
    return Blender(Weights(content=0.1, collaborative=0.2, popularity=0.05, repeat=0.65), rerank_weight=0.02)


def write_manifest(folder: Path) -> Manifest:
    """A manifest that vouches for whatever lies in the folder now."""
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        release_id="20260102-030405-abcdef",
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        data_cut=datetime(2026, 1, 1, tzinfo=UTC),
        evaluated_cut=None,
        code_commit="0123456789ab",
        data_hash="d" * 64,
        items_sha256=file_sha256(folder / "items.npy"),
        encoder="test/encoder",
        features={"rerank": True},
        evaluation={"groups": {"all": {"customers": 3, "fitted_blend": {"ndcg_20": [0.3, 0.2, 0.4]}}}},
        files=file_entries(folder, run_of={"embedding": "run-1"}),
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1))
    return manifest


@pytest.fixture(scope="session")
def vouch() -> Callable[[Path], Manifest]:
    return write_manifest


@pytest.fixture(scope="session")
def pristine(
    tmp_path_factory: pytest.TempPathFactory, collaborative: Collaborative, item_vectors: ItemVectors, blender: Blender
) -> Path:
    folder = tmp_path_factory.mktemp("release")
    for name in ("embedding", "collaborative", "blender", "cross_encoder"):
        (folder / name).mkdir()
    np.save(folder / "items.npy", np.array(ITEMS, dtype=np.str_))
    item_vectors.save(folder / "embedding")
    collaborative.save(folder / "collaborative")
    blender.save(folder / "blender")
    save_facts(no_facts(len(ITEMS)), folder)
    (folder / "cross_encoder" / "score.onnx").write_bytes(bytes(range(256)))  # opened by its own stage, not here
    write_manifest(folder)
    return folder


@pytest.fixture
def release_folder(pristine: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(pristine, tmp_path / "release"))


@pytest.fixture(scope="session")
def edit_manifest() -> Callable[..., None]:
    """``edit_manifest(folder, schema_version=2)``: set fields; ``None`` as the name of a file drops its entry."""

    def edit(folder: Path, *, unlisted: str = "", **fields: object) -> None:
        stored = json.loads((folder / MANIFEST).read_text()) | fields
        stored["files"].pop(unlisted, None)
        (folder / MANIFEST).write_text(json.dumps(stored))

    return edit
