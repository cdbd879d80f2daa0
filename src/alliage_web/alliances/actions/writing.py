"""The one way in which alliances are written: by the browser, by a file, by the loader."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from alliage.values.text import slug
from alliage_web.actors.queries import ids_by_slug
from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries.contents import FIELDS, SECTION, Content, arranged, contents
from alliage_web.audit.actions import record
from alliage_web.territories.queries import by_codes
from alliage_web.vocabulary.queries import by_scheme

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.alliances.queries.contents import Row, Section

Changes = dict[str, list[Any]]

#: Addresses of pages that stand beside those of the alliances.
RESERVED_SLUGS = frozenset({"nouvelle", "importer", "exporter", "suggestions"})


class Status(StrEnum):
    """What writing an alliance did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, order=True)
class UnknownReference:
    """An alliance names something that is not there."""

    alliance: str
    section: str
    value: str

    def __str__(self) -> str:
        return f"{self.alliance}: {self.section}: « {self.value} » is unknown."


class UnknownReferencesError(ValueError):
    """Alliances name terms, territories, organisations or alliances that are not there."""

    def __init__(self, references: Iterable[UnknownReference]) -> None:
        self.references = tuple(references)
        lines = "\n- ".join(map(str, self.references))
        super().__init__(
            "Nothing was written. Load the referentials, the territories and the organisations "
            f"first, or correct these names:\n- {lines}"
        )


class AlreadyThereError(ValueError):
    """Alliances that were to be created have been created since."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = tuple(sorted(codes))
        names = ", ".join(self.codes)
        super().__init__(f"Nothing was written: {names} exist already. Read them, then try again.")


@dataclass(slots=True)
class Written:
    """An alliance after it was written, and what changed in it."""

    alliance: Alliance
    status: Status
    changes: Changes


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of what alliances name, by the names that last."""

    terms: Mapping[tuple[str, str], int]
    territories: Mapping[tuple[str, str], int]
    organisations: Mapping[str, int]


def write(
    wanted: Mapping[str, Content],
    *,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
    new: Collection[str] = (),
) -> dict[str, Written]:
    """Create or update alliances by their identifiers, within the transaction of the caller.

    Only what a content holds is written; what is the same is left alone. ``submission`` goes with
    the event of the first alliance. The identifiers of ``new`` must not be there yet.
    """
    known = {
        alliance.code: alliance
        for alliance in Alliance.objects.select_for_update().filter(code__in=wanted).order_by("pk")
    }
    if taken := set(new) & set(known):
        raise AlreadyThereError(taken)
    before = contents([alliance.pk for alliance in known.values()])
    keys = _find_keys([*wanted.values(), *before.values()])
    _refuse_unknown(wanted, keys)
    written = _write_fields(wanted, known, by=by, at=at)
    _write_parents(wanted, written)
    empty = Content({}, {name: [] for name in SECTION})
    _write_sections(
        wanted,
        written,
        {code: before.get(item.alliance.pk, empty) for code, item in written.items()},
        keys,
    )
    _close(written, by=by, at=at, submission=submission)
    return written


def _find_keys(found: Sequence[Content]) -> _Keys:
    rows = {
        name: [row for content in found for row in content.sections.get(name, ())]
        for name in ("terms", "territories", "parties")
    }
    schemes = {row["scheme"] for row in rows["terms"]}
    places = {(row["level"], row["code"]) for row in rows["territories"]}
    organisations = {row["organisation"] for row in rows["parties"] if row["organisation"]}
    terms = by_scheme(*schemes) if schemes else {}
    return _Keys(
        {(term.scheme, term.code): term.pk for found in terms.values() for term in found},
        {pair: place.pk for pair, place in by_codes(places).items()} if places else {},
        ids_by_slug(organisations) if organisations else {},
    )


