"""Source citations: ``sheet_pemb l.76-83 ; proceedings_2022 l.2872-2898 ; X01``.

Each fact keeps the document and the lines it was read in. Citations are separated by semicolons;
one names a document by its code, then the lines (``l.``) or a locator in words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE = re.compile(r"(?P<code>X\d{2,}|[a-z]+(?:_[a-z0-9]+)+)\b[ ,]*(?P<rest>.*)", re.DOTALL)
_LINES = re.compile(r"(?:l\.\s*)?(\d+)(?:\s*[-–]\s*(\d+))?")
_NOTE = re.compile(r"\s*\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Citation:
    """One document and where to look in it.

    Attributes
    ----------
    code
        The code of the document; empty when the text names none.
    lines
        The line ranges, both ends included.
    note
        What the citation adds in words.
    """

    code: str
    lines: tuple[tuple[int, int], ...] = ()
    note: str = ""


def parse_citations(text: str) -> tuple[Citation, ...]:
    """Read the citations of a fact. A text that names no document is kept whole as a note.

    Parameters
    ----------
    text
        Citations separated by semicolons.

    Returns
    -------
    tuple of Citation
        In the order of the text. Line numbers without a document belong to the one before.

    Examples
    --------
    >>> parse_citations("sheet_pemb l.68-69, 72 ; X01")  # doctest: +NORMALIZE_WHITESPACE
    (Citation(code='sheet_pemb', lines=((68, 69), (72, 72)), note=''),
     Citation(code='X01', lines=(), note=''))
    >>> parse_citations("proceedings_2022 l.2021 (oral), l.2434-2447 (bilan)")[0].note
    'oral ; bilan'
    >>> parse_citations("entretien du 3 mai")
    (Citation(code='', lines=(), note='entretien du 3 mai'),)
    """
    citations: list[Citation] = []
    for part in text.split(";"):
        stripped = part.strip()
        if not stripped:
            continue
        match = _CODE.fullmatch(stripped)
        if match:
            citations.append(_citation(match["code"], match["rest"]))
        elif citations and re.match(r"l\.\s*\d", stripped):
            last = citations.pop()
            more = _citation(last.code, stripped)
            notes = [note for note in (last.note, more.note) if note]
            citations.append(Citation(last.code, last.lines + more.lines, " ; ".join(notes)))
        else:
            citations.append(Citation("", (), stripped))
    return tuple(citations)


def _citation(code: str, rest: str) -> Citation:
    notes = [note.strip() for note in _NOTE.findall(rest)]
    lines: list[tuple[int, int]] = []
    for piece in _NOTE.sub("", rest).split(","):
        found = piece.strip()
        match = _LINES.fullmatch(found)
        if match:
            first = int(match[1])
            lines.append((first, int(match[2] or first)))
        elif found:
            notes.append(found)
    return Citation(code, tuple(lines), " ; ".join(note for note in notes if note))


def write_lines(citation: Citation) -> str:
    """Write where to look in the document, for a reader.

    Parameters
    ----------
    citation
        A citation.

    Returns
    -------
    str
        The lines, then the note in brackets; empty when the whole document is meant.

    Examples
    --------
    >>> write_lines(Citation("sheet_pemb", ((68, 69), (72, 72)), "oral")).split()
    ['l.', '68-69,', '72', '(oral)']
    """
    ranges = [f"{first}-{last}" if last > first else str(first) for first, last in citation.lines]
    text = f"l.\N{NO-BREAK SPACE}{', '.join(ranges)}" if ranges else ""
    return f"{text} ({citation.note})".strip() if citation.note and citation.code else text
