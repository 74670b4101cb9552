import time

import pytest
from sqlalchemy import Connection, Engine

from recommender.errors import InvalidInput
from store.changes import Change, read_changes
from store.deployments import (
    DeploymentAction,
    current_deployment,
    deployment_history,
    deployment_stack,
    previous_deployment,
    record_deployment,
)
from store.engine import reading, writing


def record(connection: Connection, *decisions: str) -> None:
    """``+a`` promotes a, ``!a`` forces it, ``-a`` rolls back to it."""
    actions: dict[str, DeploymentAction] = {"+": "promote", "!": "force", "-": "rollback"}
    for decision in decisions:
        action = actions[decision[0]]
        record_deployment(connection, decision[1:], action=action, who="ann", why="test")


def test_before_the_first_there_is_none(engine: Engine) -> None:
    with reading(engine) as connection:
        assert current_deployment(connection) is None
        assert previous_deployment(connection) is None
        assert deployment_stack(connection) == []
        assert deployment_history(connection) == []


def test_a_decision_keeps_who_why_and_when(engine: Engine) -> None:
    before = time.time()
    with writing(engine) as connection:
        record_deployment(connection, "r1", action="promote", who="ann", why="wins the gate")
        current = current_deployment(connection)
    assert current is not None
    assert (current.release_id, current.action, current.who, current.why) == ("r1", "promote", "ann", "wins the gate")
    assert before - 0.001 <= current.created_at <= time.time()


def test_a_decision_travels_by_the_change_feed(engine: Engine) -> None:
    with writing(engine) as connection:
        record(connection, "+r1")
    with reading(engine) as connection:
        assert read_changes(connection, 0) == [Change(1, "release", "r1")]


@pytest.mark.parametrize(
    ("decisions", "stack"),
    [
        (["+a"], "a"),
        (["+a", "+b"], "ba"),
        (["+a", "+b", "-a"], "a"),
        (["+a", "+b", "+c"], "cba"),
        (["+a", "+b", "+c", "-b"], "ba"),
        (["+a", "!b", "+c", "-b"], "ba"),
        (["+a", "+b", "+c", "-b", "-a"], "a"),
        (["+a", "+b", "+c", "-a"], "a"),
        (["+a", "+b", "-a", "+c"], "ca"),
        (["+a", "+b", "+b"], "ba"),
        (["+a", "+b", "+a"], "ab"),
        (["+a", "+b", "+a", "+c"], "cab"),
        (["+a", "+b", "-z"], "z"),
    ],
)
def test_rollbacks_go_down_the_stack_of_what_was_served(engine: Engine, decisions: list[str], stack: str) -> None:
    with writing(engine) as connection:
        record(connection, *decisions)
        now, before = current_deployment(connection), previous_deployment(connection)
        assert [one.release_id for one in deployment_stack(connection)] == list(stack)
    assert now is not None
    assert now.release_id == stack[0]
    assert (before and before.release_id) == (stack[1] if len(stack) > 1 else None)


def test_the_history_is_newest_first(engine: Engine) -> None:
    with writing(engine) as connection:
        record(connection, "+a", "+b", "-a")
        assert [(one.release_id, one.action) for one in deployment_history(connection)] == [
            ("a", "rollback"),
            ("b", "promote"),
            ("a", "promote"),
        ]
        assert len(deployment_history(connection, limit=2)) == 2


@pytest.mark.parametrize(("release_id", "action", "field"), [("", "promote", "release_id"), ("a", "delete", "action")])
def test_other_decisions_are_refused(engine: Engine, release_id: str, action: DeploymentAction, field: str) -> None:
    with writing(engine) as connection:
        with pytest.raises(InvalidInput) as refused:
            record_deployment(connection, release_id, action=action, who="ann", why="test")
        assert refused.value.field == field
        assert deployment_history(connection) == []
