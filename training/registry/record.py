"""Registered models in MLflow: one registered model per stage and name, one version per registration."""

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.models import Model

from models.release import HeldModel, Stage, file_sha256
from recommender.errors import InvalidInput
from training.registry.taken import Taken
from training.tracking import Job, download

PREFIX: Final = "shelfwise"
MODEL: Final = "model"
EXAMPLE: Final = "input_example.json"
FLAVOUR: Final = "shelfwise"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Registered:
    """One version of a registered model. ``facts`` are what was found out about it when it was taken."""

    model: HeldModel
    registered_at: datetime
    facts: Mapping[str, str]


def check_name(name: str) -> str:
    """`InvalidInput` unless it can be typed after ``--model STAGE=``."""
    if not _NAME.fullmatch(name):
        raise InvalidInput("name", name, "must be 1 to 64 letters, digits, dots, dashes or underscores")
    return name


def record(taken: Taken, *, name: str, source: Path, trained_until: datetime | None) -> HeldModel:
    """Log the model with signature and input example, and make it the newest version of its name.

    The experiment must be open. ``source`` is the file that the model was taken from.
    """
    sha256 = content_sha256(taken.folder)
    until = None if trained_until is None else _utc(trained_until)
    said = {"stage": taken.stage.value, "name": name, "sha256": sha256, "trained_until": _text(until)}
    with mlflow.start_run(run_name=f"model {name}", tags={"stage": taken.stage.value}) as run:
        job = Job(run.info.run_id)
        mlflow.log_params(said | {"source_sha256": file_sha256(source)} | _texts(taken.facts))
        job.metrics({key: value for key, value in taken.facts.items() if isinstance(value, int | float)})
        with tempfile.TemporaryDirectory() as scratch:
            _describe(taken, said, job.run_id, Path(scratch))
            job.folder(taken.folder, under=MODEL)
            job.folder(Path(scratch), under=MODEL)
        facts = {key: str(value) for key, value in taken.facts.items()}
        version = _new_version(_registered_name(taken.stage, name), job.run_id, said, facts)
    return HeldModel(
        stage=taken.stage, name=name, version=version, sha256=sha256, trained_until=until, run_id=job.run_id
    )


def registered_models() -> list[Registered]:
    """All versions of all registered models, by stage and name, the newest first."""
    names = [f"{PREFIX}.{stage}.%" for stage in Stage]
    found = [_read(one) for name in names for one in MlflowClient().search_model_versions(f"name LIKE '{name}'")]
    return sorted(found, key=lambda one: (one.model.stage, one.model.name, -one.model.version))


def find_model(stage: Stage, name: str) -> HeldModel:
    """The newest version of this name; `InvalidInput` where there is none, with the names that there are."""
    versions = [one.model for one in registered_models() if one.model.stage is stage]
    for model in versions:
        if model.name == name:
            return model
    there = ", ".join(dict.fromkeys(model.name for model in versions)) or "none"
    raise InvalidInput("model", f"{stage}={name}", f"is not registered; registered for this stage: {there}")


def fetch_model(model: HeldModel, folder: Path) -> Path:
    """The files that serve, below ``folder`` under the name of their content; `InvalidInput` where they changed."""
    target = folder / model.label
    if not target.is_dir():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            source = f"{MlflowClient().get_run(model.run_id).info.artifact_uri}/{MODEL}"
            fetched = download(source, Path(scratch) / "fetched")
            for name in ("MLmodel", EXAMPLE):
                (fetched / name).unlink(missing_ok=True)
            if content_sha256(fetched) != model.sha256:
                reason = f"the files of run {model.run_id} are not those that were registered"
                raise InvalidInput("model", f"{model.stage}={model.name}", reason)
            fetched.rename(target)
    return target


def content_sha256(folder: Path) -> str:
    """Hex digest of the names and hashes of a folder's files."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    return hashlib.sha256("".join(f"{name} {file_sha256(folder / name)}\n" for name in names).encode()).hexdigest()


def _describe(taken: Taken, said: Mapping[str, str], run_id: str, folder: Path) -> None:
    """MLmodel with the signature, and the input example beside it."""
    columns = list(taken.example)
    rows = [list(row) for row in zip(*taken.example.values(), strict=True)]
    (folder / EXAMPLE).write_text(json.dumps({"columns": columns, "data": rows}, ensure_ascii=False), encoding="utf-8")
    example = {"artifact_path": EXAMPLE, "type": "dataframe", "pandas_orient": "split"}
    model = Model(
        artifact_path=MODEL,
        run_id=run_id,
        signature=taken.signature,
        saved_input_example_info=example,
        flavors={FLAVOUR: dict(said)},
    )
    model.save(str(folder / "MLmodel"))


def _new_version(registered: str, run_id: str, said: Mapping[str, str], facts: Mapping[str, str]) -> int:
    client = MlflowClient()
    if not client.search_registered_models(f"name = '{registered}'"):
        client.create_registered_model(registered, description=f"{said['stage']} model {said['name']} for Shelfwise")
    source = f"{client.get_run(run_id).info.artifact_uri}/{MODEL}"
    tags = {**said, "facts": json.dumps(dict(facts))}
    return int(client.create_model_version(registered, source, run_id, tags=tags).version)


def _read(version: ModelVersion) -> Registered:
    tags: dict[str, Any] = version.tags
    until = tags["trained_until"]
    model = HeldModel(
        stage=Stage(tags["stage"]),
        name=tags["name"],
        version=int(version.version),
        sha256=tags["sha256"],
        trained_until=datetime.fromisoformat(until) if until else None,
        run_id=version.run_id,
    )
    at = datetime.fromtimestamp(version.creation_timestamp / 1000, tz=UTC)
    return Registered(model, at, json.loads(tags["facts"]))


def _registered_name(stage: Stage, name: str) -> str:
    return f"{PREFIX}.{stage}.{name}"


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _texts(facts: Mapping[str, str | int | float]) -> dict[str, str]:
    return {key: value for key, value in facts.items() if isinstance(value, str)}
