"""Who may see and write what people said of themselves, and what they agree on."""

from __future__ import annotations

# Each module registers its permissions when it is read.
from . import charters, collective  # noqa: F401
