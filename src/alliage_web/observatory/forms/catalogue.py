"""The forms by which researchers describe studies, waves and questions.

Answers and items are written one a line: « code | words | words in English ».
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.observatory.studies.catalogue import ANSWER_CODE
from alliage_web.audit.forms import OnceForm
from alliage_web.observatory.models import (
    BreakKind,
    Comparability,
    DatePrecision,
    Population,
    Programme,
    Question,
    QuestionKind,
    Theme,
)
from alliage_web.observatory.models.catalogue import CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LINE = re.compile(ANSWER_CODE)
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
#: Words of the addresses: a study or a wave that bore one could not be reached.
_RESERVED = frozenset({"ajouter", "modifier", "questionnaire", "questions", "fichiers"})
LARGEST_QUESTIONNAIRE = 1_000_000
_LONG, _SHORT = 5000, 200


def _code_field(about: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Identifiant"), max_length=40, help_text=about, validators=[CODE]
    )


def _text(label: Any, *, rows: int = 3, required: bool = False, about: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=_LONG,
        required=required,
        help_text=about,
    )


def _line(label: Any, *, required: bool = False, about: Any = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=_SHORT, required=required, help_text=about)


def _source_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Source"),
        max_length=300,
        help_text=gettext_lazy(
            "Le document et ses lignes, comme « proceedings_2022 l.281 », ou ce qui en tient lieu."
        ),
    )


class ChoicesField(forms.CharField):
    """Answers or items, one a line, as the tables keep them."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        about = gettext_lazy("Une par ligne : identifiant | texte | texte en anglais.")
        kwargs.setdefault("help_text", about)
        super().__init__(required=False, max_length=20_000, strip=True, **kwargs)
        self.widget.attrs["rows"] = 6

    def prepare_value(self, value: Any) -> Any:
        """Write back what the tables hold; what was typed stays as it is."""
        if not isinstance(value, list):
            return value
        lines = [(one["code"], one["label_fr"], one.get("label_en", "")) for one in value]
        return "\n".join(" | ".join(part for part in parts if part) for parts in lines)

    def clean(self, value: Any) -> list[dict[str, str]]:
        text = super().clean(value)
        found: list[dict[str, str]] = []
        for rank, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            parts = [part.strip() for part in line.split("|")]
            if not (2 <= len(parts) <= 3 and parts[1] and _LINE.fullmatch(parts[0])):
                raise ValidationError(
                    _(
                        "Ligne %(rank)s : « %(line)s » n’a pas la forme « identifiant | texte ». "
                        "L’identifiant est fait de lettres, de chiffres, de « _ », de « . » et de "
                        "« - », 40 au plus."
                    ),
                    params={"rank": rank, "line": line[:80]},
                    code="line",
                )
            if parts[0] in {one["code"] for one in found}:
                raise ValidationError(
                    _("Ligne %(rank)s : l’identifiant « %(code)s » est écrit deux fois."),
                    params={"rank": rank, "code": parts[0]},
                    code="twice",
                )
            english = parts[2] if len(parts) == 3 else ""
            found.append({"code": parts[0], "label_fr": parts[1], "label_en": english})
        return found


class _Described(OnceForm):
    """A form whose values are the columns of a row."""

    @property
    def values(self) -> dict[str, Any]:
        """What the actions write."""
        return {name: each for name, each in self.cleaned_data.items() if name != "submission"}

    def freeze(self, *names: str) -> None:
        """Take out what is chosen once: addresses and figures are known by it."""
        for name in names:
            del self.fields[name]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code in _RESERVED:
            raise ValidationError(
                _("« %(code)s » est un mot des adresses du site. Choisissez-en un autre."),
                params={"code": code},
                code="reserved",
            )
        return code


class StudyForm(_Described):
    code = _code_field(gettext_lazy("Il fait partie de l’adresse et ne change plus."))
    programme = forms.ModelChoiceField(
        label=gettext_lazy("Programme"), queryset=Programme.objects.none()
    )
    population = forms.ChoiceField(label=gettext_lazy("Population"), choices=Population.choices)
    label_fr = _line(gettext_lazy("Nom"), required=True)
    label_en = _line(gettext_lazy("Nom en anglais"))
    summary_fr = _text(gettext_lazy("Présentation"))
    summary_en = _text(gettext_lazy("Présentation en anglais"))
    source = _source_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programme"].queryset = Programme.objects.all()  # type: ignore[attr-defined]


