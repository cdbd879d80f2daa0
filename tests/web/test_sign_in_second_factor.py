"""Second factors: adding, using, losing, and the roles that ask for one."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.factories.sign_in import (
    PASSWORD,
    code,
    is_signed_in,
    link_in_mail,
    person,
    sign_in,
    with_totp,
)

from alliage_web.accounts.models import Role, RoleHolding, User
from alliage_web.audit.queries import history

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
SECOND = "/compte/connexion/second-facteur/"


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def confirm(client: Client) -> None:
    client.post("/compte/confirmer/", {"password": PASSWORD})


@pytest.fixture
def inside(client: Client) -> User:
    user = person()
    sign_in(client)
    confirm(client)
    return user


@pytest.mark.django_db(transaction=True)
def test_an_application_of_codes_is_added_then_asked_for(client: Client, inside: User) -> None:
    page = text(client.get("/compte/securite/application/"))
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert secret
    secret_code = code(secret.group(1).replace(" ", ""))
    added = client.post("/compte/securite/application/", {"code": secret_code})
    assert added["Location"] == "/compte/securite/codes/"
    assert [line.kind for line in history(inside.stable_name)][:2] == ["person.factor-added"] * 2
    assert "protège maintenant" in str(mail.outbox[-1].body)

    client.post("/compte/deconnexion/")
    assert sign_in(client)["Location"] == SECOND
    assert not is_signed_in(client)
    assert client.get("/compte/").status_code == 302
    wrong = client.post(SECOND, {"code": "000000"})
    assert "Ce code n’est pas le bon" in text(wrong)
    # The code that activated the application has served.
    accepted = client.post(SECOND, {"code": code(secret.group(1).replace(" ", ""), steps=1)})
    assert accepted["Location"] == "/compte/"
    assert is_signed_in(client)


def test_the_secret_of_an_application_is_not_readable_in_the_database() -> None:
    secret = with_totp(person())
    assert secret not in json.dumps(Authenticator.objects.get().data)


def test_a_code_serves_once(client: Client) -> None:
    secret = with_totp(person())
    shown = code(secret)
    sign_in(client)
    client.post(SECOND, {"code": shown})
    assert is_signed_in(client)
    client.post("/compte/deconnexion/")
    sign_in(client)
    client.post(SECOND, {"code": shown})
    assert not is_signed_in(client)


def test_codes_cannot_be_tried_one_after_the_other(client: Client) -> None:
    secret = with_totp(person())
    sign_in(client)
    for number in range(5):
        client.post(SECOND, {"code": f"{number:06}"})
    refused = client.post(SECOND, {"code": code(secret)})
    assert "Trop d’essais" in text(refused)
    assert not is_signed_in(client)


def test_a_link_received_by_mail_does_not_replace_the_second_factor(client: Client) -> None:
    secret = with_totp(person())
    client.post("/compte/connexion/lien/", {"email": "lou@example.org"})
    link = link_in_mail()
    assert client.post(link)["Location"] == SECOND
    assert not is_signed_in(client)
    assert client.post(link).status_code == 410
    client.post(SECOND, {"code": code(secret)})
    assert is_signed_in(client)


def test_a_new_password_does_not_replace_the_second_factor(client: Client) -> None:
    with_totp(person())
    client.post("/compte/mot-de-passe/oublie/", {"email": "lou@example.org"})
    form = client.get(link_in_mail())["Location"]
    client.post(form, {"password1": "cinq mots au hasard"})
    client.post(
        "/compte/connexion/", {"login": "lou@example.org", "password": "cinq mots au hasard"}
    )
    assert not is_signed_in(client)


def test_recovery_codes_are_shown_once_and_each_serves_once(client: Client, inside: User) -> None:
    with_totp(inside)
    client.post("/compte/securite/codes/nouveaux/")
    shown = text(client.get("/compte/securite/codes/"))
    codes = re.findall(r"<li><code>(\d{4}) (\d{4})</code></li>", shown)
    assert len(codes) == 10
    assert "data:text/plain" in shown
    again = text(client.get("/compte/securite/codes/"))
    assert not re.search(r"\d{4} \d{4}", again)
    assert "Il vous reste 10 codes" in again

    for expected in (True, False):
        client.post("/compte/deconnexion/")
        sign_in(client)
        client.post(SECOND, {"code": "".join(codes[0])})
        assert is_signed_in(client) is expected


def test_a_second_factor_may_be_removed_when_no_role_asks_for_it(
    client: Client, inside: User
) -> None:
    with_totp(inside)
    assert client.post("/compte/securite/application/retirer/")["Location"] == "/compte/securite/"
    assert not Authenticator.objects.exists()
    assert history(inside.stable_name)[0].kind == "person.factor-removed"


def test_a_person_who_lost_everything_is_let_in_by_a_command(client: Client) -> None:
    user = person()
    secret = with_totp(user)
    sign_in(client)
    client.post(SECOND, {"code": code(secret)})
    assert is_signed_in(client)

    call_command("forget_second_factor", "LOU@example.org", stdout=io.StringIO())
    assert client.get("/compte/").status_code == 302
    sign_in(client)
    assert is_signed_in(client)
    assert "retirés" in str(mail.outbox[-1].body)
    kinds = [line.kind for line in history(user.stable_name)]
    assert kinds[:2] == ["person.signed-in", "person.factors-forgotten"]

    said = io.StringIO()
    call_command("forget_second_factor", "lou@example.org", stdout=said)
    assert "nothing was written" in said.getvalue()
    with pytest.raises(CommandError, match="No open account"):
        call_command("forget_second_factor", "qui@example.org")


# Roles that ask for a second factor


@pytest.fixture
def required(settings: Settings) -> None:
    settings.ALLIAGE_MFA_ROLES = frozenset({"administrator"})


def administrator(user: User, **more: object) -> RoleHolding:
    return RoleHolding.objects.create(
        user=user, role=Role.ADMINISTRATOR, granted_at=timezone.now(), **more
    )


@pytest.mark.usefixtures("required")
def test_a_role_that_asks_for_a_second_factor_waits_for_it(client: Client) -> None:
    user = person()
    administrator(user)
    sign_in(client)
    for page in ("/", "/compte/", "/alliances/nouvelle/", "/compte/mot-de-passe/"):
        assert client.get(page)["Location"] == "/compte/securite/"
    assert "Il reste une étape" in text(client.get("/compte/securite/"))
    assert client.get("/alliances/", headers={"HX-Request": "true"})["HX-Redirect"]
    assert client.get("/alliances/", headers={"accept": "application/json"}).status_code == 403

    confirm(client)
    assert client.get("/compte/securite/application/").status_code == 200
    with_totp(user)
    assert client.get("/compte/").status_code == 200


@pytest.mark.usefixtures("required")
def test_who_waits_for_a_second_factor_may_still_leave(client: Client) -> None:
    administrator(person())
    sign_in(client)
    client.post("/compte/deconnexion/")
    assert not is_signed_in(client)


@pytest.mark.usefixtures("required")
def test_a_role_that_ended_asks_for_nothing(client: Client) -> None:
    now = timezone.now()
    RoleHolding.objects.create(
        user=person(),
        role=Role.ADMINISTRATOR,
        granted_at=now - dt.timedelta(days=2),
        expires_at=now - dt.timedelta(seconds=1),
    )
    sign_in(client)
    assert client.get("/compte/").status_code == 200


@pytest.mark.usefixtures("required")
def test_people_without_such_a_role_are_asked_nothing(client: Client) -> None:
    user = person()
    RoleHolding.objects.create(user=user, role=Role.EDITOR, granted_at=timezone.now())
    sign_in(client)
    assert client.get("/compte/").status_code == 200


@pytest.mark.usefixtures("required")
def test_the_last_factor_stays_while_a_role_asks_for_one(client: Client) -> None:
    user = person()
    administrator(user)
    secret = with_totp(user)
    sign_in(client)
    client.post(SECOND, {"code": code(secret)})
    confirm(client)
    refused = client.post("/compte/securite/application/retirer/")
    assert "c’est le dernier qui vous reste" in text(refused)
    assert Authenticator.objects.filter(type="totp").exists()


@pytest.mark.usefixtures("required")
def test_the_last_passkey_stays_too_until_there_is_another_factor(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    user = person()
    administrator(user)
    key = Authenticator.objects.create(
        user=user, type="webauthn", data={"name": "téléphone", "credential": {}}
    )
    client.force_login(user)
    confirm(client)
    page = f"/compte/securite/cles/{key.pk}/retirer/"
    assert "téléphone" in text(client.get(page))
    refused = client.post(page, follow=True)
    assert "c’est le dernier qui vous reste" in text(refused)
    assert "last second factor kept" in caplog.text
    with_totp(user)
    client.post(page)
    assert [factor.type for factor in Authenticator.objects.all()] == ["totp"]


def test_the_keys_of_others_do_not_exist(client: Client, inside: User) -> None:
    other = person("other@example.org", "Autre")
    key = Authenticator.objects.create(
        user=other, type="webauthn", data={"name": "téléphone", "credential": {}}
    )
    assert inside.pk != other.pk
    for act in ("retirer", "nommer"):
        assert client.get(f"/compte/securite/cles/{key.pk}/{act}/").status_code == 404
        assert client.post(f"/compte/securite/cles/{key.pk}/{act}/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


# Made-up answers of a browser

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "rawId",
                    "type",
                    "response",
                    "userHandle",
                    "clientDataJSON",
                    "signature",
                    "x",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


@pytest.mark.one_engine
@given(answer=JSON)
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_made_up_passkey_never_signs_in_nor_breaks_the_page(
    client: Client, answer: object, settings: Settings
) -> None:
    settings.MFA_RATE_LIMITS = {"webauthn_login": "100000/m/ip"}
    client.get("/compte/connexion/cle/", headers={"accept": "application/json"})
    response = client.post("/compte/connexion/cle/", {"credential": json.dumps(answer)})
    assert response["Location"] == reverse("account_login")
    assert not is_signed_in(client)
