"""Where the files of a fund stand, and what an agreement in force warns of."""

from __future__ import annotations
