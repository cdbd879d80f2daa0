"""Conflicts of interest, derived from plain facts and shown with the facts that make them.

Nothing here accuses anybody: a conflict is a chain of facts between a person and an application,
with what follows from it. What is not known is said: a person of whom no membership is known is
« nothing known », not « no conflict ». See ``docs/algorithms/interests.md``.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alliage.values.dates import PartialDate

    #: Organisations of an application, each with the steps that tie it there.
    _Ends: TypeAlias = Mapping[str, tuple["Step", ...]]
    #: Affiliations from an organisation to one above it.
    _Way: TypeAlias = tuple["Affiliation", ...]


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``start`` to ``end``, both included.

    A bound that is None is open or not known: prudence treats both alike, because a date that
    nobody knows clears nobody.
    """

    start: dt.date | None = None
    end: dt.date | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            msg = f"A period cannot end ({self.end}) before it starts ({self.start}). Correct one."
            raise ValueError(msg)

    @classmethod
    def between(cls, start: PartialDate | None, end: PartialDate | None) -> Period:
        """Take the widest period that two dates known in part may mean.

        Examples
        --------
        >>> from alliage.values.dates import PartialDate
        >>> period = Period.between(PartialDate(2020), PartialDate(2021, 2))
        >>> str(period.start), str(period.end)
        ('2020-01-01', '2021-02-28')
        """
        return cls(start.first_day if start else None, _last_day(end) if end else None)

    def contains(self, day: dt.date) -> bool:
        """Tell whether a day may be in the period."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


def _last_day(date: PartialDate) -> dt.date:
    month = date.month or 12
    return dt.date(date.year, month, date.day or calendar.monthrange(date.year, month)[1])


class LinkKind(StrEnum):
    """How an organisation belongs to another."""

    PARENT = "parent"
    """It is controlled by the other: a subsidiary, a sheltered foundation."""
    NETWORK = "network"
    """It is a member of the other: a federation, a head of network."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A person works for, sits in or belongs to an organisation."""

    id: str
    person: str
    organisation: str
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class Affiliation:
    """An organisation belongs to another one."""

    id: str
    organisation: str
    belongs_to: str
    kind: LinkKind
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class PartyTo:
    """An organisation is a party to an alliance."""

    id: str
    alliance: str
    organisation: str
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class CatalystOf:
    """An organisation, or a person in her own name, is the catalyst of an alliance."""

    id: str
    alliance: str
    catalyst: str
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class Funding:
    """An organisation gave money to another one, once or over a period."""

    id: str
    giver: str
    receiver: str
    period: Period


@dataclass(frozen=True, slots=True)
class Delegation:
    """``delegate`` acts for ``principal``."""

    id: str
    delegate: str
    principal: str
    period: Period = Period()


class Severity(StrEnum):
    """What a conflict asks for."""

    BARS = "bars"
    """The person neither reviews, nor debates, nor votes."""
    TO_DECLARE = "to_declare"
    """It is written in the minutes; the person may take part, or step back."""


@dataclass(frozen=True, slots=True)
class DeclaredInterest:
    """A person declares an interest in an application, an alliance or an organisation.

    ``severity`` is what the person, or the one who received the declaration, says of it.
    """

    id: str
    person: str
    subject: str
    severity: Severity
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class NoInterestStatement:
    """A person states having no interest in an application. It never erases a fact."""

    id: str
    person: str
    application: str
    made_on: dt.date


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known. Only facts whose period is known in part are less than certain."""

    memberships: tuple[Membership, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()
    parties: tuple[PartyTo, ...] = ()
    catalysts: tuple[CatalystOf, ...] = ()
    fundings: tuple[Funding, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    declared: tuple[DeclaredInterest, ...] = ()
    statements: tuple[NoInterestStatement, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """What is to be reviewed or decided.

    Attributes
    ----------
    application
        Its identifier.
    alliance
        The alliance that it is about, None if it names none.
    applicants
        Organisations that ask for support.
    authors
        Persons who wrote or signed it.
    funders
        Organisations that run the fund: what they gave before is the work of the fund, and
        no conflict.
    """

    application: str
    alliance: str | None = None
    applicants: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    funders: frozenset[str] = frozenset()


class ConflictKind(StrEnum):
    """What ties a person to an application."""

    AUTHOR = "author"
    APPLICANT = "applicant"
    PARTY = "party"
    CATALYST = "catalyst"
    SAME_GROUP = "same_group"
    SAME_NETWORK = "same_network"
    FUNDING_GIVEN = "funding_given"
    FUNDING_RECEIVED = "funding_received"
    DECLARED = "declared"


class FactKind(StrEnum):
    """The verb of a step: ``subject`` … ``object``."""

    WROTE = "wrote"
    APPLIES = "applies"
    MEMBER_OF = "member_of"
    BELONGS_TO = "belongs_to"
    PARTY_TO = "party_to"
    CATALYST_OF = "catalyst_of"
    FUNDED = "funded"
    ACTS_FOR = "acts_for"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Step:
    """One fact of a chain, ready for a sentence: ``subject`` ``kind`` ``object``.

    ``fact`` is the identifier of the fact, empty where the application itself says it.
    """

    kind: FactKind
    subject: str
    object: str
    period: Period = Period()
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A tie between a person and an application.

    Attributes
    ----------
    kind, severity
        What it is, and what it asks for.
    chain
        The facts that show it, from the person to the application.
    period
        Days on which every fact holds; None when they followed one another without meeting.
    in_force
        Whether every fact holds, or may hold, on the day of the question.
    on_behalf_of
        The principal whose conflict it is, when the person acts by delegation.
    """

    kind: ConflictKind
    severity: Severity
    chain: tuple[Step, ...]
    period: Period | None
    in_force: bool
    on_behalf_of: str | None = None


