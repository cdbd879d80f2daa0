"""The « fiche retour d'expérience »: what a case sheet says, in which order, under which titles.

The facts of the alliance (dates, amounts, levers, perspectives) stay in its own record; a sheet
holds the editorial text around them. The text that every sheet repeats is stored once, by version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from alliage.alliances.records import (
    CODE,
    AllianceRecord,
    Euros,
    FilePartialDate,
    Part,
    Remark,
    ShortText,
    Text,
    UnitText,
)
from alliage.alliances.vocabulary import AmountStatus, Lever, OutcomeStatus, Profile, Reading
from alliage.values.french import NO_BREAK
from alliage.values.yaml_files import FileProblem, InvalidFilesError, read_record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

CATALYST_FUNCTIONS = 4


class Maturity(StrEnum):
    """Stage of a supported organisation, as the three published sheets let it be derived."""

    IDEA_PROTOTYPE = "idea_prototype"
    LAUNCHED_NEEDS_MODELLING = "launched_needs_modelling"
    ESTABLISHED_TERRITORY = "established_territory"


class Titled(Part):
    title: ShortText
    text: Text


class Footnote(Part):
    n: Annotated[int, Field(ge=1)]
    text: Text
    url: Annotated[str, Field(pattern=r"^https://\S+$")] | None = None


class Provenance(Part):
    """Where the text of a field comes from; a derived one says why."""

    field: ShortText
    source: Remark
    reading: Reading = Reading.STATED
    reason: Remark | None = None

    @model_validator(mode="after")
    def _derived_has_a_reason(self) -> Provenance:
        if self.reading is Reading.DERIVED and self.reason is None:
            msg = f"« {self.field} » is derived and gives no reason. Add `reason:`."
            raise ValueError(msg)
        return self


class Strand(Titled):
    code: Annotated[str, Field(pattern=CODE)]


class Boilerplate(Part):
    """What every sheet of one version repeats about the fund."""

    version: ShortText
    endowment_eur: Euros
    duration_years: Annotated[int, Field(ge=1)]
    endowment_note: Text
    presentation: Text
    vision: Text
    mission: Text
    strands: Annotated[tuple[Strand, ...], Field(min_length=3, max_length=3)]
    footnotes: tuple[Footnote, ...] = ()
    legal_gap_notice: Text
    maturity_leads: Mapping[Maturity, Text]
    provenance: Annotated[tuple[Provenance, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _every_maturity_has_a_lead(self) -> Boilerplate:
        absent = [maturity.value for maturity in Maturity if maturity not in self.maturity_leads]
        if absent:
            msg = f"maturity_leads says nothing of {', '.join(absent)}. Add a sentence for each."
            raise ValueError(msg)
        return self


class KeyFigure(Part):
    label: ShortText
    value: Decimal
    qualifier: UnitText | None = None
    unit: UnitText


class Beneficiary(Part):
    """Who is supported, and how its name enters the titles."""

    name: ShortText
    name_title: ShortText
    heading: ShortText | None = None
    article: Literal["", "le", "la", "les", "l’"]
    article_de: ShortText
    article_a: ShortText
    profile: Profile
    legal_form: ShortText | None = None
    created: FilePartialDate | None = None
    maturity: Maturity
    summary: Text
    vision: Text | None = None
    missions: tuple[Text, ...] = ()
    history: Text | None = None
    unit: Titled | None = None
    axes: tuple[Titled, ...] = ()
    fields: tuple[Titled, ...] = ()
    key_figures: tuple[KeyFigure, ...] = ()

    @model_validator(mode="after")
    def _blocks_are_whole(self) -> Beneficiary:
        for name, items, expected in (("axes", self.axes, 3), ("fields", self.fields, 4)):
            if items and len(items) != expected:
                msg = f"{name} has {len(items)} entries. Give {expected}, or leave {name} out."
                raise ValueError(msg)
        return self


class GenesisEvent(Part):
    """A moment of the genesis: ``label`` is printed, ``start`` is its machine-readable date."""

    label: ShortText
    start: FilePartialDate | None = None
    text: Text
    boxed: bool = False


class GenesisExtension(Part):
    title: ShortText
    intro: Text | None = None
    events: Annotated[tuple[GenesisEvent, ...], Field(min_length=1)]


class Genesis(Part):
    title: ShortText
    position: Literal["before_stakes", "after_objective"] = "before_stakes"
    intro: Text | None = None
    events: Annotated[tuple[GenesisEvent, ...], Field(min_length=1)]
    extension: GenesisExtension | None = None


class Stakes(Part):
    context: Annotated[tuple[Text, ...], Field(min_length=1, max_length=4)]
    challenges: Annotated[tuple[Text, ...], Field(min_length=1, max_length=3)]


class SheetObjective(Part):
    type: Literal["alliance", "alliances", "project"]
    text: Text
    highlighted: tuple[Annotated[str, Field(pattern=CODE)], ...] = ()
    diagram: Literal["four_objectives", "four_functions", "none"]
    topics: tuple[Titled, ...] = ()
    examples: tuple[Titled, ...] = ()


class SheetAction(Part):
    period: ShortText | None = None
    title: ShortText | None = None
    phase: Annotated[int, Field(ge=1)] | None = None
    text: Text
    bullets: tuple[Text, ...] = ()


class Actions(Part):
    """``heading`` follows the published sheets: « par le Fonds », alone, or none."""

    heading: Literal["by_fund", "plain", "none"]
    intro: Text | None = None
    items: Annotated[tuple[SheetAction, ...], Field(min_length=1)]


class FocusRole(Part):
    party: ShortText
    count: Annotated[int, Field(ge=1)] | None = None
    type: ShortText | None = None
    contribution: Text


class FocusYear(Part):
    year: ShortText
    text: Text


class Focus(Part):
    partner: ShortText
    rationale: Annotated[tuple[Text, ...], Field(min_length=1)]
    roles: tuple[FocusRole, ...] = ()
    years: tuple[FocusYear, ...] = ()
    results: Text | None = None


class SheetResult(Part):
    label: ShortText
    value: Decimal
    qualifier: UnitText | None = None
    unit: UnitText
    status: OutcomeStatus


class Results(Part):
    items: Annotated[tuple[SheetResult, ...], Field(min_length=1)]
    note: Text | None = None


class Conclusion(Part):
    """``heading`` follows the published sheets: « sur l'apport du Fonds » or alone."""

    heading: Literal["on_fund", "alone"]
    subtitle: ShortText | None = None
    with_lead: bool = False
    text: Text

    @model_validator(mode="after")
    def _subtitle_has_a_title(self) -> Conclusion:
        if self.subtitle is not None and self.heading == "alone":
            msg = "a subtitle needs the heading « on_fund ». Change the heading or remove it."
            raise ValueError(msg)
        return self


