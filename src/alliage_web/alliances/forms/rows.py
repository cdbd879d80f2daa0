"""The rows of the form of an alliance: parties, dates, outcomes, support, lessons."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.forms.utils import ErrorDict, ErrorList
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.alliances.vocabulary import AmountStatus, Lever, OutcomeStatus
from alliage_web.actors.forms import OrganisationField
from alliage_web.actors.models import ProfileChoices, WorldChoices
from alliage_web.actors.queries import by_slug
from alliage_web.alliances.models import (
    AmountStatusChoices,
    LeverChoices,
    OutcomeStatusChoices,
    PerspectiveLevel,
)
from alliage_web.vocabulary.models import ReadingChoices

from .fields import MomentField, NumberField, PartialDateField, PlaceField, shown_number, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alliage_web.alliances.queries import Row

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_NOTHING = ("", gettext_lazy("Non précisé"))


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _source() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Source"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Document et page, entretien et date, observation directe…"),
    )


class RowForm(forms.Form):
    """One row. ``quiet`` shows what was typed without judging it: a row is being added."""

    #: The fields whose values name the row once it is folded.
    named_by: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, quiet: bool = False, **kwargs: Any) -> None:
        self.quiet = quiet
        super().__init__(*args, **kwargs)

    @property
    def errors(self) -> ErrorDict:
        return ErrorDict() if self.quiet else super().errors

    @property
    def is_open(self) -> bool:
        """Tell whether the row is shown unfolded: it is new, empty or wrong."""
        return not self.title or (self.is_bound and bool(self.errors))

    @property
    def title(self) -> str:
        """The words that name the row."""
        values = (self._shown(name) for name in self.named_by)
        return " · ".join(value for value in values if value)

    def _shown(self, name: str) -> str:
        field = self.fields[name]
        value = self[name].value() or ""
        choices = dict(getattr(field, "choices", ()))
        return str(choices.get(value, value)) if value else ""

    @property
    def is_removed(self) -> bool:
        """Tell whether the person takes the row away."""
        return "DELETE" in self.fields and bool(self["DELETE"].value())

    @property
    def is_filled(self) -> bool:
        """Tell whether the row has something to write."""
        return self.has_changed() and not self.is_removed

    def focus(self) -> None:
        """Put the person in the first field: the row was just added."""
        first = next(iter(self.fields.values()))
        first.widget.attrs["autofocus"] = True

    def row(self) -> Row:
        """Give the row as the alliance holds it."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "DELETE"}

    @classmethod
    def initial_of(cls, row: Row) -> dict[str, Any]:
        """Give what the fields show for a row."""
        return dict(row)


