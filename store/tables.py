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
    text,
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
    Index(
        None, "request_id", sqlite_where=text("request_id IS NOT NULL"), postgresql_where=text("request_id IS NOT NULL")
    ),
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

customers = Table(
    "customers",
    metadata,
    Column("user_id", _Id, primary_key=True),
    Column("stated", _Json, nullable=False),
    Column("computed", _Json, nullable=False),
    Column("health", LargeBinary),
    Column("health_key", String(16)),
    Column("personalization", Boolean),
    Column("consent_at", BigInteger),
    Column("consent_source", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
"""Seed 003's profile: what was ``stated``, what a job ``computed`` from events, and the encrypted health data."""

erasures = Table(
    "erasures",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("erased_at", BigInteger, nullable=False),
    Column("certificate", _Json, nullable=False),
)
"""Who was erased, as a salted hash: enough to leave them out of the next training, not to name them."""

pseudonyms = Table(
    "pseudonyms",
    metadata,
    Column("customer_key", _Id, primary_key=True),
    Column("pseudonym", String(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("pseudonym"),
)
"""The only way from a customer to their decisions; erasing drops the row, and nobody can find the way again."""

decisions = Table(
    "decisions",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("request_id", _Id, nullable=False),
    Column("pseudonym", String(32)),
    Column("context", String, nullable=False),
    Column("algorithm", String, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("release_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("generated_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    Column("full_record", LargeBinary),
    Index(None, "request_id"),
    Index(None, "pseudonym", "generated_at"),
    Index(None, "generated_at"),
)
"""One row per answer. A request id may be the caller's own and repeat: a page asks for several lists."""

recommendation_performance = Table(
    "recommendation_performance",
    metadata,
    Column("day", String(10), nullable=False),
    Column("context", String, nullable=False),
    Column("algorithm", String, nullable=False),
    Column("release_id", String, nullable=False),
    Column("answers", BigInteger, nullable=False),
    Column("shown", BigInteger, nullable=False),
    Column("clicked", BigInteger, nullable=False),
    Column("purchased", BigInteger, nullable=False),
    Column("dismissed", BigInteger, nullable=False),
    Column("revenue", Float, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "context", "algorithm", "release_id"),
)
"""Seed 004's daily figures; they stay when the decisions behind them have gone."""

interaction_totals = Table(
    "interaction_totals",
    metadata,
    Column("day", String(10), nullable=False),
    Column("product_id", _Id, nullable=False),
    Column("type", String, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("revenue", Float, nullable=False),
    PrimaryKeyConstraint("day", "product_id", "type"),
)
"""What is kept of events that were older than the shop keeps them: no customer in it."""

cart_abandonments = Table(
    "cart_abandonments",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("customer_key", _Id, nullable=False),
    Column("abandoned_at", BigInteger, nullable=False),
    Column("products", _Json, nullable=False),
    Column("value", Float),
    Column("detected_at", BigInteger, nullable=False),
    Column("recovered_at", BigInteger),
    UniqueConstraint("customer_key", "abandoned_at"),
)

user_preference_embeddings = Table(
    "user_preference_embeddings",
    metadata,
    Column("user_id", _Id, primary_key=True),
    Column("release_id", String, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("interactions", Integer, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
"""An export for other programs: little-endian float32. Serving makes taste vectors from events as it needs them."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("summary", _Json),
    Column("error", Text),
    Index(None, "name", "started_at"),
)

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
    Column("watermark", Text),
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
