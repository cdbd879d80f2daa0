"""The scoring grids of a fund: its versions, another one, and which one a call uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage.fund.instruction.scoring import GridVersionError
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions import grids as actions
from alliage_web.fund.forms.calls import GridChoiceForm, GridForm
from alliage_web.fund.queries import calls as call_queries
from alliage_web.fund.queries import grids as queries
from alliage_web.fund.queries.review_panels import GRID_FILE, current_grid
from alliage_web.ui.components import Crumb

from .calls import crumbs_of, fund_or_404

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.fund.models import Call, Fund

_UNPROCESSABLE = 422


@login_required
def index(request: HttpRequest, code: str) -> HttpResponse:
    """List the versions of the grids of a fund, with the calls that use them."""
    fund = _manageable(request, code)
    context = {
        "fund": fund,
        "lines": queries.grids_of(fund),
        "crumbs": [*crumbs_of(fund), Crumb(_("Grilles d’instruction"))],
    }
    return render(request, "fund/grids.html", context)


@login_required
def detail(request: HttpRequest, code: str, grid: str, version: int) -> HttpResponse:
    fund = _manageable(request, code)
    found = queries.find_grid(fund, grid, version)
    if found is None:
        raise Http404(_("Cette grille n’existe pas. Cherchez-la dans la liste."))
    context = {
        "fund": fund,
        "row": found,
        "grid": queries.shown(queries.grid_values(found)),
        "crumbs": _crumbs(fund, found.title),
    }
    return render(request, "fund/grid.html", context)


@login_required
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Add a version of a grid; « aperçu » shows what it would be, and writes nothing."""
    fund = _manageable(request, code)
    latest = current_grid(fund)
    proposed = latest.text if latest else GRID_FILE.read_text(encoding="utf-8")
    form = GridForm(
        request.POST if request.method == "POST" else None,
        initial={"specification": proposed},
        use_required_attribute=False,
    )
    previews = "preview" in request.POST
    if request.method == "POST" and form.is_valid() and not previews:
        answer = _add(request, fund, form)
        if answer is not None:
            return answer
    context = {
        "fund": fund,
        "form": form,
        "grid": queries.shown(form.grid) if previews and form.grid else None,
        "crumbs": _crumbs(fund, _("Ajouter une version")),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/grid_new.html", context, status=status)


def _add(request: HttpRequest, fund: Fund, form: GridForm) -> HttpResponse | None:
    """Add a version, or leave in the form why it cannot be."""
    assert isinstance(request.user, User)
    try:
        row = actions.add_grid(
            fund=fund,
            text=form.cleaned_data["specification"],
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return redirect("fund:grids", fund.code)
    except GridVersionError as error:
        form.refuse_version(error)
        return None
    messages.success(request, _("La grille est là. Les dossiers déjà instruits gardent la leur."))
    return redirect("fund:grid-version", fund.code, row.code, row.version)


@login_required
def choose(request: HttpRequest, code: str, call: str) -> HttpResponse:
    """Choose the grid of a call, until somebody reviews one of its applications."""
    fund = _manageable(request, code)
    found = call_queries.find_call(fund, call)
    if found is None:
        raise Http404(_("Aucun appel n’a cette adresse. Cherchez-le dans la liste du fonds."))
    if queries.review_begun(found):
        return _too_late(request, found)
    form = GridChoiceForm(
        request.POST if request.method == "POST" else None,
        fund=fund,
        initial={"grid": found.grid_id} if found.grid_id else {},
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            actions.choose_grid(
                call=found,
                grid=form.cleaned_data["grid"],
                by=request.user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except actions.ReviewBegunError:
            return _too_late(request, found)
        except AlreadyDoneError:
            pass
        messages.success(request, _("La grille de l’appel est enregistrée."))
        return redirect(found)
    title = _("Choisir la grille d’instruction")
    context = {
        "fund": fund,
        "call": found,
        "form": form,
        "title": title,
        "crumbs": [
            *crumbs_of(fund),
            Crumb(_("Appels"), reverse("fund:calls", args=[fund.code])),
            Crumb(found.title, found.get_absolute_url()),
            Crumb(title),
        ],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/call_grid.html", context, status=status)


def _too_late(request: HttpRequest, call: Call) -> HttpResponse:
    messages.info(
        request,
        _(
            "Des dossiers de cet appel sont en instruction : ils gardent sa grille, pour être "
            "jugés de la même façon. Un prochain appel peut en prendre une autre."
        ),
    )
    return redirect(call)


def _manageable(request: HttpRequest, code: str) -> Fund:
    fund = fund_or_404(code)
    if not request.user.has_perm(permissions.MANAGE_CALLS, fund):
        raise PermissionDenied
    return fund


def _crumbs(fund: Fund, *last: str) -> list[Crumb]:
    return [
        *crumbs_of(fund),
        Crumb(_("Grilles d’instruction"), reverse("fund:grids", args=[fund.code])),
        *(Crumb(step) for step in last),
    ]
