"""Alliage: the rules and the numbers of alliance engineering, as a pure library."""

from __future__ import annotations

__version__ = "0.1.0"
