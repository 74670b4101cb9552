"""Customers and erasures, decisions and what is counted of them, carts left behind, and a record of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "recommender"

Id = sa.String().with_variant(sa.String(collation="C"), "postgresql")
RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")

TABLES = (
    "customers",
    "erasures",
    "pseudonyms",
    "decisions",
    "recommendation_performance",
    "interaction_totals",
    "cart_abandonments",
    "user_preference_embeddings",
    "jobs",
)


def upgrade() -> None:
    with op.batch_alter_table("sync_status", schema=_schema()) as batch:
        batch.add_column(sa.Column("watermark", sa.Text))
    _index_requests()
    _create_customers()
    _create_decisions()
    _create_counts()
    _create_work()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, schema=SCHEMA)
    op.drop_index("ix_user_interactions_request_id", "user_interactions", schema=_schema())
    with op.batch_alter_table("sync_status", schema=_schema()) as batch:
        batch.drop_column("watermark")


def _schema() -> str | None:
    # Creating a table translates the schema away on SQLite; altering one does not.
    return None if op.get_bind().dialect.name == "sqlite" else SCHEMA


def _index_requests() -> None:
    named = sa.text("request_id IS NOT NULL")  # few events have one
    op.create_index(
        "ix_user_interactions_request_id",
        "user_interactions",
        ["request_id"],
        schema=SCHEMA,
        sqlite_where=named,
        postgresql_where=named,
    )


def _create_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("stated", sa.JSON, nullable=False),
        sa.Column("computed", sa.JSON, nullable=False),
        sa.Column("health", sa.LargeBinary),
        sa.Column("health_key", sa.String(16)),
        sa.Column("personalization", sa.Boolean),
        sa.Column("consent_at", sa.BigInteger),
        sa.Column("consent_source", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_customers"),
        schema=SCHEMA,
    )
    op.create_table(
        "erasures",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("erased_at", sa.BigInteger, nullable=False),
        sa.Column("certificate", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_erasures"),
        schema=SCHEMA,
    )
    op.create_table(
        "pseudonyms",
        sa.Column("customer_key", Id, nullable=False),
        sa.Column("pseudonym", sa.String(32), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("customer_key", name="pk_pseudonyms"),
        sa.UniqueConstraint("pseudonym", name="uq_pseudonyms_pseudonym"),
        schema=SCHEMA,
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", RowId, nullable=False),
        sa.Column("request_id", Id, nullable=False),
        sa.Column("pseudonym", sa.String(32)),
        sa.Column("context", sa.String, nullable=False),
        sa.Column("algorithm", sa.String, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("release_id", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("generated_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("full_record", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        schema=SCHEMA,
    )
    for columns in (["request_id"], ["pseudonym", "generated_at"], ["generated_at"]):
        op.create_index(f"ix_decisions_{'_'.join(columns)}", "decisions", columns, schema=SCHEMA)


def _create_counts() -> None:
    op.create_table(
        "recommendation_performance",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("context", sa.String, nullable=False),
        sa.Column("algorithm", sa.String, nullable=False),
        sa.Column("release_id", sa.String, nullable=False),
        sa.Column("answers", sa.BigInteger, nullable=False),
        sa.Column("shown", sa.BigInteger, nullable=False),
        sa.Column("clicked", sa.BigInteger, nullable=False),
        sa.Column("purchased", sa.BigInteger, nullable=False),
        sa.Column("dismissed", sa.BigInteger, nullable=False),
        sa.Column("revenue", sa.Float, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("day", "context", "algorithm", "release_id", name="pk_recommendation_performance"),
        schema=SCHEMA,
    )
    op.create_table(
        "interaction_totals",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("product_id", Id, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("revenue", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("day", "product_id", "type", name="pk_interaction_totals"),
        schema=SCHEMA,
    )


def _create_work() -> None:
    op.create_table(
        "cart_abandonments",
        sa.Column("id", RowId, nullable=False),
        sa.Column("customer_key", Id, nullable=False),
        sa.Column("abandoned_at", sa.BigInteger, nullable=False),
        sa.Column("products", sa.JSON, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("detected_at", sa.BigInteger, nullable=False),
        sa.Column("recovered_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_cart_abandonments"),
        sa.UniqueConstraint("customer_key", "abandoned_at", name="uq_cart_abandonments_customer_key_abandoned_at"),
        schema=SCHEMA,
    )
    op.create_table(
        "user_preference_embeddings",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("release_id", sa.String, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("interactions", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_preference_embeddings"),
        schema=SCHEMA,
    )
    op.create_table(
        "jobs",
        sa.Column("id", RowId, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("summary", sa.JSON),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        schema=SCHEMA,
    )
    op.create_index("ix_jobs_name_started_at", "jobs", ["name", "started_at"], schema=SCHEMA)
