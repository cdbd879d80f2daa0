"""The page of a fund, and its trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage_web.accounts.views import words
from alliage_web.audit.queries import events, lines_of
from alliage_web.fund import permissions, queries
from alliage_web.fund.queries.calls import open_calls
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from alliage_web.audit.queries import HistoryLine, ReadableLine
    from alliage_web.fund.models import Fund

LINES_PER_PAGE = 50


def index(request: HttpRequest) -> HttpResponse:
    context = {"funds": queries.all_funds(), "crumbs": [Crumb(_("Fonds"))]}
    return render(request, "fund/index.html", context)


def detail(request: HttpRequest, code: str) -> HttpResponse:
    fund = _find(code)
    context = {
        "page": queries.page_of(fund),
        "calls": open_calls(fund, timezone.now()),
        "fund": fund,
        "may_see_workspace": request.user.has_perm(permissions.SEE_WORKSPACE, fund),
        "may_see_cockpit": request.user.has_perm(permissions.SEE_COCKPIT, fund),
        "may_see_budget": request.user.has_perm(permissions.SEE_BUDGET, fund),
        "may_see_agreements": request.user.has_perm(permissions.SEE_AGREEMENTS, fund),
        "may_see_instruction": request.user.has_perm(permissions.SEE_INSTRUCTION, fund),
        "may_review": request.user.has_perm(permissions.REVIEW, fund),
        "may_see_committee": request.user.has_perm(permissions.SEE_COMMITTEE, fund),
        "may_read_trail": request.user.has_perm(permissions.READ_TRAIL, fund),
        "crumbs": [Crumb(_("Fonds"), reverse("fund:index")), Crumb(fund.name)],
    }
    return render(request, "fund/detail.html", context)


@login_required
def trail(request: HttpRequest, code: str) -> HttpResponse:
    """Show all that was written on a fund and in its workspace, latest first."""
    fund = _find(code)
    if not request.user.has_perm(permissions.READ_TRAIL, fund):
        raise PermissionDenied
    found = events(
        targets=[fund.stable_name], prefixes=[f"posting:{fund.code}:", f"support:{fund.code}:"]
    )
    page = Paginator(found, LINES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "fund": fund,
        "page": page,
        "history": _in_words(lines_of(page.object_list)),
        "crumbs": [
            Crumb(_("Fonds"), reverse("fund:index")),
            Crumb(fund.name, fund.get_absolute_url()),
            Crumb(_("Journal")),
        ],
    }
    return render(request, "fund/trail.html", context)


def _in_words(lines: Sequence[HistoryLine]) -> list[ReadableLine]:
    """Put the trail in words: what is of the fund, and what is of the people at work there."""
    people = iter(words.in_words(line for line in lines if line.kind in words.EVENTS))
    told = [next(people) if line.kind in words.EVENTS else line for line in lines]
    return queries.history_in_words(told, kinds=words.EVENTS, fields=words.FIELDS)


def _find(code: str) -> Fund:
    fund = queries.find(code)
    if fund is None:
        raise Http404(_("Aucun fonds n’a cette adresse. Cherchez-le dans la liste des fonds."))
    return fund