class WaveForm(_Described):
    code = _code_field(gettext_lazy("En général l’année. Il ne change plus."))
    year = forms.IntegerField(
        label=gettext_lazy("Année"),
        min_value=_FIRST_YEAR,
        max_value=_LAST_YEAR,
        required=False,
        help_text=gettext_lazy("Laissez vide si aucun document ne la donne."),
    )
    label_fr = _line(gettext_lazy("Nom"), required=True)
    label_en = _line(gettext_lazy("Nom en anglais"))
    fieldwork_first = forms.DateField(
        label=gettext_lazy("Début du terrain"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("Au mois ou à l’année près, donnez le premier jour de la période."),
    )
    fieldwork_last = forms.DateField(
        label=gettext_lazy("Fin du terrain"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    fieldwork_precision = forms.ChoiceField(
        label=gettext_lazy("Précision de ces dates"),
        choices=[("", gettext_lazy("dates non connues")), *DatePrecision.choices],
        required=False,
    )
    fieldwork_said_fr = _text(
        gettext_lazy("Ce que les documents disent du terrain"),
        about=gettext_lazy("Surtout s’ils ne disent pas tous la même chose."),
    )
    fieldwork_said_en = _text(gettext_lazy("La même chose en anglais"))
    sample_size = forms.IntegerField(
        label=gettext_lazy("Personnes interrogées"),
        min_value=1,
        max_value=2_000_000_000,
        required=False,
        help_text=gettext_lazy("Laissez vide si le nombre n’est pas connu."),
    )
    design_fr = _text(gettext_lazy("Plan de sondage"))
    design_en = _text(gettext_lazy("Plan de sondage en anglais"))
    weighting_fr = _text(gettext_lazy("Redressement"))
    weighting_en = _text(gettext_lazy("Redressement en anglais"))
    institute = _line(gettext_lazy("Institut"))
    note_fr = _text(gettext_lazy("Remarques"))
    note_en = _text(gettext_lazy("Remarques en anglais"))
    source = _source_field()

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        first, last = told.get("fieldwork_first"), told.get("fieldwork_last")
        given = [bool(first), bool(last), bool(told.get("fieldwork_precision"))]
        if any(given) and not all(given) and not self.errors:
            self.add_error(
                "fieldwork_precision",
                _("Donnez les deux dates et leur précision, ou rien des trois."),
            )
        elif first and last and last < first:
            self.add_error("fieldwork_last", _("La fin est avant le début : inversez les dates."))
        return told


class QuestionForm(_Described):
    code = _code_field(gettext_lazy("La question le garde de vague en vague. Il ne change plus."))
    theme = forms.ChoiceField(label=gettext_lazy("Thème"), choices=Theme.choices)
    kind = forms.ChoiceField(label=gettext_lazy("Forme"), choices=QuestionKind.choices)
    ordered = forms.BooleanField(label=gettext_lazy("Les réponses sont ordonnées"), required=False)
    label_fr = _line(gettext_lazy("Nom court"), required=True)
    label_en = _line(gettext_lazy("Nom court en anglais"))
    about_fr = _text(gettext_lazy("Présentation"))
    about_en = _text(gettext_lazy("Présentation en anglais"))
    lowest = forms.IntegerField(
        label=gettext_lazy("Note la plus basse"),
        min_value=-1000,
        max_value=1000,
        required=False,
        help_text=gettext_lazy("Pour une échelle de notes seulement."),
    )
    highest = forms.IntegerField(
        label=gettext_lazy("Note la plus haute"), min_value=-1000, max_value=1000, required=False
    )
    items = ChoicesField(label=gettext_lazy("Points de la question"))
    answers = ChoicesField(label=gettext_lazy("Réponses"))
    no_answer = ChoicesField(label=gettext_lazy("Réponses qui n’en sont pas (« ne sait pas »)"))
    complete = forms.BooleanField(
        label=gettext_lazy("La liste des réponses et des points est connue en entier"),
        required=False,
    )
    source = _source_field()

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        low, high = told.get("lowest"), told.get("highest")
        if "lowest" in told and "highest" in told and (low is None) != (high is None):
            self.add_error("highest", _("Donnez les deux bouts de l’échelle, ou aucun."))
        elif low is not None and high is not None and high <= low:
            self.add_error("highest", _("La note la plus haute doit dépasser la plus basse."))
        battery = told.get("kind") == QuestionKind.BATTERY
        if "items" in told and "kind" in told and battery != bool(told["items"]):
            self.add_error(
                "items",
                _("Donnez les points d’une question qui en a plusieurs, et d’elle seule."),
            )
        return told


class AskedForm(_Described):
    question = forms.ModelChoiceField(
        label=gettext_lazy("Question"), queryset=Question.objects.none(), to_field_name="code"
    )
    number = forms.CharField(
        label=gettext_lazy("Numéro dans le questionnaire"), max_length=20, required=False
    )
    wording_fr = _text(
        gettext_lazy("Formulation"),
        about=gettext_lazy("Mot pour mot ; laissez vide si elle n’est pas connue."),
    )
    wording_en = _text(gettext_lazy("Formulation en anglais"))
    universe_fr = forms.CharField(
        label=gettext_lazy("Personnes à qui elle est posée"), max_length=300, required=False
    )
    universe_en = forms.CharField(
        label=gettext_lazy("Les mêmes, en anglais"), max_length=300, required=False
    )
    items = ChoicesField(
        label=gettext_lazy("Points, s’ils diffèrent de ceux de la question"),
    )
    answers = ChoicesField(
        label=gettext_lazy("Réponses, si elles diffèrent de celles de la question"),
    )
    comparability = forms.ChoiceField(
        label=gettext_lazy("Comparaison avec la vague précédente"), choices=Comparability.choices
    )
    breaks = forms.MultipleChoiceField(
        label=gettext_lazy("Ce qui a changé"),
        choices=BreakKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Si la série est rompue : elle n’est alors jamais jointe."),
    )
    reason_fr = _text(gettext_lazy("Pourquoi, en une phrase"))
    reason_en = _text(gettext_lazy("La même phrase en anglais"))
    source = _source_field()

    def __init__(self, *args: Any, unasked: Iterable[int] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        questions = Question.objects.filter(pk__in=list(unasked))
        self.fields["question"].queryset = questions  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        broken = told.get("comparability") == Comparability.BROKEN
        if broken and not told.get("breaks"):
            self.add_error("breaks", _("Dites ce qui a changé : c’est ce qui rompt la série."))
        if broken and not told.get("reason_fr"):
            self.add_error("reason_fr", _("Dites pourquoi en une phrase : elle est publiée."))
        if not broken and told.get("breaks"):
            self.add_error(
                "comparability", _("Quelque chose a changé : dites que la série est rompue.")
            )
        return told


class QuestionnaireFileForm(forms.Form):
    """The file of a questionnaire, before anything is written."""

    file = forms.FileField(
        label=gettext_lazy("Fichier DDI-Codebook (XML)"),
        help_text=gettext_lazy("Rien n’est écrit avant que vous ayez vu ce qui changerait."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_QUESTIONNAIRE:
            raise ValidationError(
                _("Ce fichier dépasse 1 Mo, plus qu’un questionnaire. Retirez-en les données.")
            )
        return file


class ConfirmQuestionnaireForm(OnceForm):
    """What was seen, sent back to be written."""

    content = forms.CharField(
        widget=forms.HiddenInput, max_length=LARGEST_QUESTIONNAIRE, strip=False
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Thème des questions nouvelles"), choices=Theme.choices
    )
    source = _source_field()


def initial_of(row: Any, names: Iterable[str]) -> Mapping[str, Any]:
    """Return what a form shows of a row."""
    return {name: getattr(row, name) for name in names}
