"""Writing an entry, and saying why it is sent back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.values.dates import PartialDate, PartialDateError, Precision, parse_words
from alliage_web.actors.forms.fields import TerritoriesField
from alliage_web.alliances.queries import find_by_code, suggest
from alliage_web.audit.forms import OnceForm
from alliage_web.knowledge.models import EntryKind
from alliage_web.knowledge.queries.contents import EntryContent
from alliage_web.ui.forms import ComboboxWidget
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SUMMARY = 600
LONGEST_BODY = 30_000
_LONGEST_NOTE = 2_000
_SHOWN = 4
#: The fields that are terms, and the lists that they belong to.
TERM_FIELDS: Mapping[str, Scheme] = {
    "domains": Scheme.DOMAIN,
    "objectives": Scheme.OBJECTIVE,
    "sdgs": Scheme.SDG,
}


class DateField(forms.CharField):
    """A date known to the year, the month or the day, written in words or in figures."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, required=False, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        try:
            date, precision = parse_words(text)
        except PartialDateError as error:
            raise ValidationError(
                _(
                    "« %(text)s » n’est pas une date. Écrivez une année (2022), un mois "
                    "(novembre 2022) ou un jour (03/11/2022)."
                ),
                params={"text": text},
            ) from error
        if precision in {Precision.SEASON, Precision.APPROXIMATE}:
            raise ValidationError(
                _("« %(text)s » est trop vague ici. Donnez l’année, le mois ou le jour."),
                params={"text": text},
            )
        return str(date)


class AllianceWidget(ComboboxWidget):
    """Shows the title of the alliance that the value names."""

    def __init__(self) -> None:
        super().__init__(endpoint="")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        # Addresses are not known yet when the class of a form is read.
        context["widget"]["endpoint"] = reverse("alliances:suggest")
        alliance = find_by_code(value) if value else None
        if alliance:
            context["widget"] |= {"text": alliance.display_title, "value": alliance.code}
        elif value:
            context["widget"] |= {"text": value, "value": ""}
        return context


