"""Loading alliances from the records of files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage_web.alliances.queries.contents import Content
from alliage_web.audit.queries import changed_by_people
from alliage_web.vocabulary.models import Scheme

from .writing import Status, write

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from alliage.alliances.records import (
        AllianceRecord,
        AmountRecord,
        Classification,
        DivergenceRecord,
        LeverRecord,
    )
    from alliage.values.dates import PartialDate
    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance
    from alliage_web.alliances.queries.contents import Row


@dataclass(frozen=True, slots=True)
class Load:
    """What a load did, alliance by alliance, and what it left as people wrote it."""

    alliances: tuple[tuple[Alliance, Status], ...]
    kept: tuple[str, ...]

    def __iter__(self) -> Iterator[tuple[Alliance, Status]]:
        return iter(self.alliances)

    def count(self, status: Status) -> int:
        return sum(found is status for _, found in self.alliances)

    @property
    def changed_nothing(self) -> bool:
        return self.count(Status.UNCHANGED) == len(self.alliances)


def load_record(
    record: AllianceRecord, *, by: User | None, at: dt.datetime
) -> tuple[Alliance, Status]:
    """Create or update one alliance from its record."""
    return load_records([record], by=by, at=at).alliances[0]


@transaction.atomic
def load_records(records: Iterable[AllianceRecord], *, by: User | None, at: dt.datetime) -> Load:
    """Create or update alliances from their records: all of them, or none.

    A second load of the same records changes nothing. A field or a list that a person changed in
    the interface stays as the person wrote it. Terms, territories and organisations must be there:
    `UnknownReferencesError` names those that are not.
    """
    wanted = {record.id: _content(record) for record in records}
    slugs = {code: f"alliance:{content.fields['slug']}" for code, content in wanted.items()}
    protected = changed_by_people("alliance:")
    kept: list[str] = []
    for code, content in wanted.items():
        own = protected.get(slugs[code], frozenset())
        if own:
            wanted[code], left = _without(content, own)
            kept += [f"{slugs[code]} {name}" for name in left]
    written = write(wanted, by=by, at=at)
    return Load(tuple((item.alliance, item.status) for item in written.values()), tuple(kept))


def _without(content: Content, names: frozenset[str]) -> tuple[Content, list[str]]:
    fields = {name: value for name, value in content.fields.items() if name not in names}
    sections = {name: rows for name, rows in content.sections.items() if name not in names}
    left = sorted(names & {*content.fields, *content.sections})
    return Content(fields, sections), left


_SCHEMES: Mapping[str, Scheme] = {
    "objectives": Scheme.OBJECTIVE,
    "impact_natures": Scheme.IMPACT_NATURE,
    "domains": Scheme.DOMAIN,
    "sdgs": Scheme.SDG,
    "sdg_targets": Scheme.SDG_TARGET,
}


def _content(record: AllianceRecord) -> Content:
    return Content(
        {
            "slug": record.slug,
            "title": record.title,
            "title_en": record.title_en,
            "kind": record.kind,
            "kind_en": record.kind_en,
            "part_of": record.part_of or "",
            "stage": record.stage.code.value,
            "stage_reading": record.stage.reading.value,
            "stage_reason": record.stage.reason,
            "started": _date(record.started),
            "ended": _date(record.ended),
            "summary": record.summary,
            "summary_en": record.summary_en,
            "why": record.why,
            "reusable": record.reusable,
            "territory_note": record.territory_note or "",
            "private_fund_to_public_authority": record.private_fund_to_public_authority,
            "notes": list(record.notes),
            "source": " ; ".join(record.sources),
        },
        {
            "terms": [
                _term(scheme, item)
                for field, scheme in _SCHEMES.items()
                for item in getattr(record, field)
            ],
            "territories": [
                {"level": place.level.value, "code": place.code, "note": place.note or ""}
                for place in record.territories
            ],
            "parties": [_dump(party) for party in record.parties],
            "timeline": [_dump(event) for event in record.timeline],
            "outcomes": [_outcome(outcome) for outcome in record.outcomes],
            "supports": [
                _support(lever.value, support) for lever, support in record.levers.items()
            ],
            "lessons": [_dump(lesson) for lesson in record.lessons],
            "perspectives": [_dump(perspective) for perspective in record.perspectives],
            "divergences": [_divergence(divergence) for divergence in record.divergences],
        },
    )


def _date(date: PartialDate | None) -> str:
    return str(date) if date else ""


def _dump(part: Any) -> Row:
    """Write a part whose fields are those of its table; unknown texts are empty."""
    values = part.model_dump(mode="json")
    return {key: "" if value is None else value for key, value in values.items()}


def _term(scheme: Scheme, item: Classification) -> Row:
    return {"scheme": scheme.value, **_dump(item)}


def _outcome(outcome: Any) -> Row:
    return {**_dump(outcome), "value": outcome.value}


def _support(lever: str, support: LeverRecord) -> Row:
    return {
        "lever": lever,
        "text": support.text or "",
        "na": support.na,
        "na_text": support.na_text or "",
        "amounts": [_amount(amount) for amount in support.amounts],
    }


def _amount(amount: AmountRecord) -> Row:
    return {
        "eur": amount.eur,
        "first_year": amount.years[0] if amount.years else None,
        "last_year": amount.years[-1] if amount.years else None,
        "purpose": amount.purpose,
        "status": amount.status.value,
        "reading": amount.reading.value,
        "part_of_parent": amount.part_of_parent,
        "source": amount.source,
    }


def _divergence(divergence: DivergenceRecord) -> Row:
    return {
        "code": divergence.code,
        "subject": divergence.subject,
        "reading": divergence.reading_fr,
        "assertions": [
            {
                "claim": item.claim,
                "value": item.value,
                "unit": item.unit or "",
                "stated_on": _date(item.stated_on),
                "source": item.source,
            }
            for item in divergence.assertions
        ],
    }
