"""Whether a payer may lawfully pay a receiver, and under which conditions."""

from __future__ import annotations
