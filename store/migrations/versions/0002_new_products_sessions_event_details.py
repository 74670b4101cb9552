"""Embeddings of new products, sessions that were identified, and events that are not about one product."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "recommender"

Id = sa.String().with_variant(sa.String(collation="C"), "postgresql")

_EVENT_DETAILS = (
    ("query", sa.Text),
    ("promotion_used", sa.Boolean),
    ("rating", sa.Float),
    ("review", sa.Text),
    ("store_location", sa.Text),
)


def upgrade() -> None:
    _extend_products()
    _extend_events()
    _create_sessions()


def _schema() -> str | None:
    # Creating a table translates the schema away on SQLite; altering one does not.
    return None if op.get_bind().dialect.name == "sqlite" else SCHEMA


def _extend_products() -> None:
    op.add_column("products", sa.Column("variants", sa.JSON), schema=_schema())
    op.add_column("products", sa.Column("deleted_at", sa.BigInteger), schema=_schema())
    op.create_table(
        "product_embeddings",
        sa.Column("external_product_id", Id, nullable=False),
        sa.Column("encoder", sa.String(64), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("external_product_id", "encoder", name="pk_product_embeddings"),
        schema=SCHEMA,
    )


def _extend_events() -> None:
    with op.batch_alter_table("user_interactions", schema=_schema()) as batch:
        batch.alter_column("product_id", existing_type=Id, nullable=True)
        for name, kind in _EVENT_DETAILS:
            batch.add_column(sa.Column(name, kind))


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("identified_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_sessions"),
        schema=SCHEMA,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], schema=SCHEMA)


def downgrade() -> None:
    for table in ("sessions", "product_embeddings"):
        op.drop_table(table, schema=SCHEMA)
    op.execute(sa.text(f"DELETE FROM {_qualified('user_interactions')} WHERE product_id IS NULL"))
    with op.batch_alter_table("user_interactions", schema=_schema()) as batch:
        for name, _ in _EVENT_DETAILS:
            batch.drop_column(name)
        batch.alter_column("product_id", existing_type=Id, nullable=False)
    with op.batch_alter_table("products", schema=_schema()) as batch:
        batch.drop_column("deleted_at")
        batch.drop_column("variants")


def _qualified(table: str) -> str:
    return table if _schema() is None else f"{SCHEMA}.{table}"
