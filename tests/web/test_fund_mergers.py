"""Merging organisations that a fund knows: nothing is lost, or it is refused and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.db.models import CheckConstraint, Q
from django.urls import reverse
from tests.factories import fund as money
from tests.factories.applications import CALL_AT, applying, draft, sent
from tests.factories.people import somebody
from tests.factories.workplaces import organisation

from alliage_web.accounts.models import PLATFORM, Role
from alliage_web.actors.actions import MergeError, merge_organisations
from alliage_web.actors.actions.merging import _unique_sets
from alliage_web.actors.models import Organisation
from alliage_web.fund.actions.applications import leave_out
from alliage_web.fund.models import (
    Agreement,
    Application,
    Funder,
    Report,
    ReportPart,
    Support,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model
    from django.test import Client

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor() -> User:
    return somebody("Dominique", (Role.EDITOR, PLATFORM))


def merge(kept: Organisation, merged: Organisation) -> None:
    merge_organisations(kept=kept, merged=merged, choices={}, by=None, at=CALL_AT)


def page(client: Client, editor: User, kept: Organisation, merged: Organisation) -> str:
    """Ask to merge two records, and give what the page answers."""
    client.force_login(editor)
    address = f"{reverse('actors:merge', args=[kept.slug])}?other={merged.slug}"
    response = client.post(address, follow=True)
    assert response.redirect_chain == [(address, 302)]
    assert not Organisation.objects.exclude(merged_into=None).exists()
    text = response.content.decode()
    assert "ne peuvent pas être fusionnées" in text
    assert "Fusionner les deux fiches" not in text
    return text


def test_two_that_write_one_application_stay_two_until_one_is_left_out(
    client: Client, editor: User
) -> None:
    world = applying()
    application = draft(world)
    answers = {part.code: part.answers for part in application.everyone}
    for kept, merged in ((world.town, world.club), (world.club, world.town)):
        text = page(client, editor, kept, merged)
        assert f"Dossier {application.reference}" in text
        assert "retirer l’une des deux du dossier" in text
    now = Application.objects.get(pk=application.pk)
    assert {part.code: part.answers for part in now.everyone} == answers

    leave_out(application=now, party="club", by=world.lead, at=CALL_AT)
    merge(world.town, world.club)
    assert [part.code for part in Application.objects.get(pk=now.pk).everyone] == ["ville"]


def test_two_that_sent_an_application_stay_two(client: Client, editor: User) -> None:
    world = applying()
    application = sent(world)
    assert "tant que l’appel est ouvert" in page(client, editor, world.town, world.club)
    Application.objects.filter(pk=application.pk).update(state="refused")
    assert "chacune y figure en son nom" in page(client, editor, world.town, world.club)


def test_who_applies_in_another_file_is_merged_with_its_answers_and_its_signature() -> None:
    world = applying()
    application = sent(world)
    merge(organisation("doublon"), world.club)
    now = Application.objects.get(pk=application.pk)
    assert [(part.code, str(part.organisation)) for part in now.everyone] == [
        ("ville", "Ville"),
        ("club", "L’doublon"),
    ]
    assert now.everyone[1].answers == application.everyone[1].answers
    assert {row.party for row in now.sign_offs.all()} == {"ville", "club"}


def test_two_that_write_one_report_stay_two(client: Client, editor: User) -> None:
    world = applying()
    report = Report.objects.create(
        alliance=world.alliance, organisation=world.club, title="Un an", created_at=CALL_AT,
        period_first=CALL_AT.date(), period_last=CALL_AT.date(), updated_at=CALL_AT,
    )  # fmt: skip
    for actor in (world.club, world.town):
        ReportPart.objects.create(
            report=report, organisation=actor, code=actor.slug, text=actor.name
        )
    assert "Rapport « Un an »" in page(client, editor, world.town, world.club)
    assert {part.text for part in report.parts.all()} == {"Club", "Ville"}


@pytest.mark.parametrize("turned", [False, True])
def test_who_gives_and_who_receives_stay_two(client: Client, editor: User, turned: bool) -> None:
    row = money.support(money.fund_with_strands())
    assert row.giver
    assert row.receiver
    pair = (row.receiver, row.giver) if turned else (row.giver, row.receiver)
    text = page(client, editor, *pair)
    assert f"Soutien {row.code} du livre de {row.fund.name}" in text
    now = Support.objects.get(pk=row.pk)
    assert (now.giver, now.receiver) == (row.giver, row.receiver)


@pytest.mark.parametrize("turned", [False, True])
def test_who_pays_and_who_is_paid_stay_two(client: Client, editor: User, turned: bool) -> None:
    row = money.agreement(money.funded())
    pair = (row.receiver, row.payer) if turned else (row.payer, row.receiver)
    text = page(client, editor, *pair)
    assert f"Convention {row.reference} de {row.fund.name}" in text
    assert "pas encore signée" in text
    Agreement.objects.filter(pk=row.pk).update(state="abandoned")
    assert "deux organisations en droit" in page(client, editor, *pair)
    with pytest.raises(MergeError, match=r"stand as two in 1 document"):
        merge(*pair)


def test_what_names_one_of_the_two_follows_it() -> None:
    fund = money.funded()
    gift, paper = money.support(fund), money.agreement(fund)
    kept = organisation("doublon")
    funder = Funder.objects.get(code="mecene")
    assert gift.receiver
    for merged in (gift.receiver, paper.receiver, funder.organisation):
        merge(kept, merged)
    for row in (gift, paper, funder):
        row.refresh_from_db()
    assert (gift.receiver, paper.receiver, funder.organisation) == (kept, kept, kept)


def test_two_funders_of_one_fund_keep_their_codes() -> None:
    fund = money.fund_with_strands()
    other = Funder.objects.create(fund=fund, code="autre", organisation=organisation("autre"))
    kept = Funder.objects.get(code="mecene")
    merge(kept.organisation, other.organisation)
    rows = Funder.objects.filter(organisation=kept.organisation).order_by("code")
    assert [row.code for row in rows] == ["autre", "mecene"]


# Of each constraint that a merger may meet, what was decided: refused above, or joined unseen.
DECIDED = {
    "fund_agreement_between_two",
    "fund_applicant: application, organisation",
    "fund_reportpart: report, organisation",
    "fund_support_not_to_oneself",
    # Who founded a fund is said of an organisation or not: said of both, it is said once.
    "fund_fund_founders: fund, organisation",
}


def test_every_constraint_that_a_merger_may_meet_was_thought_of() -> None:
    """A new one fails here: refuse the merger in ``fund.queries.mergers``, or tell what is joined.

    ``merge_organisations`` deletes a row that would stand twice once what points to it was moved:
    right for a link that holds nothing else, a loss for a row that holds what somebody wrote.
    """
    models = apps.get_app_config("fund").get_models(include_auto_created=True)
    assert {name for model in models for name in _meeting(model)} == DECIDED


def _meeting(model: type[Model]) -> Iterator[str]:
    """Name the constraints that a row may break, or be deleted for, once two are one."""
    keys = [field for field in model._meta.concrete_fields if field.related_model is Organisation]
    for field in keys:
        for columns, _condition in _unique_sets(field):
            yield f"{model._meta.db_table}: {', '.join(columns)}"
    for constraint in model._meta.constraints:
        # That a side is known or not does not change; that two differ may.
        names = {field.name for field in keys}
        if isinstance(constraint, CheckConstraint) and _compares(constraint.condition, names):
            yield constraint.name


def _compares(condition: Any, names: set[str]) -> bool:
    """Tell whether a condition compares two of these columns."""
    return any(
        _compares(part, names)
        if isinstance(part, Q)
        else part[0].partition("__")[0] in names and getattr(part[1], "name", "") in names
        for part in condition.children
    )
