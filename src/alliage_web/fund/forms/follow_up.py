"""Visits, what they ask for, warnings set aside, and what a register says."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.follow_up.warnings import Severity
from alliage_web.audit.forms import OnceForm
from alliage_web.files.forms import AddFileForm
from alliage_web.fund.actions.follow_up import VisitAccount
from alliage_web.fund.models import OwedByChoices, VisitManner
from alliage_web.fund.queries.follow_up import FollowUpFilters
from alliage_web.fund.queries.follow_up_wording import SEVERITIES

#: How long a warning stays aside unless told otherwise, in days.
_ASIDE_DAYS = 60
#: The longest, so that nothing is silenced for good.
_MOST_ASIDE_DAYS = 366


def _day(text: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=text, widget=widget, required=required, help_text=hint)


def _text(text: Any, *, rows: int = 4, required: bool = True, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=text,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=20_000,
        required=required,
        help_text=hint,
    )


class _DatedForm(OnceForm):
    """A form that knows which day it is."""

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def passed(self, name: str) -> dt.date | None:
        """Refuse a day that has not come."""
        day: dt.date | None = self.cleaned_data[name]
        if day is not None and day > self.today:
            raise forms.ValidationError(
                _("Cette date n’est pas encore venue. Datez d’aujourd’hui au plus tard.")
            )
        return day


class VisitForm(OnceForm):
    """A visit that is planned."""

    planned_on = _day(gettext_lazy("Jour"))
    manner = forms.ChoiceField(label=gettext_lazy("Comment"), choices=VisitManner.choices)


class MoveVisitForm(forms.Form):
    """Another day for a visit."""

    planned_on = _day(gettext_lazy("Nouveau jour"))


class AccountForm(_DatedForm):
    """What a visit found: what is shared and what is kept, apart."""

    version = forms.CharField(widget=forms.HiddenInput)
    made_on = _day(gettext_lazy("Faite le"))
    participants = _text(
        gettext_lazy("Qui a pris part"),
        rows=2,
        required=False,
        hint=gettext_lazy("Noms et organisations. Le bénéficiaire les lit si vous partagez."),
    )
    account = _text(
        gettext_lazy("Compte rendu"),
        rows=6,
        required=False,
        hint=gettext_lazy("Ce qui a été constaté. Le bénéficiaire le lit si vous partagez."),
    )
    share = forms.BooleanField(
        label=gettext_lazy("Partager le compte rendu avec le bénéficiaire"),
        help_text=gettext_lazy("Ce qui est partagé le reste. Vos notes ne le sont jamais."),
        required=False,
    )
    notes = _text(
        gettext_lazy("Notes du fonds"),
        required=False,
        hint=gettext_lazy("Lues par les seules personnes qui voient les conventions du fonds."),
    )

    def __init__(self, *args: Any, is_shared: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_shared:
            del self.fields["share"]

    def clean_made_on(self) -> dt.date | None:
        return self.passed("made_on")

    def said(self) -> VisitAccount:
        data = self.cleaned_data
        return VisitAccount(
            data["made_on"], data["participants"], data["account"], data["notes"],
            bool(data.get("share")),
        )  # fmt: skip


class CancelVisitForm(forms.Form):
    """Why a visit is cancelled."""

    reason = _text(gettext_lazy("Motif"), rows=3)


class FollowUpForm(OnceForm):
    """Something that a visit asks for."""

    what = forms.CharField(label=gettext_lazy("Quoi"), max_length=300)
    due_on = _day(gettext_lazy("Pour le"))
    owed_by = forms.ChoiceField(label=gettext_lazy("Qui"), choices=OwedByChoices.choices)


class VisitFileForm(AddFileForm):
    """A document of a visit, for both parties or for the fund alone."""

    shared = forms.BooleanField(
        label=gettext_lazy("Partager avec le bénéficiaire"),
        help_text=gettext_lazy("Sans cela, seul le fonds la lit."),
        required=False,
    )


class SetAsideForm(_DatedForm):
    """Why a warning is set aside, and until when."""

    reason = _text(gettext_lazy("Motif"), rows=3)
    until = _day(
        gettext_lazy("Jusqu’au"),
        hint=gettext_lazy("Un an au plus. Elle revient ensuite si ses faits durent."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("until", self.today + dt.timedelta(days=_ASIDE_DAYS))

    def clean_until(self) -> dt.date:
        day: dt.date = self.cleaned_data["until"]
        last = self.today + dt.timedelta(days=_MOST_ASIDE_DAYS)
        if not self.today <= day <= last:
            raise forms.ValidationError(
                _("Donnez un jour d’aujourd’hui au %(last)s.") % {"last": f"{last:%d/%m/%Y}"}
            )
        return day


class ActivityForm(_DatedForm):
    """What an official register says of an organisation, on the day it was read."""

    checked_on = _day(gettext_lazy("Vérifiée le"))
    source = forms.CharField(
        label=gettext_lazy("Où"),
        max_length=300,
        help_text=gettext_lazy("Par exemple l’annuaire des entreprises, ou le BODACC."),
    )
    ceased_on = _day(
        gettext_lazy("Activité cessée le"),
        required=False,
        hint=gettext_lazy("Vide : l’organisation est en activité."),
    )

    def clean_checked_on(self) -> dt.date | None:
        return self.passed("checked_on")

    def clean_ceased_on(self) -> dt.date | None:
        return self.passed("ceased_on")


class SignByForm(forms.Form):
    """The last day on which the agreement of an accepted application may be signed."""

    sign_by = _day(
        gettext_lazy("Convention à signer avant la fin du"),
        required=False,
        hint=gettext_lazy(
            "Après ce jour, le calendrier constate que le dossier est caduc et l’argent réservé "
            "revient à l’enveloppe. Vide : le dossier attend sans limite."
        ),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_sign_by(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["sign_by"]
        if day is not None and day < self.today:
            raise forms.ValidationError(
                _("Ce jour est passé. Donnez aujourd’hui ou un jour à venir, ou laissez vide.")
            )
        return day


class FollowUpFilterForm(forms.Form):
    """What the list of agreements shows."""

    gravite = forms.ChoiceField(label=gettext_lazy("Gravité"), required=False)
    alerte = forms.ChoiceField(label=gettext_lazy("Alerte"), required=False)
    voir = forms.ChoiceField(label=gettext_lazy("Montrer"), required=False)

    def __init__(self, *args: Any, rules: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = [("", _("toutes"))]
        self._choose("gravite", [*every, *((each.value, SEVERITIES[each][0]) for each in Severity)])
        self._choose("alerte", [*every, *rules])
        self._choose(
            "voir",
            [
                ("", _("toutes")),
                ("avertis", _("celles qui ont une alerte")),
                ("ecartes", _("celles dont une alerte est écartée")),
                ("bientot-finis", _("celles qui finissent bientôt")),
            ],
        )

    def _choose(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def filters(self) -> FollowUpFilters:
        """Return what is asked for; what is not understood keeps everything."""
        data = self.cleaned_data if self.is_valid() else {}
        return FollowUpFilters(
            severity=data.get("gravite", ""),
            rule=data.get("alerte", ""),
            shown=data.get("voir", ""),
        )
