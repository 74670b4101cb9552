"""The tables. All instants are epoch milliseconds UTC.

On PostgreSQL they live in the schema `SCHEMA`; SQLite has no schemas, so `store.engine` translates it away.
A change here needs a migration in ``store/migrations/versions``; a test compares the two.
"""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA: Final = "recommender"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)

_RowId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER PRIMARY KEY numbers itself on SQLite
_Id = String().with_variant(String(collation="C"), "postgresql")  # sorts by code point, as SQLite does
_Json = JSON(none_as_null=True)

products = Table(
    "products",
    metadata,
    Column("product_id", String(36), primary_key=True),
    Column("external_product_id", _Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("price", Float),
    Column("image_url", Text),
    Column("stock", Integer),
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    Column("attributes", _Json, nullable=False),
    Column("variants", _Json),
    Column("deleted_at", BigInteger),
    UniqueConstraint("external_product_id"),
)

product_embeddings = Table(
    "product_embeddings",
    metadata,
    Column("external_product_id", _Id, nullable=False),
    Column("encoder", String(64), nullable=False),
    Column("text_sha256", String(64), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("external_product_id", "encoder"),
)
"""Vectors of products that are newer than a release: little-endian float32, by the sha256 of the encoder's graph."""

user_interactions = Table(
    "user_interactions",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("event_id", _Id),
    Column("user_id", _Id),
    Column("session_id", _Id),
    Column("product_id", _Id),
    Column("type", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("quantity", Integer),
    Column("price", Float),
    Column("order_id", _Id),
    Column("metadata", _Json),
    Column("request_id", _Id),
    Column("position", Integer),
    Column("query", Text),
    Column("promotion_used", Boolean),
    Column("rating", Float),
    Column("review", Text),
    Column("store_location", Text),
    UniqueConstraint("event_id"),
    Index(None, "user_id", "occurred_at"),
    Index(None, "session_id", "occurred_at"),
    Index(None, "product_id", "occurred_at"),
)
"""One row per event; a purchase's line carries seed 003's purchase history. No product: a search, or a whole order."""

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", _Id, primary_key=True),
    Column("user_id", _Id, nullable=False),
    Column("identified_at", BigInteger, nullable=False),
    Index(None, "user_id"),
)
"""Whose visit it turned out to be: later events of the session count for this customer too."""

changes = Table(
    "changes",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("kind", String, nullable=False),
    Column("key", _Id),
    Column("created_at", BigInteger, nullable=False),
)

sync_status = Table(
    "sync_status",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("kind", String, nullable=False),
    Column("source", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("rows_read", BigInteger, nullable=False),
    Column("rows_written", BigInteger, nullable=False),
    Column("rows_rejected", BigInteger, nullable=False),
    Column("shift_ms", BigInteger, nullable=False),
    Column("status", String, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)

deployments = Table(
    "deployments",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("release_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
