"""Products, events, the change feed, imports and deployments."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "recommender"

RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Id = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    _create_products()
    _create_user_interactions()
    _create_changes()
    _create_sync_status()
    _create_deployments()


def _create_products() -> None:
    op.create_table(
        "products",
        sa.Column("product_id", sa.String(36), nullable=False),
        sa.Column("external_product_id", Id, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("price", sa.Float),
        sa.Column("image_url", sa.Text),
        sa.Column("stock", sa.Integer),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("product_id", name="pk_products"),
        sa.UniqueConstraint("external_product_id", name="uq_products_external_product_id"),
        schema=SCHEMA,
    )


def _create_user_interactions() -> None:
    op.create_table(
        "user_interactions",
        sa.Column("id", RowId, nullable=False),
        sa.Column("event_id", Id),
        sa.Column("user_id", Id),
        sa.Column("session_id", Id),
        sa.Column("product_id", Id, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("quantity", sa.Integer),
        sa.Column("price", sa.Float),
        sa.Column("order_id", Id),
        sa.Column("metadata", sa.JSON),
        sa.Column("request_id", Id),
        sa.Column("position", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_user_interactions"),
        sa.UniqueConstraint("event_id", name="uq_user_interactions_event_id"),
        schema=SCHEMA,
    )
    for column in ("user_id", "session_id", "product_id"):
        name = f"ix_user_interactions_{column}_occurred_at"
        op.create_index(name, "user_interactions", [column, "occurred_at"], schema=SCHEMA)


def _create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", RowId, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", Id),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        schema=SCHEMA,
    )


def _create_sync_status() -> None:
    op.create_table(
        "sync_status",
        sa.Column("id", RowId, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows_read", sa.BigInteger, nullable=False),
        sa.Column("rows_written", sa.BigInteger, nullable=False),
        sa.Column("rows_rejected", sa.BigInteger, nullable=False),
        sa.Column("shift_ms", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_sync_status"),
        schema=SCHEMA,
    )


def _create_deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("id", RowId, nullable=False),
        sa.Column("release_id", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deployments"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("deployments", "sync_status", "changes", "user_interactions", "products"):
        op.drop_table(table, schema=SCHEMA)
