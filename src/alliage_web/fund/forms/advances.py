"""What is recorded of a repayable advance: a fact, a schedule, a repayment, what is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage_web.audit.forms import OnceForm
from alliage_web.fund.forms.amounts import EurosField
from alliage_web.fund.models import RepaymentKind

if TYPE_CHECKING:
    import datetime as dt

_DATE = {"type": "date"}
_FIRST_YEAR, _LAST_YEAR = 2000, 2200


def _day(text: Any) -> forms.DateField:
    return forms.DateField(label=text, widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))


class _PastForm(OnceForm):
    """A day that has come."""

    on = _day(gettext_lazy("Le"))

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.initial.setdefault("on", today)

    def clean_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["on"]
        if day > self.today:
            raise forms.ValidationError(
                _("Cette date n’est pas encore venue. Datez d’aujourd’hui au plus tard.")
            )
        return day


class FactForm(_PastForm):
    """A fact, yes or no, with its proof; it is never changed afterwards."""

    answer = forms.ChoiceField(
        label=gettext_lazy("Réponse"),
        choices=(("yes", gettext_lazy("oui")), ("no", gettext_lazy("non"))),
        widget=forms.RadioSelect,
    )
    evidence = forms.CharField(
        label=gettext_lazy("Ce qui le prouve"),
        help_text=gettext_lazy("Un courrier signé, un compte rendu : de quoi le retrouver."),
        max_length=500,
    )

    field_order = ["answer", "on", "evidence"]

    def __init__(self, *args: Any, yes: Any, no: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].choices = (("yes", yes), ("no", no))  # type: ignore[attr-defined]


class ScheduleForm(forms.Form):
    """How what is due comes back: equal parts, without interest."""

    instalments = forms.IntegerField(
        label=gettext_lazy("Nombre de remboursements"), min_value=1, max_value=120, initial=1
    )
    first_on = _day(gettext_lazy("Le premier"))
    every_months = forms.IntegerField(
        label=gettext_lazy("Mois entre deux remboursements"), min_value=1, max_value=60, initial=1
    )

    def clean_first_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["first_on"]
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise forms.ValidationError(
                _("Donnez une année de %(first)s à %(last)s."),
                params={"first": _FIRST_YEAR, "last": _LAST_YEAR},
                code="year",
            )
        return day


class RepaymentForm(_PastForm):
    """Money of an advance that came back."""

    amount = EurosField(label=gettext_lazy("Montant remboursé, en euros"))
    reason = forms.CharField(
        label=gettext_lazy("Pièce"),
        help_text=gettext_lazy("La ligne du relevé de banque, par exemple."),
        max_length=300,
    )

    field_order = ["amount", "on", "reason"]


class GiveUpForm(_PastForm):
    """What the committee gives up, with its reasons."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Décision"),
        choices=(
            (RepaymentKind.WAIVER.value, gettext_lazy("renoncer au remboursement")),
            (RepaymentKind.WRITE_OFF.value, gettext_lazy("passer en perte ce qui ne viendra pas")),
        ),
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Motif"), widget=forms.Textarea(attrs={"rows": 3}), max_length=400
    )
    committee = forms.BooleanField(
        label=gettext_lazy(
            "Le comité l’a décidé : le quorum était atteint, aucun membre intéressé n’a pris part."
        ),
        required=False,
    )

    field_order = ["kind", "on", "reason", "committee"]


class FailureForm(_PastForm):
    """The failure that the facts tell, with the reason of the committee."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"), widget=forms.Textarea(attrs={"rows": 3}), max_length=400
    )

    field_order = ["on", "reason"]
