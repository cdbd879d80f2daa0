"""The open data of a fund: what it publishes, what it leaves out and why, what it imports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from alliage.fund.open_data.grants import GrantFault
from alliage.fund.open_data.three_sixty_giving import GrantPackageError
from alliage.values.tables import TableError
from alliage_web.accounts.models import User
from alliage_web.alliances import documents as uploads
from alliage_web.alliances.views.wording import table_error_in_words
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.queries import target_of
from alliage_web.fund import permissions
from alliage_web.fund.actions.open_data import ImportChangedError, import_grants
from alliage_web.fund.documents import open_data as files
from alliage_web.fund.forms.open_data import ConfirmGrantsForm, GrantFileForm, WaitingGrants
from alliage_web.fund.queries.open_data import plan_import, prefix_of, published_grants
from alliage_web.fund.queries.open_data_wording import (
    fault_in_words,
    field_in_words,
    package_error_in_words,
)

from .supports import crumbs, find_fund

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

    from alliage.fund.open_data.grants import LeftOut
    from alliage_web.fund.models import Fund, Support
    from alliage_web.fund.queries.open_data import ImportPlan, PublishedGrants

_UNPROCESSABLE = 422
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Missing:
    """A support that a format cannot hold, and all that it lacks, in words."""

    support: Support
    reasons: tuple[str, ...]


@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    fund = find_fund(code)
    published = published_grants(fund)
    package = files.package_of(fund, published, issued_at=timezone.now())
    subventions = files.subventions_of(published)
    context = {
        "fund": fund,
        "prefix": prefix_of(fund),
        "package": package.package,
        "package_problem": package.problem
        and f"{field_in_words(package.problem.field)} : {fault_in_words(package.problem)}",
        "missing": _missing(published, published.left_out),
        "package_missing": _missing(published, package.package.left_out if package.package else ()),
        "subventions": len(subventions.rows),
        "subventions_missing": _missing(published, subventions.left_out),
        "other": published.other,
        "json_url": request.build_absolute_uri(reverse("api:grants-json", args=[fund.code])),
        "csv_url": request.build_absolute_uri(reverse("api:grants-csv", args=[fund.code])),
        "may_write": request.user.has_perm(permissions.WRITE_SUPPORTS, fund),
        "crumbs": crumbs(fund, _("Données ouvertes")),
    }
    return render(request, "fund/open_data.html", context)


def _missing(published: PublishedGrants, left_out: Iterable[LeftOut]) -> list[Missing]:
    reasons: dict[str, list[str]] = {}
    for left in left_out:
        problem = left.problem
        said = field_in_words(problem.field)
        if problem.fault is not GrantFault.MISSING:
            said = f"{said} : {fault_in_words(problem)}"
        if said not in reasons.setdefault(left.grant, []):
            reasons[left.grant].append(said)
    return [
        Missing(published.descriptions[grant], tuple(found)) for grant, found in reasons.items()
    ]


@require_safe
def grants_json(request: HttpRequest, code: str) -> HttpResponse:
    """Give the package of a fund; there is none while no grant can be published."""
    fund = find_fund(code)
    package = files.package_of(
        fund,
        published_grants(fund),
        issued_at=timezone.now(),
        download_url=request.build_absolute_uri(),
    ).package
    if package is None:
        raise Http404(
            _(
                "Aucune aide ne peut encore être publiée par ce fonds, et le standard 360Giving ne "
                "connaît pas de fichier vide. La page « Données ouvertes » dit ce qui manque."
            )
        )
    return files.json_response(package.text, f"aides-{fund.code}.json")


@require_safe
def grants_csv(request: HttpRequest, code: str) -> HttpResponse:  # noqa: ARG001
    fund = find_fund(code)
    found = files.subventions_of(published_grants(fund))
    return files.csv_response(found.text, f"subventions-{fund.code}.csv")


def _fund_to_write(request: HttpRequest, code: str) -> Fund:
    fund = find_fund(code)
    if not request.user.has_perm(permissions.WRITE_SUPPORTS, fund):
        raise PermissionDenied
    return fund


@login_required
def upload(request: HttpRequest, code: str) -> HttpResponse:
    fund = _fund_to_write(request, code)
    form = GrantFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        content, name = file.read(), (file.name or "")[:150]
        try:
            plan = plan_import(fund, content, name=name, lever=form.cleaned_data["lever"])
        except TableError as error:
            form.add_error("file", table_error_in_words(error))
        except GrantPackageError as error:
            form.add_error("file", package_error_in_words(error))
        else:
            return _preview(request, fund, content, name, form.cleaned_data["lever"], plan)
    context = {
        "fund": fund,
        "form": form,
        "crumbs": _import_crumbs(fund),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/open_data_import.html", context, status=status)


def _preview(
    request: HttpRequest, fund: Fund, content: bytes, name: str, lever: str, plan: ImportPlan
) -> HttpResponse:
    assert isinstance(request.user, User)
    if not plan.drafts:
        return _show(request, fund, plan, None)
    uploads.discard_old(now=timezone.now())
    waiting = WaitingGrants(
        file=uploads.keep(content),
        name=name,
        fund=fund.code,
        user=request.user.pk,
        lever=lever,
        seen=plan.fingerprint,
        submission=str(uuid4()),
    )
    return _show(request, fund, plan, waiting)


def _show(
    request: HttpRequest,
    fund: Fund,
    plan: ImportPlan,
    waiting: WaitingGrants | None,
    *,
    changed: bool = False,
) -> HttpResponse:
    context = {
        "fund": fund,
        "plan": plan,
        "token": waiting.sign() if waiting else "",
        "changed": changed,
        "drafts": plan.drafts[:_SHOWN],
        "more_drafts": max(len(plan.drafts) - _SHOWN, 0),
        "problems": [
            (one, field_in_words(one.field), fault_in_words(one)) for one in plan.problems[:_SHOWN]
        ],
        "more_problems": max(len(plan.problems) - _SHOWN, 0),
        "crumbs": _import_crumbs(fund, _("Aperçu")),
    }
    status = 200 if plan.drafts or not plan.problems else _UNPROCESSABLE
    return render(request, "fund/open_data_preview.html", context, status=status)


@login_required
@require_POST
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    fund = _fund_to_write(request, code)
    assert isinstance(request.user, User)
    form = ConfirmGrantsForm(request.POST)
    if not form.is_valid():
        return _send_again(request, fund, str(form.errors["token"][0]))
    waiting: WaitingGrants = form.cleaned_data["token"]
    if waiting.user != request.user.pk or waiting.fund != fund.code:
        raise PermissionDenied
    content = uploads.kept(waiting.file)
    if content is not None:
        return _write(request, fund, waiting, content)
    if target_of(UUID(waiting.submission)):
        return _done(request, fund)
    return _send_again(
        request,
        fund,
        _("Ce fichier n’est plus gardé : un aperçu l’est un jour. Envoyez-le à nouveau."),
    )


def _write(
    request: HttpRequest, fund: Fund, waiting: WaitingGrants, content: bytes
) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        plan = import_grants(
            fund=fund,
            data=content,
            name=waiting.name,
            lever=waiting.lever,
            seen=waiting.seen,
            by=request.user,
            at=timezone.now(),
            submission=UUID(waiting.submission),
        )
    except AlreadyDoneError:
        return _done(request, fund)
    except ImportChangedError as error:
        again = replace(waiting, seen=error.plan.fingerprint) if error.plan.drafts else None
        return _show(request, fund, error.plan, again, changed=True)
    uploads.discard(waiting.file)
    count = len(plan.drafts)
    messages.success(
        request,
        ngettext("%(n)s soutien inscrit au livre.", "%(n)s soutiens inscrits au livre.", count)
        % {"n": count},
    )
    return redirect("fund:supports", fund.code)


def _done(request: HttpRequest, fund: Fund) -> HttpResponse:
    messages.info(request, _("Cet import a déjà été fait : rien n’a été écrit une seconde fois."))
    return redirect("fund:supports", fund.code)


def _send_again(request: HttpRequest, fund: Fund, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("fund:grants-import", fund.code)


def _import_crumbs(fund: Fund, *more: str) -> list[object]:
    found = crumbs(fund, _("Données ouvertes"), _("Importer"), *more)
    return list(found)
