"""A release is loaded only when every byte is what its manifest says, and the error names what is wrong."""

import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.blender import Blender
from models.collaborative import Collaborative
from models.embedding import ItemVectors
from models.release import MANIFEST, Manifest, read_manifest, read_release, verify_files
from recommender.errors import InvalidRelease

Vouch = Callable[[Path], Manifest]
Edit = Callable[..., None]

FILES = (
    "blender/weights.json",
    "collaborative/co_purchase.npz",
    "collaborative/config.json",
    "collaborative/factors.npy",
    "collaborative/neighbours.npz",
    "collaborative/popularity.npy",
    "collaborative/sequence.npz",
    "cross_encoder/score.onnx",
    "embedding/mean.npy",
    "embedding/vector_row.npy",
    "embedding/vectors.npy",
    "item_facts.npz",
    "items.npy",
)


def test_a_release_comes_back_as_it_was_written(
    pristine: Path, collaborative: Collaborative, item_vectors: ItemVectors, blender: Blender
) -> None:
    release = read_release(pristine)
    assert release.release_id == "20260102-030405-abcdef"
    assert release.items.tolist() == ["milk", "bread", "wine", "cheese"]
    np.testing.assert_array_equal(release.collaborative.factors, collaborative.factors)
    np.testing.assert_array_equal(release.item_vectors.vectors, item_vectors.vectors)
    assert release.blender == blender
    assert release.folder == pristine


def test_the_manifest_survives_a_round_trip(release_folder: Path, vouch: Vouch) -> None:
    assert read_manifest(release_folder) == vouch(release_folder)


def test_the_manifest_lists_every_file_but_itself_with_the_run_that_made_it(pristine: Path) -> None:
    files = read_manifest(pristine).files
    assert tuple(files) == FILES
    assert files["embedding/mean.npy"].run_id == "run-1"
    assert files["items.npy"].run_id is None
    assert files["items.npy"].size == (pristine / "items.npy").stat().st_size


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_anywhere_is_found_and_its_file_named(pristine: Path, tmp_path: Path, name: str) -> None:
    manifest = read_manifest(pristine)
    folder = Path(shutil.copytree(pristine, tmp_path / "damaged"))
    content = (folder / name).read_bytes()
    rng = np.random.default_rng(len(name))
    for place in {0, len(content) - 1, *rng.integers(0, len(content), 5).tolist()}:
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        (folder / name).write_bytes(damaged)
        with pytest.raises(InvalidRelease, match=name):
            read_release(folder)
        with pytest.raises(InvalidRelease, match=name):
            verify_files(folder, manifest)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(release_folder: Path, name: str) -> None:
    (release_folder / name).unlink()
    with pytest.raises(InvalidRelease, match=f"{name} is missing"):
        read_release(release_folder)


def test_a_file_cut_short_or_longer_is_named(release_folder: Path) -> None:
    content = (release_folder / "items.npy").read_bytes()
    for changed in (content[:-1], content + b"x", b""):
        (release_folder / "items.npy").write_bytes(changed)
        with pytest.raises(InvalidRelease, match=r"items\.npy"):
            read_release(release_folder)


def test_a_folder_without_a_manifest_is_no_release(release_folder: Path) -> None:
    (release_folder / MANIFEST).unlink()
    with pytest.raises(InvalidRelease, match=MANIFEST):
        read_release(release_folder)


def test_a_release_of_version_1_is_read_without_what_it_never_had(release_folder: Path, edit_manifest: Edit) -> None:
    """A shop that updates the program goes on serving; the newer sources are silent until it trains again."""
    (release_folder / "collaborative" / "neighbours.npz").unlink()
    (release_folder / "collaborative" / "sequence.npz").unlink()
    (release_folder / "item_facts.npz").unlink()
    for gone in ("collaborative/neighbours.npz", "collaborative/sequence.npz", "item_facts.npz"):
        edit_manifest(release_folder, schema_version=1, unlisted=gone)
    release = read_release(release_folder)
    assert not len(release.collaborative.neighbours.item)
    assert not release.facts.columns.any()


def test_another_schema_version_is_refused_with_both_versions(release_folder: Path, edit_manifest: Edit) -> None:
    edit_manifest(release_folder, schema_version=3)
    with pytest.raises(InvalidRelease, match=r"schema_version=3.*reads 1 and 2"):
        read_release(release_folder)


