"""The model that reads the meaning of texts, where there is one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from alliage.knowledge.embedding import EmbedderMissingError, load_embedder

if TYPE_CHECKING:
    from alliage.knowledge.embedding import Embedder


def embedder() -> Embedder | None:
    """Return the model, or None where it is not installed or was turned off."""
    return _installed() if settings.ALLIAGE_SEMANTIC else None


@lru_cache(maxsize=1)
def _installed() -> Embedder | None:
    try:
        return load_embedder()
    except EmbedderMissingError:
        return None
