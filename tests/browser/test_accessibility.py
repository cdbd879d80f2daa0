"""No serious finding of axe on any template, at two widths and in both palettes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.long]

PUBLIC_PAGES = [
    "/",
    "/recherche/?q=decrochage",
    "/recherche/?q=zzzzzz",
    "/territoires/",
    "/territoires/commune/94080/",
    "/territoires/ept/200057941/",
    "/territoires/department/94/",
    "/territoires/region/11/",
    "/acteurs/",
    "/acteurs/le-rameau/",
    "/catalyseurs/",
    "/alliances/",
    "/alliances/agir-ensemble-en-territoire/",
    "/alliances/ptce-vivre-les-mureaux/",
    "/exemples/",
    "/exemples/agir-ensemble-en-territoire/",
    "/exemples/agir-ensemble-en-territoire/fiche/",
    "/ressources/",
    "/referentiels/",
    "/sources/",
    "/a-propos/",
    "/accessibilite/",
    "/donnees-personnelles/",
    "/fonds/odd17/",
    "/fonds/odd17/portefeuille/",
    "/fonds/odd17/appels/",
    "/fonds/odd17/appels/demonstration/",
    "/fonds/odd17/donnees-ouvertes/",
    "/fonds/avances/simuler/",
    "/observatoire/",
    "/observatoire/etudes/impact_citizens/2022/",
    "/observatoire/questions/fragility/",
    "/observatoire/chiffres/",
    "/observatoire/explorer/?question=fragility&par=region",
    "/observatoire/profils/regions/bretagne/",
    "/observatoire/profils/fragilites/health/",
    "/observatoire/collisions/",
    "/observatoire/dynamiques/",
    "/observatoire/debats/",
    "/observatoire/communes/94080/",
    "/se-situer/",
    "/se-situer/appuis/",
    "/se-situer/chartes/",
    "/se-situer/validation/",
    "/api/",
    "/compte/connexion/",
    "/compte/connexion/lien/",
    "/compte/mot-de-passe/oublie/",
    "/inconnue/",
]
MEMBER_PAGES = [
    "/compte/",
    "/compte/roles/",
    "/compte/securite/",
    "/compte/mes-donnees/",
    "/compte/personnes/",
    "/journal/",
    "/espaces/",
    "/espaces/platform/",
    "/espaces/platform/acces/",
    "/espaces/platform/inviter/",
    "/acteurs/le-rameau/contacts/nouveau/",
    "/alliances/nouvelle/",
    "/alliances/importer/",
    "/acteurs/nouveau/",
    "/territoires/perimetres/nouveau/",
    "/exemples/nouveau/",
]
SERIOUS = {"serious", "critical"}


def serious_findings(page: Page) -> list[str]:
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {rule['help']} — {rule['nodes'][0]['html'][:160]}"
        for rule in found
        if rule["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_public_pages_have_no_serious_finding(page: Page, path: str) -> None:
    findings: dict[str, list[str]] = {}
    for width, scheme in ((390, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        opened = page.goto(path)
        assert opened
        assert opened.status == (404 if path == "/inconnue/" else 200)
        findings[f"{width} px, {scheme}"] = serious_findings(page)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{path} scrolls sideways by {overflow} px at {width} px"
    assert not any(findings.values()), findings


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/compte/connexion/")
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    page.wait_for_url("**/compte/")


def test_member_pages_have_no_serious_finding(page: Page, demo: tuple[str, dict[str, str]]) -> None:
    sign_in(page, *next(iter(demo[1].items())))
    findings = {}
    for path in MEMBER_PAGES:
        opened = page.goto(path)
        assert opened
        assert opened.status == 200, path
        findings[path] = serious_findings(page)
    assert not any(findings.values()), findings


def test_what_several_wrote_and_answered_has_no_serious_finding(
    page: Page, demo: tuple[str, dict[str, str]]
) -> None:
    """A charter and the answers of a territory: their addresses are those of the lists."""
    sign_in(page, "noa@demo.example", demo[1]["noa@demo.example"])
    findings = {}
    for path, title in (
        ("/se-situer/chartes/", "Charte inventée des cuisines du plateau"),
        ("/se-situer/ensemble/", "France"),
    ):
        for width, scheme in ((390, "dark"), (1280, "light")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(path)
            with page.expect_navigation():
                page.get_by_role("main").get_by_role("link", name=title).first.click()
            findings[f"{page.url}, {width} px, {scheme}"] = serious_findings(page)
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, f"{page.url} scrolls sideways by {overflow} px at {width} px"
    assert not any(findings.values()), findings
