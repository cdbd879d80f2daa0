"""The case sheet as a document: one tree, a page and a PDF that say the same words."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typst
from django.utils import translation

from alliage.knowledge import live_sheet
from alliage.knowledge.case_sheet import compose
from alliage.knowledge.document_tree import Sheet, as_data
from alliage.knowledge.sheets import Boilerplate, SheetContent, load_boilerplate
from alliage.values.datafiles import data_directory
from alliage_web.alliances.queries.story import story
from alliage_web.ui.worlds import WORLD_SIGNS

from .models import CaseSheet
from .queries.sheet_facts import facts_of_story, sheet_reference
from .queries.sheet_proposals import published_sheet

if TYPE_CHECKING:
    from alliage.knowledge.live_sheet import LiveSheet
    from alliage_web.alliances.queries.story import AllianceStory

LANGUAGE = "fr"

_APP = Path(__file__).parent
_TEMPLATE = _APP / "typst" / "sheet.typ"
_KEPT_COMPILATIONS = 10
_FONT_PACKAGES = ("font_source_sans_pro", "font_source_serif_pro")


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
    """Print a sheet: A4, tagged (PDF/UA-1), its fonts inside.

    The words travel as data (JSON) and are set as text: nothing in them is ever evaluated. They
    may hold characters that no font of the house draws, an emoji for example: the PDF is then
    tagged all the same, but does not claim PDF/UA-1, which forbids them.
    """
    compiler = typst.Compiler(input=str(_TEMPLATE), root=str(_APP), font_paths=_fonts())
    signs = {code: {"path": sign.path, "letter": sign.letter} for code, sign in WORLD_SIGNS.items()}
    inputs = {"sheet": json.dumps(as_data(sheet)), "worlds": json.dumps(signs)}
    try:
        printed = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"])
    except typst.TypstError:
        printed = compiler.compile(format="pdf", sys_inputs=inputs)
    finally:
        _forget(compiler)
    assert isinstance(printed, bytes)
    return printed


def _forget(compiler: typst.Compiler) -> None:
    """Let Typst drop what it laid out, which it keeps for the next ten compilations.

    Nothing of it serves the sheet of another alliance, and it weighs about 90 MB a sheet: a server
    would end up holding a gigabyte. Compiling a blank document ten times and more takes no time.
    """
    for _ in range(_KEPT_COMPILATIONS + 1):
        compiler.compile(input=b" ", format="svg", sys_inputs={})


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Find the fonts of the house; those that Typst embeds complete their alphabets."""
    return typst.Fonts(include_system_fonts=False, font_paths=[*map(_folder, _FONT_PACKAGES)])


def _folder(package: str) -> str:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        msg = f"The package {package} is missing. Install alliage[web] to print the case sheets."
        raise RuntimeError(msg)
    return str(Path(spec.origin).parent / "files")
