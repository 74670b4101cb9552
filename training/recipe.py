"""What a release decided: the configuration that the gate compares, apart from what was fitted on data."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from models.blender import Blender, load_blender
from models.release import read_manifest

BLENDER: Final = "blender"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How sources are blended and whether the cross-encoder looks again."""

    release_id: str
    blender: Blender
    reranks: bool
    encoder: str
    files: frozenset[str]
    """Names of the blender's files: which kind of blender it is."""

    def like(self, other: "Recipe") -> bool:
        """Whether this is the other recipe fitted anew: the same encoder, kind of blender and switch."""
        return (self.encoder, self.reranks, self.files) == (other.encoder, other.reranks, other.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipes:
    """The two that are compared."""

    champion: Recipe
    candidate: Recipe

    @property
    def rerank(self) -> bool:
        """Whether either of them needs the cross-encoder."""
        return self.champion.reranks or self.candidate.reranks


def unreleased_recipe(blender: Blender, *, reranks: bool, encoder: str) -> Recipe:
    """The recipe of a release that is being made."""
    with TemporaryDirectory() as folder:
        blender.save(Path(folder))
        files = blender_files(Path(folder))
    return Recipe(release_id="", blender=blender, reranks=reranks, encoder=encoder, files=files)


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a release folder, of which ``manifest.json`` and ``blender/`` are enough."""
    manifest = read_manifest(folder)
    return Recipe(
        release_id=manifest.release_id,
        blender=load_blender(folder / BLENDER),
        reranks=manifest.features.get("rerank", False),
        encoder=manifest.encoder,
        files=blender_files(folder / BLENDER),
    )


def blender_files(folder: Path) -> frozenset[str]:
    """What tells one kind of blender from another."""
    return frozenset(path.name for path in folder.iterdir())