class UnknownCode(StrEnum):
    """What is missing to be sure."""

    #: subject: the person.
    NO_MEMBERSHIP = "no_membership"
    #: subject: the application.
    NO_ALLIANCE = "no_alliance"
    #: subject: the alliance.
    NO_PARTY = "no_party"
    #: subject: the identifier of a fact of a conflict that has no date at all.
    NO_DATE = "no_date"


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A fact that nobody gave: a code, and what it is about."""

    code: UnknownCode
    subject: str


class Standing(StrEnum):
    """Where a person stands before an application."""

    BARRED = "barred"
    TO_DECLARE = "to_declare"
    NOTHING_KNOWN = "nothing_known"
    """No conflict, and no membership known: nobody can say that there is none."""
    NONE_FOUND = "none_found"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What the facts say of a person and an application on a day."""

    person: str
    application: str
    on: dt.date
    standing: Standing
    conflicts: tuple[Conflict, ...] = ()
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class InterestRules:
    """What a fund makes of each kind of tie. These are rules of a fund, not law.

    Attributes
    ----------
    severities
        What a tie in force asks for. One that is over, or still to come, is to be declared.
        Declared interests carry their own.
    look_back_years
        For how many years a tie that is over still counts. Five by analogy with the declarations
        of interests of French public officials (loi 2013-907, article 4, III).
    """

    severities: Mapping[ConflictKind, Severity] = field(
        default_factory=lambda: MappingProxyType(
            {
                ConflictKind.AUTHOR: Severity.BARS,
                ConflictKind.APPLICANT: Severity.BARS,
                ConflictKind.PARTY: Severity.BARS,
                ConflictKind.CATALYST: Severity.BARS,
                ConflictKind.SAME_GROUP: Severity.BARS,
                ConflictKind.SAME_NETWORK: Severity.TO_DECLARE,
                ConflictKind.FUNDING_GIVEN: Severity.TO_DECLARE,
                ConflictKind.FUNDING_RECEIVED: Severity.TO_DECLARE,
            }
        )
    )
    look_back_years: int = 5

    def __post_init__(self) -> None:
        missing = set(ConflictKind) - {ConflictKind.DECLARED} - self.severities.keys()
        if missing:
            msg = (
                f"severities says nothing of {', '.join(sorted(missing))}. "
                "Give bars or to_declare to each kind."
            )
            raise ValueError(msg)
        if self.look_back_years < 0:
            msg = f"look_back_years is {self.look_back_years}. Give 0 or more."
            raise ValueError(msg)


_FactT = TypeVar(
    "_FactT",
    Membership,
    Affiliation,
    PartyTo,
    CatalystOf,
    Funding,
    Delegation,
    DeclaredInterest,
)


