"""The facts of an alliance as its sheet takes them, and the vocabularies that it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import (
    AmountStatus,
    Lever,
    OutcomeStatus,
    Reading,
    Stage,
    World,
)
from alliage.knowledge.sheet_facts import (
    AmountFacts,
    EventFacts,
    OutcomeFacts,
    PartyFacts,
    PerspectiveFacts,
    ReferenceTerm,
    SheetFacts,
    SheetReference,
    SupportFacts,
    readable_sources,
)
from alliage.values.citations import parse_citations
from alliage.values.dates import PartialDate, Precision
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme, source_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage_web.alliances.queries.story import (
        AllianceStory,
        AmountOfSupport,
        Moment,
        SupportOfAlliance,
    )
    from alliage_web.vocabulary.models import Term


def facts_of_story(told: AllianceStory) -> SheetFacts:
    """Take from the story of an alliance the facts that its sheet needs, nothing added."""
    places = tuple(place.name for place in told.places)
    return SheetFacts(
        title=told.title_fr,
        kind=told.kind,
        summary=told.summary_fr,
        why=told.why,
        reusable=told.reusable,
        stage=Stage(told.stage) if told.stage else None,
        started=_date(told.started),
        places=places or ((told.territory_note,) if told.territory_note else ()),
        domains=tuple(domain.label for domain in told.domains),
        objectives=tuple((item.code, Reading(item.reading)) for item in told.objectives),
        parties=tuple(
            PartyFacts(
                name=party.name,
                world=World(party.world),
                role=party.role,
                brings=party.brings,
                slug=party.organisation_slug,
            )
            for party in told.parties
        ),
        timeline=tuple(_event(moment) for moment in told.timeline),
        outcomes=tuple(
            OutcomeFacts(
                text=outcome.text,
                status=OutcomeStatus(outcome.status),
                value=outcome.value,
                qualifier=outcome.qualifier,
                unit=outcome.unit,
                as_of=_date(outcome.as_of),
            )
            for outcome in told.outcomes
        ),
        supports=tuple(_support(support) for support in told.supports),
        lessons=tuple(lesson.text for lesson in told.lessons),
        perspectives=tuple(PerspectiveFacts(item.level, item.text) for item in told.perspectives),
        sources=_sources(told.source),
        private_fund_to_public_authority=told.private_fund_to_public_authority,
    )


def _date(text: str) -> PartialDate | None:
    return PartialDate.parse(text) if text else None


def _event(moment: Moment) -> EventFacts:
    return EventFacts(
        start=PartialDate.parse(moment.start),
        text=moment.text,
        end=_date(moment.end),
        precision=Precision(moment.precision),
        planned=moment.planned,
        boxed=moment.boxed,
    )


def _support(support: SupportOfAlliance) -> SupportFacts:
    return SupportFacts(
        lever=Lever(support.lever),
        text=support.text,
        na=support.na,
        na_text=support.na_text,
        amounts=tuple(_amount(amount) for amount in support.amounts),
    )


def _amount(amount: AmountOfSupport) -> AmountFacts:
    first, last = amount.first_year, amount.last_year
    return AmountFacts(
        eur=amount.eur,
        purpose=amount.purpose,
        years=tuple(range(first, (last or first) + 1)) if first else (),
        status=AmountStatus(amount.status),
    )


def _sources(text: str) -> tuple[str, ...]:
    return readable_sources([text], _titles([text]))


def _titles(texts: Iterable[str]) -> dict[str, str]:
    codes = {item.code for text in texts for item in parse_citations(text) if item.code}
    return {code: label.title for code, label in source_labels(codes).items()}


def sheet_reference() -> SheetReference:
    """Read the vocabularies that the diagrams of the sheets draw."""
    terms = by_scheme(Scheme.OBJECTIVE, Scheme.CATALYST_FUNCTION)
    titles = _titles(term.source for found in terms.values() for term in found)
    return SheetReference(
        objectives=tuple(_term(term, titles) for term in terms[Scheme.OBJECTIVE]),
        functions=tuple(_term(term, titles) for term in terms[Scheme.CATALYST_FUNCTION]),
    )


def _term(term: Term, titles: dict[str, str]) -> ReferenceTerm:
    return ReferenceTerm(
        code=term.code,
        label=term.label_fr,
        text=term.definition_fr,
        reading=Reading(term.reading),
        source=" ; ".join(readable_sources([term.source], titles)),
    )
