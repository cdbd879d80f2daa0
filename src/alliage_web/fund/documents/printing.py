"""Printing a document of a fund: words travel as data, and nothing in them is ever evaluated."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

if TYPE_CHECKING:
    from collections.abc import Mapping

_APP = Path(__file__).parents[1]
_FONT_PACKAGES = ("font_source_sans_pro", "font_source_serif_pro")


def print_pdf(template: str, told: Mapping[str, Any]) -> bytes:
    """Print what a template of the app reads under « it », tagged and with its fonts inside."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[*map(_folder, _FONT_PACKAGES)])
    compiler = typst.Compiler(
        input=str(_APP / "typst" / template), root=str(_APP), font_paths=fonts
    )
    inputs = {"it": json.dumps(told)}
    try:
        printed = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"])
    except typst.TypstError:
        # A character that no font of the house draws: the PDF is tagged all the same.
        printed = compiler.compile(format="pdf", sys_inputs=inputs)
    assert isinstance(printed, bytes)
    return printed


def _folder(package: str) -> str:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        msg = f"The package {package} is missing. Install alliage[web] to print documents."
        raise RuntimeError(msg)
    return str(Path(spec.origin).parent / "files")