class InterestRegister:
    """The facts, arranged to answer about many persons and applications.

    Parameters
    ----------
    facts : Facts
        What is known.
    rules : InterestRules, optional
        What each kind of tie asks for.
    """

    def __init__(self, facts: Facts, rules: InterestRules | None = None) -> None:
        self._rules = rules or InterestRules()
        self._memberships = _by(facts.memberships, "person")
        self._affiliations = _by(facts.affiliations, "organisation")
        self._parties = _by(facts.parties, "alliance")
        self._catalysts = _by(facts.catalysts, "alliance")
        self._given = _by(facts.fundings, "giver")
        self._received = _by(facts.fundings, "receiver")
        self._delegations = _by(facts.delegations, "delegate")
        self._declared = _by(facts.declared, "person")
        self._stated = {
            (one.person, one.application): one.made_on
            for one in sorted(facts.statements, key=lambda one: one.made_on, reverse=True)
        }

    def examine(self, person: str, matter: Matter, *, on: dt.date) -> Disclosure:
        """Find what ties a person to an application on a day.

        Parameters
        ----------
        person : str
            Identifier of the person.
        matter : Matter
            The application.
        on : datetime.date
            The day of the review or of the meeting.

        Returns
        -------
        Disclosure
            The conflicts, those that bar first, with the facts that show each; and what is
            not known.

        Notes
        -----
        Source: loi 2013-907 of 11 October 2013, article 2, for what a conflict of interest is. It
        binds public officials; a private fund applies it by its own rules.

        Examples
        --------
        >>> import datetime as dt
        >>> facts = Facts(
        ...     memberships=(Membership("m1", "ana", "rameau"),),
        ...     parties=(PartyTo("p1", "mureaux", "rameau"),),
        ... )
        >>> found = InterestRegister(facts).examine(
        ...     "ana", Matter("A-7", "mureaux"), on=dt.date(2026, 5, 1)
        ... )
        >>> found.standing.value, [step.fact for step in found.conflicts[0].chain]
        ('barred', ['m1', 'p1'])
        """
        acting = {person: (), **self._principals(person, on)}
        conflicts = _ordered(
            self._conflict(
                kind, severity, steps + chain, on, behalf=name if name != person else None
            )
            for name, steps in acting.items()
            for kind, severity, chain in self._ties(name, matter)
            if not any(self._is_old(step.period, on) for step in chain)
        )
        unknown = self._unknown(acting, matter, conflicts, on)
        standing = _standing(matter, conflicts, {one.code for one in unknown})
        return Disclosure(person, matter.application, on, standing, conflicts, unknown)

    def _principals(self, person: str, on: dt.date) -> dict[str, tuple[Step, ...]]:
        """Find those for whom a person acts on this day, directly or through another delegate."""
        reached: dict[str, tuple[Step, ...]] = {person: ()}
        waiting = [person]
        while waiting:
            delegate = waiting.pop(0)
            for one in self._delegations.get(delegate, ()):
                if one.principal not in reached and one.period.contains(on):
                    step = Step(FactKind.ACTS_FOR, delegate, one.principal, one.period, one.id)
                    reached[one.principal] = (*reached[delegate], step)
                    waiting.append(one.principal)
        del reached[person]
        return reached

    def _ties(
        self, person: str, matter: Matter
    ) -> Iterator[tuple[ConflictKind, Severity | None, tuple[Step, ...]]]:
        if person in matter.authors:
            wrote = Step(FactKind.WROTE, person, matter.application)
            yield ConflictKind.AUTHOR, None, (wrote,)
        involved = self._involved(matter)
        for kind, ends in involved:
            for step in ends.get(person, ()):
                yield kind, None, (step,)
        for membership in self._memberships.get(person, ()):
            start = Step(
                FactKind.MEMBER_OF,
                person,
                membership.organisation,
                membership.period,
                membership.id,
            )
            for tie, chain in self._organisation_ties(membership.organisation, matter, involved):
                yield tie, None, (start, *chain)
        yield from self._declarations(person, matter, involved)

    def _declarations(
        self, person: str, matter: Matter, involved: list[tuple[ConflictKind, _Ends]]
    ) -> Iterator[tuple[ConflictKind, Severity, tuple[Step, ...]]]:
        subjects = {matter.application, matter.alliance}.union(*(ends for _, ends in involved))
        for one in self._declared.get(person, ()):
            if one.subject in subjects:
                step = Step(FactKind.DECLARED, person, one.subject, one.period, one.id)
                yield ConflictKind.DECLARED, one.severity, (step,)

    def _involved(self, matter: Matter) -> list[tuple[ConflictKind, _Ends]]:
        """Who is in the application, and the step that leads to it."""
        applicants = {
            name: (Step(FactKind.APPLIES, name, matter.application),)
            for name in sorted(matter.applicants)
        }
        parties: dict[str, tuple[Step, ...]] = defaultdict(tuple)
        catalysts: dict[str, tuple[Step, ...]] = defaultdict(tuple)
        if matter.alliance is not None:
            for party in self._parties.get(matter.alliance, ()):
                step = Step(
                    FactKind.PARTY_TO,
                    party.organisation,
                    matter.alliance,
                    party.period,
                    party.id,
                )
                parties[party.organisation] += (step,)
            for one in self._catalysts.get(matter.alliance, ()):
                step = Step(FactKind.CATALYST_OF, one.catalyst, matter.alliance, one.period, one.id)
                catalysts[one.catalyst] += (step,)
        return [
            (ConflictKind.APPLICANT, applicants),
            (ConflictKind.PARTY, dict(parties)),
            (ConflictKind.CATALYST, dict(catalysts)),
        ]

    def _organisation_ties(
        self, organisation: str, matter: Matter, involved: list[tuple[ConflictKind, _Ends]]
    ) -> Iterator[tuple[ConflictKind, tuple[Step, ...]]]:
        for kind, ends in involved:
            for step in ends.get(organisation, ()):
                yield kind, (step,)
        others = {
            name: steps
            for _, ends in reversed(involved)
            for name, steps in ends.items()
            if name != organisation
        }
        yield from self._kinship(organisation, others)
        given = () if organisation in matter.funders else self._given.get(organisation, ())
        for gift in given:
            for step in others.get(gift.receiver, ()):
                yield ConflictKind.FUNDING_GIVEN, (_funded(gift), step)
        for gift in self._received.get(organisation, ()):
            for step in others.get(gift.giver, ()):
                yield ConflictKind.FUNDING_RECEIVED, (_funded(gift), step)

    def _kinship(
        self, organisation: str, others: _Ends
    ) -> Iterator[tuple[ConflictKind, tuple[Step, ...]]]:
        """Find the organisations of the application with which one shares a group or a network."""
        above = list(self._ways_up(organisation))
        for other, ends in sorted(others.items()):
            for up, down in product(above, list(self._ways_up(other))):
                if _top(organisation, up) != _top(other, down) or _repeats(up, down):
                    continue
                way = (*up, *reversed(down))
                group = all(link.kind is LinkKind.PARENT for link in way)
                kind = ConflictKind.SAME_GROUP if group else ConflictKind.SAME_NETWORK
                for end in ends:
                    yield kind, (*map(_belongs, way), end)

    def _ways_up(self, organisation: str, way: _Way = ()) -> Iterator[_Way]:
        """Give every way from an organisation to one above it, the empty way included."""
        yield way
        passed = {link.organisation for link in way}
        for link in self._affiliations.get(_top(organisation, way), ()):
            if link.belongs_to not in passed | {organisation}:
                yield from self._ways_up(organisation, (*way, link))

    def _conflict(
        self,
        kind: ConflictKind,
        severity: Severity | None,
        chain: tuple[Step, ...],
        on: dt.date,
        *,
        behalf: str | None,
    ) -> Conflict:
        # Money that was given is an event: it counts for as long as it is remembered.
        lasting = [step.period for step in chain if step.kind is not FactKind.FUNDED]
        in_force = all(period.contains(on) for period in lasting)
        asked = severity or self._rules.severities[kind]
        return Conflict(
            kind,
            asked if in_force else Severity.TO_DECLARE,
            chain,
            _meeting(lasting),
            in_force,
            behalf,
        )

    def _is_old(self, period: Period, on: dt.date) -> bool:
        return period.end is not None and _years_later(period.end, self._rules.look_back_years) < on

    def _unknown(
        self,
        persons: Iterable[str],
        matter: Matter,
        conflicts: tuple[Conflict, ...],
        on: dt.date,
    ) -> tuple[Unknown, ...]:
        found = {
            Unknown(UnknownCode.NO_MEMBERSHIP, person)
            for person in persons
            if not self._memberships.get(person) and not self._has_stated(person, matter, on)
        }
        if matter.alliance is None:
            found.add(Unknown(UnknownCode.NO_ALLIANCE, matter.application))
        elif not self._parties.get(matter.alliance):
            found.add(Unknown(UnknownCode.NO_PARTY, matter.alliance))
        found |= {
            Unknown(UnknownCode.NO_DATE, step.fact)
            for conflict in conflicts
            for step in conflict.chain
            if step.fact and step.period == Period()
        }
        return tuple(sorted(found))

    def _has_stated(self, person: str, matter: Matter, on: dt.date) -> bool:
        made_on = self._stated.get((person, matter.application))
        return made_on is not None and made_on <= on


