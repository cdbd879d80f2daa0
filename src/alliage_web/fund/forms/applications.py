"""The small forms of an application: beginning, refusing, answering, deciding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage_web.audit.forms import OnceForm

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.fund.queries.applying import Applying

_LONGEST = 4000


class BeginForm(OnceForm):
    """Who leads, and who applies with it."""

    lead = forms.ChoiceField(
        label=gettext_lazy("Chef de file"),
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "L’organisation pour laquelle vous agissez : elle envoie le dossier."
        ),
    )
    others = forms.MultipleChoiceField(
        label=gettext_lazy("Autres organisations qui demandent"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy(
            "Chacune écrit et signe sa part. Vous pourrez en ajouter et en retirer."
        ),
    )

    def __init__(self, *args: Any, applying: Applying | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(applying.parties) if applying else {}
        own = applying.own if applying else ()
        lead, others = self.fields["lead"], self.fields["others"]
        assert isinstance(lead, forms.ChoiceField)
        assert isinstance(others, forms.MultipleChoiceField)
        lead.choices = [(slug, names[slug]) for slug in own]
        others.choices = list(names.items())
        if len(own) == 1:
            self.initial.setdefault("lead", own[0])

    def clean_others(self) -> list[str]:
        """Leave out the lead: it applies already."""
        lead = self.cleaned_data.get("lead")
        return [slug for slug in self.cleaned_data["others"] if slug != lead]


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi vous ne signez pas"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=_LONGEST,
        help_text=gettext_lazy("Le chef de file lit ce motif."),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=_LONGEST,
        required=False,
    )


class SendForm(OnceForm):
    """Nothing but the token: what is sent is what was written."""


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Votre réponse"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=_LONGEST,
    )


class DayField(forms.DateField):
    """A day that is not past."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> Any:
        day: dt.date | None = super().clean(value)
        if day is not None and day < timezone.localdate():
            raise ValidationError(_("Ce jour est passé. Choisissez-en un à venir."), code="past")
        return day


class QuestionForm(OnceForm):
    """A question of the fund, and the day by which it waits for the answer."""

    text = forms.CharField(
        label=gettext_lazy("Question"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=_LONGEST,
    )
    answer_by = DayField(label=gettext_lazy("Réponse attendue avant la fin du"))


class JudgementForm(forms.Form):
    """What an officer finds of a rule that cannot be told."""

    is_met = forms.TypedChoiceField(
        label=gettext_lazy("La règle est"),
        choices=[("yes", gettext_lazy("remplie")), ("no", gettext_lazy("non remplie"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Ce qui le montre"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=_LONGEST,
    )


class HandlingForm(OnceForm):
    """A decision of the fund: why, and until when where applicants have to act."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=_LONGEST,
        required=False,
        help_text=gettext_lazy("Les signataires du dossier le lisent."),
    )
    complete_by = DayField(label=gettext_lazy("À compléter avant la fin du"))

    def __init__(self, *args: Any, needs_reason: bool, needs_day: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needs_reason
        if not needs_day:
            del self.fields["complete_by"]
