"""The questionnaire by keyboard alone, on a phone, with and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
PHONE: Any = {"width": 390, "height": 844}
COUNT = 24


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def begin(page: Page, address: str) -> None:
    page.goto(f"{address}/se-situer/")
    page.check("input[name=world][value=association]")
    page.click("main button:has-text('Commencer')")
    page.wait_for_url("**/question/1/")


def test_the_questionnaire_is_answered_by_keyboard(
    browser: Browser, demo: tuple[str, dict[str, str]]
) -> None:
    address, _passwords = demo
    page = browser.new_context(viewport=PHONE, locale="fr-FR").new_page()
    begin(page, address)
    for number in range(1, COUNT + 1):
        page.wait_for_url(f"**/question/{number}/")
        assert page.evaluate("document.activeElement.id") == "question", (
            "the question is read first"
        )
        page.keyboard.press("Tab")
        if number <= COUNT - 2:
            page.keyboard.press("Space")
            page.keyboard.press("ArrowDown")
        if 6 < number <= COUNT - 2:
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.name") == "proved"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"
        if number in {1, 7, COUNT}:
            assert serious(page) == []
        page.keyboard.press("Enter")
    page.wait_for_url("**/resultat/")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_an_error_takes_the_focus_and_leads_to_the_answers(
    browser: Browser, demo: tuple[str, dict[str, str]]
) -> None:
    address, _passwords = demo
    page = browser.new_context(viewport=PHONE, locale="fr-FR").new_page()
    begin(page, address)
    page.click("main button:has-text('Continuer')")
    assert "error-summary" in page.evaluate("document.activeElement.className")
    page.click(".error-summary a")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "answer"
    assert serious(page) == []


def test_a_result_is_kept_and_found_again_without_javascript(
    browser: Browser, demo: tuple[str, dict[str, str]]
) -> None:
    address, _passwords = demo
    context = browser.new_context(viewport=PHONE, locale="fr-FR", java_script_enabled=False)
    page = context.new_page()
    begin(page, address)
    for number in range(1, 7):
        page.check("input[name=answer][value='0']")
        page.click("main button:has-text('Continuer')")
        page.wait_for_url(f"**/question/{number + 1}/")
    page.click("text=Voir le résultat avec ce qui est déjà répondu")
    page.click("text=Garder ce résultat")
    page.click("main button:has-text('Garder et recevoir')")
    link = page.url
    elsewhere = browser.new_context(viewport=PHONE, locale="fr-FR", color_scheme="dark").new_page()
    elsewhere.goto(link)
    assert "Votre porte" in elsewhere.inner_text("h1")
    assert serious(elsewhere) == []
    elsewhere.goto(f"{link}groupe/")
    elsewhere.fill("#open_name", "Les Jardins")
    elsewhere.click("main form:has(#open_name) button")
    elsewhere.wait_for_selector(".positioning-link")
    assert serious(elsewhere) == []
