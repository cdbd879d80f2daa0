"""Printing a document: words travel as data, and nothing in them is ever evaluated."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typst

_FONT_PACKAGES = ("font_source_sans_pro", "font_source_serif_pro")
#: How many compilations Typst remembers.
_KEPT_COMPILATIONS = 10


def print_pdf(template: Path, **told: Any) -> bytes:
    """Print a template, tagged (PDF/UA-1) and with its fonts inside.

    ``told`` is what it reads, by name, as JSON keeps it. The words of people may hold characters
    that no font of the house draws, an emoji for example: the PDF is then tagged all the same, but
    does not claim PDF/UA-1, which forbids them.
    """
    # A template draws what stands in its app, and nothing else.
    compiler = typst.Compiler(
        input=str(template), root=str(template.parents[1]), font_paths=_fonts()
    )
    inputs = {name: json.dumps(value) for name, value in told.items()}
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

    Nothing of it serves another document, and it weighs up to 90 MB each: a server would end up
    holding a gigabyte. Compiling a blank document ten times and more takes no time.
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
        msg = f"The package {package} is missing. Install alliage[web] to print documents."
        raise RuntimeError(msg)
    return str(Path(spec.origin).parent / "files")
