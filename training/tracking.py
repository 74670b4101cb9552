"""MLflow: one experiment, a run per job, and the registered model that releases are versions of."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from recommender.errors import InvalidInput, ShelfwiseError

EXPERIMENT: Final = "shelfwise"
REGISTERED_MODEL: Final = "shelfwise"
CHAMPION: Final = "champion"
REPORT: Final = "evaluation.md"

logging.getLogger("alembic").setLevel(logging.WARNING)  # MLflow migrates its SQLite file aloud
logging.getLogger("mlflow").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Tracking:
    """Where runs are recorded. ``artifacts`` is used for a local backend; a tracking server knows its own place."""

    uri: str
    artifacts: Path

    def open(self) -> None:
        """Connect, and create the experiment at the first use."""
        mlflow.set_tracking_uri(self.uri)
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            local = self.uri.startswith("sqlite")
            location = self.artifacts.resolve().as_uri() if local else None
            mlflow.create_experiment(EXPERIMENT, artifact_location=location)
        mlflow.set_experiment(EXPERIMENT)


@dataclass(frozen=True, slots=True)
class Job:
    """An open run."""

    run_id: str

    def metrics(self, values: Mapping[str, float]) -> None:
        """Log numbers."""
        mlflow.log_metrics(dict(values), run_id=self.run_id)

    def curve(self, name: str, values: list[float]) -> None:
        """Log a series, one value per step."""
        client = MlflowClient()
        for step, value in enumerate(values):
            client.log_metric(self.run_id, name, value, step=step)

    def folder(self, path: Path, *, under: str | None = None) -> None:
        """Log a folder's files as artifacts."""
        mlflow.log_artifacts(str(path), artifact_path=under, run_id=self.run_id)

    def text(self, content: str, name: str) -> None:
        """Log a text file."""
        mlflow.log_text(content, name, run_id=self.run_id)


@contextmanager
def job(name: str, *, params: Mapping[str, Any], data_hash: str) -> Iterator[Job]:
    """A run for one job, nested in the open one if there is one; it ends FAILED when the body raises."""
    nested = mlflow.active_run() is not None
    with mlflow.start_run(run_name=name, nested=nested, tags={"data_hash": data_hash}) as run:
        mlflow.log_params(dict(params))
        yield Job(run.info.run_id)


def register(release_id: str, run_id: str, *, artifact_path: str, description: str) -> str:
    """Make the run's release folder a version of the registered model and return its number."""
    client = MlflowClient()
    if not client.search_registered_models(f"name='{REGISTERED_MODEL}'"):
        client.create_registered_model(REGISTERED_MODEL, description="Shelfwise releases: one version per release")
    source = f"{client.get_run(run_id).info.artifact_uri}/{artifact_path}"
    tags = {"release_id": release_id}
    version = client.create_model_version(REGISTERED_MODEL, source, run_id, tags=tags, description=description)
    return str(version.version)


def registered_source(release_id: str) -> tuple[str, str]:
    """Version number and artifact URI of a registered release; `InvalidInput` where there is none."""
    version = _version(release_id)
    return str(version.version), str(version.source)


def evaluation_report(release_id: str) -> str:
    """The Markdown report of a registered release's evaluation; `InvalidInput` where there is none."""
    _, source = registered_source(release_id)
    return str(mlflow.artifacts.load_text(f"{source.rsplit('/', 1)[0]}/{REPORT}"))


def release_text(release_id: str, name: str) -> str | None:
    """A text that was logged on a registered release's run; None where there is none of this name."""
    client, run_id = MlflowClient(), run_of(release_id)
    folder = name.rpartition("/")[0]
    if run_id is None or name not in {entry.path for entry in client.list_artifacts(run_id, folder)}:
        return None
    return str(mlflow.artifacts.load_text(f"{client.get_run(run_id).info.artifact_uri}/{name}"))


def run_of(release_id: str) -> str | None:
    """The run that a registered release belongs to; None where it was registered without one."""
    return _version(release_id).run_id or None


def make_champion(version: str) -> None:
    """Point the alias champion at this version."""
    MlflowClient().set_registered_model_alias(REGISTERED_MODEL, CHAMPION, version)


def download(uri: str, target: Path) -> Path:
    """Artifacts of a run as a local folder."""
    return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(target)))


def one_line(error: Exception) -> str:
    """What went wrong, for a warning: MLflow's errors and its database's hold whole pages."""
    first = next(iter(str(error).splitlines()), "")
    return first if isinstance(error, ShelfwiseError) else f"{type(error).__name__}: {first}"


def _version(release_id: str) -> ModelVersion:
    for version in MlflowClient().search_model_versions(f"name='{REGISTERED_MODEL}'"):
        if version.tags.get("release_id") == release_id:
            return version
    raise InvalidInput("release_id", release_id, "is not registered in MLflow")
