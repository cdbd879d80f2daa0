"""The interface speaks French from its sources and English from its catalogue."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import polib
import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext
from scripts import messages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.one_engine

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w*\}")
TAG = re.compile(r"</?[a-z][^>]*>")
FRENCH = re.compile(
    "[àâçèéêëîïôùûüœÀÂÇÈÉÊËÎÏÔÙÛÜŒ«»]"
    r"|\b(aucune?|aux?|avec|cette|dans|des|du|est|et|la|le|les|leur|ou|par|pour|qui|sans|sur|une?"
    r"|vos|votre|vous)\b",
    re.IGNORECASE,
)
#: What an English reader types to search texts that are written in French, and proper names.
FRENCH_ON_PURPOSE = (
    "“accès aux soins”",
    "décrochage scolaire",
    "personnes âgées isolées",
    "étude citoyens",
    "La Réunion",
    "Réunion time",
    "Nouméa",
    "échelonné",
    "Observatoire des partenariats",
    "Provence-Alpes-Côte d’Azur",
)
PAGES = ("/", "/territoires/", "/alliances/", "/acteurs/", "/exemples/", "/compte/connexion/")


def english() -> list[tuple[str, str]]:
    """Give each French text that is translated with its English, plurals apart."""
    pairs = _pairs(polib.pofile(str(messages.catalogue_path("en"))))
    return [(source, target) for source, target in pairs if target]


def _pairs(catalogue: polib.POFile) -> Iterator[tuple[str, str]]:
    for entry in catalogue:
        if entry.msgid_plural:
            yield entry.msgid, entry.msgstr_plural[0]
            yield entry.msgid_plural, entry.msgstr_plural[1]
        else:
            yield entry.msgid, entry.msgstr


def collected(
    folder: Path, *, module: str = "", template: str = ""
) -> set[tuple[str | None, str, str | None]]:
    (folder / "templates").mkdir()
    (folder / "module.py").write_text(module, encoding="utf-8")
    (folder / "templates" / "page.html").write_text(template, encoding="utf-8")
    return {(found.context, found.singular, found.plural) for found in messages.collect(folder)}


def test_every_text_is_translated_and_the_compiled_files_are_those_of_the_sources() -> None:
    assert messages.check() == []


def test_a_new_text_or_another_plural_waits_for_its_translation() -> None:
    known = messages.english([messages.Message(None, "%(n)s fiche", "%(n)s fiches")], [])
    known[0].msgstr_plural = {0: "%(n)s record", 1: "%(n)s records"}
    same, plural, new = (
        messages.Message(None, "%(n)s fiche", "%(n)s fiches"),
        messages.Message(None, "%(n)s fiche", "%(n)s fichettes"),
        messages.Message("verbe", "%(n)s fiche"),
    )
    assert messages.untranslated(messages.english([same], known)) == []
    assert messages.untranslated(messages.english([plural], known)) == ["%(n)s fiche"]
    assert messages.untranslated(messages.english([new], known)) == ["%(n)s fiche"]


def test_texts_of_modules_are_collected(tmp_path: Path) -> None:
    module = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, npgettext, pgettext
one = _("Un texte " "en deux morceaux")
two = gettext_lazy('Un "guillemet", l’apostrophe\\u00a0: é')
three = ngettext("%(n)s fiche", "%(n)s fiches", len([1, 2]))
four = pgettext("verbe", "Porte"), npgettext("nom", "Porte", "Portes", 2)
five = _("Dehors {}").format(_("dedans"))
none = _(one), ngettext(one, two, 3)
"""
    assert collected(tmp_path, module=module) == {
        (None, "Un texte en deux morceaux", None),
        (None, 'Un "guillemet", l’apostrophe\u00a0: é', None),
        (None, "%(n)s fiche", "%(n)s fiches"),
        ("verbe", "Porte", None),
        ("nom", "Porte", "Portes"),
        (None, "Dehors {}", None),
        (None, "dedans", None),
    }


def test_texts_of_templates_are_collected(tmp_path: Path) -> None:
    template = """
    {% load i18n %}
  {% translate "À 100 %" as whole %}{{ whole }}
      {% translate 'Porte' context "verbe" %}
{% blocktranslate trimmed count counter=n with place=p|default:"ici" %}
    {{ counter }} fiche
    de {{ place }}
  {% plural %}
    {{ counter }} fiches de {{ place }}
{% endblocktranslate %}
{% blocktranslate %}Sans
  coupe{% endblocktranslate %}
{% include "x.html" with label=_("Une étiquette") %}
{{ value|default:_("non connu") }}{{ _("seul") }}
{% comment %}{% translate "En commentaire" %}{% endcomment %}
"""
    assert collected(tmp_path, template=template) == {
        (None, "À 100 %%", None),
        ("verbe", "Porte", None),
        (None, "%(counter)s fiche de %(place)s", "%(counter)s fiches de %(place)s"),
        (None, "Sans\n  coupe", None),
        (None, "Une étiquette", None),
        (None, "non connu", None),
        (None, "seul", None),
    }


def test_a_translation_keeps_every_placeholder_and_every_tag() -> None:
    for source, target in english():
        assert sorted(PLACEHOLDER.findall(source)) == sorted(PLACEHOLDER.findall(target)), source
        assert TAG.findall(source) == TAG.findall(target), source


def test_no_french_is_left_in_english() -> None:
    for source, target in english():
        # The name of a value is not read by anybody.
        rest = re.sub(r"%\(\w+\)s", "", target)
        for allowed in FRENCH_ON_PURPOSE:
            rest = rest.replace(allowed, "")
        assert not FRENCH.search(rest), source


def test_english_has_its_own_typography() -> None:
    for _source, target in english():
        assert not re.search(r"\s[:;?!]", target), target


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("fr", ("0 alliance", "1 alliance", "2 alliances")),
        ("en", ("0 alliances", "1 alliance", "2 alliances")),
    ],
)
def test_zero_is_singular_in_french_and_plural_in_english(
    language: str, shown: tuple[str, ...]
) -> None:
    with translation.override(language):
        said = [
            ngettext("%(count)s alliance", "%(count)s alliances", n) % {"count": n}
            for n in range(3)
        ]
    assert tuple(said) == shown


def test_django_has_no_other_french_for_our_texts() -> None:
    # The catalogue of Django is looked up too: one of its English texts may be one of ours.
    entries = polib.pofile(str(messages.catalogue_path("en")))
    with translation.override("fr"):
        for entry in entries:
            if not entry.msgctxt:
                assert gettext(entry.msgid) == entry.msgid


def french_in(page: str) -> list[str]:
    """List the French texts, or their parts between placeholders, that a page shows."""
    shown = " ".join(html.unescape(page).split())
    return [
        words
        for source, target in english()
        for words in (" ".join(part.split()) for part in PLACEHOLDER.split(source))
        if len(words) > 12
        # « publication » is not in « publications ».
        and re.search(rf"{re.escape(words)}(?!\w)", shown)
        and words not in " ".join(target.split())
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PAGES)
def test_an_english_page_has_no_french_text(
    client: Client, settings: Settings, address: str
) -> None:
    assert french_in(client.get(address).content.decode())
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = client.get(address).content.decode()
    assert '<html lang="en"' in page
    assert french_in(page) == []
