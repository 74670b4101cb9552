"""What a release decided: the configuration that the gate compares, apart from what was fitted on data."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from models.blender import Blender, load_blender
from models.release import HeldModel, read_manifest
from models.reranker import Reranker
from training.replay import Arena

BLENDER: Final = "blender"
GAPS: Final = "gaps"
"""In the manifest's evaluation."""


@dataclass(frozen=True, slots=True)
class Home:
    """Models of a recipe's own, of the same cut as those that it is compared on."""

    arena: Arena
    cross_encoder: Reranker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How sources are blended and whether the cross-encoder looks again."""

    release_id: str
    blender: Blender
    reranks: bool
    encoder: str
    files: frozenset[str]
    """Names of the blender's files: which kind of blender it is."""
    models: tuple[HeldModel, ...] = ()
    """Registered models that it uses in place of what training fits."""
    evaluated_cut: float | None = None
    """Everything that it decided was fitted before it (epoch seconds); None where it was not evaluated."""
    gaps: frozenset[tuple[int, int]] = frozenset()
    """First and last day of the gaps in what it learnt from, which somebody accepted."""
    home: Home | None = field(default=None, compare=False, repr=False)
    """What it answers from; None where that is what the other recipe answers from."""

    def like(self, other: "Recipe") -> bool:
        """Whether this is the other recipe fitted anew: the same encoder, kind of blender, switch and models."""
        mine, theirs = ((one.encoder, one.reranks, one.files, one.labels) for one in (self, other))
        return mine == theirs

    @property
    def labels(self) -> frozenset[tuple[str, str]]:
        """Stage and content of each registered model."""
        return labels(self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipes:
    """The two that are compared."""

    champion: Recipe
    candidate: Recipe

    @property
    def rerank(self) -> bool:
        """Whether either of them needs the cross-encoder."""
        return self.champion.reranks or self.candidate.reranks


def labels(models: Iterable[HeldModel]) -> frozenset[tuple[str, str]]:
    """Stage and content of each registered model."""
    return frozenset((one.stage.value, one.label) for one in models)


def unreleased_recipe(blender: Blender, *, reranks: bool, encoder: str, models: tuple[HeldModel, ...] = ()) -> Recipe:
    """The recipe of a release that is being made."""
    with TemporaryDirectory() as folder:
        blender.save(Path(folder))
        files = blender_files(Path(folder))
    return Recipe(release_id="", blender=blender, reranks=reranks, encoder=encoder, files=files, models=models)


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a release folder, of which ``manifest.json`` and ``blender/`` are enough."""
    manifest = read_manifest(folder)
    return Recipe(
        release_id=manifest.release_id,
        blender=load_blender(folder / BLENDER),
        reranks=manifest.features.get("rerank", False),
        encoder=manifest.encoder,
        files=blender_files(folder / BLENDER),
        models=manifest.models,
        evaluated_cut=None if manifest.evaluated_cut is None else manifest.evaluated_cut.timestamp(),
        gaps=frozenset((first, last) for first, last in manifest.evaluation.get(GAPS, ())),
    )


def blender_files(folder: Path) -> frozenset[str]:
    """What tells one kind of blender from another."""
    return frozenset(path.name for path in folder.iterdir())
