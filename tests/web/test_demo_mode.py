"""A demonstration is never taken for production, nor production for a demonstration."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.people import somebody

from alliage_web.accounts.models import User
from alliage_web.config.safety import (
    DEVELOPMENT_KEY,
    SHORTEST_KEY,
    hosts,
    refuse_real_demonstration,
    secret_key,
)

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

KEY = "k7Xq2mZ9vB4nT8wL1cR6yH3jF5dS0gAePuIoKzMxNbVcQwErTy"


# The environment


@pytest.mark.parametrize("debug", ["false", "False", "0", "no", "off", " OFF "])
def test_a_demonstration_refuses_to_be_asked_for_as_a_real_service(debug: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="ALLIAGE_MODE=production"):
        refuse_real_demonstration("demo", debug=debug)


@pytest.mark.parametrize("debug", ["", "true", "1", "yes"])
def test_otherwise_a_demonstration_starts(debug: str) -> None:
    refuse_real_demonstration("demo", debug=debug)
    refuse_real_demonstration("production", debug="false")


@pytest.mark.one_engine
def test_a_demonstration_draws_its_secret_and_gives_it_to_its_processes() -> None:
    assert secret_key("", mode="demo") != secret_key("", mode="demo")
    assert secret_key(KEY, mode="demo") == KEY
    code = (
        "import os; from alliage_web.config import settings;"
        "print(settings.SECRET_KEY == os.environ['ALLIAGE_SECRET_KEY'], len(settings.SECRET_KEY))"
    )
    environment = {k: v for k, v in os.environ.items() if k != "ALLIAGE_SECRET_KEY"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment | {"ALLIAGE_MODE": "demo", "DEBUG": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    shared, length = done.stdout.split()
    assert shared == "True"
    assert int(length) >= SHORTEST_KEY


@pytest.mark.parametrize(
    ("given_key", "why"),
    [
        ("", "is empty"),
        (DEVELOPMENT_KEY, "everybody knows"),
        ("django-insecure-" + KEY, "everybody knows"),
        (KEY[:49], "49 characters"),
        ("ab" * 40, "2 of them different"),
    ],
)
def test_production_refuses_a_key_that_protects_nothing(given_key: str, why: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=why) as caught:
        secret_key(given_key, mode="production")
    assert not given_key or given_key not in str(caught.value)
    assert secret_key(KEY, mode="production") == KEY


@pytest.mark.parametrize("names", ["", " , ", "*", "alliage.example.org,*", ".example.org"])
def test_production_refuses_to_answer_for_any_host(names: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="ALLIAGE_HOSTS"):
        hosts(names, production=True)
    assert hosts(" a.example.org, b.example.org", production=True) == [
        "a.example.org",
        "b.example.org",
    ]
    assert "localhost" in hosts("", production=False)


@pytest.mark.one_engine
@given(st.text(max_size=120))
def test_a_key_is_accepted_only_when_it_is_long_and_varied(text: str) -> None:
    try:
        accepted = secret_key(text, mode="production")
    except ImproperlyConfigured:
        return
    assert len(accepted) >= SHORTEST_KEY
    assert len(set(accepted)) >= 10


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"ALLIAGE_MODE": "demo", "DEBUG": "false"}, "never production"),
        ({"ALLIAGE_MODE": "production"}, "ALLIAGE_SECRET_KEY is empty"),
        ({"ALLIAGE_MODE": "production", "ALLIAGE_SECRET_KEY": KEY}, "ALLIAGE_HOSTS is empty"),
    ],
)
def test_the_command_says_what_to_mend_and_stops(environment: dict[str, str], why: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALLIAGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "alliage_web.config.cli", "check"], env=kept | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert why in done.stderr


# The accounts and the database


def refusals() -> list[str]:
    found = run_checks(tags=[Tags.database], databases=["default"])
    return [str(message.id) for message in found if message.is_serious()]


@pytest.mark.django_db
def test_production_refuses_the_database_of_a_demonstration_even_emptied(
    settings: Settings,
) -> None:
    settings.PRODUCTION = True
    assert refusals() == []
    settings.PRODUCTION = False
    call_command("create_demo", stdout=io.StringIO())
    assert refusals() == []
    settings.PRODUCTION = True
    assert refusals() == ["alliage.E001"]
    User.objects.all().delete()
    assert refusals() == ["alliage.E001"], "the trail remembers"


@pytest.mark.django_db
def test_production_refuses_accounts_of_a_demonstration_that_was_never_marked(
    settings: Settings,
) -> None:
    User.objects.create_user("alix@demo.example", "x", name="Alix")
    settings.PRODUCTION = True
    assert refusals() == ["alliage.E001"]


@pytest.mark.one_engine
@pytest.mark.django_db
def test_the_server_refuses_too(settings: Settings) -> None:
    call_command("create_demo", stdout=io.StringIO())
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="that of a demonstration"):
        call_command("serve", "--port", "1")


@pytest.mark.django_db
def test_a_demonstration_refuses_a_database_with_real_accounts(settings: Settings) -> None:
    somebody("Lou")
    settings.ALLIAGE_DEMO = True
    with pytest.raises(CommandError, match="holds 1 accounts"):
        call_command("create_demo", stdout=io.StringIO())
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_an_account_made_during_a_demonstration_does_not_stop_its_next_start(
    settings: Settings,
) -> None:
    settings.ALLIAGE_DEMO = True
    call_command("create_demo", stdout=io.StringIO())
    somebody("Lou")
    call_command("create_demo", stdout=io.StringIO())
    assert User.objects.filter(email__endswith="@demo.example").count() > 3


@pytest.mark.django_db
def test_every_page_of_a_demonstration_says_so(settings: Settings) -> None:
    settings.ALLIAGE_DEMO = True
    for address in ("/", "/alliances/", "/compte/connexion/", "/nulle-part/"):
        page = Client().get(address).content.decode()
        assert "demo-banner" in page, address
        assert "N’y saisissez rien de réel" in page


@pytest.mark.parametrize("command", ["serve", "start_demo"])
def test_the_server_answers_this_machine_only_unless_told(command: str) -> None:
    from django.core.management import load_command_class

    parser = load_command_class("alliage_web.site", command).create_parser("alliage-web", command)
    assert parser.parse_args([]).host == "127.0.0.1"
