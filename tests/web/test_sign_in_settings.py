"""What the environment says of mail and of sign-in, and how a wrong value is told."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from hypothesis import given
from hypothesis import strategies as st

from alliage_web.accounts.models import Role
from alliage_web.config import environment
from alliage_web.config.mail import ReadableFiles

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.one_engine

ROOT = Path(__file__).resolve().parents[2]
_SHOW = """
from alliage_web.config import settings as s
print(sorted(s.ALLIAGE_MFA_ROLES), s.ALLIAGE_SIGN_UP, s.ALLAUTH_TRUSTED_PROXY_COUNT)
"""
SENDER = "Alliage <alliage@example.org>"


@pytest.mark.parametrize(
    ("url", "host", "port", "ssl", "starttls"),
    [
        ("smtps://u:p@mail.example.org", "mail.example.org", 465, True, False),
        ("smtps://u:p@mail.example.org:4650", "mail.example.org", 4650, True, False),
        ("smtp://u:p@mail.example.org", "mail.example.org", 587, False, True),
        ("smtp+plain://localhost", "localhost", 25, False, False),
    ],
)
def test_one_address_tells_how_messages_leave(
    url: str, host: str, port: int, ssl: bool, starttls: bool
) -> None:
    mail = environment.mail(url, SENDER, production=True)
    assert (mail.host, mail.port, mail.ssl, mail.starttls) == (host, port, ssl, starttls)
    assert mail.sender == SENDER


def test_a_password_may_hold_any_sign_once_it_is_quoted() -> None:
    mail = environment.mail("smtps://lou%40example.org:a%2Fb%3Ac@h", SENDER, production=True)
    assert (mail.user, mail.password) == ("lou@example.org", "a/b:c")


@pytest.mark.parametrize(
    "url", ["mail.example.org", "imap://u:secret-42@h", "smtps://u:secret-42@h:x"]
)
def test_an_address_that_cannot_be_read_is_said_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="smtps://user:password@host:465") as caught:
        environment.mail(url, SENDER, production=False)
    assert "secret-42" not in str(caught.value)


def test_messages_are_signed_by_an_address() -> None:
    with pytest.raises(ImproperlyConfigured, match="ALLIAGE_MAIL_FROM"):
        environment.mail("smtps://u:p@h", "Alliage", production=True)


def test_production_needs_a_way_to_send_messages() -> None:
    with pytest.raises(ImproperlyConfigured, match="ALLIAGE_MAIL_URL is empty"):
        environment.mail("", "", production=True)


def test_elsewhere_messages_are_files_that_a_person_can_read(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment.mail("", "", production=False).backend.endswith("ReadableFiles")
    settings.EMAIL_FILE_PATH = tmp_path
    messages = [EmailMessage("Été", f"Voilà {n}", SENDER, ["lou@example.org"]) for n in (1, 2)]
    assert ReadableFiles().send_messages(messages) == 2
    files = sorted(tmp_path.iterdir())
    assert [file.read_text(encoding="utf-8").splitlines() for file in files] == [
        [f"From: {SENDER}", "To: lou@example.org", "Subject: Été", "", f"Voilà {n}"] for n in (1, 2)
    ]
    assert str(files[0]) in capsys.readouterr().err


def test_the_roles_of_the_settings_are_those_of_the_platform() -> None:
    assert {role.value for role in Role} == environment.ROLES


@given(st.lists(st.sampled_from(sorted(environment.ROLES))))
def test_roles_are_read_whatever_their_order_and_spaces(roles: list[str]) -> None:
    said = " , ".join(roles) + ","
    assert environment.words("ALLIAGE_MFA_ROLES", said, environment.ROLES) == set(roles)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ALLIAGE_MFA_ROLES", "administrator,boss", "holds « boss »"),
        ("ALLIAGE_SIGN_UP", "closed", "Use invitation or open"),
        ("ALLIAGE_PROXIES", "one", "Use a whole number"),
        ("ALLIAGE_OIDC", "{", "ALLIAGE_OIDC cannot be read"),
    ],
)
def test_a_wrong_value_stops_the_start_and_says_what_to_do(
    name: str, value: str, told: str
) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import alliage_web.config.settings"],
        env=os.environ | {name: value, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode
    assert told in started.stderr


def test_production_asks_for_a_second_factor_where_money_and_people_are() -> None:
    started = subprocess.run(
        [
            sys.executable,
            "-c",
            _SHOW,
        ],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "ALLIAGE_MODE": "production",
            "ALLIAGE_HOSTS": "alliage.example.org",
            "ALLIAGE_SECRET_KEY": secrets.token_urlsafe(64),
            "ALLIAGE_MAIL_URL": "smtps://u:p@mail.example.org",
            "ALLIAGE_MAIL_FROM": SENDER,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.sub(r"[\[\]',]", "", started.stdout).split() == [
        *("administrator", "fund_auditor", "fund_officer", "researcher"),
        *("invitation", "1"),
    ], started.stderr
