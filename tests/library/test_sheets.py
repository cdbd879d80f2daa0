"""The three full case sheets: their titles, their order, and what a wrong sheet is told."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alliage.alliances.records import AllianceRecord, load_alliances
from alliage.alliances.reference import load_reference
from alliage.alliances.vocabulary import Lever, OutcomeStatus
from alliage.knowledge.sheets import (
    Boilerplate,
    SheetContent,
    load_boilerplate,
    load_sheet,
    outline,
)
from alliage.values.citations import parse_citations
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHEETS = ("pemb_aet", "ptce_vivre_les_mureaux", "absr_romainville")
FUNCTIONS = ("a", "b", "c", "d")

PARTNERS = ["PARTENAIRES", "LE FONDS ODD17"]
CONTRIBUTION = "LA CONTRIBUTION DU FONDS ODD17"
IMPACT = "DÉMULTIPLIER L’IMPACT"
PERSPECTIVES = "PERSPECTIVES DE DÉMULTIPLICATION DE L’IMPACT"


@cache
def records() -> dict[str, AllianceRecord]:
    return {record.id: record for record in load_alliances(data_directory() / "alliances")}


@cache
def common() -> Boilerplate:
    return load_boilerplate(data_directory() / "sheets" / "boilerplate.yaml")


@cache
def sheet(case: str) -> SheetContent:
    return load_sheet(
        data_directory() / "sheets" / f"{case}.yaml",
        record=records()[case],
        boilerplate=common(),
        catalyst_functions=FUNCTIONS,
    )


def titles(case: str) -> list[str]:
    return [heading.title for heading in outline(sheet(case))]


def texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, key)
    elif isinstance(value, str):
        yield key, value


class TestTitles:
    def test_paris_est_marne_et_bois(self) -> None:
        assert titles("pemb_aet") == [
            *PARTNERS,
            "PARIS EST MARNE & BOIS (PEMB)",
            "3 VOLETS D’INVESTISSEMENT",
            "GENÈSE",
            "LA DÉMARCHE AET",
            "EXTENSION DE LA DÉMARCHE\u00a0: VITAWIN",
            CONTRIBUTION,
            "ENJEUX DU PARTENARIAT ENTRE LE FONDS ODD17 ET PEMB",
            "OBJECTIF DE L’ALLIANCE SOUTENUE",
            "ACTIONS ENGAGÉES PAR LE FONDS ODD17",
            IMPACT,
            "SOUTIEN MULTIFORME DU FONDS ODD17 AUX ALLIANCES DE PEMB",
            PERSPECTIVES,
            "CONCLUSION SUR L’APPORT DU FONDS ODD17",
        ]

    def test_vivre_les_mureaux(self) -> None:
        assert titles("ptce_vivre_les_mureaux") == [
            *PARTNERS,
            "PTCE VIVRE LES MUREAUX",
            "3 VOLETS D’INVESTISSEMENT",
            "4 CHAMPS D’ACTION",
            "GENÈSE",
            "ENJEUX DU PARTENARIAT ENTRE LE FONDS ODD17 ET LE PTCE VIVRE LES MUREAUX",
            "OBJECTIF DES ALLIANCES PORTÉES PAR LE PTCE VIVRE LES MUREAUX",
            "CONTEXTE",
            CONTRIBUTION,
            "FOCUS SUR LE PARTENARIAT PTCE VIVRE LES MUREAUX – FONDATION AIR LIQUIDE",
            IMPACT,
            "SOUTIEN MULTIFORME DU FONDS ODD17 AU PTCE VIVRE LES MUREAUX",
            PERSPECTIVES,
            "CONCLUSION SUR L’APPORT DU FONDS ODD17\u00a0: MODÉLISER POUR DURER ET TRANSMETTRE",
        ]

    def test_romainville(self) -> None:
        name = "LA COMPAGNIE GÉNÉRALE DES AUTRES"
        assert titles("absr_romainville") == [
            *PARTNERS,
            "COMPAGNIE GÉNÉRALE DES AUTRES (CGA)",
            "3 VOLETS D’INVESTISSEMENT",
            "4 CHAMPS D’ACTION",
            "GENÈSE",
            f"ENJEUX DU PARTENARIAT ENTRE LE FONDS ODD17 ET {name}",
            f"OBJECTIF DU PROJET PORTÉ PAR {name}",
            "GENÈSE",
            CONTRIBUTION,
            "ACTIONS ENGAGÉES",
            "RÉSULTATS DE L’EXPÉRIMENTATION",
            IMPACT,
            f"SOUTIEN MULTIFORME DU FONDS ODD17 À {name}",
            PERSPECTIVES,
            "CONCLUSION",
        ]

    @pytest.mark.parametrize("case", SHEETS)
    def test_four_pages_each_under_its_banner(self, case: str) -> None:
        headings = outline(sheet(case))
        assert [item.page for item in headings if item.level == 1] == [1, 2, 3, 4]
        assert [item.page for item in headings] == sorted(item.page for item in headings)
        assert len({item.code for item in headings}) == len(headings)

    def test_what_has_no_data_has_no_title(self) -> None:
        bare = sheet("absr_romainville").model_copy(update={"results": None})
        assert "results" in {item.code for item in outline(sheet("absr_romainville"))}
        assert "results" not in {item.code for item in outline(bare)}


class TestContent:
    def test_the_common_text_is_that_of_2022(self) -> None:
        assert common().version == "2022"
        assert common().endowment_eur == 1_500_000
        assert common().duration_years == 3
        assert {"2\u00a0M€", "3\u00a0M€"} <= set(re.findall(r"\d\u00a0M€", common().endowment_note))

    def test_the_strands_are_those_of_the_reference(self) -> None:
        schemes = load_reference(data_directory() / "reference").schemes
        expected = [
            item.code
            for scheme in schemes
            if scheme.code == "fund_strand"
            for item in sorted(scheme.items, key=lambda item: item.order)
        ]
        assert [strand.code for strand in common().strands] == expected

    @pytest.mark.parametrize(
        ("case", "context", "challenges"),
        [
            ("pemb_aet", 4, 2),
            ("ptce_vivre_les_mureaux", 2, 2),
            ("absr_romainville", 3, 2),
        ],
    )
    def test_as_many_stakes_as_published(self, case: str, context: int, challenges: int) -> None:
        stakes = sheet(case).stakes
        assert (len(stakes.context), len(stakes.challenges)) == (context, challenges)

    @pytest.mark.parametrize("case", SHEETS)
    def test_highlighted_objectives_are_those_of_the_alliance(self, case: str) -> None:
        objectives = {item.code for item in records()[case].objectives}
        assert set(sheet(case).objective.highlighted) <= objectives

    def test_results_are_those_of_the_alliance(self) -> None:
        results = sheet("absr_romainville").results
        assert results is not None
        known = {(item.value, item.unit) for item in records()["absr_romainville"].outcomes}
        assert {(item.value, item.unit) for item in results.items} == known
        assert {item.status for item in results.items} == {OutcomeStatus.DECLARED}

    @pytest.mark.parametrize("case", SHEETS)
    def test_every_note_is_called_and_every_call_has_its_note(self, case: str) -> None:
        body = sheet(case).model_dump_json() + common().model_dump_json()
        called = {int(number) for number in re.findall(r"\[\^(\d+)\]", body)}
        assert called == {note.n for note in (*common().footnotes, *sheet(case).footnotes)}

    @pytest.mark.parametrize("case", SHEETS)
    def test_sources_name_known_documents(self, case: str) -> None:
        known = {item.code for item in load_reference(data_directory() / "reference").sources}
        for item in (*sheet(case).provenance, *common().provenance):
            assert {citation.code for citation in parse_citations(item.source)} <= known

    @pytest.mark.parametrize("case", SHEETS)
    def test_texts_follow_french_typography(self, case: str) -> None:
        every = {**sheet(case).model_dump(mode="json"), **common().model_dump(mode="json")}
        wrong = [
            text
            for key, text in texts(every)
            if key not in ("source", "url")
            and re.search(r"[ ][;:?!%»]|«[ ]|\w'\w|\d[ ]\d{3}\b|\d[ ](?:k€|M€|€)", text)
        ]
        assert wrong == []

    @pytest.mark.parametrize("case", SHEETS)
    def test_a_sheet_is_stored_and_read_again_unchanged(self, case: str) -> None:
        stored = sheet(case).model_dump_json()
        assert SheetContent.model_validate_json(stored, strict=True) == sheet(case)


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    """Write a shipped sheet with a change, and give what it is told."""

    def tell(case: str, change: Any = None, **options: Any) -> list[tuple[str, str, str]]:
        shipped = data_directory() / "sheets" / f"{case}.yaml"
        content = yaml.safe_load(shipped.read_text(encoding="utf-8"))
        if change is not None:
            change(content)
        path = tmp_path / f"{case}.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        asked: dict[str, Any] = {
            "record": records()[case],
            "boilerplate": common(),
            "catalyst_functions": FUNCTIONS,
        } | options
        with pytest.raises(InvalidFilesError) as refusal:
            load_sheet(path, **asked)
        return [(item.file, item.place, item.message) for item in refusal.value.problems]

    return tell


class TestRefusals:
    def test_a_missing_part_is_named(self, changed: Any) -> None:
        told = changed("pemb_aet", lambda content: content.pop("synthesis"))
        assert told == [("pemb_aet.yaml", "synthesis", "is missing. Add it.")]

    def test_stakes_need_a_context(self, changed: Any) -> None:
        told = changed("pemb_aet", lambda content: content["stakes"].update(context=[]))
        assert [(file, place) for file, place, _ in told] == [("pemb_aet.yaml", "stakes, context")]

    def test_fields_come_by_four_and_axes_by_three(self, changed: Any) -> None:
        told = changed("pemb_aet", lambda content: content["beneficiary"]["axes"].pop())
        assert told[0][1:] == (
            "beneficiary",
            "axes has 2 entries. Give 3, or leave axes out.",
        )

    def test_a_derived_passage_says_why(self, changed: Any) -> None:
        def drop_reason(content: Any) -> None:
            for item in content["provenance"]:
                item.pop("reason", None)

        told = changed("absr_romainville", drop_reason)
        assert all("is derived and gives no reason" in message for _, _, message in told)
        assert len(told) == 4

    def test_the_diagram_of_functions_needs_the_four(self, changed: Any) -> None:
        ((_, place, message),) = changed("absr_romainville", catalyst_functions=())
        assert place == "objective, diagram"
        assert "needs 4 configured functions of catalysts, 0 found" in message

    def test_a_sheet_is_that_of_its_alliance(self, changed: Any) -> None:
        told = changed("absr_romainville", record=records()["ptce_vivre_les_mureaux"])
        assert told[0][1:] == (
            "case_id",
            "« absr_romainville » is not the alliance « ptce_vivre_les_mureaux ». Correct it.",
        )

    def test_a_sheet_names_the_version_of_its_common_text(self, changed: Any) -> None:
        told = changed("pemb_aet", lambda content: content.update(fund_version="2020"))
        assert [place for _, place, _ in told] == ["fund_version"]

    def test_notes_follow_those_of_the_common_text(self, changed: Any) -> None:
        told = changed("absr_romainville", lambda content: content["footnotes"][0].update(n=1))
        assert told[0][1] == "footnotes"
        assert "Number those of the sheet from 2" in told[0][2]

    def test_the_seven_levers_are_said_even_unused(self, changed: Any) -> None:
        whole = records()["absr_romainville"]
        levers = {lever: item for lever, item in whole.levers.items() if lever is not Lever.DATA}
        told = changed("absr_romainville", record=whole.model_copy(update={"levers": levers}))
        assert told[0][1] == "levers"
        assert "the alliance says nothing of data" in told[0][2]

    def test_a_private_fund_that_pays_a_local_authority_shows_the_notice(
        self, changed: Any
    ) -> None:
        silent = records()["pemb_aet"].model_copy(
            update={"private_fund_to_public_authority": False}
        )
        ((_, place, message),) = changed("pemb_aet", record=silent)
        assert place == "beneficiary, profile"
        assert "`private_fund_to_public_authority: true`" in message

    def test_a_subtitle_needs_its_title(self, changed: Any) -> None:
        told = changed(
            "absr_romainville", lambda content: content["conclusion"].update(subtitle="Durer")
        )
        assert told[0][1] == "conclusion"

    def test_the_common_text_speaks_of_every_maturity(self, tmp_path: Path) -> None:
        shipped = data_directory() / "sheets" / "boilerplate.yaml"
        content = yaml.safe_load(shipped.read_text(encoding="utf-8"))
        del content["maturity_leads"]["idea_prototype"]
        path = tmp_path / "boilerplate.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        with pytest.raises(InvalidFilesError, match="maturity_leads says nothing of idea_proto"):
            load_boilerplate(path)
