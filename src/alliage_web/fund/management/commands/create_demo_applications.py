"""Write an invented call in the demonstration, with an application sent and one being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from alliage_web.accounts.actions import give_role
from alliage_web.accounts.models import Role, User
from alliage_web.actors.actions import create_organisation
from alliage_web.actors.queries import Description, by_slug
from alliage_web.alliances.actions import create_alliance
from alliage_web.alliances.queries import Content, find_by_code
from alliage_web.fund import queries
from alliage_web.fund.actions.applications import (
    begin_application,
    fresh,
    send,
    sign,
    write_answers,
)
from alliage_web.fund.actions.calls import add_form_version, create_call, decide_on_call
from alliage_web.fund.queries.budget import strands_of
from alliage_web.fund.queries.calls import default_form_text

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.actors.models import Organisation
    from alliage_web.alliances.models import Alliance
    from alliage_web.fund.models import Application, Call, Fund

_FUND, _CALL = "odd17", "demonstration"
_SOURCE = "Inventé pour la démonstration"
_ALLIANCE = "Le marais partagé (alliance de démonstration, inventée)"
_COMMUNE = "Commune du Marais (inventée)"
_CLUB = "Association des riverains (inventée)"
_FIRM = "Atelier du bord de l’eau (inventé)"
_PARTIES = (
    (_COMMUNE, "local_authority", "local_authority", "Une salle et un agent un jour par semaine."),
    (_CLUB, "association", "association", "Quarante bénévoles et la connaissance du marais."),
    (_FIRM, "company", "company", "Des matériaux et un chantier d’insertion."),
)
_RULES = """\
code: demonstration
version: 1
title_fr: Règles de l’appel de démonstration
title_en: Rules of the demonstration call
rules:
  - id: three_worlds
    why_fr: L’appel soutient des alliances entre trois mondes au moins.
    why_en: The call supports alliances between three worlds at least.
    remedy_fr: Associez un monde de plus, comme une association, une entreprise ou une collectivité.
    remedy_en: Join one more world, such as an association, a company or a local authority.
    met_if: {fact: worlds, at_least: 3}
  - id: amount
    why_fr: Le fonds apporte de 1 000 à 15 000 €.
    why_en: The fund brings from 1,000 to 15,000 €.
    remedy_fr: Demandez un montant entre ces deux bornes.
    remedy_en: Ask an amount between the two.
    met_if:
      all:
        - {fact: amount_asked, at_least: 1000}
        - {fact: amount_asked, at_most: 15000}
  - id: one_year
    why_fr: L’alliance existe depuis un an au moins.
    why_en: The alliance has existed for a year at least.
    remedy_fr: Dites sur la page de l’alliance quand elle a commencé.
    remedy_en: Say on the page of the alliance when it began.
    met_if: {fact: alliance_age_months, at_least: 12}
