"""Prepare an invented sheet in the demonstration: all consented to it but one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alliage.knowledge.consent import ConsentDecision
from alliage.knowledge.live_file import draft
from alliage_web.fund.management.demonstration.alliances import PLATEAU
from alliage_web.fund.management.demonstration.dossiers import KITCHEN, find_dossier
from alliage_web.fund.management.demonstration.story import open_story, told_at_once
from alliage_web.fund.queries.agreements import agreement_of
from alliage_web.knowledge import documents
from alliage_web.knowledge.actions import sheet_proposals as actions
from alliage_web.knowledge.models import SheetConsent, SheetProposal
from alliage_web.knowledge.queries.live_file import live_file


class Command(BaseCommand):
    help = (
        "Prepare a sheet from an invented agreement of the demonstration: every party but one "
        "consented. Refused elsewhere. A second run changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        story = open_story("sacha", "maxime", "camille")
        if SheetProposal.objects.exists():
            self.stdout.write("A sheet is already being prepared, left as it is")
            return
        application = find_dossier(story.fund, KITCHEN)
        agreement = agreement_of(application)
        if agreement is None:
            msg = "The invented agreements are not there. Run create_demo_agreements first."
            raise CommandError(msg)
        with told_at_once():
            proposal = actions.prepare_sheet(
                fund=story.fund,
                alliance=application.alliance,
                content=draft(
                    live_file(
                        story.fund,
                        application.alliance.pk,
                        on=story.today,
                        common=documents.boilerplate(),
                        application=application,
                        agreement=agreement,
                        tells_decision=True,
                        tells_money=True,
                    )
                ),
                agreement=agreement,
                application=application,
                by=story["sacha"],
                at=story.at(12),
            )
            actions.ask_consents(
                proposal=proposal, read=proposal.digest, by=story["sacha"], at=story.at(10)
            )
            proposal.refresh_from_db()
            # The last party, the farmers, has not answered yet.
            answers = {story.fund.organisation.name: "sacha"} | {
                party.name: word
                for party, word in zip(PLATEAU.parties, ("maxime", "camille"), strict=False)
            }
            for row in proposal.consents.select_related("organisation").order_by("pk"):
                word = "sacha" if row.party == SheetConsent.FUND else answers.get(row.name)
                if word is not None:
                    actions.answer_sheet(
                        consent=row,
                        decision=ConsentDecision.GIVE,
                        read=proposal.digest,
                        by=story[word],
                        at=story.at(6),
                    )
        self.stdout.write(f"{proposal.alliance}: an invented sheet waits for one consent")
