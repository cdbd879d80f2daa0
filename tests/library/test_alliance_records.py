"""Alliance records: what ships loads whole, and a bad file is refused with its place named."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alliage.alliances.records import AllianceRecord, load_alliances, total_support
from alliage.alliances.reference import load_reference
from alliage.alliances.vocabulary import AmountStatus, Lever, Reading
from alliage.values.citations import parse_citations
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Record = dict[str, Any]

FULL_SHEETS = ("pemb_aet", "ptce_vivre_les_mureaux", "absr_romainville")
FIELD_OF_SCHEME = {
    "domain": "domains",
    "objective": "objectives",
    "impact_nature": "impact_natures",
    "sdg": "sdgs",
    "sdg_target": "sdg_targets",
}


@cache
def shipped() -> dict[str, AllianceRecord]:
    reference = load_reference(data_directory() / "reference")
    codes = {
        FIELD_OF_SCHEME[scheme.code]: {item.code for item in scheme.items}
        for scheme in reference.schemes
        if scheme.code in FIELD_OF_SCHEME
    }
    assert set(codes) == set(FIELD_OF_SCHEME.values())
    codes["organisations"] = {organisation.slug for organisation in reference.organisations}
    records = load_alliances(data_directory() / "alliances", codes=codes)
    return {record.id: record for record in records}


def texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Give every text of a record with the field that holds it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item, key)
    elif isinstance(value, str):
        yield key, value


class TestShippedAlliances:
    def test_all_the_alliances_load_and_use_known_codes(self) -> None:
        assert len(shipped()) == 34

    def test_every_source_names_a_known_document(self) -> None:
        known = {item.code for item in load_reference(data_directory() / "reference").sources}
        cited = {
            citation.code
            for record in shipped().values()
            for key, text in texts(record.model_dump(mode="json"))
            if key in ("source", "sources")
            for citation in parse_citations(text)
        }
        assert cited <= known
        assert cited >= {"sheet_pemb", "sheet_mureaux", "sheet_romainville", "X08"}

    def test_every_alliance_serves_the_goal_of_partnerships(self) -> None:
        for record in shipped().values():
            assert "17" in {goal.code for goal in record.sdgs}, record.id
            assert "17.17" in {target.code for target in record.sdg_targets}, record.id

    def test_goals_stages_and_natures_are_derived_and_say_why(self) -> None:
        for record in shipped().values():
            assert record.stage.reading is Reading.DERIVED, record.id
            assert record.stage.reason, record.id
            for item in (*record.sdgs, *record.sdg_targets, *record.impact_natures):
                assert item.reading is Reading.DERIVED, (record.id, item.code)
                assert item.reason, (record.id, item.code)

    def test_only_the_sheets_that_state_an_objective_are_read_so(self) -> None:
        stated = {
            (record.id, objective.code)
            for record in shipped().values()
            for objective in record.objectives
            if objective.reading is Reading.STATED
        }
        assert stated == {
            ("pemb_aet", "performance_engagement"),
            ("ptce_vivre_les_mureaux", "co_construct_locally"),
        }

    def test_a_party_is_of_the_world_of_its_organisation(self) -> None:
        organisations = load_reference(data_directory() / "reference").organisations
        worlds = {item.slug: item.world for item in organisations}
        for record in shipped().values():
            for party in record.parties:
                if party.organisation is not None:
                    assert party.world is worlds[party.organisation], (record.id, party.name)

    @pytest.mark.parametrize(
        ("alliance", "euros"), list(zip(FULL_SHEETS, (10_000, 17_000, 15_000), strict=True))
    )
    def test_each_full_sheet_has_its_support(self, alliance: str, euros: int) -> None:
        assert total_support([shipped()[alliance]], status=AmountStatus.GRANTED) == euros

    def test_each_euro_counts_once(self) -> None:
        every = shipped().values()
        assert total_support(every, status=AmountStatus.GRANTED) == 42_000
        assert total_support(every, status=AmountStatus.CONDITIONAL) == 10_000

    def test_a_part_alone_shows_its_own_amount(self) -> None:
        parts = ("urgence_etudiante", "fonds_soutien_instruction", "ferme_110_cultures")
        amounts = [total_support([shipped()[part]], status=AmountStatus.GRANTED) for part in parts]
        assert amounts == [3_000, 7_000, 5_000]

    def test_the_seven_cells_of_the_full_sheets_are_those_published(self) -> None:
        unused = {
            "pemb_aet": [],
            "ptce_vivre_les_mureaux": [Lever.DIRECT_FUNDING],
            "absr_romainville": [Lever.DATA, Lever.ENGINEERING_INPUT, Lever.PROMOTION],
        }
        paid = {
            "pemb_aet": [(Lever.DIRECT_FUNDING, 10_000, (2021, 2022))],
            "ptce_vivre_les_mureaux": [
                (Lever.ENGINEERING_INPUT, 12_000, (2020, 2021)),
                (Lever.ENGINEERING_INPUT, 5_000, (2020, 2021)),
            ],
            "absr_romainville": [(Lever.DIRECT_FUNDING, 15_000, (2021,))],
        }
        for alliance in FULL_SHEETS:
            levers = shipped()[alliance].levers
            assert set(levers) == set(Lever)
            assert [lever for lever in Lever if levers[lever].na] == unused[alliance]
            amounts = [(lv, a.eur, a.years) for lv in Lever for a in levers[lv].amounts]
            assert amounts == paid[alliance]
        assert shipped()["absr_romainville"].levers[Lever.PROMOTION].na_text

    def test_a_private_fund_and_a_public_authority_are_noticed(self) -> None:
        noticed = {
            record.id for record in shipped().values() if record.private_fund_to_public_authority
        }
        assert noticed == {"pemb_aet", "fonds_soutien_instruction"}

    @pytest.mark.parametrize(
        ("alliance", "codes"),
        [
            ("pemb_aet", {"C01", "C02", "C05", "C36", "C37", "C38", "C40"}),
            ("ptce_vivre_les_mureaux", {"C01", "C03", "C03b", "C04"}),
            ("absr_romainville", {"C01"}),
            ("anpp_projet_territoire", {"C06"}),
            ("fonds_i", {"C07"}),
            ("mission_accelerer_alliances", {"C33", "C34", "C35"}),
            ("vitawin", {"C36"}),
            ("fondation_territoires", {"C39"}),
        ],
    )
    def test_contradictory_statements_are_kept(self, alliance: str, codes: set[str]) -> None:
        assert {item.code for item in shipped()[alliance].divergences} == codes

    def test_the_endowment_of_the_fund_keeps_its_three_dated_values(self) -> None:
        for alliance in FULL_SHEETS:
            endowment = shipped()[alliance].divergences[0]
            assert endowment.code == "C01"
            values = {(item.value, str(item.stated_on)) for item in endowment.assertions}
            assert values == {
                (Decimal(2_000_000), "2020-11-23"),
                (Decimal(1_500_000), "2022"),
                (Decimal(3_000_000), "2023-07"),
            }

    def test_french_texts_follow_french_typography(self) -> None:
        codes = {"source", "sources", "stated_on"}
        wrong = [
            (record.id, key, text)
            for record in shipped().values()
            for key, text in texts(record.model_dump(mode="json"))
            if key not in codes
            and not key.endswith("_en")
            and re.search(r"[ ][;:?!%»]|«[ ]|\w'\w|\d[ ]\d{3}\b|\d[ ](?:k€|M€|€)", text)
        ]
        assert wrong == []


def minimal(**changes: object) -> Record:
    record: Record = {
        "id": "premiere",
        "slug": "premiere-alliance",
        "title": "Première alliance",
        "title_en": "First alliance",
        "kind": "projet",
        "kind_en": "project",
        "stage": {"code": "emergence", "reading": "derived", "reason": "elle commence"},
        "summary": "Deux mondes se parlent.",
        "summary_en": "Two worlds talk.",
        "why": "Ils ne se parlaient pas.",
        "reusable": "Commencer par se parler.",
        "objectives": [{"code": "innovate", "reading": "stated", "source": "sheet_pemb l.1"}],
        "territories": [{"level": "commune", "code": "94080"}],
        "parties": [
            {
                "name": "Ville",
                "world": "local_authority",
                "profile": "local_authority",
                "source": "sheet_pemb l.2",
            }
        ],
        "sources": ["sheet_pemb"],
    }
    return record | changes


def amount(**changes: object) -> Record:
    paid: Record = {
        "eur": 1000,
        "years": [2021],
        "purpose": "une étude",
        "status": "granted",
        "reading": "stated",
        "source": "sheet_pemb l.3",
    }
    return paid | changes


def funded(**changes: object) -> Record:
    return {"direct_funding": {"text": "Une étude", "amounts": [amount(**changes)]}}


def event(**changes: object) -> Record:
    moment: Record = {"precision": "year", "text": "Début", "source": "sheet_pemb l.4"}
    return {"timeline": [moment | changes]}


def outcome(**changes: object) -> Record:
    found: Record = {"text": "acteurs réunis", "status": "declared", "source": "sheet_pemb l.5"}
    return {"outcomes": [found | changes]}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write records, each under its id, and give the folder."""

    def write_all(*records: Record) -> Path:
        for record in records:
            text = yaml.safe_dump(record, allow_unicode=True, sort_keys=False)
            (tmp_path / f"{record.get('id', 'premiere')}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write_all


def problems(folder: Path, **options: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidFilesError) as refusal:
        load_alliances(folder, **options)
    return [(item.file, item.place, item.message) for item in refusal.value.problems]


class TestRefusals:
    def test_the_smallest_record_is_accepted(self, write: Callable[..., Path]) -> None:
        (record,) = load_alliances(write(minimal()))
        assert record.amounts() == ()

    @pytest.mark.parametrize(
        ("changes", "place", "message"),
        [
            ({"title": None}, "title", "« None » cannot be used"),
            ({"title": "x" * 201}, "title", "at most 200 characters"),
            ({"titel": "Alliance"}, "titel", "is not a field of this record"),
            ({"id": "Première"}, "id", "« Première » cannot be used"),
            ({"stage": {"code": "growing", "reading": "derived", "reason": "r"}}, "stage, code",
             "« growing » is not allowed. Write 'emergence', 'modelling' or 'deployment'."),
            ({"started": "14/09/2014"}, "started", "« 14/09/2014 » is not a date. Write a year"),
            ({"started": "2014-13"}, "started", "is not a day of the calendar"),
            ({"started": "2014", "ended": "2012"}, "whole record", "ended (2012) is before"),
            ({"objectives": []}, "objectives", "at least 1 item"),
            ({"objectives": [{"code": "innovate", "reading": "derived"}]}, "objectives, entry 1",
             "« innovate » is derived and gives no reason"),
            ({"domains": [{"code": "health", "reading": "stated"}]}, "domains, entry 1",
             "« health » is stated and gives no source"),
            ({"sdgs": [{"code": "18", "reading": "stated", "source": "s"}]},
             "sdgs, entry 1, code", "« 18 » cannot be used"),
            ({"territories": []}, "whole record", "territories is empty. Add a territory"),
            ({"parties": [*minimal()["parties"]] * 2}, "whole record",
             "parties names « Ville » 2 times"),
            (event(start="2014-09"), "timeline, entry 1", "precision is « year » and « 2014-09 »"),
            (event(start="2014", precision="season"), "timeline, entry 1", "starts no season"),
            (event(start="2014", end="2012"), "timeline, entry 1", "before its start in 2014"),
            (event(start="2014", end=20.5), "timeline, entry 1, end", "« 20.5 » is not a date"),
            (outcome(value=140), "outcomes, entry 1", "a value and its unit go together"),
            (outcome(qualifier="environ"), "outcomes, entry 1", "qualifies no value"),
            (outcome(value="cent", unit="acteurs"), "outcomes, entry 1, value", "« cent »"),
            (outcome(status="réalisé"), "outcomes, entry 1, status", "« réalisé » is not allowed"),
            ({"levers": {"money": {"text": "x"}}}, "levers, money, [key]", "not allowed"),
            ({"levers": {"data": {"na": True, "amounts": [amount()]}}}, "levers, data",
             "is marked `na` (not used) and has a text or an amount"),
            ({"levers": {"data": {}}}, "levers, data", "is empty. Add `text:` or `amounts:`"),
            ({"levers": {"data": {"text": "x", "na_text": "y"}}}, "levers, data",
             "has an `na_text` and is used"),
            ({"levers": funded(years=[])}, "levers, direct_funding, amounts, entry 1",
             "is granted and gives no year"),
            ({"levers": funded(years=[2022, 2021])}, "levers, direct_funding, amounts, entry 1",
             "not in order"),
            ({"levers": funded(eur=0)}, "levers, direct_funding, amounts, entry 1, eur",
             "greater than 0"),
            ({"levers": funded(part_of_parent=True)}, "whole record", "part_of is empty"),
            ({"private_fund_to_public_authority": True}, "whole record", "needs an amount"),
            ({"divergences": [{"code": "D1", "subject": "s", "reading_fr": "r",
              "assertions": []}]}, "divergences, entry 1, code", "« D1 » cannot be used"),
        ],
    )  # fmt: skip
    def test_a_bad_record_is_named_by_file_and_place(
        self, write: Callable[..., Path], changes: Record, place: str, message: str
    ) -> None:
        folder = write(minimal())
        # The file keeps its name when the change is to the id.
        text = yaml.safe_dump(minimal() | changes, allow_unicode=True, sort_keys=False)
        (folder / "premiere.yaml").write_text(text, encoding="utf-8")
        found = problems(folder)
        assert all(file == "premiere.yaml" for file, _, _ in found)
        assert any(where == place and message in what for _, where, what in found), found

    def test_a_conditional_amount_needs_no_year(self, write: Callable[..., Path]) -> None:
        levers = funded(years=[], status="conditional")
        (record,) = load_alliances(write(minimal(levers=levers)))
        assert record.amounts(AmountStatus.GRANTED) == ()
        assert len(record.amounts(AmountStatus.CONDITIONAL)) == 1

    def test_a_missing_field_says_so(self, write: Callable[..., Path]) -> None:
        record = minimal()
        del record["summary"]
        assert problems(write(record)) == [("premiere.yaml", "summary", "is missing. Add it.")]

    def test_every_problem_of_every_file_is_listed_at_once(
        self, write: Callable[..., Path]
    ) -> None:
        folder = write(
            minimal(title="", stage={"code": "x", "reading": "derived", "reason": "r"}),
            minimal(id="seconde", slug="seconde", why=3),
        )
        places = [(file, place) for file, place, _ in problems(folder)]
        assert places == [
            ("premiere.yaml", "stage, code"),
            ("premiere.yaml", "title"),
            ("seconde.yaml", "why"),
        ]

    def test_a_key_written_twice_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "premiere.yaml").write_text("id: premiere\nid: seconde\n", encoding="utf-8")
        ((file, place, message),) = problems(tmp_path)
        assert (file, place) == ("premiere.yaml", "line 2, column 1")
        assert "« id » is written twice" in message

    def test_a_file_that_is_not_yaml_names_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "premiere.yaml").write_text("id: [premiere\ntitle: x\n", encoding="utf-8")
        ((file, place, message),) = problems(tmp_path)
        assert file == "premiere.yaml"
        assert place.startswith("line 2")
        assert "not YAML" in message

    def test_a_file_in_another_encoding_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "premiere.yaml").write_bytes("id: première".encode("latin-1"))
        ((_, place, message),) = problems(tmp_path)
        assert place == "file"
        assert "Give a file in UTF-8" in message

    def test_an_empty_folder_is_refused(self, tmp_path: Path) -> None:
        ((_, place, message),) = problems(tmp_path)
        assert (place, message) == (
            "folder",
            "holds no .yaml file. Give the folder of the alliances.",
        )


