"""Calls: the pages that everybody reads, and those of the people who prepare them."""

from __future__ import annotations

from dataclasses import dataclass
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

from alliage.fund.applications.answers import Answers, Applicants
from alliage.fund.applications.deadlines import DeadlineError, time_left
from alliage.fund.applications.form_specification import FilledBy, FormVersionError, compare_forms
from alliage.fund.states import CALL, CallState, Guard, GuardNotMet, Role, TransitionNotAllowed
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions, queries
from alliage_web.fund.actions import calls as actions
from alliage_web.fund.forms.application_form import SectionForm
from alliage_web.fund.forms.calls import CallForm, DecisionForm, FormVersionForm, initial_of
from alliage_web.fund.models import Applicant, Application, Call
from alliage_web.fund.queries import calls as call_queries
from alliage_web.fund.queries.application_wording import (
    CATEGORIES,
    DEADLINES,
    guards_in_words,
    label_in_words,
    moment_in_words,
    told,
)
from alliage_web.fund.queries.applications import sent_to
from alliage_web.fund.queries.grids import review_begun
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

    from alliage.fund.applications.form_specification import Form, Section
    from alliage_web.fund.models import FormVersion, Fund

_UNPROCESSABLE, _CONFLICT = 422, 409

FILLED_BY = {
    FilledBy.LEAD: gettext_lazy("remplie par le chef de file"),
    FilledBy.EACH_PARTY: gettext_lazy("remplie par chaque organisation qui demande"),
    FilledBy.TOGETHER: gettext_lazy("remplie ensemble"),
}


@dataclass(frozen=True, slots=True)
class Dates:
    """When a call takes applications, in words."""

    opens: str
    closes: str
    days_left: int | None
    grace: str


