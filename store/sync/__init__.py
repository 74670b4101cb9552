"""Reads a shop's own database into the store. Uses pandas, as imports do; a serving process does not import it."""

from store.sync.config import SyncConfig, read_sync_config
from store.sync.syncing import SyncReport, sync_kind

__all__ = ["SyncConfig", "SyncReport", "read_sync_config", "sync_kind"]