class TestRecordsTogether:
    def test_a_part_and_its_whole(self, write: Callable[..., Path]) -> None:
        whole = minimal(levers=funded(eur=5000))
        part = minimal(
            id="partie",
            slug="partie",
            part_of="premiere",
            levers=funded(eur=2000, part_of_parent=True),
        )
        records = load_alliances(write(whole, part))
        assert total_support(records, status=AmountStatus.GRANTED) == 5000
        assert total_support(records[:1], status=AmountStatus.GRANTED) == 2000

    def test_parts_cannot_hold_more_than_their_whole(self, write: Callable[..., Path]) -> None:
        levers = funded(eur=800, part_of_parent=True)
        folder = write(
            minimal(levers=funded(eur=1000)),
            minimal(id="partie_a", slug="partie-a", part_of="premiere", levers=levers),
            minimal(id="partie_b", slug="partie-b", part_of="premiere", levers=levers),
        )
        ((file, place, message),) = problems(folder)
        assert (file, place) == ("partie_b.yaml", "levers, direct_funding, amounts")
        assert "reach 1600 €, and it has 1000 €" in message

    def test_an_unknown_whole_is_refused(self, write: Callable[..., Path]) -> None:
        ((file, place, message),) = problems(write(minimal(part_of="inconnue")))
        assert (file, place) == ("premiere.yaml", "part_of")
        assert "« inconnue » is no alliance of this folder" in message

    def test_a_circle_of_parts_is_refused(self, write: Callable[..., Path]) -> None:
        folder = write(
            minimal(part_of="seconde"), minimal(id="seconde", slug="seconde", part_of="premiere")
        )
        found = problems(folder)
        assert [(file, place) for file, place, _ in found] == [
            ("premiere.yaml", "part_of"),
            ("seconde.yaml", "part_of"),
        ]

    def test_a_whole_that_cannot_be_read_is_not_called_unknown(
        self, write: Callable[..., Path]
    ) -> None:
        folder = write(minimal(title=""), minimal(id="partie", slug="partie", part_of="premiere"))
        assert [(file, place) for file, place, _ in problems(folder)] == [
            ("premiere.yaml", "title")
        ]

    def test_two_alliances_cannot_share_an_address(self, write: Callable[..., Path]) -> None:
        ((file, place, message),) = problems(write(minimal(), minimal(id="seconde")))
        assert (file, place) == ("seconde.yaml", "slug")
        assert "already the address of premiere.yaml" in message

    def test_the_file_has_the_name_of_the_id(self, write: Callable[..., Path]) -> None:
        folder = write(minimal())
        (folder / "premiere.yaml").rename(folder / "autre.yaml")
        ((file, place, message),) = problems(folder)
        assert (file, place) == ("autre.yaml", "id")
        assert "Rename the file premiere.yaml" in message

    def test_codes_are_checked_against_the_lists_given(self, write: Callable[..., Path]) -> None:
        party = minimal()["parties"][0] | {"organisation": "ville-inconnue"}
        folder = write(minimal(parties=[party]))
        codes = {"objectives": {"co_construct_locally"}, "organisations": {"ville-connue"}}
        assert [(place, message.split(" is ")[0]) for _, place, message in
                problems(folder, codes=codes)] == [
            ("objectives, entry 1", "« innovate »"),
            ("parties, entry 1", "« ville-inconnue »"),
        ]  # fmt: skip
