"""The releases a stage has loaded."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
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
    """Loads a stage's model of a release at the first call for it, and keeps the latest two."""

    def __init__(self, releases: ReleaseStore, load: Callable[[Path], Model]) -> None:
        self._releases, self._load = releases, load
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def model(self, release: str) -> Model:
        """The model of this release; `InvalidRelease` where it is missing or damaged."""
        model = self._held(release)
        if model is None:
            with self._loading:  # the release that serves is answered for meanwhile
                model = self._held(release) or self._fetch(release)
        return model

    def _held(self, release: str) -> Model | None:
        with self._lock:
            if release in self._models:
                self._models.move_to_end(release)
            return self._models.get(release)

    def _fetch(self, release: str) -> Model:
        folder = self._releases.fetch(release)
        verify_files(folder, read_manifest(folder))
        model = self._load(folder)
        with self._lock:
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
            try:
                values = score(self.model(release), [calls[place] for place in places])
                replies |= {place: Reply(value, "", len(calls)) for place, value in zip(places, values, strict=True)}
            except InvalidRelease as error:
                replies |= {place: Reply(None, str(error), len(calls)) for place in places}
        return [replies[place] for place in range(len(calls))]
