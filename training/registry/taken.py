"""A model as it was taken: the files that serve, and what MLflow shall know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow.models.signature import ModelSignature

from models.release import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A model that fulfils the contract of its stage; ``folder`` holds the files that a release copies."""

    stage: Stage
    folder: Path
    signature: ModelSignature
    example: Mapping[str, list[Any]]
    """Columns of the input example."""
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    """What was found out about it: parameters of the run where they are text, metrics where they are numbers."""
