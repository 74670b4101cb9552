"""Imports of a shop's files. The only part of the store that uses pandas; a serving process does not import it."""

from store.imports.loading import CHUNK_ROWS, ImportReport, import_file
from store.imports.rejects import Reject
from store.sync_status import recorded_shift, shifted_at

__all__ = ["CHUNK_ROWS", "ImportReport", "Reject", "import_file", "recorded_shift", "shifted_at"]
