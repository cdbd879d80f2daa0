"""Every answer carries the headers of safety, and every error has a page that says what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.management import call_command
from django.template import Template
from django.test import Client
from django.urls import reverse
from tests.factories.people import somebody
from tests.factories.routes import cases, sample_objects
from tests.factories.sign_in import person, sign_in

from alliage_web.accounts.models import PLATFORM, Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine, pytest.mark.long]

PAGE_POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'",
    "base-uri 'none'", "frame-ancestors 'none'",
}  # fmt: skip
#: The only page that others may frame: it has no form and runs nothing.
FRAMED = "observatory:explorer-embed"
FRAMED_POLICY = {
    "default-src 'none'", "script-src 'none'", "style-src 'self'", "form-action 'none'",
    "base-uri 'none'", "frame-ancestors *",
}  # fmt: skip
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def faults(response: HttpResponseBase, *, framed: bool = False) -> list[str]:
    """Say which headers of safety an answer lacks."""
    headers = {**EVERYWHERE, "X-Frame-Options": None} if framed else EVERYWHERE
    wrong = [name for name, value in headers.items() if response.get(name) != value]
    policy = response.get("Content-Security-Policy", "")
    said = {part.strip() for part in policy.split(";")}
    page = FRAMED_POLICY if framed else PAGE_POLICY
    if not (said >= page or said == {"sandbox", "default-src 'none'"}):
        wrong.append(f"Content-Security-Policy: {policy}")
    if "unsafe" in policy:
        wrong.append("a policy with exceptions")
    features = response.get("Permissions-Policy", "")
    if "camera=()" not in features or "publickey-credentials-get=(self)" not in features:
        wrong.append(f"Permissions-Policy: {features}")
    return wrong


def read(response: Any) -> None:
    """Read a file to its end, which closes it."""
    if response.streaming:
        b"".join(response.streaming_content)


def test_every_route_answers_with_every_header_to_everyone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No header depends on what a page says: other tests draw it, which takes most of the time.
    monkeypatch.setattr(Template, "_render", lambda *_: "")
    author = somebody("Autrice", (Role.ADMINISTRATOR, PLATFORM))
    samples = sample_objects(author)
    visitor, administrator = Client(), Client()
    asked = 0
    for case in cases(samples):
        # One of the addresses signs out.
        administrator.force_login(author)
        for client in (visitor, administrator):
            response = client.get(case.address)
            asked += 1
            framed = case.route.name == FRAMED
            wrong = faults(response, framed=framed)
            assert not wrong, (case.title, response.status_code, wrong)
            read(response)
    assert asked > 100


def test_what_a_signed_in_person_reads_is_kept_nowhere() -> None:
    client = Client()
    public = client.get("/alliances/")
    assert "no-store" not in public.get("Cache-Control", "")
    client.force_login(somebody("Lou"))
    for address in ("/", "/alliances/", "/compte/", "/nulle-part/"):
        kept = client.get(address)["Cache-Control"]
        assert "no-store" in kept, address
        assert "private" in kept, address


def test_a_page_that_gives_a_cookie_is_kept_nowhere() -> None:
    response = Client().get("/compte/connexion/")
    assert response.cookies
    assert "no-store" in response["Cache-Control"]


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites() -> None:
    client = Client()
    client.get("/compte/connexion/")
    person()
    sign_in(client)
    client.post(reverse("ui:theme"), {"theme": "dark", "next": "/"})
    client.post(reverse("ui:language"), {"language": "en", "next": "/"})
    given = {name: cookie for name, cookie in client.cookies.items() if cookie.value}
    assert {"sessionid", "csrftoken", "theme", "django_language"} <= set(given)
    for name, cookie in given.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name


# Errors


def raising(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(_request: HttpRequest) -> HttpResponse:
        raise error

    return view


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make the list of alliances fail."""
    from django.urls import resolvers

    found = resolvers.get_resolver().resolve("/alliances/")
    monkeypatch.setattr(
        resolvers.URLResolver, "resolve", lambda *_: resolvers.ResolverMatch(
            raising(error), (), {}, url_name=found.url_name, route=found.route
        ),
    )  # fmt: skip


def check_page(response: HttpResponse, status: int, language: str, *said: str) -> str:
    page = response.content.decode()
    assert response.status_code == status
    assert f'<html lang="{language}"' in page
    assert page.count("<h1") == 1
    assert "ui/main.css" in page
    assert 'class="button"' in page, "an error page leads somewhere"
    assert not faults(response)
    for text in said:
        assert text in page
    return page


LANGUAGES = pytest.mark.parametrize("language", ["fr", "en"])


def asked(client: Client, language: str, address: str = "/alliances/") -> Any:
    return client.get(address, headers={"accept-language": language})


