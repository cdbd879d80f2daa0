"""Choosing what to read in the trail."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliage_web.audit.queries import Filters

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_TEXT = 150
_COMMANDS = {"commande", "command"}
#: Beyond these years a day has no moment in every time zone; none is in the trail anyway.
_DAYS = (MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2999, 12, 31)))


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class JournalForm(forms.Form):
    """What is left empty filters nothing."""

    person = forms.CharField(
        label=_("Écrit par"),
        required=False,
        max_length=_LONGEST_TEXT,
        help_text=_("Un nom, une adresse, ou « commande »."),
    )
    family = forms.ChoiceField(label=_("Sur"), required=False)
    target = forms.CharField(
        label=_("Nom de l’objet"),
        required=False,
        max_length=_LONGEST_TEXT,
        help_text=_("Une partie de son adresse, par exemple « jardin »."),
    )
    kind = forms.ChoiceField(label=_("Nature"), required=False)
    first = forms.DateField(
        label=_("Du"), required=False, widget=DayInput(), validators=list(_DAYS)
    )
    last = forms.DateField(label=_("Au"), required=False, widget=DayInput(), validators=list(_DAYS))

    def __init__(
        self,
        *args: Any,
        families: Iterable[tuple[str, Any]],
        kinds: Iterable[tuple[Any, Any]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("family", families), ("kind", kinds)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("Tout")), *choices]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("Cette date vient avant la première. Échangez-les."))
        return cleaned

    @property
    def filters(self) -> Filters:
        """What was chosen; the form is valid."""
        chosen = self.cleaned_data
        last = chosen["last"]
        return Filters(
            by=_authors(chosen["person"]) if chosen["person"] else None,
            target=chosen["target"],
            kind=chosen["kind"],
            first=_start_of(chosen["first"]) if chosen["first"] else None,
            before=_start_of(last + dt.timedelta(days=1)) if last else None,
        )


def _authors(text: str) -> list[str]:
    """Name as the trail does the people whose name or address holds a text."""
    named = get_user_model().objects.filter(Q(name__icontains=text) | Q(email__icontains=text))
    commands = ["command"] if text.casefold() in _COMMANDS else []
    return [*commands, *(f"user:{key}" for key in named.values_list("pk", flat=True))]


def _start_of(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
