"""The forms of the knowledge base."""

from __future__ import annotations

from .entries import EntryForm, NoteForm
from .sheets import AnswerForm, PassagesForm, TakeOutForm

__all__ = ["AnswerForm", "EntryForm", "NoteForm", "PassagesForm", "TakeOutForm"]
