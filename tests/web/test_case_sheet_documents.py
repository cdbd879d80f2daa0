"""The case sheet on a page and on paper: the same words, tagged, inside their columns."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from tests.factories import case_sheets as shipped
from tests.factories import pdf

from alliage.alliances.vocabulary import Lever, Stage, World
from alliage.knowledge import document_tree as tree
from alliage.knowledge.case_sheet import compose
from alliage.knowledge.sheet_facts import (
    EventFacts,
    PartyFacts,
    PerspectiveFacts,
    SheetFacts,
    SupportFacts,
)
from alliage.values.dates import PartialDate
from alliage_web.alliances.models import (
    Alliance,
    AllianceTerm,
    Outcome,
    Party,
    Perspective,
    Support,
    SupportAmount,
    TimelineEvent,
)
from alliage_web.knowledge.documents import sheet_of, sheet_pdf
from alliage_web.knowledge.models import CaseSheet
from alliage_web.vocabulary.models import Scheme, SourceDocument, Term

if TYPE_CHECKING:
    from collections.abc import Iterator


FULL = shipped.FULL
#: Without a full content: with a support and the notice, with many parties, with almost nothing.
SHORT = ("fonds_soutien_instruction", "vitawin", "cent_chances_cent_emplois")

A4 = (595.28, 841.89)
MARGIN = 48.19  # 17 mm


@cache
def printed(case: str) -> bytes:
    return sheet_pdf(shipped.sheet(case))


def page_of(sheet: tree.Sheet, language: str = "fr") -> str:
    request = RequestFactory().get("/exemples/une-alliance/fiche/")
    request.user = AnonymousUser()
    context = {"sheet": sheet, "pdf_url": "/exemples/une-alliance/fiche.pdf"}
    with translation.override(language):
        return render_to_string("knowledge/sheet.html", context, request=request)


# ── Words ─────────────────────────────────────────────────────────────────────────────────────────


class _Article(HTMLParser):
    """The words of the sheet in a page: what is hidden from readers is left out."""

    _VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "path", "circle", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool, bool]] = []
        self.words: list[str] = []
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._VOID:
            return
        given = dict(attrs)
        inside, hidden = self._state()
        self.open.append(
            (tag, inside or tag == "article", hidden or given.get("aria-hidden") == "true")
        )
        if re.fullmatch(r"h\d", tag) and (inside or tag == "article"):
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself holds no words."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._VOID:
            assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        inside, hidden = self._state()
        if inside and not hidden:
            self.words.append(data)

    def _state(self) -> tuple[bool, bool]:
        return self.open[-1][1:] if self.open else (False, False)


def article(html: str) -> _Article:
    parser = _Article()
    parser.feed(html)
    return parser


def letters(text: str) -> str:
    """Drop what layout adds or takes: spaces, hyphens and places where a word may break."""
    return re.sub(r"[\s\u00ad\u2010\u2011\u200b-]", "", text)


@pytest.mark.one_engine
@pytest.mark.parametrize("case", [*FULL, *SHORT])
def test_the_page_and_the_pdf_say_the_same_words_in_the_same_order(case: str) -> None:
    on_page = letters("".join(article(page_of(shipped.sheet(case))).words))
    on_paper = letters(pdf.words(printed(case)))
    assert len(on_page) > 500
    assert on_paper == on_page


@pytest.mark.one_engine
@pytest.mark.parametrize("case", FULL)
def test_every_text_of_the_tree_is_on_the_page(case: str) -> None:
    on_page = letters("".join(article(page_of(shipped.sheet(case))).words))
    skipped = {"Les sept leviers de soutien", "Qui apporte quoi"}
    for block_text in tree.texts(shipped.sheet(case).pages):
        text = re.sub(r"\[\^(\d+)\]", r"\1", block_text)
        if text not in skipped and not text.startswith("Les quatre ") and len(text) > 6:
            assert letters(text) in on_page


@pytest.mark.one_engine
@pytest.mark.parametrize("case", [*FULL, *SHORT])
def test_headings_of_the_page_are_nested_under_one_title(case: str) -> None:
    levels = article(page_of(shipped.sheet(case))).headings
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.one_engine
def test_the_page_offers_the_pdf_and_says_in_which_language_it_is() -> None:
    french = page_of(shipped.sheet(shipped.PEMB))
    assert 'href="/exemples/une-alliance/fiche.pdf"' in french
    assert '<article class="sheet" lang="fr">' in french
    english = page_of(shipped.sheet(shipped.PEMB), "en")
    assert '<html lang="en"' in english
    assert '<article class="sheet" lang="fr">' in english


@pytest.mark.one_engine
def test_the_table_of_levers_of_the_page_has_seven_headers() -> None:
    html = page_of(shipped.sheet(shipped.PEMB))
    assert html.count('role="columnheader" scope="col"') == 7
    assert html.count('role="cell"') == 7
    assert html.count('class="sheet-icon"') == 7


@pytest.mark.one_engine
def test_the_page_has_neither_inline_style_nor_script() -> None:
    for case in FULL:
        html = page_of(shipped.sheet(case))
        assert " style=" not in html
        assert "<style" not in html
        assert not re.search(r"<script(?![^>]*\ssrc=)", html)


@pytest.mark.one_engine
def test_footnotes_are_linked_both_on_the_page_and_on_paper() -> None:
    html = page_of(shipped.sheet(shipped.ROMAINVILLE))
    assert set(re.findall(r'href="#note-(\d)"', html)) == set(re.findall(r'id="note-(\d)"', html))
    inner = [
        link
        for page in pdf.reader(printed(shipped.ROMAINVILLE)).pages
        for link in page.get("/Annots", [])
        if "/Dest" in link.get_object() or "/D" in link.get_object().get("/A", {})
    ]
    assert len(inner) == 2


# ── Paper ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.one_engine
@pytest.mark.parametrize("case", FULL)
def test_a_full_sheet_is_four_pages_of_a4(case: str) -> None:
    pages = pdf.reader(printed(case)).pages
    assert len(pages) == 4
    for page, banner in zip(pages, shipped.sheet(case).pages, strict=True):
        assert tuple(map(float, page.mediabox[2:])) == pytest.approx(A4, abs=0.1)
        assert letters(banner.banner) in letters(page.extract_text())


@pytest.mark.one_engine
@pytest.mark.parametrize("case", SHORT)
def test_a_shorter_sheet_has_fewer_pages(case: str) -> None:
    assert len(pdf.reader(printed(case)).pages) <= 2


def _structure(node: Any) -> Iterator[str]:
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        part = kid.get_object()
        if hasattr(part, "get") and "/S" in part:
            yield part["/S"]
            yield from _structure(part)


@pytest.mark.one_engine
@pytest.mark.parametrize("case", [*FULL, *SHORT])
def test_the_pdf_is_tagged_for_those_who_cannot_see_it(case: str) -> None:
    document = pdf.reader(printed(case))
    root: Any = document.trailer["/Root"]
    sheet = shipped.sheet(case)
    assert root["/Lang"].startswith("fr")
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert document.metadata is not None
    assert document.metadata.title == sheet.title
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    tags = list(_structure(root["/StructTreeRoot"]))
    assert tags.count("/H1") == 1
    assert tags.count("/H2") == len(sheet.pages)
    for level in (3, 4):
        assert tags.count(f"/H{level}") == sum(part.level == level for part in sheet.sections())


@pytest.mark.one_engine
@pytest.mark.parametrize("case", FULL)
def test_the_tables_of_the_pdf_have_header_cells(case: str) -> None:
    tags = list(_structure(pdf.reader(printed(case)).trailer["/Root"]["/StructTreeRoot"]))  # type: ignore[index]
    tables = [block for block in _blocks(shipped.sheet(case)) if isinstance(block, tree.Table)]
    assert tags.count("/TH") == 7 + sum(len(table.columns) for table in tables)
    assert tags.count("/Table") == 1 + len(tables)


def _blocks(sheet: tree.Sheet) -> Iterator[tree.Block]:
    for section in sheet.sections():
        yield from section.blocks


def check_inside_the_margins(file: bytes) -> None:
    measured = [run for run in pdf.runs(file) if run.text.strip()]
    assert len(measured) > 20
    for run in measured:
        # A justified line may end with a comma that hangs by a hair.
        assert run.start >= MARGIN - 1, run
        assert run.end <= A4[0] - MARGIN + 4, run
        assert 20 < run.y < A4[1] - 20, run


def check_columns_of_levers(file: bytes) -> None:
    """Every line that starts in a column of the table of levers ends before the next one."""
    width = (A4[0] - 2 * MARGIN) / len(Lever)
    inset = 4.25  # 1.5 mm
    lines = 0
    last = max(run.page for run in pdf.runs(file))
    for run in pdf.runs(file):
        for column in range(1, len(Lever)):
            start = MARGIN + column * width + inset
            if run.page == last and abs(run.start - start) < 0.3 and run.size < 9:
                assert run.end <= start + width - inset, (column, run)
                assert run.size >= 7.5
                lines += 1
    assert lines >= 2 * (len(Lever) - 1)


@pytest.mark.one_engine
@pytest.mark.parametrize("case", [*FULL, *SHORT])
def test_nothing_leaves_the_page(case: str) -> None:
    check_inside_the_margins(printed(case))


@pytest.mark.one_engine
@pytest.mark.parametrize("case", FULL)
def test_nothing_leaves_its_column_in_the_table_of_levers(case: str) -> None:
    check_columns_of_levers(printed(case))


@pytest.mark.one_engine
def test_the_same_sheet_gives_the_same_words_every_time() -> None:
    again = sheet_pdf(shipped.sheet(shipped.PEMB))
    assert pdf.words(again) == pdf.words(printed(shipped.PEMB))


# ── Hostile words ─────────────────────────────────────────────────────────────────────────────────

HOSTILE = (
    "#panic(\"non\") $x^2$ *gras* _it_ `code` = titre <b>gras</b> {{ 7 }} {% now 'Y' %} @ref \\ "
    '[lien](javascript:alert) // commentaire /* fin */ ~ #import "/etc/passwd" &amp;'
)
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
ENDLESS = "x" * 180


def hostile(word: str) -> tree.Sheet:
    facts = SheetFacts(
        title=f"Titre {word}",
        kind=word,
        summary=f"Résumé {word}",
        why=f"- {word}\n- {word}",
        places=(word,),
        parties=(PartyFacts(word, World.COMPANY, word, word),) * 3,
        timeline=tuple(EventFacts(PartialDate(year), word) for year in (2001, 2010, 2020)),
        supports=tuple(SupportFacts(lever, text=word) for lever in Lever),
        lessons=(word, word),
        perspectives=(PerspectiveFacts("local", word), PerspectiveFacts("project", word)),
        sources=(word,),
        private_fund_to_public_authority=True,
    )
    return compose(facts, shipped.reference(), shipped.boilerplate())


@pytest.mark.one_engine
@pytest.mark.parametrize("word", [HOSTILE, LONG, ENDLESS, "١٢٣ Ω Ж → ≥", "[^9] [^x]"])
def test_hostile_words_are_only_words(word: str) -> None:
    sheet = hostile(word)
    file = sheet_pdf(sheet)
    on_page = article(page_of(sheet)).words
    # Such words fill more than a page: two columns that go on overleaf are read page by page.
    assert Counter(letters(pdf.words(file))) == Counter(letters("".join(on_page)))
    check_inside_the_margins(file)


@pytest.mark.one_engine
def test_markup_of_the_web_is_escaped() -> None:
    html = page_of(hostile(HOSTILE))
    assert "&lt;b&gt;gras&lt;/b&gt;" in html
    assert "<b>gras</b>" not in html


@pytest.mark.one_engine
@pytest.mark.parametrize("word", [LONG, ENDLESS, "INTERMINISTÉRIELLES", "MonTresGrandNomDeMarque"])
def test_a_very_long_word_stays_in_its_column(word: str) -> None:
    sheet = shipped.sheet(shipped.PEMB)
    *pages, last = sheet.pages
    levers = last.main[0]
    assert isinstance(levers, tree.Section)
    table = levers.blocks[0]
    assert isinstance(table, tree.Levers)
    cells = tuple(replace(cell, phrases=(f"Le {word}", "Coaching")) for cell in table.columns)
    short_table = replace(levers, blocks=(replace(table, columns=cells),))
    file = sheet_pdf(replace(sheet, pages=(*pages, replace(last, main=(short_table,)))))
    check_columns_of_levers(file)
    check_inside_the_margins(file)


@pytest.mark.one_engine
def test_what_no_font_draws_is_kept_as_words_and_claims_nothing() -> None:
    sheet = hostile("une graine 🌱 et 漢字")
    file = sheet_pdf(sheet)
    root: Any = pdf.reader(file).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" not in root["/Metadata"].get_data()


# ── From the database ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def alliance(moment: dt.datetime) -> Alliance:
    made = Alliance.objects.create(
        code="une_alliance", slug="une-alliance", title="Une alliance", title_en="An alliance",
        kind="projet", kind_en="project", stage=Stage.MODELLING.value, started="2019",
        summary="Un résumé.", summary_en="A summary.", why="Un besoin.", territory_note="un bassin",
        source="sheet_pemb l.7", private_fund_to_public_authority=True,
        created_at=moment, updated_at=moment,
    )  # fmt: skip
    SourceDocument.objects.create(
        code="sheet_pemb", label_fr="Fiche PEMB", label_en="PEMB sheet", kind="case_sheet"
    )
    for scheme, terms in (
        (Scheme.OBJECTIVE, shipped.reference().objectives),
        (Scheme.CATALYST_FUNCTION, shipped.reference().functions),
    ):
        for order, term in enumerate(terms, start=1):
            Term.objects.create(
                scheme=scheme, code=term.code, label_fr=term.label, label_en="x", order=order,
                definition_fr=term.text, reading=term.reading.value,
            )  # fmt: skip
    AllianceTerm.objects.create(
        alliance=made, term=Term.objects.get(code="innovate"), reading="derived", reason="lu"
    )
    Party.objects.create(alliance=made, name="Une mairie", world="local_authority", role="pilote")
    TimelineEvent.objects.create(
        alliance=made, start="2019-03", end="2019-05", precision="month", text="Ça commence."
    )
    Outcome.objects.create(
        alliance=made, text="personnes venues", value=60, unit="personnes", status="declared",
        as_of="2020",
    )  # fmt: skip
    support = Support.objects.create(alliance=made, lever="direct_funding", text="un appui")
    SupportAmount.objects.create(
        support=support, eur=12000, first_year=2020, last_year=2021, purpose="l’étude",
        status="granted", reading="stated",
    )  # fmt: skip
    Perspective.objects.create(alliance=made, level="local", text="Une suite.")
    return made


@pytest.fixture
def moment() -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_sheet_is_composed_in_french_from_the_story(alliance: Alliance, language: str) -> None:
    with translation.override(language):
        sheet = sheet_of(alliance.slug)
    assert sheet is not None
    assert sheet.title == "Une alliance"
    assert sheet.subtitle == "Projet\u00a0– un bassin"
    words = [re.sub(r"\s", " ", text) for text in tree.texts(sheet)]
    for text in (
        "Un résumé.", "Modélisation", "2019", "Une mairie", "Collectivité", "Pilote",
        "De mars 2019 à mai 2019", "Ça commence.", "Objectif visé (déduit)", "60",
        "personnes venues", "Déclaré, 2020", "Un appui ; 2020-2021 : 12 k€ pour l’étude",
        "Une suite.", "Fiche PEMB, l. 7",
    ):  # fmt: skip
        assert text in words, text
    assert [block for section in sheet.sections() for block in section.blocks
            if isinstance(block, tree.Notice)]  # fmt: skip


@pytest.mark.django_db
def test_the_full_content_of_a_sheet_is_read_from_its_row(alliance: Alliance) -> None:
    for lever in set(Lever) - {Lever.DIRECT_FUNDING}:
        Support.objects.create(alliance=alliance, lever=lever.value, na=True)
    content = shipped.content(shipped.ROMAINVILLE).model_dump(mode="json")
    CaseSheet.objects.create(alliance=alliance, boilerplate_version="2022", content=content)
    sheet = sheet_of(alliance.slug)
    assert sheet is not None
    assert sheet.paged
    assert [page.banner for page in sheet.pages] == [
        page.banner for page in shipped.sheet(shipped.ROMAINVILLE).pages
    ]
    assert len(pdf.reader(sheet_pdf(sheet)).pages) == 4


@pytest.mark.django_db
def test_an_unknown_alliance_has_no_sheet() -> None:
    assert sheet_of("nulle-part") is None


@pytest.mark.one_engine
@pytest.mark.django_db
def test_composing_a_sheet_takes_a_constant_number_of_queries(
    alliance: Alliance, django_assert_max_num_queries: Any
) -> None:
    for rank in range(5):
        Party.objects.create(alliance=alliance, name=f"Partie {rank}", world="company")
    with django_assert_max_num_queries(15):
        sheet_of(alliance.slug)
