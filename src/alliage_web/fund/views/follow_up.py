"""Agreements in force and what they warn of: the list, visits, closing, renewal."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliage.fund.follow_up.warnings import shipped_warning_rules
from alliage.fund.states import AGREEMENT, VISIT, AgreementState, VisitState
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.files.queries import document as find_document
from alliage_web.files.queries import documents_of
from alliage_web.fund import permissions
from alliage_web.fund.actions import agreements as agreement_actions
from alliage_web.fund.actions import follow_up as actions
from alliage_web.fund.actions.application_handling import set_signature_date
from alliage_web.fund.documents.final_account import final_account_pdf
from alliage_web.fund.forms.agreements import ReasonForm
from alliage_web.fund.forms.follow_up import (
    AccountForm,
    ActivityForm,
    CancelVisitForm,
    FollowUpFilterForm,
    FollowUpForm,
    MoveVisitForm,
    SetAsideForm,
    SignByForm,
    VisitFileForm,
    VisitForm,
)
from alliage_web.fund.models import VisitFollowUp
from alliage_web.fund.queries import follow_up as found
from alliage_web.fund.queries.agreement_wording import REFUSALS, label, refusal_in_words
from alliage_web.fund.queries.calls import open_calls
from alliage_web.fund.queries.closing import CLOSABLE, closing_steps, final_account
from alliage_web.fund.queries.follow_up_wording import rule_in_words
from alliage_web.ui.components import Crumb

from .agreement_follow_up import followed_in_words, visit_in_words, warning_in_words
from .agreements import by, crumb, crumbs, form_page, fund_seen, managed, seen
from .applications import application_or_404
from .applications import crumbs as application_crumbs

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from alliage.fund.follow_up.warnings import WarningFinding
    from alliage_web.fund.models import Agreement, Visit

PER_PAGE = 50
_UNPROCESSABLE = 422
_CONFLICT = 409


# ── The list ─────────────────────────────────────────────────────────────────────────────────────


@login_required
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    """List the agreements in force with their warnings, the gravest first."""
    fund = fund_seen(request, code, permissions.SEE_AGREEMENTS)
    today = timezone.localdate()
    rows = found.followed_of(fund, today)
    form = FollowUpFilterForm(request.GET, rules=_rules(today))
    chosen = form.filters().applied(rows)
    page = Paginator(chosen, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "fund": fund,
        "form": form,
        "page": page,
        "lines": [followed_in_words(row) for row in page.object_list],
        "in_force": len(rows),
        "warned": sum(bool(row.warnings) for row in rows),
        "rate": found.renewal_rate(fund),
        "undated": found.without_date_to_sign(fund),
        "crumbs": [*crumbs(fund)[:-1], Crumb(_("Suivi des conventions"))],
    }
    return render(request, "fund/follow_up.html", context)


def _rules(today: dt.date) -> list[tuple[str, str]]:
    return [
        (rule.id, rule_in_words(rule, "title"))
        for rule in shipped_warning_rules().rules
        if rule.holds_on(today)
    ]


@login_required
def warning(request: HttpRequest, code: str, reference: str, rule: str) -> HttpResponse:
    """Set a warning aside until a day, or bring it back."""
    agreement = managed(request, code, reference)
    today = timezone.localdate()
    followed = found.follow(agreement, today)
    if "back" in request.POST and any(each.rule.id == rule for each, _row in followed.aside):
        actions.set_aside(
            agreement=agreement,
            rule=rule,
            reason=_("Remise par une personne du fonds"),
            until=today - dt.timedelta(days=1),
            **by(request),
        )
        messages.success(request, _("L’alerte est de nouveau montrée."))
        return redirect(agreement)
    finding = _finding(followed, rule)
    form = SetAsideForm(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.set_aside(
                agreement=agreement,
                rule=rule,
                reason=data["reason"],
                until=data["until"],
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(agreement)
        messages.success(request, _("L’alerte est écartée jusqu’à ce jour."))
        return redirect(agreement)
    said = warning_in_words(finding, agreement)
    return form_page(
        request,
        agreement,
        form,
        title=_("Écarter : %(warning)s") % {"warning": said.title},
        button=_("Écarter"),
        lede=said.why,
        facts=said.facts,
    )


def _finding(followed: found.Followed, rule: str) -> WarningFinding:
    for each in followed.warnings:
        if each.rule.id == rule:
            return each
    raise Http404(_("Cette alerte n’est pas active sur cette convention."))


@login_required
def activity(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Record what an official register says of who receives."""
    agreement = managed(request, code, reference)
    today = timezone.localdate()
    initial = {
        "checked_on": today,
        "source": agreement.activity_source,
        "ceased_on": agreement.ceased_on,
    }
    form = ActivityForm(request.POST or None, today=today, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        actions.check_activity(
            agreement=agreement,
            checked_on=data["checked_on"],
            ceased_on=data["ceased_on"],
            source=data["source"],
            **by(request),
        )
        messages.success(request, _("La vérification est enregistrée pour un an."))
        return redirect(agreement)
    siren = agreement.receiver.siren
    return form_page(
        request,
        agreement,
        form,
        title=_("Vérifier l’activité de %(name)s") % {"name": agreement.receiver.name},
        button=_("Enregistrer la vérification"),
        lede=_("Ce que dit un registre officiel, le jour où vous le lisez."),
        facts=[(_("SIREN"), siren)] if siren else [],
    )


@login_required
def sign_by(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the last day on which the agreement of an accepted application may be signed."""
    application = application_or_404(request, reference)
    if not request.user.has_perm(permissions.HANDLE_APPLICATION, application):
        raise PermissionDenied
    form = SignByForm(
        request.POST or None,
        today=timezone.localdate(),
        initial={"sign_by": application.sign_by},
    )
    if request.method == "POST" and form.is_valid():
        try:
            set_signature_date(
                application=application, sign_by=form.cleaned_data["sign_by"], **by(request)
            )
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error))
        else:
            messages.success(request, _("La date est enregistrée."))
            return redirect(application)
    title = _("Donner une date pour signer")
    context = {
        "fund": application.fund,
        "form": form,
        "title": title,
        "lede": _("Dossier %(reference)s") % {"reference": application.reference},
        "button": _("Enregistrer"),
        "back": application.get_absolute_url(),
        "crumbs": application_crumbs(application, Crumb(title)),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/agreement_action.html", context, status=status)


# ── Visits ───────────────────────────────────────────────────────────────────────────────────────


@login_required
def visit_new(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Plan a visit."""
    agreement = managed(request, code, reference)
    form = VisitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            visit = actions.plan_visit(
                agreement=agreement,
                manner=data["manner"],
                planned_on=data["planned_on"],
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(agreement)
        messages.success(request, _("La visite est prévue. Le bénéficiaire voit son jour."))
        return redirect(visit)
    return form_page(
        request,
        agreement,
        form,
        title=_("Prévoir une visite"),
        button=_("Prévoir la visite"),
        lede=_("Une visite déjà faite s’inscrit aussi : donnez son jour, puis son compte rendu."),
    )


def _visit_seen(
    request: HttpRequest, code: str, reference: str, uuid: UUID
) -> tuple[Agreement, Visit]:
    """Return a visit to the people of the fund, and to who receives unless it is cancelled."""
    agreement = seen(request, code, reference)
    visit = found.find_visit(agreement, uuid)
    people = request.user.has_perm(permissions.SEE_AGREEMENTS, agreement.fund)
    if visit is None or not (people or visit.state != VisitState.CANCELLED):
        raise Http404(_("Cette visite n’existe pas, ou vous n’y avez pas accès."))
    return agreement, visit


@login_required
@require_safe
def visit(request: HttpRequest, code: str, reference: str, uuid: UUID) -> HttpResponse:
    agreement, row = _visit_seen(request, code, reference, uuid)
    return _visit_page(request, agreement, row)


def _visit_page(
    request: HttpRequest,
    agreement: Agreement,
    row: Visit,
    form: FollowUpForm | None = None,
    file_form: VisitFileForm | None = None,
) -> HttpResponse:
    user, fund = request.user, agreement.fund
    people = user.has_perm(permissions.SEE_AGREEMENTS, fund)
    manages = user.has_perm(permissions.MANAGE_AGREEMENTS, fund)
    receives = user.has_perm(permissions.RECEIVE_AGREEMENTS, agreement.receiver)
    refused = [each for each in (form, file_form) if each is not None]
    context = {
        "fund": fund,
        "agreement": agreement,
        "said": visit_in_words(
            row, people=people, receives=receives, today=timezone.localdate(), manages=manages
        ),
        "visit": row,
        "people": people,
        "decisions": _decisions(row) if manages else [],
        "documents": documents_of(row.stable_name),
        "private_documents": documents_of(row.private_place) if people else [],
        "form": (form or FollowUpForm()) if manages and not _is_cancelled(row) else None,
        "file_form": (file_form or VisitFileForm()) if manages and not _is_cancelled(row) else None,
        "crumbs": crumbs(fund, crumb(agreement), Crumb(_("Visite"))),
    }
    status = _UNPROCESSABLE if any(each.errors for each in refused) else 200
    return render(request, "fund/visit.html", context, status=status)


def _is_cancelled(row: Visit) -> bool:
    return row.state == VisitState.CANCELLED


def _decisions(row: Visit) -> list[tuple[str, str]]:
    return [(each.verb, label(each.label)) for each in VISIT.possible(VisitState(row.state))]


_VISIT_VERBS = ("move", "record", "cancel", "correct")


@login_required
def visit_act(
    request: HttpRequest, code: str, reference: str, uuid: UUID, verb: str
) -> HttpResponse:
    """Move, tell, correct or cancel a visit."""
    agreement = managed(request, code, reference)
    row = found.find_visit(agreement, uuid)
    if row is None or verb not in _VISIT_VERBS:
        raise Http404(_("Cette visite n’existe pas, ou vous n’y avez pas accès."))
    labels = {each.verb: label(each.label) for each in VISIT.transitions}
    if verb not in {each for each, _name in _decisions(row)}:
        messages.info(
            request, _("La visite est « %(state)s ».") % {"state": row.get_state_display()}
        )
        return redirect(row)
    form = _visit_form(request, row, verb)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            _act_on_visit(request, row, verb, form)
        except actions.VisitChangedError as changed:
            again = request.POST.copy()
            again["version"] = actions.version_of(changed.visit)
            form = _visit_form(request, changed.visit, verb, data=again)
            form.add_error(
                None,
                _(
                    "Quelqu’un d’autre a écrit sur cette visite entre-temps. Votre texte est gardé "
                    "ci-dessous : relisez la page de la visite, puis enregistrez de nouveau."
                ),
            )
            status = _CONFLICT
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error))
        else:
            messages.success(request, _("La visite est enregistrée."))
            return redirect(row)
    page = form_page(request, agreement, form, title=labels[verb], button=labels[verb])
    if status == _CONFLICT:
        page.status_code = status
    return page


def _visit_form(request: HttpRequest, row: Visit, verb: str, data: Any = None) -> Any:
    sent = data if data is not None else (request.POST or None)
    if verb == "move":
        return MoveVisitForm(sent, initial={"planned_on": row.planned_on})
    if verb == "cancel":
        return CancelVisitForm(sent)
    today = timezone.localdate()
    initial = {
        "version": actions.version_of(row),
        "made_on": row.made_on or min(row.planned_on, today),
        "participants": row.participants,
        "account": row.account,
        "notes": row.notes,
    }
    return AccountForm(sent, today=today, is_shared=row.is_shared, initial=initial)


def _act_on_visit(request: HttpRequest, row: Visit, verb: str, form: Any) -> None:
    if verb == "move":
        actions.move_visit(visit=row, planned_on=form.cleaned_data["planned_on"], **by(request))
    elif verb == "cancel":
        actions.cancel_visit(visit=row, reason=form.cleaned_data["reason"], **by(request))
    else:
        actions.write_account(
            visit=row, said=form.said(), version=form.cleaned_data["version"], **by(request)
        )


@login_required
@require_POST
def follow_up_add(request: HttpRequest, code: str, reference: str, uuid: UUID) -> HttpResponse:
    """Write something that a visit asks for."""
    agreement, row = _managed_visit(request, code, reference, uuid)
    form = FollowUpForm(request.POST)
    if not form.is_valid():
        return _visit_page(request, agreement, row, form)
    data = form.cleaned_data
    try:
        actions.add_follow_up(
            visit=row,
            what=data["what"],
            due_on=data["due_on"],
            owed_by=data["owed_by"],
            submission=data["submission"],
            **by(request),
        )
    except AlreadyDoneError:
        return redirect(row)
    messages.success(request, _("La suite est inscrite."))
    return redirect(row)


def _managed_visit(
    request: HttpRequest, code: str, reference: str, uuid: UUID
) -> tuple[Agreement, Visit]:
    agreement = managed(request, code, reference)
    row = found.find_visit(agreement, uuid)
    if row is None or _is_cancelled(row):
        raise Http404(_("Cette visite n’existe pas, ou vous n’y avez pas accès."))
    return agreement, row


@login_required
@require_POST
def follow_up_done(
    request: HttpRequest, code: str, reference: str, uuid: UUID, pk: int
) -> HttpResponse:
    """Say that what a visit asked for is done."""
    agreement, row = _visit_seen(request, code, reference, uuid)
    said = visit_in_words(
        row,
        people=request.user.has_perm(permissions.SEE_AGREEMENTS, agreement.fund),
        receives=request.user.has_perm(permissions.RECEIVE_AGREEMENTS, agreement.receiver),
        today=timezone.localdate(),
        manages=request.user.has_perm(permissions.MANAGE_AGREEMENTS, agreement.fund),
    )
    may_say = {each.pk: may for each, _late, may in said.follow_ups}
    if pk not in may_say:
        raise Http404(_("Cette suite n’existe pas, ou vous n’y avez pas accès."))
    follow_up = VisitFollowUp.objects.get(pk=pk)
    if follow_up.done_on is None and not may_say[pk]:
        raise PermissionDenied
    actions.finish_follow_up(follow_up=follow_up, on=timezone.localdate(), **by(request))
    messages.success(request, _("C’est noté."))
    return redirect(row)


@login_required
@require_POST
def visit_attach(request: HttpRequest, code: str, reference: str, uuid: UUID) -> HttpResponse:
    """Keep a document of a visit."""
    agreement, row = _managed_visit(request, code, reference, uuid)
    form = VisitFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _visit_page(request, agreement, row, file_form=form)
    data = form.cleaned_data
    try:
        actions.attach(
            visit=row,
            shared=data["shared"],
            title=data["title"],
            upload=form.upload,
            content=data["file"],
            submission=data["submission"],
            **by(request),
        )
    except AlreadyDoneError:
        return redirect(row)
    messages.success(request, _("Le document est gardé."))
    return redirect(row)


@login_required
@require_safe
def visit_document(
    request: HttpRequest, code: str, reference: str, uuid: UUID, document: UUID
) -> HttpResponseBase:
    """Give a document of a visit to save: those of the fund to its people alone."""
    agreement, row = _visit_seen(request, code, reference, uuid)
    file = find_document(place=row.stable_name, uuid=document)
    if file is None and request.user.has_perm(permissions.SEE_AGREEMENTS, agreement.fund):
        file = find_document(place=row.private_place, uuid=document)
    if file is None or not default_storage.exists(file.path):
        raise Http404(_("Ce document n’existe pas, ou il a été retiré."))
    return FileResponse(
        default_storage.open(file.path),
        as_attachment=True,
        filename=file.name,
        content_type=file.media_type,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        },
    )


