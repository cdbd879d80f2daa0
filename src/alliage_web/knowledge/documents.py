"""The case sheet as a document: one tree, a page and a PDF that say the same words."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import typst

from alliage.knowledge.document_tree import Sheet, as_data
from alliage_web.ui.worlds import WORLD_SIGNS

_APP = Path(__file__).parent
_TEMPLATE = _APP / "typst" / "sheet.typ"
_FONT_PACKAGES = ("font_source_sans_pro", "font_source_serif_pro")
_ACCESSIBLE = "ua-1"


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Find the fonts of the house; those that Typst embeds complete their alphabets."""
    folders = []
    for package in _FONT_PACKAGES:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            msg = f"The package {package} is missing. Install alliage[web] to draw the case sheets."
            raise RuntimeError(msg)
        folders.append(str(Path(spec.origin).parent / "files"))
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


def sheet_pdf(sheet: Sheet) -> bytes:
    """Print a sheet: A4, tagged (PDF/UA-1), its fonts inside.

    A text may hold characters that no font of the house draws, an emoji for example. The PDF is
    then still tagged, but does not claim PDF/UA-1, which forbids them.
    """
    compiler = typst.Compiler(input=str(_TEMPLATE), root=str(_APP), font_paths=_fonts())
    inputs = {
        "sheet": json.dumps(as_data(sheet)),
        "worlds": json.dumps(
            {
                code.value: {"path": sign.path, "letter": sign.letter}
                for code, sign in WORLD_SIGNS.items()
            }
        ),
    }
    for standards in ([_ACCESSIBLE], []):
        try:
            result = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=standards)
        except typst.TypstError:
            if not standards:
                raise
        else:
            assert isinstance(result, bytes)
            return result
    raise AssertionError
