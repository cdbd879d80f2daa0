"""What the page of an agreement shows of its follow-up: warnings, visits, closing, renewal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from alliage.fund.states import AgreementState
from alliage_web.fund import permissions
from alliage_web.fund.actions.agreement_supports import support_of
from alliage_web.fund.models import OwedByChoices
from alliage_web.fund.queries import follow_up as found
from alliage_web.fund.queries.closing import CLOSABLE, final_account
from alliage_web.fund.queries.follow_up_wording import (
    FACTS,
    SEVERITIES,
    fact_in_words,
    rule_in_words,
)
from alliage_web.fund.queries.reports import indicators_of, obligations_of

if TYPE_CHECKING:
    import datetime as dt

    from django.http import HttpRequest

    from alliage.fund.follow_up.warnings import WarningFinding
    from alliage_web.fund.models import (
        Agreement,
        Application,
        ReportObligation,
        Visit,
        WarningSetAside,
    )
    from alliage_web.fund.queries.closing import FinalAccount
    from alliage_web.fund.queries.follow_up import Followed
    from alliage_web.fund.queries.reports import IndicatorStanding


@dataclass(frozen=True, slots=True)
class WarningWords:
    """A warning in words: why, since when, from which facts, what to do and where."""

    rule: str
    title: str
    gravity: str
    tag: str
    why: str
    remedy: str
    since: Any
    facts: tuple[tuple[str, str], ...]
    link: str
    source: str
    aside: WarningSetAside | None = None


#: Where the facts of a rule are read and mended: an address, and a place in the page.
_PLACES = {
    "receiver_ceased": ("fund:agreement-activity", ""),
    "amount_held": ("fund:agreement", "echeances"),
    "report_late": ("fund:agreement", "rapports"),
    "advance_check_due": ("fund:advance", ""),
    "ending_unpaid": ("fund:agreement", "echeances"),
    "promise_missed": ("fund:agreement", "rapports"),
    "indicator_behind": ("fund:agreement", "rapports"),
    "spending_far": ("fund:agreement", "rapports"),
    "follow_up_late": ("fund:agreement", "visites"),
    "no_contact": ("fund:visit-new", ""),
}


def _link(rule: str, agreement: Agreement) -> str:
    if rule == "party_left" and agreement.alliance:
        return agreement.alliance.get_absolute_url()
    if rule == "question_unanswered" and agreement.application:
        return agreement.application.get_absolute_url()
    name, place = _PLACES.get(rule, ("fund:agreement", ""))
    address = reverse(name, args=[agreement.fund.code, agreement.reference])
    return f"{address}#{place}" if place else address


def warning_in_words(
    finding: WarningFinding, agreement: Agreement, aside: WarningSetAside | None = None
) -> WarningWords:
    """Say what a rule found in an agreement."""
    gravity, tag = SEVERITIES[finding.rule.severity]
    return WarningWords(
        rule=finding.rule.id,
        title=rule_in_words(finding.rule, "title"),
        gravity=str(gravity),
        tag=tag,
        why=rule_in_words(finding.rule, "why"),
        remedy=rule_in_words(finding.rule, "remedy"),
        since=finding.since,
        facts=tuple(
            (str(FACTS[fact]), fact_in_words(fact, value)) for fact, value in finding.found
        ),
        link=_link(finding.rule.id, agreement),
        source=finding.rule.source,
        aside=aside,
    )


@dataclass(frozen=True, slots=True)
class UnknownWords:
    """A rule that cannot be told, and the facts for want of which."""

    title: str
    missing: tuple[str, ...]
    link: str


@dataclass(frozen=True, slots=True)
class FollowedWords:
    """What an agreement warns of, in words."""

    followed: Followed
    warnings: tuple[WarningWords, ...]
    aside: tuple[WarningWords, ...]
    unknown: tuple[UnknownWords, ...]

    @property
    def agreement(self) -> Agreement:
        return self.followed.agreement


def followed_in_words(each: Followed) -> FollowedWords:
    """Put what an agreement warns of in words."""
    agreement = each.agreement
    return FollowedWords(
        each,
        tuple(warning_in_words(one, agreement) for one in each.warnings),
        tuple(warning_in_words(one, agreement, row) for one, row in each.aside),
        tuple(
            UnknownWords(
                rule_in_words(one.rule, "title"),
                tuple(str(FACTS[fact]) for fact in one.missing),
                _link(one.rule.id, agreement),
            )
            for one in each.unknown
        ),
    )


@dataclass(frozen=True, slots=True)
class RenewedWords:
    """The agreement that an application renews: its money, its reports and what it warns of."""

    agreement: Agreement
    account: FinalAccount
    reports: tuple[ReportObligation, ...]
    indicators: tuple[IndicatorStanding, ...]
    said: FollowedWords


def renewed_in_words(
    request: HttpRequest, application: Application, today: dt.date
) -> RenewedWords | None:
    """Say what the renewed agreement gave, to the people who see the agreements of the fund."""
    agreement = application.renews
    if agreement is None or not request.user.has_perm(permissions.SEE_AGREEMENTS, agreement.fund):
        return None
    return RenewedWords(
        agreement,
        final_account(agreement),
        tuple(obligations_of(agreement)),
        tuple(indicators_of(agreement)),
        followed_in_words(found.follow(agreement, today)),
    )


def follow_up_context(request: HttpRequest, agreement: Agreement, today: dt.date) -> dict[str, Any]:
    """Give what the sections of the follow-up show; the warnings are for the fund alone."""
    user, fund = request.user, agreement.fund
    people = user.has_perm(permissions.SEE_AGREEMENTS, fund)
    state = AgreementState(agreement.state)
    is_followed = state in found.FOLLOWED
    followed = found.follow(agreement, today) if is_followed else None
    receives = user.has_perm(permissions.RECEIVE_AGREEMENTS, agreement.receiver)
    abandoned = state is AgreementState.ABANDONED
    return {
        "followed": followed_in_words(followed) if followed and people else None,
        "visits": [
            visit_in_words(row, people=people, receives=receives, today=today)
            for row in found.visits_of(agreement, all_of_them=people)
        ],
        "may_plan_visit": is_followed and user.has_perm(permissions.MANAGE_AGREEMENTS, fund),
        "may_close": state in CLOSABLE and people,
        "is_near_end": bool(followed and followed.is_near_end) or state is AgreementState.ENDED,
        "may_renew": receives,
        "renewals": found.renewals_of(agreement) if people or receives else [],
        "support": support_of(agreement) if state not in _UNSIGNED else None,
        "still_reserved": found.still_reserved(agreement) if abandoned and people else 0,
    }


_UNSIGNED = frozenset(
    {AgreementState.PREPARED, AgreementState.OUT_FOR_SIGNATURE, AgreementState.ABANDONED}
)


@dataclass(frozen=True, slots=True)
class VisitWords:
    """A visit as somebody may read it: the notes are for the people of the fund alone."""

    visit: Visit
    reads_account: bool
    notes: str
    follow_ups: tuple[tuple[Any, bool, bool], ...]
    """Each with whether it is late, and whether this person may say that it is done."""


def visit_in_words(
    visit: Visit, *, people: bool, receives: bool, today: dt.date, manages: bool = False
) -> VisitWords:
    """Keep of a visit what a person may read."""
    reads = people or visit.is_shared
    rows = list(visit.follow_ups.all())
    if not people:
        # What the fund asks of itself is its own affair until the account is shared.
        rows = [row for row in rows if reads or row.owed_by == OwedByChoices.RECEIVER]
    return VisitWords(
        visit,
        reads,
        visit.notes if people else "",
        tuple(
            (
                row,
                row.done_on is None and row.due_on < today,
                row.done_on is None
                and (manages or (receives and row.owed_by == OwedByChoices.RECEIVER)),
            )
            for row in rows
        ),
    )
