"""Case sheets composed from the shipped data, without a database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from alliage.alliances.records import AllianceRecord, load_alliances
from alliage.alliances.reference import Reference, SchemeCode, load_reference
from alliage.knowledge.case_sheet import compose
from alliage.knowledge.sheet_facts import (
    ReferenceTerm,
    SheetFacts,
    SheetReference,
    facts_of,
)
from alliage.knowledge.sheets import Boilerplate, SheetContent, load_boilerplate, load_sheet
from alliage.values.datafiles import data_directory

if TYPE_CHECKING:
    from alliage.knowledge.document_tree import Sheet

PEMB, MUREAUX, ROMAINVILLE = "pemb_aet", "ptce_vivre_les_mureaux", "absr_romainville"
FULL = (PEMB, MUREAUX, ROMAINVILLE)


@cache
def records() -> dict[str, AllianceRecord]:
    return {record.id: record for record in load_alliances(data_directory() / "alliances")}


@cache
def _shipped() -> Reference:
    return load_reference(data_directory() / "reference")


def _terms(scheme: SchemeCode) -> tuple[ReferenceTerm, ...]:
    return tuple(
        ReferenceTerm(
            term.code, term.label_fr, term.definition_fr or "", term.reading, term.source or ""
        )
        for found in _shipped().schemes
        if found.code is scheme
        for term in found.items
    )


@cache
def reference() -> SheetReference:
    return SheetReference(_terms(SchemeCode.OBJECTIVE), _terms(SchemeCode.CATALYST_FUNCTION))


@cache
def boilerplate() -> Boilerplate:
    return load_boilerplate(data_directory() / "sheets" / "boilerplate.yaml")


def facts(case: str) -> SheetFacts:
    record = records()[case]
    return facts_of(
        record,
        titles={source.code: source.title_fr for source in _shipped().sources},
        places=[place.note or place.code for place in record.territories],
        domains=[item.code for item in record.domains],
    )


@cache
def content(case: str) -> SheetContent:
    return load_sheet(
        data_directory() / "sheets" / f"{case}.yaml",
        record=records()[case],
        boilerplate=boilerplate(),
        catalyst_functions=[term.code for term in reference().functions],
    )


@cache
def sheet(case: str) -> Sheet:
    """Compose the sheet of a case, full if it has a full content."""
    return compose(facts(case), reference(), boilerplate(), content(case) if case in FULL else None)