class AllianceField(forms.CharField):
    """One alliance, as its identifier; what is typed without JavaScript is looked for by title."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=AllianceWidget(), max_length=200, required=False, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text or find_by_code(text):
            return text
        found = suggest(text)
        exact = [item for item in found if item.title == text] or found
        if len(exact) == 1:
            return exact[0].code
        if not exact:
            raise ValidationError(
                _("Aucune alliance ne s’appelle « %(text)s ». Vérifiez son titre dans la liste."),
                params={"text": text},
            )
        raise ValidationError(
            _("« %(text)s » peut être : %(titles)s. Écrivez le titre entier."),
            params={"text": text, "titles": _(" ; ").join(item.title for item in exact[:_SHOWN])},
        )


class EntryForm(OnceForm):
    version = forms.CharField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Type"), choices=EntryKind.choices)
    title = forms.CharField(
        label=gettext_lazy("Titre"),
        max_length=200,
        help_text=gettext_lazy("Ce qui est fait, et où : 200 caractères au plus."),
    )
    summary = forms.CharField(
        label=gettext_lazy("Résumé"),
        max_length=LONGEST_SUMMARY,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Deux ou trois phrases : le besoin, qui a agi, ce qui a changé."),
    )
    body = forms.CharField(
        label=gettext_lazy("Texte"),
        required=False,
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=gettext_lazy(
            "En Markdown : une ligne vide entre deux paragraphes, # pour un titre, - pour une "
            "liste, **gras**, [un lien](https://…)."
        ),
    )
    alliance = AllianceField(
        label=gettext_lazy("Alliance racontée"),
        help_text=gettext_lazy(
            "Si l’alliance est décrite ici, la page de l’exemple en tire les acteurs, les dates, "
            "les territoires et la fiche."
        ),
    )
    territories = TerritoriesField(label=gettext_lazy("Territoires"), required=False)
    domains = forms.MultipleChoiceField(
        label=gettext_lazy("Domaines"), required=False, widget=forms.CheckboxSelectMultiple
    )
    objectives = forms.MultipleChoiceField(
        label=gettext_lazy("Objectifs"), required=False, widget=forms.CheckboxSelectMultiple
    )
    sdgs = forms.MultipleChoiceField(
        label=gettext_lazy("Objectifs de développement durable"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    date = DateField(
        label=gettext_lazy("Date"),
        help_text=gettext_lazy("Une année, un mois ou un jour : 2022, novembre 2022, 03/11/2022."),
    )
    date_end = DateField(label=gettext_lazy("Date de fin"))
    publisher = forms.CharField(label=gettext_lazy("Éditeur"), required=False, max_length=200)
    place = forms.CharField(label=gettext_lazy("Lieu"), required=False, max_length=200)
    url = forms.URLField(
        label=gettext_lazy("Adresse internet"),
        required=False,
        max_length=400,
        assume_scheme="https",
    )
    title_en = forms.CharField(
        label=gettext_lazy("Titre en anglais"), required=False, max_length=200
    )
    summary_en = forms.CharField(
        label=gettext_lazy("Résumé en anglais"),
        required=False,
        max_length=LONGEST_SUMMARY,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    source = forms.CharField(
        label=gettext_lazy("Sources"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Les documents ou les personnes de qui vous tenez ces faits."),
    )
    note = forms.CharField(
        label=gettext_lazy("Réserves"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Ce que la lectrice ou le lecteur doit savoir : un chiffre douteux, une date contestée."
        ),
    )

    def __init__(
        self,
        *args: Any,
        before: EntryContent | None = None,
        version: str = "",
        kind: str = "",
        **kwargs: Any,
    ) -> None:
        """``before`` is the content of the entry that is changed, at that ``version``."""
        self.before = before
        initial = _initial(before) if before else {"kind": kind or EntryKind.EXAMPLE.value}
        super().__init__(*args, initial={**initial, "version": version}, **kwargs)
        terms = by_scheme(*TERM_FIELDS.values())
        for name, scheme in TERM_FIELDS.items():
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            numbered = scheme == Scheme.SDG
            field.choices = [
                (term.code, f"{term.code}. {term.label}" if numbered else term.label)
                for term in terms[scheme]
            ]

    def keep_errors_of(self, *names: str) -> None:
        """Forget the errors of the other fields: the person is still writing."""
        for name in [name for name in self.errors if name not in names]:
            del self.errors[name]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if _is_before(data.get("date_end"), data.get("date")):
            self.add_error("date_end", _("La fin vient avant le début. Corrigez l’une des dates."))
        if data.get("date_end") and not data.get("date") and "date" not in self.errors:
            self.add_error("date", _("Une date de fin demande une date de début."))
        if data.get("kind") == EntryKind.EXAMPLE and not self._tells(data):
            self.add_error(
                "body",
                _("Racontez l’exemple dans le texte, ou choisissez l’alliance qu’il raconte."),
            )
        return data

    def _tells(self, data: Mapping[str, Any]) -> bool:
        return bool(data.get("body") or data.get("alliance")) or bool(
            {"body", "alliance"} & self.errors.keys()
        )

    @property
    def content(self) -> EntryContent:
        """What the person says; for a valid form only."""
        data = self.cleaned_data
        terms = [f"{scheme}/{code}" for name, scheme in TERM_FIELDS.items() for code in data[name]]
        # Terms of other lists come from the files: a form that does not show them keeps them.
        shown = tuple(f"{scheme}/" for scheme in TERM_FIELDS.values())
        kept = self.before.terms if self.before else ()
        terms += [term for term in kept if not term.startswith(shown)]
        texts = {name: data[name].replace("\r\n", "\n") for name in _TEXT_FIELDS}
        return EntryContent(**texts, territories=data["territories"], terms=tuple(sorted(terms)))


def _is_before(end: str | None, start: str | None) -> bool:
    if not end or not start:
        return False
    return PartialDate.parse(end).first_day < PartialDate.parse(start).first_day


_TEXT_FIELDS = (
    *("kind", "title", "title_en", "summary", "summary_en", "body", "date", "date_end", "place"),
    *("publisher", "url", "alliance", "source", "note"),
)


def _initial(before: EntryContent) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(before, name) for name in _TEXT_FIELDS}
    found["territories"] = list(before.territories)
    for name, scheme in TERM_FIELDS.items():
        prefix = f"{scheme}/"
        codes = [term.removeprefix(prefix) for term in before.terms if term.startswith(prefix)]
        found[name] = codes
    return found


class NoteForm(forms.Form):
    """What remains to be done, or why."""

    note = forms.CharField(
        label=gettext_lazy("Votre remarque"),
        max_length=_LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "La personne qui a écrit la lira : dites ce qui manque ou ce qui est à corriger."
        ),
        error_messages={"required": gettext_lazy("Dites pourquoi, en une phrase au moins.")},
    )
