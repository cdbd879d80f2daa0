"""With no way to send messages: it is said plainly, nothing is half done, and it works later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from tests.factories.sign_in import PASSWORD, is_signed_in, person, sign_in

from alliage_web.accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_message: EmailMessage, **_options: object) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailMessage, "send", refuse)


def says_so(response: Response) -> bool:
    return (
        response.status_code == 503
        and response["Retry-After"].isdigit()
        and "Le message n’est pas parti" in response.content.decode()
    )


@pytest.mark.parametrize("page", ["/compte/connexion/lien/", "/compte/mot-de-passe/oublie/"])
def test_known_and_unknown_addresses_are_told_the_same(client: Client, page: str) -> None:
    person()
    known = client.post(page, {"email": "lou@example.org"})
    unknown = client.post(page, {"email": "qui@example.org"})
    assert says_so(known)
    assert says_so(unknown)


def test_no_account_is_made_and_signing_up_again_works(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLIAGE_SIGN_UP = "open"
    asked: Mapping[str, str] = {
        "email": "nouvelle@example.org",
        "name": "Nouvelle",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert says_so(client.post("/compte/inscription/", asked))
    assert not User.objects.exists()
    assert client.get("/compte/inscription/").status_code == 200
    monkeypatch.undo()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.ALLIAGE_SIGN_UP = "open"
    assert client.post("/compte/inscription/", asked).status_code == 302
    assert [message.to for message in mail.outbox] == [["nouvelle@example.org"]]


def test_an_address_that_could_not_be_asked_is_not_waited_for(client: Client) -> None:
    user = person()
    sign_in(client)
    client.post("/compte/confirmer/", {"password": PASSWORD})
    assert says_so(
        client.post("/compte/adresse/", {"email": "autre@example.org", "action_add": ""})
    )
    assert [known.email for known in EmailAddress.objects.filter(user=user)] == [user.email]
    assert is_signed_in(client)


def test_a_change_is_made_though_it_cannot_be_told(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    user = person()
    sign_in(client)
    new = "cinq autres mots au hasard"
    changed = client.post(
        "/compte/mot-de-passe/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert changed.status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)
    assert f"person:{user.pk} was not told of a change" in caplog.text
