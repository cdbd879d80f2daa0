"""The live file of an alliance at a fund, as the library drafts its sheet from it.

Sheets are written in French, whatever the language of the interface.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import translation

from alliage.alliances.vocabulary import AmountStatus, Lever, OutcomeStatus, World
from alliage.knowledge.case_sheet import FUND_SLUG
from alliage.knowledge.live_file import (
    Indicator,
    LiveFile,
    Sourced,
    SourcedEvent,
    SourcedParty,
    Sum,
    SumKind,
    SupportGiven,
)
from alliage.knowledge.live_sheet import Source
from alliage.knowledge.sheet_facts import EventFacts, PartyFacts
from alliage.values.dates import PartialDate, Precision
from alliage.values.french import euros, number, partial_date
from alliage.values.money import ZERO, total
from alliage_web.alliances.queries import story
from alliage_web.fund.queries.file_story import file_story

from .sheet_facts import facts_of_story

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from alliage.knowledge.sheet_facts import SheetFacts
    from alliage.knowledge.sheets import Boilerplate
    from alliage_web.alliances.queries import AllianceStory
    from alliage_web.fund.models import Agreement, Application, Fund
    from alliage_web.fund.queries.file_story import (
        AgreementTold,
        Answered,
        ApplicationTold,
        DecisionTold,
        FileStory,
        ReportTold,
        SupportTold,
    )

LANGUAGE = "fr"
_LONGEST = 300
#: The texts of a report that the sheet takes, under the words that it puts before.
_REPORT_TEXTS = {
    "text:summary": "Ce qui a été fait",
    "text:difficulties": "Ce qui a été difficile",
    "text:next": "Ce qui vient ensuite",
}
_CASH, _IN_KIND, _TIME = "cash", "in_kind", "time"
_STATUSES = {"measured": OutcomeStatus.OBSERVED, "declared": OutcomeStatus.DECLARED}


def live_file(
    fund: Fund,
    alliance_id: int,
    *,
    on: dt.date,
    common: Boilerplate,
    application: Application | None = None,
    agreement: Agreement | None = None,
    tells_decision: bool,
    tells_money: bool,
) -> LiveFile:
    """Gather what is known of a file on a day, each thing with where it comes from."""
    with translation.override(LANGUAGE):
        told = story(id=alliance_id)
        assert told is not None
        found = file_story(
            fund,
            alliance_id,
            application=application,
            agreement=agreement,
            tells_decision=tells_decision,
            tells_money=tells_money,
        )
        own_text = common if fund.organisation.slug == FUND_SLUG else None
        page = f"Page de l’alliance « {told.title_fr} » sur la plateforme, au {_day(on)}"
        file = LiveFile(
            fund=fund.name,
            fund_slug=fund.organisation.slug,
            common=own_text,
            fund_text=None if own_text else _fund_text(fund),
            alliance=_facts(told),
            alliance_page=page[:_LONGEST],
            events=tuple(_events(found)),
            sums=tuple(_sums(found, on)),
            supports=tuple(_support(row) for row in found.supports),
            indicators=tuple(each for row in found.reports for each in _indicators(row)),
            reports=tuple(each for row in found.reports for each in _texts(row)),
        )
        file = _with_application(file, found.application)
        return _with_decisions(file, found.decision, found.agreement)


def _day(on: dt.date) -> str:
    return partial_date(on)


def _date(on: dt.date) -> PartialDate:
    return PartialDate(on.year, on.month, on.day)


def _facts(told: AllianceStory) -> SheetFacts:
    """Tell of a party that left until when it was one; it is named all the same."""
    facts = facts_of_story(told)
    parties = tuple(
        replace(party, role=_until(party.role, row.left)) if row.left else party
        for party, row in zip(facts.parties, told.parties, strict=True)
    )
    return replace(facts, parties=parties)


def _until(role: str, left: str) -> str:
    until = f"jusqu’en {partial_date(left)}"
    return f"{role}, {until}" if role else until


def _fund_text(fund: Fund) -> Sourced | None:
    if not fund.summary_fr:
        return None
    return Sourced(fund.summary_fr, Source(origin=f"Page du fonds « {fund.name} »"))


def _with_application(file: LiveFile, told: ApplicationTold | None) -> LiveFile:
    if told is None:
        return file
    origin = f"Dossier {told.reference}, envoyé le {_day(told.sent_on)}"

    def source(said: Answered) -> Source:
        return Source(origin=origin, place=f"question « {said.question} »"[:_LONGEST])

    def answer(code: str) -> Sourced | None:
        said = told.answers.get(code)
        return Sourced(said.text, source(said)) if said and said.text else None

    steps = told.answers.get("steps")
    return replace(
        file,
        demonstration=told.is_demonstration,
        need=answer("need"),
        why_together=answer("why_together"),
        steps=tuple(_step(row, source(steps)) for row in steps.rows) if steps else (),
        applicants=tuple(
            SourcedParty(
                PartyFacts(
                    name=each.name,
                    world=World(each.world),
                    brings=each.brings.text if each.brings else "",
                    slug=each.slug,
                ),
                source(each.brings)
                if each.brings
                else Source(origin=origin, place="les demandeurs"),
            )
            for each in told.applicants
        ),
    )


def _step(row: tuple[str, ...], source: Source) -> Sourced:
    """Tell a step: what, by when, and the sign that it is reached, where they are known."""
    what, when, sign = (*row, "", "", "")[:3]
    text = f"{what} : {sign}" if sign else what
    return Sourced(text, source, label=f"Pour {when}" if when else "")


def _with_decisions(
    file: LiveFile, decision: DecisionTold | None, agreement: AgreementTold | None
) -> LiveFile:
    if decision:
        source = _committee(decision)
        file = replace(file, decision=(Sourced(decision.reasons, source),))
    if agreement:
        file = replace(file, purpose=Sourced(agreement.objective, _agreement(agreement)))
    return file


def _committee(told: DecisionTold) -> Source:
    day = _day(told.decided_on)
    return Source(origin=f"Comité n° {told.meeting} du {day}", place="motifs de la décision")


def _agreement(told: AgreementTold) -> Source:
    return Source(origin=f"Convention {told.reference}", place=f"version {told.version}")


def _events(found: FileStory) -> Iterator[SourcedEvent]:
    """Tell the days of the file. Several payments are one moment each."""
    if found.application:
        told = found.application
        source = Source(origin=f"Dossier {told.reference}, envoyé le {_day(told.sent_on)}")
        yield _event(told.sent_on, "L’alliance dépose un dossier auprès du fonds.", source)
    if found.decision:
        text = "Le comité du fonds décide de la soutenir."
        yield _event(found.decision.decided_on, text, _committee(found.decision))
    if found.agreement:
        source = _agreement(found.agreement)
        yield _event(found.agreement.in_force_on, "La convention est signée.", source)
        paid = Source(origin=f"Convention {found.agreement.reference}", place="versements")
        for row in found.agreement.payments:
            text = f"Le fonds verse {euros(row.eur, full=True)}."
            yield _event(row.on, text, paid)


def _event(on: dt.date, text: str, source: Source) -> SourcedEvent:
    return SourcedEvent(EventFacts(_date(on), text, precision=Precision.DAY), source)


def _sums(found: FileStory, on: dt.date) -> Iterator[Sum]:
    """Give each sum apart; those of the book are not those that the agreement promises."""
    if found.decision:
        day = _date(found.decision.decided_on)
        yield Sum(SumKind.AWARDED, found.decision.amount, _committee(found.decision), day)
    if found.agreement:
        source = _agreement(found.agreement)
        yield Sum(
            SumKind.AGREED, found.agreement.agreed, source, _date(found.agreement.in_force_on)
        )
        paid = Source(origin=f"Convention {found.agreement.reference}", place="versements")
        yield Sum(SumKind.PAID, found.agreement.kept, paid, _date(on))
    book = Source(origin=f"Livre des soutiens de {found.fund.name}", place=f"au {_day(on)}")
    granted = [row for row in found.supports if row.status == AmountStatus.GRANTED.value]
    conditional = [row for row in found.supports if row not in granted]
    sums = {
        SumKind.CONDITIONAL: _added(conditional, _CASH),
        SumKind.IN_KIND: _added(granted, _IN_KIND),
        SumKind.TIME: _added(granted, _TIME),
    }
    yield from (Sum(kind, eur, book) for kind, eur in sums.items() if eur)


def _added(rows: Iterable[SupportTold], nature: str) -> Decimal:
    return total(row.amount for row in rows if row.nature == nature and row.amount) or ZERO


def _support(row: SupportTold) -> SupportGiven:
    source = Source(origin="Livre des soutiens du fonds", place=row.source[:_LONGEST] or None)
    in_cash = row.nature == _CASH
    first = int(row.first[:4]) if row.first else None
    last = int(row.last[:4]) if row.last else first
    return SupportGiven(
        lever=Lever(row.lever),
        text=row.text[:1].lower() + row.text[1:] if in_cash and row.amount else row.text,
        source=source,
        eur=row.amount,
        in_cash=in_cash,
        years=tuple(range(first, (last or first) + 1)) if first else (),
        status=AmountStatus(row.status),
    )


def _report(row: ReportTold, place: str) -> Source:
    return Source(
        origin=f"Rapport « {row.title} », remis le {_day(row.delivered_on)}"[:_LONGEST],
        place=place,
    )


def _texts(row: ReportTold) -> Iterator[Sourced]:
    for key, label in _REPORT_TEXTS.items():
        if text := row.texts.get(key, ""):
            yield Sourced(text, _report(row, label.lower()), label=label)


def _indicators(row: ReportTold) -> Iterator[Indicator]:
    """Tell the last measure of each indicator; one that was not measured is not told."""
    for each in row.indicators:
        measured: list[dict[str, Any]] = each["measurements"]
        if not measured:
            continue
        last = max(measured, key=lambda one: one["on"])
        value, unit = Decimal(last["value"]), each["unit"]
        yield Indicator(
            # A figure never goes without its unit: one that has none is told in words.
            text=each["label"] if unit else f"{each['label']} : {number(value)}",
            status=_STATUSES.get(last["status"], OutcomeStatus.ESTIMATED),
            source=_report(row, "indicateurs"),
            value=value if unit else None,
            unit=unit,
            as_of=PartialDate.parse(last["on"]),
        )
