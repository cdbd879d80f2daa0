"""Pages and endpoints about organisations; the page of one of them is composed by the site."""

from __future__ import annotations

from .catalysts import catalysts
from .listing import export, index, suggest
from .merging import merge
from .writing import edit, history, new

__all__ = ["catalysts", "edit", "export", "history", "index", "merge", "new", "suggest"]
