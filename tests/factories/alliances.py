"""Alliances, and what they stand on: a small geography, terms of every list, a few people."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.factories.actors import editor, geography, person

from alliage.alliances.records import AllianceRecord, load_alliances
from alliage.values.datafiles import data_directory
from alliage.values.text import name_key
from alliage_web.actors.models import Organisation
from alliage_web.alliances import actions
from alliage_web.alliances.queries import Content
from alliage_web.territories.models import Succession, Territory
from alliage_web.vocabulary.models import Scheme, SourceDocument, Term

if TYPE_CHECKING:
    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance

__all__ = ["AT", "alliance", "content", "editor", "person", "shipped", "shipped_world", "world"]

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=1)

_TERMS: dict[str, tuple[tuple[str, str], ...]] = {
    Scheme.OBJECTIVE: (("innovate", "Innover ensemble"), ("co_construct_locally", "Co-construire")),
    Scheme.IMPACT_NATURE: (("confidence", "Confiance"),),
    Scheme.DOMAIN: (("education", "Éducation"), ("employment", "Emploi"), ("health", "Santé")),
    Scheme.SDG: (("4", "Éducation de qualité"), ("8", "Travail"), ("17", "Partenariats")),
    Scheme.SDG_TARGET: (("17.17", "Partenariats publics et privés"),),
}


def world() -> None:
    """Write a geography, a retired commune code, terms of every list, a source."""
    vintage = geography()
    montargis = Territory.objects.get(level="commune", code="45208")
    Succession.objects.create(
        vintage=vintage, code="45999", name="Ancienne", kind="fusion", successor=montargis
    )
    for scheme, terms in _TERMS.items():
        for order, (code, label) in enumerate(terms):
            Term.objects.create(
                scheme=scheme, code=code, label_fr=label, label_en=f"{label} (en)", order=order
            )
    SourceDocument.objects.create(
        code="sheet_pemb",
        label_fr="Fiche",
        label_en="Sheet",
        short_fr="Fiche PEMB",
        kind="case_sheet",
    )


def term(scheme: str, code: str, **more: str) -> dict[str, str]:
    return {"scheme": scheme, "code": code, "reading": "stated", "reason": "", "source": "", **more}


def place(code: str, level: str = "commune", note: str = "") -> dict[str, str]:
    return {"level": level, "code": code, "note": note}


def party(name: str, world: str = "association", **more: str) -> dict[str, str]:
    blank = dict.fromkeys(
        ("organisation", "profile", "role", "brings", "entered", "left", "source"), ""
    )
    return {**blank, "name": name, "world": world, **more}


def event(start: str, text: str, **more: Any) -> dict[str, Any]:
    precision = ("year", "month", "day")[start.count("-")]
    blank = {"end": "", "planned": False, "boxed": False, "source": ""}
    return {**blank, "start": start, "precision": precision, "text": text, **more}


def content(title: str = "Passerelles", **more: Any) -> Content:
    """Give an alliance as values: fields by keyword, lists under their names."""
    lists = ("terms", "territories", "parties", "timeline", "outcomes", "supports", "lessons",
             "perspectives", "divergences")  # fmt: skip
    sections = {name: more.pop(name) for name in lists if name in more}
    fields = {"title": title, "summary": f"{title} réunit des acteurs.", "source": "entretien"}
    return Content({**fields, **more}, sections)


def alliance(title: str = "Passerelles", *, by: User | None = None, **more: Any) -> Alliance:
    author = by or person(f"Auteur de {title}".replace(" ", ""))
    return actions.create_alliance(
        content=content(title, **more), by=author, at=AT, submission=None
    )


@cache
def shipped() -> tuple[AllianceRecord, ...]:
    """Read the alliances that the platform ships with."""
    return tuple(load_alliances(data_directory() / "alliances"))


def shipped_world() -> None:
    """Write bare territories, terms and organisations for all that the shipped alliances name."""
    places = {(item.level.value, item.code) for record in shipped() for item in record.territories}
    Territory.objects.bulk_create(
        [
            Territory(level=level, code=code, name=f"{level} {code}")
            for level, code in sorted(places)
        ]
    )
    schemes = {
        "objectives": Scheme.OBJECTIVE,
        "impact_natures": Scheme.IMPACT_NATURE,
        "domains": Scheme.DOMAIN,
        "sdgs": Scheme.SDG,
        "sdg_targets": Scheme.SDG_TARGET,
    }
    terms = {
        (scheme, item.code)
        for record in shipped()
        for field, scheme in schemes.items()
        for item in getattr(record, field)
    }
    Term.objects.bulk_create(
        [Term(scheme=s, code=code, label_fr=code, label_en=code) for s, code in sorted(terms)]
    )
    slugs = {p.organisation: p for record in shipped() for p in record.parties if p.organisation}
    Organisation.objects.bulk_create(
        [
            Organisation(
                slug=slug, name=item.name, name_key=name_key(item.name), world=item.world.value,
                profile=item.profile.value, created_at=AT, updated_at=AT,
            )
            for slug, item in sorted(slugs.items())
        ]
    )  # fmt: skip
