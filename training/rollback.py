"""Back to the release that served before; where its files were pruned, they are published again from MLflow first."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from models.release_store import ReleaseStore
from recommender.errors import InvalidInput, InvalidRelease
from store.deployments import current_deployment, previous_deployment, record_deployment
from store.engine import reading, writing
from training.promote import publish_registered
from training.tracking import Tracking, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Which release serves no longer, and which one serves again."""

    left: str
    back: str
    unseen: str = ""
    """Why nobody could look whether the files are in place; empty where they are."""


def roll_back(engine: Engine, tracking: Tracking, releases: ReleaseStore, *, who: str, why: str) -> Rollback:
    """Write the deployment of the release before, whose files are in place by then; MLflow's alias is not touched.

    A release store that does not answer holds nothing up, for serving processes have the release before open.
    `InvalidInput` where only one release was ever promoted, where the files are nowhere, and where another release
    was promoted while they were published. Then nothing has changed.
    """
    with reading(engine) as connection:
        left, back = _step(connection)
    unseen = _ensure_published(tracking, releases, back)
    with writing(engine) as connection:  # one writer at a time: what is read here stays true until it is written
        if (by_now := _step(connection)) != (left, back):
            found = f"{left} served when it was asked for, and {by_now[0]} does by now: ask again"
            raise InvalidInput("rollback", back, found)
        record_deployment(connection, back, action="rollback", who=who, why=why)
    return Rollback(left=left, back=back, unseen=unseen)


def _step(connection: Connection) -> tuple[str, str]:
    """Ids of the release that serves and of the one before it."""
    current, previous = current_deployment(connection), previous_deployment(connection)
    if current is None or previous is None:
        raise InvalidInput("rollback", "previous release", "there is none: only one release was ever promoted")
    return current.release_id, previous.release_id


def _ensure_published(tracking: Tracking, releases: ReleaseStore, release_id: str) -> str:
    """Why the release store could not be asked, else empty; `InvalidInput` where MLflow cannot give what it lacks."""
    try:
        if release_id in releases.ids():
            return ""
    except InvalidRelease as error:
        return one_line(error)
    try:
        publish_registered(tracking, releases, release_id)
    except Exception as error:  # a boundary: MLflow fails in its own words, its database's and its network's
        pruned = f"is not in the release store, and cannot be published again from MLflow: {one_line(error)}"
        other = "`shelfwise releases` lists what can be promoted in its place"
        raise InvalidInput("rollback", release_id, f"{pruned}; {other}") from error
    return ""
