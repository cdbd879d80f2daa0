"""What an organisation says of its part in an alliance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from .alliance import faults_of, unix
from .fields import PartialDateField, written
from .rows import refuse_reversed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alliage_web.alliances.queries import Row

    from .alliance import Fault


class PartForm(forms.Form):
    """One row of the organisation."""

    role = forms.CharField(
        label=gettext_lazy("Rôle"),
        max_length=200,
        required=False,
        help_text=gettext_lazy(
            "Par exemple « pilote », « financeur », « accueille des ateliers »."
        ),
    )
    brings = forms.CharField(
        label=gettext_lazy("Ce qu’elle apporte"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Du temps, un lieu, une compétence, un réseau, de l’argent…"),
    )
    entered = PartialDateField(
        label=gettext_lazy("Entrée dans l’alliance"),
        required=False,
        help_text=gettext_lazy("Une année, un mois ou un jour : 2021, mars 2021, 3 mars 2021."),
    )
    left = PartialDateField(
        label=gettext_lazy("Sortie de l’alliance"),
        required=False,
        help_text=gettext_lazy("Laissez vide si elle y est encore."),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=300,
        required=False,
        help_text=gettext_lazy(
            "D’où cela vient : un document et sa page, un entretien et sa date…"
        ),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        refuse_reversed(self, "entered", "left")
        return data


class PartForms:
    """The rows of one organisation, which may take part under several names."""

    def __init__(
        self, data: Mapping[str, Any] | None, *, rows: Sequence[Row], version: str
    ) -> None:
        self.rows = list(rows)
        self.version = data.get("version", "") if data is not None else version
        self.forms = [
            PartForm(data, prefix=f"part-{rank}", initial=_initial(row))
            for rank, row in enumerate(rows)
        ]

    def is_valid(self) -> bool:
        # Every form is judged, so that every fault is shown at once.
        return not self.faults

    @property
    def named(self) -> list[tuple[str, PartForm]]:
        """The forms, each with the name of the organisation in the alliance."""
        return [(row["name"], form) for row, form in zip(self.rows, self.forms, strict=True)]

    @property
    def faults(self) -> list[Fault]:
        """Everything that is wrong, in the order of the form."""
        several = len(self.forms) > 1
        return [
            fault
            for name, form in self.named
            if form.is_bound
            for fault in faults_of(form, name if several else "")
        ]

    def said(self) -> list[Row]:
        """Give what the person wrote, row by row."""
        return [
            {name: unix(value) for name, value in form.cleaned_data.items()} for form in self.forms
        ]

    def differences(self, present: Sequence[Row]) -> Iterator[tuple[str, str, str]]:
        """Give the fields that differ from what is kept now: label, kept, written."""
        for form, theirs in zip(self.forms, present, strict=False):
            for name, field in form.fields.items():
                kept, yours = theirs[name], unix(form.cleaned_data[name])
                if kept != yours:
                    yield str(field.label), kept, yours


def _initial(row: Row) -> Row:
    return {**row, "entered": written(row["entered"]), "left": written(row["left"])}
