"""Which packages, in which versions, a serving image needs: what the base dependencies and the extra ``serve`` pull in.

``python -m tests.k8s.serving_packages`` prints the lines for bentofile.yaml.
"""

import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT: Final = Path(__file__).resolve().parents[2]

IMAGE: Final = {"python_version": "3.11", "python_full_version": "3.11.14"}
"""What markers are judged by: the image has the newest patch release, this machine may have an old one."""


def serving_pins() -> list[str]:
    """``name==version`` of every package of the image, direct and transitive, as constraints.txt has them; sorted."""
    versions = constraints()
    return [f"{name}=={versions[name]}" for name in sorted(_closure(_direct()))]


def constraints() -> dict[NormalizedName, str]:
    """constraints.txt: package → exact version."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(name): version.split()[0] for name, version in pins}


def _direct() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line) for line in [*project["dependencies"], *project["optional-dependencies"]["serve"]]]


def _closure(requirements: Iterable[Requirement]) -> set[NormalizedName]:
    """Names of the packages that are reached through the metadata of what is installed here."""
    waiting, seen = list(requirements), set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) not in seen:
            seen.add(str(requirement))
            waiting += _needed_by(requirement)
    return {canonicalize_name(Requirement(line).name) for line in seen}


def _needed_by(requirement: Requirement) -> Iterator[Requirement]:
    extras = requirement.extras or {""}
    for line in requires(requirement.name) or []:
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate(IMAGE | {"extra": extra}) for extra in extras):
            yield needed


if __name__ == "__main__":
    print("\n".join(f"    - {pin}" for pin in serving_pins()))
