"""Signing in with an account held elsewhere, against a provider that answers as ProConnect does."""

from __future__ import annotations

import html
import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils import timezone
from tests.factories import workplaces
from tests.factories.identity_provider import (
    SECRET,
    FakeProvider,
    configuration,
    serving,
    stranger_key,
)
from tests.factories.sign_in import PASSWORD, code, is_signed_in, person, sign_in, with_totp

from alliage_web.accounts import actions
from alliage_web.accounts.models import User
from alliage_web.audit.queries import history
from alliage_web.config import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
LEAVE = "/compte/connexion/avec/proconnect/"
RETURN = "/compte/connexion/avec/proconnect/retour/"


@pytest.fixture(scope="module")
def _server() -> Iterator[FakeProvider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def provider(_server: FakeProvider, settings: Settings) -> FakeProvider:
    config, address = _server.config, _server.address
    _server.__init__()  # type: ignore[misc]
    _server.config, _server.address = config, address
    settings.SOCIALACCOUNT_PROVIDERS = configuration(_server)
    settings.ALLIAGE_SIGN_UP = "open"
    return _server


def text(response: Any) -> str:
    content: str = response.content.decode()
    return content


def leaving(response: Any) -> str:
    """Return where the page leads, which is not a redirection."""
    assert response.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', text(response))
    assert found
    return html.unescape(found.group(1))


def go_through(client: Client, provider: FakeProvider, **form: str) -> Any:
    return client.get(RETURN, provider.authorise(leaving(client.post(LEAVE, form))))


def test_a_newcomer_enters_with_name_and_address_from_a_signed_answer(
    client: Client, provider: FakeProvider
) -> None:
    assert go_through(client, provider)["Location"] == "/compte/"
    user = User.objects.get()
    assert (user.name, user.email) == ("Lou Martin", "lou@example.org")
    assert is_signed_in(client)
    assert not user.has_usable_password()
    # Nothing else of what was received is kept: neither the organisation nor the tokens.
    assert SocialAccount.objects.get().extra_data == {"email": "lou@example.org"}
    assert {line.kind for line in history(user.stable_name)} == {
        "person.signed-up",
        "person.signed-in",
    }


def test_the_request_is_the_one_that_proconnect_asks_for(
    client: Client, provider: FakeProvider
) -> None:
    go_through(client, provider)
    asked = dict(provider.asked)
    sent = asked["/authorize"]
    # ProConnect refuses any other parameter.
    assert set(sent) == {"client_id", "redirect_uri", "response_type", "scope", "state", "nonce"}
    assert len(sent["state"]) >= 32
    assert len(sent["nonce"]) >= 32
    assert set(sent["scope"].split()) == {
        *("openid", "given_name", "usual_name", "email", "uid", "siret")
    }
    assert sent["redirect_uri"] == f"http://testserver{RETURN}"
    assert asked["/token"]["client_secret"] == SECRET


@pytest.mark.usefixtures("provider")
def test_an_address_never_asks_for_more_than_the_settings(client: Client) -> None:
    url = leaving(client.post(f"{LEAVE}?scope=phone&auth_params=prompt%3Dnone"))
    sent = dict(parse_qsl(urlsplit(url).query))
    assert "prompt" not in sent
    assert "phone" not in sent["scope"]


def test_other_providers_answer_json_and_check_the_code_with_pkce(
    client: Client, provider: FakeProvider, settings: Settings
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = configuration(
        provider, pkce=True, parameters={"acr_values": "eidas2"}
    )
    provider.as_jwt = False
    go_through(client, provider)
    assert is_signed_in(client)
    asked = dict(provider.asked)
    assert asked["/authorize"]["acr_values"] == "eidas2"
    assert asked["/authorize"]["code_challenge"]
    assert asked["/token"]["code_verifier"]


def test_a_secret_shared_with_the_provider_may_sign(
    client: Client, provider: FakeProvider, settings: Settings
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = configuration(provider, signature="HS256")
    provider.algorithm, provider.key = "HS256", SECRET
    go_through(client, provider)
    assert is_signed_in(client)


def _signed_by_another(provider: FakeProvider) -> None:
    provider.key = stranger_key()


def _signed_by_another_algorithm(provider: FakeProvider) -> None:
    """The old trick: the token chooses an algorithm whose key is easier to come by."""
    provider.algorithm, provider.key = "HS256", SECRET


def _other_nonce(provider: FakeProvider) -> None:
    provider.identity["nonce"] = "of another sign-in"


def _other_client(provider: FakeProvider) -> None:
    provider.identity["aud"] = "another-service"


def _other_issuer(provider: FakeProvider) -> None:
    provider.identity["iss"] = "https://elsewhere.example"


def _too_late(provider: FakeProvider) -> None:
    provider.identity["exp"] = time.time() - 3600


def _two_people(provider: FakeProvider) -> None:
    provider.identity["sub"] = "somebody else"


def _answer_for_another_client(provider: FakeProvider) -> None:
    provider.claims["aud"] = "another-service"


@pytest.mark.parametrize(
    "worsen",
    [
        _signed_by_another,
        _signed_by_another_algorithm,
        _other_nonce,
        _other_client,
        _other_issuer,
        _too_late,
        _two_people,
        _answer_for_another_client,
    ],
)
def test_a_forged_answer_is_refused_and_logged(
    client: Client,
    provider: FakeProvider,
    caplog: pytest.LogCaptureFixture,
    worsen: Callable[[FakeProvider], None],
) -> None:
    worsen(provider)
    with caplog.at_level(logging.WARNING, "alliage_web.security"):
        refused = go_through(client, provider)
    assert refused.status_code == 401
    assert "La connexion n’a pas abouti" in text(refused)
    assert not is_signed_in(client)
    assert not User.objects.exists()
    assert "sign-in by proconnect" in caplog.text
    assert "lou@" not in caplog.text


def test_the_way_back_serves_once_and_in_the_browser_that_left(
    client: Client, provider: FakeProvider
) -> None:
    from django.test import Client as Browser

    brought = provider.authorise(leaving(client.post(LEAVE)))
    assert Browser().get(RETURN, brought).status_code == 401
    assert client.get(RETURN, brought)["Location"] == "/compte/"
    client.post("/compte/deconnexion/")
    assert client.get(RETURN, brought).status_code == 401
    assert not is_signed_in(client)


def test_a_provider_that_does_not_answer_is_said(
    client: Client, provider: FakeProvider, settings: Settings
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = configuration(provider, server="http://127.0.0.1:9/")
    refused = client.post(LEAVE)
    assert refused.status_code == 401
    assert "ProConnect" in text(refused)


def test_who_gives_up_there_is_told_that_nothing_was_done(
    client: Client, provider: FakeProvider
) -> None:
    state = provider.authorise(leaving(client.post(LEAVE)))["state"]
    answer = client.get(RETURN, {"error": "access_denied", "state": state})
    assert answer["Location"] == "/compte/connexion/annulee/"
    assert "Rien n’a été fait" in text(client.get(answer["Location"]))


def test_an_unknown_provider_does_not_exist(client: Client) -> None:
    assert client.post("/compte/connexion/avec/inconnu/").status_code == 404


def test_leaving_takes_a_form_of_this_site(client: Client, provider: FakeProvider) -> None:
    assert provider.address not in text(client.get(LEAVE))
    assert not provider.asked


# Addresses that already have an account


def test_a_trusted_provider_opens_the_account_that_has_the_address(
    client: Client, provider: FakeProvider
) -> None:
    user = person()
    go_through(client, provider)
    assert client.session["_auth_user_id"] == str(user.pk)
    assert SocialAccount.objects.get().user == user
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("trust", "claims"),
    [
        ({"joins_accounts": False}, {}),
        ({"vouches_for_addresses": False}, {}),
        ({"vouches_for_addresses": False}, {"email_verified": False}),
        ({"vouches_for_addresses": False}, {"email_verified": "false"}),
        ({"joins_accounts": False, "vouches_for_addresses": False}, {"email_verified": True}),
    ],
)
def test_an_address_that_is_not_verified_and_trusted_opens_no_account(
    client: Client,
    provider: FakeProvider,
    settings: Settings,
    trust: dict[str, bool],
    claims: dict[str, Any],
) -> None:
    person()
    settings.SOCIALACCOUNT_PROVIDERS = configuration(provider, **trust)
    provider.claims |= claims
    answer = go_through(client, provider)
    assert answer["Location"] == "/compte/adresse/a-confirmer/"
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert "déjà un compte" in mail.outbox[-1].subject


def test_an_address_verified_there_is_enough_when_the_provider_is_trusted(
    client: Client, provider: FakeProvider, settings: Settings
) -> None:
    user = person()
    settings.SOCIALACCOUNT_PROVIDERS = configuration(provider, vouches_for_addresses=False)
    provider.claims["email_verified"] = True
    go_through(client, provider)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_an_address_that_waits_in_an_account_does_not_open_it(
    client: Client, provider: FakeProvider
) -> None:
    user = person("other@example.org", "Autre")
    EmailAddress.objects.create(user=user, email="lou@example.org", verified=False)
    go_through(client, provider)
    assert client.session.get("_auth_user_id") != str(user.pk)


def test_on_invitation_only_a_newcomer_is_refused(
    client: Client, provider: FakeProvider, settings: Settings
) -> None:
    settings.ALLIAGE_SIGN_UP = "invitation"
    assert "sur invitation" in text(go_through(client, provider))
    assert not User.objects.exists()


def test_an_invitation_lets_in_whose_address_the_provider_vouches_for(
    client: Client, provider: FakeProvider, settings: Settings
) -> None:
    settings.ALLIAGE_SIGN_UP = "invitation"
    workplaces.organisation()
    issued = actions.invite(
        emails=["lou@example.org"],
        role="",
        place=workplaces.ORGANISATION,
        by=None,
        at=timezone.now(),
    )[0]
    client.get(reverse("accounts:invitation-link", args=[issued.token]))
    provider.claims["email"] = "ailleurs@example.org"
    assert "sur invitation" in text(go_through(client, provider))
    assert not User.objects.exists()
    provider.claims["email"] = "lou@example.org"
    go_through(client, provider)
    assert User.objects.get().email == "lou@example.org"


def test_the_second_factor_is_asked_for_after_a_provider_too(
    client: Client, provider: FakeProvider
) -> None:
    secret = with_totp(person())
    assert go_through(client, provider)["Location"] == "/compte/connexion/second-facteur/"
    assert not is_signed_in(client)
    client.post("/compte/connexion/second-facteur/", {"code": code(secret)})
    assert is_signed_in(client)


def test_an_account_is_connected_then_disconnected_from_the_page_of_security(
    client: Client, provider: FakeProvider
) -> None:
    provider.claims["email"] = "lou@work.example"
    user = person()
    sign_in(client)
    client.post("/compte/confirmer/", {"password": PASSWORD})
    assert "Relier ProConnect" in text(client.get("/compte/securite/"))
    go_through(client, provider, process="connect")
    account = SocialAccount.objects.get()
    assert account.user == user
    assert "lou@work.example" in text(client.get("/compte/securite/"))
    client.post("/compte/securite/comptes-relies/", {"account": account.pk})
    assert not SocialAccount.objects.exists()
    kinds = [line.kind for line in history(user.stable_name)]
    assert kinds[:2] == ["person.provider-removed", "person.provider-added"]


def test_the_only_way_in_is_not_removed(client: Client, provider: FakeProvider) -> None:
    go_through(client, provider)
    account = SocialAccount.objects.get()
    answer = client.post("/compte/securite/comptes-relies/", {"account": account.pk}, follow=True)
    assert "Choisissez d’abord un mot de passe" in text(answer)
    assert SocialAccount.objects.exists()


# Signing out


def test_signing_out_also_signs_out_at_the_provider(client: Client, provider: FakeProvider) -> None:
    go_through(client, provider)
    url = leaving(client.post("/compte/deconnexion/"))
    assert not is_signed_in(client)
    assert url.startswith(f"{provider.address}/session/end?")
    sent = dict(parse_qsl(urlsplit(url).query))
    assert sent["id_token_hint"].count(".") == 2
    assert sent["post_logout_redirect_uri"] == "http://testserver/compte/deconnexion/"
    assert len(sent["state"]) >= 32
    assert client.get("/compte/deconnexion/", {"state": sent["state"]})["Location"] == "/"


# Settings


def test_the_example_of_the_documentation_is_read() -> None:
    from alliage.values.datafiles import data_directory

    guide = data_directory().parent / "docs" / "how-to" / "connecter-proconnect.md"
    found = re.search(r"ALLIAGE_OIDC='(\[.*?\])'", guide.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    (provider,) = environment.identity_providers(found.group(1))
    assert provider.id == "proconnect"
    assert not provider.pkce


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{", "Invalid JSON"),
        ('[{"id": "a"}]', "0.name: Field required"),
        (
            json.dumps([{"id": "Pro Connect", "name": "a", "server": "https://a.example"}]),
            "0.id",
        ),
        (json.dumps([{"id": "a", "server": "http://a.example"}]), "0.server"),
        (json.dumps([{"id": "a", "colour": "red"}]), "0.colour: Extra inputs"),
    ],
)
def test_wrong_settings_are_said_without_their_secrets(said: str, told: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(told)):
        environment.identity_providers(said)


def test_a_fault_never_shows_a_secret() -> None:
    said = json.dumps([{"id": "a", "client_secret": "tres-secret", "pkce": "tres-secret"}])
    with pytest.raises(ImproperlyConfigured) as caught:
        environment.identity_providers(said)
    assert "tres-secret" not in str(caught.value)
