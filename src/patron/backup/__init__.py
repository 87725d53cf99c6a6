"""Backups of the embedded form: the DuckDB file with the keys and the audit log beside it, in one archive."""

from patron.backup.making import archive, back_up, copies
from patron.backup.restoring import Restored, restore

__all__ = ["Restored", "archive", "back_up", "copies", "restore"]