"""
_SHARED = {
    "project_title": "Rouvrir le marais aux riverains",
    "summary": "Démonstration : un sentier, un chantier d’insertion, des ateliers au bord.",
    "stage": "modelling",
    "started": "2024",
    "need": "Démonstration : les riverains sont isolés, et le marais est fermé depuis dix ans.",
    "why_together": "Démonstration : à l’une le terrain, à l’autre les bras, au dernier le métier.",
    "steps": [
        {"what": "Trois ateliers avec les riverains", "by_when": "2027-03"},
        {"what": "Le chantier du sentier", "by_when": "2027-09", "sign": "Le sentier est ouvert"},
    ],
    "levers": ["networks", "engineering_input"],
    "engineering_need": "Démonstration : quelqu’un qui fasse avancer le projet à trois.",
    "amount_asked": "9 000",
    "plan": {
        "expenses": [
            {"code": "D1", "label": "Animation du projet", "category": "services",
             "nature": "cash", "quantity": "20", "unit_price": "450"},
            {"code": "D2", "label": "Frais de l’association", "category": "overheads",
             "nature": "cash", "share": "10", "of": "D1"},
            {"code": "D3", "label": "Bénévoles", "category": "staff", "nature": "time"},
        ],
        "resources": [
            {"code": "R1", "label": "Le fonds", "origin": "asked", "nature": "cash",
             "amount": "9000"},
            {"code": "R2", "label": "L’association", "origin": "own", "nature": "cash",
             "amount": "900"},
            {"code": "R3", "label": "Bénévoles", "origin": "own", "nature": "time"},
        ],
    },
    "without_support": "Démonstration : le projet attendrait qu’une des trois trouve du temps.",
    "where": "commune:94080",
}  # fmt: skip


class Command(BaseCommand):
    help = (
        "Write an invented call of the Fonds ODD17 of a demonstration, an invented alliance, an "
        "application that was sent and one that is being written. Refused elsewhere. A second run "
        "changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.ALLIAGE_DEMO or settings.PRODUCTION:
            msg = (
                "Invented applications are refused outside a demonstration. Set ALLIAGE_MODE=demo."
            )
            raise CommandError(msg)
        fund = queries.find(_FUND)
        people = {
            word: User.objects.filter(email=f"{word}@demo.example").first()
            for word in ("sacha", "maxime", "camille")
        }
        if fund is None or None in people.values():
            msg = "The fund or the demonstration accounts are not there. Run start-demo first."
            raise CommandError(msg)
        if fund.calls.filter(code=_CALL).exists():
            self.stdout.write(f"{fund.code}: the demonstration call is already there")
            return
        with transaction.atomic():
            _write(fund, {word: user for word, user in people.items() if user}, timezone.now())
        self.stdout.write(
            f"{fund.code}: an invented call and two invented applications are written"
        )


def _write(fund: Fund, people: dict[str, User], at: dt.datetime) -> None:
    actors = [_organisation(name, world, profile, at) for name, world, profile, _ in _PARTIES]
    alliance = _alliance(actors, people["camille"], at)
    for person, actor in ((people["maxime"], actors[0]), (people["camille"], actors[1])):
        give_role(
            user=person,
            role=Role.PARTY_MEMBER,
            at=at,
            by=None,
            place=alliance.stable_name,
            organisation=actor.stable_name,
        )
    call = _call(fund, people["sacha"], at)
    sent = _begun(call, alliance, actors, people, at)
    write_answers(
        application=sent,
        shared=_with_party(actors[1].slug),
        by_party={
            actor.slug: _part(actor, receives=rank == 1) for rank, actor in enumerate(actors[:2])
        },
        by=people["maxime"],
        at=at,
    )
    for person, actor in ((people["maxime"], actors[0]), (people["camille"], actors[1])):
        sign(application=fresh(sent), party=actor.slug, by=person, at=at)
    send(application=fresh(sent), by=people["maxime"], at=at)
    _begun(call, alliance, actors, people, at)


def _organisation(name: str, world: str, profile: str, at: dt.datetime) -> Organisation:
    described = Description(
        name=name,
        world=world,
        profile=profile,
        summary_fr="Cette organisation n’existe pas : elle sert à la démonstration.",
        summary_en="This organisation does not exist: it serves the demonstration.",
        source=_SOURCE,
    )
    return create_organisation(description=described, by=None, at=at)


def _alliance(actors: list[Organisation], by: User, at: dt.datetime) -> Alliance:
    blank = dict.fromkeys(("profile", "role", "entered", "left"), "")
    parties = [
        {
            **blank,
            "organisation": actor.slug,
            "name": actor.name,
            "world": actor.world,
            "brings": brings,
            "source": _SOURCE,
        }
        for actor, (_name, _world, _profile, brings) in zip(actors, _PARTIES, strict=True)
    ]
    content = Content(
        {
            "title": _ALLIANCE,
            "summary": "Alliance inventée pour la démonstration : rien n’y est réel.",
            "why": "Démonstration : rendre le marais à ses riverains.",
            "started": "2024",
            "stage": "modelling",
            "source": _SOURCE,
        },
        {
            "parties": parties,
            "territories": [{"level": "commune", "code": "94080", "note": "exemple inventé"}],
        },
    )
    made = create_alliance(content=content, by=by, at=at, submission=None)
    found = find_by_code(made.code)
    assert found is not None
    return found


def _call(fund: Fund, by: User, at: dt.datetime) -> Call:
    form = add_form_version(fund=fund, text=default_form_text(), by=by, at=at)
    strands = strands_of(fund)
    content = {
        "title_fr": "Appel de démonstration : l’ingénierie des alliances (inventé)",
        "title_en": "Demonstration call: the engineering of alliances (invented)",
        "summary_fr": (
            "Appel inventé pour montrer la plateforme. Il soutiendrait le temps et les compétences "
            "qu’il faut pour qu’une alliance de plusieurs mondes passe de l’idée au projet."
        ),
        "summary_en": (
            "A call invented to show the platform. It would support the time and the skills that "
            "an alliance of several worlds needs to go from the idea to the project."
        ),
        "kind": "rolling",
        "zone": "Europe/Paris",
        "strand": strands[0] if strands else None,
        "max_amount": 15_000,
        "min_amount": 1_000,
        "rules": _RULES,
        "form": form,
    }
    call = create_call(fund=fund, code=_CALL, content=content, by=by, at=at, is_demonstration=True)
    return decide_on_call(call=call, verb="announce", by=by, at=at)


def _begun(
    call: Call,
    alliance: Alliance,
    actors: list[Organisation],
    people: dict[str, User],
    at: dt.datetime,
) -> Application:
    lead, partner = by_slug(actors[0].slug), by_slug(actors[1].slug)
    assert lead is not None
    assert partner is not None
    return begin_application(
        call=call, alliance=alliance, lead=lead, others=[partner], by=people["maxime"], at=at
    )


def _with_party(party: str) -> dict[str, Any]:
    plan = _SHARED["plan"]
    assert isinstance(plan, dict)
    sides = {side: [{**row, "party": party} for row in rows] for side, rows in plan.items()}
    return {**_SHARED, "plan": sides}


def _part(actor: Organisation, *, receives: bool) -> dict[str, Any]:
    return {
        "organisation": actor.slug,
        "brings": next(text for name, _w, _p, text in _PARTIES if name == actor.name),
        "expects": "Démonstration : avancer à plusieurs.",
        "receives_money": "yes" if receives else "no",
        "other_public_aid": "no",
        "accurate": "yes",
    }
