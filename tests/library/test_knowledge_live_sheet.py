"""A case sheet drafted from a live file, and the consent of those that it names."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.factories import case_sheets

from alliage.alliances.vocabulary import (
    AmountStatus,
    Lever,
    OutcomeStatus,
    Reading,
    Stage,
    World,
)
from alliage.knowledge import consent, document_tree, live_sheet
from alliage.knowledge.consent import (
    CONSENT,
    PROPOSAL,
    Consent,
    ConsentDecision,
    ConsentProblem,
    ConsentRefused,
    ConsentState,
    ProposalDecision,
    ProposalState,
    check_all_consent,
    check_same_content,
    missing_consents,
    next_consent_state,
    next_proposal_state,
)
from alliage.knowledge.live_file import (
    Indicator,
    LiveFile,
    Sourced,
    SourcedEvent,
    SourcedParty,
    Sum,
    SumKind,
    SupportGiven,
    draft,
)
from alliage.knowledge.live_sheet import LiveSheet, Rubric, Source
from alliage.knowledge.sheet_facts import EventFacts, PartyFacts, SheetFacts
from alliage.values.dates import PartialDate, Precision
from alliage.values.money import euros

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "sheet-consent-states.md"
APPLICATION = Source(origin="Dossier essai-1", place="question « besoin »")
BOOK = Source(origin="Livre des soutiens")
AGREEMENT = Source(origin="Convention conv-2026-001")


def file(**more: object) -> LiveFile:
    """Make a file where a company and a town act together."""
    facts = SheetFacts(
        title="Passerelles",
        kind="alliance territoriale",
        summary="Une entreprise et une ville relient l’école et l’emploi.",
        why="Chacun seul échouait.",
        stage=Stage.MODELLING,
        places=("Les Mureaux",),
        objectives=(("co_construction", Reading.STATED),),
        parties=(
            PartyFacts("Fonds ODD17", World.OTHER, "finance", slug="fonds-odd17"),
            PartyFacts("Acme", World.COMPANY, "accueille", "Des stages chez Acme", "acme"),
            PartyFacts("Ville de Demain", World.LOCAL_AUTHORITY, "anime", slug="ville"),
        ),
        timeline=(EventFacts(PartialDate(2020), "Rencontre avec l’Acme."),),
    )
    values = {"fund": "Fonds ODD17", "fund_slug": "fonds-odd17", "alliance": facts}
    return LiveFile(**{**values, "alliance_page": "Page de l’alliance", **more})  # type: ignore[arg-type]


def whole() -> LiveFile:
    """Make a file where everything is known."""
    return file(
        common=case_sheets.boilerplate(),
        need=Sourced("Les jeunes décrochent.", APPLICATION),
        why_together=Sourced("Ensemble, on couvre tout le parcours.", APPLICATION),
        steps=(Sourced("Former dix tuteurs", APPLICATION, "juin 2026"),),
        applicants=(
            SourcedParty(
                PartyFacts("Acme", World.COMPANY, brings="Dix tuteurs", slug="acme"), APPLICATION
            ),
            SourcedParty(PartyFacts("Le Lycée", World.ACADEMIC, slug="lycee"), APPLICATION),
        ),
        events=(
            SourcedEvent(
                EventFacts(PartialDate(2026, 3, 2), "Convention signée.", precision=Precision.DAY),
                AGREEMENT,
            ),
        ),
        decision=(Sourced("Un projet solide.", Source(origin="Comité n° 3")),),
        purpose=Sourced("Un poste d’ingénierie.", AGREEMENT),
        sums=(
            Sum(SumKind.AGREED, euros(12_000), AGREEMENT),
            Sum(SumKind.PAID, euros(0), AGREEMENT, PartialDate(2026, 11, 21)),
            Sum(SumKind.CONDITIONAL, euros(3_000), BOOK),
        ),
        supports=(
            SupportGiven(Lever.DIRECT_FUNDING, "la mission", BOOK, euros(12_000), True, (2026,)),
            SupportGiven(Lever.NETWORKS, "Mise en relation", BOOK),
            SupportGiven(Lever.TOOLS_RESOURCES, "Un local", BOOK, euros(900)),
        ),
        indicators=(
            Indicator("jeunes formés", OutcomeStatus.DECLARED, APPLICATION, Decimal(10), "jeunes"),
        ),
        reports=(Sourced("Le groupe tient.", Source(origin="Rapport de 2026"), "Bilan"),),
    )


def printed(sheet: LiveSheet) -> document_tree.Sheet:
    return live_sheet.compose(sheet, case_sheets.reference())


def said(sheet: LiveSheet) -> str:
    return "\n".join(document_tree.texts(printed(sheet)))


def titles(sheet: LiveSheet) -> list[str]:
    return [section.title for section in printed(sheet).sections()]


def test_a_whole_file_fills_four_pages() -> None:
    found = printed(draft(whole()))
    assert [page.banner for page in found.pages] == [
        "PARTENAIRES", "GENÈSE", "LA CONTRIBUTION DU FONDS ODD17", "DÉMULTIPLIER L’IMPACT",
    ]  # fmt: skip
    assert {"LE BESOIN", "L’ARGENT", "CE QUE LE FONDS A DÉCIDÉ"} <= set(titles(draft(whole())))


def test_what_is_unknown_leaves_no_title() -> None:
    bare = file(alliance=SheetFacts("Passerelles", "", "Deux phrases."))
    found = printed(draft(bare))
    assert [section.title for section in found.sections()] == ["L’ALLIANCE EN BREF"]
    assert all(section.blocks for section in found.sections())


def test_each_sum_stands_alone_and_nothing_paid_is_zero() -> None:
    money = next(
        section for section in printed(draft(whole())).sections() if section.title == "L’ARGENT"
    )
    figures = money.blocks[0]
    assert isinstance(figures, document_tree.Figures)
    told = [
        (item.value.replace("\u202f", " ").replace("\xa0", " "), item.status)
        for item in figures.items
    ]
    assert told == [
        ("12 k€", "Annoncé"),
        ("0 €", "Au 21 novembre 2026"),
        ("3 k€", "Sous condition"),
    ]


def test_what_is_in_kind_is_told_and_never_added_to_money() -> None:
    text = said(draft(whole())).replace("\u202f", " ").replace("\xa0", " ")
    assert "Un local (valeur estimée : 900 €)" in text
    assert "900 € pour" not in text


def test_what_the_application_says_goes_before_the_page_of_the_alliance() -> None:
    sheet = draft(whole())
    assert [each.text for each in sheet.of(Rubric.WHY_TOGETHER)] == [
        "Ensemble, on couvre tout le parcours."
    ]
    assert [(each.label, each.text) for each in sheet.of(Rubric.CONTRIBUTION)] == [
        ("Acme", "Dix tuteurs")
    ]
    assert draft(file()).of(Rubric.WHY_TOGETHER)[0].source.place == "pourquoi"


def test_an_applicant_that_the_alliance_does_not_hold_is_named_too() -> None:
    names = [each.text for each in live_sheet.named_parties(draft(whole()))]
    assert names == ["Acme", "Ville de Demain", "Le Lycée"]


def test_the_lever_of_the_book_replaces_that_of_the_page() -> None:
    facts = case_sheets.facts(case_sheets.PEMB)
    sheet = draft(file(alliance=facts, supports=(SupportGiven(Lever.DATA, "Une étude", BOOK),)))
    data = [
        each
        for each in sheet.of(Rubric.LEVER)
        if isinstance(each.fact, live_sheet.LeverFact) and each.fact.lever is Lever.DATA
    ]
    assert [each.source for each in data] == [BOOK]


@pytest.mark.parametrize("case", case_sheets.FULL)
def test_the_real_alliances_give_a_sheet_of_four_pages(case: str) -> None:
    sheet = draft(file(alliance=case_sheets.facts(case), common=case_sheets.boilerplate()))
    pages = printed(sheet).pages
    assert [page.banner for page in pages][0::3] == ["PARTENAIRES", "DÉMULTIPLIER L’IMPACT"]
    assert any(isinstance(block, document_tree.Paragraph) for block in pages[-1].foot)


def test_another_fund_speaks_for_itself() -> None:
    sheet = draft(
        file(
            fund="Fondation du Lac",
            fund_slug="lac",
            fund_text=Sourced("Elle soutient les alliances.", Source(origin="Page du fonds")),
        )
    )
    text = "\n".join(document_tree.texts(live_sheet.compose(sheet, case_sheets.reference())))
    assert "Elle soutient les alliances." in text
    assert "LE RAMEAU" not in text.upper()


def test_what_every_sheet_repeats_is_part_of_what_is_consented_to() -> None:
    made = case_sheets.boilerplate()
    facts = case_sheets.facts(case_sheets.PEMB)
    sheet = draft(file(alliance=facts, common=made))
    assert made.legal_gap_notice in [each.text for each in sheet.of(Rubric.NOTICE)]
    assert "[^" not in said(sheet)
    later = made.model_copy(update={"mission": "Une autre mission."})
    other = draft(file(alliance=facts, common=later))
    assert live_sheet.digest(other) != live_sheet.digest(sheet)


# ── Provenance ────────────────────────────────────────────────────────────────────────────────────

words = st.text(alphabet="abcé ’", min_size=1, max_size=20).filter(str.strip)
sources = st.builds(Source, origin=words.map(str.strip), place=st.none() | words.map(str.strip))
sourced = st.builds(Sourced, words, sources, words)
parties = st.builds(
    SourcedParty, st.builds(PartyFacts, words, st.sampled_from(World), words, words), sources
)
files = st.builds(
    LiveFile,
    fund=words,
    fund_slug=st.just("fonds-odd17"),
    alliance=st.builds(
        SheetFacts,
        title=words,
        kind=words | st.just(""),
        summary=words | st.just(""),
        why=words | st.just(""),
        reusable=words | st.just(""),
        lessons=st.lists(words, max_size=2).map(tuple),
        parties=st.lists(
            st.builds(PartyFacts, words, st.sampled_from(World), words, words), max_size=3
        ).map(tuple),
    ),
    alliance_page=st.just("Page de l’alliance"),
    need=st.none() | sourced,
    why_together=st.none() | sourced,
    steps=st.lists(sourced, max_size=2).map(tuple),
    applicants=st.lists(parties, max_size=2).map(tuple),
    decision=st.lists(sourced, max_size=2).map(tuple),
    purpose=st.none() | sourced,
    sums=st.lists(
        st.builds(Sum, st.sampled_from(SumKind), st.just(euros(5)), sources),
        max_size=3,
        unique_by=lambda each: each.kind,
    ).map(tuple),
    reports=st.lists(sourced, max_size=2).map(tuple),
)


@given(files)
def test_no_text_goes_without_its_provenance_and_no_title_stands_empty(made: LiveFile) -> None:
    sheet = draft(made)
    assert all(passage.source.origin.strip() for passage in sheet.passages)
    assert all(passage.text.strip() for passage in sheet.passages)
    found = live_sheet.compose(sheet, case_sheets.reference())
    assert all(section.blocks for section in found.sections())
    assert all(page.main for page in found.pages)


@given(files)
def test_a_sheet_that_is_kept_reads_back_the_same(made: LiveFile) -> None:
    sheet = draft(made)
    again = LiveSheet.model_validate(sheet.model_dump(mode="json"))
    assert again == sheet
    assert live_sheet.digest(again) == live_sheet.digest(sheet)


def test_the_digest_tells_any_change() -> None:
    sheet = draft(whole())
    changed = live_sheet.edited(sheet, {"need": "Les jeunes s’ennuient."})
    assert live_sheet.digest(changed) != live_sheet.digest(sheet)
    assert live_sheet.digest(live_sheet.edited(sheet, {})) == live_sheet.digest(sheet)


def test_a_rewritten_passage_says_so_and_keeps_where_it_came_from() -> None:
    sheet = live_sheet.edited(draft(whole()), {"need": "Les jeunes s’ennuient.", "purpose": " "})
    (need,) = sheet.of(Rubric.NEED)
    assert (need.text, need.edited, need.source) == ("Les jeunes s’ennuient.", True, APPLICATION)
    assert sheet.of(Rubric.PURPOSE) == ()


def test_an_edit_of_no_passage_and_an_empty_title_are_refused() -> None:
    with pytest.raises(live_sheet.UnknownPassageError, match="nothing-there"):
        live_sheet.edited(draft(file()), {"nothing-there": "x"})
    with pytest.raises(ValidationError, match="0 titles"):
        live_sheet.edited(draft(file()), {"title": ""})


def test_a_passage_without_source_or_fact_is_no_passage() -> None:
    with pytest.raises(ValidationError):
        live_sheet.Passage.model_validate({"code": "need", "rubric": "need", "text": "Un besoin"})
    with pytest.raises(ValidationError, match="holds none"):
        live_sheet.Passage(code="event-1", rubric=Rubric.EVENT, text="Né", source=BOOK)
    with pytest.raises(ValidationError, match="draws none"):
        live_sheet.Passage(
            code="need", rubric=Rubric.NEED, text="Né", source=BOOK,
            fact=live_sheet.LeverFact(lever=Lever.DATA),
        )  # fmt: skip


# ── A party taken out of the sheet ────────────────────────────────────────────────────────────────


def test_a_party_that_refuses_is_no_longer_named_anywhere() -> None:
    sheet = live_sheet.without_party(draft(file()), "party-2", ["ACME SA"])
    assert "acme" not in said(sheet).lower()
    assert "acme" not in sheet.model_dump_json().lower()
    assert [each.text for each in live_sheet.named_parties(sheet)] == ["Ville de Demain"]
    assert "Une entreprise" in said(sheet)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Les stages d’Acme plaisent.", "Les stages d’une entreprise plaisent."),
        ("Le local du Acme", "Le local d’une entreprise"),
        ("Prêté au Acme", "Prêté à une entreprise"),
        ("Acme forme. Acme accueille.", "Une entreprise forme. Une entreprise accueille."),
        ("L’Acme et la ville", "Une entreprise et la ville"),
        ("Acmeville n’est pas ACME", "Acmeville n’est pas une entreprise"),
    ],
)  # fmt: skip
def test_the_sentence_around_the_name_still_reads(before: str, after: str) -> None:
    made = draft(replace(file(), need=Sourced(before, APPLICATION)))
    (need,) = live_sheet.without_party(made, "party-2").of(Rubric.NEED)
    assert (need.text, need.edited) == (after, True)


@given(st.text(alphabet="Acme d’uela.\n", max_size=40))
def test_the_name_is_gone_from_any_text(text: str) -> None:
    made = draft(replace(file(), need=Sourced(f"x {text}", APPLICATION)))
    (need,) = live_sheet.without_party(made, "party-2").of(Rubric.NEED)
    assert "Acme" not in need.text.replace("’", " ").replace(".", " ").split()


def test_only_a_party_is_taken_out() -> None:
    with pytest.raises(live_sheet.UnknownPassageError, match="need"):
        live_sheet.without_party(draft(whole()), "need")


def test_differences_name_the_sections_that_do_not_say_the_same() -> None:
    before = draft(whole())
    after = live_sheet.edited(before, {"need": "Les jeunes s’ennuient.", "purpose": ""})
    found = live_sheet.differences(printed(before), printed(after))
    assert [(each.heading, each.before, each.after) for each in found] == [
        ("LE BESOIN", ("Les jeunes décrochent.",), ("Les jeunes s’ennuient.",)),
        ("OBJET DE LA CONVENTION", ("Un poste d’ingénierie.",), ()),
    ]
    assert live_sheet.differences(printed(before), printed(before)) == ()


# ── Consent ───────────────────────────────────────────────────────────────────────────────────────


@given(
    st.lists(
        st.builds(
            Consent,
            st.sampled_from(["ville", "acme", "lycee"]),
            st.sampled_from(ConsentState),
            st.sampled_from(["now", "before", ""]),
        ),
        max_size=6,
    )
)
def test_nothing_goes_on_unless_each_party_named_consented_to_this_content(
    answers: list[Consent],
) -> None:
    named = ("ville", "acme")
    there = {
        each.party for each in answers if (each.state, each.digest) == (ConsentState.GIVEN, "now")
    }
    missing = missing_consents(named, answers, "now")
    assert set(missing) == set(named) - there
    if missing:
        with pytest.raises(ConsentRefused) as refused:
            check_all_consent(named, answers, "now")
        assert refused.value.problem is ConsentProblem.CONSENT_MISSING
        assert refused.value.parties == missing
    else:
        check_all_consent(named, answers, "now")


def test_a_sheet_that_names_nobody_was_consented_by_nobody() -> None:
    with pytest.raises(ConsentRefused, match="nobody is named"):
        check_all_consent((), (), "now")


def test_an_answer_is_about_what_was_read() -> None:
    check_same_content("now", "now")
    with pytest.raises(ConsentRefused) as refused:
        check_same_content("before", "now")
    assert refused.value.problem is ConsentProblem.OTHER_CONTENT


def test_only_those_asked_and_then_reviewed_are_published() -> None:
    reaching = [state for state, moves in PROPOSAL.items() if ProposalDecision.PUBLISH in moves]
    assert reaching == [ProposalState.IN_REVIEW]
    assert [s for s, moves in PROPOSAL.items() if ProposalDecision.SUBMIT in moves] == [
        ProposalState.ASKED
    ]


def test_a_lost_consent_leaves_nothing_published() -> None:
    for moves in PROPOSAL.values():
        if ProposalDecision.LOSE_CONSENT in moves:
            assert moves[ProposalDecision.LOSE_CONSENT] is ProposalState.ASKED
    assert ProposalDecision.LOSE_CONSENT in PROPOSAL[ProposalState.PUBLISHED]
    assert ProposalDecision.LOSE_CONSENT in PROPOSAL[ProposalState.IN_REVIEW]
    assert ConsentDecision.WITHDRAW in CONSENT[ConsentState.GIVEN]


@pytest.mark.parametrize(("state", "decision"), list(product(ProposalState, ProposalDecision)))
def test_the_table_of_sheets_says_what_may_be_decided(
    state: ProposalState, decision: ProposalDecision
) -> None:
    if decision in PROPOSAL[state]:
        assert next_proposal_state(state, decision) is PROPOSAL[state][decision]
        return
    with pytest.raises(ConsentRefused) as refused:
        next_proposal_state(state, decision)
    assert refused.value.problem is ConsentProblem.NOT_IN_THIS_STATE
    assert refused.value.state == state


@pytest.mark.parametrize(("state", "decision"), list(product(ConsentState, ConsentDecision)))
def test_the_table_of_consents_says_what_may_happen(
    state: ConsentState, decision: ConsentDecision
) -> None:
    if decision in CONSENT[state]:
        assert next_consent_state(state, decision) is CONSENT[state][decision]
        return
    with pytest.raises(ConsentRefused, match="Possible"):
        next_consent_state(state, decision)


def test_the_page_of_the_states_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == consent.document()


def test_a_conditional_amount_keeps_its_condition() -> None:
    given_ = SupportGiven(
        Lever.DIRECT_FUNDING, "la suite", BOOK, euros(10_000), True, (), AmountStatus.CONDITIONAL
    )
    assert "(sous condition)" in said(draft(file(supports=(given_,))))