def _refuse_unknown(wanted: Mapping[str, Content], keys: _Keys) -> None:
    unknown = [
        UnknownReference(code, section, value)
        for code, content in wanted.items()
        for section, value in _unknown_in(content, keys)
    ]
    parents = {content.fields.get("part_of", "") for content in wanted.values()} - {""}
    there = set(Alliance.objects.filter(code__in=parents).values_list("code", flat=True))
    unknown += [
        UnknownReference(code, "part_of", content.fields["part_of"])
        for code, content in wanted.items()
        if content.fields.get("part_of", "") not in {"", *wanted, *there}
    ]
    if unknown:
        raise UnknownReferencesError(sorted(unknown))


def _unknown_in(content: Content, keys: _Keys) -> Iterator[tuple[str, str]]:
    for row in content.sections.get("terms", ()):
        if (row["scheme"], row["code"]) not in keys.terms:
            yield "terms", f"{row['scheme']} {row['code']}"
    for row in content.sections.get("territories", ()):
        if (row["level"], row["code"]) not in keys.territories:
            yield "territories", f"{row['level']} {row['code']}"
    for row in content.sections.get("parties", ()):
        if row["organisation"] and row["organisation"] not in keys.organisations:
            yield "parties", row["organisation"]


def _write_fields(
    wanted: Mapping[str, Content],
    known: Mapping[str, Alliance],
    *,
    by: User | None,
    at: dt.datetime,
) -> dict[str, Written]:
    written: dict[str, Written] = {}
    slugs = _free_slugs({code: wanted[code] for code in wanted if code not in known})
    for code, content in wanted.items():
        values = {name: content.fields[name] for name in FIELDS if name in content.fields}
        alliance = known.get(code)
        status = Status.UNCHANGED
        if alliance is None:
            alliance = Alliance(
                code=code, slug=slugs[code], created_by=by, created_at=at, updated_at=at
            )
            status = Status.CREATED
        changes = {
            name: [_plain(getattr(alliance, name)), _plain(value)]
            for name, value in values.items()
            if getattr(alliance, name) != value
        }
        for name, value in values.items():
            setattr(alliance, name, value)
        alliance.text_key = alliance.fold_text()
        written[code] = Written(alliance, status, changes)
    new = [item.alliance for item in written.values() if item.status is Status.CREATED]
    Alliance.objects.bulk_create(new)
    return written


def _free_slugs(new: Mapping[str, Content]) -> dict[str, str]:
    """Give each new alliance an address that no other has: its own, or one from its title."""
    asked = {code: _asked_slug(code, content) for code, content in new.items()}
    taken = set(RESERVED_SLUGS)
    for base in set(asked.values()):
        near = Alliance.objects.filter(slug__startswith=base)
        taken.update(near.values_list("slug", flat=True))
    found: dict[str, str] = {}
    for code, base in asked.items():
        free, rank = base, 2
        while free in taken:
            free, rank = f"{base}-{rank}", rank + 1
        taken.add(free)
        found[code] = free
    return found


def _asked_slug(code: str, content: Content) -> str:
    return content.fields.get("slug") or slug(content.fields["title"]) or code.replace("_", "-")


def _write_parents(wanted: Mapping[str, Content], written: Mapping[str, Written]) -> None:
    """Link parts to their whole, once every alliance has its key."""
    codes = {
        content.fields["part_of"] for content in wanted.values() if "part_of" in content.fields
    }
    parents = dict(Alliance.objects.filter(code__in=codes).values_list("code", "pk"))
    names = {key: code for code, key in _codes_of_parents(written).items()}
    for code, content in wanted.items():
        if "part_of" not in content.fields:
            continue
        item, parent = written[code], content.fields["part_of"]
        if item.alliance.part_of_id != parents.get(parent):
            before = names.get(item.alliance.part_of_id or 0, "")
            item.changes["part_of"] = [before, parent]
            item.alliance.part_of_id = parents.get(parent)


