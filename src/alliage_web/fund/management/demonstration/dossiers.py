"""The invented applications of the story: written, signed by each applicant, and sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alliage_web.fund.actions.applications import (
    begin_application,
    fresh,
    send,
    sign,
    write_answers,
)
from alliage_web.fund.actions.legal_facts import state_legal_facts
from alliage_web.fund.models import Application

from .alliances import CANAL, FOREST, GARDEN, MARSH, PLATEAU

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.alliances.models import Alliance
    from alliage_web.fund.models import Call, Fund

    from .alliances import InventedAlliance
    from .story import Story

#: What a day of work costs in the invented budgets, in euros.
_DAY = 450


@dataclass(frozen=True, slots=True)
class Dossier:
    """An application of the story, sent so many days ago; ``days`` of work are asked for."""

    of: InventedAlliance
    title: str
    need: str
    days: int
    sent: int

    @property
    def asked(self) -> int:
        return self.days * _DAY


#: The first is only sent; the chapter of the instruction tells what becomes of the others.
REOPEN = Dossier(
    MARSH, "Rouvrir le marais aux riverains", "le marais est fermé depuis dix ans.", 20, 6
)
SUNDAY_STOP = Dossier(
    CANAL, "Une halte ouverte le dimanche", "le quai est désert le dimanche.", 20, 262
)
KITCHEN = Dossier(
    PLATEAU, "Une cuisine qui tourne", "les cantines jettent ce que d’autres cherchent.", 12, 258
)
BERRIES = Dossier(GARDEN, "Un potager de plus", "les berges sont en friche.", 8, 255)
PUSHCHAIRS = Dossier(
    FOREST, "Un sentier pour les poussettes", "la forêt n’est pas pour tous.", 30, 250
)
BARGEES = Dossier(CANAL, "Des bateliers en insertion", "la batellerie manque de bras.", 24, 120)
FRIDGE = Dossier(PLATEAU, "Le frigo commun", "des invendus se perdent chaque soir.", 16, 115)
CABIN = Dossier(FOREST, "La cabane des savoirs", "les anciens partent, et leurs gestes.", 20, 110)
SEASONS = Dossier(PLATEAU, "Le marché des saisons", "le marché a fermé en 2021.", 8, 105)
FERRY = Dossier(MARSH, "Le bac du dimanche", "aucun passage n’existe à pied.", 10, 62)
EVENINGS = Dossier(FOREST, "Les veillées du village", "on ne se croise plus le soir.", 14, 58)
ROUNDS = Dossier(MARSH, "La tournée des rives", "les personnes âgées sont seules.", 18, 40)
LOCKS = Dossier(
    CANAL, "L’école des écluses", "les écluses automatisées n’ont plus de visage.", 26, 36
)
BENCHES = Dossier(MARSH, "Des bancs sur la digue", "on ne peut s’asseoir nulle part.", 6, 21)
OVEN = Dossier(FOREST, "Le four à pain", "le four communal est froid.", 12, 30)

#: What the chapter of the instruction handles, in the order of sending.
HANDLED = (
    SUNDAY_STOP, KITCHEN, BERRIES, PUSHCHAIRS, BARGEES, FRIDGE, CABIN, SEASONS, FERRY, EVENINGS,
    ROUNDS, LOCKS, OVEN, BENCHES,
)  # fmt: skip


def find_dossier(fund: Fund, dossier: Dossier) -> Application:
    """Return an application of the story as it is now."""
    return fresh(
        Application.objects.get(
            fund=fund, call__is_demonstration=True, shared__project_title=dossier.title,
            sent_at__isnull=False,
        )
    )  # fmt: skip


def begun(
    call: Call, alliance: Alliance, told: InventedAlliance, story: Story, at: dt.datetime
) -> Application:
    """Begin an application of the first two parties of an alliance."""
    lead, partner = _applicants(alliance, told)
    return begin_application(
        call=call, alliance=alliance, lead=lead, others=[partner], by=story["maxime"], at=at
    )


def _applicants(alliance: Alliance, told: InventedAlliance) -> list[Any]:
    by_name = {
        row.organisation.name: row.organisation
        for row in alliance.parties.select_related("organisation")
        if row.organisation is not None
    }
    return [by_name[party.name] for party in told.parties[:2]]


def sent(call: Call, alliance: Alliance, dossier: Dossier, story: Story) -> Application:
    """Write an application, have it signed by both applicants, and send it."""
    row = begun(call, alliance, dossier.of, story, story.at(dossier.sent + 8))
    parts = row.everyone
    receiver = parts[dossier.of.receives]
    write_answers(
        application=row,
        shared=_answers(dossier, story, receiver.code),
        by_party={part.code: _part(dossier, rank, part.code) for rank, part in enumerate(parts)},
        by=story["maxime"],
        at=story.at(dossier.sent + 2),
    )
    for word, part in zip(("maxime", "camille"), parts, strict=True):
        sign(
            application=fresh(row),
            party=part.code,
            by=story[word],
            at=story.at(dossier.sent + 1),
        )
    send(application=fresh(row), by=story["maxime"], at=story.at(dossier.sent, 11))
    return fresh(row)


def establish_facts(dossier: Dossier, story: Story, ago: int) -> None:
    """Establish the legal facts of paying the applicant that receives, as an officer does."""
    row = find_dossier(story.fund, dossier)
    state_legal_facts(
        application=row,
        party=row.everyone[dossier.of.receives].code,
        facts={
            "receiver_kind": "association",
            "general_interest": True,
            "public_resources": False,
            "economic_activity": False,
            "passed_on": False,
            "granted_before_cents": 0,
            "de_minimis": [],
        },
        source="Démonstration : statuts et attestation inventés, lus pour l’exemple.",
        by=story["sacha"],
        at=story.at(ago, 15),
    )


def _answers(dossier: Dossier, story: Story, receiver: str) -> dict[str, Any]:
    tenth = str(dossier.asked // 10)
    plan = {
        "expenses": [
            {"code": "D1", "label": "Animation du projet", "category": "services",
             "nature": "cash", "quantity": str(dossier.days), "unit_price": str(_DAY)},
            {"code": "D2", "label": "Frais de l’association", "category": "overheads",
             "nature": "cash", "share": "10", "of": "D1"},
            {"code": "D3", "label": "Bénévoles", "category": "staff", "nature": "time"},
        ],
        "resources": [
            {"code": "R1", "label": "Le fonds", "origin": "asked", "nature": "cash",
             "amount": str(dossier.asked)},
            {"code": "R2", "label": "L’association", "origin": "own", "nature": "cash",
             "amount": tenth},
            {"code": "R3", "label": "Bénévoles", "origin": "own", "nature": "time"},
        ],
    }  # fmt: skip
    return {
        "project_title": dossier.title,
        "summary": f"Démonstration : {dossier.title.lower()}, porté à trois mondes.",
        "stage": dossier.of.stage,
        "started": dossier.of.started,
        "need": f"Démonstration : {dossier.need}",
        "why_together": "Démonstration : à l’une le terrain, à l’autre les bras, au dernier "
        "le métier.",
        "steps": [
            {
                "what": "Trois ateliers avec les habitants",
                "by_when": _month(story, dossier.sent - 120),
            },
            {
                "what": "Le premier jour d’ouverture",
                "by_when": _month(story, dossier.sent - 330),
                "sign": "C’est ouvert",
            },
        ],
        "levers": ["networks", "engineering_input"],
        "engineering_need": "Démonstration : quelqu’un qui fasse avancer le projet à plusieurs.",
        "amount_asked": f"{dossier.asked}",
        "plan": {side: [{**row, "party": receiver} for row in rows] for side, rows in plan.items()},
        "without_support": "Démonstration : le projet attendrait qu’une partie trouve du temps.",
        "where": f"commune:{dossier.of.commune}",
    }


def _month(story: Story, ago: int) -> str:
    return f"{story.day(ago):%Y-%m}"


def _part(dossier: Dossier, rank: int, code: str) -> dict[str, Any]:
    return {
        "organisation": code,
        "brings": dossier.of.parties[rank].brings,
        "expects": "Démonstration : avancer à plusieurs.",
        "receives_money": "yes" if rank == dossier.of.receives else "no",
        "other_public_aid": "no",
        "accurate": "yes",
    }
