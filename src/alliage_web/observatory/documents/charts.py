"""The charts of the observatory: one drawing for the page, the file and the printed document.

A chart is a frozen value of plain figures. It is drawn by Vega-Lite with colours that stand for the
tokens of the design system; the page gets the tokens, so that it follows light and dark, files and
documents get the colours of the day.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import vl_convert
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alliage_web.ui import stylesheet

from .chart_layers import (
    COLOURS,
    FONT,
    HATCH,
    MARGIN,
    NARROW,
    WIDE,
    Frame,
    specification,
    stand_in,
    wrapped,
)
from .chart_values import (
    About,
    Answers,
    Change,
    Diverging,
    Drawable,
    Intervals,
    Lines,
    Mark,
    Panel,
    Point,
    RankBar,
    Ranks,
    Scale,
    Slopes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "NARROW", "WIDE", "About", "Answers", "Change", "Diverging", "Drawable", "Drawing", "Intervals",
    "Lines", "Mark", "Panel", "Point", "RankBar", "Ranks", "Scale", "Slopes", "drawn",
    "for_document", "in_page", "inline", "on_paper", "png_file", "svg_file", "synthetic_words",
]  # fmt: skip

_FILE_FONTS = "'Source Sans Pro', 'Source Sans 3', 'Segoe UI', Helvetica, Arial, sans-serif"
_KEPT = 256
_PNG_SCALE = 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart for a page: include ``observatory/_chart.html`` with it as ``drawing``."""

    about: About
    wide: SafeString
    narrow: SafeString


def drawn(chart: Drawable) -> Drawing:
    """Draw a chart for a page, once for large screens and once for narrow ones."""
    return Drawing(chart.about, inline(chart, WIDE), inline(chart, NARROW))


def inline(chart: Drawable, width: int) -> SafeString:
    """Return an SVG to put in a page: its colours and its fonts are those of the page."""
    drawing = _drawing(chart, width, get_language() or "fr")
    return in_page(chart.about, drawing.body, (drawing.width, drawing.height))


def in_page(about: About, body: str, size: tuple[int, int]) -> SafeString:
    """Frame for a page what was drawn in the colours that stand for tokens, its texts escaped."""
    wide, high = size
    key = hashlib.sha256(f"{about}{size}{body}".encode()).hexdigest()[:10]
    body = re.sub(r' font-family="[^"]*"', "", body)
    for name in COLOURS:
        body = body.replace(stand_in(name), f"var(--{name})")
    body = body.replace('"clip', f'"clip-{key}-').replace("#clip", f"#clip-{key}-")
    hatch = _hatch(f"h{key}", "var(--line-strong)") if HATCH in body else ""
    return mark_safe(  # noqa: S308 - every text was escaped by who drew it or below
        f'<svg class="drawing__svg" role="img" aria-labelledby="t{key} d{key}"'
        f' viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">'
        f'<title id="t{key}">{html.escape(_titled(about))}</title>'
        f'<desc id="d{key}">{html.escape(about.description)}</desc>'
        f"{hatch}{body.replace(HATCH, f'url(#h{key})')}</svg>"
    )


def svg_file(chart: Drawable, *, width: int = WIDE) -> bytes:
    """Return a stand-alone SVG: title, drawing, source, address, and that it is synthetic."""
    return _framed(chart, width, get_language() or "fr").encode()


def png_file(chart: Drawable, *, width: int = WIDE) -> bytes:
    """Return the stand-alone drawing as an image, twice as dense as its size."""
    return _png(_framed(chart, width, get_language() or "fr"))


def for_document(chart: Drawable, *, width: int = WIDE) -> str:
    """Return the drawing alone in colours of the day, for a document that writes its title."""
    drawing = _drawing(chart, width, get_language() or "fr")
    return on_paper(drawing.body, (drawing.width, drawing.height))


def on_paper(body: str, size: tuple[int, int]) -> str:
    """Frame for a printed document what was drawn in the colours that stand for tokens."""
    wide, high = size
    hatch = _hatch("hatch", _day("line-strong")) if HATCH in body else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}"'
        f' width="{wide}" height="{high}">{hatch}{_by_day(body)}</svg>'
    )


def synthetic_words() -> str:
    """Return the words that a drawing of invented respondents always carries."""
    return _("Données synthétiques : répondants inventés")


