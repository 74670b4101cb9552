"""Which release is served, who decided so, and which ones rollbacks go to."""

from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from sqlalchemy import Connection, Row, select

from recommender.errors import InvalidInput
from store.changes import ChangeKind, append_changes
from store.engine import insert_rows
from store.instants import now_ms, to_seconds
from store.tables import deployments

DeploymentAction = Literal["promote", "force", "rollback"]
"""``force`` is a promotion against the gate, or without its verdict; ``why`` says the reason."""

_ACTIONS: Final = get_args(DeploymentAction)

_DECISIONS: Final = select(
    deployments.c.id,
    deployments.c.release_id,
    deployments.c.action,
    deployments.c.who,
    deployments.c.why,
    deployments.c.created_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One decision: from ``created_at`` (epoch seconds) on, ``release_id`` is served."""

    id: int
    release_id: str
    action: DeploymentAction
    who: str
    why: str
    created_at: float


def record_deployment(connection: Connection, release_id: str, *, action: DeploymentAction, who: str, why: str) -> None:
    """Make ``release_id`` the one that is served, and tell every process through the change feed.

    Raises InvalidInput for an empty release id or another action.
    """
    if not release_id:
        raise InvalidInput("release_id", release_id, "must not be empty")
    if action not in _ACTIONS:
        raise InvalidInput("action", action, f"must be one of {', '.join(_ACTIONS)}")
    row = (release_id, action, who, why, now_ms())
    insert_rows(connection, deployments, ("release_id", "action", "who", "why", "created_at"), [row])
    append_changes(connection, ChangeKind.RELEASE, [release_id])


def current_deployment(connection: Connection) -> Deployment | None:
    """The newest decision; None before the first."""
    newest = deployment_history(connection, limit=1)
    return newest[0] if newest else None


def deployment_stack(connection: Connection) -> list[Deployment]:
    """The release that is served and all that rollbacks would return to, one after another: newest first, each once.

    Each is the decision that brought its release. A promotion puts its release on top of the ones before, a rollback
    takes off what lies above its release. So after promoting a, b, c and rolling back to b, it is b, a: the c that was
    just left is not in it.
    """
    served: list[Deployment] = []
    for row in connection.execute(_DECISIONS.order_by(deployments.c.id)):
        decision = _deployment(row)
        while decision.action == "rollback" and served and served[-1].release_id != decision.release_id:
            served.pop()
        if not served or served[-1].release_id != decision.release_id:
            served.append(decision)
    newest_first: dict[str, Deployment] = {}
    for one in reversed(served):
        newest_first.setdefault(one.release_id, one)
    return list(newest_first.values())


def previous_deployment(connection: Connection) -> Deployment | None:
    """The decision that brought the release which a rollback returns to; None if there is none."""
    before = deployment_stack(connection)[1:]
    return before[0] if before else None


def deployment_history(connection: Connection, limit: int = 100) -> list[Deployment]:
    """The newest ``limit`` decisions, newest first."""
    newest = _DECISIONS.order_by(deployments.c.id.desc()).limit(limit)
    return [_deployment(row) for row in connection.execute(newest)]


def _deployment(row: Row[int, str, str, str, str, int]) -> Deployment:
    id, release_id, action, who, why, created_at = row
    return Deployment(
        id=id,
        release_id=release_id,
        action=cast(DeploymentAction, action),  # checked when it was recorded
        who=who,
        why=why,
        created_at=to_seconds(created_at),
    )
