"""Reading the words of a PDF with their places, from the widths and the names of its glyphs."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader
from pypdf.generic import ContentStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)
_SHOW = (b"TJ", b"Tj")


@dataclass(frozen=True)
class Run:
    """Glyphs shown together on one line: where they start and end, and what they say."""

    page: int
    start: float
    end: float
    y: float
    size: float
    text: str
    artifact: bool


@dataclass(frozen=True)
class _Font:
    widths: dict[int, float]
    names: dict[int, str]


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def words(pdf: bytes) -> str:
    """Join what readers read: drawings, running titles and page numbers are left out."""
    return "".join(run.text for run in runs(pdf) if not run.artifact)


def runs(pdf: bytes) -> list[Run]:
    """Give every run of a PDF, in the order in which it is shown."""
    document = reader(pdf)
    return [
        run
        for number, page in enumerate(document.pages)
        for run in _page_runs(number, page, document)
    ]


class _State:
    """What the operators of a page have set so far."""

    def __init__(self) -> None:
        self.font, self.size = "", 0.0
        self.matrix = self.frame = IDENTITY
        self.frames: list[Matrix] = []
        self.marks: list[bool] = []
        self._apply: dict[bytes, Callable[[Any], object]] = {
            b"q": lambda _: self.frames.append(self.frame),
            b"Q": lambda _: setattr(self, "frame", self.frames.pop()),
            b"cm": lambda given: setattr(self, "frame", _product(_matrix(given), self.frame)),
            b"Tm": lambda given: setattr(self, "matrix", _matrix(given)),
            b"Tf": self._choose,
            b"BMC": lambda given: self.marks.append(given[0] == "/Artifact"),
            b"BDC": lambda given: self.marks.append(given[0] == "/Artifact"),
            b"EMC": lambda _: self.marks.pop(),
        }

    def _choose(self, given: Any) -> None:
        self.font, self.size = given[0], float(given[1])

    def apply(self, operator: bytes, operands: Any) -> None:
        if operator in self._apply:
            self._apply[operator](operands)


def _page_runs(number: int, page: Any, document: PdfReader) -> Iterator[Run]:
    fonts = {name: _font(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
    state = _State()
    for operands, operator in ContentStream(page.get_contents(), document).operations:
        state.apply(operator, operands)
        if operator in _SHOW:
            shown = operands[0] if operator == b"TJ" else operands
            text, advance = _read(shown, fonts[state.font])
            a, _, _, _, x, y = _product(state.matrix, state.frame)
            width = advance * state.size * a
            size = state.size * abs(a)
            yield Run(number, x, x + width, y, size, text, artifact=any(state.marks))


def _matrix(operands: Any) -> Matrix:
    a, b, c, d, e, f = (float(value) for value in operands)
    return (a, b, c, d, e, f)


def _product(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j,
            e * g + f * i + k, e * h + f * j + m)  # fmt: skip


def _font(font: Any) -> _Font:
    listed = list(font["/DescendantFonts"][0].get_object()["/W"])
    widths: dict[int, float] = {}
    while listed:
        first, second = listed.pop(0), listed.pop(0)
        if isinstance(second, list):
            widths |= {first + rank: float(width) for rank, width in enumerate(second)}
        else:
            widths |= dict.fromkeys(range(first, second + 1), float(listed.pop(0)))
    mapped = font["/ToUnicode"].get_data().decode("ascii")
    assert "beginbfrange" not in mapped
    names = {
        int(code, 16): bytes.fromhex(name).decode("utf-16-be")
        for code, name in re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>\n", mapped)
    }
    return _Font(widths, names)


def _read(shown: Any, font: _Font) -> tuple[str, float]:
    """Give the words shown and their width; the spaces at the end of a line take no room."""
    text, advance, inked = "", 0.0, 0.0
    for item in shown:
        if isinstance(item, int | float):
            advance -= float(item) / 1000
            continue
        raw = item.original_bytes
        for place in range(0, len(raw), 2):
            code = int.from_bytes(raw[place : place + 2], "big")
            name = font.names.get(code, "")
            text += name
            advance += font.widths[code] / 1000
            inked = advance if name.strip() else inked
    return text, inked
