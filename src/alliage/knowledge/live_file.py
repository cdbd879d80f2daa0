"""A case sheet drafted from a live file: alliance, application, decision, agreement, reports.

Plain values: the platform fills them from its tables, a script from files. :func:`draft` is a pure
function from these values to a :class:`~alliage.knowledge.live_sheet.LiveSheet`. It adds nothing:
each passage repeats what one source says, and says which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from alliage.alliances.vocabulary import AmountStatus, OutcomeStatus
from alliage.knowledge._sheet_blocks import STAGE_NAMES
from alliage.knowledge.case_sheet import NOTICE_TITLE
from alliage.knowledge.live_sheet import (
    AmountFact,
    EventFact,
    FigureFact,
    LeverFact,
    LiveSheet,
    ObjectiveFact,
    PartyFact,
    Passage,
    Rubric,
    Source,
)
from alliage.values.french import euros, partial_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from alliage.alliances.vocabulary import Lever
    from alliage.knowledge.sheet_facts import EventFacts, PartyFacts, SheetFacts
    from alliage.knowledge.sheets import Boilerplate
    from alliage.values.dates import PartialDate
    from alliage.values.money import Euros

_LONGEST_PLACE, _LONGEST_LABEL = 300, 200


@dataclass(frozen=True, slots=True)
class Sourced:
    """A text and where it comes from; ``label`` is the word under which it goes."""

    text: str
    source: Source
    label: str = ""


@dataclass(frozen=True, slots=True)
class SourcedParty:
    """A party that the application names, and what it says that it brings."""

    facts: PartyFacts
    source: Source


@dataclass(frozen=True, slots=True)
class SourcedEvent:
    """A moment of the file: sent, decided, signed, paid."""

    facts: EventFacts
    source: Source


class SumKind(StrEnum):
    """What a sum of money is: they are never added together."""

    AWARDED = "awarded"
    AGREED = "agreed"
    PAID = "paid"
    CONDITIONAL = "conditional"
    IN_KIND = "in_kind"
    TIME = "time"


_SUM_WORDS = {
    SumKind.AWARDED: "accordés par le comité",
    SumKind.AGREED: "promis par la convention",
    SumKind.PAID: "versés, ce qui est revenu étant déduit",
    SumKind.CONDITIONAL: "sous condition, non comptés dans ce qui est accordé",
    SumKind.IN_KIND: "de soutiens en nature, à la valeur qui leur est donnée",
    SumKind.TIME: "de temps donné, au taux horaire du livre des soutiens",
}
_SUM_STATUS = {
    SumKind.PAID: OutcomeStatus.OBSERVED,
    SumKind.CONDITIONAL: OutcomeStatus.CONDITIONAL,
    SumKind.IN_KIND: OutcomeStatus.ESTIMATED,
    SumKind.TIME: OutcomeStatus.ESTIMATED,
}


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum in euros, on a day. Zero is known to be nothing; what is unknown is no sum."""

    kind: SumKind
    eur: Euros
    source: Source
    as_of: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class SupportGiven:
    """A support of the book of the fund. ``eur`` is None when it is not valued.

    ``in_cash`` tells money from what is valued in kind or in time, which is told in words only.
    """

    lever: Lever
    text: str
    source: Source
    eur: Euros | None = None
    in_cash: bool = False
    years: tuple[int, ...] = ()
    status: AmountStatus = AmountStatus.GRANTED


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure that an accepted report gives, or that the application promised."""

    text: str
    status: OutcomeStatus
    source: Source
    value: Decimal | None = None
    unit: str = ""
    qualifier: str = ""
    as_of: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class LiveFile:
    """All that the platform knows of a file when its sheet is drafted.

    ``alliance`` holds the facts of its page, which ``alliance_page`` names for readers. What the
    application says of a need, of why act together and of what each brings goes before what the
    page of the alliance says of it. ``common`` is the text that every sheet of the fund repeats; a
    fund that has none speaks by ``fund_text``.
    """

    fund: str
    fund_slug: str
    alliance: SheetFacts
    alliance_page: str
    common: Boilerplate | None = None
    demonstration: bool = False
    fund_text: Sourced | None = None
    need: Sourced | None = None
    why_together: Sourced | None = None
    steps: tuple[Sourced, ...] = ()
    applicants: tuple[SourcedParty, ...] = ()
    events: tuple[SourcedEvent, ...] = ()
    decision: tuple[Sourced, ...] = ()
    purpose: Sourced | None = None
    sums: tuple[Sum, ...] = ()
    supports: tuple[SupportGiven, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    reports: tuple[Sourced, ...] = ()


def draft(file: LiveFile) -> LiveSheet:
    """Draft the sheet of a live file.

    Parameters
    ----------
    file
        The values of the file.

    Returns
    -------
    LiveSheet
        Every passage holds where it comes from; what the file does not know makes no passage.

    Examples
    --------
    >>> from alliage.knowledge.sheet_facts import SheetFacts
    >>> facts = SheetFacts("Q2ER", "programme", "Élèves et entreprises se rencontrent.")
    >>> sheet = draft(LiveFile("Fonds ODD17", "fonds-odd17", facts, "Page de l’alliance « Q2ER »"))
    >>> [(passage.code, passage.source.place) for passage in sheet.passages]
    [('title', 'titre'), ('summary', 'résumé'), ('kind', 'forme')]
    """
    passages = _Passages(file.alliance_page)
    _alliance(passages, file)
    _application(passages, file)
    _fund(passages, file)
    _impact(passages, file)
    order = list(Rubric)
    return LiveSheet(
        fund=file.fund,
        fund_slug=file.fund_slug,
        demonstration=file.demonstration,
        documents=tuple(each[:_LONGEST_PLACE] for each in file.alliance.sources),
        passages=tuple(sorted(passages.found, key=lambda each: order.index(each.rubric))),
    )


@dataclass(slots=True)
class _Passages:
    """The passages found so far; those of the alliance all come from its page."""

    page: str
    found: list[Passage] = field(default_factory=list)

    def add(self, rubric: Rubric, code: str, text: str, source: Source | str, **more: Any) -> None:
        """Add a passage, unless nothing is known; a source in one word is a place of the page."""
        if not text.strip():
            return
        if isinstance(source, str):
            source = Source(origin=self.page, place=source)
        label = str(more.pop("label", "") or "").strip()[:_LONGEST_LABEL]
        self.found.append(
            Passage(
                code=code,
                rubric=rubric,
                text=text.strip(),
                label=label or None,
                source=source,
                **more,
            )
        )

    def sourced(self, rubric: Rubric, code: str, told: Iterable[Sourced | None]) -> None:
        """Add texts that come with their source; several are numbered."""
        known = [each for each in told if each]
        for rank, each in enumerate(known, start=1):
            name = code if len(known) == 1 else f"{code}-{rank}"
            self.add(rubric, name, each.text, each.source, label=each.label)


def _alliance(passages: _Passages, file: LiveFile) -> None:
    facts = file.alliance
    passages.add(Rubric.TITLE, "title", facts.title, "titre")
    passages.add(Rubric.SUMMARY, "summary", facts.summary, "résumé")
    known = (
        ("kind", "Forme", facts.kind, "forme"),
        ("places", "Territoire", ", ".join(facts.places), "territoires"),
        ("started", "Depuis", partial_date(facts.started) if facts.started else "", "dates"),
        ("stage", "Étape", STAGE_NAMES[facts.stage] if facts.stage else "", "étape"),
        ("domains", "Domaines", ", ".join(facts.domains), "domaines"),
    )
    for code, label, text, place in known:
        passages.add(Rubric.IDENTITY, code, text, place, label=label)
    for code, reading in facts.objectives:
        fact = ObjectiveFact(code=code, reading=reading)
        passages.add(Rubric.OBJECTIVE, f"objective-{code}", code, "objectifs", fact=fact)
    moments: list[tuple[EventFacts, Source | str]] = [(each, "dates") for each in facts.timeline]
    told = [(each.facts, each.source) for each in file.events]
    for rank, (event, source) in enumerate((*moments, *told), start=1):
        fact_of_event = EventFact(
            start=event.start,
            end=event.end,
            precision=event.precision,
            planned=event.planned,
            boxed=event.boxed,
        )
        passages.add(Rubric.EVENT, f"event-{rank}", event.text, source, fact=fact_of_event)


def _application(passages: _Passages, file: LiveFile) -> None:
    facts = file.alliance
    passages.sourced(Rubric.NEED, "need", (file.need,))
    if file.why_together:
        passages.sourced(Rubric.WHY_TOGETHER, "why-together", (file.why_together,))
    else:
        passages.add(Rubric.WHY_TOGETHER, "why-together", facts.why, "pourquoi")
    passages.sourced(Rubric.STEP, "step", file.steps)
    for rank, (party, source, brings) in enumerate(_parties(file), start=1):
        fact = PartyFact(world=party.world, slug=party.slug or None)
        passages.add(Rubric.PARTY, f"party-{rank}", party.name, source, label=party.role, fact=fact)
        if brings:
            text, place = brings
            passages.add(Rubric.CONTRIBUTION, f"brings-{rank}", text, place, label=party.name)


def _parties(
    file: LiveFile,
) -> Iterator[tuple[PartyFacts, Source | str, tuple[str, Source | str] | None]]:
    """Give each party once: those of the alliance, then the applicants that it does not hold."""
    said = {each.facts.slug: each for each in file.applicants if each.facts.slug}
    page = "parties prenantes"
    for party in file.alliance.parties:
        applied = said.pop(party.slug, None) if party.slug else None
        if applied and applied.facts.brings:
            yield party, page, (applied.facts.brings, applied.source)
        else:
            yield party, page, (party.brings, page) if party.brings else None
    for each in file.applicants:
        if not each.facts.slug or each.facts.slug in said:
            brings = (each.facts.brings, each.source) if each.facts.brings else None
            yield each.facts, each.source, brings


def _fund(passages: _Passages, file: LiveFile) -> None:
    if file.common:
        _common(passages, file.common)
        if file.alliance.private_fund_to_public_authority:
            source = _source_of(file.common, "constat")
            text, title = file.common.legal_gap_notice, NOTICE_TITLE
            passages.add(Rubric.NOTICE, "notice", text, source, label=title)
    else:
        passages.sourced(Rubric.FUND, "fund", (file.fund_text,))
    passages.sourced(Rubric.DECISION, "decision", file.decision)
    passages.sourced(Rubric.PURPOSE, "purpose", (file.purpose,))
    for each in file.sums:
        fact = FigureFact(
            value=each.eur,
            unit="euros",
            status=_SUM_STATUS.get(each.kind, OutcomeStatus.ANNOUNCED),
            as_of=each.as_of,
        )
        words, code = _SUM_WORDS[each.kind], f"sum-{each.kind}".replace("_", "-")
        passages.add(Rubric.MONEY, code, words, each.source, fact=fact)


_CALL = re.compile(r"\[\^\d{1,3}\]")


def _source_of(common: Boilerplate, place: str) -> Source:
    return Source(origin=f"Textes communs des fiches, version {common.version}", place=place)


def _common(passages: _Passages, common: Boilerplate) -> None:
    """Take in the sheet the text that every sheet of the fund repeats: consents hold it too."""
    source = _source_of(common, "présentation du fonds")
    presentation = _CALL.sub("", common.presentation)
    passages.add(Rubric.FUND, "fund-presentation", presentation, source)
    mission = _CALL.sub("", common.mission)
    passages.add(Rubric.FUND, "fund-mission", mission, source, label="Mission")
    for rank, strand in enumerate(common.strands, start=1):
        place = _source_of(common, "volets")
        passages.add(Rubric.STRAND, f"strand-{rank}", strand.text, place, label=strand.title)


def _impact(passages: _Passages, file: LiveFile) -> None:
    _levers(passages, file)
    facts = file.alliance
    rank = 0
    for rank, outcome in enumerate(facts.outcomes, start=1):
        fact = FigureFact(
            value=outcome.value,
            unit=outcome.unit or None,
            qualifier=outcome.qualifier or None,
            status=outcome.status,
            as_of=outcome.as_of,
        )
        passages.add(Rubric.OUTCOME, f"outcome-{rank}", outcome.text, "résultats", fact=fact)
    for number, each in enumerate(file.indicators, start=rank + 1):
        figure = FigureFact(
            value=each.value,
            unit=each.unit or None,
            qualifier=each.qualifier or None,
            status=each.status,
            as_of=each.as_of,
        )
        passages.add(Rubric.OUTCOME, f"outcome-{number}", each.text, each.source, fact=figure)
    passages.sourced(Rubric.REPORT, "report", file.reports)
    for rank, lesson in enumerate(facts.lessons, start=1):
        passages.add(Rubric.LESSON, f"lesson-{rank}", lesson, "enseignements")
    passages.add(Rubric.REUSABLE, "reusable", facts.reusable, "ce que d’autres peuvent reprendre")
    for rank, item in enumerate(facts.perspectives, start=1):
        passages.add(
            Rubric.PERSPECTIVE,
            f"perspective-{rank}",
            item.text,
            "perspectives",
            label=item.level,
        )


def _levers(passages: _Passages, file: LiveFile) -> None:
    """Tell the levers: by the book of the fund for those that it holds, else by the page."""
    booked = {each.lever for each in file.supports}
    for support in file.alliance.supports:
        lever = support.lever
        if lever in booked:
            continue
        code = f"lever-{lever.value}".replace("_", "-")
        if support.na:
            unused = support.na_text or "levier non mobilisé"
            fact = LeverFact(lever=lever, na=True)
            passages.add(Rubric.LEVER, code, unused, "soutiens", fact=fact)
            continue
        passages.add(Rubric.LEVER, code, support.text, "soutiens", fact=LeverFact(lever=lever))
        for rank, amount in enumerate(support.amounts, start=1):
            money = AmountFact(
                lever=lever, eur=amount.eur, years=amount.years, status=amount.status
            )
            passages.add(
                Rubric.AMOUNT, f"{code}-amount-{rank}", amount.purpose, "soutiens", fact=money
            )
    for rank, each in enumerate(file.supports, start=1):
        code = f"support-{rank}"
        if each.in_cash and each.eur:
            money = AmountFact(lever=each.lever, eur=each.eur, years=each.years, status=each.status)
            passages.add(Rubric.AMOUNT, code, each.text, each.source, fact=money)
            continue
        text = each.text
        if each.eur:
            text = f"{text.rstrip('.')} (valeur estimée : {euros(each.eur, full=True)})"
        passages.add(Rubric.LEVER, code, text, each.source, fact=LeverFact(lever=each.lever))
