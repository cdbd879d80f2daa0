"""Side-by-side measures; results are written as tables in ``benchmarks/results``."""

from __future__ import annotations
