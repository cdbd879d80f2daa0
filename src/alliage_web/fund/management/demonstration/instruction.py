"""The instruction and the committee of the story: reviews, recusals, two meetings and a third."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alliage.fund.instruction.committee import DecisionKind, Motion
from alliage.values.money import euros
from alliage_web.accounts.actions import join_organisation
from alliage_web.actors.models import Organisation
from alliage_web.fund.actions import committee, reviews
from alliage_web.fund.actions.application_handling import ask, decide
from alliage_web.fund.actions.applications import withdraw
from alliage_web.fund.models import Envelope
from alliage_web.fund.queries.review_panels import grid_of, panel_of

from .alliances import CANAL, FOREST, GARDEN, PLATEAU, write_alliance
from .dossiers import (
    BARGEES,
    BENCHES,
    BERRIES,
    CABIN,
    EVENINGS,
    FERRY,
    FRIDGE,
    HANDLED,
    KITCHEN,
    LOCKS,
    OVEN,
    PUSHCHAIRS,
    ROUNDS,
    SEASONS,
    SUNDAY_STOP,
    establish_facts,
    find_dossier,
    sent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alliage_web.alliances.models import Alliance
    from alliage_web.fund.models import Application, Call, Meeting, Review

    from .dossiers import Dossier
    from .story import Story

FIRST_MEETING, SECOND_MEETING, NEXT_MEETING = 222, 45, -21
REVIEWERS = ("charlie", "eden", "yael")
MEMBERS = ("robin", "swann", "ange")
_COMPETENCES = {
    "charlie": {"lever": ["networks", "engineering_input"], "world": ["association"]},
    "eden": {"lever": ["engineering_input"], "world": ["local_authority", "association"]},
    "yael": {"lever": ["networks"], "world": ["company", "local_authority"]},
}
_OPINIONS = {1: "unfavourable", 2: "reserved", 3: "favourable", 4: "favourable"}
_PLACE = "En visioconférence (séance inventée)"


def tell_instruction(story: Story, call: Call, marsh: Alliance) -> None:
    """Write the applications of the story, and all that happened to them up to the committee."""
    alliances = {"marsh": marsh} | {
        told.code: write_alliance(told, story) for told in (CANAL, PLATEAU, FOREST, GARDEN)
    }
    _people(story)
    for dossier in HANDLED:
        sent(call, alliances[dossier.of.code], dossier, story)
    _screened(story)
    for dossier, pair, points in (
        (SUNDAY_STOP, ("charlie", "eden"), (4, 3)),
        (KITCHEN, ("charlie", "eden"), (3, 3)),
        (PUSHCHAIRS, ("charlie", "yael"), (2, 2)),
        (BARGEES, ("eden", "yael"), (3, 4)),
        (FRIDGE, ("charlie", "eden"), (3, 2)),
        (CABIN, ("charlie", "yael"), (3, 3)),
        (SEASONS, ("charlie", "eden"), (4, 4)),
        (FERRY, ("charlie", "eden"), (3, 4)),
        (EVENINGS, ("eden", "yael"), (3, 3)),
    ):
        _reviewed(story, dossier, pair, points)
        decide(
            application=find_dossier(story.fund, dossier),
            verb="present",
            by=story["sacha"],
            at=story.at(dossier.sent - 16),
        )
    _still_under_review(story)
    _first_meeting(story)
    _second_meeting(story)
    _next_meeting(story)


def _people(story: Story) -> None:
    """Say what reviewers know, and to which invented organisations two people belong."""
    for word in REVIEWERS:
        reviews.write_profile(
            fund=story.fund,
            person=story[word],
            capacity=6,
            competences=_COMPETENCES[word],
            by=story[word],
            at=story.at(290),
        )
    # Robin cannot decide of the canal, nor Yael review the plateau: it follows from these facts.
    for word, told in (("robin", CANAL), ("yael", PLATEAU)):
        name = told.parties[2].name
        join_organisation(
            user=story[word],
            organisation=Organisation.objects.get(name=name).stable_name,
            at=story.at(290),
            by=None,
        )


def _screened(story: Story) -> None:
    """Tell those that reviewers never had: ineligible, withdrawn, to complete; and a question."""
    decide(
        application=find_dossier(story.fund, BERRIES),
        verb="declare_ineligible",
        by=story["sacha"],
        at=story.at(BERRIES.sent - 5),
        reason="Démonstration : l’alliance réunit deux mondes, et l’appel en demande trois.",
    )
    withdraw(
        application=find_dossier(story.fund, OVEN),
        reason="Démonstration : la commune répare le four elle-même.",
        by=story["maxime"],
        at=story.at(OVEN.sent - 9),
    )
    decide(
        application=find_dossier(story.fund, BENCHES),
        verb="ask_to_complete",
        by=story["sacha"],
        at=story.at(BENCHES.sent - 4),
        reason="Démonstration : dites qui entretiendra les bancs, et avec quels moyens.",
        complete_by=story.day(-12),
    )


def _assigned(story: Story, dossier: Dossier, words: Iterable[str]) -> list[Review]:
    return [
        reviews.assign_reviewer(
            application=find_dossier(story.fund, dossier),
            reviewer=story[word],
            by=story["sacha"],
            at=story.at(dossier.sent - 3),
        )
        for word in words
    ]


def _sent_review(
    story: Story, row: Review, points: int, ago: int, opinion: str = "favourable"
) -> None:
    reviews.send_review(
        review=row,
        notes={
            criterion.code: {
                "points": points,
                "comment": "Démonstration : avis inventé, écrit d’après le dossier.",
            }
            for criterion in grid_of(row.panel).criteria
        },
        opinion=opinion,
        base=reviews.version_of_review(row),
        at=story.at(ago, 16),
    )


def _under_review(story: Story, dossier: Dossier) -> None:
    decide(
        application=find_dossier(story.fund, dossier),
        verb="start_review",
        by=story["sacha"],
        at=story.at(dossier.sent - 4),
    )


def _reviewed(story: Story, dossier: Dossier, words: Sequence[str], points: Sequence[int]) -> None:
    rows = _assigned(story, dossier, words)
    _under_review(story, dossier)
    for rank, (row, given) in enumerate(zip(rows, points, strict=True)):
        _sent_review(
            story,
            row,
            given,
            dossier.sent - 12 - rank,
            _OPINIONS[given],
        )


def _still_under_review(story: Story) -> None:
    """Leave one application with a review that waits, and one with two that disagree."""
    _first, second = _assigned(story, ROUNDS, ("charlie", "yael"))
    reviews.step_back(
        review=second,
        explanation="Démonstration : je connais de près une personne du projet.",
        by=story["yael"],
        at=story.at(ROUNDS.sent - 6),
    )
    _assigned(story, ROUNDS, ["eden"])
    _under_review(story, ROUNDS)
    panel = panel_of(find_dossier(story.fund, ROUNDS))
    assert panel is not None
    _sent_review(story, panel.reviews.get(reviewer=story["charlie"]), 3, ROUNDS.sent - 14)
    ask(
        application=find_dossier(story.fund, ROUNDS),
        text="Démonstration : combien de personnes la tournée visiterait-elle chaque semaine ?",
        answer_by=story.day(-6),
        by=story["sacha"],
        at=story.at(ROUNDS.sent - 20),
    )
    _reviewed(story, LOCKS, ("charlie", "eden"), (4, 1))


# The committee.


def _planned(story: Story, ago: int, dossiers: Iterable[Dossier]) -> Meeting:
    meeting = committee.plan_meeting(
        fund=story.fund,
        held_on=story.day(ago),
        place=_PLACE,
        by=story["sacha"],
        at=story.at(max(ago + 14, 4)),
    )
    committee.put_on_agenda(
        meeting=meeting,
        chosen=[find_dossier(story.fund, dossier) for dossier in dossiers],
        by=story["sacha"],
        at=story.at(max(ago + 7, 3)),
    )
    return meeting


def _decided(
    story: Story,
    meeting: Meeting,
    dossier: Dossier,
    motion: Motion,
    ago: int,
    votes: Sequence[str] = ("for", "for", "for"),
) -> None:
    application = find_dossier(story.fund, dossier)
    item = meeting.items.get(application=application)
    away = set(item.recusals.values_list("person", flat=True))
    committee.take_decision(
        item=item,
        motion=motion,
        votes={
            story[word].pk: vote
            for word, vote in zip(MEMBERS, votes, strict=True)
            if story[word].pk not in away
        },
        presiding=None,
        year=_year(story, application),
        legal_note="",
        by=story["sacha"],
        at=story.at(ago, 15),
    )


def _year(story: Story, application: Application) -> int:
    """Return the year of the last envelope of the strand of the call."""
    rows = Envelope.objects.filter(strand__fund=story.fund, strand=application.call.strand)
    return rows.order_by("-year").values_list("year", flat=True)[0]


def _attended(story: Story, meeting: Meeting, ago: int, guests: str = "") -> None:
    committee.record_attendance(
        meeting=meeting,
        present=[story[word].pk for word in MEMBERS],
        chair=story["swann"],
        guests=guests,
        by=story["sacha"],
        at=story.at(ago, 14),
    )


def _closed(story: Story, meeting: Meeting, ago: int, **without: Any) -> None:
    committee.close_minutes(
        meeting=meeting, without_decision=without, by=story["sacha"], at=story.at(ago, 9)
    )


def _accept(dossier: Dossier, reasons: str, *conditions: str) -> Motion:
    return Motion(
        DecisionKind.ACCEPT,
        f"Démonstration : {reasons}",
        euros(dossier.asked),
        tuple(conditions),
    )


def _first_meeting(story: Story) -> None:
    ago = FIRST_MEETING
    meeting = _planned(story, ago, (SUNDAY_STOP, KITCHEN, PUSHCHAIRS))
    _attended(story, meeting, ago, "Sacha, gestion du fonds (démonstration)")
    _recused(story, meeting, SUNDAY_STOP, ago)
    for dossier in (SUNDAY_STOP, KITCHEN):
        establish_facts(dossier, story, ago + 3)
    _decided(
        story,
        meeting,
        SUNDAY_STOP,
        _accept(
            SUNDAY_STOP,
            "trois mondes décident ensemble, et le besoin est partagé.",
            "Un point d’étape avec le fonds à mi-parcours.",
        ),
        ago,
    )
    _decided(story, meeting, KITCHEN, _accept(KITCHEN, "la cuisine sert tout le plateau."), ago)
    _decided(
        story,
        meeting,
        PUSHCHAIRS,
        Motion(
            DecisionKind.REFUSE,
            "Démonstration : un seul acteur décide, et les familles n’ont pas été entendues.",
        ),
        ago,
        ("for", "for", "abstain"),
    )
    _closed(story, meeting, ago - 2)


def _second_meeting(story: Story) -> None:
    ago = SECOND_MEETING
    meeting = _planned(story, ago, (BARGEES, FRIDGE, CABIN, SEASONS))
    _attended(story, meeting, ago)
    _recused(story, meeting, BARGEES, ago)
    for dossier in (BARGEES, CABIN, SEASONS):
        establish_facts(dossier, story, ago + 3)
    _decided(
        story,
        meeting,
        BARGEES,
        Motion(
            DecisionKind.ACCEPT_REDUCED,
            "Démonstration : le comité soutient la première année, et la suite sur résultats.",
            euros(8000),
            ("Un tuteur nommé pour chaque personne en insertion.",),
        ),
        ago,
    )
    _decided(
        story,
        meeting,
        FRIDGE,
        Motion(
            DecisionKind.ADJOURN,
            "Démonstration : le budget ne dit pas qui paie l’électricité.",
            questions=("Qui paie l’électricité et l’entretien du frigo ?",),
            resume_on=story.day(-20),
        ),
        ago,
    )
    _decided(
        story,
        meeting,
        CABIN,
        Motion(
            DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS,
            "Démonstration : le projet est solide, son terrain reste à confirmer.",
            euros(CABIN.asked),
            (),
            ("La délibération qui prête le terrain",),
            story.day(-40),
        ),
        ago,
    )
    _decided(story, meeting, SEASONS, _accept(SEASONS, "le marché est attendu."), ago)
    _closed(story, meeting, ago - 3)


def _recused(story: Story, meeting: Meeting, dossier: Dossier, ago: int) -> None:
    committee.recuse_member(
        item=meeting.items.get(application=find_dossier(story.fund, dossier)),
        person=story["robin"],
        explanation="",
        by=story["sacha"],
        at=story.at(ago, 14),
    )


def _next_meeting(story: Story) -> None:
    establish_facts(FERRY, story, 30)
    _planned(story, NEXT_MEETING, (FERRY, EVENINGS))