def _by(facts: Iterable[_FactT], name: str) -> dict[str, tuple[_FactT, ...]]:
    """Arrange facts by one of their fields, those of each in the order of their identifiers."""
    found: dict[str, list[_FactT]] = defaultdict(list)
    for fact in facts:
        found[getattr(fact, name)].append(fact)
    return {key: tuple(sorted(those, key=lambda fact: fact.id)) for key, those in found.items()}


def _top(organisation: str, way: _Way) -> str:
    return way[-1].belongs_to if way else organisation


def _repeats(up: _Way, down: _Way) -> bool:
    """Tell a way that goes through an organisation twice: a shorter one says as much."""
    passed = {link.organisation for link in up} & {link.organisation for link in down}
    return bool(passed)


def _belongs(link: Affiliation) -> Step:
    return Step(FactKind.BELONGS_TO, link.organisation, link.belongs_to, link.period, link.id)


def _funded(gift: Funding) -> Step:
    return Step(FactKind.FUNDED, gift.giver, gift.receiver, gift.period, gift.id)


def _years_later(day: dt.date, years: int) -> dt.date:
    """Give the same day some years later, and 28 February where there is no 29."""
    year = min(day.year + years, dt.MAXYEAR)
    return day.replace(year=year, day=min(day.day, calendar.monthrange(year, day.month)[1]))


