"""The store's databases, and processes beside this one."""

from tests.store.conftest import (  # noqa: F401 - fixtures
    engine,
    migrated_file,
    sqlite_engine,
    sqlite_url,
    start_python,
    url,
)
