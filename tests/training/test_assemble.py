"""What the jobs made becomes one release that serving reads, verifies and answers from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from models.blender import Blender
from models.cross_encoder import CrossEncoder, Pairs, load_product_states
from models.embedding import ItemVectors, TextEncoder
from models.release import MANIFEST, Manifest, file_sha256, read_manifest, read_release
from recommender.errors import InvalidRelease
from recommender.facts import ITEM_NAMES, no_facts
from recommender.features import FEATURES
from recommender.types import Context
from training.assemble import Parts, Provenance, assemble, code_commit
from training.collaborative import fit_collaborative
from training.dataset import Dataset
from training.learned_blend import as_onnx
from training.weights import UNFITTED_WEIGHTS

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
PROVENANCE = Provenance(
    data_cut=1_600_000_000.0,
    evaluated_cut=None,
    data_hash="d" * 64,
    encoder="test/encoder",
    rerank=True,
    evaluation={"rerank_helps": True},
    runs={"embedding": "run-e", "collaborative": "run-c"},
)

Assembled = tuple[Path, Manifest]


@pytest.fixture(scope="module")
def parts(shop: Dataset, vectors: ItemVectors, tiny_encoder: object, trained: object, cut: float) -> Parts:
    order = shop.order(cut)
    return Parts(
        catalog=shop.catalog.take(order),
        encoder_folder=tiny_encoder.folder,  # type: ignore[attr-defined]
        vectors=replace(vectors, row=vectors.row[order]),
        collaborative=fit_collaborative(shop.arranged(cut), cut=cut),
        cross_encoder_folder=trained.folder,  # type: ignore[attr-defined]
        products=load_product_states(trained.folder).arranged(order),  # type: ignore[attr-defined]
        blender=Blender(UNFITTED_WEIGHTS, 0.05),
        facts=no_facts(len(order)),
    )


@pytest.fixture(scope="module")
def assembled(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    folder = tmp_path_factory.mktemp("assembled")
    return folder, assemble(parts, PROVENANCE, folder, now=NOW)


def test_serving_reads_what_training_assembled(assembled: Assembled, parts: Parts) -> None:
    folder, manifest = assembled
    release = read_release(folder)
    assert release.manifest == manifest == read_manifest(folder)
    assert release.items.tolist() == parts.catalog.external_id.tolist()
    assert release.blender == parts.blender
    np.testing.assert_array_equal(release.collaborative.factors, parts.collaborative.factors)
    np.testing.assert_array_equal(release.item_vectors.row, parts.vectors.row)


def test_every_stage_opens_its_folder_and_answers(assembled: Assembled, parts: Parts) -> None:
    folder, _ = assembled
    assert TextEncoder(folder / "embedding").encode(["milk"]).shape == (1, 32)
    scores = CrossEncoder(folder / "cross_encoder").score([Pairs("dark coffee beans", np.arange(26))])[0]
    named = {str(e): bool(known) for e, known in zip(parts.catalog.external_id, np.isfinite(scores), strict=True)}
    assert {name for name, known in named.items() if not known} == {"rare", "off"}


def test_the_manifest_says_where_the_release_comes_from(assembled: Assembled) -> None:
    folder, manifest = assembled
    assert manifest.release_id.startswith("20260506-070809-")
    assert (manifest.created_at, manifest.evaluated_cut) == (NOW, None)
    assert manifest.data_cut == datetime.fromtimestamp(1_600_000_000, tz=UTC)
    assert manifest.items_sha256 == file_sha256(folder / "items.npy")
    assert manifest.features == {"rerank": True, "learned": False}
    assert manifest.evaluation == {"rerank_helps": True}
    assert manifest.code_commit == code_commit()


def test_every_file_is_vouched_for_with_the_run_that_made_it(assembled: Assembled) -> None:
    folder, manifest = assembled
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(manifest.files) == there - {MANIFEST}
    for name, entry in manifest.files.items():
        run = {"embedding": "run-e", "collaborative": "run-c"}.get(name.split("/")[0])
        assert entry.run_id == run
        assert entry.sha256 == file_sha256(folder / name)


def test_other_content_gives_another_id_at_the_same_second(assembled: Assembled, parts: Parts, tmp_path: Path) -> None:
    same = assemble(parts, PROVENANCE, tmp_path / "same", now=NOW)
    other = assemble(replace(parts, blender=Blender(UNFITTED_WEIGHTS, 0.1)), PROVENANCE, tmp_path / "other", now=NOW)
    assert same.release_id == assembled[1].release_id != other.release_id


@pytest.fixture(scope="module")
def with_trees(parts: Parts) -> Parts:
    """A learned blender that read a hundred rows of noise."""
    table = np.random.default_rng(0).random((100, len(FEATURES)), dtype=np.float32)
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(table, table[:, 0].round()), 3)
    blender = replace(parts.blender, trees={Context.HOMEPAGE: as_onnx(booster)})
    columns = np.random.default_rng(1).random((len(parts.catalog), len(ITEM_NAMES)), dtype=np.float32)
    return replace(parts, blender=blender, facts=replace(parts.facts, columns=columns))


def test_a_learned_blender_is_shipped_and_switched_on_together(
    assembled: Assembled, with_trees: Parts, tmp_path: Path
) -> None:
    assert not read_release(assembled[0]).blender.trees
    manifest = assemble(with_trees, PROVENANCE, tmp_path, now=NOW)
    assert manifest.features == {"rerank": True, "learned": True}
    release = read_release(tmp_path)
    np.testing.assert_array_equal(release.facts.columns, with_trees.facts.columns)
    rows = np.random.default_rng(1).random((9, len(FEATURES)), dtype=np.float32)
    served, trained = release.blender.trees[Context.HOMEPAGE], with_trees.blender.trees[Context.HOMEPAGE]
    np.testing.assert_array_equal(served.predict(rows), trained.predict(rows))


def test_trees_that_the_manifest_does_not_list_are_refused(
    with_trees: Parts, assembled: Assembled, tmp_path: Path
) -> None:
    assemble(with_trees, PROVENANCE, tmp_path, now=NOW)
    (tmp_path / "blender" / "cart.onnx").write_bytes((tmp_path / "blender" / "homepage.onnx").read_bytes())
    with pytest.raises(InvalidRelease, match=r"blender/cart\.onnx is not listed"):
        read_release(tmp_path)


def test_facts_of_other_products_are_refused(parts: Parts, tmp_path: Path) -> None:
    assemble(replace(parts, facts=no_facts(len(parts.catalog) - 1)), PROVENANCE, tmp_path, now=NOW)
    with pytest.raises(InvalidRelease, match="item_facts"):
        read_release(tmp_path)


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b"not a graph"])
def test_a_graph_that_is_none_never_becomes_a_release(
    parts: Parts, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    broken = tmp_path / "encoder"
    broken.mkdir()
    for path in parts.encoder_folder.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "model.onnx").write_bytes(damage((broken / "model.onnx").read_bytes()))
    with pytest.raises(InvalidRelease, match=r"model\.onnx"):
        assemble(replace(parts, encoder_folder=broken), PROVENANCE, tmp_path / "release", now=NOW)
    assert not (tmp_path / "release" / MANIFEST).exists()
