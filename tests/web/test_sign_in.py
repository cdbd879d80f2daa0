"""Signing in by password and by link: who enters, who does not, and what is said."""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import TYPE_CHECKING

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.sign_in import PASSWORD, is_signed_in, link_in_mail, person, sign_in

from alliage_web.accounts.actions.sign_in_links import LinkRefusedError, issue_link, read_link
from alliage_web.accounts.models import User
from alliage_web.audit.queries import history

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


# By password


def test_a_person_signs_in_by_address_whatever_its_case(client: Client) -> None:
    person()
    response = sign_in(client, "LOU@example.ORG")
    assert response["Location"] == "/compte/"
    assert "Lou Martin" in text(client.get("/compte/"))


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client) -> None:
    person()
    page = "/compte/connexion/"
    wrong = text(client.post(page, {"login": "lou@example.org", "password": "autre"}))
    unknown = text(client.post(page, {"login": "qui@example.org", "password": "autre"}))
    assert "Vérifiez l’adresse" in wrong
    hide = re.compile(r'value="[^"]*"')
    assert hide.sub("", wrong) == hide.sub("", unknown)
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "\\\\elsewhere.example",
        "https:elsewhere.example",
        "javascript:alert(1)",
        "http://testserver@elsewhere.example/",
    ],
)
def test_sign_in_never_leads_to_another_site(client: Client, target: str) -> None:
    person()
    assert sign_in(client, next=target)["Location"] == "/compte/"


