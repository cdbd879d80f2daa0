"""The portfolio of a fund by group: the tables of its page, and the records of each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliage_web.fund import permissions, queries
from alliage_web.fund.queries.breakdown import (
    UNKNOWN,
    Dimension,
    FileMoney,
    alliances_named,
    breakdowns,
    files_of,
    records_of,
    totals_of,
)
from alliage_web.fund.queries.portfolio import given_by
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

    from alliage_web.fund.models import Fund, Support
    from alliage_web.fund.queries.breakdown import Breakdown, FileOfLedger

_PER_PAGE = 50
LABELS: Mapping[Dimension, _StrPromise] = {
    Dimension.WORLD: gettext_lazy("Par monde de qui reçoit"),
    Dimension.OBJECTIVE: gettext_lazy("Par objectif de l’alliance"),
    Dimension.SDG: gettext_lazy("Par objectif de développement durable"),
    Dimension.STRAND: gettext_lazy("Par volet du fonds"),
    Dimension.REGION: gettext_lazy("Par région"),
    Dimension.DEPARTMENT: gettext_lazy("Par département"),
    Dimension.SIZE: gettext_lazy("Par taille de territoire"),
}
#: What the group of what is not known means.
_UNKNOWN: Mapping[Dimension, _StrPromise] = {
    Dimension.WORLD: gettext_lazy("non connu : les sources ne nomment que l’alliance"),
    Dimension.OBJECTIVE: gettext_lazy("non connu"),
    Dimension.SDG: gettext_lazy("non connu"),
    Dimension.STRAND: gettext_lazy("non connu"),
    Dimension.REGION: gettext_lazy("non connue, ou territoire plus large"),
    Dimension.DEPARTMENT: gettext_lazy("non connu, ou territoire plus large"),
    Dimension.SIZE: gettext_lazy("non connue"),
}


@dataclass(frozen=True, slots=True)
class BreakdownTable:
    """A breakdown with its words."""

    title: str
    unknown: str
    breakdown: Breakdown


def breakdown_lines(
    fund: Fund, rows: Sequence[Support], files: Sequence[FileOfLedger] | None
) -> list[BreakdownTable]:
    """Give the tables of a portfolio, without those where nothing at all is known."""
    return [
        BreakdownTable(str(LABELS[each.dimension]), str(_UNKNOWN[each.dimension]), each)
        for each in breakdowns(fund, rows, files)
        if any(group.value != UNKNOWN for group in each.groups)
    ]


@require_safe
def group(request: HttpRequest, code: str, dimension: str, value: str) -> HttpResponse:
    """Show the records of a group: the supports of the book, and the files of the ledger."""
    fund = queries.find(code)
    if fund is None or dimension not in {each.value for each in Dimension}:
        raise Http404(_("Ce portefeuille n’existe pas. Revenez à la liste des fonds."))
    by = Dimension(dimension)
    files = files_of(fund) if request.user.has_perm(permissions.SEE_BUDGET, fund) else None
    rows = given_by(fund)
    label, records = records_of(by, value, rows, files)
    if not records.supports and not records.files:
        raise Http404(_("Rien de ce portefeuille n’est dans ce groupe. Revenez au portefeuille."))
    ledger = reverse("fund:ledger", args=[fund.code])
    title = label or str(_UNKNOWN[by])
    shown = records.files[:_PER_PAGE]
    names = alliances_named(file.alliance for file in shown if file.alliance)
    context = {
        "fund": fund,
        "title": title[:1].upper() + title[1:],
        "eyebrow": LABELS[by],
        "page": Paginator(records.supports, _PER_PAGE).get_page(request.GET.get("page")),
        "totals": totals_of(records.supports, rows),
        "files": [
            (file, names.get(file.alliance or 0), f"{ledger}?{urlencode({'file': file.file})}")
            for file in shown
        ],
        "more_files": max(len(records.files) - _PER_PAGE, 0),
        "money": sum((file.money for file in records.files), FileMoney()),
        "crumbs": [
            Crumb(_("Fonds"), reverse("fund:index")),
            Crumb(fund.name, fund.get_absolute_url()),
            Crumb(_("Portefeuille"), reverse("fund:portfolio", args=[fund.code])),
            Crumb(title),
        ],
    }
    return render(request, "fund/portfolio_group.html", context)
