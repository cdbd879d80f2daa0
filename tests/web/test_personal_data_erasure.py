"""Erasing a person: nothing names them any more, the trail still holds, nobody else is touched."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, TestCase
from django.urls import reverse
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.factories import sign_in
from tests.factories.actors import described, geography, organisation
from tests.factories.alliances import alliance
from tests.factories.people import entrust, give, somebody
from tests.factories.sweeping import where_it_stands

from alliage_web.accounts.actions import LastAdministratorError, erasing, erasure_list, retention
from alliage_web.accounts.actions.erasing import AlreadyErasedError, erase_person
from alliage_web.accounts.models import Invitation, Role, RoleHolding, User
from alliage_web.accounts.queries.erasure import preview_of, pseudonym_of
from alliage_web.accounts.queries.traces import addresses_in_texts, names_in_texts, whole
from alliage_web.actors import actions as actors
from alliage_web.actors.actions.contacts import ContactDetails, add_contact
from alliage_web.actors.models import Contact, Organisation
from alliage_web.alliances.models import Alliance, Lesson
from alliage_web.audit.actions import record, seal
from alliage_web.audit.models import Event, PersonalValue
from alliage_web.knowledge.actions import refresh
from alliage_web.knowledge.queries import state_of_the_data
from alliage_web.territories.models import Vintage

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
NAME = "Zéphirine Quichotte"
EMAIL = "zephirine.quichotte@example.org"
SECOND = "z.q+deux@exemple-asso.fr"
PHONE = "06 98 76 54 32"


def account() -> User:
    return sign_in.person(EMAIL, NAME)


def chain_holds() -> bool:
    """Whether the verification of the trail says that nothing was altered."""
    seal()
    call_command("audit", "verify")
    return True


# ---------------------------------------------------------------------------------------------
# For any set of rows made about a person, no table of the database names them afterwards.


def _second_address(user: User) -> None:
    EmailAddress.objects.create(user=user, email=SECOND, verified=True, primary=False)


def _factor(user: User) -> None:
    Authenticator.objects.create(user=user, type="totp", data={"secret": EMAIL})


def _provider(user: User) -> None:
    SocialAccount.objects.create(
        user=user, provider="oidc", uid=EMAIL, extra_data={"name": NAME, "email": EMAIL}
    )


def _session(user: User) -> None:
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["note"] = EMAIL
    session.create()
    UserSession.objects.create(
        user=user, session_key=session.session_key, ip="192.0.2.7", user_agent=NAME
    )


def _roles(user: User) -> None:
    give(user, Role.EDITOR)
    entrust(give(user, Role.READER, "fund:odd17"), somebody("Remplaçante"))
    entrust(give(somebody("Titulaire"), Role.READER, "fund:odd17"), user)


def _invitation(email: str, **more: Any) -> Invitation:
    invitation = Invitation.objects.create(
        email=email,
        role=Role.READER,
        place="fund:odd17",
        message=f"Bonjour {NAME}, {EMAIL}",
        token_digest=f"{Invitation.objects.count():064}",
        created_at=AT,
        expires_at=AT + dt.timedelta(days=14),
        **more,
    )
    record(
        kind="invitation.sent",
        target="fund:odd17",
        by=None,
        at=AT,
        personal={"email": [None, email]},
        about=f"invitation:{invitation.pk}",
    )
    return invitation


def _invited(user: User) -> None:
    _invitation(user.email.upper())


def _accepted_elsewhere(user: User) -> None:
    _invitation("autre.adresse@example.org", accepted_by=user, accepted_at=AT)


def _sent_invitation(user: User) -> None:
    _invitation("quelquun@example.org", invited_by=user)


def _contact(user: User) -> None:
    add_contact(
        organisation=organisation("Épicerie partagée"),
        details=ContactDetails(NAME, "Directrice", user.email, PHONE),
        consents={"listed": "writing", "news": "orally"},
        account=None,
        by=user,
        at=AT,
    )


def _contact_by_account(user: User) -> None:
    add_contact(
        organisation=organisation("Ressourcerie"),
        details=ContactDetails(NAME, phone=PHONE),
        consents={},
        account=user,
        by=None,
        at=AT,
    )


def _texts(user: User) -> None:
    shop = organisation("Fablab", by=user, summary_fr=f"Écrire à {EMAIL} (ou {EMAIL.upper()}).")
    actors.change_organisation(
        organisation=shop,
        description=described("Fablab", summary_fr=f"Écrivez à {EMAIL}.", aliases=(EMAIL,)),
        by=user,
        at=AT,
    )
    made = alliance(title="Une alliance", by=user)
    Alliance.objects.filter(pk=made.pk).update(notes=[{"text": f"dit par {EMAIL}"}])
    Lesson.objects.create(alliance=made, order=9, text=f"Selon {EMAIL}, oui.", source="essai")


def _trail(user: User) -> None:
    record(
        kind="person.renamed",
        target=user.stable_name,
        by=user,
        at=AT,
        personal={"name": ["Z.", NAME], "email": [None, EMAIL]},
        about=user.stable_name,
    )
    record(
        kind="organisation.changed",
        target="organisation:fablab",
        by=user,
        at=AT,
        changes={"summary_fr": ["", f"Voir {EMAIL}"]},
    )


MAKERS: tuple[Callable[[User], None], ...] = (
    _second_address, _factor, _provider, _session, _roles, _invited, _accepted_elsewhere,
    _sent_invitation, _contact, _contact_by_account, _texts, _trail,
)  # fmt: skip


@settings(max_examples=12)
@example(makers=set(MAKERS))
@given(makers=st.sets(st.sampled_from(MAKERS)))
def test_nothing_in_the_database_names_the_person_afterwards(
    makers: set[Callable[[User], None]],
) -> None:
    if not Vintage.objects.exists():
        geography()
    with transaction.atomic():
        with TestCase.captureOnCommitCallbacks(execute=True):
            user = account()
            give(somebody("Alix"), Role.ADMINISTRATOR)
            # In the order of their writing, so that a failure is told the same way twice.
            for maker in MAKERS:
                if maker in makers:
                    maker(user)
        words = [EMAIL, NAME]
        words += [SECOND] if _second_address in makers else []
        words += [PHONE] if makers & {_contact, _contact_by_account} else []
        assert where_it_stands([EMAIL])
        assert where_it_stands([NAME])
        with TestCase.captureOnCommitCallbacks(execute=True):
            erase_person(user=user, by=None, at=AT)
        assert where_it_stands(words) == []
        assert chain_holds()
        assert where_it_stands(["autre.adresse@example.org"]) == []
        transaction.set_rollback(True)


def test_the_sweep_finds_what_stands_anywhere() -> None:
    geography()
    shop = organisation("Épicerie")
    Organisation.objects.filter(pk=shop.pk).update(aliases=[NAME])
    found = where_it_stands([NAME])
    assert any(line.startswith("actors_organisation.aliases") for line in found)


# ---------------------------------------------------------------------------------------------


def test_the_person_becomes_a_pseudonym_that_cannot_sign_in() -> None:
    user = account()
    erasure = erase_person(user=user, by=user, at=AT)
    user.refresh_from_db()
    assert user.name == erasure.pseudonym == pseudonym_of(user)
    assert str(user.pk) in user.name
    assert user.email.endswith("@erased.invalid")
    assert (user.is_active, user.erased_at) == (False, AT)
    assert not user.has_usable_password()
    assert not Client().login(username=EMAIL, password=sign_in.PASSWORD)
    with pytest.raises(AlreadyErasedError):
        erase_person(user=user, by=None, at=AT)


def test_what_the_person_wrote_stays_with_one_author() -> None:
    geography()
    user = account()
    shop, other = organisation("Épicerie", by=user), organisation("Fablab", by=user)
    erase_person(user=user, by=user, at=AT)
    for row in (shop, other):
        row.refresh_from_db()
        assert row.created_by_id == user.pk
    assert Event.objects.filter(by=f"user:{user.pk}", kind="organisation.created").count() == 2


def test_another_person_keeps_everything() -> None:
    geography()
    user, other = account(), sign_in.person("marie@example.org", "Marie Autre")
    for one in (user, other):
        _provider(one)
        SocialAccount.objects.filter(user=one).update(extra_data={}, uid=str(one.pk))
        give(one, Role.EDITOR)
        record(
            kind="person.renamed",
            target=one.stable_name,
            by=one,
            at=AT,
            personal={"name": ["a", one.name]},
            about=one.stable_name,
        )
    shop = organisation("Épicerie", summary_fr=f"Écrire à mari{EMAIL} ou {EMAIL}x ou {EMAIL}.")
    add_contact(
        organisation=shop,
        details=ContactDetails("Marie Autre", email="marie@example.org"),
        consents={"listed": "writing"},
        account=other,
        by=user,
        at=AT,
    )
    erase_person(user=user, by=None, at=AT)
    other.refresh_from_db()
    assert (other.name, other.email, other.is_active) == ("Marie Autre", "marie@example.org", True)
    assert other.role_holdings.exists()
    assert EmailAddress.objects.filter(user=other, verified=True).exists()
    assert SocialAccount.objects.filter(user=other).exists()
    assert Contact.objects.get().created_by_id == user.pk
    kept = PersonalValue.objects.get(about=other.stable_name, field="name")
    assert kept.value == ["a", "Marie Autre"]
    shop.refresh_from_db()
    assert shop.summary_fr == f"Écrire à mari{EMAIL} ou {EMAIL}x ou [adresse effacée]."


def test_an_address_that_was_only_typed_erases_nothing_of_others() -> None:
    geography()
    user = account()
    EmailAddress.objects.create(user=user, email="marie@example.org", verified=False, primary=False)
    shop = organisation("Épicerie", summary_fr="Écrire à marie@example.org.")
    add_contact(
        organisation=shop,
        details=ContactDetails("Marie", email="marie@example.org"),
        consents={},
        account=None,
        by=None,
        at=AT,
    )
    erase_person(user=user, by=None, at=AT)
    shop.refresh_from_db()
    assert "marie@example.org" in shop.summary_fr
    assert Contact.objects.exists()
    assert not EmailAddress.objects.filter(user=user).exists()


def test_a_long_text_is_replaced_within_what_its_field_holds() -> None:
    geography()
    short = sign_in.person("a@b.fr", "Ana Bref")
    shop = organisation("Épicerie", source=f"{'x' * 293} a@b.fr")
    erase_person(user=short, by=None, at=AT)
    shop.refresh_from_db()
    assert len(shop.source) == 300
    assert "a@b.fr" not in shop.source


def test_the_last_administrator_is_not_erased() -> None:
    user = account()
    give(user, Role.ADMINISTRATOR)
    give(somebody("Bientôt"), Role.ADMINISTRATOR, until=AT + dt.timedelta(days=999))
    with pytest.raises(LastAdministratorError):
        erase_person(user=user, by=user, at=AT)
    user.refresh_from_db()
    assert user.name == NAME
    assert RoleHolding.objects.filter(user=user).exists()
    assert preview_of(user).is_last_administrator


def test_it_is_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    user = account()
    _provider(user)

    def fails(**_said: object) -> int:
        message = "no room left"
        raise OSError(message)

    monkeypatch.setattr(erasing, "erase_personal", fails)
    with pytest.raises(OSError, match="no room left"), transaction.atomic():
        erase_person(user=user, by=None, at=AT)
    user.refresh_from_db()
    assert (user.name, user.erased_at) == (NAME, None)
    assert SocialAccount.objects.filter(user=user).exists()


def test_kept_pages_are_made_again() -> None:
    user = account()
    refresh(anew=True)
    before = state_of_the_data()
    erase_person(user=user, by=None, at=AT)
    assert state_of_the_data() != before


def test_the_index_of_the_search_forgets_the_address(
    django_capture_on_commit_callbacks: Any, client: Client
) -> None:
    geography()
    with django_capture_on_commit_callbacks(execute=True):
        user = account()
        organisation("Épicerie", summary_fr=f"Écrire à {EMAIL}.")
    assert "quichotte" in client.get(reverse("site:search"), {"q": "épicerie"}).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        erase_person(user=user, by=None, at=AT)
    assert "quichotte" not in client.get(reverse("site:search"), {"q": "épicerie"}).content.decode()


@pytest.mark.one_engine
def test_messages_confirm_it_and_say_where_the_name_remains(
    django_capture_on_commit_callbacks: Any,
) -> None:
    geography()
    give(sign_in.person("alix@example.org", "Alix"), Role.ADMINISTRATOR)
    user = account()
    organisation("Épicerie", summary_fr=f"Fondée par {NAME.upper()} en 2019.")
    with django_capture_on_commit_callbacks(execute=True):
        erasure = erase_person(user=user, by=None, at=AT)
    assert [trace.field for trace in erasure.names] == ["summary_fr"]
    told = {message.to[0]: str(message.body) for message in mail.outbox}
    assert set(told) == {EMAIL, "alix@example.org"}
    assert "effacés" in told[EMAIL]
    assert "Épicerie" in told["alix@example.org"]


@pytest.mark.one_engine
def test_the_preview_says_what_will_be_done_and_writes_nothing() -> None:
    geography()
    user = account()
    _provider(user)
    organisation("Épicerie", summary_fr=f"{NAME}, {EMAIL}")
    before = Event.objects.count()
    preview = preview_of(user)
    fates = {line.table.name: line.fate for line in preview.lines}
    assert fates["socialaccount.SocialAccount"] == "supprimé"
    assert fates["accounts.User"].startswith("remplacé par un pseudonyme")
    assert {trace.field for trace in preview.addresses} >= {"summary_fr"}
    assert {trace.field for trace in preview.names} >= {"summary_fr"}
    assert Event.objects.count() == before


@given(before=st.text(max_size=12), after=st.text(max_size=12))
def test_a_word_is_found_exactly_where_nothing_lengthens_it(before: str, after: str) -> None:
    pattern = whole(["lou@example.org"])
    assert pattern.search(f"{before} lou@example.org, {after}")
    assert not pattern.search(f"{before}x.lou@example.org")
    assert not pattern.search(f"lou@example.org.uk{after}")
    assert not pattern.search(f"lou@example.orga{after}")


@pytest.mark.parametrize(
    "written",
    [NAME.upper(), "zephirine quichotte", "QUICHOTTE Zéphirine", f"({NAME})", f"« {NAME} »."],
)
def test_a_name_is_found_as_people_write_it(written: str) -> None:
    geography()
    shop = organisation("Épicerie", aliases=(written,))
    assert {(trace.row.pk, trace.field) for trace in names_in_texts(NAME)} >= {(shop.pk, "aliases")}


def test_no_word_finds_nothing() -> None:
    geography()
    organisation("Épicerie")
    assert addresses_in_texts([]) == addresses_in_texts([""]) == []
    assert names_in_texts("") == []


# ---------------------------------------------------------------------------------------------
# The pages.


def confirmed(client: Client, user: User) -> Client:
    """Sign in, and confirm again who it is."""
    sign_in.sign_in(client, user.email)
    client.post(reverse("account_reauthenticate"), {"password": sign_in.PASSWORD})
    return client


def test_one_erases_oneself_after_proving_who_one_is(client: Client) -> None:
    user = account()
    address = reverse("accounts:erase-me")
    client.force_login(user)
    assert reverse("account_reauthenticate") in client.get(address)["Location"]
    assert reverse("account_reauthenticate") in client.post(address, {"address": EMAIL})["Location"]
    confirmed(client, user)
    page = client.get(address)
    assert page.status_code == 200
    wrong = client.post(address, {"address": "autre@example.org"})
    assert wrong.status_code == 422
    assert "Rien n’est effacé" in wrong.content.decode()
    done = client.post(address, {"address": f" {EMAIL.upper()} "}, follow=True)
    assert "Votre compte est effacé" in done.content.decode()
    assert not sign_in.is_signed_in(client)
    user.refresh_from_db()
    assert user.erased_at is not None
    assert client.get(reverse("accounts:my-data")).status_code == 302


def test_an_administrator_erases_somebody_after_seeing_what_it_does(client: Client) -> None:
    geography()
    administrator = sign_in.person("alix@example.org", "Alix")
    give(administrator, Role.ADMINISTRATOR)
    user = account()
    organisation("Épicerie", summary_fr=f"Fondée par {NAME}.")
    confirmed(client, administrator)
    assert NAME in client.get(reverse("accounts:people"), {"q": "quichotte"}).content.decode()
    address = reverse("accounts:erase-person", args=[user.pk])
    assert "Fondée par" in client.get(address).content.decode()
    assert client.post(address, {"address": EMAIL}).status_code == 302
    assert client.get(address).status_code == 404
    event = Event.objects.get(kind="person.erased")
    assert (event.by, event.changes["person"]) == (
        f"user:{administrator.pk}",
        [user.stable_name, None],
    )
    mine = client.get(reverse("accounts:erase-person", args=[administrator.pk]))
    assert mine["Location"] == reverse("accounts:erase-me")
    refused = client.post(reverse("accounts:erase-me"), {"address": "alix@example.org"})
    assert refused.status_code == 422
    assert "Plus personne n’administrerait" in refused.content.decode()


def test_nobody_else_erases_somebody(client: Client) -> None:
    user = account()
    client.force_login(somebody("Rédaction", (Role.EDITOR, "platform")))
    for address in (reverse("accounts:people"), reverse("accounts:erase-person", args=[user.pk])):
        assert client.get(address).status_code == 403
        assert client.post(address, {"address": EMAIL}).status_code in {403, 405}
    user.refresh_from_db()
    assert user.erased_at is None


def test_the_command_says_first_and_erases_when_told(capsys: pytest.CaptureFixture[str]) -> None:
    user = account()
    call_command("erase_person", EMAIL)
    assert "Nothing was written" in capsys.readouterr().out
    user.refresh_from_db()
    assert user.erased_at is None
    call_command("erase_person", EMAIL, "--yes")
    assert f"person:{user.pk} is erased" in capsys.readouterr().out
    with pytest.raises(CommandError, match="No account has the address"):
        call_command("erase_person", EMAIL, "--yes")


# ---------------------------------------------------------------------------------------------
# After a restore.


def test_who_a_restore_brings_back_is_erased_again(
    settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    user, other = account(), somebody("Marie")
    with django_capture_on_commit_callbacks(execute=True):
        erase_person(user=user, by=None, at=AT)
    text = Path(settings.ALLIAGE_ERASURES).read_text(encoding="utf-8")
    assert NAME not in text
    assert EMAIL not in text
    # What restoring a backup made before does.
    User.objects.filter(pk=user.pk).update(name=NAME, email=EMAIL, erased_at=None, is_active=True)
    assert [person.pk for person in erasure_list.to_erase_again()] == [user.pk]
    assert retention.erase_again(at=AT) == [(user.stable_name, "")]
    assert where_it_stands([EMAIL, NAME]) == []
    assert retention.erase_again(at=AT) == []
    other.refresh_from_db()
    assert other.erased_at is None


def test_a_number_given_again_to_somebody_else_erases_nobody(
    django_capture_on_commit_callbacks: Any,
) -> None:
    user = account()
    with django_capture_on_commit_callbacks(execute=True):
        erase_person(user=user, by=None, at=AT)
    User.objects.filter(pk=user.pk).update(
        name="Nouvelle", email="n@example.org", erased_at=None, is_active=True,
        date_joined=AT + dt.timedelta(days=1),
    )  # fmt: skip
    assert erasure_list.to_erase_again() == []


def test_the_list_forgets_nobody_and_refuses_to_be_rewritten_wrongly(settings: Settings) -> None:
    path = Path(settings.ALLIAGE_ERASURES)
    gone = {"person": 999, "joined_at": AT.isoformat(), "erased_at": AT.isoformat()}
    path.write_text(json.dumps(gone) + "\n", encoding="utf-8")
    erase_person(user=account(), by=None, at=AT)
    assert erasure_list.keep_list() == 2
    assert '"person": 999' in path.read_text(encoding="utf-8")
    path.write_text("not a list\n", encoding="utf-8")
    with pytest.raises(erasure_list.UnreadableListError, match="Line 1"):
        erasure_list.keep_list()
    assert path.read_text(encoding="utf-8") == "not a list\n"