@dataclass(frozen=True, slots=True)
class _Drawn:
    body: str
    width: int
    height: int


@lru_cache(maxsize=_KEPT)
def _drawing(chart: Drawable, width: int, language: str) -> _Drawn:
    """Draw a chart; the same values give the same drawing, so it is made once."""
    _register_fonts()
    spec, height = specification(chart, Frame(width, language))
    svg = vl_convert.vegalite_to_svg(
        spec, format_locale="fr-FR" if language.startswith("fr") else "en-US"
    )
    body = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
    # The image is told as a whole: what Vega says of its groups would be noise.
    body = re.sub(r' (?:role|aria-[a-z]+|class|pointer-events|style)="[^"]*"', "", body)
    return _Drawn(body, width, height)


@cache
def _register_fonts() -> None:
    spec = find_spec("font_source_sans_pro")
    if spec is None or spec.origin is None:
        msg = "The package font_source_sans_pro is missing. Install alliage[web] to draw charts."
        raise RuntimeError(msg)
    vl_convert.register_font_directory(str(Path(spec.origin).parent / "files"))


@lru_cache(maxsize=_KEPT // 4)
def _png(svg: str) -> bytes:
    _register_fonts()
    return bytes(vl_convert.svg_to_png(svg, scale=_PNG_SCALE))


@cache
def _day(name: str) -> str:
    """Return the colour of a token by day, from the stylesheet."""
    tokens = (stylesheet.COMPONENTS / "02_tokens.css").read_text(encoding="utf-8")
    found = re.search(rf"--{re.escape(name)}: light-dark\((#[0-9a-f]{{6}})", tokens)
    if found is None:
        msg = f"The design system has no colour « {name} ». Choose one of 02_tokens.css."
        raise LookupError(msg)
    return found[1]


def _by_day(body: str) -> str:
    for name in COLOURS:
        body = body.replace(stand_in(name), _day(name))
    return body.replace(HATCH, "url(#hatch)").replace(f'"{FONT}"', f'"{_FILE_FONTS}"')


def _hatch(name: str, colour: str) -> str:
    return (
        f'<defs><pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" stroke="{colour}"'
        ' stroke-width="1.5"/></pattern></defs>'
    )


def _titled(about: About) -> str:
    return f"{about.title} ({synthetic_words()})" if about.synthetic else about.title


def _framed(chart: Drawable, width: int, language: str) -> str:
    drawing = _drawing(chart, width - MARGIN, language)
    about = chart.about
    inner = width - 4 * MARGIN
    head = [
        *((line, 19, "600", "ink") for line in wrapped(about.title, inner, 19)),
        *((line, 14, "400", "ink-soft") for line in wrapped(about.subtitle, inner, 14)),
    ]
    if about.synthetic:
        head.append((f"{synthetic_words()}.", 14, "600", "warning"))
    foot = [
        (line, 12, "400", "ink-soft")
        for text in (about.source, about.address, about.fingerprint)
        for line in wrapped(text, inner, 12)
    ]
    above, top = _lines(head, 2 * MARGIN)
    below, height = _lines(foot, top + drawing.height + 2 * MARGIN)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description"'
        f' viewBox="0 0 {width} {height + 2 * MARGIN}" width="{width}"'
        f' height="{height + 2 * MARGIN}">'
        f'<title id="title">{html.escape(_titled(about))}</title>'
        f'<desc id="description">{html.escape(about.description)}</desc>'
        f"{_hatch('hatch', _day('line-strong'))}"
        f'<rect width="100%" height="100%" fill="{_day("surface")}"/>{above}'
        f'<g transform="translate({MARGIN},{top + MARGIN})">{_by_day(drawing.body)}</g>'
        f"{below}</svg>"
    )


def _lines(lines: Iterable[tuple[str, int, str, str]], top: int) -> tuple[str, int]:
    """Write lines of text one below the other; return them and where they end."""
    written = []
    for text, size, weight, colour in lines:
        top += round(size * 1.35)
        written.append(
            f'<text x="{2 * MARGIN}" y="{top}" font-family="{_FILE_FONTS}" font-size="{size}"'
            f' font-weight="{weight}" fill="{_day(colour)}">{html.escape(text)}</text>'
        )
    return "".join(written), top
