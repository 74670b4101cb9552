"""Releases are published whole or not at all, and fetched from a folder or from anywhere fsspec reaches."""

import uuid
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from models.release import MANIFEST, read_manifest, read_release, verify_files
from models.release_store import ReleaseStore
from recommender.errors import InvalidRelease

ID = "20260102-030405-abcdef"


@pytest.fixture(params=["local", "remote"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "store") if request.param == "local" else f"memory://{uuid.uuid4().hex}/releases"


@pytest.fixture
def store(url: str, tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(url, cache=tmp_path / "cache")


def remove(url: str, name: str) -> None:
    files, root = fsspec.url_to_fs(url)
    files.rm(f"{root}/{name}")


def content(url: str, name: str) -> bytes:
    files, root = fsspec.url_to_fs(url)
    return bytes(files.cat_file(f"{root}/{name}"))


def test_a_published_release_is_listed_and_can_be_fetched_and_read(store: ReleaseStore, pristine: Path) -> None:
    assert store.ids() == []
    assert store.publish(pristine) == ID
    assert store.ids() == [ID]
    fetched = store.fetch(ID)
    assert read_release(fetched).release_id == ID
    assert read_manifest(fetched) == read_manifest(pristine)


def test_publishing_again_changes_nothing(store: ReleaseStore, url: str, pristine: Path) -> None:
    store.publish(pristine)
    before = content(url, f"{ID}/{MANIFEST}")
    assert store.publish(pristine) == ID
    assert store.ids() == [ID]
    assert content(url, f"{ID}/{MANIFEST}") == before


def test_a_half_uploaded_release_is_not_there_until_it_is_published_again(
    store: ReleaseStore, url: str, pristine: Path
) -> None:
    store.publish(pristine)
    remove(url, f"{ID}/{MANIFEST}")  # as if the upload had been cut off before its last file
    remove(url, f"{ID}/items.npy")
    assert store.ids() == []
    with pytest.raises(InvalidRelease, match=ID):
        store.fetch(ID)
    store.publish(pristine)
    assert store.ids() == [ID]
    assert read_release(store.fetch(ID)).release_id == ID


def test_a_damaged_release_is_not_published(store: ReleaseStore, release_folder: Path) -> None:
    (release_folder / "items.npy").write_bytes(b"changed since its manifest was written")
    with pytest.raises(InvalidRelease, match=r"items\.npy"):
        store.publish(release_folder)
    assert store.ids() == []


@pytest.mark.parametrize("sent", [0, 1, 5, 10])
def test_an_upload_cut_off_anywhere_leaves_no_release(
    store: ReleaseStore, url: str, pristine: Path, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    kind = type(fsspec.url_to_fs(url)[0])
    send, left = kind.put_file, iter(range(sent))

    def cut_off(*arguments: object, **options: object) -> None:
        if next(left, None) is None:
            raise ConnectionError("the line is cut")
        send(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "put_file", cut_off)
        with pytest.raises(InvalidRelease, match=f"{ID} cannot be published: .*ConnectionError: the line is cut"):
            store.publish(pristine)
    assert store.ids() == []
    store.publish(pristine)
    assert read_release(store.fetch(ID)).release_id == ID


def test_an_unknown_release_is_refused_with_its_id(store: ReleaseStore, pristine: Path) -> None:
    store.publish(pristine)
    with pytest.raises(InvalidRelease, match="20990101-000000-ffffff"):
        store.fetch("20990101-000000-ffffff")


def test_several_releases_are_listed_in_order(
    store: ReleaseStore, release_folder: Path, edit_manifest: Callable[..., None]
) -> None:
    for release_id in ("b", "c", "a"):
        edit_manifest(release_folder, release_id=release_id)
        store.publish(release_folder)
    assert store.ids() == ["a", "b", "c"]
    assert store.fetch("b").name == "b"


def test_what_else_lies_in_the_store_is_not_a_release(store: ReleaseStore, url: str, pristine: Path) -> None:
    store.publish(pristine)
    files, root = fsspec.url_to_fs(url)
    files.pipe_file(f"{root}/notes.txt", b"hello")
    files.makedirs(f"{root}/empty", exist_ok=True)
    assert store.ids() == [ID]


def test_a_local_store_is_read_where_it_lies(pristine: Path, tmp_path: Path) -> None:
    for url in (str(tmp_path / "store"), f"file://{tmp_path / 'store'}"):
        store = ReleaseStore(url, cache=tmp_path / "cache")
        store.publish(pristine)
        assert store.fetch(ID) == tmp_path / "store" / ID
    assert not (tmp_path / "cache").exists()


@pytest.fixture
def remote(tmp_path: Path, pristine: Path) -> ReleaseStore:
    """A remote store with one release in it."""
    store = ReleaseStore(f"memory://{uuid.uuid4().hex}/releases", cache=tmp_path / "cache")
    store.publish(pristine)
    return store


def lost(*_: object, **__: object) -> None:
    raise ConnectionError("the line is cut")


def cut_after(files: int) -> Callable[..., None]:
    """So many files come whole."""
    get, left = MemoryFileSystem.get_file, iter(range(files))

    def get_file(*arguments: object, **options: object) -> None:
        if next(left, None) is None:
            lost()
        get(*arguments, **options)

    return get_file


def test_a_remote_release_is_downloaded_once(
    remote: ReleaseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = remote.fetch(ID)
    assert local == tmp_path / "cache" / ID
    verify_files(local, read_manifest(local))
    for name in ("exists", "get", "ls", "cat_file"):
        monkeypatch.setattr(MemoryFileSystem, name, lost)
    assert remote.fetch(ID) == local
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [ID]


def test_a_store_that_does_not_answer_is_refused_and_named(
    remote: ReleaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryFileSystem, "exists", lost)
    monkeypatch.setattr(MemoryFileSystem, "cat_file", lost)
    for ask in (remote.fetch, remote.manifest, remote.remove, lambda _: remote.ids()):
        with pytest.raises(InvalidRelease, match=r"release store /\w+/releases says ConnectionError: the line is cut"):
            ask(ID)


def test_a_download_cut_off_leaves_nothing(
    remote: ReleaseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "get_file", cut_after(3))
        with pytest.raises(InvalidRelease, match=f"{ID} cannot be downloaded: .*the line is cut"):
            remote.fetch(ID)
    assert list((tmp_path / "cache").iterdir()) == []
    assert read_release(remote.fetch(ID)).release_id == ID


def test_a_release_that_is_not_whole_yet_is_not_kept(remote: ReleaseStore, tmp_path: Path, pristine: Path) -> None:
    """A store that shows the manifest before the other files: the next one who asks finds all of it."""
    files, folder = MemoryFileSystem(), f"{remote._root}/{ID}"
    whole = files.cat_file(f"{folder}/items.npy")
    files.pipe_file(f"{folder}/items.npy", whole[:-1])
    with pytest.raises(InvalidRelease, match=r"items\.npy is damaged"):
        remote.fetch(ID)
    assert list((tmp_path / "cache").iterdir()) == []
    files.pipe_file(f"{folder}/items.npy", whole)
    assert read_release(remote.fetch(ID)).release_id == ID


def test_two_processes_share_a_cache(pristine: Path, tmp_path: Path) -> None:
    url = f"memory://{uuid.uuid4().hex}/releases"
    first, second = (ReleaseStore(url, cache=tmp_path / "cache") for _ in range(2))
    first.publish(pristine)
    assert first.fetch(ID) == second.fetch(ID)
    assert second.ids() == [ID]


def test_a_removed_release_is_gone_and_the_others_are_not(store: ReleaseStore, pristine: Path) -> None:
    store.publish(pristine)
    store.remove("never-published")
    assert store.ids() == [ID]
    store.remove(ID)
    assert store.ids() == []
    with pytest.raises(InvalidRelease):
        store.fetch(ID)
    assert store.publish(pristine) == ID
    assert read_release(store.fetch(ID)).release_id == ID


def test_a_manifest_is_read_without_the_other_files(store: ReleaseStore, pristine: Path, tmp_path: Path) -> None:
    store.publish(pristine)
    assert store.manifest(ID) == read_manifest(pristine)
    assert not (tmp_path / "cache").exists()


def test_an_unreadable_manifest_is_refused_and_its_release_can_be_removed(
    store: ReleaseStore, url: str, pristine: Path
) -> None:
    store.publish(pristine)
    files, root = fsspec.url_to_fs(url)
    files.pipe_file(f"{root}/{ID}/{MANIFEST}", b"{")
    with pytest.raises(InvalidRelease, match=f"{ID}/{MANIFEST}: .*Invalid JSON"):
        store.manifest(ID)
    store.remove(ID)
    assert store.ids() == []