def _codes_of_parents(written: Mapping[str, Written]) -> dict[str, int]:
    keys = {item.alliance.part_of_id for item in written.values() if item.alliance.part_of_id}
    return dict(Alliance.objects.filter(pk__in=keys).values_list("code", "pk"))


def _write_sections(
    wanted: Mapping[str, Content],
    written: Mapping[str, Written],
    before: Mapping[str, Content],
    keys: _Keys,
) -> None:
    for name, section in SECTION.items():
        changed: list[tuple[Alliance, Sequence[Row]]] = []
        for code, content in wanted.items():
            if name not in content.sections:
                continue
            rows = arranged(name, content.sections[name])
            there = before[code].sections[name]
            if _by_key(rows, keys) != _by_key(there, keys):
                written[code].changes[name] = _difference(there, rows)
                changed.append((written[code].alliance, rows))
        _replace(section, changed, keys)


def _by_key(rows: Sequence[Row], keys: _Keys) -> list[Row]:
    """Name organisations by their keys: those that were merged have several addresses."""
    return [
        {**row, "organisation": keys.organisations.get(row["organisation"])}
        if "organisation" in row
        else row
        for row in rows
    ]


def _difference(before: Sequence[Row], after: Sequence[Row]) -> list[list[Any]]:
    """Keep the rows that are gone and those that are new; all of them when only the order moved."""
    gone = [row for row in before if row not in after]
    new = [row for row in after if row not in before]
    if not gone and not new:
        gone, new = list(before), list(after)
    return [_plain(gone), _plain(new)]


def _plain(value: Any) -> Any:
    """Write a value as JSON can hold it."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _replace(section: Section, changed: Sequence[tuple[Any, Sequence[Row]]], keys: _Keys) -> None:
    manager = section.model._default_manager  # noqa: SLF001
    owners = [owner.pk for owner, _ in changed]
    manager.filter(**{f"{section.owner}__in": owners}).delete()
    made = [
        (section.model(**_columns(section, row, rank, keys), **{section.owner: owner}), row)
        for owner, rows in changed
        for rank, row in enumerate(rows)
    ]
    manager.bulk_create([item for item, _ in made], batch_size=500)
    if section.nested:
        below = [(item, row[section.nested.name]) for item, row in made]
        _replace(section.nested, below, keys)


def _columns(section: Section, row: Row, rank: int, keys: _Keys) -> dict[str, Any]:
    columns = {key: row[key] for key, path in section.paths.items() if key == path}
    if section.ranked:
        columns["order"] = rank
    if section.name == "terms":
        columns["term_id"] = keys.terms[row["scheme"], row["code"]]
    elif section.name == "territories":
        columns["territory_id"] = keys.territories[row["level"], row["code"]]
    elif section.name == "parties":
        columns["organisation_id"] = keys.organisations.get(row["organisation"])
    return columns


def _close(
    written: Mapping[str, Written], *, by: User | None, at: dt.datetime, submission: UUID | None
) -> None:
    """Date what changed, save it, and record one event for each alliance that changed."""
    changed = [item for item in written.values() if item.changes]
    for item in changed:
        item.alliance.updated_at = at
        if item.status is Status.UNCHANGED:
            item.status = Status.UPDATED
    there = [item.alliance for item in changed if item.status is Status.UPDATED]
    Alliance.objects.bulk_update(
        there, [*FIELDS, "text_key", "part_of", "updated_at"], batch_size=100
    )
    # A new alliance is already written, but for the link to its whole.
    new = [item.alliance for item in changed if item.status is Status.CREATED]
    parts = [alliance for alliance in new if alliance.part_of_id]
    Alliance.objects.bulk_update(parts, ["part_of"], batch_size=100)
    for rank, item in enumerate(changed):
        record(
            kind=f"alliance.{item.status}",
            target=item.alliance.stable_name,
            by=by,
            at=at,
            changes=item.changes,
            submission=submission if rank == 0 else None,
        )
