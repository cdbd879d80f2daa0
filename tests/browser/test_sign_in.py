"""Signing in with a real browser: passkeys, codes, links, and nothing that the policy refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.factories.sign_in import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
SERIOUS = {"serious", "critical"}


@pytest.fixture
def named_page(browser: Browser, demo: tuple[str, dict[str, str]]) -> Iterator[Page]:
    """A page opened by a name, since a passkey belongs to a name, with a key in the machine."""
    address = demo[0].replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=address, locale="fr-FR")
    context.set_default_timeout(20_000)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    machine = context.new_cdp_session(opened)
    machine.send("WebAuthn.enable")
    machine.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield opened
    context.close()
    assert [problem for problem in problems if "status of 410" not in problem] == []


@pytest.fixture
def demo_folder(demo: tuple[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the demonstration, where its messages are written."""
    assert demo
    return next(tmp_path_factory.getbasetemp().glob("demo*"))


def check(page: Page) -> None:
    """Hold the page to what every page is held to, at the width of a telephone and by night."""
    for width, scheme in ((390, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert [rule["help"] for rule in found if rule["impact"] in SERIOUS] == [], page.url
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), f"{page.url} scrolls sideways at {width} px"


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/compte/connexion/")
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Se connecter", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/compte/deconnexion/")
    page.get_by_role("main").get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/")


def follow(page: Page, target: Locator) -> None:
    """Click on what leads to another page, and wait until that page is there."""
    with page.expect_navigation():
        target.click()


def confirm(page: Page, password: str) -> None:
    check(page)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    follow(page, page.get_by_role("button", name="Confirmer"))


def test_a_passkey_signs_in_alone(named_page: Page, demo: tuple[str, dict[str, str]]) -> None:
    page, password = named_page, demo[1]["dominique@demo.example"]
    sign_in(page, "dominique@demo.example", password)
    page.wait_for_url("**/compte/")
    page.goto("/compte/securite/")
    check(page)
    follow(page, page.get_by_role("link", name="Ajouter une clé d’accès"))
    confirm(page, password)
    check(page)
    page.get_by_role("button", name="Créer la clé").click()
    page.wait_for_url("**/securite/codes/")
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger les codes").click()
    kept = Path(download.value.path()).read_text(encoding="utf-8")
    assert len(re.findall(r"^\d{8}$", kept, re.MULTILINE)) == 10
    sign_out(page)

    page.goto("/compte/connexion/")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url("**/compte/")
    page.goto("/compte/securite/")
    check(page)
    # Signing in was not enough: the key is asked for again before it is removed.
    follow(page, page.get_by_role("link", name="Retirer"))
    follow(page, page.get_by_role("link", name="Par une clé d’accès"))
    check(page)
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.get_by_role("button", name="Retirer la clé").click()
    expect(page.get_by_role("main")).to_contain_text("Activer une application de codes")


def test_a_passkey_is_a_second_factor_after_a_password(
    named_page: Page, demo: tuple[str, dict[str, str]]
) -> None:
    page, password = named_page, demo[1]["alix@demo.example"]
    sign_in(page, "alix@demo.example", password)
    page.wait_for_url("**/compte/")
    page.goto("/compte/securite/cles/ajouter/")
    confirm(page, password)
    page.get_by_role("button", name="Créer la clé").click()
    page.wait_for_url("**/securite/codes/")
    sign_out(page)
    sign_in(page, "alix@demo.example", password)
    page.wait_for_url("**/second-facteur/")
    check(page)
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url("**/compte/")
    # The account is that of other tests: it ends as it began.
    page.goto("/compte/securite/")
    follow(page, page.get_by_role("link", name="Retirer"))
    confirm(page, password)
    page.get_by_role("button", name="Retirer la clé").click()
    expect(page.get_by_role("main")).to_contain_text("Activer une application de codes")


def test_a_link_then_a_code_sign_in(
    named_page: Page, demo: tuple[str, dict[str, str]], demo_folder: Path
) -> None:
    page, password = named_page, demo[1]["camille@demo.example"]
    sign_in(page, "camille@demo.example", password)
    page.wait_for_url("**/compte/")
    page.goto("/compte/securite/application/")
    confirm(page, password)
    check(page)
    page.get_by_text("Je ne peux pas scanner").click()
    secret = (page.locator("code").first.text_content() or "").replace(" ", "")
    page.get_by_label("Code à 6 chiffres").fill("000000")
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_role("main")).to_contain_text("Ce code n’est pas le bon")
    check(page)
    page.get_by_label("Code à 6 chiffres").fill(code(secret))
    page.get_by_role("button", name="Activer").click()
    page.wait_for_url("**/securite/codes/")
    sign_out(page)

    page.goto("/compte/connexion/lien/")
    check(page)
    page.get_by_label("Adresse électronique").fill("camille@demo.example")
    page.get_by_role("button", name="Envoyer le lien").click()
    page.wait_for_url("**/lien/envoye/")
    check(page)
    written = max((demo_folder / "mail").iterdir(), key=lambda file: file.stat().st_mtime_ns)
    link = re.search(r"https?://\S+/lien/\S+", written.read_text(encoding="utf-8"))
    assert link
    page.goto(link.group())
    check(page)
    page.get_by_role("button", name="Me connecter").click()
    page.wait_for_url("**/second-facteur/")
    # The code of this half minute has served: the one of the next is already accepted.
    page.get_by_label("Code", exact=True).fill(code(secret, steps=1))
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/compte/")
    page.goto(link.group())
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce lien ne sert plus")
    check(page)

    page.goto("/compte/securite/application/retirer/")
    if "confirmer" in page.url:
        confirm(page, password)
    page.get_by_role("button", name="Retirer l’application").click()
    page.wait_for_url("**/securite/")


def test_signing_in_works_without_javascript(
    browser: Browser, demo: tuple[str, dict[str, str]]
) -> None:
    context = browser.new_context(base_url=demo[0], java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto("/compte/connexion/")
    expect(page.get_by_role("button", name="Utiliser une clé d’accès")).to_have_count(0)
    sign_in(page, "camille@demo.example", demo[1]["camille@demo.example"])
    expect(page).to_have_url(re.compile(r"/compte/(connexion/second-facteur/)?$"))
    context.close()


def test_by_number_the_page_of_passkeys_says_to_come_by_name(
    page: Page, demo: tuple[str, dict[str, str]]
) -> None:
    password = demo[1]["noa@demo.example"]
    sign_in(page, "noa@demo.example", password)
    page.wait_for_url("**/compte/")
    page.goto("/compte/securite/cles/ajouter/")
    confirm(page, password)
    expect(page.get_by_role("main")).to_contain_text("localhost")


@pytest.mark.parametrize(
    "path",
    [
        "/compte/connexion/",
        "/compte/inscription/",
        "/compte/mot-de-passe/oublie/",
        "/compte/mot-de-passe/oublie/envoye/",
        "/compte/adresse/a-confirmer/",
        "/compte/adresse/confirmer/rien/",
        "/compte/connexion/annulee/",
        "/compte/ferme/",
    ],
)
def test_pages_before_signing_in_have_no_serious_finding(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    check(page)
