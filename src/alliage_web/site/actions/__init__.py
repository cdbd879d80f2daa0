"""What is done to the platform as a whole."""

from __future__ import annotations

from .backing_up import back_up, read_backup
from .restoring import Restored, RestoreError, restore

__all__ = ["RestoreError", "Restored", "back_up", "read_backup", "restore"]