def _meeting(periods: list[Period]) -> Period | None:
    start = max((period.start for period in periods if period.start), default=None)
    end = min((period.end for period in periods if period.end), default=None)
    return None if start and end and end < start else Period(start, end)


def _ordered(conflicts: Iterable[Conflict]) -> tuple[Conflict, ...]:
    """Put what bars first, and keep of several ways between two facts the shortest."""
    kept: dict[object, Conflict] = {}
    ranked = sorted(
        conflicts,
        key=lambda one: (
            one.severity is not Severity.BARS,
            not one.in_force,
            list(ConflictKind).index(one.kind),
            one.on_behalf_of or "",
            len(one.chain),
            [(step.fact, step.subject, step.object) for step in one.chain],
        ),
    )
    for conflict in ranked:
        first, last = conflict.chain[0], conflict.chain[-1]
        kept.setdefault((conflict.kind, conflict.on_behalf_of, first, last), conflict)
    return tuple(kept.values())


def _standing(matter: Matter, conflicts: Iterable[Conflict], unknown: set[UnknownCode]) -> Standing:
    severities = {conflict.severity for conflict in conflicts}
    if Severity.BARS in severities:
        return Standing.BARRED
    if severities:
        return Standing.TO_DECLARE
    nobody = not matter.applicants and bool(
        unknown & {UnknownCode.NO_ALLIANCE, UnknownCode.NO_PARTY}
    )
    if nobody or UnknownCode.NO_MEMBERSHIP in unknown:
        return Standing.NOTHING_KNOWN
    return Standing.NONE_FOUND


class RecusalReason(StrEnum):
    """Why a person steps back."""

    CONFLICT = "conflict"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Recusal:
    """A person steps back from an application: who, why, when."""

    person: str
    application: str
    on: dt.date
    reason: RecusalReason
    explanation: str
    conflicts: tuple[Conflict, ...]


class UnexplainedRecusal(ValueError):
    """A person with no conflict steps back and does not say why."""

    def __init__(self, person: str, application: str) -> None:
        self.person, self.application = person, application
        super().__init__(
            f"{person} has no known conflict with {application} and steps back without a word. "
            "Give an explanation, or declare the interest first."
        )


def record_recusal(disclosure: Disclosure, *, explanation: str = "") -> Recusal:
    """Step back from an application.

    Parameters
    ----------
    disclosure : Disclosure
        What the facts say of the person and of the application on this day.
    explanation : str
        In the words of the person; needed when no conflict is known.

    Returns
    -------
    Recusal
        To be written in the minutes.

    Raises
    ------
    UnexplainedRecusal
        If there is neither a conflict nor an explanation.

    Examples
    --------
    >>> nothing = Disclosure("ana", "A-7", dt.date(2026, 5, 1), Standing.NONE_FOUND)
    >>> record_recusal(nothing, explanation="A friend carries the project.").reason.value
    'choice'
    >>> record_recusal(nothing)
    Traceback (most recent call last):
        ...
    alliage.fund.instruction.interests.UnexplainedRecusal: ana has no known conflict with A-...
    """
    words = explanation.strip()
    if not disclosure.conflicts and not words:
        raise UnexplainedRecusal(disclosure.person, disclosure.application)
    return Recusal(
        disclosure.person,
        disclosure.application,
        disclosure.on,
        RecusalReason.CONFLICT if disclosure.conflicts else RecusalReason.CHOICE,
        words,
        disclosure.conflicts,
    )
