"""The releases a stage holds: loaded at the first call, two at most, refused where a byte is wrong."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from models.release import MANIFEST
from recommender.errors import InvalidRelease
from runners.messages import Reply
from runners.shelf import Shelf, release_store
from tests.planted_shop import Shop, published_variant


@dataclass(frozen=True, slots=True)
class Call:
    release: str
    number: int


class Loader:
    """Loads nothing but the release's name, and remembers what it loaded."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, folder: Path) -> str:
        self.loaded.append(folder.name)
        return folder.name


def numbers(model: str, calls: Sequence[Call]) -> list[np.ndarray]:
    return [np.array([call.number], np.float32) for call in calls]


@pytest.fixture(scope="module")
def shop(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With three more releases: b, c, and one whose item list was changed after it was published."""
    shop = planted_shop.copy(tmp_path_factory.mktemp("shelf") / "shop")
    published_variant(shop, "b", {})
    published_variant(shop, "c", {})
    damaged = published_variant(shop, "damaged", {}) / "items.npy"
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.unlink()
    damaged.write_bytes(content)
    return shop


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def shelf(shop: Shop, loader: Loader) -> Shelf[str]:
    return Shelf(release_store(shop.settings), loader)


@pytest.fixture
def both(shelf: Shelf[str]) -> Shelf[str]:
    """Holds b and c."""
    shelf.model("b")
    shelf.model("c")
    return shelf


def told(shelf: Shelf[str], release: str) -> Reply:
    """What a call for this release is told in the end, beside a call for b, which is answered each time."""
    while True:
        good, reply = shelf.answer([Call("b", 1), Call(release, 2)], numbers)
        assert (good.value, good.problem, good.batch) == (np.array([1], np.float32), "", 2)
        if not reply.loading:
            return reply
        assert reply.value is None
        assert "is being loaded" in reply.problem


def test_a_release_is_loaded_once(shelf: Shelf[str], loader: Loader) -> None:
    assert [shelf.model("b") for _ in range(3)] == ["b"] * 3
    assert loader.loaded == ["b"]


def test_the_two_latest_releases_are_kept(shelf: Shelf[str], loader: Loader, shop: Shop) -> None:
    for release in (shop.release, "b", shop.release, "c", shop.release, "b"):
        shelf.model(release)
    assert loader.loaded == [shop.release, "b", "c", "b"]


def test_replies_are_in_the_order_of_the_calls(both: Shelf[str]) -> None:
    calls = [Call("b" if number % 3 else "c", number) for number in range(10)]
    replies = both.answer(calls, numbers)
    assert [reply.value.item() for reply in replies if reply.value is not None] == list(range(10))
    assert {reply.batch for reply in replies} == {10}


def test_calls_for_one_release_are_scored_together(both: Shelf[str]) -> None:
    batches: list[tuple[str, int]] = []

    def score(model: str, calls: list[Call]) -> list[np.ndarray]:
        batches.append((model, len(calls)))
        return numbers(model, calls)

    both.answer([Call("b", 0), Call("c", 1), Call("b", 2)], score)
    assert batches == [("b", 2), ("c", 1)]


@pytest.mark.parametrize(("release", "said"), [("damaged", "items.npy is damaged"), ("nowhere", "is not in the")])
def test_an_unusable_release_is_a_problem_not_an_exception(shelf: Shelf[str], release: str, said: str) -> None:
    for _ in range(2):  # asked again it is looked at again
        bad = told(shelf, release)
        assert bad.value is None
        assert said in bad.problem


def test_a_file_that_cannot_be_loaded_is_a_problem_too(shop: Shop) -> None:
    def load(folder: Path) -> str:
        if folder.name == "c":
            raise RuntimeError("no such operator")
        return folder.name

    assert "RuntimeError: no such operator" in told(Shelf(release_store(shop.settings), load), "c").problem


def test_a_release_that_cannot_answer_does_not_cost_the_others_their_answers(both: Shelf[str]) -> None:
    def score(model: str, calls: list[Call]) -> list[np.ndarray]:
        if model == "c":
            raise ValueError("another shape")
        return numbers(model, calls)

    good, bad = both.answer([Call("b", 1), Call("c", 2)], score)
    assert good.value == np.array([1], np.float32)
    assert (bad.value, bad.problem) == (None, "release c cannot answer: ValueError")


def test_a_damaged_release_is_not_kept(shelf: Shelf[str], loader: Loader) -> None:
    for _ in range(2):
        with pytest.raises(InvalidRelease, match=r"items\.npy is damaged"):
            shelf.model("damaged")
    assert loader.loaded == []


def test_a_release_without_a_manifest_is_not_there(shelf: Shelf[str], shop: Shop) -> None:
    manifest = published_variant(shop, "half", {}) / MANIFEST
    manifest.unlink()
    with pytest.raises(InvalidRelease, match="half is not in the release store"):
        shelf.model("half")


def test_a_number_of_values_other_than_of_calls_is_an_error(shelf: Shelf[str]) -> None:
    with pytest.raises(ValueError, match="zip"):
        shelf.answer([Call("b", 1), Call("b", 2)], lambda model, calls: numbers(model, calls[:1]))


def test_two_threads_load_a_release_once(shelf: Shelf[str], loader: Loader) -> None:
    threads = [threading.Thread(target=shelf.model, args=("c",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loader.loaded == ["c"]


def test_loading_the_next_release_does_not_hold_up_the_one_that_serves(shop: Shop) -> None:
    """A swap takes seconds; calls for the release in service must be answered meanwhile, in the same batch too."""
    loading, go_on = threading.Event(), threading.Event()

    def load(folder: Path) -> str:
        if folder.name == "c":
            loading.set()
            go_on.wait(10)
        return folder.name

    shelf = Shelf(release_store(shop.settings), load)
    shelf.model("b")
    first = shelf.answer([Call("b", 1), Call("c", 2)], numbers)
    assert loading.wait(10)
    later = shelf.answer([Call("c", 3), Call("b", 4)], numbers)
    assert [reply.loading for reply in [*first, *later]] == [False, True, True, False]
    go_on.set()
    assert told(shelf, "c").value == np.array([2], np.float32)
