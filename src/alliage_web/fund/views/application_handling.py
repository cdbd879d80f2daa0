"""What the fund does of an application that was sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliage.fund.states import (
    APPLICATION,
    ApplicationState,
    Guard,
    GuardNotMet,
    TransitionNotAllowed,
)
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions import application_handling as actions
from alliage_web.fund.forms.applications import HandlingForm, JudgementForm, QuestionForm
from alliage_web.fund.queries.application_wording import guards_in_words, told
from alliage_web.fund.queries.applications import Content
from alliage_web.ui.components import Crumb

from .application_standing import decisions_of
from .applications import application_or_404, crumbs

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.fund.models import Application

_UNPROCESSABLE = 422


def _handled(request: HttpRequest, reference: str) -> Application:
    application = application_or_404(request, reference)
    if not request.user.has_perm(permissions.HANDLE_APPLICATION, application):
        raise PermissionDenied
    return application


@login_required
def decide(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    application = _handled(request, reference)
    now = timezone.now()
    content = Content(application)
    decision = next((each for each in decisions_of(content, now) if each.verb == verb), None)
    if decision is None:
        messages.info(
            request,
            _("Cette décision n’est plus possible : le dossier est « %(state)s ».")
            % {"state": application.get_state_display()},
        )
        return redirect(application)
    guards = next(
        each.guards
        for each in APPLICATION.possible(ApplicationState(application.state))
        if each.verb == verb
    )
    form = HandlingForm(
        request.POST if request.method == "POST" else None,
        needs_reason=bool({Guard.REASON_WRITTEN, Guard.MISSING_LISTED} & {*guards}),
        needs_day=Guard.MISSING_LISTED in guards,
        use_required_attribute=False,
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            actions.decide(
                application=application,
                verb=verb,
                by=request.user,
                at=now,
                reason=form.cleaned_data["reason"],
                complete_by=form.cleaned_data.get("complete_by"),
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            return redirect(application)
        except GuardNotMet as refusal:
            form.add_error(None, guards_in_words(refusal.missing))
        except TransitionNotAllowed:
            messages.info(request, _("Quelqu’un d’autre a décidé entre-temps."))
            return redirect(application)
        else:
            messages.success(
                request, _("La décision est enregistrée. Les signataires en sont prévenus.")
            )
            return redirect(application)
    context = {
        "application": application,
        "decision": decision,
        "form": form,
        "crumbs": crumbs(application, Crumb(decision.label)),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/application_decision.html", context, status=status)


@login_required
def judge(request: HttpRequest, reference: str, rule: str) -> HttpResponse:
    """Say of a rule that the platform cannot tell whether it is met."""
    application = _handled(request, reference)
    content = Content(application)
    found = content.eligibility(timezone.now().date())
    results = {result.rule.id: result for result in found.results} if found else {}
    if rule not in results:
        return redirect(application)
    form = JudgementForm(
        request.POST if request.method == "POST" else None, use_required_attribute=False
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        actions.judge_rule(
            application=application,
            rule=rule,
            is_met=form.cleaned_data["is_met"],
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("Le constat est enregistré avec son motif."))
        return redirect(application)
    context = {
        "application": application,
        "rule_why": told(results[rule].rule, "why"),
        "form": form,
        "crumbs": crumbs(application, Crumb(_("Constater une règle"))),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/application_judgement.html", context, status=status)


@login_required
@require_POST
def ask(request: HttpRequest, reference: str) -> HttpResponse:
    application = _handled(request, reference)
    form = QuestionForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.warning(request, " ".join(map(str, errors)))
        return redirect(application)
    assert isinstance(request.user, User)
    try:
        actions.ask(
            application=application,
            text=form.cleaned_data["text"],
            answer_by=form.cleaned_data["answer_by"],
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return redirect(application)
    messages.success(request, _("La question est transmise aux signataires."))
    return redirect(application)
