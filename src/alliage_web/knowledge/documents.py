"""The case sheet as a document: one tree, a page and a PDF that say the same words."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import translation

from alliage.knowledge import live_sheet
from alliage.knowledge.case_sheet import compose
from alliage.knowledge.document_tree import Sheet, as_data
from alliage.knowledge.sheets import Boilerplate, SheetContent, load_boilerplate
from alliage.values.datafiles import data_directory
from alliage_web.alliances.queries.story import story
from alliage_web.ui.printing import print_pdf
from alliage_web.ui.worlds import WORLD_SIGNS

from .models import CaseSheet
from .queries.sheet_facts import facts_of_story, sheet_reference
from .queries.sheet_proposals import published_sheet

if TYPE_CHECKING:
    from alliage.knowledge.live_sheet import LiveSheet
    from alliage_web.alliances.queries.story import AllianceStory

LANGUAGE = "fr"

_TEMPLATE = Path(__file__).parent / "typst" / "sheet.typ"


# ── The tree ──────────────────────────────────────────────────────────────────────────────────────


def sheet_of(slug: str) -> Sheet | None:
    """Compose the sheet of an alliance found by its address.

    Sheets are written in French, whatever the language of the interface. One that was made from a
    live file, and to which all those that it names consented, goes before any other.
    """
    with translation.override(LANGUAGE):
        told = story(slug=slug)
        if told is None:
            return None
        consented = published_sheet(told.id)
        if consented is not None:
            return live_tree(consented)
        kept = CaseSheet.objects.filter(alliance=told.id).order_by("pk").first()
        content = SheetContent.model_validate(kept.content) if kept else None
        return sheet_tree(told, content)


def sheet_tree(told: AllianceStory, content: SheetContent | None = None) -> Sheet:
    """Compose a sheet from the story of its alliance, and from its full content if it has one."""
    with translation.override(LANGUAGE):
        return compose(facts_of_story(told), sheet_reference(), boilerplate(), content)


def live_tree(sheet: LiveSheet) -> Sheet:
    """Compose a sheet that was made from a live file."""
    with translation.override(LANGUAGE):
        return live_sheet.compose(sheet, sheet_reference())


@lru_cache(maxsize=1)
def boilerplate() -> Boilerplate:
    """Read the texts common to every sheet; they ship with the platform."""
    return load_boilerplate(data_directory() / "sheets" / "boilerplate.yaml")


# ── The PDF ───────────────────────────────────────────────────────────────────────────────────────


def sheet_pdf(sheet: Sheet) -> bytes:
    """Print a sheet: A4, tagged (PDF/UA-1), its fonts inside."""
    signs = {code: {"path": sign.path, "letter": sign.letter} for code, sign in WORLD_SIGNS.items()}
    return print_pdf(_TEMPLATE, sheet=as_data(sheet), worlds=signs)