def test_another_name_of_this_machine_is_another_site(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    person()
    assert sign_in(client, next="https://other.example/")["Location"] == "/compte/"


def test_sign_in_leads_back_to_the_page_that_asked_for_it(client: Client) -> None:
    person()
    assert client.get("/compte/")["Location"] == "/compte/connexion/?next=/compte/"
    assert sign_in(client, next="/alliances/?q=a&b=c")["Location"] == "/alliances/?q=a&b=c"


def test_the_session_of_a_visitor_is_not_the_one_of_the_person(client: Client) -> None:
    """A session planted before the sign-in is worth nothing after it."""
    person()
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before or ""
    sign_in(client)
    assert is_signed_in(client)
    assert client.session.session_key != before
    client.cookies["sessionid"] = before or ""
    assert client.get("/compte/").status_code == 302


def test_a_closed_account_says_so_to_who_knows_its_password_only(client: Client) -> None:
    user = person()
    user.is_active = False
    user.save()
    assert sign_in(client)["Location"] == "/compte/ferme/"
    assert "administre la plateforme" in text(client.get("/compte/ferme/"))
    assert not is_signed_in(client)
    refused = client.post("/compte/connexion/", {"login": user.email, "password": "autre"})
    assert "Vérifiez l’adresse" in text(refused)


def test_an_account_is_locked_after_five_wrong_passwords_wherever_they_come_from(
    client: Client, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    person()
    for number in range(5):
        client.post(
            "/compte/connexion/",
            {"login": "lou@example.org", "password": "autre"},
            headers={"x-forwarded-for": f"198.51.100.{number}"},
        )
    locked = sign_in(client)
    assert locked.status_code == 200
    assert "Attendez cinq minutes" in text(locked)
    assert not is_signed_in(client)
    with time_machine.travel(dt.timedelta(minutes=6)):
        sign_in(client)
        assert is_signed_in(client)


def test_a_place_of_the_network_is_slowed_down_through_a_proxy_too(
    client: Client, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    person()
    for number in range(10):
        client.post(
            "/compte/connexion/",
            {"login": f"p{number}@example.org", "password": "autre"},
            # What the client claims comes first; what the proxy saw comes last.
            headers={"x-forwarded-for": f"203.0.113.{number}, 198.51.100.7"},
        )
    same = client.post(
        "/compte/connexion/",
        {"login": "lou@example.org", "password": PASSWORD},
        headers={"x-forwarded-for": "198.51.100.7"},
    )
    assert "Trop d’essais" in text(same)
    other = client.post(
        "/compte/connexion/",
        {"login": "lou@example.org", "password": PASSWORD},
        headers={"x-forwarded-for": "198.51.100.8"},
    )
    assert other["Location"] == "/compte/"


def test_refusals_are_logged_without_password_or_address(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    person()
    with caplog.at_level(logging.WARNING, "alliage_web.security"):
        for _ in range(6):
            client.post(
                "/compte/connexion/", {"login": "lou@example.org", "password": "s3cret-tapé"}
            )
    lines = [r.getMessage() for r in caplog.records if r.name == "alliage_web.security"]
    assert [line.split(";")[0] for line in lines] == ["Refused: wrong password"] * 5 + [
        "Refused: too many attempts"
    ]
    assert len({line.split("address ")[1] for line in lines}) == 1
    assert not any("lou" in line or "s3cret" in line for line in lines)


def test_counts_of_attempts_keep_no_readable_network_address(client: Client) -> None:
    from django.db import connection

    client.post("/compte/connexion/", {"login": "lou@example.org", "password": "autre"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM shared_cache")
        rows = cursor.fetchall()
    assert rows
    assert "127.0.0.1" not in repr(rows)


def test_signing_out_asks_for_a_confirmation_before_anything(client: Client) -> None:
    person()
    sign_in(client)
    assert "Ne pas se déconnecter" in text(client.get("/compte/deconnexion/"))
    assert is_signed_in(client)
    assert client.post("/compte/deconnexion/")["Location"] == "/"
    assert not is_signed_in(client)


def test_sign_ins_and_changes_of_password_are_in_the_trail(client: Client) -> None:
    user = person()
    sign_in(client)
    client.post(
        "/compte/mot-de-passe/", {"oldpassword": PASSWORD, "password1": "cinq mots au hasard"}
    )
    kinds = [line.kind for line in history(user.stable_name)]
    assert kinds == ["person.password-changed", "person.signed-in"]


# By link


def ask_for_link(client: Client, email: str = "lou@example.org", **more: str) -> str:
    response = client.post("/compte/connexion/lien/", {"email": email, **more})
    assert response["Location"] == "/compte/connexion/lien/envoye/"
    return link_in_mail()


def test_a_link_signs_in_once_from_any_browser(client: Client) -> None:
    person()
    link = ask_for_link(client, "Lou@Example.org", next="/alliances/")
    page = client.get(link)
    assert page.status_code == 200
    assert "lou@example.org" in text(page)
    assert not is_signed_in(client)
    client.get(link)
    assert client.post(link)["Location"] == "/alliances/"
    assert is_signed_in(client)

    client.logout()
    again = client.post(link)
    assert again.status_code == 410
    assert "Ce lien ne sert plus" in text(again)
    assert not is_signed_in(client)


def test_a_link_dies_after_a_quarter_of_an_hour(client: Client) -> None:
    person()
    with time_machine.travel(NOW, tick=False):
        link = ask_for_link(client)
    with time_machine.travel(NOW + dt.timedelta(minutes=14), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(NOW + dt.timedelta(minutes=16), tick=False):
        refused = client.post(link)
    assert refused.status_code == 410
    assert "il y a trop longtemps" in text(refused)
    assert not is_signed_in(client)


def test_a_link_dies_with_a_sign_in_a_new_password_or_a_closed_account(client: Client) -> None:
    user = person()
    by_sign_in = ask_for_link(client)
    sign_in(client)
    client.logout()
    assert client.post(by_sign_in).status_code == 410

    by_password = ask_for_link(client)
    user.refresh_from_db()
    user.set_password("cinq mots au hasard")
    user.save()
    assert client.post(by_password).status_code == 410

    by_closing = ask_for_link(client)
    user.is_active = False
    user.save()
    assert client.post(by_closing).status_code == 410
    assert not is_signed_in(client)


def test_of_two_links_the_second_dies_when_the_first_served(client: Client) -> None:
    person()
    first, second = ask_for_link(client), ask_for_link(client)
    client.post(first)
    client.logout()
    assert client.post(second).status_code == 410


def test_asking_for_a_link_never_tells_who_has_an_account(client: Client) -> None:
    person()
    known = client.post("/compte/connexion/lien/", {"email": "lou@example.org"})
    unknown = client.post("/compte/connexion/lien/", {"email": "qui@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    # Each address is told by mail what concerns it.
    assert [message.to for message in mail.outbox] == [["lou@example.org"], ["qui@example.org"]]
    assert "Aucun compte" in mail.outbox[1].subject


def test_links_for_one_address_are_limited(client: Client) -> None:
    person()
    for _ in range(5):
        ask_for_link(client)
    refused = client.post("/compte/connexion/lien/", {"email": "lou@example.org"})
    assert refused.status_code == 429
    assert "Attendez quelques minutes" in text(refused)
    assert len(mail.outbox) == 5


def test_an_address_that_waits_to_be_confirmed_opens_nothing(client: Client) -> None:
    """Who wrote somebody else's address by mistake does not give them the account."""
    user = person()
    EmailAddress.objects.create(user=user, email="other@example.org", verified=False)
    client.post("/compte/connexion/lien/", {"email": "other@example.org"})
    client.post("/compte/mot-de-passe/oublie/", {"email": "other@example.org"})
    assert ["Aucun compte" in message.subject for message in mail.outbox] == [True, True]


def test_a_link_forgets_the_password_of_whoever_signed_up_before_the_owner(
    client: Client, settings: Settings
) -> None:
    settings.ALLIAGE_SIGN_UP = "open"
    client.post(
        "/compte/inscription/",
        {"name": "Intrus", "email": "lou@example.org", "password1": PASSWORD},
    )
    link = ask_for_link(client)
    client.post(link)
    assert is_signed_in(client)
    client.logout()
    sign_in(client)
    assert not is_signed_in(client)


@given(token=st.text(max_size=80) | st.binary(max_size=60).map(lambda b: b.hex()))
def test_no_made_up_link_opens_anything(token: str) -> None:
    with pytest.raises(LinkRefusedError):
        read_link(token=token, at=NOW)


@given(
    position=st.integers(min_value=0),
    letter=st.sampled_from("abcXYZ019-_:"),
    seconds=st.integers(min_value=0, max_value=900),
)
def test_a_link_changed_by_one_letter_opens_nothing(
    position: int, letter: str, seconds: int
) -> None:
    user = User.objects.filter(email="lou@example.org").first() or person()
    token = issue_link(user=user, at=NOW)
    at = NOW + dt.timedelta(seconds=seconds)
    assert read_link(token=token, at=at) == user
    place = position % len(token)
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(LinkRefusedError):
            read_link(token=changed, at=at)


# Passwords that were forgotten


def test_a_forgotten_password_is_replaced_once(client: Client) -> None:
    person()
    client.post("/compte/mot-de-passe/oublie/", {"email": "lou@example.org"})
    link = link_in_mail()
    form = client.get(link)["Location"]
    weak = client.post(form, {"password1": "court"})
    assert "12" in text(weak)
    client.post(form, {"password1": "cinq mots au hasard"})
    assert (
        client.post(
            "/compte/connexion/", {"login": "lou@example.org", "password": "cinq mots au hasard"}
        )["Location"]
        == "/compte/"
    )
    client.logout()
    again = client.get(link)
    assert "Ce lien ne sert plus" in text(again)


def test_asking_for_a_new_password_never_tells_who_has_an_account(client: Client) -> None:
    person()
    answers = [
        client.post("/compte/mot-de-passe/oublie/", {"email": email})
        for email in ("lou@example.org", "qui@example.org")
    ]
    assert {answer["Location"] for answer in answers} == {"/compte/mot-de-passe/oublie/envoye/"}
    assert len(mail.outbox) == 2


# Creating an account


def sign_up(client: Client, **more: str) -> object:
    values = {"name": "Lou Martin", "email": "lou@example.org", "password1": PASSWORD}
    return client.post("/compte/inscription/", values | more)


def test_accounts_are_created_on_invitation_unless_the_settings_open_them(
    client: Client, settings: Settings
) -> None:
    settings.ALLIAGE_SIGN_UP = "invitation"
    assert "sur invitation" in text(client.get("/compte/inscription/"))
    sign_up(client)
    assert not User.objects.exists()

    session = client.session
    session["invitation"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key or ""
    sign_up(client)
    assert not User.objects.exists()  # no invitation has this number

    settings.ALLIAGE_SIGN_UP = "open"
    sign_up(client)
    assert User.objects.get().name == "Lou Martin"


def test_a_new_account_waits_for_its_address_to_be_confirmed(
    client: Client, settings: Settings
) -> None:
    settings.ALLIAGE_SIGN_UP = "open"
    answer = sign_up(client)
    assert answer["Location"] == "/compte/adresse/a-confirmer/"  # type: ignore[index]
    client.logout()
    sign_in(client)
    assert not is_signed_in(client)
    link = link_in_mail(0)
    assert "Oui, confirmer" in text(client.get(link))
    assert not EmailAddress.objects.get().verified
    client.post(link)
    sign_in(client)
    assert is_signed_in(client)
    assert "ne sert plus" in text(client.get(link))


def test_an_account_that_exists_is_not_told_to_who_tries_to_create_it(
    client: Client, settings: Settings
) -> None:
    settings.ALLIAGE_SIGN_UP = "open"
    person()
    answer = sign_up(client, name="Autre", password1="un autre mot de passe long")
    assert answer["Location"] == "/compte/adresse/a-confirmer/"  # type: ignore[index]
    assert "déjà un compte" in mail.outbox[0].subject
    assert User.objects.get().name == "Lou Martin"


# Changing address


@pytest.fixture
def inside(client: Client) -> User:
    """A person who signed in and has just proved again who they are."""
    user = person()
    sign_in(client)
    client.post("/compte/confirmer/", {"password": PASSWORD})
    return user


def test_an_address_changes_once_the_new_one_is_confirmed(client: Client, inside: User) -> None:
    client.post("/compte/adresse/", {"email": "new@example.org", "action_add": "1"})
    inside.refresh_from_db()
    assert inside.email == "lou@example.org"
    client.post(link_in_mail())
    inside.refresh_from_db()
    assert inside.email == "new@example.org"
    assert mail.outbox[-1].to == ["lou@example.org"]
    assert "new@example.org au lieu de lou@example.org" in str(mail.outbox[-1].body)
    line = history(inside.stable_name)[0]
    assert line.kind == "person.address-changed"
    assert "example.org" not in repr(dict(line.changes))


def test_an_address_taken_in_the_meantime_is_refused(client: Client, inside: User) -> None:
    client.post("/compte/adresse/", {"email": "new@example.org", "action_add": "1"})
    link = link_in_mail()
    User.objects.create_user("new@example.org", "x", name="Autre")
    assert client.post(link, follow=True).status_code == 200
    assert "déjà l’adresse d’un autre compte" in text(client.get(link))
    inside.refresh_from_db()
    assert inside.email == "lou@example.org"


def test_what_touches_the_account_asks_again_who_it_is(client: Client) -> None:
    person()
    sign_in(client)
    for page in ("/compte/securite/application/", "/compte/securite/cles/ajouter/"):
        answer = client.get(page)
        assert answer["Location"] == f"/compte/confirmer/?next={page}".replace("/", "%2F").replace(
            "%2Fcompte%2Fconfirmer%2F?next=", "/compte/confirmer/?next="
        )


# Other devices


def test_the_other_devices_are_signed_out_together(client: Client) -> None:
    from django.test import Client as Browser

    person()
    elsewhere = Browser(headers={"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    sign_in(elsewhere)
    sign_in(client)
    assert "Firefox sur Linux" in text(client.get("/compte/securite/"))
    client.post("/compte/securite/appareils/")
    assert elsewhere.get("/compte/").status_code == 302
    assert client.get("/compte/").status_code == 200


# Addresses


def test_every_page_of_sign_in_has_its_own_look_and_no_other_exists(client: Client) -> None:
    """allauth's own addresses answer nothing: they would be half dressed."""
    for path in ("login", "signup", "email", "password/change", "2fa", "3rdparty", "sessions"):
        assert client.get(f"/compte/{path}/").status_code == 404
        assert client.get(f"/accounts/{path}/").status_code == 404
