"""An import of alliances: what a file may say, and every problem by row and column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances import import_cells as cells
from alliage.alliances.import_cells import (
    CellError,
    CellFault,
    EventCell,
    OutcomeCell,
    PartyCell,
    PlaceCell,
)
from alliage.alliances.tabular import (
    COLUMNS,
    EXAMPLE_ID,
    CellProblem,
    Existing,
    Import,
    Known,
    check_import,
    message,
    named_codes,
)
from alliage.alliances.vocabulary import OutcomeStatus, World
from alliage.territories.levels import Level
from alliage.values.dates import PartialDate, Precision
from alliage.values.tables import read_table

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "import-format.md"

KNOWN = Known(
    terms={
        "objective": {"innovate": ("Innover ensemble",), "co_construct_locally": ()},
        "impact_nature": {"confidence": ("Confiance",)},
        "domain": {"employment": ("Emploi, chômage, insertion",), "education": ("Éducation",)},
        "sdg": {str(number): () for number in range(1, 18)},
        "sdg_target": {f"{goal}.{target}": () for goal in range(1, 18) for target in range(1, 18)},
    },
    territories={("commune", "94080"), ("department", "94"), ("arrondissement", "75112")},
    successors={"01039": [("01138", "Culoz-Béon")]},
    alliances={"mine": True, "theirs": False},
    parents={"mine": "theirs"},
)
HEADER = ("identifiant", "titre", "resume", "sources")
ROW = ("une_alliance", "Une alliance", "Ce qu’elle est.", "entretien")


def check(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER, **options: Any) -> Import:
    lines = [header, *rows]
    text = "\n".join(";".join(f'"{cell}"' for cell in line) for line in lines)
    settings: dict[str, Any] = {"known": KNOWN} | options
    return check_import(read_table(text.encode()), **settings)


def with_cell(column: str, text: str, **options: Any) -> Import:
    if column in HEADER:
        place = HEADER.index(column)
        return check((*ROW[:place], text, *ROW[place + 1 :]), **options)
    return check((*ROW, text), header=(*HEADER, column), **options)


def value_of(column: str, text: str) -> object:
    found = with_cell(column, text)
    assert found.problems == ()
    return found.alliances[0].values[column]


def test_the_example_row_is_right_but_for_its_identifier() -> None:
    example = tuple(column.example.replace('"', "") for column in COLUMNS)
    header = tuple(column.name for column in COLUMNS)
    found = check(example, header=header)
    assert found.problems == ()
    kept = check((EXAMPLE_ID, *example[1:]), header=header)
    assert [problem.fault for problem in kept.problems] == [CellFault.EXAMPLE]


def test_headers_are_known_by_either_name_whatever_their_accents_and_capitals() -> None:
    found = check(ROW, header=("ID", "Titre", "Résumé", "SOURCES"))
    assert found.problems == ()
    assert found.alliances[0].values["resume"] == "Ce qu’elle est."


def test_an_absent_column_is_absent_and_an_empty_cell_is_empty() -> None:
    found = with_cell("debut", "")
    assert found.alliances[0].values["debut"] == ""
    assert "fin" not in found.alliances[0].values


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("debut", "septembre 2014", "2014-09"),
        ("etape", "Déploiement", "deployment"),
        ("etape", "", ""),
        ("domaines", "education | Emploi, chômage, insertion", ("education", "employment")),
        ("odd", "4 | 17 |", ("4", "17")),
        (
            "territoires",
            "94080 | département:94 | 75112",
            (
                PlaceCell(Level.COMMUNE, "94080"),
                PlaceCell(Level.DEPARTMENT, "94"),
                PlaceCell(Level.ARRONDISSEMENT, "75112"),
            ),
        ),
        (
            "parties",
            "Le RAMEAU [autre] appui | Habitants [Citoyens]",
            (
                PartyCell("Le RAMEAU", World.OTHER, "appui"),
                PartyCell("Habitants", World.CITIZEN),
            ),
        ),
        (
            "chronologie",
            "2018-2019 : dialogue | vers 2021 : essai : un seul | 2027 (prévu) : suite",
            (
                EventCell(PartialDate(2018), Precision.YEAR, "dialogue", PartialDate(2019)),
                EventCell(PartialDate(2021), Precision.APPROXIMATE, "essai : un seul"),
                EventCell(PartialDate(2027), Precision.YEAR, "suite", planned=True),
            ),
        ),
        (
            "resultats",
            "habitants = plus de 1 200,5 habitants [observé] | prix reçu",
            (
                OutcomeCell(
                    "habitants",
                    OutcomeStatus.OBSERVED,
                    Decimal("1200.5"),
                    "plus de",
                    "habitants",
                ),
                OutcomeCell("prix reçu", OutcomeStatus.DECLARED),
            ),
        ),
        ("enseignements", r"une barre \| dans le texte", ("une barre | dans le texte",)),
    ],
)
def test_cells_become_values(column: str, text: str, value: object) -> None:
    assert value_of(column, text) == value


@pytest.mark.parametrize(
    ("column", "text", "fault", "value", "allowed"),
    [
        ("titre", "", CellFault.REQUIRED, "", ("Passerelles pour l’emploi",)),
        ("titre", "x" * 201, CellFault.TOO_LONG, "x" * 201, ("200",)),
        ("identifiant", "Mon Id", CellFault.BAD_ID, "Mon Id", ("mon_id",)),
        ("debut", "hier", CellFault.BAD_DATE, "hier", ("2014", "2014-09", "2014-09-01")),
        ("debut", "vers 2018", CellFault.LOOSE_DATE, "vers 2018", ("2018",)),
        (
            *("etape", "bientôt", CellFault.UNKNOWN_WORD, "bientôt"),
            ("émergence", "modélisation", "déploiement"),
        ),
        (
            *("domaines", "cuisine", CellFault.UNKNOWN_TERM, "cuisine"),
            ("employment", "education"),
        ),
        ("domaines", "education | Éducation", CellFault.REPEATED, "Éducation", ()),
        ("territoires", "Vincennes", CellFault.BAD_PLACE, "Vincennes", ("commune:94080",)),
        ("territoires", "1001", CellFault.BAD_PLACE, "1001", ("commune:01001",)),
        ("territoires", "99999", CellFault.UNKNOWN_TERRITORY, "99999", ()),
        (
            *("territoires", "01039", CellFault.RETIRED_TERRITORY, "01039"),
            ("commune:01138 (Culoz-Béon)",),
        ),
        ("parties", "Le RAMEAU", CellFault.BAD_PARTY, "Le RAMEAU", ("Le RAMEAU [autre] appui",)),
        (
            *("parties", "Le RAMEAU [martien]", CellFault.UNKNOWN_WORD, "martien"),
            tuple(cells.WORLD_WORDS.values()),
        ),
        ("parties", "A [autre] x | a [autre] y", CellFault.REPEATED, "A", ()),
        ("parties", f"A [autre] {'x' * 201}", CellFault.TOO_LONG, "x" * 201, ("200",)),
        ("chronologie", "il y a longtemps", CellFault.BAD_EVENT, "il y a longtemps",
         ("2014-09 : première promotion",)),
        ("chronologie", "jadis : un fait", CellFault.BAD_DATE, "jadis",
         ("2014", "2014-09", "2014-09-01")),
        ("chronologie", "2019 → 2018 : un fait", CellFault.REVERSED_DATES, "2019 → 2018", ()),
        ("resultats", "acteurs = 140", CellFault.BAD_OUTCOME, "acteurs = 140",
         ("acteurs réunis = 140 acteurs [déclaré]",)),
        (
            *("resultats", "acteurs = 140 acteurs [sûr]", CellFault.UNKNOWN_WORD, "sûr"),
            tuple(cells.STATUS_WORDS.values()),
        ),
        ("resultats", f"a = 1 {'x' * 61}", CellFault.TOO_LONG, "x" * 61, ("60",)),
        ("fait_partie_de", "inconnue", CellFault.UNKNOWN_PARENT, "inconnue", ()),
        ("fait_partie_de", "une_alliance", CellFault.CIRCLE, "une_alliance", ()),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_with_what_may_be_written(
    column: str, text: str, fault: CellFault, value: str, allowed: tuple[str, ...]
) -> None:
    assert with_cell(column, text).problems == (CellProblem(2, column, fault, value, allowed),)


def test_every_wrong_item_of_a_cell_and_every_wrong_row_is_named() -> None:
    found = check(
        (*ROW, "cuisine | danse", "hier"),
        ("deux", "", *ROW[2:], "education", "2020"),
        header=(*HEADER, "domaines", "debut"),
    )
    assert [(problem.row, problem.column, problem.value) for problem in found.problems] == [
        (2, "debut", "hier"),
        (2, "domaines", "cuisine"),
        (2, "domaines", "danse"),
        (3, "titre", ""),
    ]


def test_an_end_is_compared_with_a_beginning_as_far_as_both_are_known() -> None:
    header = (*HEADER, "debut", "fin")
    assert check((*ROW, "2014-09", "2014"), header=header).problems == ()
    reversed_dates = check((*ROW, "2014-09", "2014-08"), header=header)
    assert reversed_dates.problems == (
        CellProblem(2, "fin", CellFault.REVERSED_DATES, "2014-08", ("2014-09",)),
    )


def test_columns_that_miss_repeat_or_mean_nothing_are_named() -> None:
    found = check(("x", "y", "z"), header=("identifiant", "Titre", "résumés"))
    assert [(p.row, p.column, p.fault, p.allowed) for p in found.problems] == [
        (1, "résumés", CellFault.UNKNOWN_COLUMN, ("resume",)),
        (1, "resume", CellFault.MISSING_COLUMN, ()),
        (1, "sources", CellFault.MISSING_COLUMN, ()),
    ]
    twice = check((*ROW, "x"), header=(*HEADER, "title"))
    assert [problem.fault for problem in twice.problems] == [CellFault.REPEATED_COLUMN]


def test_a_column_without_name_is_a_problem_only_if_it_holds_something() -> None:
    header = ("identifiant", "", *HEADER[1:])
    assert check((ROW[0], "", *ROW[1:]), header=header).problems == ()
    found = check((ROW[0], "perdu", *ROW[1:]), header=header)
    assert [problem.fault for problem in found.problems] == [CellFault.UNKNOWN_COLUMN]


def test_what_stands_beyond_the_last_column_is_named() -> None:
    found = check((*ROW, "de trop"))
    assert found.problems == (CellProblem(2, "", CellFault.BEYOND, "de trop"),)


def test_a_header_alone_is_a_problem() -> None:
    assert [problem.fault for problem in check().problems] == [CellFault.NO_ROW]


def test_identifiers_are_written_once_even_where_their_rows_are_wrong() -> None:
    found = check(("double", "", *ROW[2:]), ROW, ("double", *ROW[1:]))
    assert CellProblem(4, "identifiant", CellFault.REPEATED_ID, "double", ("2",)) in found.problems


def test_a_known_identifier_is_a_mistake_unless_updates_are_allowed() -> None:
    refused = with_cell("identifiant", "mine")
    assert refused.problems == (CellProblem(2, "identifiant", CellFault.EXISTING_ID, "mine"),)
    allowed = with_cell("identifiant", "mine", existing=Existing.UPDATE)
    assert allowed.problems == ()
    assert allowed.alliances[0].exists
    theirs = with_cell("identifiant", "theirs", existing=Existing.UPDATE)
    assert theirs.problems == (CellProblem(2, "identifiant", CellFault.NOT_YOURS, "theirs"),)


def test_a_part_may_come_before_its_whole_and_a_circle_is_found_across_the_base() -> None:
    header = (*HEADER, "fait_partie_de")
    assert check((*ROW, "ensemble"), ("ensemble", *ROW[1:], ""), header=header).problems == ()
    # « mine » is a part of « theirs » in the base.
    circle = check(
        ("theirs", *ROW[1:], "mine"),
        header=header,
        existing=Existing.UPDATE,
        known=Known(alliances={"mine": True, "theirs": True}, parents={"mine": "theirs"}),
    )
    assert [problem.fault for problem in circle.problems] == [CellFault.CIRCLE]


def test_the_codes_of_a_file_are_listed_for_the_caller_to_look_up() -> None:
    text = (
        "identifiant;territoires;parties;fait_partie_de\n"
        'une;94080 | n’importe | ept:200057941;"Le RAMEAU [autre] | sans monde";ensemble'
    )
    found = named_codes(read_table(text.encode()))
    assert found.alliances == {"une", "ensemble"}
    assert found.organisations == {"le-rameau"}
    assert found.territories == {
        ("commune", "94080"),
        ("arrondissement", "94080"),
        ("ept", "200057941"),
    }


def test_every_fault_says_the_fact_and_the_remedy() -> None:
    for fault in CellFault:
        text = message(CellProblem(2, "titre", fault, "valeur", ("permis",)))
        assert text.endswith(".")
        assert "{" not in text


def test_a_long_value_is_shortened_in_messages() -> None:
    text = message(CellProblem(2, "titre", CellFault.TOO_LONG, "x" * 500, ("200",)))
    assert len(text) < 160


# What an export writes comes back the same.

WORDS = st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=12)
TEXTS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
DATES = st.dates(min_value=dt.date(1900, 1, 1)).map(
    lambda day: PartialDate(day.year, day.month, day.day)
)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1)))
def test_lists_come_back(items: list[str]) -> None:
    safe = [item for item in items if not item.endswith("\\")]
    assert list(cells.split_list(cells.join_list(safe))) == safe


@given(st.builds(PartyCell, TEXTS, st.sampled_from(World), st.just("") | TEXTS))
def test_parties_come_back(party: PartyCell) -> None:
    assert cells.read_party(cells.write_party(party)) == party


@given(DATES, TEXTS, st.booleans(), st.sampled_from(["day", "month", "year", "approximate"]))
def test_events_come_back(date: PartialDate, text: str, planned: bool, precision: str) -> None:
    known = {
        "day": date,
        "month": PartialDate(date.year, date.month),
        "year": PartialDate(date.year),
        "approximate": PartialDate(date.year),
    }[precision]
    event = EventCell(known, Precision(precision), text, None, planned)
    assert cells.read_event(cells.write_event(event)) == event


@given(
    st.builds(
        OutcomeCell,
        TEXTS,
        st.sampled_from(OutcomeStatus),
        st.decimals(0, 10**9, places=2).map(lambda value: value.normalize()),
        st.sampled_from(["", "environ", "plus de"]),
        st.sampled_from(["acteurs", "€", "élèves par an", "%"]),
    )
)
def test_outcomes_come_back(outcome: OutcomeCell) -> None:
    assert cells.read_outcome(cells.write_outcome(outcome)) == outcome


@pytest.mark.parametrize("level", Level)
def test_places_come_back(level: Level) -> None:
    place = PlaceCell(level, "mon-perimetre" if level is Level.PERIMETER else "2A")
    assert cells.read_place(cells.write_place(place)) == place


def test_a_number_with_a_stray_mark_is_refused() -> None:
    with pytest.raises(CellError) as caught:
        cells.read_number("1.2.3")
    assert caught.value.fault is CellFault.BAD_OUTCOME


# The reference page says what the code does.


def test_the_reference_page_describes_the_columns_as_the_code_does() -> None:
    lines = [
        f"| `{column.name}` | `{column.alias}` | {'yes' if column.required else ''} "
        f"| {'yes' if column.several else ''} | {column.meaning} "
        f"| {column.example.replace('|', chr(92) + '|')} |"
        for column in COLUMNS
    ]
    assert "\n".join(lines) in REFERENCE.read_text(encoding="utf-8")


def test_the_reference_page_lists_every_problem() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    assert [fault.value for fault in CellFault if f"`{fault}`" not in page] == []
