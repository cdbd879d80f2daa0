"""Accounts, demonstration accounts, and the register of personal data."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from alliage_web.accounts.models import Role, User
from alliage_web.accounts.queries import roles_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


def test_two_accounts_cannot_share_an_address() -> None:
    User.objects.create_user("lou@example.org", "x", name="Lou")
    with pytest.raises(IntegrityError):
        User.objects.create(email="LOU@example.org", name="Other")


def test_demo_accounts_are_made_once_with_passwords_that_work(client: Client) -> None:
    first = io.StringIO()
    call_command("create_demo", stdout=first)
    printed = {line.split()[0]: line.split()[-1] for line in first.getvalue().splitlines() if line}
    assert len(set(printed.values())) == len(printed) >= 3
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
