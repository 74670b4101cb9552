"""Each folder of k8s/, rendered once."""

from functools import cache

import pytest

from tests.k8s.manifests import FOLDERS, Manifests, render

rendered = cache(render)


@pytest.fixture(params=FOLDERS)
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """One after the other: the base and both overlays."""
    return rendered(request.param)


@pytest.fixture
def compact() -> Manifests:
    return rendered("overlays/compact")


@pytest.fixture
def distributed() -> Manifests:
    return rendered("overlays/distributed")