# ── Closing ──────────────────────────────────────────────────────────────────────────────────────


def _closable(request: HttpRequest, code: str, reference: str) -> Agreement:
    """Return a signed agreement to the people of its fund."""
    agreement = seen(request, code, reference)
    if AgreementState(agreement.state) not in CLOSABLE or not request.user.has_perm(
        permissions.SEE_AGREEMENTS, agreement.fund
    ):
        raise Http404(_("Cette convention n’existe pas, ou vous n’y avez pas accès."))
    return agreement


@login_required
def closing(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Show what the end of an agreement needs and its final account, and end it."""
    agreement = _closable(request, code, reference)
    manages = request.user.has_perm(permissions.MANAGE_AGREEMENTS, agreement.fund)
    if request.method == "POST" and not manages:
        raise PermissionDenied
    today = timezone.localdate()
    form = ReasonForm(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        try:
            agreement_actions.decide(
                agreement=agreement,
                verb="end",
                reason=form.cleaned_data["reason"],
                on=today,
                **by(request),
            )
        except agreement_actions.OrdersWaitingError:
            form.add_error(
                None,
                _("Un ordre attend la banque : confirmez-le, ou constatez d’abord son rejet."),
            )
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error))
        else:
            messages.success(request, _("La convention est close."))
            return redirect("fund:closing", code, reference)
    steps = closing_steps(agreement)
    possible = {each.verb for each in AGREEMENT.possible(AgreementState(agreement.state))}
    context = {
        "fund": agreement.fund,
        "agreement": agreement,
        "steps": steps,
        "is_ready": all(step.is_met for step in steps),
        "account": final_account(agreement),
        "form": form if manages and "end" in possible else None,
        "may_terminate": manages and "terminate" in possible,
        "crumbs": crumbs(agreement.fund, crumb(agreement), Crumb(_("Clôture"))),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/closing.html", context, status=status)


@login_required
@require_safe
def account_file(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Print the final account."""
    agreement = _closable(request, code, reference)
    name = f"compte-{agreement.reference}.pdf"
    return HttpResponse(
        final_account_pdf(agreement, on=timezone.localdate()),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


# ── Renewal ──────────────────────────────────────────────────────────────────────────────────────


@login_required
@require_safe
def renewal(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Show who receives what a renewal needs, and the calls in which it may be asked."""
    agreement = seen(request, code, reference)
    receives = request.user.has_perm(permissions.RECEIVE_AGREEMENTS, agreement.receiver)
    people = request.user.has_perm(permissions.SEE_AGREEMENTS, agreement.fund)
    if not (receives or people) or AgreementState(agreement.state) not in _RENEWABLE:
        raise Http404(_("Cette convention n’existe pas, ou vous n’y avez pas accès."))
    now = timezone.now()
    calls = open_calls(agreement.fund, now)
    context = {
        "fund": agreement.fund,
        "agreement": agreement,
        "calls": [(call, _address(agreement, call.code)) for call in calls],
        "renewals": found.renewals_of(agreement),
        "steps": closing_steps(agreement),
        "receives": receives,
        "crumbs": crumbs(agreement.fund, crumb(agreement), Crumb(_("Renouveler"))),
    }
    return render(request, "fund/renewal.html", context)


_RENEWABLE = frozenset({*found.FOLLOWED, AgreementState.ENDED})


def _address(agreement: Agreement, call: str) -> str:
    """Give where a renewal begins: as a copy of the application, or anew for the alliance."""
    said = f"renouvelle={agreement.reference}"
    if agreement.application is not None:
        address = reverse("fund:application-copy", args=[agreement.application.reference])
        return f"{address}?appel={call}&{said}"
    address = reverse("fund:apply", args=[agreement.fund.code, call])
    alliance = f"&alliance={agreement.alliance.slug}" if agreement.alliance else ""
    return f"{address}?{said}{alliance}"
