"""Inviting by e-mail and answering: once, by the right person, while it is worth something."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import workplaces
from tests.factories.people import fresh, give, somebody

from alliage_web.accounts import actions
from alliage_web.accounts.forms.roles import InviteForm
from alliage_web.accounts.models import PLATFORM, Invitation, Role, RoleHolding, User
from alliage_web.accounts.permissions import may_see_place
from alliage_web.accounts.queries import digest_of, place
from alliage_web.audit.models import Event, PersonalValue

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def officer() -> User:
    workplaces.fund()
    return somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND))


def _issued(
    by: User | None, *, email: str = "lou@example.org", at: dt.datetime = NOW, **more: Any
) -> actions.Issued:
    offered = {"role": Role.REVIEWER, "place": workplaces.FUND} | more
    return actions.invite(emails=[email], by=by, at=at, **offered)[0]


def _open(client: Client, token: str) -> Any:
    return client.get(reverse("accounts:invitation-link", args=[token]), follow=True)


def _accept(client: Client) -> Any:
    return client.post(reverse("accounts:invitation"), follow=True)


def _link(body: str) -> str:
    found = re.search(r"http://\S+", body)
    assert found
    return found[0]


def test_an_officer_invites_several_people_who_each_receive_one_link(
    client: Client, officer: User, mailoutbox: list[Any]
) -> None:
    client.force_login(officer)
    response = client.post(
        reverse("workspaces:invite", args=[workplaces.FUND]),
        {
            "emails": "lou@example.org\n Max@Example.org ;ana@example.org",
            "role": "reviewer",
            "last_day": "2999-12-31",
            "message": "Bienvenue au comité.",
            "submission": str(uuid4()),
        },
        follow=True,
    )
    page = response.content.decode()
    assert "3 invitations sont parties." in page
    assert "max@example.org" in page
    assert [message.to for message in mailoutbox] == [
        ["lou@example.org"],
        ["max@example.org"],
        ["ana@example.org"],
    ]
    assert "Sacha vous invite" in mailoutbox[0].subject
    assert "Bienvenue au comité." in mailoutbox[0].body
    tokens = {_link(message.body).rstrip("/").rpartition("/")[2] for message in mailoutbox}
    assert len(tokens) == 3
    kept = set(Invitation.objects.values_list("token_digest", flat=True))
    assert kept == {digest_of(token) for token in tokens}
    assert all(len(token) >= 43 for token in tokens)


def test_a_form_sent_twice_invites_once(client: Client, officer: User) -> None:
    client.force_login(officer)
    sent = {
        "emails": "lou@example.org", "role": "reader", "last_day": "", "message": "",
        "submission": str(uuid4()),
    }  # fmt: skip
    for _time in range(2):
        response = client.post(reverse("workspaces:invite", args=[workplaces.FUND]), sent)
        assert response.status_code == 302
    assert Invitation.objects.count() == 1


def test_lines_at_fault_are_told_one_by_one_and_nobody_is_invited(
    client: Client, officer: User, mailoutbox: list[Any]
) -> None:
    give(somebody("Lou"), Role.READER, workplaces.FUND)
    _issued(officer, email="max@example.org", role=Role.READER)
    client.force_login(officer)
    address = reverse("workspaces:invite", args=[workplaces.FUND])
    sent = {"role": "reader", "last_day": "", "message": ""}
    page = client.post(
        address, {**sent, "emails": "ana@example.org\nana\nANA@example.org"}
    ).content.decode()
    assert "Ligne 2 : « ana » n’est pas une adresse électronique." in page
    assert "Ligne 3 : « ANA@example.org » est déjà à la ligne 1." in page
    response = client.post(
        address, {**sent, "emails": "ana@example.org\nlou@example.org\nmax@example.org"}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "Ligne 2 : lou@example.org tient déjà ce rôle ici." in page
    assert "Ligne 3 : max@example.org a déjà reçu cette invitation." in page
    assert Invitation.objects.count() == 1
    assert mailoutbox == []


def test_nobody_invites_to_what_they_may_not_give(client: Client, officer: User) -> None:
    client.force_login(officer)
    response = client.post(
        reverse("workspaces:invite", args=[workplaces.FUND]),
        {"emails": "lou@example.org", "role": "fund_auditor", "last_day": "", "message": ""},
    )
    assert response.status_code == 422
    client.force_login(somebody("Ana", (Role.FUND_AUDITOR, workplaces.FUND)))
    address = reverse("workspaces:invite", args=[workplaces.FUND])
    assert client.get(address).status_code == 403
    client.force_login(somebody("Max"))
    assert client.get(address).status_code == 404
    with pytest.raises(PermissionDenied):
        _issued(officer, role=Role.FUND_AUDITOR)
    assert not Invitation.objects.exists()


def test_fifty_invitations_a_day_then_one_waits(client: Client, officer: User) -> None:
    for number in range(49):
        _issued(officer, email=f"a{number}@example.org")
    client.force_login(officer)
    sent = {"role": "reader", "last_day": "", "message": ""}
    address = reverse("workspaces:invite", args=[workplaces.FUND])
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        client.force_login(officer)
        page = client.post(
            address, {**sent, "emails": "b@example.org\nc@example.org"}
        ).content.decode()
        assert "encore inviter 1 personne aujourd’hui" in page
        assert client.post(address, {**sent, "emails": "b@example.org"}).status_code == 302
    with time_machine.travel(NOW + DAY + dt.timedelta(hours=2), tick=False):
        client.force_login(officer)
        assert client.post(address, {**sent, "emails": "c@example.org"}).status_code == 302


def test_opening_the_link_accepts_nothing_and_takes_the_secret_out_of_the_address(
    client: Client, officer: User
) -> None:
    with time_machine.travel(NOW, tick=False):
        issued = _issued(officer)
        response = _open(client, issued.token)
    assert response.redirect_chain == [(reverse("accounts:invitation"), 302)]
    page = response.content.decode()
    assert "Sacha vous propose le rôle « Instruction des dossiers »" in page
    assert "Créer un compte" in page
    assert issued.token not in page
    assert not RoleHolding.objects.filter(role=Role.REVIEWER).exists()


def test_who_has_an_account_signs_in_and_accepts(client: Client, officer: User) -> None:
    lou = somebody("Lou")
    with time_machine.travel(NOW, tick=False):
        issued = _issued(officer, role_expires_at=NOW + 30 * DAY)
        client.force_login(lou)
        assert "Vous acceptez en tant que Lou" in _open(client, issued.token).content.decode()
        page = _accept(client).content.decode()
        assert "Bienvenue." in page
        assert _accept(client).status_code == 404
        again = _open(client, issued.token).content.decode()
        assert "Vous aviez déjà accepté cette invitation." in again
    holding = lou.role_holdings.get()
    assert (holding.granted_by, holding.expires_at) == (officer, NOW + 30 * DAY)
    event = Event.objects.get(kind="invitation.accepted")
    assert event.changes["person"] == [None, lou.stable_name]
    assert event.changes["given_by"] == [None, officer.stable_name]
    assert "lou@example.org" not in str(event.changes)
    assert PersonalValue.objects.get(event=event).about == f"invitation:{issued.invitation.pk}"


def test_who_has_no_account_creates_it_and_comes_back_to_accept(
    client: Client, officer: User, mailoutbox: list[Any], settings: Settings
) -> None:
    settings.ALLIAGE_SIGN_UP = "invitation"
    sign_up = reverse("account_signup")
    sent = {"email": "lou@example.org", "name": "Lou", "password1": "une longue phrase de passe"}
    client.post(sign_up, sent)
    assert not User.objects.filter(email="lou@example.org").exists()
    client.force_login(officer)
    client.post(
        reverse("workspaces:invite", args=[workplaces.FUND]),
        {"emails": "lou@example.org", "role": "reader", "last_day": "", "message": ""},
    )
    newcomer = Client()
    link = _link(mailoutbox[0].body).removeprefix("http://testserver")
    page = newcomer.get(link, follow=True).content.decode()
    assert "lou@example.org" in page
    assert 'value="lou@example.org"' in newcomer.get(sign_up).content.decode()
    other = newcomer.post(sign_up, sent | {"email": "ailleurs@example.org"}).content.decode()
    assert "L’invitation a été envoyée à lou@example.org" in other
    assert not User.objects.filter(email="ailleurs@example.org").exists()
    newcomer.post(f"{sign_up}?next={reverse('accounts:invitation')}", sent)
    lou = User.objects.get(email="lou@example.org")
    # The address is confirmed by the message that follows, read in the same browser.
    confirm = _link(mailoutbox[-1].body).removeprefix("http://testserver")
    newcomer.post(confirm, follow=True)
    assert newcomer.session.get("_auth_user_id") == str(lou.pk)
    _accept(newcomer)
    assert may_see_place(fresh(lou), workplaces.FUND)


@pytest.mark.parametrize("opened", ["link", "own space"])
def test_an_invitation_to_another_address_is_refused_and_says_how_to_mend(
    client: Client, officer: User, caplog: pytest.LogCaptureFixture, opened: str
) -> None:
    max_ = somebody("Max")
    # An address that Max wrote and never confirmed proves nothing.
    EmailAddress.objects.create(user=max_, email="lou@example.org", verified=False)
    client.force_login(max_)
    with time_machine.travel(NOW, tick=False):
        issued = _issued(officer)
        client.force_login(max_)
        if opened == "own space":
            address = reverse("accounts:own-invitation", args=[issued.invitation.pk])
            assert client.get(address).status_code == 404
            return
        response = _open(client, issued.token)
        posted = _accept(client)
    for refused in (response, posted):
        assert refused.status_code == 403
        page = refused.content.decode()
        assert "Elle a été envoyée à l…@example.org" in page
        assert "max@example.org" in page
        assert "Connexion et sécurité" in page
    assert not max_.role_holdings.exists()
    assert "address" in caplog.text
    assert "lou@example.org" not in caplog.text


def test_an_address_that_the_person_confirmed_is_theirs(client: Client, officer: User) -> None:
    max_ = somebody("Max")
    EmailAddress.objects.create(user=max_, email="Lou@example.org", verified=True)
    with time_machine.travel(NOW, tick=False):
        issued = _issued(officer)
        client.force_login(max_)
        home = client.get(reverse("accounts:home")).content.decode()
        assert reverse("accounts:own-invitation", args=[issued.invitation.pk]) in home
        client.get(reverse("accounts:own-invitation", args=[issued.invitation.pk]))
        _accept(client)
    assert max_.role_holdings.get().role == Role.REVIEWER


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("expired", "Cette invitation a expiré"),
        ("cancelled", "Cette invitation a été annulée"),
        ("used", "Cette invitation a déjà servi"),
        ("giver", "La personne qui vous invitait ne peut plus donner ce rôle"),
        ("over", "Ce rôle ne peut plus être tenu"),
        ("gone", "Ce à quoi vous étiez invité·e n’existe plus"),
    ],
)
def test_what_opens_nothing_any_more_says_why_and_what_to_do(
    client: Client, officer: User, caplog: pytest.LogCaptureFixture, end: str, said: str
) -> None:
    lou, later = somebody("Lou"), NOW + DAY
    issued = _issued(officer, role_expires_at=NOW + 3 * DAY)
    if end == "expired":
        later = NOW + 14 * DAY
    elif end == "cancelled":
        actions.cancel_invitation(invitation=issued.invitation, by=officer, at=NOW)
    elif end == "used":
        max_ = somebody("Max")
        EmailAddress.objects.create(user=max_, email="lou@example.org", verified=True)
        actions.accept_invitation(invitation=issued.invitation, by=max_, at=NOW)
    elif end == "giver":
        actions.take_role(holding=officer.role_holdings.get(), by=None, at=NOW)
    elif end == "over":
        later = NOW + 3 * DAY
    else:
        Invitation.objects.update(place="fund:gone")
    before = set(RoleHolding.objects.values_list("pk", "user", "role"))
    with time_machine.travel(later, tick=False):
        client.force_login(lou)
        responses = [_open(client, issued.token), _accept(client)]
    # Most are refused as soon as they are opened; one whose giver lost the right, when accepted.
    response = next(response for response in responses if response.status_code == 410)
    assert said in response.content.decode()
    assert set(RoleHolding.objects.values_list("pk", "user", "role")) == before
    assert "an invitation that is refused" in caplog.text
    assert issued.token not in caplog.text


def test_an_invitation_that_ends_while_it_is_read_says_so(client: Client, officer: User) -> None:
    lou = somebody("Lou")
    with time_machine.travel(NOW, tick=False):
        client.force_login(lou)
        issued = _issued(officer)
        assert _open(client, issued.token).status_code == 200
        actions.cancel_invitation(invitation=issued.invitation, by=officer, at=NOW)
        response = _accept(client)
    assert response.status_code == 410
    assert "a été annulée" in response.content.decode()


def test_a_refused_invitation_lets_nobody_create_an_account(
    client: Client, officer: User, settings: Settings
) -> None:
    settings.ALLIAGE_SIGN_UP = "invitation"
    issued = _issued(officer)
    actions.cancel_invitation(invitation=issued.invitation, by=officer, at=NOW)
    _open(client, issued.token)
    client.post(
        reverse("account_signup"),
        {"email": "lou@example.org", "name": "Lou", "password1": "une longue phrase de passe"},
    )
    assert not User.objects.filter(email="lou@example.org").exists()


def test_a_wrong_link_says_what_to_do_and_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = _open(client, "wrong")
    assert response.status_code == 404
    assert "Ce lien n’ouvre aucune invitation" in response.content.decode()
    assert "does not exist" in caplog.text
    nothing = client.get(reverse("accounts:invitation"))
    assert nothing.status_code == 404
    assert "Aucune invitation n’est ouverte" in nothing.content.decode()


def test_an_invitation_is_sent_again_with_another_link_and_the_first_dies(
    client: Client, officer: User, mailoutbox: list[Any]
) -> None:
    first = _issued(officer)
    address = reverse("workspaces:resend", args=[workplaces.FUND, first.invitation.pk])
    with time_machine.travel(NOW + dt.timedelta(minutes=30), tick=False):
        client.force_login(officer)
        page = client.post(address, follow=True).content.decode()
        assert "partie il y a moins d’une heure" in page
    # Sent again also once it has expired.
    with time_machine.travel(NOW + 20 * DAY, tick=False):
        client.force_login(officer)
        assert (
            "expirée"
            in client.get(reverse("workspaces:detail", args=[workplaces.FUND])).content.decode()
        )
        assert "n’ouvre plus rien" in client.get(address).content.decode()
        client.post(address)
        link = _link(mailoutbox[-1].body).removeprefix("http://testserver")
        lou = Client()
        lou.force_login(somebody("Lou"))
        assert _open(lou, first.token).status_code == 404
        assert lou.get(link, follow=True).status_code == 200
        assert "Bienvenue." in _accept(lou).content.decode()
        assert client.post(address, follow=True).status_code == 200
    assert len(mailoutbox) == 1


def test_an_invitation_is_cancelled_after_a_page_that_says_what_follows(
    client: Client, officer: User
) -> None:
    issued = _issued(officer, at=timezone.now())
    address = reverse("workspaces:cancel", args=[workplaces.FUND, issued.invitation.pk])
    client.force_login(officer)
    assert "n’ouvrira plus rien" in client.get(address).content.decode()
    assert "L’invitation est annulée." in client.post(address, follow=True).content.decode()
    again = client.post(address, follow=True).content.decode()
    assert "Rien n’a changé" in again
    assert Event.objects.filter(kind="invitation.cancelled").count() == 1


def test_others_of_the_workspace_do_not_see_who_is_invited(client: Client, officer: User) -> None:
    _issued(officer, at=timezone.now())
    client.force_login(somebody("Claude", (Role.FUND_AUDITOR, workplaces.FUND)))
    page = client.get(reverse("workspaces:detail", args=[workplaces.FUND])).content.decode()
    assert "Invitation envoyée" in page
    assert "lou@example.org" not in page


def test_a_message_that_cannot_leave_is_told_and_the_invitation_waits(
    client: Client, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        msg = "no server"
        raise ConnectionRefusedError(msg)

    monkeypatch.setattr("alliage_web.accounts.actions.invitations.send_mail", fail)
    client.force_login(officer)
    page = client.post(
        reverse("workspaces:invite", args=[workplaces.FUND]),
        {"emails": "lou@example.org", "role": "reader", "last_day": "", "message": ""},
        follow=True,
    ).content.decode()
    assert "Le message n’a pas pu partir pour lou@example.org" in page
    assert Invitation.objects.count() == 1


def test_accepting_never_shortens_what_is_held_already(officer: User) -> None:
    lou = somebody("Lou")
    issued = _issued(officer, role_expires_at=NOW + 2 * DAY)
    give(lou, Role.REVIEWER, workplaces.FUND)
    actions.accept_invitation(invitation=issued.invitation, by=lou, at=NOW)
    assert lou.role_holdings.get().expires_at is None


def test_a_member_invites_a_colleague_into_the_organisation(
    client: Client, mailoutbox: list[Any]
) -> None:
    workplaces.organisation()
    ana, lou = somebody("Ana", member_of=[workplaces.ORGANISATION]), somebody("Lou")
    client.force_login(ana)
    client.post(
        reverse("workspaces:invite", args=[workplaces.ORGANISATION]),
        {"emails": lou.email, "role": "member", "last_day": "", "message": ""},
    )
    assert "devenir membre" in mailoutbox[0].body
    lou_client = Client()
    lou_client.force_login(lou)
    lou_client.get(_link(mailoutbox[0].body).removeprefix("http://testserver"))
    _accept(lou_client)
    assert lou.memberships.get().organisation == workplaces.ORGANISATION


def test_a_party_member_is_invited_for_an_organisation_of_the_alliance(client: Client) -> None:
    author = somebody("Ana")
    workplaces.alliance(by=author)
    workplaces.organisation("autre")
    client.force_login(author)
    address = reverse("workspaces:invite", args=[workplaces.ALLIANCE])
    sent = {"emails": "lou@example.org", "role": "party_member", "last_day": "", "message": ""}
    page = client.post(address, sent).content.decode()
    assert "Choisissez l’organisation pour laquelle la personne agit." in page
    other = {**sent, "organisation": "organisation:autre"}
    assert client.post(address, other).status_code == 422
    client.post(address, {**sent, "organisation": workplaces.ORGANISATION})
    assert Invitation.objects.get().organisation == workplaces.ORGANISATION


@given(
    emails=st.text(max_size=200),
    role=st.text(max_size=20) | st.sampled_from(["reviewer", "reader"]),
    last_day=st.text(max_size=12),
    message=st.text(max_size=1100),
)
def test_whatever_is_typed_the_form_answers(
    emails: str, role: str, last_day: str, message: str
) -> None:
    where = place(PLATFORM)
    assert where
    form = InviteForm(
        {"emails": emails, "role": role, "last_day": last_day, "message": message},
        where=where,
        gives=("editor", "administrator"),
        today=NOW.date(),
    )
    if form.is_valid():
        assert form.cleaned_data["emails"]
        assert form.offered["role"] in {"editor", "administrator"}


def test_a_command_invites_and_prints_the_link(
    client: Client, capsys: pytest.CaptureFixture[str], mailoutbox: list[Any]
) -> None:
    workplaces.fund()
    call_command("invite", "lou@example.org", "--role", "fund_officer", "--place", workplaces.FUND)
    link = _link(capsys.readouterr().out)
    assert link in mailoutbox[0].body
    assert "Vous êtes invité" in mailoutbox[0].subject
    lou = somebody("Lou")
    client.force_login(lou)
    client.get(link.split(":8000", maxsplit=1)[1])
    _accept(client)
    assert lou.role_holdings.get().role == Role.FUND_OFFICER


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lou", "--role", "editor"], "not an e-mail address"),
        (["lou@example.org", "--role", "reviewer"], "not held at platform"),
        (["lou@example.org", "--role", "reader", "--place", "fund:none"], "No place is named"),
        (
            ["lou@example.org", "--role", "editor", "--until", "2020-01-01"],
            "is past",
        ),
        (["lou@example.org", "--role", "editor", "--organisation", "x"], "party_member only"),
    ],
)
def test_a_command_at_fault_says_how_to_mend_it(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("invite", *arguments)
    assert not Invitation.objects.exists()
