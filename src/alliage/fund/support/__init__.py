"""The book of supports: who gave what to whom, in money, in kind or in time."""

from __future__ import annotations
