"""Reading the funds."""

from __future__ import annotations

from .funds import FundPage, all_funds, find, page_of
from .wording import history_in_words

__all__ = ["FundPage", "all_funds", "find", "history_in_words", "page_of"]
