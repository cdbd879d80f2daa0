"""A newcomer's path, without typing an address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def test_from_the_home_map_to_a_similar_example(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("banner").get_by_role("link", name="Alliances")).to_be_visible()

    page.get_by_role("main").get_by_role("searchbox").fill("Vincennes")
    page.get_by_role("main").get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name=re.compile("^Vincennes")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vincennes")

    page.get_by_role("main").get_by_role("link", name="Agir Ensemble en Territoire").first.click()
    expect(page).to_have_url(re.compile(r"/alliances/[\w-]+/$"))

    page.get_by_role("main").get_by_role(
        "link", name=re.compile("fiche", re.IGNORECASE)
    ).first.click()
    expect(page).to_have_url(re.compile(r"/exemples/[\w-]+/fiche/$"))

    page.go_back()
    page.get_by_role("link", name=re.compile("Un exemple comparable")).click()
    expect(page).to_have_url(re.compile(r"/exemples/[\w-]+/#comparable$"))
    similar = page.get_by_role("region", name=re.compile("Comparable"))
    similar.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/(exemples|alliances)/[\w-]+/$"))
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Agir Ensemble")


def test_the_same_path_without_javascript(
    browser: Browser, demo: tuple[str, dict[str, str]]
) -> None:
    context = browser.new_context(base_url=demo[0], java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto("/alliances/")
    page.get_by_label(re.compile("Éducation")).first.check()
    page.get_by_role("button", name=re.compile("Afficher", re.IGNORECASE)).first.click()
    expect(page).to_have_url(re.compile("education"))
    expect(page.get_by_role("main")).to_contain_text("Agir Ensemble en Territoire")
    context.close()


def test_english_interface_is_complete_and_kept(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="English").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto("/territoires/commune/94080/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("banner")).to_contain_text("Territories")
