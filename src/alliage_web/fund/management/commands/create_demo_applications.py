"""Write an invented call in the demonstration, with an application sent and one being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from alliage_web.fund.actions.calls import add_form_version, create_call, decide_on_call
from alliage_web.fund.management.demonstration.alliances import MARSH, write_alliance
from alliage_web.fund.management.demonstration.dossiers import REOPEN, begun, sent
from alliage_web.fund.management.demonstration.story import (
    CALL,
    CALL_ANNOUNCED,
    open_story,
    told_at_once,
)
from alliage_web.fund.queries.budget import strands_of
from alliage_web.fund.queries.calls import default_form_text

if TYPE_CHECKING:
    from alliage_web.fund.management.demonstration.story import Story
    from alliage_web.fund.models import Call

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


class Command(BaseCommand):
    help = (
        "Write an invented call of the Fonds ODD17 of a demonstration, an invented alliance, an "
        "application that was sent and one that is being written. Refused elsewhere. A second run "
        "changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        story = open_story("sacha", "maxime", "camille")
        if story.fund.calls.filter(code=CALL).exists():
            self.stdout.write(f"{story.fund.code}: the demonstration call is already there")
            return
        with told_at_once():
            call = _call(story)
            alliance = write_alliance(MARSH, story)
            sent(call, alliance, REOPEN, story)
            begun(call, alliance, MARSH, story, story.at(3))
        self.stdout.write(
            f"{story.fund.code}: an invented call and two invented applications are written"
        )


def _call(story: Story) -> Call:
    fund, by, at = story.fund, story["sacha"], story.at(CALL_ANNOUNCED)
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
    call = create_call(fund=fund, code=CALL, content=content, by=by, at=at, is_demonstration=True)
    return decide_on_call(call=call, verb="announce", by=by, at=at)
