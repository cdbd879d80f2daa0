"""The grants of a fund in the open formats, both ways."""

from __future__ import annotations
