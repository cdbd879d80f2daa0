"""An entry as plain values: what forms fill, actions write, the trail keeps and files carry.

Others are named by what lasts: an alliance by its identifier, a territory by its level and code, a
term by its scheme and code. Sets are sorted, so that equal contents are equal.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alliage_web.knowledge.models import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryContent:
    """Everything that a person or a file says of an entry. Unknown is empty."""

    kind: str
    title: str
    summary: str
    title_en: str = ""
    summary_en: str = ""
    body: str = ""
    date: str = ""
    date_end: str = ""
    place: str = ""
    publisher: str = ""
    url: str = ""
    alliance: str = ""
    territories: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    source: str = ""
    note: str = ""

    def replaced(self, values: Mapping[str, Any]) -> EntryContent:
        """Return the same content with some fields replaced."""
        return replace(self, **values)

    def changes_from(self, before: EntryContent | None) -> dict[str, list[Any]]:
        """Give ``[before, after]`` for each field that differs; before nothing, those not empty."""
        after = _as_json(self)
        first = _as_json(before) if before else {}
        return {
            name: [first.get(name), value]
            for name, value in after.items()
            if (first[name] != value if before else bool(value))
        }


#: The fields that are columns of the entry's own row.
OWN_FIELDS = (
    *("kind", "title", "title_en", "summary", "summary_en", "body", "date", "date_end", "place"),
    *("publisher", "url", "source", "note"),
)


def _as_json(content: EntryContent) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(content).items()
    }


def content_of(entry: Entry) -> EntryContent:
    """Describe an entry as its rows do."""
    return EntryContent(
        **{name: getattr(entry, name) for name in OWN_FIELDS},
        alliance=entry.alliance.code if entry.alliance else "",
        territories=tuple(sorted(f"{row.level}/{row.code}" for row in entry.territories.all())),
        terms=tuple(sorted(f"{row.scheme}/{row.code}" for row in entry.terms.all())),
    )
