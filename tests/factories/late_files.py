"""What opens late in the life of a file: reviews, minutes, documents, published grants."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from tests.factories.applications import CALL_AT, applying, sent
from tests.factories.fund import support, write_agreement_of
from tests.factories.instruction import AT, before_committee, judged, meeting, under_review
from tests.factories.people import SINCE, give
from tests.factories.reports import SAMPLE as REPORT

from alliage_web.accounts.models import Role
from alliage_web.alliances.models import Alliance, Party
from alliage_web.files.models import StoredFile
from alliage_web.fund.actions import committee
from alliage_web.fund.models import (
    Agreement,
    Application,
    ApplicationQuestion,
    Report,
    ReportDelivery,
    RequestedDocument,
    Visit,
    VisitFollowUp,
)
from alliage_web.fund.queries.reports import Draft, find_report
from alliage_web.observatory.models import ReleasePart
from alliage_web.positioning.models import CharterComment

if TYPE_CHECKING:
    from uuid import UUID

    from tests.factories.applications import Applying
    from tests.factories.instruction import Instructed

    from alliage_web.accounts.models import User

#: The number of a fund in the directory of companies, and that of a club.
_NUMBERS = {"payeur": "21750001600019", "club": "73282932000074"}


def late_files(author: User) -> dict[str, dict[str, Any]]:
    """Write files that have come far, of which a person may open everything; name their addresses.

    In the fund « tard », the person is an officer, a reviewer and a member of the committee.
    """
    world = applying("tard")
    for role in (Role.FUND_OFFICER, Role.REVIEWER, Role.COMMITTEE_MEMBER):
        give(author, role, world.fund.stable_name)
    first = judged(world)
    _publish(world)
    return {
        **_of_a_reviewer(replace(first, reviewers=(author, *first.reviewers[1:])), author),
        **_of_the_committee(_another("friche", first), author),
        **_of_an_applicant(),
        **_of_a_report(),
        **_of_a_release(),
        **_of_a_charter(),
        "fund:grants-json": {"code": world.fund.code},
        "api:grants-json": {"code": world.fund.code},
    }


def _of_a_release() -> dict[str, dict[str, Any]]:
    """Name a part of the release that the samples of routes publish."""
    part = ReleasePart.objects.filter(release__state="published").order_by("pk")[0]
    return {
        "observatory:release-part": {"uuid": part.release.uuid, "part": part.pk},
        "observatory:profile-population-sheet": {"code": "citizen"},
    }


def _of_a_charter() -> dict[str, dict[str, Any]]:
    """Name the proposal on the charter that the samples of routes write."""
    proposal = CharterComment.objects.select_related("version__charter").get()
    version = proposal.version
    return {
        "positioning:charter-settle": {
            "uuid": version.charter.uuid,
            "number": version.number,
            "proposal": proposal.pk,
        }
    }


def _another(slug: str, made: Instructed) -> Instructed:
    """Send the application of another alliance of the same organisations."""
    alliance = Alliance.objects.create(
        code=slug, slug=slug, title=slug, summary="Une alliance.", started="2023-04",
        created_at=CALL_AT, updated_at=CALL_AT,
    )  # fmt: skip
    for actor in (made.world.town, made.world.club, made.world.firm):
        Party.objects.create(
            alliance=alliance, organisation=actor, name=actor.name, world=actor.world
        )
    give(made.world.lead, Role.PARTY_MEMBER, alliance.stable_name, made.world.town.stable_name)
    world = replace(made.world, alliance=alliance)
    return replace(made, world=world, application=sent(world))


def _of_a_reviewer(made: Instructed, author: User) -> dict[str, dict[str, Any]]:
    own, other = under_review(made)
    second = _another("verger", made)
    elsewhere = under_review(second)[-1]
    assert elsewhere.reviewer == other.reviewer
    reference = made.application.reference
    signed = write_agreement_of(made.world.fund, second.application, made.world.club)
    return {
        "fund:review": {"uuid": own.uuid},
        "fund:review-step-back": {"uuid": own.uuid},
        "fund:interests": {"reference": reference},
        "fund:review-release": {"uuid": elsewhere.uuid},
        "fund:instruction-of": {"reference": elsewhere.panel.application.reference},
        "fund:reviewer-profile": {"code": made.world.fund.code, "person": author.pk},
        "knowledge:proposal-of-application": {"reference": reference},
        "knowledge:proposal-of-agreement": {
            "code": made.world.fund.code,
            "reference": signed.reference,
        },
    }


def _of_the_committee(made: Instructed, author: User) -> dict[str, dict[str, Any]]:
    """Hold a meeting that decides nothing, and plan the next one."""
    before_committee(made)
    held = meeting(made, author)
    later = {made.application.reference: "Le temps a manqué."}
    committee.close_minutes(meeting=held, without_decision=later, by=made.officer, at=AT)
    following = meeting(made, author)
    code = made.world.fund.code
    return {
        "fund:minutes-file": {"code": code, "number": held.number},
        "fund:committee-recuse": {
            "code": code, "number": following.number, "reference": made.application.reference,
            "person": author.pk,
        },
    }  # fmt: skip


def _of_an_applicant() -> dict[str, dict[str, Any]]:
    """Ask a question and a document of the application that the samples of routes name."""
    application = Application.objects.get(reference="FONDS-2020-00001")
    asked = ApplicationQuestion.objects.create(
        application=application, text="Combien de lieux ?", answer_by=dt.date(2030, 1, 1),
        asked_at=SINCE,
    )  # fmt: skip
    wanted = RequestedDocument.objects.create(
        application=application, label="Les statuts", due_on=dt.date(2030, 1, 1)
    )
    agreement = Agreement.objects.get(reference="convention")
    at_agreement = {"code": agreement.fund.code, "reference": agreement.reference}
    named = {"reference": application.reference}
    return {
        "fund:application-answer": {**named, "pk": asked.pk},
        "fund:application-document": {**named, "pk": wanted.pk},
        "fund:application-file": {**named, "uuid": _document(application.stable_name)},
        "fund:agreement-document": {**at_agreement, "uuid": _document(agreement.stable_name)},
        "fund:agreement-condition": {**at_agreement, "pk": agreement.conditions.get().pk},
    }


def _of_a_report() -> dict[str, dict[str, Any]]:
    """Give a proof to the report of the samples, and something to do to their visit."""
    report = Report.objects.get(uuid=REPORT)
    (delivery,) = report.deliveries.select_related("obligation__agreement")
    proof = _document(report.stable_name)
    (promise, *others) = delivery.content["promises"]
    proven = {**promise, "files": [{"uuid": str(proof), "name": "note.txt"}]}
    following = ReportDelivery.objects.create(
        obligation=delivery.obligation, number=delivery.number + 1, report=report, at=SINCE,
        content={**delivery.content, "promises": [proven, *others]}, digest="0" * 64,
    )  # fmt: skip
    visit = Visit.objects.get()
    owed = VisitFollowUp.objects.create(
        visit=visit, what="Une liste", due_on=dt.date(2030, 1, 1), owed_by="receiver"
    )
    found = find_report(REPORT)
    assert found is not None
    asked = next(each.promise.key for each in Draft(found).questions if each.settled is None)
    agreement = delivery.obligation.agreement
    named = {"code": agreement.fund.code, "reference": agreement.reference}
    return {
        "fund:report-attach": {"uuid": report.uuid, "key": asked},
        "fund:report-document": {"uuid": report.uuid, "file": proof},
        "fund:report-evidence": {
            **named, "asked": delivery.obligation.code, "number": following.number, "file": proof
        },
        "fund:indicator-decide": {**named, "uuid": REPORT, "verb": "convenir"},
        "fund:visit-follow-up-done": {**named, "uuid": visit.uuid, "pk": owed.pk},
        "fund:visit-document": {
            **named, "uuid": visit.uuid, "document": _document(visit.stable_name)
        },
    }  # fmt: skip


def _document(place: str) -> UUID:
    file = StoredFile.objects.create(
        uuid=uuid4(), place=place, name="note.txt", media_type="text/plain", size=4,
        sha256="0" * 64, added_at=SINCE,
    )  # fmt: skip
    default_storage.save(file.path, ContentFile(b"Note"))
    return file.uuid


def _publish(world: Applying) -> None:
    """Write a grant of which the open data may tell everything."""
    for row in (world.fund.organisation, world.club):
        row.siret = _NUMBERS[row.slug]
        row.siren = row.siret[:9]
        row.save()
    support(
        world.fund, receiver_id=world.club.pk, awarded_on=dt.date(2026, 3, 2),
        agreed_on=dt.date(2026, 3, 14), payment_conditions="unique",
        paid_from=dt.date(2026, 4, 1), de_minimis=False,
    )  # fmt: skip
