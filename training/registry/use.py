"""Registered models in a training: which ones, where their files are, and whether the gate may judge them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.collaborative import Collaborative
from models.release import HeldModel, Stage
from recommender.errors import InvalidInput
from training.registry.matrix import FactorMatrix, ItemItemMatrix, load_taken_matrix
from training.registry.record import fetch_model, find_model
from training.tracking import Tracking

FOLDER: Final = "encoders"
"""In the workspace, beside the encoders that training exports itself: each keeps the vectors that it made."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Models that take the place of what training would fit itself, one per stage at most."""

    models: tuple[HeldModel, ...] = ()
    folder: Path = Path()
    """Where their files are, each below its label."""

    def model(self, stage: Stage) -> HeldModel | None:
        """The model of this stage; None where training fits its own."""
        return next((one for one in self.models if one.stage is stage), None)

    def files(self, stage: Stage) -> Path | None:
        """The folder of this stage's model."""
        model = self.model(stage)
        return None if model is None else self.folder / model.label

    @property
    def matrix(self) -> FactorMatrix | ItemItemMatrix | None:
        """The collaborative stage's model."""
        files = self.files(Stage.COLLABORATIVE)
        return None if files is None else load_taken_matrix(files)


OURS: Final = Brought()
"""Nothing is brought."""


def parse_models(given: Sequence[str]) -> dict[Stage, str]:
    """``STAGE=NAME`` as the command line has it; `InvalidInput` for an unknown stage, and for a stage named twice."""
    chosen: dict[Stage, str] = {}
    for one in given:
        stage, _, name = one.partition("=")
        if stage not in set(Stage) or not name:
            raise InvalidInput("model", one, f"must be STAGE=NAME with a stage of {', '.join(Stage)}")
        if Stage(stage) in chosen:
            raise InvalidInput("model", one, f"the stage {stage} has a model already: {chosen[Stage(stage)]}")
        chosen[Stage(stage)] = name
    return chosen


def bring(tracking: Tracking, names: Mapping[Stage, str], workspace: Path) -> Brought:
    """The newest versions of the named models, their files fetched. `InvalidInput` where one is not registered."""
    if not names:
        return OURS
    tracking.open()
    return fetched([find_model(stage, name) for stage, name in names.items()], workspace)


def fetched(models: Sequence[HeldModel], workspace: Path) -> Brought:
    """These very versions; MLflow must be open."""
    if not models:
        return OURS
    folder = workspace / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for model in models:
        fetch_model(model, folder)
    return Brought(tuple(models), folder)


def ungated(models: Sequence[HeldModel], test_cut: datetime) -> str:
    """Why the gate may not judge a recipe with these models by a test window from then on; empty where it may.

    A model that has seen the test window would be praised for what it remembers. ``test_cut`` is in the data's own
    time, as the models' cuts are.
    """
    reasons = []
    for model in models:
        named = f"the {model.stage} model {model.name} (version {model.version})"
        if model.trained_until is None:
            reasons.append(f"{named} declares no training cut")
        elif model.trained_until > test_cut:
            said = f"{model.trained_until:%Y-%m-%d %H:%M}, after the test cut {test_cut:%Y-%m-%d %H:%M}"
            reasons.append(f"{named} was trained until {said}")
    return "; ".join(reasons)


def undeclared(models: Sequence[HeldModel]) -> str:
    """Why no test window is safe from a recipe with these models; empty where a late enough one is."""
    return ungated(models, datetime.max.replace(tzinfo=UTC))


def moment(seconds: float) -> datetime:
    """Epoch seconds as UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def with_matrix(
    fitted: Collaborative, matrix: FactorMatrix | ItemItemMatrix | None, external_ids: NDArray[np.object_]
) -> Collaborative:
    """The fitted model with the matrix in place of its own factors or neighbours, in this order of products."""
    ids = [str(one) for one in external_ids]
    match matrix:
        case None:
            return fitted
        case FactorMatrix():
            return replace(fitted, factors=matrix.of(ids), regularization=matrix.regularization)
        case ItemItemMatrix():
            return replace(fitted, neighbours=matrix.of(ids))