class PlaceForm(RowForm):
    named_by = ("name",)

    place = PlaceField(
        label=gettext_lazy("Territoire"),
        help_text=gettext_lazy("Nom, code postal ou code INSEE."),
    )
    note = forms.CharField(
        label=gettext_lazy("Précision"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Par exemple « commune de départ »."),
    )

    @property
    def title(self) -> str:
        return ""

    def row(self) -> Row:
        level, _slash, code = self.cleaned_data["place"].partition("/")
        return {"level": level, "code": code, "note": self.cleaned_data["note"]}

    @classmethod
    def initial_of(cls, row: Row) -> dict[str, Any]:
        return {"place": f"{row['level']}/{row['code']}", "note": row["note"]}


class PartyForm(RowForm):
    named_by = ("name", "world", "role")

    organisation = OrganisationField(
        label=gettext_lazy("Organisation de l’annuaire"),
        required=False,
        help_text=gettext_lazy(
            "Laissez vide pour un groupe, par exemple « associations locales »."
        ),
    )
    name = forms.CharField(
        label=gettext_lazy("Nom dans l’alliance"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("À défaut, celui de l’organisation."),
    )
    world = forms.ChoiceField(
        label=gettext_lazy("Monde"), choices=[_NOTHING, *WorldChoices.choices], required=False
    )
    profile = forms.ChoiceField(
        label=gettext_lazy("Profil"), choices=[_NOTHING, *ProfileChoices.choices], required=False
    )
    role = forms.CharField(label=gettext_lazy("Rôle"), max_length=200, required=False)
    brings = forms.CharField(
        label=gettext_lazy("Ce qu’elle apporte"), required=False, max_length=4000, widget=_lines(2)
    )
    entered = PartialDateField(label=gettext_lazy("Entrée"), required=False)
    left = PartialDateField(label=gettext_lazy("Sortie"), required=False)
    source = _source()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        known = by_slug(data["organisation"]) if data.get("organisation") else None
        if known is not None:
            data["name"] = data.get("name") or known.name
            data["world"] = data.get("world") or known.world
        if "name" in data and not data["name"]:
            self.add_error(
                "name", _("Donnez un nom, ou choisissez une organisation de l’annuaire.")
            )
        if "world" in data and not data["world"]:
            self.add_error("world", _("Choisissez le monde auquel elle appartient."))
        refuse_reversed(self, "entered", "left")
        return data

    @classmethod
    def initial_of(cls, row: Row) -> dict[str, Any]:
        return {**row, "entered": written(row["entered"]), "left": written(row["left"])}


class EventForm(RowForm):
    named_by = ("when", "text")

    when = MomentField(
        label=gettext_lazy("Quand"),
        help_text=gettext_lazy("2014, septembre 2014, 3 novembre 2022, été 2020 ou vers 2018."),
    )
    until = PartialDateField(
        label=gettext_lazy("Jusqu’à"), required=False, help_text=gettext_lazy("Si cela a duré.")
    )
    text = forms.CharField(
        label=gettext_lazy("Ce qui s’est passé"), max_length=4000, widget=_lines(2)
    )
    planned = forms.BooleanField(label=gettext_lazy("Prévu à la date de la source"), required=False)
    boxed = forms.BooleanField(label=gettext_lazy("Mettre en avant"), required=False)
    source = _source()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        when, until = data.get("when"), data.get("until")
        if when and until and until < str(when[0])[: len(until)]:
            self.add_error("until", _("La fin est avant le début. Corrigez une des deux dates."))
        return data

    def row(self) -> Row:
        data = self.cleaned_data
        start, precision = data["when"]
        return {
            "start": str(start),
            "end": data["until"],
            "precision": precision.value,
            **{name: data[name] for name in ("planned", "text", "boxed", "source")},
        }

    @classmethod
    def initial_of(cls, row: Row) -> dict[str, Any]:
        when = written(row["start"], row["precision"])
        return {**row, "when": when, "until": written(row["end"])}


class OutcomeForm(RowForm):
    named_by = ("text",)

    text = forms.CharField(label=gettext_lazy("Ce qui en est venu"), max_length=300)
    value = NumberField(
        label=gettext_lazy("Chiffre"),
        required=False,
        max_digits=16,
        decimal_places=2,
        help_text=gettext_lazy("Laissez vide s’il n’est pas connu : ce n’est pas zéro."),
    )
    unit = forms.CharField(label=gettext_lazy("Unité"), max_length=60, required=False)
    qualifier = forms.CharField(
        label=gettext_lazy("Réserve"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("« environ », « plus de »…"),
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Ce qu’on en sait"),
        choices=OutcomeStatusChoices.choices,
        initial=OutcomeStatus.DECLARED.value,
        help_text=gettext_lazy(
            "« déclaré » : une source le dit ; « observé » : vous l’avez mesuré."
        ),
    )
    as_of = PartialDateField(label=gettext_lazy("À la date de"), required=False)
    source = _source()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("value") is not None and not data.get("unit") and "unit" in data:
            self.add_error("unit", _("Un chiffre ne va pas sans son unité. Ajoutez-la."))
        if data.get("unit") and data.get("value", "") is None:
            self.add_error("value", _("Une unité sans chiffre ne dit rien. Donnez le chiffre."))
        return data

    @classmethod
    def initial_of(cls, row: Row) -> dict[str, Any]:
        return {**row, "value": shown_number(row["value"]), "as_of": written(row["as_of"])}


class SupportForm(RowForm):
    """What one of the seven levers brought; its amounts are rows of their own."""

    lever = forms.ChoiceField(choices=LeverChoices.choices, widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("Ce que ce levier a apporté"),
        required=False,
        max_length=4000,
        widget=_lines(2),
    )
    na = forms.BooleanField(label=gettext_lazy("Levier non mobilisé"), required=False)
    na_text = forms.CharField(
        label=gettext_lazy("Précision s’il n’a pas été mobilisé"), max_length=300, required=False
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("na") and data.get("text"):
            self.add_error(
                "na", _("Un levier non mobilisé n’a rien apporté. Décochez, ou effacez le texte.")
            )
        if data.get("na_text") and not data.get("na"):
            self.add_error(
                "na_text", _("Cette précision vaut pour un levier non mobilisé : cochez.")
            )
        return data

    @property
    def lever_label(self) -> str:
        value = self["lever"].value()
        return str(LeverChoices(value).label) if value in set(Lever) else ""

    @property
    def is_filled(self) -> bool:
        return bool(self.cleaned_data["text"] or self.cleaned_data["na"])


class AmountForm(RowForm):
    named_by = ("eur", "purpose", "lever")

    def _shown(self, name: str) -> str:
        value = super()._shown(name)
        return f"{value} €" if name == "eur" and value else value

    lever = forms.ChoiceField(
        label=gettext_lazy("Levier"),
        choices=LeverChoices.choices,
        initial=Lever.DIRECT_FUNDING.value,
    )
    eur = NumberField(
        label=gettext_lazy("Montant en euros"),
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
    )
    purpose = forms.CharField(label=gettext_lazy("Objet"), max_length=200)
    first_year = forms.IntegerField(
        label=gettext_lazy("Première année"),
        required=False,
        min_value=_FIRST_YEAR,
        max_value=_LAST_YEAR,
    )
    last_year = forms.IntegerField(
        label=gettext_lazy("Dernière année"),
        required=False,
        min_value=_FIRST_YEAR,
        max_value=_LAST_YEAR,
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Statut"),
        choices=AmountStatusChoices.choices,
        initial=AmountStatus.GRANTED.value,
    )
    reading = forms.ChoiceField(
        label=gettext_lazy("Lecture"),
        choices=ReadingChoices.choices,
        initial=ReadingChoices.STATED.value,
    )
    part_of_parent = forms.BooleanField(
        label=gettext_lazy("Déjà compté dans l’alliance d’ensemble"), required=False
    )
    source = _source()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first_year"), data.get("last_year")
        granted = data.get("status") == AmountStatus.GRANTED
        if granted and "first_year" in data and first is None:
            self.add_error("first_year", _("Un montant accordé l’est pour une année. Donnez-la."))
        data["last_year"] = last if last is not None else first
        if first is not None and last is not None and last < first:
            self.add_error("last_year", _("La dernière année est avant la première. Corrigez."))
        return data

    @classmethod
    def initial_of(cls, row: Row) -> dict[str, Any]:
        return {**row, "eur": shown_number(row["eur"])}


class LessonForm(RowForm):
    named_by = ("text",)

    text = forms.CharField(
        label=gettext_lazy("Ce qui a été appris"), max_length=4000, widget=_lines(2)
    )
    source = _source()


class PerspectiveForm(RowForm):
    named_by = ("level", "text")

    level = forms.ChoiceField(label=gettext_lazy("Portée"), choices=PerspectiveLevel.choices)
    text = forms.CharField(label=gettext_lazy("Perspective"), max_length=4000, widget=_lines(2))
    source = _source()


def refuse_reversed(form: forms.Form, first: str, last: str) -> None:
    start, end = form.cleaned_data.get(first), form.cleaned_data.get(last)
    # The shorter of two partial dates is compared as far as it goes.
    if start and end and end < start[: len(end)]:
        form.add_error(last, _("Cette date est avant l’autre. Corrigez une des deux."))


class Rows(forms.BaseFormSet[RowForm]):
    """Rows that a person adds and removes. A row left empty counts for nothing."""

    def initial_form_count(self) -> int:
        # What was there before and what is new are sent back alike.
        return 0 if self.is_bound else super().initial_form_count()

    def non_form_errors(self) -> Any:
        return ErrorList() if self.form_kwargs.get("quiet") else super().non_form_errors()

    def add_fields(self, form: RowForm, index: int | None) -> None:
        super().add_fields(form, index)
        if self.can_delete:
            form.fields["DELETE"].label = gettext_lazy("Retirer cette ligne")

    def rows(self) -> list[Row]:
        """Give the rows to write, in the order of the form."""
        return [form.row() for form in self.filled]

    @property
    def filled(self) -> list[RowForm]:
        return [form for form in self.forms if form.is_filled]


_MOST_ROWS = 200


def rows_of(form: type[RowForm], *, extra: int = 0, can_delete: bool = True) -> type[Rows]:
    """Make the class of the rows of one kind."""
    made = forms.formset_factory(
        form,
        formset=Rows,
        extra=extra,
        can_delete=can_delete,
        max_num=_MOST_ROWS,
        validate_max=True,
        absolute_max=_MOST_ROWS + 50,
    )
    return cast("type[Rows]", made)


#: The sections that are lists of rows, in the order of the form.
ROW_FORMS: Mapping[str, type[RowForm]] = {
    "territories": PlaceForm,
    "parties": PartyForm,
    "timeline": EventForm,
    "outcomes": OutcomeForm,
    "amounts": AmountForm,
    "lessons": LessonForm,
    "perspectives": PerspectiveForm,
}
