"""Signing in, demonstration accounts, and the register of personal data."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models
from django.urls import reverse

from alliage_web.accounts.models import Role, User
from alliage_web.accounts.queries import processing_register, roles_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


def test_a_person_signs_in_by_address_whatever_its_case(client: Client) -> None:
    User.objects.create_user("Lou@Example.org", "une phrase de passe", name="Lou")
    response = client.post(
        reverse("accounts:login"),
        {"username": "LOU@example.ORG", "password": "une phrase de passe"},
        follow=True,
    )
    assert response.redirect_chain == [(reverse("accounts:home"), 302)]
    assert "Lou" in response.content.decode()


def test_a_wrong_password_says_what_to_check(client: Client) -> None:
    User.objects.create_user("lou@example.org", "une phrase de passe", name="Lou")
    response = client.post(
        reverse("accounts:login"), {"username": "lou@example.org", "password": "autre"}
    )
    assert "Vérifiez l’adresse" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_sign_in_never_leads_to_another_site(client: Client) -> None:
    User.objects.create_user("lou@example.org", "une phrase de passe", name="Lou")
    response = client.post(
        reverse("accounts:login"),
        {
            "username": "lou@example.org",
            "password": "une phrase de passe",
            "next": "https://elsewhere.example/",
        },
    )
    assert response["Location"] == reverse("accounts:home")


def test_two_accounts_cannot_share_an_address() -> None:
    User.objects.create_user("lou@example.org", "x", name="Lou")
    with pytest.raises(IntegrityError):
        User.objects.create(email="LOU@example.org", name="Other")


def test_demo_accounts_are_made_once_with_passwords_that_work(client: Client) -> None:
    first = io.StringIO()
    call_command("create_demo", stdout=first)
    printed = {line.split()[0]: line.split()[-1] for line in first.getvalue().splitlines() if line}
    assert len(printed) == 3
    assert len(set(printed.values())) == 3
    for email, password in printed.items():
        assert client.login(username=email, password=password)
    administrator = User.objects.get(email="alix@demo.example")
    assert roles_of(administrator) == {Role.ADMINISTRATOR, Role.EDITOR}

    second = io.StringIO()
    call_command("create_demo", stdout=second)
    assert "password unchanged" in second.getvalue()
    email, password = next(iter(printed.items()))
    assert client.login(username=email, password=password)


def test_demo_accounts_are_refused_in_production(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="refused in production"):
        call_command("create_demo")
    assert not User.objects.exists()


def test_every_field_that_tells_of_a_person_is_in_the_register() -> None:
    registered = {field for line in processing_register() for field in line.fields}
    ours = [model for model in apps.get_models() if model.__module__.startswith("alliage_web.")]
    personal = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in ours
        for field in model._meta.get_fields()
        if isinstance(field, models.EmailField)
        or (isinstance(field, models.ForeignKey) and field.related_model is User)
    }
    assert personal
    assert personal <= registered
    existing = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in ours
        for field in model._meta.get_fields()
    }
    assert registered <= existing


def test_the_register_is_published_in_both_languages(client: Client) -> None:
    page = reverse("site:personal-data")
    assert "Finalité" in client.get(page).content.decode()
    english = client.get(page, headers={"accept-language": "en"}).content.decode()
    assert "As long as the account exists" in english
