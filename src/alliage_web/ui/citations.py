"""Readable references to the sources. The names of the documents come from an upper app."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from alliage.values.citations import Citation, parse_citations, write_lines

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

SOURCES_URL = "/sources/"


@dataclass(frozen=True, slots=True)
class SourceLabel:
    """The names of a document: one for a reference, one in full."""

    short: str
    title: str


LabelLookup = Callable[[Iterable[str]], Mapping[str, SourceLabel]]

_registry: list[LabelLookup] = []


def register_labels(lookup: LabelLookup) -> None:
    """Tell how to name documents; the last one registered is used."""
    _registry[:] = [lookup]


def cite(source: str) -> SafeString:
    """Write the citations of a fact as references linked to the page of the sources."""
    references = [(_reference(citation, label),) for citation, label in _labelled(source)]
    between = format_html('<span class="cite__sep">{}</span>', _(" ; "))
    return format_html_join(between, "{}", references)


def cited(source: str) -> str:
    """Write the citations of a fact as text, for a cell or for a printed page."""
    return " ; ".join(
        " ".join(
            part
            for part in (
                label.short if label else citation.code or citation.note,
                write_lines(citation) if citation.code else "",
            )
            if part
        )
        for citation, label in _labelled(source)
    )


def _labelled(source: str) -> list[tuple[Citation, SourceLabel | None]]:
    """Return the citations of a fact, each with the names of its document."""
    citations = parse_citations(source or "")
    codes = {citation.code for citation in citations if citation.code}
    labels = _registry[0](codes) if _registry and codes else {}
    return [(citation, labels.get(citation.code)) for citation in citations]


def _reference(citation: Citation, label: SourceLabel | None) -> SafeString:
    where = write_lines(citation)
    if not citation.code:
        return format_html('<span class="cite">{}</span>', citation.note)
    return format_html(
        '<a class="cite" href="{}#{}" title="{}">{}</a>{}',
        SOURCES_URL,
        citation.code,
        label.title if label else citation.code,
        label.short if label else citation.code,
        format_html(' <span class="cite__where">{}</span>', where) if where else "",
    )