def dates_of(call: Call, at: dt.datetime) -> Dates:
    period = call_queries.period_of(call)
    left = time_left(period, at)
    return Dates(
        opens=moment_in_words(period.opens) if period.opens else "",
        closes=moment_in_words(period.closes) if period.closes else "",
        days_left=left.days if left else None,
        grace=told(period.grace, "reason") if period.grace else "",
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that an officer may take, or what it waits for."""

    verb: str
    label: str
    missing: str
    is_grave: bool


#: Decisions that close something, shown apart.
_GRAVE = frozenset({"cancel", "take_back", "close_early"})


def index(request: HttpRequest, code: str) -> HttpResponse:
    fund = fund_or_404(code)
    manages = request.user.has_perm(permissions.MANAGE_CALLS, fund)
    context = {
        "fund": fund,
        "calls": call_queries.calls_of(fund, timezone.now(), all_states=manages),
        "manages": manages,
        "sees_applications": request.user.has_perm(permissions.SEE_APPLICATIONS, fund),
        "crumbs": [*crumbs_of(fund), Crumb(_("Appels"))],
    }
    return render(request, "fund/calls.html", context)


def detail(request: HttpRequest, code: str, call: str) -> HttpResponse:
    fund = fund_or_404(code)
    found, manages = _call_or_404(request, fund, call)
    now = timezone.now()
    state = call_queries.state_of(found, now)
    rules = call_queries.rules_of(found)
    context = {
        "fund": fund,
        "call": found,
        "manages": manages,
        "sees_applications": request.user.has_perm(permissions.SEE_APPLICATIONS, fund),
        "state": state,
        "state_label": label_in_words(CALL.states[state]),
        "is_open": state is CallState.OPEN,
        "dates": dates_of(found, now),
        "rules": [
            {"why": told(rule, "why"), "remedy": told(rule, "remedy")} for rule in rules.rules
        ]
        if rules
        else [],
        "categories": [CATEGORIES.get(code, code) for code in found.categories],
        "sections": outline(call_queries.form_of(found.form)),
        "decisions": _decisions(found, state) if manages else [],
        "grid_may_change": manages
        and state not in {CallState.COMPLETED, CallState.CANCELLED}
        and not review_begun(found),
        "crumbs": _crumbs(fund, found),
    }
    return render(request, "fund/call.html", context)


def outline(form: Form) -> list[dict[str, Any]]:
    """Say what a form asks, section by section."""
    return [
        {
            "code": section.code,
            "title": told(section, "title"),
            "filled_by": FILLED_BY[section.filled_by],
            "questions": [
                {
                    "label": told(question, "label"),
                    "required": question.required,
                    "conditional": question.shown_if is not None,
                }
                for question in section.questions
            ],
        }
        for section in form.sections
    ]


def _decisions(call: Call, state: CallState) -> list[Decision]:
    """List what an officer may decide; what a form asks for is not yet missing."""
    holds = call_queries.guards_of(call) | {Guard.REASON_WRITTEN, Guard.LATER_DEADLINE}
    found = []
    for transition in CALL.possible(state):
        dated_is_closed_by_its_date = transition.verb == "close_early" and bool(call.closes)
        if transition.by is not Role.FUND_OFFICER or dated_is_closed_by_its_date:
            continue
        if transition.verb == "extend" and not call.closes:
            continue
        missing = [guard for guard in transition.guards if guard not in holds]
        found.append(
            Decision(
                transition.verb,
                label_in_words(transition.label),
                guards_in_words(missing) if missing else "",
                transition.verb in _GRAVE,
            )
        )
    if state is CallState.OPEN and call.closes:
        found.insert(0, Decision("extend", _("Reporter la date limite"), "", is_grave=False))
    return found


@login_required
def new(request: HttpRequest, code: str) -> HttpResponse:
    fund = _manageable(request, code)
    data = request.POST if request.method == "POST" else None
    form = CallForm(
        data,
        fund=fund,
        initial={"zone": "Europe/Paris", "kind": "dated"},
        use_required_attribute=False,
    )
    if not form.fields["form"].queryset.exists():  # type: ignore[attr-defined]
        messages.info(request, _("Un appel a un formulaire : ajoutez-en d’abord un."))
        return redirect("fund:form-new", fund.code)
    if request.method != "POST" or not form.is_valid():
        return _show_form(request, fund, form, title=_("Préparer un appel"))
    assert isinstance(request.user, User)
    try:
        call = actions.create_call(
            fund=fund,
            code=form.cleaned_data["code"],
            content=form.content,
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError as done:
        return redirect("fund:call", fund.code, done.target.rpartition(":")[2])
    messages.success(request, _("L’appel est enregistré. Il sera public quand vous l’annoncerez."))
    return redirect(call)


@login_required
def edit(request: HttpRequest, code: str, call: str) -> HttpResponse:
    fund = _manageable(request, code)
    found, _manages = _call_or_404(request, fund, call)
    if call_queries.state_of(found, timezone.now()) is not CallState.DRAFT:
        messages.info(
            request,
            _("Cet appel est public : son texte ne change plus. Reprenez-le ou prolongez-le."),
        )
        return redirect(found)
    title = _("Modifier « %(title)s »") % {"title": found.title}
    if request.method != "POST":
        initial = {**initial_of(found), "version": actions.version_of_call(found)}
        form = CallForm(initial=initial, fund=fund, call=found, use_required_attribute=False)
        return _show_form(request, fund, form, title=title, call=found)
    form = CallForm(request.POST, fund=fund, call=found, use_required_attribute=False)
    if not form.is_valid():
        return _show_form(request, fund, form, title=title, call=found)
    assert isinstance(request.user, User)
    try:
        actions.change_call(
            call=found,
            content=form.content,
            version=form.cleaned_data["version"],
            by=request.user,
            at=timezone.now(),
        )
    except actions.CallPublishedError:
        messages.warning(request, _("L’appel a été annoncé entre-temps : il ne change plus."))
        return redirect(found)
    except actions.CallChangedError as conflict:
        data = request.POST.copy()
        # Sent again, the form says that the person has seen the version of the other.
        data["version"] = actions.version_of_call(conflict.call)
        again = CallForm(data, fund=fund, call=found, use_required_attribute=False)
        again.is_valid()
        return _show_form(request, fund, again, title=title, call=conflict.call, conflict=True)
    messages.success(request, _("Vos modifications sont enregistrées."))
    return redirect(found)


def _show_form(
    request: HttpRequest,
    fund: Fund,
    form: CallForm,
    *,
    title: str,
    call: Call | None = None,
    conflict: bool = False,
) -> HttpResponse:
    context = {
        "fund": fund,
        "call": call,
        "form": form,
        "title": title,
        "conflict": conflict,
        "crumbs": [*_crumbs(fund, call), Crumb(title)]
        if call
        else [
            *crumbs_of(fund),
            Crumb(_("Appels"), reverse("fund:calls", args=[fund.code])),
            Crumb(title),
        ],
    }
    status = _CONFLICT if conflict else _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/call_form.html", context, status=status)


@login_required
def preview(request: HttpRequest, code: str, call: str) -> HttpResponse:
    """Show the form of a call as an applicant sees it; nothing of it is kept."""
    fund = _manageable(request, code)
    found, _manages = _call_or_404(request, fund, call)
    content = _Sample(found)
    sections = [
        {
            "title": told(section, "title"),
            "filled_by": FILLED_BY[section.filled_by],
            "form": SectionForm(content, section, "a", takes_over=False),  # type: ignore[arg-type]
        }
        for section in content.form.sections
    ]
    context = {
        "fund": fund,
        "call": found,
        "sections": sections,
        "crumbs": [*_crumbs(fund, found), Crumb(_("Aperçu du formulaire"))],
    }
    return render(request, "fund/call_preview.html", context)


class _Sample:
    """A form that nobody fills, with all its questions shown: what a preview reads."""

    def __init__(self, call: Call) -> None:
        self.form: Form = call_queries.form_of(call.form)
        self.answers = Answers()
        self.applicants = Applicants("a")
        self.parts: tuple[Applicant, ...] = ()
        self.application = Application(call=call)

    def raw(self, _section: Section, _party: str) -> dict[str, Any]:
        return {}

    def visible(self, _party: str) -> frozenset[str]:
        return frozenset(question.code for _section, question in self.form.questions())


@login_required
def decide(request: HttpRequest, code: str, call: str, verb: str) -> HttpResponse:
    fund = _manageable(request, code)
    found, _manages = _call_or_404(request, fund, call)
    now = timezone.now()
    state = call_queries.state_of(found, now)
    decision = next((each for each in _decisions(found, state) if each.verb == verb), None)
    if decision is None:
        messages.info(
            request,
            _("Cette décision n’est plus possible : l’appel est « %(state)s ».")
            % {"state": label_in_words(CALL.states[state])},
        )
        return redirect(found)
    extends = verb == "extend"
    needs_reason = extends or any(
        each.verb == verb and Guard.REASON_WRITTEN in each.guards for each in CALL.possible(state)
    )
    form = DecisionForm(
        request.POST if request.method == "POST" else None,
        initial={"closes": found.closes},
        needs_reason=needs_reason,
        extends=extends,
        use_required_attribute=False,
    )
    if request.method == "POST" and form.is_valid():
        answer = _take(request, found, verb, form, now)
        if answer is not None:
            return answer
    context = {
        "fund": fund,
        "call": found,
        "decision": decision,
        "form": form,
        "dates": dates_of(found, now),
        "crumbs": [*_crumbs(fund, found), Crumb(decision.label)],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/call_decision.html", context, status=status)


def _take(
    request: HttpRequest, call: Call, verb: str, form: DecisionForm, now: dt.datetime
) -> HttpResponse | None:
    """Take a decision, or leave in the form why it cannot be."""
    assert isinstance(request.user, User)
    try:
        actions.decide_on_call(
            call=call,
            verb=verb,
            by=request.user,
            at=now,
            reason=form.cleaned_data["reason"],
            closes=form.cleaned_data.get("closes", ""),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        pass
    except GuardNotMet as refusal:
        form.add_error(None, guards_in_words(refusal.missing))
        return None
    except TransitionNotAllowed:
        messages.info(request, _("Quelqu’un d’autre a décidé entre-temps."))
        return redirect(call)
    except DeadlineError as error:
        sentence = DEADLINES.get(error.fault)
        form.add_error("closes", str(sentence) % {"value": error.value} if sentence else str(error))
        return None
    messages.success(request, _("La décision est enregistrée et publiée avec l’appel."))
    return redirect(call)


@login_required
def received(request: HttpRequest, code: str, call: str) -> HttpResponse:
    """List the applications that were sent to a call."""
    fund = fund_or_404(code)
    if not request.user.has_perm(permissions.SEE_APPLICATIONS, fund):
        raise PermissionDenied
    found, _manages = _call_or_404(request, fund, call)
    context = {
        "fund": fund,
        "call": found,
        "lines": sent_to(fund, found),
        "crumbs": [*_crumbs(fund, found), Crumb(_("Dossiers reçus"))],
    }
    return render(request, "fund/call_applications.html", context)


@login_required
def forms(request: HttpRequest, code: str) -> HttpResponse:
    """List the versions of the forms of a fund."""
    fund = _manageable(request, code)
    context = {
        "fund": fund,
        "versions": call_queries.versions_of(fund),
        "crumbs": [*crumbs_of(fund), Crumb(_("Formulaires"))],
    }
    return render(request, "fund/forms.html", context)


@login_required
def form_version(request: HttpRequest, code: str, form: str, version: int) -> HttpResponse:
    fund = _manageable(request, code)
    found = call_queries.find_version(fund, form, version)
    if found is None:
        raise Http404(_("Ce formulaire n’existe pas. Cherchez-le dans la liste."))
    before = call_queries.find_version(fund, form, version - 1)
    context = {
        "fund": fund,
        "version": found,
        "sections": outline(call_queries.form_of(found)),
        "changes": _changes(before, found),
        "crumbs": [
            *crumbs_of(fund),
            Crumb(_("Formulaires"), reverse("fund:forms", args=[fund.code])),
            Crumb(found.title),
        ],
    }
    return render(request, "fund/form_version.html", context)


CHANGES: dict[str, _StrPromise] = {
    "added": gettext_lazy("ajoutée"),
    "removed": gettext_lazy("retirée : sa réponse est mise de côté"),
    "changed": gettext_lazy("changée"),
}


def _changes(before: FormVersion | None, after: FormVersion) -> Sequence[dict[str, Any]]:
    """Say what a version changes, question by question."""
    if before is None:
        return []
    return changes_between(call_queries.form_of(before), call_queries.form_of(after))


def changes_between(old: Form, new: Form) -> list[dict[str, Any]]:
    labels = {
        question.code: told(question, "label")
        for form in (old, new)
        for _section, question in form.questions()
    }
    return [
        {"label": labels[each.question], "change": CHANGES[each.change.value]}
        for each in compare_forms(old, new)
    ]


@login_required
def form_new(request: HttpRequest, code: str) -> HttpResponse:
    fund = _manageable(request, code)
    latest = call_queries.versions_of(fund)
    proposed = latest[0].text if latest else call_queries.default_form_text()
    form = FormVersionForm(
        request.POST if request.method == "POST" else None,
        initial={"specification": proposed},
        use_required_attribute=False,
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            version = actions.add_form_version(
                fund=fund,
                text=form.cleaned_data["specification"],
                by=request.user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            return redirect("fund:forms", fund.code)
        except FormVersionError as error:
            form.refuse_version(error)
        else:
            messages.success(request, _("Le formulaire est là. Les brouillons gardent le leur."))
            return redirect("fund:form-version", fund.code, version.code, version.version)
    context = {
        "fund": fund,
        "form": form,
        "crumbs": [
            *crumbs_of(fund),
            Crumb(_("Formulaires"), reverse("fund:forms", args=[fund.code])),
            Crumb(_("Ajouter une version")),
        ],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/form_new.html", context, status=status)


def fund_or_404(code: str) -> Fund:
    fund = queries.find(code)
    if fund is None:
        raise Http404(_("Aucun fonds n’a cette adresse. Cherchez-le dans la liste des fonds."))
    return fund


def _manageable(request: HttpRequest, code: str) -> Fund:
    fund = fund_or_404(code)
    if not request.user.has_perm(permissions.MANAGE_CALLS, fund):
        raise PermissionDenied
    return fund


def _call_or_404(request: HttpRequest, fund: Fund, code: str) -> tuple[Call, bool]:
    """Find a call; one in preparation is for those who prepare it."""
    call = call_queries.find_call(fund, code)
    manages = request.user.has_perm(permissions.MANAGE_CALLS, fund)
    if call is None or (call.state == CallState.DRAFT.value and not manages):
        raise Http404(_("Aucun appel n’a cette adresse. Cherchez-le dans la liste du fonds."))
    return call, manages


def crumbs_of(fund: Fund) -> list[Crumb]:
    return [Crumb(_("Fonds"), reverse("fund:index")), Crumb(fund.name, fund.get_absolute_url())]


def _crumbs(fund: Fund, call: Call) -> list[Crumb]:
    return [
        *crumbs_of(fund),
        Crumb(_("Appels"), reverse("fund:calls", args=[fund.code])),
        Crumb(call.title, call.get_absolute_url()),
    ]
