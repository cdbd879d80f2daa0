"""Write a debate of the demonstration, on its invented wave."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage.observatory.debate_states import ContributionDecision
from alliage_web.observatory.actions.debates import (
    ContributionValues,
    DebateValues,
    contribute,
    decide_contribution,
    open_debate,
)
from alliage_web.observatory.models import Debate
from alliage_web.observatory.queries.releases import latest_release
from alliage_web.territories.queries import resolve

_QUESTIONS = [
    "Si ces chiffres étaient vrais, qu’en diriez-vous pour votre région ?",
    "Avec qui agiriez-vous, et par quoi commenceriez-vous ?",
]
#: World, question and text; the last one waits for the moderators.
_WRITTEN = (
    (
        "citizen",
        1,
        (
            "Exemple inventé : les déplacements me paraissent plus difficiles que ne le dit le "
            "graphique, surtout le soir."
        ),
    ),
    (
        "association",
        2,
        (
            "Exemple inventé : nous partirions des mobilités partagées, avec l’intercommunalité et "
            "deux entreprises du bassin."
        ),
    ),
    ("company", None, "Exemple inventé : une contribution qui attend d’être lue."),
)


class Command(BaseCommand):
    help = (
        "Write an invented debate, with three invented contributions, on the release of the "
        "demonstration. Refused elsewhere. A second run changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.ALLIAGE_DEMO or settings.PRODUCTION:
            msg = "An invented debate is refused outside a demonstration. Set ALLIAGE_MODE=demo."
            raise CommandError(msg)
        if Debate.objects.filter(invented=True).exists():
            self.stdout.write("There is an invented debate, left as it is.")
            return
        release = latest_release("impact_citizens", "demo")
        region = resolve("region", "53")
        if release is None or region is None:
            msg = "Run load_territories and create_demo_wave first: a debate is about a release."
            raise CommandError(msg)
        now = timezone.now()
        today = timezone.localdate(now)
        debate = open_debate(
            release=release.uuid,
            territory_id=region.pk,
            values=DebateValues(
                title="La Bretagne lit la vague de démonstration",
                presentation=(
                    "Débat **inventé**, pour montrer comment une publication se discute. Ses "
                    "chiffres et ses contributions ne décrivent personne."
                ),
                questions=_QUESTIONS,
                opens_on=today,
                closes_on=today + dt.timedelta(days=60),
            ),
            by=None,
            at=now,
            invented=True,
        )
        for rank, (world, question, text) in enumerate(_WRITTEN, start=1):
            row = contribute(
                debate=debate,
                values=ContributionValues(
                    world=world, organisation_id=None, question=question, text=text
                ),
                by=None,
                at=now,
                day=today,
            )
            if rank < len(_WRITTEN):
                decide_contribution(
                    contribution=row, decision=ContributionDecision.PUBLISH, by=None, at=now
                )
        self.stdout.write("An invented debate is written, with three invented contributions.")
