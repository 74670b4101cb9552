"""Puts a registered release live: into the release store, the row that serving follows, and MLflow's alias."""

import tempfile
from pathlib import Path

from sqlalchemy import Engine

from models.release import MANIFEST, read_manifest
from models.release_store import ReleaseStore
from recommender.errors import InvalidInput, InvalidRelease
from store.deployments import Deployment, current_deployment, record_deployment
from store.engine import reading, writing
from training.gate import gate_against
from training.registry.use import undeclared
from training.report import refusal
from training.tracking import Tracking, download, make_champion, one_line, registered_source


def promote(
    engine: Engine,
    tracking: Tracking,
    releases: ReleaseStore,
    release_id: str,
    *,
    who: str,
    why: str,
    force: str | None = None,
) -> str:
    """Ask the gate, publish, write the deployment, move the alias: serving sees it when its files are in place.

    Returns why the alias could not be moved, empty where it was: the release is live all the same.

    The release is verified file by file before it is published. `InvalidInput` where MLflow does not know it, and
    where the gate's verdict against the release that serves now is missing or negative, or another one serves by the
    time that the files are in place. ``force`` is the reason to go on all the same; it is recorded.
    """
    tracking.open()
    _, source = registered_source(release_id)
    champion = serving_release(engine)
    if force is None:
        _check_models(release_id, source, champion)
        check_gate(releases, release_id, champion)
    if release_id not in releases.ids():
        publish_registered(tracking, releases, release_id)
    with writing(engine) as connection:  # one writer at a time: what is read here stays true until it is written
        if force is None:
            _require_champion(release_id, champion, _served(current_deployment(connection)))
            record_deployment(connection, release_id, action="promote", who=who, why=why)
        else:
            record_deployment(connection, release_id, action="force", who=who, why=force)
    return move_alias(tracking, release_id)


def publish_registered(tracking: Tracking, releases: ReleaseStore, release_id: str) -> None:
    """Copy a registered release from MLflow into the release store; it is verified file by file before."""
    tracking.open()
    _, source = registered_source(release_id)
    with tempfile.TemporaryDirectory() as folder:
        releases.publish(download(source, Path(folder)))


def _require_champion(release_id: str, judged: str | None, serving: str | None) -> None:
    """Publishing takes a while, and the verdict counts against one champion only."""
    if serving not in (judged, release_id):
        found = f"{judged} served when the gate was asked, and {serving} does by now: promote it again"
        raise InvalidInput("release_id", release_id, found)


def _check_models(release_id: str, source: str, champion: str | None) -> None:
    """`InvalidInput` where the release holds a model that the gate may not judge: such a release is forced."""
    if release_id == champion:
        return
    with tempfile.TemporaryDirectory() as scratch:
        download(f"{source}/{MANIFEST}", Path(scratch))
        reason = read_manifest(Path(scratch)).ungated
    if reason:
        raise InvalidInput("release_id", release_id, f"the gate gives no verdict: {reason} (--force WHY overrules it)")


def check_gate(releases: ReleaseStore, release_id: str, champion: str | None) -> None:
    """`InvalidInput` with reason and numbers unless the release may replace the champion.

    The first release of all has nothing to be compared with, and the champion needs no leave to stay.
    """
    if champion is None or champion == release_id:
        return
    gate = gate_against(release_id, champion)
    if gate is None:
        raise InvalidInput("release_id", release_id, _never_compared(releases, release_id, champion))
    if not gate.verdict.accepted:
        why = f"{refusal(gate.verdict)} (--force WHY overrules it)"
        raise InvalidInput("release_id", release_id, f"the gate refuses it against the champion {champion}: {why}")


def _never_compared(releases: ReleaseStore, release_id: str, champion: str) -> str:
    """What to run; where the champion holds a model that no test window is safe from, a comparison cannot help."""
    try:
        reason = undeclared(releases.manifest(champion).models)
    except InvalidRelease as error:
        reason = str(error)
    if reason:
        return f"the gate gives no verdict against the champion {champion}: {reason} (--force WHY overrules it)"
    ask = f"shelfwise evaluate {release_id} --against champion"
    return f"was never compared with the champion {champion}: run `{ask}`"


def serving_release(engine: Engine) -> str | None:
    """Id of the champion; None before the first promotion."""
    with reading(engine) as connection:
        return _served(current_deployment(connection))


def _served(deployment: Deployment | None) -> str | None:
    return None if deployment is None else deployment.release_id


def move_alias(tracking: Tracking, release_id: str) -> str:
    """Point MLflow's alias champion at the release that serves by now; why it could not be moved, else empty.

    Serving follows the store, where the decision stands already: a second attempt at it would be a second decision.
    """
    try:
        tracking.open()
        make_champion(registered_source(release_id)[0])
    except Exception as error:  # a boundary: MLflow fails in its own words, its database's and its network's
        return one_line(error)
    return ""
