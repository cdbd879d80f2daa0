"""What others gave the alliances of a fund: its list, one resource, declaring, answering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliage_web.accounts.models import User
from alliage_web.alliances.queries import find as find_alliance
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions import raised as actions
from alliage_web.fund.forms.raised import (
    NO_ALLIANCE,
    RaisedAnswerForm,
    RaisedForm,
    RaisedRemovalForm,
    initial_of,
)
from alliage_web.fund.models import AnswerChoices, OriginChoices
from alliage_web.fund.queries import raised as queries
from alliage_web.fund.queries.applying import applying_for
from alliage_web.fund.queries.support_wording import history_of_raised
from alliage_web.ui.components import Crumb

from .supports import crumbs, find_fund

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.fund.models import Fund, RaisedResource

PER_PAGE = 50
_CONFLICT, _UNPROCESSABLE = 409, 422


@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    """List what the alliances of a fund raised beside it."""
    fund = find_fund(code)
    seen = queries.visible(request.user, sees_all=_sees_all(request, fund))
    rows = queries.all_raised(fund).filter(seen).distinct()
    context = {
        "fund": fund,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "may_write": _writes(request, fund),
        "may_declare": request.user.is_authenticated,
        "crumbs": _crumbs(fund),
    }
    return render(request, "fund/raised.html", context)


@require_safe
def detail(request: HttpRequest, code: str, raised: str) -> HttpResponse:
    return _show(request, *_found(request, code, raised))


def _writes(request: HttpRequest, fund: Fund) -> bool:
    return request.user.has_perm(permissions.WRITE_SUPPORTS, fund)


def _sees_all(request: HttpRequest, fund: Fund) -> bool:
    return request.user.has_perm(permissions.SEE_WORKSPACE, fund)


def _found(request: HttpRequest, code: str, raised: str) -> tuple[Fund, RaisedResource]:
    fund = find_fund(code)
    row = queries.find_raised(fund, raised, request.user, sees_all=_sees_all(request, fund))
    if row is None:
        raise Http404(_("Cette ressource n’est pas au livre, ou vous n’y avez pas accès."))
    return fund, row


def _may_change(request: HttpRequest, fund: Fund, row: RaisedResource) -> bool:
    """Tell whether a person keeps the book, or may declare for this alliance what it says."""
    declared = row.origin == OriginChoices.RECEIVER
    return row.removed_at is None and (
        _writes(request, fund)
        or (declared and request.user.has_perm(permissions.DECLARE_RAISED, row.alliance))
    )


def _show(
    request: HttpRequest,
    fund: Fund,
    row: RaisedResource,
    form: RaisedAnswerForm | None = None,
    *,
    status: int = 200,
    conflict: bool = False,
) -> HttpResponse:
    answers = (
        _writes(request, fund) and row.origin == OriginChoices.RECEIVER and row.removed_at is None
    )
    context = {
        "fund": fund,
        "row": row,
        "is_counted": row.removed_at is None and row.answer == AnswerChoices.CONFIRMED,
        "is_compared": queries.is_compared(row),
        "may_change": _may_change(request, fund, row),
        "form": form or (RaisedAnswerForm(initial={"version": row.version}) if answers else None),
        "conflict": conflict,
        "history": history_of_raised(row) if request.user.is_authenticated else None,
        "crumbs": _crumbs(fund, _("Ressource")),
    }
    return render(request, "fund/raised_resource.html", context, status=status)


@login_required
@require_POST
def answer(request: HttpRequest, code: str, raised: str) -> HttpResponse:
    """Confirm or dispute, for the fund, what a party declared."""
    assert isinstance(request.user, User)
    fund, row = _found(request, code, raised)
    if not _writes(request, fund):
        raise PermissionDenied
    if row.origin != OriginChoices.RECEIVER or row.removed_at:
        messages.info(request, _("Cette ressource n’attend pas de réponse du fonds."))
        return redirect(row)
    form = RaisedAnswerForm(request.POST)
    if not form.is_valid():
        return _show(request, fund, row, form, status=_UNPROCESSABLE)
    try:
        actions.answer_raised(
            raised=row,
            answer=AnswerChoices(form.cleaned_data["answer"]),
            remark=form.cleaned_data["remark"].replace("\r\n", "\n"),
            version=form.cleaned_data["version"],
            by=request.user,
            at=timezone.now(),
        )
    except actions.RaisedChangedError as changed:
        again = request.POST.copy()
        again["version"] = str(changed.raised.version)
        shown = RaisedAnswerForm(again)
        return _show(request, fund, changed.raised, shown, status=_CONFLICT, conflict=True)
    messages.success(request, _("La réponse du fonds est enregistrée."))
    return redirect(row)


@login_required
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Write a resource for the fund, or declare one for an alliance."""
    fund = find_fund(code)
    form = _form(request, fund, None)
    if request.method != "POST" or not form.is_valid():
        return _edit_page(request, fund, None, form)
    assert isinstance(request.user, User)
    try:
        row = actions.add_raised(
            fund=fund,
            values=form.values(),
            origin=_origin(form),
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError as done:
        messages.info(
            request, _("Cette ressource est déjà inscrite : elle ne l’est pas deux fois.")
        )
        return redirect("fund:raised-resource", fund.code, done.target.rpartition(":")[2])
    messages.success(
        request,
        _("La ressource est inscrite.")
        if form.own is None
        else _("La ressource est déclarée. Elle comptera quand le fonds l’aura confirmée."),
    )
    return redirect(row)


@login_required
def edit(request: HttpRequest, code: str, raised: str) -> HttpResponse:
    fund, row = _found(request, code, raised)
    if not _may_change(request, fund, row):
        raise PermissionDenied
    form = _form(request, fund, row)
    if request.method != "POST" or not form.is_valid():
        return _edit_page(request, fund, row, form)
    assert isinstance(request.user, User)
    try:
        actions.change_raised(
            raised=row,
            values=form.values(row),
            origin=_origin(form),
            version=form.cleaned_data["version"] or 0,
            by=request.user,
            at=timezone.now(),
        )
    except actions.RaisedChangedError as changed:
        return _edit_conflict(request, fund, changed.raised)
    messages.success(request, _("La ressource est enregistrée."))
    return redirect(row)


def _edit_conflict(request: HttpRequest, fund: Fund, present: RaisedResource) -> HttpResponse:
    """Keep what the person wrote in the form, beside what somebody else wrote meanwhile."""
    if present.removed_at:
        messages.warning(request, _("Quelqu’un a retiré cette ressource entre-temps."))
        return redirect("fund:raised", fund.code)
    data = request.POST.copy()
    data["version"] = str(present.version)
    request.POST = data  # type: ignore[assignment]
    return _edit_page(request, fund, present, _form(request, fund, present), conflict=True)


@login_required
def remove(request: HttpRequest, code: str, raised: str) -> HttpResponse:
    """Remove a resource, with the reason why; its trail stays."""
    fund, row = _found(request, code, raised)
    if not _may_change(request, fund, row):
        raise PermissionDenied
    form = RaisedRemovalForm(
        request.POST if request.method == "POST" else None,
        initial={"version": row.version},
        use_required_attribute=False,
    )
    conflict = False
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            actions.remove_raised(
                raised=row,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["version"],
                by=request.user,
                at=timezone.now(),
            )
        except actions.RaisedChangedError as changed:
            if changed.raised.removed_at is None:
                data = request.POST.copy()
                data["version"] = str(changed.raised.version)
                row, form, conflict = changed.raised, RaisedRemovalForm(data), True
        if not conflict:
            messages.success(request, _("La ressource est retirée."))
            return redirect("fund:raised", fund.code)
    context = {
        "fund": fund,
        "row": row,
        "form": form,
        "conflict": conflict,
        "crumbs": _crumbs(fund, _("Retirer une ressource")),
    }
    status = _CONFLICT if conflict else _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/raised_remove.html", context, status=status)


def _form(request: HttpRequest, fund: Fund, row: RaisedResource | None) -> RaisedForm:
    own = None
    if not _writes(request, fund):
        assert isinstance(request.user, User)
        alliances = [find_alliance(each.slug) for each in applying_for(request.user)]
        own = [(one.code, one.display_title) for one in alliances if one is not None]
    return RaisedForm(
        request.POST if request.method == "POST" else None,
        initial=initial_of(row) if row else {},
        own=own,
        use_required_attribute=False,
    )


def _origin(form: RaisedForm) -> OriginChoices:
    return OriginChoices.OFFICER if form.own is None else OriginChoices.RECEIVER


def _edit_page(
    request: HttpRequest,
    fund: Fund,
    row: RaisedResource | None,
    form: RaisedForm,
    *,
    conflict: bool = False,
) -> HttpResponse:
    title = _("Corriger la ressource levée") if row else _("Inscrire une ressource levée")
    context = {
        "fund": fund,
        "row": row,
        "form": form,
        "title": title,
        "conflict": conflict,
        "declares": form.own is not None,
        "acts_for_none": NO_ALLIANCE if form.own is not None and not form.own else "",
        "taken_up": row is not None and form.own is None and row.origin == OriginChoices.RECEIVER,
        "crumbs": _crumbs(fund, title),
    }
    status = _CONFLICT if conflict else _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/raised_form.html", context, status=status)


def _crumbs(fund: Fund, *last: str) -> list[Crumb]:
    title = _("Ressources levées")
    if not last:
        return crumbs(fund, title)
    listed = Crumb(title, reverse("fund:raised", args=[fund.code]))
    return [*crumbs(fund), listed, *(Crumb(step) for step in last)]
