"""The cockpit of a fund: where the money and the files stand, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions.stages import set_targets
from alliage_web.fund.documents.cockpit import rows_of
from alliage_web.fund.documents.ledger import attachment, csv_file, xlsx_file
from alliage_web.fund.forms.cockpit import DelaysForm, PipelineFiltersForm, order_of
from alliage_web.fund.queries import budget as budgets
from alliage_web.fund.queries import cockpit as found
from alliage_web.fund.queries import pipeline as files
from alliage_web.fund.queries.ageing import CLASSES
from alliage_web.fund.queries.ageing import ageing as ageing_of
from alliage_web.fund.queries.pipeline import ORDERS, PipelineFilters
from alliage_web.fund.queries.portfolio import leverage_of
from alliage_web.ui.charts import Layer, StackedBar, StackedChart
from alliage_web.ui.components import Cell, Crumb
from alliage_web.ui.templatetags.ui import euros, number

from .budget import crumbs, fund_for, waterfall_chart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

    from alliage_web.fund.models import Fund
    from alliage_web.fund.queries.ageing import StageAge
    from alliage_web.fund.queries.budget import BudgetPage, EnvelopeLine

#: The files that a stage shows, those that wait for longest.
_SHOWN = 4
_FILES_PER_PAGE = 50
_UNPROCESSABLE = 422
#: From the lightest to the darkest, then the one that warns.
_TONES = (4, 3, 2, 1, 5)
_ORDER_LABELS: Mapping[str, _StrPromise] = {
    "anciennete": gettext_lazy("les plus anciens dans leur étape"),
    "recents": gettext_lazy("les derniers arrivés dans leur étape"),
    "demande": gettext_lazy("ceux qui demandent le plus"),
    "dossier": gettext_lazy("numéro de dossier"),
}


@require_safe
@login_required
def cockpit(request: HttpRequest, code: str) -> HttpResponse:
    """Show what waits, where the money and the files stand, how old they are, what they raised."""
    fund = fund_for(request, code, permissions.SEE_COCKPIT)
    now = timezone.now()
    form = PipelineFiltersForm(request.GET, files.choices_of(fund), board=True)
    filters = form.filters()
    budget = budgets.page_of(fund)
    pipeline = files.pipeline(fund, filters, now=now, oldest=_SHOWN)
    context = {
        "fund": fund,
        "form": form,
        "filters": filters,
        "page": budget,
        "waterfall": waterfall_chart(budget),
        "envelopes": _envelopes(budget),
        "pipeline": pipeline,
        "columns": [column for column in pipeline.columns if column.count],
        "warned": found.warned(
            (
                line.stay.agreement_id
                for column in pipeline.columns
                for line in column.lines
                if line.stay.agreement_id
            ),
            timezone.localdate(now),
        ),
        "ended": [column for column in pipeline.ended if column.count],
        "empty_stages": [column.label for column in pipeline.columns if not column.count],
        "all_files": files.list_url(fund, filters),
        "ages": [each for each in ageing_of(fund, now=now) if each.time.going_on],
        "leverage": leverage_of(fund),
        "tasks": found.tasks_of(fund, timezone.localdate(now)),
        "next_meeting": found.next_meeting(fund, timezone.localdate(now)),
        "late": sum(column.late or 0 for column in pipeline.columns),
        "late_url": files.list_url(fund, PipelineFilters(late=True)),
        "has_delays": any(column.target for column in pipeline.columns),
        "may_open": request.user.has_perm(permissions.SEE_APPLICATIONS, fund),
        "may_set_delays": request.user.has_perm(permissions.SET_DELAYS, fund),
        "crumbs": [*crumbs(fund), Crumb(_("Pilotage"))],
    }
    return render(request, "fund/cockpit.html", context)


def _envelopes(page: BudgetPage) -> StackedChart:
    """Draw what became of each envelope; every amount leads to its postings."""
    names = ("paid", "committed", "reserved", "available")
    labels = (_("Versé"), _("Engagé, à verser"), _("Réservé"), _("Disponible"))

    def bar(label: str, line: EnvelopeLine) -> StackedBar:
        figures = [getattr(line, name) for name in names]
        return StackedBar(
            label=label,
            # What was returned in another year than it was paid may be below zero for a while.
            values=tuple(max(float(figure.eur), 0) for figure in figures),
            cells=tuple(Cell(euros(figure.eur, "full"), figure.href) for figure in figures),
            text=euros(line.allotted.eur, "full"),
            href=line.allotted.href,
        )

    return StackedChart(
        title=_("Ce que devient chaque enveloppe, par volet et par année"),
        head=_("Volet et année"),
        layers=tuple(
            Layer(label, f"stacked__part--{rank}") for rank, label in enumerate(labels, start=1)
        ),
        bars=tuple(
            bar(f"{strand.strand} {line.year}", line)
            for strand in page.strands
            for line in strand.lines
        ),
        source=_("Grand livre du fonds ; chaque montant mène à ses écritures."),
    )


@require_safe
@login_required
def pipeline(request: HttpRequest, code: str) -> HttpResponse:
    """List the files that are looked for, in the order that was chosen."""
    fund = fund_for(request, code, permissions.SEE_COCKPIT)
    now = timezone.now()
    form = PipelineFiltersForm(request.GET, files.choices_of(fund), board=False)
    filters, order = form.filters(), order_of(request.GET.get("ordre", ""))
    targets = files.targets_of(fund)
    rows = files.standing(fund, filters, targets=targets, now=now).order_by(*ORDERS[order])
    page = Paginator(rows, _FILES_PER_PAGE).get_page(request.GET.get("page"))
    sums = files.pipeline(fund, filters, now=now)
    context = {
        "fund": fund,
        "form": form,
        "filters": filters,
        "page": page,
        "lines": files.lines_of(page.object_list, targets=targets, now=now),
        "columns": [each for each in (*sums.columns, *sums.ended) if each.count],
        "orders": [(name, label, name == order) for name, label in _ORDER_LABELS.items()],
        "may_open": request.user.has_perm(permissions.SEE_APPLICATIONS, fund),
        "crumbs": [*_crumbs(fund), Crumb(_("Dossiers"))],
    }
    return render(request, "fund/cockpit_files.html", context)


@require_safe
@login_required
def pipeline_export(request: HttpRequest, code: str, extension: str) -> HttpResponse:
    """Give the files that are looked for as a spreadsheet."""
    fund = fund_for(request, code, permissions.SEE_COCKPIT)
    if extension not in {"csv", "xlsx"}:
        raise Http404(_("Ce format n’est pas proposé. Choisissez CSV ou XLSX."))
    now = timezone.now()
    filters = PipelineFiltersForm(request.GET, files.choices_of(fund), board=False).filters()
    order = order_of(request.GET.get("ordre", ""))
    targets = files.targets_of(fund)
    rows = files.standing(fund, filters, targets=targets, now=now).order_by(*ORDERS[order])
    lines = rows_of(rows, targets=targets, now=now)
    content = csv_file(lines) if extension == "csv" else xlsx_file(lines, _("dossiers"))
    return attachment(content, f"dossiers-{fund.code}.{extension}")


@require_safe
@login_required
def ageing(request: HttpRequest, code: str) -> HttpResponse:
    """Show how long files stay in each stage, and how the delays of the fund are kept."""
    fund = fund_for(request, code, permissions.SEE_COCKPIT)
    ages = ageing_of(fund, now=timezone.now())
    context = {
        "fund": fund,
        "ages": ages,
        "chart": _ages(ages),
        "has_delays": any(each.target for each in ages),
        "base": sum(each.time.base for each in ages),
        "present": sum(each.time.going_on for each in ages),
        "may_set_delays": request.user.has_perm(permissions.SET_DELAYS, fund),
        "crumbs": [*_crumbs(fund), Crumb(_("Délais"))],
    }
    return render(request, "fund/cockpit_ageing.html", context)


def _ages(ages: Sequence[StageAge]) -> StackedChart:
    bounds = [0, *(last + 1 for last in CLASSES)]
    labels = [
        _("%(first)s à %(last)s jours") % {"first": first, "last": last}
        for first, last in zip(bounds, CLASSES, strict=False)
    ]
    labels.append(_("plus de %(last)s jours") % {"last": CLASSES[-1]})
    return StackedChart(
        title=_("Les dossiers présents, selon leur ancienneté dans l’étape"),
        head=_("Étape"),
        layers=tuple(
            Layer(label, f"stacked__part--{tone}")
            for label, tone in zip(labels, _TONES, strict=True)
        ),
        bars=tuple(
            StackedBar(
                label=each.label.capitalize(),
                values=tuple(map(float, each.ages)),
                cells=tuple(number(count) for count in each.ages),
                text=number(each.time.going_on),
                href=each.href,
            )
            for each in ages
            if each.time.going_on
        ),
    )


@login_required
def set_delays(request: HttpRequest, code: str) -> HttpResponse:
    """Set the delays that the fund gives itself."""
    fund = fund_for(request, code, permissions.SET_DELAYS)
    form = DelaysForm(request.POST or None, targets=files.targets_of(fund))
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            set_targets(
                fund=fund,
                days=form.days,
                by=request.user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            pass
        else:
            messages.success(request, _("Les délais sont enregistrés."))
        return redirect("fund:ageing", fund.code)
    title = _("Fixer les délais du fonds")
    context = {
        "fund": fund,
        "form": form,
        "title": title,
        "lede": _(
            "Le temps que le fonds se donne à chaque étape. Un dossier qui le dépasse est "
            "signalé, rien d’autre ne change."
        ),
        "button": _("Enregistrer"),
        "back": reverse("fund:ageing", args=[fund.code]),
        "crumbs": [*_crumbs(fund), Crumb(title)],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/agreement_action.html", context, status=status)


def _crumbs(fund: Fund) -> list[Crumb]:
    return [*crumbs(fund), Crumb(_("Pilotage"), reverse("fund:cockpit", args=[fund.code]))]
