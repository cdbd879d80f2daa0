"""An alliance as plain values: what forms fill, actions write, the trail keeps and files carry.

A row of a section names other things by what lasts (the code of a term, the level and code of a
territory, the address of an organisation), never by a key of the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alliage.alliances.vocabulary import Lever
from alliage_web.alliances.models import (
    Alliance,
    AllianceTerm,
    AllianceTerritory,
    Assertion,
    Divergence,
    Lesson,
    Outcome,
    Party,
    Perspective,
    Support,
    SupportAmount,
    TimelineEvent,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from django.db.models import Model

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A list that belongs to an alliance: its table, and where each value of a row is read."""

    name: str
    model: type[Model]
    paths: Mapping[str, str]
    order: tuple[str, ...]
    owner: str = "alliance"
    ranked: bool = False
    nested: Section | None = None


def _section(
    name: str, model: type[Model], keys: str, *, references: Mapping[str, str] | None = None,
    **options: Any,
) -> Section:  # fmt: skip
    paths = {**(references or {}), **{key: key for key in keys.split()}}
    return Section(name, model, paths, **options)


SECTIONS: tuple[Section, ...] = (
    _section(
        "terms", AllianceTerm, "reading reason source",
        references={"scheme": "term__scheme", "code": "term__code"},
        order=("term__scheme", "term__order", "pk"),
    ),
    _section(
        "territories", AllianceTerritory, "note",
        references={"level": "territory__level", "code": "territory__code"}, order=("pk",),
    ),
    _section(
        "parties", Party, "name world profile role brings entered left source",
        references={"organisation": "organisation__slug"}, order=("order", "pk"), ranked=True,
    ),
    _section(
        "timeline", TimelineEvent, "start end precision planned text boxed source",
        order=("start", "order", "pk"), ranked=True,
    ),
    _section(
        "outcomes", Outcome, "text value qualifier unit status as_of source",
        order=("order", "pk"), ranked=True,
    ),
    _section(
        "supports", Support, "lever text na na_text", order=("pk",),
        nested=_section(
            "amounts", SupportAmount,
            "eur first_year last_year purpose status reading part_of_parent source",
            order=("pk",), owner="support",
        ),
    ),
    _section("lessons", Lesson, "text source", order=("order", "pk"), ranked=True),
    _section("perspectives", Perspective, "level text source", order=("order", "pk"), ranked=True),
    _section(
        "divergences", Divergence, "code subject reading", order=("code", "pk"),
        nested=_section(
            "assertions", Assertion, "claim value unit stated_on source", order=("order", "pk"),
            owner="divergence", ranked=True,
        ),
    ),
)  # fmt: skip
SECTION: Mapping[str, Section] = {section.name: section for section in SECTIONS}

FIELDS = (
    "title", "title_en", "kind", "kind_en", "stage", "stage_reading", "stage_reason", "started",
    "ended", "summary", "summary_en", "why", "reusable", "territory_note",
    "private_fund_to_public_authority", "notes", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """Fields and sections of an alliance; what is absent is left as it is.

    ``fields["part_of"]`` is the identifier of the alliance above, or an empty text.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, list[Row]] = field(default_factory=dict)


def arranged(name: str, rows: Iterable[Row]) -> list[Row]:
    """Put the rows of a section in the order in which they are read back and compared."""
    if name == "terms":
        return sorted(rows, key=lambda row: (row["scheme"], row["code"]))
    if name == "supports":
        levers = [lever.value for lever in Lever]
        return sorted(rows, key=lambda row: levers.index(row["lever"]))
    if name == "timeline":
        return sorted(rows, key=lambda row: row["start"])
    if name == "divergences":
        return sorted(rows, key=lambda row: row["code"])
    return list(rows)


def contents(
    ids: Collection[int], *, sections: Collection[str] = tuple(SECTION)
) -> dict[int, Content]:
    """Read alliances whole, or with some sections only, in a constant number of queries."""
    found = {
        alliance.pk: Content(_fields(alliance), {name: [] for name in sections})
        for alliance in Alliance.objects.filter(pk__in=ids).select_related("part_of").order_by("pk")
    }
    for name in sections:
        for owner, row in _rows(SECTION[name], ids):
            found[owner].sections[name].append(row)
    return {
        key: Content(
            content.fields,
            {name: arranged(name, rows) for name, rows in content.sections.items()},
        )
        for key, content in found.items()
    }


def content(alliance: Alliance) -> Content:
    """Read one alliance whole."""
    return contents([alliance.pk])[alliance.pk]


def _fields(alliance: Alliance) -> dict[str, Any]:
    values = {name: getattr(alliance, name) for name in FIELDS}
    return {**values, "part_of": alliance.part_of.code if alliance.part_of else ""}


def _rows(section: Section, owners: Collection[int]) -> list[tuple[int, Row]]:
    """Read the rows of a section, each with the key of what it belongs to."""
    chosen = section.model._default_manager.filter(**{f"{section.owner}__in": owners})  # noqa: SLF001
    read = chosen.order_by(section.owner, *section.order).values_list(
        f"{section.owner}_id", "pk", *section.paths.values()
    )
    rows: list[tuple[int, Row]] = []
    below: dict[int, list[Row]] = {}
    for owner, key, *values in read:
        row: Row = dict(zip(section.paths, values, strict=True))
        if "organisation" in row:
            row["organisation"] = row["organisation"] or ""
        if section.nested:
            row[section.nested.name] = below.setdefault(key, [])
        rows.append((owner, row))
    if section.nested:
        for key, row in _rows(section.nested, list(below)):
            below[key].append(row)
    return rows


def differences(before: Content, after: Content) -> list[str]:
    """Name the fields and sections of ``after`` that are not those of ``before``."""
    fields = [name for name, value in after.fields.items() if before.fields.get(name) != value]
    sections = [
        name
        for name, rows in after.sections.items()
        if arranged(name, rows) != before.sections.get(name)
    ]
    return fields + sections
