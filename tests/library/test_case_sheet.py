"""The case sheet: its sections, its seven cells, its words and their typography."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import case_sheets as shipped

from alliage.alliances.vocabulary import AmountStatus, Lever, OutcomeStatus, Reading, World
from alliage.knowledge import document_tree as tree
from alliage.knowledge.case_sheet import compose
from alliage.knowledge.sheet_facts import (
    AmountFacts,
    EventFacts,
    OutcomeFacts,
    PartyFacts,
    PerspectiveFacts,
    SheetFacts,
    SheetReference,
    SupportFacts,
    readable_sources,
)
from alliage.values.dates import PartialDate, Precision

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = shipped.FULL
EVERY = tuple(sorted(shipped.records()))

FIRST_PAGE = ["PARTENAIRES", "LE FONDS ODD17"]
IMPACT = "DÉMULTIPLIER L’IMPACT"
PERSPECTIVES = "PERSPECTIVES DE DÉMULTIPLICATION DE L’IMPACT"
TITLES = {
    shipped.PEMB: [
        *FIRST_PAGE,
        "PARIS EST MARNE & BOIS (PEMB)",
        "3 VOLETS D’INVESTISSEMENT",
        "GENÈSE",
        "LA DÉMARCHE AET",
        "EXTENSION DE LA DÉMARCHE : VITAWIN",
        "LA CONTRIBUTION DU FONDS ODD17",
        "ENJEUX DU PARTENARIAT ENTRE LE FONDS ODD17 ET PEMB",
        "OBJECTIF DE L’ALLIANCE SOUTENUE",
        "ACTIONS ENGAGÉES PAR LE FONDS ODD17",
        IMPACT,
        "SOUTIEN MULTIFORME DU FONDS ODD17 AUX ALLIANCES DE PEMB",
        PERSPECTIVES,
        "CONCLUSION SUR L’APPORT DU FONDS ODD17",
    ],
    shipped.MUREAUX: [
        *FIRST_PAGE,
        "PTCE VIVRE LES MUREAUX",
        "3 VOLETS D’INVESTISSEMENT",
        "4 CHAMPS D’ACTION",
        "GENÈSE",
        "ENJEUX DU PARTENARIAT ENTRE LE FONDS ODD17 ET LE PTCE VIVRE LES MUREAUX",
        "OBJECTIF DES ALLIANCES PORTÉES PAR LE PTCE VIVRE LES MUREAUX",
        "CONTEXTE",
        "LA CONTRIBUTION DU FONDS ODD17",
        "FOCUS SUR LE PARTENARIAT PTCE VIVRE LES MUREAUX – FONDATION AIR LIQUIDE",
        IMPACT,
        "SOUTIEN MULTIFORME DU FONDS ODD17 AU PTCE VIVRE LES MUREAUX",
        PERSPECTIVES,
        "CONCLUSION SUR L’APPORT DU FONDS ODD17 : MODÉLISER POUR DURER ET TRANSMETTRE",
    ],
    shipped.ROMAINVILLE: [
        *FIRST_PAGE,
        "COMPAGNIE GÉNÉRALE DES AUTRES (CGA)",
        "3 VOLETS D’INVESTISSEMENT",
        "4 CHAMPS D’ACTION",
        "GENÈSE",
        "ENJEUX DU PARTENARIAT ENTRE LE FONDS ODD17 ET LA COMPAGNIE GÉNÉRALE DES AUTRES",
        "OBJECTIF DU PROJET PORTÉ PAR LA COMPAGNIE GÉNÉRALE DES AUTRES",
        "GENÈSE",
        "LA CONTRIBUTION DU FONDS ODD17",
        "ACTIONS ENGAGÉES",
        "RÉSULTATS DE L’EXPÉRIMENTATION",
        IMPACT,
        "SOUTIEN MULTIFORME DU FONDS ODD17 À LA COMPAGNIE GÉNÉRALE DES AUTRES",
        PERSPECTIVES,
        "CONCLUSION",
    ],
}
NOT_USED = {
    shipped.PEMB: set(),
    shipped.MUREAUX: {Lever.DIRECT_FUNDING},
    shipped.ROMAINVILLE: {Lever.DATA, Lever.ENGINEERING_INPUT, Lever.PROMOTION},
}
AMOUNTS = {
    shipped.PEMB: {Lever.DIRECT_FUNDING: ["2021-2022 : 10 k€"]},
    shipped.MUREAUX: {Lever.ENGINEERING_INPUT: ["2020-2021 : 12 k€", "2020-2021 : 5 k€"]},
    shipped.ROMAINVILLE: {Lever.DIRECT_FUNDING: ["2021 : 15 k€"]},
}


def plain(text: str) -> str:
    """Write every space as an ordinary one."""
    return re.sub(r"\s", " ", text)


def blocks(node: object) -> Iterator[Any]:
    """Give every part of a tree, each before what it holds."""
    if isinstance(node, tuple):
        for item in node:
            yield from blocks(item)
    elif is_dataclass(node):
        yield node
        for part in fields(node):
            yield from blocks(getattr(node, part.name))


def found(sheet: tree.Sheet, kind: type[Any]) -> list[Any]:
    return [block for block in blocks(sheet) if isinstance(block, kind)]


def one(sheet: tree.Sheet, kind: type[Any]) -> Any:
    (block,) = found(sheet, kind)
    return block


def printed_titles(sheet: tree.Sheet) -> list[str]:
    titles = []
    for page in sheet.pages:
        titles.append(page.banner)
        titles += [
            part.title
            for part in (*page.main, *page.side)
            if isinstance(part, tree.Section) and part.level == 3
        ]
    return [plain(title) for title in titles]


def short(**changes: Any) -> tree.Sheet:
    facts = replace(SheetFacts("Une alliance", "projet", "Un résumé."), **changes)
    return compose(facts, shipped.reference(), shipped.boilerplate())


def cell(support: SupportFacts) -> tree.Lever:
    """Give the cell of a lever beside six that were not used."""
    others = (SupportFacts(lever, na=True) for lever in Lever if lever is not support.lever)
    table = one(short(supports=(support, *others)), tree.Levers)
    assert isinstance(table, tree.Levers)
    return next(column for column in table.columns if column.code == support.lever)


# ── Full sheets ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", FULL)
def test_titles_are_those_of_the_specification_in_their_order(case: str) -> None:
    assert printed_titles(shipped.sheet(case)) == TITLES[case]


@pytest.mark.parametrize("case", FULL)
def test_a_full_sheet_has_one_banner_a_page(case: str) -> None:
    sheet = shipped.sheet(case)
    assert sheet.paged
    assert len(sheet.pages) == 4


@pytest.mark.parametrize("case", FULL)
def test_the_seven_cells_keep_their_order_their_gaps_and_their_amounts(case: str) -> None:
    columns = one(shipped.sheet(case), tree.Levers).columns
    assert [cell.code for cell in columns] == [lever.value for lever in Lever]
    assert [cell.label for cell in columns] == [
        "Données",
        "Outils & Ressources",
        "Réseaux",
        "Apport en ingénierie",
        "Dialogue de gouvernance",
        "Financement direct",
        "Valorisation",
    ]
    assert {Lever(cell.code) for cell in columns if not cell.used} == NOT_USED[case]
    amounts = {
        Lever(cell.code): [plain(amount.head) for amount in cell.amounts]
        for cell in columns
        if cell.amounts
    }
    assert amounts == AMOUNTS[case]
    for cell in columns:
        assert any(phrase.startswith("NA") for phrase in cell.phrases) is not cell.used
        assert cell.phrases or cell.amounts


def test_a_lever_that_was_not_used_may_say_why() -> None:
    columns = one(shipped.sheet(shipped.ROMAINVILLE), tree.Levers).columns
    phrases = {Lever(cell.code): cell.phrases for cell in columns}
    assert phrases[Lever.DATA] == ("NA",)
    assert plain(phrases[Lever.PROMOTION][0]).startswith("NA – Pas de valorisation")


@pytest.mark.parametrize(
    ("case", "total"),
    [(shipped.PEMB, "10 k€"), (shipped.MUREAUX, "17 k€"), (shipped.ROMAINVILLE, "15 k€")],
)
def test_the_total_of_what_is_granted_stands_outside_the_table(case: str, total: str) -> None:
    note = plain(one(shipped.sheet(case), tree.Levers).note)
    assert note.startswith(f"Total des montants accordés : {total}.")
    assert ("NA :" in note) is bool(NOT_USED[case])


def _words_of(value: object, skipped: frozenset[str]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in skipped:
                yield from _words_of(item, skipped)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _words_of(item, skipped)


#: What a content says of itself, or in codes, or that the titles write in capitals.
_NOT_PRINTED = frozenset({
    "case_id", "fund_version", "provenance", "name_title", "heading", "article", "article_de",
    "article_a", "profile", "maturity", "created", "legal_form", "position", "start", "type",
    "highlighted", "diagram", "status", "unit", "value", "qualifier", "subtitle", "partner", "code",
    "version", "maturity_leads", "endowment_eur", "legal_gap_notice", "name", "url",
})  # fmt: skip


@pytest.mark.parametrize("case", FULL)
def test_every_text_of_the_content_and_of_the_boilerplate_is_printed(case: str) -> None:
    sheet = shipped.sheet(case)
    printed = " ".join(plain(text) for text in tree.texts(sheet)).casefold()
    written = [
        *_words_of(shipped.content(case).model_dump(), _NOT_PRINTED),
        *_words_of(shipped.boilerplate().model_dump(), _NOT_PRINTED),
    ]
    assert len(written) > 50
    for text in written:
        for part in text.split(" – ", 1) if text.startswith("Volet") else [text]:
            assert plain(tree.french(part)).casefold() in printed


@pytest.mark.parametrize("case", FULL)
def test_each_footnote_is_called_and_stands_on_the_page_that_calls_it(case: str) -> None:
    notes = 0
    for page in shipped.sheet(case).pages:
        called = {
            call for text in tree.texts(page.main) for call in re.findall(r"\[\^(\d+)\]", text)
        }
        given = [
            note for block in page.foot if isinstance(block, tree.Notes) for note in block.items
        ]
        assert {str(note.number) for note in given} == called
        notes += len(given)
    assert notes == len(shipped.boilerplate().footnotes) + len(shipped.content(case).footnotes)


def test_the_diagram_of_objectives_highlights_those_of_the_sheet_and_says_how_they_are_known() -> (
    None
):
    nodes = one(shipped.sheet(shipped.PEMB), tree.Diagram).nodes
    assert [(node.number, node.highlighted) for node in nodes] == [
        (1, True), (2, False), (3, False), (4, True),
    ]  # fmt: skip
    assert [node.mark for node in nodes] == ["Objectif visé", "", "", "Objectif visé (déduit)"]


def test_the_diagram_of_functions_says_that_its_names_come_from_elsewhere() -> None:
    diagram = one(shipped.sheet(shipped.ROMAINVILLE), tree.Diagram)
    assert diagram.shape == "four_functions"
    assert [node.label for node in diagram.nodes] == [
        term.label for term in shipped.reference().functions
    ]
    assert "source extérieure" in diagram.note


def test_the_diagram_of_functions_needs_functions() -> None:
    bare = SheetReference(shipped.reference().objectives)
    case = shipped.ROMAINVILLE
    with pytest.raises(ValueError, match="names no function of catalysts"):
        compose(shipped.facts(case), bare, shipped.boilerplate(), shipped.content(case))


def test_parties_are_drawn_by_their_monogram_and_their_world() -> None:
    signing, others = found(shipped.sheet(shipped.PEMB), tree.Partners)
    assert [(mark.monogram, mark.world) for mark in signing.marks] == [
        ("ODD17", "other"), ("PEMB", "local_authority"),
    ]  # fmt: skip
    parties = {party.name for party in shipped.facts(shipped.PEMB).parties}
    named = {mark.name for mark in others.marks}
    assert named < parties
    assert len(named) == len(parties) - 2


def test_a_sheet_without_a_section_has_neither_its_title_nor_its_place() -> None:
    case = shipped.MUREAUX
    content = shipped.content(case)
    bare = content.model_copy(update={"focus": None})
    sheet = compose(shipped.facts(case), shipped.reference(), shipped.boilerplate(), bare)
    titles = printed_titles(sheet)
    assert [title for title in TITLES[case] if title not in titles] == [
        "FOCUS SUR LE PARTENARIAT PTCE VIVRE LES MUREAUX – FONDATION AIR LIQUIDE"
    ]
    assert not found(sheet, tree.Table)


# ── Every sheet ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", EVERY)
def test_no_title_no_list_and_no_text_is_empty(case: str) -> None:
    sheet = shipped.sheet(case)
    for page in sheet.pages:
        assert page.banner
        assert page.main
    for block in blocks(sheet):
        if isinstance(block, tree.Section):
            assert block.title
            assert block.blocks
        if isinstance(block, tree.Paragraph):
            assert block.text
        for name in ("items", "moments", "columns", "rows", "nodes", "marks"):
            assert getattr(block, name, None) != ()
        if isinstance(block, tree.Bullets):
            assert all(block.items)


@pytest.mark.parametrize("case", EVERY)
def test_headings_never_skip_a_level(case: str) -> None:
    def check(parts: tuple[tree.Block, ...], level: int) -> None:
        for part in parts:
            if isinstance(part, tree.Section):
                assert part.level == level + 1
                check(part.blocks, part.level)

    for page in shipped.sheet(case).pages:
        # The title of the sheet is of level 1, a banner of level 2.
        check((*page.main, *page.side, *page.foot), 2)


@pytest.mark.parametrize("case", EVERY)
def test_the_notice_is_shown_where_a_private_fund_pays_a_public_body(case: str) -> None:
    notices = found(shipped.sheet(case), tree.Notice)
    assert bool(notices) is shipped.records()[case].private_fund_to_public_authority
    for notice in notices:
        assert plain(notice.text) == plain(tree.french(shipped.boilerplate().legal_gap_notice))


def test_two_cases_at_least_show_the_notice() -> None:
    assert sum(bool(found(shipped.sheet(case), tree.Notice)) for case in EVERY) >= 2


@pytest.mark.parametrize("case", EVERY)
def test_french_spaces_and_signs_are_right_everywhere(case: str) -> None:
    wrong = re.compile(r"\w'\w| [:;!?»%€]|« |\d (?:k€|M€|%)|\d\s?k €|\.\.\.|\"| - |\s\s")
    for text in tree.texts(shipped.sheet(case)):
        assert not wrong.search(text), text


@pytest.mark.parametrize("case", EVERY)
def test_every_sheet_names_its_sources(case: str) -> None:
    foot = [text for block in shipped.sheet(case).pages[-1].foot for text in tree.texts(block)]
    assert "Sources :" in [plain(text) for text in foot]
    assert not re.search(r"\b(?:sheet|proceedings|launch)_", " ".join(foot))


@pytest.mark.parametrize("case", sorted(set(EVERY) - set(FULL)))
def test_a_case_without_full_content_gives_what_its_facts_allow(case: str) -> None:
    sheet, facts = shipped.sheet(case), shipped.facts(case)
    titles = printed_titles(sheet)
    assert not sheet.paged
    assert titles[:3] == ["PARTENAIRES", "L’ALLIANCE EN BREF", "QUI FAIT ALLIANCE"]
    assert ("LA CONTRIBUTION DU FONDS ODD17" in titles) is bool(facts.supports)
    assert ("LES DATES" in titles) is bool(facts.timeline)
    assert ("ENSEIGNEMENTS" in titles) is bool(facts.lessons)
    printed = " ".join(plain(text) for text in tree.texts(sheet))
    for party in facts.parties:
        assert plain(tree.french(party.name)) in printed


# ── Sheets of any facts ───────────────────────────────────────────────────────────────────────────


def test_the_least_facts_give_the_least_sheet() -> None:
    sheet = short()
    assert printed_titles(sheet) == ["PARTENAIRES", "L’ALLIANCE EN BREF", "REPÈRES"]
    assert [item.term for item in one(sheet, tree.Definitions).items] == ["Forme"]


def test_facts_alone_fill_their_sections() -> None:
    sheet = short(
        why="Un besoin.\n\n- premier\n- **second**",
        reusable="- à reprendre",
        lessons=("Une leçon.",),
        perspectives=(PerspectiveFacts("local", "Une suite."),),
        outcomes=(OutcomeFacts("un prix reçu", OutcomeStatus.DECLARED),),
    )
    assert printed_titles(sheet) == [
        "PARTENAIRES", "L’ALLIANCE EN BREF", "REPÈRES", "GENÈSE", "POURQUOI", IMPACT, "RÉSULTATS",
        "ENSEIGNEMENTS", "CE QUE D’AUTRES PEUVENT REPRENDRE", "PERSPECTIVES",
    ]  # fmt: skip
    assert [block.items for block in found(sheet, tree.Bullets)] == [
        ("premier", "second"), ("Un prix reçu (déclaré)",), ("Une leçon.",), ("à reprendre",),
    ]  # fmt: skip


def test_a_figure_says_its_unit_once_and_how_it_is_known() -> None:
    sent, done = OutcomeStatus.DECLARED, OutcomeStatus.OBSERVED
    june = PartialDate(2022, 6)
    outcomes = (
        OutcomeFacts("personnes interrogées", sent, Decimal(60), "environ", "personnes", june),
        OutcomeFacts("élèves touchés", OutcomeStatus.PLANNED, Decimal(250), "", "élèves par an"),
        OutcomeFacts("acteurs réunis", done, Decimal(100), "une centaine", "acteurs"),
        OutcomeFacts("fonds levés", sent, Decimal(1_500_000), "", "euros"),
        OutcomeFacts("part des femmes", OutcomeStatus.ESTIMATED, Decimal(34), "", "%"),
    )
    sheet = short(outcomes=outcomes)
    figures = [
        tuple(plain(text) for text in (item.value, item.unit, item.label, item.status))
        for item in one(sheet, tree.Figures).items
    ]
    assert figures == [
        ("environ 60", "", "personnes interrogées", "Déclaré, juin 2022"),
        ("250", "élèves par an", "élèves touchés", "Prévu"),
        ("environ 100", "", "acteurs réunis", "Observé"),
        ("1,5 M€", "", "fonds levés", "Déclaré"),
        ("34", "%", "part des femmes", "Estimé"),
    ]


def test_dates_are_written_and_drawn_as_precisely_as_they_are_known() -> None:
    sheet = short(
        timeline=(
            EventFacts(PartialDate(2022, 12), "d", precision=Precision.APPROXIMATE, planned=True),
            EventFacts(PartialDate(2014, 9), "b", precision=Precision.MONTH),
            EventFacts(PartialDate(2012), "a", end=PartialDate(2013)),
            EventFacts(PartialDate(2020, 6), "c", precision=Precision.SEASON),
        )
    )
    timeline = one(sheet, tree.Timeline)
    assert [(moment.when, moment.text) for moment in timeline.moments] == [
        ("2012-2013", "a"),
        ("Septembre 2014", "b"),
        ("Été 2020", "c"),
        ("Vers 2022 (prévu)", "d"),
    ]
    assert [tick.label for tick in timeline.ticks] == [
        "2012",
        "2014",
        "2016",
        "2018",
        "2020",
        "2022",
    ]
    starts = [moment.start for moment in timeline.moments]
    assert starts == sorted(starts)
    assert all(0 <= start <= 1 for start in starts)
    first = timeline.moments[0]
    # Two whole years of the eleven that the scale shows.
    assert first.end - first.start == pytest.approx(2 / 11, abs=1e-3)


def test_a_very_long_scale_has_few_ticks() -> None:
    years = (1, 1200, 9999)
    events = tuple(EventFacts(PartialDate(year), "a") for year in years)
    ticks = one(short(timeline=events), tree.Timeline).ticks
    assert [tick.label for tick in ticks] == ["1", "2001", "4001", "6001", "8001"]


def test_two_dates_are_listed_and_not_drawn() -> None:
    events = (EventFacts(PartialDate(2012), "a"), EventFacts(PartialDate(2020), "b"))
    timeline = one(short(timeline=events), tree.Timeline)
    assert not timeline.ticks
    assert [moment.start for moment in timeline.moments] == [None, None]


def test_a_few_levers_make_a_list_and_never_a_table_with_holes() -> None:
    support = SupportFacts(
        Lever.DIRECT_FUNDING,
        amounts=(AmountFacts(Decimal(10_000), "une étude", status=AmountStatus.CONDITIONAL),),
    )
    sheet = short(supports=(support,))
    assert not found(sheet, tree.Levers)
    section = next(part for part in sheet.sections() if part.title == "SOUTIEN DU FONDS ODD17")
    (listed,) = section.blocks
    assert isinstance(listed, tree.Definitions)
    (item,) = listed.items
    assert item.term == "Financement direct"
    assert plain(item.text) == "10 k€ pour une étude (sous condition)"


@pytest.mark.parametrize(
    ("euros", "years", "head"),
    [
        (5_000, (2020, 2021), "2020-2021 : 5 k€"),
        (12_000, (2021,), "2021 : 12 k€"),
        (1_500_000, (2019, 2021), "2019, 2021 : 1,5 M€"),
        (900, (2021,), "2021 : 900 €"),
        (1_550, (2021,), "2021 : 1 550 €"),
        (10_050, (2021,), "2021 : 10 050 €"),
    ],
)
def test_amounts_are_written_short_and_never_rounded(
    euros: int, years: tuple[int, ...], head: str
) -> None:
    support = SupportFacts(
        Lever.DIRECT_FUNDING, amounts=(AmountFacts(Decimal(euros), "l’étude", years),)
    )
    (amount,) = cell(support).amounts
    assert (plain(amount.head), amount.purpose) == (head, "pour l’étude")


def test_phrases_of_a_cell_are_separated_by_spaced_semicolons_only() -> None:
    support = SupportFacts(Lever.NETWORKS, text="le réseau; un club ; une rencontre")
    assert [plain(phrase) for phrase in cell(support).phrases] == [
        "Le réseau; un club",
        "Une rencontre",
    ]


def test_a_call_to_no_footnote_is_dropped() -> None:
    sheet = short(summary="Un résumé[^7] bref.")
    assert "Un résumé bref." in list(tree.texts(sheet))


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Fonds ODD17", "ODD17"),
        ("EPT Paris Est Marne & Bois", "EPT"),
        ("Compagnie Générale des Autres", "CGA"),
        ("Fondation Air Liquide", "FAL"),
        ("La Gerbe", "G"),
        ("À", "À"),
    ],
)
def test_monograms(name: str, letters: str) -> None:
    sheet = short(parties=(PartyFacts(name, World.OTHER),))
    (mark,) = one(sheet, tree.Partners).marks
    assert mark.monogram == letters


def test_sources_are_named_once_each() -> None:
    names = readable_sources(
        ["sheet_pemb l.7 ; X99", "sheet_pemb l.7", "entretien"], {"sheet_pemb": "Fiche PEMB"}
    )
    assert [plain(name) for name in names] == ["Fiche PEMB, l. 7", "X99", "entretien"]


def test_the_reading_of_an_objective_is_said() -> None:
    sheet = short(
        objectives=(("innovate", Reading.DERIVED), ("performance_engagement", Reading.STATED))
    )
    marks = {node.label: node.mark for node in one(sheet, tree.Diagram).nodes if node.highlighted}
    assert list(marks.values()) == ["Objectif visé", "Objectif visé (déduit)"]


def test_every_world_has_a_name() -> None:
    parties = tuple(PartyFacts(world.value, world) for world in World)
    marks = one(short(parties=parties), tree.Partners).marks
    assert len({mark.world_label for mark in marks}) == len(World)


# ── Typography ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("l'alliance d'ici", "l’alliance d’ici"),
        ("12k €, 1.5M €, 3 k€", "12\u00a0k€, 1,5\u00a0M€, 3\u00a0k€"),
        ("2021 - 2022", "2021-2022"),
        ("2020–2021", "2020-2021"),
        ('un "PTCE"', "un «\u00a0PTCE\u00a0»"),
        ("Quoi ? Ceci : cela ; fin !", "Quoi\u202f? Ceci\u00a0: cela\u202f; fin\u202f!"),
        ("ainsi - ou non", "ainsi\u00a0– ou non"),
        ("n° 648 et ODD 17", "n°\u00a0648 et ODD\u00a017"),
        ("520 000 élèves", "520\u202f000 élèves"),
        ("deux\nlignes\t et plus", "deux lignes et plus"),
        ("nul\u0000\u202e et \ufeffrien", "nul et rien"),
        ("e\u0301cole", "école"),
        ("https://a.fr/b?c", "https://a.fr/b?c"),
    ],
)
def test_french_typography(typed: str, printed: str) -> None:
    assert tree.french(typed) == printed


@given(
    st.text(
        alphabet=st.sampled_from(list("aé0129 '’\"«»:;!?%€kM.-–\n\u00a0\u202fODDn°")), max_size=60
    )
)
def test_setting_a_text_twice_changes_nothing(text: str) -> None:
    once = tree.french(text)
    assert tree.french(once) == once


@given(st.text(max_size=60))
def test_only_spaces_and_signs_change(text: str) -> None:
    def letters(value: str) -> str:
        return "".join(char for char in value if char.isalpha())

    kept = "".join(
        char
        for char in unicodedata.normalize("NFC", text)
        if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    assert letters(tree.french(text)) == letters(kept)


def test_typography_leaves_codes_and_addresses_alone() -> None:
    note = tree.Note(1, "l'adresse", "https://exemple.fr/l'adresse?a=1")
    assert tree.typeset(note) == tree.Note(1, "l’adresse", "https://exemple.fr/l'adresse?a=1")


def test_the_tree_is_written_as_data_with_the_kind_of_each_block() -> None:
    data = tree.as_data(shipped.sheet(shipped.PEMB))
    kinds = set(re.findall(r"'kind': '(\w+)'", str(data)))
    assert {"section", "paragraph", "bullets", "timeline", "levers", "diagram", "notice"} <= kinds
    assert "[^1]" in str(data)