class SheetContent(Part):
    """What one sheet adds to the record of its alliance."""

    case_id: Annotated[str, Field(pattern=CODE)]
    fund_version: ShortText
    beneficiary: Beneficiary
    footnotes: tuple[Footnote, ...] = ()
    genesis: Genesis
    stakes: Stakes
    objective: SheetObjective
    actions: Actions
    focus: Focus | None = None
    results: Results | None = None
    synthesis: Text
    conclusion: Conclusion
    provenance: Annotated[tuple[Provenance, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Heading:
    """A printed title: ``level`` 1 is the banner of a page, 2 a section."""

    code: str
    page: int
    level: int
    title: str


def load_boilerplate(path: Path) -> Boilerplate:
    """Read the text common to all sheets.

    Parameters
    ----------
    path : Path
        A file like ``data/sheets/boilerplate.yaml``.

    Returns
    -------
    Boilerplate
        The checked text.

    Raises
    ------
    InvalidFilesError
        If the file does not follow the model.
    """
    return read_record(path, Boilerplate)


def load_sheet(
    path: Path,
    *,
    record: AllianceRecord,
    boilerplate: Boilerplate,
    catalyst_functions: Collection[str],
) -> SheetContent:
    """Read one sheet and check that it agrees with its alliance and the common text.

    Parameters
    ----------
    path : Path
        A file like ``data/sheets/pemb_aet.yaml``.
    record : AllianceRecord
        The alliance that the sheet tells.
    boilerplate : Boilerplate
        The common text that the sheet is printed with.
    catalyst_functions : Collection[str]
        The configured functions of catalysts. The source documents lost their names, so the
        diagram of the four functions is drawn only when four are configured.

    Returns
    -------
    SheetContent
        The checked sheet.

    Raises
    ------
    InvalidFilesError
        If the file does not follow the model or disagrees with the record; every problem is
        listed.
    """
    sheet = read_record(path, SheetContent)
    problems = [
        *_identity_problems(sheet, record, boilerplate),
        *_record_problems(sheet, record),
    ]
    if sheet.objective.diagram == "four_functions" and (
        len(catalyst_functions) != CATALYST_FUNCTIONS
    ):
        message = (
            f"« four_functions » needs {CATALYST_FUNCTIONS} configured functions of catalysts, "
            f"{len(catalyst_functions)} found. Configure them, or choose « none »."
        )
        problems.append(("objective, diagram", message))
    if problems:
        raise InvalidFilesError(
            FileProblem(path.name, where, message) for where, message in problems
        )
    return sheet


def _identity_problems(
    sheet: SheetContent, record: AllianceRecord, boilerplate: Boilerplate
) -> Iterator[tuple[str, str]]:
    if sheet.case_id != record.id:
        yield "case_id", f"« {sheet.case_id} » is not the alliance « {record.id} ». Correct it."
    if sheet.fund_version != boilerplate.version:
        message = (
            f"« {sheet.fund_version} » is not the version « {boilerplate.version} » of the common "
            "text. Correct it, or give the common text of that version."
        )
        yield "fund_version", message
    numbers = [note.n for note in (*boilerplate.footnotes, *sheet.footnotes)]
    if numbers != list(range(1, len(numbers) + 1)):
        message = (
            f"with those of the common text, notes are numbered {numbers}. Number those of the "
            f"sheet from {len(boilerplate.footnotes) + 1}."
        )
        yield "footnotes", message


def _record_problems(sheet: SheetContent, record: AllianceRecord) -> Iterator[tuple[str, str]]:
    absent = [lever.value for lever in Lever if lever not in record.levers]
    if absent:
        message = (
            f"the alliance says nothing of {', '.join(absent)}. A sheet shows the seven levers: "
            "write `na: true` in the alliance for a lever that was not used."
        )
        yield "levers", message
    if not record.perspectives:
        yield "perspectives", "the alliance has none. Add at least one to its record."
    public = sheet.beneficiary.profile is Profile.LOCAL_AUTHORITY
    paid = bool(record.amounts(AmountStatus.GRANTED))
    if public and paid and not record.private_fund_to_public_authority:
        message = (
            "a private fund pays a local authority and the alliance shows no notice. Write "
            "`private_fund_to_public_authority: true` in the alliance."
        )
        yield "beneficiary, profile", message


def outline(sheet: SheetContent) -> tuple[Heading, ...]:
    """List the titles of a sheet in the order in which they are printed.

    A section without data has no title. The same list serves the page and the PDF, so that
    both carry the same text.

    Parameters
    ----------
    sheet : SheetContent
        A checked sheet.

    Returns
    -------
    tuple[Heading, ...]
        Banners of the four pages and sections, in capital letters with their accents.
    """
    headings: list[Heading] = []
    for page, (banner, sections) in enumerate(_pages(sheet), start=1):
        headings.append(Heading(f"page_{page}", page, 1, banner))
        headings += [Heading(code, page, 2, title.upper()) for code, title in sections]
    return tuple(headings)


def _pages(sheet: SheetContent) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    genesis = [("genesis", sheet.genesis.title)]
    if sheet.genesis.extension is not None:
        genesis.append(("extension", sheet.genesis.extension.title))
    aims = [("stakes", _stakes_title(sheet)), ("objective", _objective_title(sheet))]
    work = list(_work_sections(sheet))
    yield "PARTENAIRES", list(_partners_sections(sheet))
    if sheet.genesis.position == "before_stakes":
        yield "GENÈSE", genesis
        yield "LA CONTRIBUTION DU FONDS ODD17", [*aims, *work]
    else:
        yield "GENÈSE", [*aims, *genesis]
        yield "LA CONTRIBUTION DU FONDS ODD17", work
    yield "DÉMULTIPLIER L’IMPACT", list(_impact_sections(sheet))


def _partners_sections(sheet: SheetContent) -> Iterator[tuple[str, str]]:
    yield "fund", "Le Fonds ODD17"
    yield "beneficiary", sheet.beneficiary.heading or sheet.beneficiary.name_title
    yield "strands", "3 volets d’investissement"
    if sheet.beneficiary.fields:
        yield "fields", "4 champs d’action"


def _with_article(beneficiary: Beneficiary) -> str:
    joint = "" if beneficiary.article in ("", "l’") else " "
    return f"{beneficiary.article}{joint}{beneficiary.name_title}"


def _stakes_title(sheet: SheetContent) -> str:
    return f"Enjeux du partenariat entre le Fonds ODD17 et {_with_article(sheet.beneficiary)}"


def _objective_title(sheet: SheetContent) -> str:
    if sheet.objective.type == "alliance":
        return "Objectif de l’alliance soutenue"
    what = {"alliances": "des alliances portées", "project": "du projet porté"}
    return f"Objectif {what[sheet.objective.type]} par {_with_article(sheet.beneficiary)}"


def _work_sections(sheet: SheetContent) -> Iterator[tuple[str, str]]:
    if sheet.actions.heading != "none":
        by_fund = " par le Fonds ODD17" if sheet.actions.heading == "by_fund" else ""
        yield "actions", f"Actions engagées{by_fund}"
    if sheet.focus is not None:
        names = f"{sheet.beneficiary.name_title} – {sheet.focus.partner}"
        yield "focus", f"Focus sur le partenariat {names}"
    if sheet.results is not None:
        yield "results", "Résultats de l’expérimentation"


def _impact_sections(sheet: SheetContent) -> Iterator[tuple[str, str]]:
    supported = f"{sheet.beneficiary.article_a} {sheet.beneficiary.name_title}"
    yield "levers", f"Soutien multiforme du Fonds ODD17 {supported}"
    yield "perspectives", "Perspectives de démultiplication de l’impact"
    conclusion = "Conclusion"
    if sheet.conclusion.heading == "on_fund":
        conclusion += " sur l’apport du Fonds ODD17"
    if sheet.conclusion.subtitle:
        conclusion += f"{NO_BREAK}: {sheet.conclusion.subtitle}"
    yield "conclusion", conclusion
