"""Of whom a profile may be made."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from store.tables import customers


def personalized(connection: Connection, user_ids: Collection[str], *, by_default: bool) -> set[str]:
    """Those who did not switch personalization off; who never said is in if that is the default.

    At most some thousand ids.
    """
    table = customers.c
    said = table.personalization.is_not(None) & table.user_id.in_(list(user_ids))
    answers = {
        row.user_id: row.personalization
        for row in connection.execute(select(table.user_id, table.personalization).where(said))
    }
    return {user_id for user_id in user_ids if answers.get(user_id, by_default)}


def declined(connection: Connection) -> set[str]:
    """Everyone who switched personalization off."""
    table = customers.c
    return set(connection.execute(select(table.user_id).where(table.personalization.is_(False))).scalars())
