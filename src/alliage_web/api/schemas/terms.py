"""The referentials and the documents that facts are cited from."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from pydantic import Field

from alliage.alliances.vocabulary import Reading

from .common import Known, Text, _


class Term(Schema):
    """An entry of a referential, in both languages."""

    code: Text
    label_fr: Text
    label_en: Text
    definition_fr: Known
    definition_en: Known
    broader: Known = Field(description=_("code du terme plus large"))
    reading: Reading
    source: Known


class Referential(Schema):
    """A list of terms."""

    scheme: Text
    label: Text
    note: Known
    source: Known
    terms: list[Term]

    @staticmethod
    def resolve_terms(obj: Any) -> list[dict[str, Any]]:
        listed = []
        for entry in obj.entries:
            listed.append(_term(entry.term, ""))
            listed += [_term(term, entry.term.code) for term in entry.narrower]
        return listed


def _term(term: Any, broader: str) -> dict[str, Any]:
    names = ("code", "label_fr", "label_en", "definition_fr", "definition_en", "reading", "source")
    return {**{name: getattr(term, name) for name in names}, "broader": broader}


class Referentials(Schema):
    items: list[Referential]


class Source(Schema):
    """A document that facts are cited from."""

    code: Text = Field(description=_("ce que citent les champs « source »"))
    label: Text
    publisher: Known
    published: Known
    kind: Text
    is_external: bool = Field(description=_("complément extérieur, à vérifier"))
    url: Known
    note: Known = Field(alias="note_fr")


class Sources(Schema):
    items: list[Source]
