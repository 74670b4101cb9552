"""Puts a registered release live: into the release store, MLflow's alias, and the row that serving follows."""

import tempfile
from pathlib import Path

from sqlalchemy import Engine

from models.release_store import ReleaseStore
from store.deployments import record_deployment
from store.engine import writing
from training.tracking import Tracking, download, make_champion, registered_source


def promote(engine: Engine, tracking: Tracking, releases: ReleaseStore, release_id: str, *, who: str, why: str) -> None:
    """Publish, then move the alias, then write the deployment: serving sees it only when all of it is in place.

    The release is verified file by file before it is published; `InvalidInput` where MLflow does not know it.
    """
    tracking.open()
    version, source = registered_source(release_id)
    if release_id not in releases.ids():
        with tempfile.TemporaryDirectory() as folder:
            releases.publish(download(source, Path(folder)))
    make_champion(version)
    with writing(engine) as connection:
        record_deployment(connection, release_id, action="promote", who=who, why=why)


def move_alias(tracking: Tracking, release_id: str) -> None:
    """Point MLflow's alias champion at a release that serves again; serving itself follows the store only."""
    tracking.open()
    make_champion(registered_source(release_id)[0])