@pytest.mark.parametrize(
    ("field", "value"), [("colour", "blue"), ("features", {"rerank": "perhaps"}), ("created_at", "yesterday")]
)
def test_a_manifest_with_a_wrong_field_is_refused_with_its_name(
    release_folder: Path, edit_manifest: Edit, field: str, value: object
) -> None:
    edit_manifest(release_folder, **{field: value})
    with pytest.raises(InvalidRelease, match=field):
        read_manifest(release_folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_a_manifest_of_any_other_bytes_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(InvalidRelease):
        read_manifest(tmp_path)


def test_stages_that_disagree_on_the_number_of_items_are_refused(
    release_folder: Path, vouch: Vouch, collaborative: Collaborative, item_vectors: ItemVectors
) -> None:
    short = {
        "embedding/vector_row.npy": replace(item_vectors, row=item_vectors.row[:-1]),
        "collaborative/popularity.npy": replace(collaborative, popularity=collaborative.popularity[:-1]),
        "collaborative/co_purchase.npz": replace(
            collaborative, co_purchase=replace(collaborative.co_purchase, indptr=collaborative.co_purchase.indptr[:-1])
        ),
    }
    whole = {"embedding": item_vectors, "collaborative": collaborative}
    for name, part in short.items():
        folder = release_folder / name.split("/")[0]
        part.save(folder)
        vouch(release_folder)
        with pytest.raises(InvalidRelease, match=f"{name} has"):
            read_release(release_folder)
        whole[folder.name].save(folder)


def test_more_factors_than_items_are_refused(release_folder: Path, vouch: Vouch, collaborative: Collaborative) -> None:
    replace(collaborative, factors=np.ones((5, 2), dtype=np.float32)).save(release_folder / "collaborative")
    vouch(release_folder)
    with pytest.raises(InvalidRelease, match=r"factors\.npy"):
        read_release(release_folder)


@pytest.mark.parametrize("name", ["items.npy", "collaborative/factors.npy", "blender/weights.json"])
def test_a_file_that_the_manifest_does_not_vouch_for_is_not_loaded(
    release_folder: Path, edit_manifest: Edit, name: str
) -> None:
    edit_manifest(release_folder, unlisted=name)
    with pytest.raises(InvalidRelease, match=name):
        read_release(release_folder)


class Touch:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("name", ["items.npy", "embedding/vectors.npy", "collaborative/factors.npy"])
def test_a_pickle_is_refused_and_never_run_even_where_the_manifest_vouches_for_it(
    release_folder: Path, vouch: Vouch, tmp_path: Path, name: str
) -> None:
    trap = tmp_path / "trap"
    np.save(release_folder / name, np.array([Touch(trap)], dtype=object), allow_pickle=True)
    pickled_array = (release_folder / name).read_bytes()
    for content in (pickled_array, pickle.dumps(Touch(trap))):
        (release_folder / name).write_bytes(content)
        vouch(release_folder)
        with pytest.raises((ValueError, InvalidRelease)):
            read_release(release_folder)
        assert not trap.exists()


def test_a_file_that_cannot_be_read_is_an_invalid_release_even_where_its_hash_is_right(
    release_folder: Path, vouch: Vouch
) -> None:
    (release_folder / "collaborative" / "factors.npy").write_bytes(b"not an array")
    vouch(release_folder)
    with pytest.raises(InvalidRelease, match=r"factors\.npy"):
        read_release(release_folder)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith((".npy", ".npz"))])
def test_every_array_of_a_release_loads_without_pickle(pristine: Path, name: str) -> None:
    loaded = np.load(pristine / name, allow_pickle=False)
    arrays = loaded.values() if isinstance(loaded, np.lib.npyio.NpzFile) else [loaded]
    assert all(array.dtype != object for array in arrays)


def test_a_file_that_the_disk_does_not_give_is_named(release_folder: Path, edit_manifest: Edit, vouch: Vouch) -> None:
    """The memory of a process is a file that begins with an input/output error."""
    (release_folder / "items.npy").write_bytes(b"")
    vouch(release_folder)
    (release_folder / "items.npy").unlink()
    (release_folder / "items.npy").symlink_to("/proc/self/mem")
    with pytest.raises(InvalidRelease, match=r"20260102-030405-abcdef: items\.npy cannot be read: Input/output error"):
        read_release(release_folder)


def test_a_name_that_no_disk_takes_is_named(release_folder: Path, edit_manifest: Edit) -> None:
    files = {"x" * 300: {"sha256": "", "size": 0}}
    edit_manifest(release_folder, files=files)
    with pytest.raises(InvalidRelease, match=r"x{300} cannot be read: File name too long"):
        read_release(release_folder)
