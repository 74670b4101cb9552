"""``shelfwise lineage``: from an answer to the release behind it, and from there to runs, data and code."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from models.release import MANIFEST, HeldModel, Manifest, read_manifest
from recommender.errors import InvalidInput
from runners.shelf import release_store
from settings import Settings, read_settings
from store.engine import migrate, open_engine, reading
from store.lineage import Answer, answers_of


@click.command()
@click.argument("id_", metavar="REQUEST_ID|RELEASE_ID")
def lineage(id_: str) -> None:
    """Say where an answer comes from: its release, the MLflow runs that made it, its data and its code."""
    settings, console = read_settings(), Console()
    engine = open_engine(settings.database_url)
    migrate(engine)
    with reading(engine) as connection:
        answers = answers_of(connection, id_)
    engine.dispose()
    for answer in answers:
        _say(console, f"answer    {_answered(answer)}")
    for release_id in dict.fromkeys(answer.release_id for answer in answers) or [id_]:
        for name, value in traced(_manifest(settings, release_id)):
            _say(console, f"{name:<10}{value}")


def _manifest(settings: Settings, release_id: str) -> Manifest:
    """From the release store, or from MLflow where it was pruned there."""
    published = release_store(settings)
    if release_id in published.ids():
        return published.manifest(release_id)
    from cli.training import tracking
    from training.tracking import download, registered_source

    tracking(settings).open()
    try:
        _, source = registered_source(release_id)
    except InvalidInput as error:
        reason = "is neither the request id of a recorded answer nor a release"
        raise InvalidInput("id", release_id, reason) from error
    with tempfile.TemporaryDirectory() as scratch:
        download(f"{source}/{MANIFEST}", Path(scratch))
        return read_manifest(Path(scratch))


def traced(manifest: Manifest) -> list[tuple[str, str]]:
    """What a release was made of."""
    runs: dict[str, str] = {}
    for name, entry in manifest.files.items():
        if entry.run_id is not None:
            runs[name.split("/")[0]] = entry.run_id
    evaluated = "never" if manifest.evaluated_cut is None else f"{manifest.evaluated_cut:%Y-%m-%d %H:%M}"
    return [
        ("release", f"{manifest.release_id}, made {manifest.created_at:%Y-%m-%d %H:%M} UTC"),
        ("data", f"up to {manifest.data_cut:%Y-%m-%d %H:%M}, sha256 {manifest.data_hash}"),
        ("evaluated", f"from {evaluated}" if manifest.evaluated_cut else evaluated),
        ("code", manifest.code_commit),
        ("encoder", manifest.encoder),
        ("gate", _judged(manifest)),
        *(("model", _held(model)) for model in manifest.models),
        *(("run", f"{run_id} ({part})") for part, run_id in sorted(runs.items())),
    ]


def _held(model: HeldModel) -> str:
    until = "no training cut declared"
    if model.trained_until is not None:
        until = f"trained until {model.trained_until:%Y-%m-%d %H:%M}"
    return f"{model.stage}: {model.name} version {model.version}, {until}, sha256 {model.sha256}, run {model.run_id}"


def _judged(manifest: Manifest) -> str:
    if manifest.ungated:
        return f"no verdict: {manifest.ungated}"
    if manifest.gate is None:
        return "not compared"
    said = "accepted" if manifest.gate.verdict.accepted else "refused"
    return f"{said} against {manifest.gate.against}"


def _answered(answer: Answer) -> str:
    moment = datetime.fromtimestamp(answer.generated_at, tz=UTC)
    return f"{answer.context} at {moment:%Y-%m-%d %H:%M:%S} UTC, by {answer.release_id}"


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
