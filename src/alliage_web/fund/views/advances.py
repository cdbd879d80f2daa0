"""Repayable advances: those of a fund, and the life of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliage.fund.money.advances import Fact, Outcome
from alliage.fund.states import AdvanceState
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions import advances as actions
from alliage_web.fund.forms.advances import (
    FactForm,
    FailureForm,
    GiveUpForm,
    RepaymentForm,
    ScheduleForm,
)
from alliage_web.fund.models import FactChoices, RepaymentKind
from alliage_web.fund.queries import advances as found
from alliage_web.fund.queries.agreement_wording import (
    OUTCOMES,
    REASONS,
    REFUSALS,
    facts_in_words,
    refusal_in_words,
)
from alliage_web.ui.components import Crumb

from .agreements import by, crumb, crumbs, fund_seen, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

    from alliage_web.fund.models import RepayableAdvance
    from alliage_web.fund.queries.advances import AdvancePage

_UNPROCESSABLE = 422
#: What the holder says; the fund says the others.
_OF_HOLDER = frozenset({Fact.ROADMAP, Fact.HOLDER_DECLARATION})
#: What yes and no mean for each fact.
_ANSWERS: Mapping[Fact, tuple[_StrPromise, _StrPromise]] = {
    Fact.ROADMAP: (
        gettext_lazy("oui, le porteur approuve la feuille de route"),
        gettext_lazy("non, il la refuse"),
    ),
    Fact.HOLDER_DECLARATION: (
        gettext_lazy("oui, le porteur déclare le succès"),
        gettext_lazy("non, il déclare l’échec"),
    ),
    Fact.FUND_DECLARATION: (
        gettext_lazy("oui, le fonds déclare le succès"),
        gettext_lazy("non, il déclare l’échec"),
    ),
    Fact.CHECK: (
        gettext_lazy("oui, la feuille de route est en œuvre"),
        gettext_lazy("non, elle ne l’est pas"),
    ),
    Fact.RULING: (
        gettext_lazy("oui, le comité retient le succès : l’avance est due"),
        gettext_lazy("non, le comité ne le retient pas : rien n’est dû"),
    ),
}
_TAGS: Mapping[str, str] = {
    AdvanceState.DUE: "accent",
    AdvanceState.REPAID: "ok",
    AdvanceState.WRITTEN_OFF: "danger",
    AdvanceState.WAIVED: "warning",
}


@login_required
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    """Show the advances of a fund, their sums, and success declared beside success checked."""
    fund = fund_seen(request, code, permissions.SEE_AGREEMENTS)
    context = {
        "fund": fund,
        "page": found.advances_of(fund),
        "tags": _TAGS,
        "crumbs": crumbs(fund, Crumb(_("Avances"))),
    }
    return render(request, "fund/advances.html", context)


def _advance(request: HttpRequest, code: str, reference: str) -> RepayableAdvance:
    agreement = seen(request, code, reference)
    advance: RepayableAdvance | None = getattr(agreement, "advance", None)
    if advance is None:
        raise Http404(_("Cette convention ne paie pas d’avance remboursable."))
    return advance


@login_required
@require_safe
def detail(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    advance = _advance(request, code, reference)
    agreement = advance.agreement
    page = found.page_of_advance(advance, timezone.localdate())
    decision = page.decision
    manages = request.user.has_perm(permissions.MANAGE_AGREEMENTS, agreement.fund)
    context = {
        "fund": agreement.fund,
        "agreement": agreement,
        "page": page,
        "tag": _TAGS.get(advance.state, ""),
        "outcome": OUTCOMES[decision.outcome] if decision else "",
        "reason": REASONS[decision.reason] if decision and decision.reason else "",
        "waits": [
            (fact.value, FactChoices(fact.value).label, _may_state(request, advance, fact))
            for fact in page.missing
        ],
        "may_manage": manages,
        "may_fail": manages and _may_fail(page),
        "may_ask": manages and advance.state == AdvanceState.CHECKED,
        "is_due": advance.state == AdvanceState.DUE,
        "settlements": advance.settlements.all(),
        "crumbs": crumbs(agreement.fund, crumb(agreement), Crumb(_("Avance"))),
    }
    return render(request, "fund/advance.html", context)


def _may_fail(page: AdvancePage) -> bool:
    return (
        page.decision is not None
        and page.decision.outcome is Outcome.WAIVED
        and page.state
        in {
            AdvanceState.ROADMAP_TO_APPROVE,
            AdvanceState.ROADMAP_APPROVED,
            AdvanceState.SUCCESS_DECLARED,
        }
    )


def _may_state(request: HttpRequest, advance: RepayableAdvance, fact: Fact) -> bool:
    """Tell who records a fact: the people of each side, and for the holder the fund with proof."""
    agreement = advance.agreement
    if request.user.has_perm(permissions.MANAGE_AGREEMENTS, agreement.fund):
        return True
    return fact in _OF_HOLDER and request.user.has_perm(
        permissions.RECEIVE_AGREEMENTS, agreement.receiver
    )


@login_required
def fact(request: HttpRequest, code: str, reference: str, name: str) -> HttpResponse:
    """Record a fact: it is never changed afterwards."""
    advance = _advance(request, code, reference)
    if name not in {each.value for each in _ANSWERS}:
        raise Http404(_("Ce fait n’existe pas."))
    told = Fact(name)
    if not _may_state(request, advance, told):
        raise PermissionDenied
    yes, no = _ANSWERS[told]
    form = FactForm(request.POST or None, yes=yes, no=no, today=timezone.localdate())

    def write() -> None:
        data = form.cleaned_data
        actions.state_fact(
            advance=advance,
            fact=told,
            yes=data["answer"] == "yes",
            on=data["on"],
            evidence=data["evidence"],
            submission=data["submission"],
            **by(request),
        )

    label = str(FactChoices(name).label)
    return _answer(request, advance, form, write, title=label[:1].upper() + label[1:])


@login_required
def act(request: HttpRequest, code: str, reference: str, verb: str) -> HttpResponse:
    """Ask for the repayment, record one, give it up, or record the failure."""
    advance = _advance(request, code, reference)
    if not request.user.has_perm(permissions.MANAGE_AGREEMENTS, advance.agreement.fund):
        raise PermissionDenied
    today = timezone.localdate()
    data = request.POST or None
    if verb == "schedule":
        schedule = ScheduleForm(data, initial={"first_on": today})
        return _answer(
            request, advance, schedule, lambda: _ask(request, advance, schedule),
            title=_("Demander le remboursement"),
        )  # fmt: skip
    if verb == "repayment":
        repayment = RepaymentForm(data, today=today)
        return _answer(
            request, advance, repayment, lambda: _repay(request, advance, repayment),
            title=_("Enregistrer un remboursement"),
        )  # fmt: skip
    if verb == "failure":
        failure = FailureForm(data, today=today)
        return _answer(
            request, advance, failure, lambda: _fail(request, advance, failure),
            title=_("Constater l’échec"),
        )  # fmt: skip
    if verb == "give-up":
        loss = GiveUpForm(data, today=today)
        return _answer(
            request, advance, loss, lambda: _give_up(request, advance, loss),
            title=_("Renoncer au remboursement ou passer en perte"),
        )  # fmt: skip
    raise Http404(_("Cette décision n’existe pas."))


def _ask(request: HttpRequest, advance: RepayableAdvance, form: Form) -> None:
    actions.ask_repayment(advance=advance, **form.cleaned_data, **by(request))


def _repay(request: HttpRequest, advance: RepayableAdvance, form: Form) -> None:
    actions.record_repayment(advance=advance, **form.cleaned_data, **by(request))


def _fail(request: HttpRequest, advance: RepayableAdvance, form: Form) -> None:
    actions.record_failure(advance=advance, **form.cleaned_data, **by(request))


def _give_up(request: HttpRequest, advance: RepayableAdvance, form: Form) -> None:
    data = dict(form.cleaned_data)
    kind = RepaymentKind(data.pop("kind"))
    actions.give_up_repayment(advance=advance, kind=kind, **data, **by(request))


def _answer(
    request: HttpRequest,
    advance: RepayableAdvance,
    form: Form,
    write: Callable[[], None],
    *,
    title: str,
) -> HttpResponse:
    """Write what a form says, or show it with what would be possible."""
    agreement = advance.agreement
    back = reverse("fund:advance", args=[agreement.fund.code, agreement.reference])
    if request.method == "POST" and form.is_valid():
        refusal = _refusal(write)
        if refusal is None:
            messages.success(request, _("C’est enregistré."))
            return redirect(back)
        form.add_error(None, refusal)
    context: dict[str, Any] = {
        "fund": agreement.fund,
        "agreement": agreement,
        "form": form,
        "title": title,
        "button": _("Enregistrer"),
        "back": back,
        "crumbs": crumbs(agreement.fund, crumb(agreement), Crumb(_("Avance"), back), Crumb(title)),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/agreement_action.html", context, status=status)


def _refusal(write: Callable[[], None]) -> str | None:
    try:
        write()
    except AlreadyDoneError:
        return None
    except actions.FactKnownError:
        return _("Ce fait est déjà enregistré : il ne change plus.")
    except actions.FactNotExpectedError as error:
        if not error.expected:
            return _("L’avance n’attend aucun fait.")
        return _("L’avance attend d’abord : %(facts)s.") % {"facts": facts_in_words(error.expected)}
    except actions.SamePersonDeclaresError:
        return _("Une même personne ne déclare pas pour les deux côtés. Demandez à une autre.")
    except REFUSALS as error:
        return refusal_in_words(error)
    return None
