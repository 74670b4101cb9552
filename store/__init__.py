"""The truth: catalog, events, change feed, imports and deployments in SQLite or PostgreSQL."""