@LANGUAGES
def test_a_request_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    failing(monkeypatch, SuspiciousOperation("Invalid"))
    check_page(asked(Client(), language), 400, language)


@LANGUAGES
def test_a_request_for_another_host(settings: Settings, language: str) -> None:
    settings.ALLOWED_HOSTS = ["alliage.example.org"]
    check_page(asked(Client(), language), 400, language)


@LANGUAGES
def test_a_page_that_one_may_not_open(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    failing(monkeypatch, PermissionDenied("Il faut le rôle X."))
    check_page(asked(Client(), language), 403, language, "Il faut le rôle X.")


@LANGUAGES
def test_a_form_that_stayed_open_too_long(language: str) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        "/compte/connexion/", {"login": "a"}, headers={"accept-language": language}
    )
    page = check_page(response, 403, language)  # type: ignore[arg-type]
    if language == "fr":
        assert "restée ouverte trop longtemps" in page
        assert "Rien n’a été enregistré" in page


@LANGUAGES
def test_a_page_that_does_not_exist(language: str) -> None:
    check_page(asked(Client(), language, "/nulle-part/"), 404, language)


@LANGUAGES
def test_a_text_that_is_far_too_long(settings: Settings, language: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = Client().post(
        "/compte/connexion/", {"login": "a" * 200}, headers={"accept-language": language}
    )
    check_page(response, 413, language)  # type: ignore[arg-type]


@LANGUAGES
@pytest.mark.parametrize("demo", [True, False])
def test_a_failure_of_ours(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, language: str, *, demo: bool
) -> None:
    settings.ALLIAGE_DEMO = demo
    failing(monkeypatch, RuntimeError("secret detail"))
    response = asked(Client(raise_request_exception=False), language)
    page = check_page(response, 500, language, response["X-Request-ID"])
    assert "secret detail" not in page
    assert ("demo-banner" in page) is demo


def test_a_failure_is_told_even_when_the_database_is_what_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.db import OperationalError

    failing(monkeypatch, OperationalError("down"))
    client = Client(raise_request_exception=False)
    client.force_login(somebody("Lou"))

    def down(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr("django.contrib.sessions.backends.base.SessionBase._get_session", down)
    check_page(asked(client, "fr"), 500, "fr")


def test_static_files_carry_the_headers_too(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.DEBUG = False
    call_command("collectstatic", "--noinput", "--verbosity=0")
    response = Client().get("/static/ui/favicon.svg")
    assert response.status_code == 200
    assert not faults(response)
    read(response)


# Production

SCRIPT = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
plain = Client(headers={"host": "alliage.example.org"}).get("/alliances/")
client = Client(
    headers={"host": "alliage.example.org", "x-forwarded-proto": "https"},
    raise_request_exception=False,
)
page = client.get("/compte/connexion/")
client.post("/preferences/langue/", {"language": "en", "next": "/"})
print(json.dumps({
    "redirected": plain.get("Location"),
    "status": page.status_code,
    "headers": dict(page.items()),
    "elsewhere": Client(headers={"host": "evil.example"}).get("/").status_code,
    "cookies": {name: dict(cookie) for name, cookie in client.cookies.items()},
    "debug": settings.DEBUG,
}))
"""


def production(tmp_path: Path, **more: str) -> dict[str, str]:
    """Give the environment of a service whose settings are in order."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALLIAGE_")}
    kept.pop("DATABASE_URL", None)
    return kept | {
        "ALLIAGE_MODE": "production",
        "ALLIAGE_SECRET_KEY": "k7Xq2mZ9vB4nT8wL1cR6yH3jF5dS0gAePuIoKzMxNbVcQwErTy",
        "ALLIAGE_HOSTS": "alliage.example.org",
        "ALLIAGE_MAIL_URL": "smtps://alliage:secret@mail.example.org:465",
        "ALLIAGE_MAIL_FROM": "Alliage <alliage@example.org>",
        "ALLIAGE_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "alliage_web.config.settings",
        **more,
    }


def test_production_checks_are_clean(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alliage_web.config.cli",
         "check", "--deploy", "--fail-level", "WARNING"],
        env=production(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_production_serves_what_it_promises(tmp_path: Path, empty_tables: Path) -> None:
    if empty_tables.exists():
        shutil.copyfile(empty_tables, tmp_path / "alliage.sqlite3")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=production(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["debug"] is False
    assert seen["redirected"] == "https://alliage.example.org/alliances/"
    assert seen["status"] == 200
    assert seen["elsewhere"] == 400
    assert seen["headers"]["Strict-Transport-Security"] == (
        "max-age=31536000; includeSubDomains; preload"
    )
    assert {"__Host-csrf", "__Host-language"} <= set(seen["cookies"])
    for cookie in seen["cookies"].values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert (cookie["path"], cookie["domain"]) == ("/", "")
