"""What a fund of repayable advances may expect: assumptions in the address, figures on the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.fund.money.advance_forecast import LARGEST_PORTFOLIO, loss_distribution, simulate
from alliage.values.french import euros, number, percent
from alliage_web.fund.forms.simulation import SimulationForm
from alliage_web.ui.charts import Bar, BarChart
from alliage_web.ui.components import Column, Crumb, DataTable, KeyFigure

if TYPE_CHECKING:
    from decimal import Decimal

    from django.http import HttpRequest, HttpResponse

    from alliage.fund.money.advance_forecast import (
        AdvanceParameters,
        Forecast,
        LossDistribution,
        Recycling,
    )

#: Bars of the chart of losses: as many as can be read.
_MOST_BARS = 20
_HIGH = 0.95


class Words(NamedTuple):
    """The forecast as the page shows it."""

    headline: str
    figures: list[KeyFigure]
    missions: BarChart
    years: DataTable
    risk: list[KeyFigure]
    losses: BarChart | None
    largest: int


@require_safe
def simulation(request: HttpRequest) -> HttpResponse:
    """Show what the assumptions of the address give; anybody may look."""
    form = SimulationForm(request.GET)
    context = {
        "form": form,
        "shown": _in_words(simulate(form.parameters)) if form.is_valid() else None,
        "address": request.build_absolute_uri(),
        "crumbs": [Crumb(_("Fonds"), reverse("fund:index")), Crumb(_("Simuler des avances"))],
    }
    return render(request, "fund/advances_simulation.html", context)


def _in_words(forecast: Forecast) -> Words:
    last = forecast.years[-1]
    return Words(
        headline=_(
            "En %(years)s ans, environ %(missions)s missions au lieu de %(grants)s si le même "
            "argent était donné."
        )
        % {
            "years": len(forecast.years),
            "missions": _number(last.missions_so_far, 0),
            "grants": _number(last.grants_so_far, 0),
        },
        figures=_figures(forecast.recycling),
        missions=_missions(forecast),
        years=_years(forecast),
        risk=_risk(forecast.parameters, forecast.loss) if forecast.loss else [],
        losses=_losses(forecast.loss) if forecast.loss else None,
        largest=LARGEST_PORTFOLIO,
    )


def _figures(found: Recycling) -> list[KeyFigure]:
    figures = [
        KeyFigure(
            label=_("Part de l’argent qui revient"),
            value=_percent(found.reflow),
            note=_("Chance de réussir × chance de rembourser."),
        ),
        KeyFigure(
            label=_("Chaque euro est avancé"),
            value=_number(found.multiplier, 2),
            unit=_("fois"),
            note=_("En moyenne, avant d’être perdu : 1 ÷ (1 − part qui revient)."),
        ),
        KeyFigure(
            label=_("La moitié de la dotation reste au bout de"),
            value=_number(found.half_life, 1),
            unit=_("cycles"),
            note=_("Un cycle : l’argent est avancé, puis revient ou est perdu."),
        ),
        KeyFigure(
            label=_("Perte moyenne par avance"),
            value=_money(found.expected_loss),
            note=_("Ce qu’une avance coûte, en moyenne, une fois les remboursements revenus."),
        ),
        KeyFigure(
            label=_("À apporter à chaque cycle"),
            value=_money(found.replenishment),
            note=_("Pour que la dotation reste ce qu’elle est."),
        ),
        KeyFigure(
            label=_("Missions au long cours"),
            value=""
            if found.missions_in_the_long_run is None
            else _number(found.missions_in_the_long_run, 1),
            note=_(
                "Avec des frais ou de l’argent nouveau, le long cours dépend de la durée regardée "
                ": lisez le tableau."
            )
            if found.missions_in_the_long_run is None
            else _("%(count)s si le même argent était donné.")
            % {"count": _number(found.missions_as_grants, 1)},
        ),
    ]
    if found.lasting_missions is not None:
        figures.append(
            KeyFigure(
                label=_("Missions par an pour toujours"),
                value=_number(found.lasting_missions, 1),
                note=_(
                    "Ce que l’argent nouveau paie, frais déduits, une fois la dotation épuisée."
                ),
            )
        )
    return figures


def _missions(forecast: Forecast) -> BarChart:
    return BarChart(
        title=_("Missions financées depuis le départ, à la fin de chaque année"),
        unit=_("missions"),
        bars=tuple(
            Bar(
                label=_("Année %(year)s") % {"year": year.year},
                value=year.missions_so_far,
                text=_number(year.missions_so_far, 1),
            )
            for year in forecast.years
        ),
        note=_("Des moyennes : une mission peut y être une fraction."),
    )


def _years(forecast: Forecast) -> DataTable:
    return DataTable(
        caption=_("Année par année, en moyenne"),
        columns=(
            Column(_("Année")),
            Column(_("Avancé"), numeric=True),
            Column(_("Revenu"), numeric=True),
            Column(_("Frais payés"), numeric=True),
            Column(_("En caisse à la fin"), numeric=True),
            Column(_("Missions depuis le départ"), numeric=True),
            Column(_("Si l’argent était donné"), numeric=True),
        ),
        rows=tuple(
            (
                str(year.year),
                _money(year.lent),
                _money(year.repaid),
                _money(year.overhead),
                _money(year.closing),
                _number(year.missions_so_far, 1),
                _number(year.grants_so_far, 1),
            )
            for year in forecast.years
        ),
        note=_("Des frais n’ont pas pu être payés : la caisse était vide.")
        if any(year.unpaid > 0 for year in forecast.years)
        else "",
    )


def _risk(parameters: AdvanceParameters, loss: LossDistribution) -> list[KeyFigure]:
    alone = loss_distribution(
        parameters.portfolio,
        parameters.advance,
        success=parameters.success,
        repaid_if_success=parameters.repaid_if_success,
    )
    return [
        KeyFigure(
            label=_("Perte moyenne"),
            value=_money(loss.mean),
            note=_("Sur %(count)s avances versées ensemble.") % {"count": parameters.portfolio},
        ),
        KeyFigure(
            label=_("Écart type de la perte"),
            value=_money(loss.standard_deviation),
            note=_("%(alone)s si les missions n’étaient pas liées.")
            % {"alone": _money(alone.standard_deviation)},
        ),
        KeyFigure(
            label=_("Perte non dépassée 19 fois sur 20"),
            value=_money(loss.value_at_risk(_HIGH)),
            note=_("La perte à pouvoir supporter (valeur en risque à 95 %)."),
        ),
    ]


def _losses(loss: LossDistribution) -> BarChart:
    count = len(loss.probabilities)
    width = math.ceil(count / _MOST_BARS)
    high = loss.value_at_risk(_HIGH)
    bars = []
    for first in range(0, count, width):
        last = min(first + width, count) - 1
        chance = math.fsum(loss.probabilities[first : last + 1])
        label = _money(loss.advance * first)
        if last > first:
            label = _("%(first)s à %(last)s") % {
                "first": label,
                "last": _money(loss.advance * last),
            }
        bars.append(
            Bar(
                label=label,
                value=chance,
                text=_percent(chance, 1),
                css_class="bars__row--tail" if loss.advance * first > high else "",
            )
        )
    return BarChart(
        title=_("Chance de chaque perte"),
        unit=_("probabilité"),
        bars=tuple(bars),
        note=_("En rouge, les pertes qui dépassent %(amount)s : une fois sur vingt au plus.")
        % {"amount": _money(high)},
    )


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "fr"


def _number(value: float, decimals: int) -> str:
    return number(value, decimals, language=_language())


def _percent(value: float, decimals: int = 0) -> str:
    return percent(value, decimals, language=_language())


def _money(value: float | Decimal) -> str:
    return euros(round(value), language=_language())
