"""Calls and applications: a fund, an alliance of three worlds, people, drafts and sendings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.factories.people import SINCE, somebody

from alliage_web.accounts.models import Role
from alliage_web.actors.models import Organisation
from alliage_web.alliances.models import Alliance, Party
from alliage_web.fund.actions.applications import begin_application, send, sign
from alliage_web.fund.actions.calls import add_form_version, create_call, decide_on_call
from alliage_web.fund.models import Application, Fund, Strand
from alliage_web.fund.queries.calls import default_form_text

if TYPE_CHECKING:
    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Call

RULES = """
code: essai
version: 1
title_fr: Règles
title_en: Rules
rules:
  - id: three_worlds
    why_fr: L’appel soutient des alliances entre trois mondes au moins.
    why_en: The call supports alliances between three worlds at least.
    remedy_fr: Associez un monde de plus.
    remedy_en: Join one more world.
    met_if: {fact: worlds, at_least: 3}
  - id: amount
    why_fr: Le fonds apporte au plus 15 000 €.
    why_en: The fund brings 15,000 € at most.
    remedy_fr: Demandez moins.
    remedy_en: Ask less.
    met_if: {fact: amount_asked, at_most: 15000}
"""


def call_content(fund: Fund, **more: Any) -> dict[str, Any]:
    """Give what a person writes of a call that never ends, with the form that ships."""
    form = add_form_version(fund=fund, text=default_form_text(), by=None, at=CALL_AT)
    strand, _made = Strand.objects.get_or_create(
        fund=fund, code="ingenierie", defaults={"name_fr": "Ingénierie"}
    )
    written = {
        "title_fr": "Appel d’essai",
        "summary_fr": "Le fonds soutient des alliances.",
        "kind": "rolling",
        "zone": "Europe/Paris",
        "form": form,
        "strand": strand,
        "max_amount": Decimal(15_000),
        "rules": RULES,
    }
    return {**written, **more}


CALL_AT = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)


def open_call(fund: Fund, code: str = "essai", *, at: dt.datetime = CALL_AT, **more: Any) -> Call:
    """Write a call, and announce it."""
    call = create_call(fund=fund, code=code, content=call_content(fund, **more), by=None, at=at)
    return decide_on_call(call=call, verb="announce", by=None, at=at)


def organisation(slug: str, world: str = "association", **more: Any) -> Organisation:
    return Organisation.objects.create(
        slug=slug, name=slug.replace("-", " ").capitalize(), name_key=slug, world=world,
        profile="association", created_at=CALL_AT, updated_at=CALL_AT, **more,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applying:
    """A fund, its open call, and an alliance of three organisations with a person in each."""

    fund: Fund
    call: Call
    alliance: Alliance
    town: Organisation
    club: Organisation
    firm: Organisation
    lead: User
    partner: User
    officer: User


def applying(fund: str = "fonds", **more: Any) -> Applying:
    """Write what an application needs: a call that is open, parties of three worlds, people."""
    payer = organisation("payeur", "foundation")
    row = Fund.objects.create(
        code=fund, name="Fonds", organisation=payer, created_at=CALL_AT, updated_at=CALL_AT
    )
    town = organisation("ville", "local_authority")
    club, firm = organisation("club"), organisation("usine", "company")
    alliance = Alliance.objects.create(
        code="marais", slug="marais", title="Le marais", summary="Le marais revit.",
        started="2023-04", created_at=CALL_AT, updated_at=CALL_AT,
    )  # fmt: skip
    for rank, actor in enumerate((town, club, firm)):
        Party.objects.create(
            alliance=alliance, organisation=actor, name=actor.name, world=actor.world, order=rank,
            brings="Un lieu." if actor == club else "",
        )  # fmt: skip
    member = (Role.PARTY_MEMBER, alliance.stable_name, town.stable_name)
    return Applying(
        fund=row,
        call=open_call(row, **more),
        alliance=alliance,
        town=town,
        club=club,
        firm=firm,
        lead=somebody("Lead", member),
        partner=somebody("Partner", member_of=[club.stable_name]),
        officer=somebody("Officer", (Role.FUND_OFFICER, row.stable_name)),
    )


def draft(world: Applying, at: dt.datetime = CALL_AT) -> Application:
    """Begin the application of the town with the club."""
    return begin_application(
        call=world.call, alliance=world.alliance, lead=world.town, others=[world.club],
        by=world.lead, at=at,
    )  # fmt: skip


COMMON = {
    "project_title": "Le marais vivant",
    "summary": "Rendre le marais à ses riverains.",
    "stage": "modelling",
    "need": "Des riverains isolés.",
    "why_together": "Personne ne peut seul.",
    "steps": [{"what": "Un atelier", "by_when": "2026"}],
    "levers": ["engineering_input"],
    "engineering_need": "Une étude.",
    "amount_asked": "5 000",
    "without_support": "Rien.",
    "where": "commune:94080",
    "plan": {
        "expenses": [
            {
                "code": "D1", "label": "Étude", "party": "club", "category": "services",
                "nature": "cash", "amount": "6000",
            }
        ],
        "resources": [
            {
                "code": "R1", "label": "Le fonds", "party": "club", "origin": "asked",
                "nature": "cash", "amount": "5000",
            },
            {
                "code": "R2", "label": "Le club", "party": "club", "origin": "own",
                "nature": "cash", "amount": "1000",
            },
        ],
    },
}  # fmt: skip


def filled(application: Application) -> Application:
    """Answer everything."""
    application.shared = COMMON
    application.save()
    for part in application.everyone:
        part.answers = {
            "organisation": part.code,
            "brings": "Du temps.",
            "receives_money": "yes" if part.code == "club" else "no",
            "other_public_aid": "no",
            "accurate": "yes",
        }
        part.save()
    return application


def sent(world: Applying, at: dt.datetime = CALL_AT) -> Application:
    """Fill, sign and send an application."""
    application = filled(draft(world, at))
    sign(application=application, party=world.town.slug, by=world.lead, at=at)
    sign(application=application, party=world.club.slug, by=world.partner, at=at)
    send(application=application, by=world.lead, at=at)
    return Application.objects.get(pk=application.pk)


def write_application(fund: Fund, alliance: Alliance) -> Application:
    """Write an open call and a draft of the first party of an alliance, as rows of the past."""
    call = open_call(fund, at=SINCE)
    party = alliance.parties.select_related("organisation").get()
    assert party.organisation is not None
    return begin_application(
        call=call, alliance=alliance, lead=party.organisation, others=[], by=None, at=SINCE
    )
