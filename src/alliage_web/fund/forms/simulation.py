"""The assumptions of a fund of repayable advances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliage.fund.money.advance_forecast import AdvanceParameters, ForecastError, ForecastProblem
from alliage_web.fund.forms.amounts import EurosField

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict
    from django.utils.functional import _StrPromise

    from alliage.values.money import Euros

#: The example that opens the page, whose results the tests hold.
EXAMPLE: Mapping[str, str] = {
    "capital": "1 000 000",
    "advance": "30 000",
    "success": "70",
    "repaid": "90",
    "lag": "2",
    "years": "10",
    "icc": "10",
    "overhead": "0",
    "fresh_money": "0",
}

_SENTENCES: Mapping[ForecastProblem, tuple[str, _StrPromise]] = {
    ForecastProblem.AMOUNT: (
        "advance",
        _(
            "Une avance de %(advance)s € ne se prend pas sur une dotation de %(capital)s €. Donnez "
            "une avance au-dessus de zéro, et au plus de la dotation."
        ),
    ),
    ForecastProblem.NEVER_LOSES: (
        "success",
        _(
            "Tout reviendrait toujours : l’argent tournerait sans fin et aucun chiffre ne serait "
            "fini. Donnez une réussite ou un remboursement au-dessous de 100 %%."
        ),
    ),
}


class RangeWidget(forms.NumberInput):
    """A slider with the value that it had when the page was written."""

    input_type = "range"
    template_name = "fund/forms/range.html"

    def __init__(self, *, unit: str | _StrPromise, **attrs: int) -> None:
        super().__init__(attrs=attrs)
        self.unit = unit

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the unit of the value."""
        context = super().get_context(name, value, attrs)
        context["widget"]["unit"] = self.unit
        return context


def _slider(
    label: _StrPromise,
    help_text: _StrPromise,
    least: int,
    most: int,
    unit: str | _StrPromise = " %",
) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=most,
        widget=RangeWidget(unit=unit, step=1),
    )


class SimulationForm(forms.Form):
    """Sent in the address, so that a simulation can be shared. What is not told is the example."""

    capital = EurosField(
        label=_("Dotation au départ, en euros"), help_text=_("L’argent que le fonds peut avancer.")
    )
    advance = EurosField(
        label=_("Une avance, en euros"), help_text=_("Ce que coûte une mission, en moyenne.")
    )
    success = _slider(
        _("Missions qui réussissent"),
        _("La feuille de route est approuvée, puis mise en œuvre. Sinon rien n’est dû."),
        0,
        100,
    )
    repaid = _slider(
        _("Avances remboursées quand la mission réussit"),
        _("Un porteur dont la mission a réussi peut ne pas payer."),
        0,
        100,
    )
    lag = _slider(
        _("Années avant le remboursement"),
        _(
            "Du versement au retour. À 0, l’argent revient en fin d’année et ne sert que la "
            "suivante."
        ),
        0,
        10,
        _(" ans"),
    )  # fmt: skip
    icc = _slider(
        _("Réussites liées entre elles"),
        _("À 0, chaque mission a sa propre chance. Plus haut, elles échouent ensemble : mêmes "
          "cabinets, mêmes années."),
        0,
        90,
    )  # fmt: skip
    years = _slider(_("Années regardées"), _("La durée de la prévision."), 1, 30, _(" ans"))
    overhead = _slider(
        _("Frais de fonctionnement chaque année"), _("En part de la dotation de départ."), 0, 30
    )
    fresh_money = EurosField(
        label=_("Argent nouveau chaque année, en euros"),
        help_text=_("Dons ou contributions, dès la première année."),
        zero=True,
    )
    parameters: AdvanceParameters

    def __init__(self, query: QueryDict) -> None:
        super().__init__({**EXAMPLE, **{name: query[name] for name in EXAMPLE if name in query}})

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.parameters = _parameters(data)
            except ForecastError as error:
                field, sentence = _SENTENCES[error.problem]
                self.add_error(
                    field, forms.ValidationError(sentence, params=error.values, code=error.problem)
                )
        return data


def _parameters(data: Mapping[str, Any]) -> AdvanceParameters:
    capital: Euros = data["capital"]
    return AdvanceParameters(
        capital=capital,
        advance=data["advance"],
        success=data["success"] / 100,
        repaid_if_success=data["repaid"] / 100,
        lag=data["lag"],
        years=data["years"],
        overhead=data["overhead"] / 100,
        fresh_money=data["fresh_money"],
        icc=data["icc"] / 100,
    )
