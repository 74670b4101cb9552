"""The releases a stage has loaded."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.release import read_manifest, verify_files
from models.release_store import ReleaseStore
from recommender.errors import InvalidRelease
from runners.messages import Reply
from settings import Settings

KEPT: Final = 2
"""Releases in memory: the one that serves, and the one before or the one that comes."""

Model = TypeVar("Model")

log = logging.getLogger("shelfwise.stage")


class Call(Protocol):
    """Anything that says which release it is meant for."""

    @property
    def release(self) -> str:
        """Release id."""


CallT = TypeVar("CallT", bound=Call)


def release_store(settings: Settings) -> ReleaseStore:
    """The release store that the settings name."""
    return ReleaseStore(settings.releases_url, cache=settings.home_folder / "releases-cache")


class Shelf(Generic[Model]):
    """Loads a stage's model of a release at the first call for it, and keeps the latest two.

    The first release is waited for. Another one is loaded beside it: BentoML gives a stage one batch at a time, so
    whoever waited for the new release would hold up everyone who asks for the one that serves.
    """

    def __init__(self, releases: ReleaseStore, load: Callable[[Path], Model]) -> None:
        self._releases, self._load = releases, load
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._coming: dict[str, Future[Model]] = {}
        """Being loaded, or why that failed until somebody was told."""
        self._lock = threading.Lock()
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load-release")

    def model(self, release: str, *, wait: bool = True) -> Model | None:
        """The model of this release; `InvalidRelease` where it is missing or damaged.

        Without ``wait``, None while it is being loaded beside another release.
        """
        with self._lock:
            if release in self._models:
                self._models.move_to_end(release)
                return self._models[release]
            coming = self._coming.get(release)
            if coming is None:
                coming = self._coming[release] = self._loader.submit(self._fetch, release)
            if not (wait or coming.done() or not self._models):
                return None
        try:
            return coming.result()
        finally:
            with self._lock:  # a failure is told once; the next call tries again
                if self._coming.get(release) is coming:
                    del self._coming[release]

    def _fetch(self, release: str) -> Model:
        try:
            folder = self._releases.fetch(release)
            verify_files(folder, read_manifest(folder))
            model = self._load(folder)
        except InvalidRelease:
            raise
        except Exception as error:  # a boundary: what a file that others made can be wrong with is nobody's list
            log.exception("release %s cannot be loaded", release)
            raise InvalidRelease(f"release {release}: cannot be loaded: {type(error).__name__}: {error}") from error
        with self._lock:
            self._coming.pop(release, None)
            self._models[release] = model
            while len(self._models) > KEPT:
                self._models.popitem(last=False)
        return model

    def answer(
        self, calls: Sequence[CallT], score: Callable[[Model, list[CallT]], Sequence[NDArray[np.float32]]]
    ) -> list[Reply]:
        """One reply per call, in order; calls for the same release are scored together."""
        replies: dict[int, Reply] = {}
        for release in dict.fromkeys(call.release for call in calls):
            places = [place for place, call in enumerate(calls) if call.release == release]
            answered = self._answer(release, [calls[place] for place in places], score, len(calls))
            replies |= zip(places, answered, strict=True)
        return [replies[place] for place in range(len(calls))]

    def _answer(
        self,
        release: str,
        calls: list[CallT],
        score: Callable[[Model, list[CallT]], Sequence[NDArray[np.float32]]],
        batch: int,
    ) -> list[Reply]:
        """Replies to calls for one release. What is wrong with it must not cost the batch's other calls theirs."""
        try:
            model = self.model(release, wait=False)
            if model is None:
                return [Reply(None, f"release {release} is being loaded", 0)] * len(calls)
            return [Reply(value, "", batch) for value in score(model, calls)]
        except InvalidRelease as error:
            return [Reply(None, str(error), batch)] * len(calls)
        except Exception as error:  # the same boundary: a graph or matrix of another shape fails in its own words
            log.exception("release %s cannot answer", release)
            return [Reply(None, f"release {release} cannot answer: {type(error).__name__}", batch)] * len(calls)
