"""The job ``retrain``: train, evaluate, ask the gate, promote or keep. Composed here, for jobs know no training."""

from typing import TYPE_CHECKING, Final

from rich.console import Console
from sqlalchemy import Engine

from cli.training import TRAINING, champion_recipe, tracking
from jobs.run import Report, Summary
from models.release import Manifest
from recommender.errors import InvalidInput
from runners.shelf import release_store
from settings import Settings
from store.job_lock import only_run

if TYPE_CHECKING:
    from training.fitting import Options

WHO: Final = "job retrain"
"""In the list of releases, where a person's name stands otherwise."""


def retrain(engine: Engine, settings: Settings, options: "Options", report: Report, console: Console) -> Summary:
    """Train on what is in the store, and put the release live if the gate accepts it against the champion.

    `InvalidInput` where the data has gaps; then nothing is trained. The summary says what became of the release.
    """
    from training.promote import serving_release
    from training.train import train

    champion = champion_recipe(settings, engine, console)
    with only_run(engine, TRAINING):
        manifest = train(engine, tracking(settings), options, report, champion)
    return settle(engine, settings, manifest, serving_release(engine))


def settle(engine: Engine, settings: Settings, manifest: Manifest, champion: str | None) -> Summary:
    """Promote the release, or keep the champion and say why."""
    from training.promote import promote

    release_id = manifest.release_id
    why = "the first release" if champion is None else f"the gate accepts it against {champion}"
    try:
        unmoved = promote(engine, tracking(settings), release_store(settings), release_id, who=WHO, why=why)
    except InvalidInput as refused:
        return {"release": release_id, "outcome": "kept", "champion": champion, "why": refused.reason}
    summary: Summary = {"release": release_id, "outcome": "promoted", "before": champion, "why": why}
    return {**summary, "alias not moved": unmoved} if unmoved else summary
