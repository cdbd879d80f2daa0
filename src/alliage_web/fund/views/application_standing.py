"""What the fund reads beside an application that was sent to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from alliage.fund.states import APPLICATION, ApplicationState, Guard, Role
from alliage_web.alliances.queries import supported_with
from alliage_web.fund import permissions
from alliage_web.fund.forms.applications import JudgementForm, QuestionForm
from alliage_web.fund.queries.application_facts import legal_paths
from alliage_web.fund.queries.application_wording import (
    MISSING,
    guards_in_words,
    label_in_words,
    money,
    told,
)
from alliage_web.fund.queries.applications import AWARDED

from .agreement_follow_up import renewed_in_words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from django.http import HttpRequest

    from alliage.fund.law.legal_path import Finding
    from alliage_web.fund.queries.application_facts import ReceiverPath
    from alliage_web.fund.queries.applications import Content


@dataclass(frozen=True, slots=True)
class FundDecision:
    """A decision that an officer may take, or what it waits for."""

    verb: str
    label: str
    missing: str


def fund_context(request: HttpRequest, content: Content, now: dt.datetime) -> dict[str, Any]:
    """Give what the officers and the auditors of the fund read; nothing for others."""
    application = content.application
    handles = request.user.has_perm(permissions.HANDLE_APPLICATION, application)
    reads = application.was_sent and request.user.has_perm(
        permissions.SEE_APPLICATIONS, application.fund
    )
    if not reads:
        return {"reads_for_fund": False}
    return {
        "reads_for_fund": True,
        "decisions": decisions_of(content, now) if handles else [],
        "may_date": handles and ApplicationState(application.state) in AWARDED,
        "renewed": renewed_in_words(request, application, timezone.localdate(now)),
        "paths": [path_in_words(one, content) for one in legal_paths(content, now.date())],
        "received": _received(content),
        "question_form": QuestionForm(),
        "judgement_form": JudgementForm(),
    }


def decisions_of(content: Content, now: dt.datetime) -> list[FundDecision]:
    """List what an officer may decide now; what a form asks for is not yet missing."""
    holds = content.guards(now) | {Guard.REASON_WRITTEN, Guard.MISSING_LISTED}
    found = []
    for each in APPLICATION.possible(ApplicationState(content.application.state)):
        if each.by is Role.FUND_OFFICER:
            missing = [guard for guard in each.guards if guard not in holds]
            said = guards_in_words(missing) if missing else ""
            found.append(FundDecision(each.verb, label_in_words(each.label), said))
    return found


def path_in_words(receiver: ReceiverPath, content: Content) -> dict[str, Any]:
    """Say what the legal rules find of paying an applicant."""
    path = receiver.path
    return {
        "party": receiver.applicant.code,
        "stated": content.legal_statements.get(receiver.applicant.pk),
        "name": receiver.applicant.organisation.name,
        "amount": money(receiver.amount) if receiver.amount else "",
        "outcome": path.outcome.value if path else "",
        "findings": _findings(path.findings) if path else [],
        "missing": [str(MISSING.get(name, name)) for name in path.missing] if path else [],
        "instead": [told(each, "label") for each in path.instead] if path else [],
    }


def _findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "why": told(finding.rule, "why") if finding.rule else "",
            "source": finding.rule.source if finding.rule else "",
            "article": (finding.rule.article or "") if finding.rule else "",
        }
        for finding in findings
    ]


def _received(content: Content) -> list[dict[str, Any]]:
    """Give what each applicant already received with its alliances, as their pages say."""
    return [
        {
            "name": part.organisation.name,
            "alliances": [item for item in supported_with(part.organisation_id) if item.amounts],
        }
        for part in content.parts
    ]
