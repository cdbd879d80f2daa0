"""What a case sheet is composed from: the facts of an alliance, and the vocabularies it draws.

Plain values: the platform fills them from its tables, a script from the files of ``data/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import (
    AmountStatus,
    Lever,
    OutcomeStatus,
    Reading,
    Stage,
    World,
)
from alliage.values.citations import parse_citations, write_lines
from alliage.values.dates import PartialDate, Precision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from alliage.alliances.records import AllianceRecord


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """Who takes part, in which world, and what they do and bring."""

    name: str
    world: World
    role: str = ""
    brings: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class EventFacts:
    """A moment of the alliance, as precisely as it is known."""

    start: PartialDate
    text: str
    end: PartialDate | None = None
    precision: Precision = Precision.YEAR
    planned: bool = False
    boxed: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """What came of the alliance; a value goes with its unit, its status and its date."""

    text: str
    status: OutcomeStatus
    value: Decimal | None = None
    qualifier: str = ""
    unit: str = ""
    as_of: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class AmountFacts:
    """Money behind a support: years in order, empty when the payment is conditional."""

    eur: Decimal
    purpose: str
    years: tuple[int, ...] = ()
    status: AmountStatus = AmountStatus.GRANTED


@dataclass(frozen=True, slots=True)
class SupportFacts:
    """What a lever brought, or that it was not used (``na``) and why."""

    lever: Lever
    text: str = ""
    na: bool = False
    na_text: str = ""
    amounts: tuple[AmountFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class PerspectiveFacts:
    """What comes next, and for whom: ``project``, ``local`` or ``other_territories``."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """The structured facts of an alliance that its sheet is composed from.

    ``places`` and ``domains`` are names for readers; ``sources`` are readable references;
    ``objectives`` gives how each objective was read.
    """

    title: str
    kind: str
    summary: str
    why: str = ""
    reusable: str = ""
    stage: Stage | None = None
    started: PartialDate | None = None
    places: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    objectives: tuple[tuple[str, Reading], ...] = ()
    parties: tuple[PartyFacts, ...] = ()
    timeline: tuple[EventFacts, ...] = ()
    outcomes: tuple[OutcomeFacts, ...] = ()
    supports: tuple[SupportFacts, ...] = ()
    lessons: tuple[str, ...] = ()
    perspectives: tuple[PerspectiveFacts, ...] = ()
    sources: tuple[str, ...] = ()
    private_fund_to_public_authority: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceTerm:
    """A term of a vocabulary, with its definition and how it was read."""

    code: str
    label: str
    text: str = ""
    reading: Reading = Reading.STATED
    source: str = ""


@dataclass(frozen=True, slots=True)
class SheetReference:
    """The vocabularies that the diagrams draw: four objectives, four functions of catalysts."""

    objectives: tuple[ReferenceTerm, ...]
    functions: tuple[ReferenceTerm, ...] = ()


def readable_sources(citations: Iterable[str], titles: Mapping[str, str]) -> tuple[str, ...]:
    """Name the documents cited, each once, in the order in which they come.

    Parameters
    ----------
    citations
        Citations such as ``sheet_pemb l.76-83 ; proceedings_2022``.
    titles
        The title of each document by its code; a document without title keeps its code.

    Returns
    -------
    tuple of str
        Titles, then the lines if the citation gives some.

    Examples
    --------
    >>> readable_sources(["sheet_pemb l.7"], {"sheet_pemb": "Fiche PEMB"})[0].split()
    ['Fiche', 'PEMB,', 'l.', '7']
    """
    found = [
        ", ".join(part for part in (titles.get(item.code, item.code), write_lines(item)) if part)
        if item.code
        else item.note
        for text in citations
        for item in parse_citations(text)
    ]
    return tuple(dict.fromkeys(found))


def facts_of(
    record: AllianceRecord,
    *,
    titles: Mapping[str, str],
    places: Sequence[str] = (),
    domains: Sequence[str] = (),
) -> SheetFacts:
    """Take from the record of an alliance the facts that its sheet needs.

    Parameters
    ----------
    record
        The record, as :func:`alliage.alliances.records.load_alliances` reads it.
    titles
        The title of each document cited, by its code.
    places, domains
        Names for readers: a record holds codes only.

    Returns
    -------
    SheetFacts
        The facts, nothing added.

    Examples
    --------
    >>> from alliage.alliances.records import load_alliances
    >>> from alliage.values.datafiles import data_directory
    >>> record = load_alliances(data_directory() / "alliances")[0]
    >>> facts_of(record, titles={}).title == record.title
    True
    """
    return SheetFacts(
        title=record.title,
        kind=record.kind,
        summary=record.summary,
        why=record.why,
        reusable=record.reusable,
        stage=record.stage.code,
        started=record.started,
        places=tuple(places),
        domains=tuple(domains),
        objectives=tuple((item.code, item.reading) for item in record.objectives),
        parties=tuple(
            PartyFacts(
                name=party.name,
                world=party.world,
                role=party.role or "",
                brings=party.brings or "",
                slug=party.organisation or "",
            )
            for party in record.parties
        ),
        timeline=tuple(
            EventFacts(
                start=event.start,
                text=event.text,
                end=event.end,
                precision=event.precision,
                planned=event.planned,
                boxed=event.boxed,
            )
            for event in record.timeline
        ),
        outcomes=tuple(
            OutcomeFacts(
                text=outcome.text,
                status=outcome.status,
                value=outcome.value,
                qualifier=outcome.qualifier or "",
                unit=outcome.unit or "",
                as_of=outcome.as_of,
            )
            for outcome in record.outcomes
        ),
        supports=tuple(
            SupportFacts(
                lever=lever,
                text=support.text or "",
                na=support.na,
                na_text=support.na_text or "",
                amounts=tuple(
                    AmountFacts(amount.eur, amount.purpose, amount.years, amount.status)
                    for amount in support.amounts
                ),
            )
            for lever, support in record.levers.items()
        ),
        lessons=tuple(lesson.text for lesson in record.lessons),
        perspectives=tuple(PerspectiveFacts(item.level, item.text) for item in record.perspectives),
        sources=readable_sources(record.sources, titles),
        private_fund_to_public_authority=record.private_fund_to_public_authority,
    )
