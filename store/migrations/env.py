"""Runs migrations on the connection, and inside the transaction, that `store.engine` hands over.

A new one: change ``store/tables.py``, migrate a database, then
``command.revision(_alembic_config(connection), "what changes", autogenerate=True)`` inside ``writing(engine)``.
"""

from alembic import context
from sqlalchemy import Connection, MetaData
from sqlalchemy.schema import CreateSchema

from store.engine import migration_schema
from store.tables import metadata


def _metadata_in(schema: str | None) -> MetaData:
    moved = MetaData(schema=schema, naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(moved, schema=schema)  # type: ignore[arg-type]  # None means "no schema" here
    return moved


def _run(connection: Connection) -> None:
    schema = migration_schema(connection)
    if schema is not None:
        connection.execute(CreateSchema(schema, if_not_exists=True))
    context.configure(
        connection=connection,
        target_metadata=_metadata_in(schema),
        version_table_schema=schema,
        include_schemas=schema is not None,
        include_name=lambda name, kind, _: kind != "schema" or name == schema,
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
