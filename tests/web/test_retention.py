"""What has been kept long enough goes, and nothing else; a dry run says it and writes nothing."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.factories import sign_in
from tests.factories.actors import geography, organisation
from tests.factories.people import entrust, give, somebody
from tests.factories.sweeping import where_it_stands

from alliage_web.accounts.actions.retention import apply_retention
from alliage_web.accounts.models import Delegation, Invitation, Role, RoleHolding, User
from alliage_web.accounts.queries.register import retention_rules
from alliage_web.accounts.queries.retention import due, everything_due
from alliage_web.actors.actions.contacts import ContactDetails, add_contact
from alliage_web.actors.models import Contact
from alliage_web.audit.actions import record
from alliage_web.audit.models import Event
from alliage_web.files.models import StoredFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
RULES = {rule.code: rule for rule in retention_rules()}


def invitation(email: str, ended: dt.datetime) -> Invitation:
    made = Invitation.objects.create(
        email=email,
        role=Role.READER,
        place="fund:odd17",
        token_digest=f"{Invitation.objects.count():064}",
        created_at=ended - 14 * DAY,
        expires_at=ended,
    )
    record(
        kind="invitation.sent",
        target="fund:odd17",
        by=None,
        at=made.created_at,
        personal={"email": [None, email]},
        about=f"invitation:{made.pk}",
    )
    return made


def run(at: dt.datetime = AT) -> dict[str, int]:
    return {applied.rule: len(applied.done) for applied in apply_retention(at=at)}


def planned(at: dt.datetime = AT) -> dict[str, int]:
    return {rule.code: len(found) for rule, found in everything_due(at=at)}


@hypothesis_settings(max_examples=30)
@given(
    ages=st.lists(st.integers(-20, 60), max_size=6),
    rule=st.sampled_from(["ended-invitations", "expired-sessions", "ended-roles"]),
)
def test_exactly_what_is_old_enough_goes(ages: list[int], rule: str) -> None:
    days = RULES[rule].days
    with transaction.atomic():
        give(somebody("Alix"), Role.ADMINISTRATOR)
        for number, age in enumerate(ages):
            # Around the limit of the rule: the day itself is old enough.
            ended = AT - dt.timedelta(days=days + age)
            if rule == "ended-invitations":
                invitation(f"p{number}@example.org", ended)
            elif rule == "expired-sessions":
                Session.objects.create(
                    session_key=f"key{number}", session_data="e30:x:y", expire_date=ended
                )
            else:
                RoleHolding.objects.create(
                    user=somebody(f"P{number}"),
                    role=Role.READER,
                    place="fund:odd17",
                    granted_at=ended - DAY,
                    expires_at=ended,
                )
        expected = sum(age >= 0 for age in ages)
        assert planned()[rule] == expected
        assert run()[rule] == expected
        assert run()[rule] == 0, "applied again, nothing is left"
        model = {
            "ended-invitations": Invitation.objects,
            "expired-sessions": Session.objects,
            "ended-roles": RoleHolding.objects.filter(role=Role.READER),
        }[rule]
        assert model.count() == len(ages) - expected  # type: ignore[attr-defined]
        transaction.set_rollback(True)


def test_the_trail_forgets_whom_an_old_invitation_named() -> None:
    old = invitation("ancienne@example.org", AT - 31 * DAY)
    invitation("recente@example.org", AT - 29 * DAY)
    run()
    assert not Invitation.objects.filter(pk=old.pk).exists()
    assert where_it_stands(["ancienne@example.org"]) == []
    assert where_it_stands(["recente@example.org"])


def test_a_contact_goes_three_years_after_its_last_confirmation() -> None:
    geography()
    shop = organisation("Épicerie")
    for name, years in (("Ancienne", 4), ("Récente", 2)):
        add_contact(
            organisation=shop,
            details=ContactDetails(name, email=f"c{years}@example.org"),
            consents={"listed": "writing"},
            account=None,
            by=None,
            at=AT - years * 366 * DAY,
        )
    assert run()["stale-contacts"] == 1
    assert Contact.objects.get().name == "Récente"
    assert where_it_stands(["c4@example.org"]) == []


def test_ended_roles_and_delegations_go_and_those_without_end_stay() -> None:
    holder = somebody("Titulaire")
    kept = give(holder, Role.READER, "fund:odd17")
    old = entrust(kept, somebody("Remplaçante"))
    Delegation.objects.filter(pk=old.pk).update(starts_at=AT - 500 * DAY, ends_at=AT - 400 * DAY)
    assert run()["ended-delegations"] == 1
    assert RoleHolding.objects.filter(pk=kept.pk).exists()


def test_an_import_file_that_nobody_confirmed_goes(
    settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    folder = Path(settings.MEDIA_ROOT) / "imports"
    folder.mkdir(parents=True)
    for name, age in (("old", 2 * DAY), ("recent", DAY / 2)):
        (folder / name).write_text("x", encoding="utf-8")
        moment = (AT - age).timestamp()
        os.utime(folder / name, (moment, moment))
    assert [item.what for item in due(RULES["waiting-imports"], at=AT)] == ["file imports/old"]
    with django_capture_on_commit_callbacks(execute=True):
        run()
    assert [path.name for path in folder.iterdir()] == ["recent"]


def test_the_content_of_a_removed_document_goes(
    settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    folder = Path(settings.MEDIA_ROOT) / "files"
    folder.mkdir(parents=True)
    for age in (2, 0):
        file = StoredFile.objects.create(
            place="fund:odd17",
            name="a.pdf",
            media_type="application/pdf",
            size=1,
            sha256="0" * 64,
            added_at=AT - 9 * DAY,
            removed_at=AT - age * DAY,
        )
        (folder / file.uuid.hex).write_text("x", encoding="utf-8")
    with django_capture_on_commit_callbacks(execute=True):
        assert run()["removed-files"] == 1
    assert len(list(folder.iterdir())) == 1


# ---------------------------------------------------------------------------------------------
# Accounts that nobody uses any more.


def unused(name: str, years: float, **more: Any) -> User:
    last = AT - dt.timedelta(days=round(years * 366))
    user = sign_in.person(f"{name.lower()}@example.org", name)
    User.objects.filter(pk=user.pk).update(last_login=last, date_joined=last, **more)
    user.refresh_from_db()
    return user


def test_an_account_is_warned_then_erased_and_a_sign_in_saves_it(
    django_capture_on_commit_callbacks: Any,
) -> None:
    give(unused("Alix", 0), Role.ADMINISTRATOR)
    sleeper, returner = unused("Dormeuse", 3.5), unused("Revenante", 3.5)
    with django_capture_on_commit_callbacks(execute=True):
        assert run()["unused-accounts"] == 2
    assert sorted(message.to[0] for message in mail.outbox) == [sleeper.email, returner.email]
    assert run(AT + 29 * DAY)["unused-accounts"] == 0, "too early, and warned once only"
    User.objects.filter(pk=returner.pk).update(last_login=AT + 10 * DAY)
    assert run(AT + 30 * DAY)["unused-accounts"] == 1
    sleeper.refresh_from_db()
    returner.refresh_from_db()
    assert sleeper.erased_at == AT + 30 * DAY
    assert returner.erased_at is None
    # Years later the one who came back is warned again, from the start.
    assert run(AT + 4 * 366 * DAY)["unused-accounts"] == 1
    returner.refresh_from_db()
    assert returner.erased_at is None


def test_nobody_is_erased_before_three_years_however_early_the_warning() -> None:
    give(unused("Alix", 0), Role.ADMINISTRATOR)
    user = unused("Dormeuse", 3)
    nearly = AT - 30 * DAY
    assert run(nearly)["unused-accounts"] == 1
    assert run(AT - DAY)["unused-accounts"] == 0
    assert run(AT)["unused-accounts"] == 1
    user.refresh_from_db()
    assert user.erased_at == AT


@hypothesis_settings(max_examples=15)
@given(years=st.lists(st.floats(0, 6), min_size=1, max_size=4))
def test_somebody_always_administers_the_platform(years: list[float]) -> None:
    with transaction.atomic():
        for number, age in enumerate(years):
            give(unused(f"Admin{number}", age, warned_at=AT - 31 * DAY), Role.ADMINISTRATOR)
        run()
        run(AT + 31 * DAY)
        assert RoleHolding.objects.filter(
            role=Role.ADMINISTRATOR, user__is_active=True, user__erased_at=None
        ).exists()
        transaction.set_rollback(True)


# ---------------------------------------------------------------------------------------------
# The command.


def rows() -> Mapping[str, int]:
    from django.apps import apps

    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def test_a_dry_run_lists_everything_and_writes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    give(unused("Alix", 0), Role.ADMINISTRATOR)
    user = unused("Dormeuse", 3.5)
    old = invitation("ancienne@example.org", AT - 31 * DAY)
    before = rows()
    with time_machine.travel(AT, tick=False):
        call_command("apply_retention", "--dry-run")
    told = capsys.readouterr().out
    assert f"would go: invitation {old.pk}, since 2026-10-21" in told
    assert f"would warn: {user.stable_name}" in told
    assert "ended-invitations: 1. An invitation goes thirty days after it ended" in told
    assert "2 would be done. Nothing was written." in told
    assert "@" not in told, "what is printed names nobody"
    assert rows() == before
    assert not mail.outbox


def test_a_run_does_what_the_dry_run_said_and_writes_it_in_the_trail(
    capsys: pytest.CaptureFixture[str],
) -> None:
    give(unused("Alix", 0), Role.ADMINISTRATOR)
    invitation("a@example.org", AT - 31 * DAY)
    invitation("b@example.org", AT - 31 * DAY)
    with time_machine.travel(AT, tick=False):
        call_command("apply_retention")
        assert "2 done." in capsys.readouterr().out
        call_command("apply_retention")
        assert "0 done." in capsys.readouterr().out
    (event,) = Event.objects.filter(kind="retention.applied")
    assert event.changes == {"rule": [None, "ended-invitations"], "count": [None, 2]}
