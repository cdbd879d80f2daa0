"""Reports: the answers to what was promised, their dates, the decisions; indicators."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.reporting.promises import Outcome, PromiseKind
from alliage_web.audit.forms import OnceForm
from alliage_web.fund.actions.indicators import IndicatorValues
from alliage_web.fund.actions.reports import AnswerValues
from alliage_web.fund.forms.amounts import EurosField
from alliage_web.fund.models import (
    DirectionChoices,
    MeasurementStatusChoices,
    OutcomeChoices,
    ReminderChoice,
)
from alliage_web.fund.queries.report_wording import TEXT_LABELS
from alliage_web.fund.queries.reports import TEXTS, Draft, fingerprint

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from alliage.fund.reporting.promises import Question
    from alliage_web.fund.models import ReportAnswer

_LONGEST = 8000
_NUMBER_LENGTH = 30
_DECIMALS, _DIGITS = 4, 18


def _day(text: Any, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=text, widget=widget, help_text=hint)


@dataclass(frozen=True, slots=True)
class Item:
    """A question of the page, with the fields that answer it."""

    key: str
    label: str
    question: Question | None
    fields: tuple[Any, ...]
    base: str
    files: tuple[Any, ...] = ()
    theirs: str = ""

    @property
    def outcome_label(self) -> str:
        """What an earlier report said of it, in a word."""
        said = self.question and (self.question.settled or self.question.earlier)
        return str(OutcomeChoices(said.outcome.value).label) if said and said.outcome else ""


class AnswersForm(forms.Form):
    """Some of the answers of a report: everything may stay empty, nothing is guessed."""

    def __init__(self, data: Any, *, draft: Draft, keys: Sequence[str], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.draft = draft
        self.asked = {each.promise.key: each for each in draft.questions}
        self.keys = [key for key in keys if key in TEXTS or self.asked[key].settled is None]
        self.shown = list(keys)
        self.conflicts: dict[str, ReportAnswer | None] = {}
        for key in self.keys:
            self._add(key)

    def _add(self, key: str) -> None:
        row = self.draft.rows.get(key)
        if key in TEXTS:
            self.fields[f"text-{key}"] = _text(TEXT_LABELS[key], rows=5)
            self.initial[f"text-{key}"] = row.text if row else ""
            return
        kind = self.asked[key].promise.kind
        if kind is PromiseKind.BUDGET:
            self.fields[f"spent-{key}"] = EurosField(
                label=gettext_lazy("Dépensé depuis le début, en euros"), required=False, zero=True
            )
            if row and row.spent is not None:
                self.initial[f"spent-{key}"] = str(row.spent).replace(".", ",")
        choices = _outcomes(kind)
        self.fields[f"outcome-{key}"] = forms.ChoiceField(
            label=gettext_lazy("Où en est-on ?"), choices=choices, required=False
        )
        self.initial[f"outcome-{key}"] = row.outcome if row else ""
        self.fields[f"text-{key}"] = _text(gettext_lazy("Ce que vous en dites"), rows=2)
        self.initial[f"text-{key}"] = row.text if row else ""

    def values(self) -> dict[str, AnswerValues]:
        """Return what was written, with the mark of what the page showed."""
        data = self.cleaned_data
        return {
            key: AnswerValues(
                Outcome(outcome) if (outcome := data.get(f"outcome-{key}")) else None,
                # A browser sends lines that end as on paper.
                (data.get(f"text-{key}") or "").replace("\r\n", "\n").strip(),
                data.get(f"spent-{key}"),
                str(self.data.get(f"base-{key}", "")),
            )
            for key in self.keys
            if not self._is_faulty(key)
        }

    def _is_faulty(self, key: str) -> bool:
        return any(f"{name}-{key}" in self.errors for name in ("outcome", "text", "spent"))

    @property
    def items(self) -> list[Item]:
        """Return the questions in their order, settled ones without fields."""
        return [self._item(key) for key in self.shown]

    def _item(self, key: str) -> Item:
        row = self.draft.rows.get(key)
        label = str(TEXT_LABELS[key]) if key in TEXTS else self.asked[key].promise.text
        names = [f"{name}-{key}" for name in ("spent", "outcome", "text")]
        theirs = self.conflicts.get(key)
        return Item(
            key,
            label,
            self.asked.get(key),
            tuple(self[name] for name in names if name in self.fields),
            # What somebody else wrote was shown: the next sending replaces it knowingly.
            fingerprint(row),
            tuple(row.files) if row else (),
            _words(theirs) if key in self.conflicts else "",
        )


def _words(row: ReportAnswer | None) -> str:
    if row is None:
        return _("effacé")
    spent = "" if row.spent is None else f"{row.spent} €"
    return _(", ").join(each for each in (row.get_outcome_display(), spent, row.text) if each)


def _outcomes(kind: PromiseKind) -> list[tuple[str, Any]]:
    nothing = ("", gettext_lazy("pas encore répondu"))
    if kind is PromiseKind.BUDGET:
        return [nothing, (Outcome.NOT_KNOWN.value, gettext_lazy("montant pas encore connu"))]
    if kind is PromiseKind.INDICATOR:
        return [nothing, (Outcome.NOT_KNOWN.value, gettext_lazy("pas encore mesuré"))]
    return [nothing, *OutcomeChoices.choices]


def _text(label: Any, *, rows: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=_LONGEST,
        required=False,
    )


class PartForm(forms.Form):
    """What an organisation tells of its part."""

    text = _text(gettext_lazy("Ce que votre organisation a fait, apporté et reçu"), rows=8)
    base = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def clean_text(self) -> str:
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").strip()

    def clean_base(self) -> str:
        return str(self.cleaned_data["base"]).replace("\r\n", "\n")


class PeriodForm(OnceForm):
    """The days that a report tells of, and its title."""

    title = forms.CharField(label=gettext_lazy("Titre du rapport"), max_length=200)
    first = _day(gettext_lazy("Du"))
    last = _day(gettext_lazy("Au"), gettext_lazy("Le dernier jour dont parle le rapport."))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("first") and data.get("last") and data["last"] < data["first"]:
            self.add_error("last", _("Le dernier jour vient avant le premier."))
        return data


class RecipientsForm(forms.Form):
    """Which of the asked reports this one answers."""

    recipients = forms.MultipleChoiceField(
        label=gettext_lazy("Ce rapport sera remis à"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self, *args: Any, choices: Iterable[tuple[str, str]], fixed: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipients"].choices = list(choices)  # type: ignore[attr-defined]
        self.fixed = set(fixed)


class ObligationForm(OnceForm):
    """The date of a report, the days it tells of, and why they change."""

    due_on = _day(gettext_lazy("Attendu avant la fin du"))
    period_first = _day(gettext_lazy("Il parle de ce qui s’est passé du"))
    period_last = _day(gettext_lazy("Au"))
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("period_first"), data.get("period_last")
        if first and last and last < first:
            self.add_error("period_last", _("Le dernier jour vient avant le premier."))
        return data


class DecisionForm(OnceForm):
    """A decision on a report: its reason, and by when it is to be completed."""

    def __init__(self, *args: Any, verb: str, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        needs = verb != "accept"
        label = _("Ce qui manque") if verb == "ask_to_complete" else _("Motif")
        self.fields["reason"] = forms.CharField(
            label=label if needs else _("Mot au bénéficiaire"),
            widget=forms.Textarea(attrs={"rows": 3}),
            max_length=2000,
            required=needs,
        )
        if verb == "ask_to_complete":
            self.fields["complete_by"] = _day(gettext_lazy("À compléter avant la fin du"))

    def clean_complete_by(self) -> dt.date:
        day: dt.date = self.cleaned_data["complete_by"]
        if day < self.today:
            raise forms.ValidationError(_("Cette date est passée : donnez-en une à venir."))
        return day


class NumberField(forms.CharField):
    """A number as people type it: spaces between thousands, a comma or a point."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=_NUMBER_LENGTH, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        text: str = super().clean(value)
        if not text:
            return None
        try:
            number = Decimal("".join(text.split()).replace(",", "."))
        except InvalidOperation as error:
            raise forms.ValidationError(_("Écrivez un nombre, comme 12 ou 1 250,5.")) from error
        parts = number.as_tuple()
        if (
            not number.is_finite()
            or -int(parts.exponent) > _DECIMALS
            or number.adjusted() >= _DIGITS - _DECIMALS
        ):
            raise forms.ValidationError(
                _("Écrivez un nombre de quatre décimales au plus, comme 12 ou 1 250,5.")
            )
        return number


class IndicatorForm(OnceForm):
    """An indicator: where one starts, where one goes."""

    label = forms.CharField(label=gettext_lazy("Ce qui est mesuré"), max_length=200)
    unit = forms.CharField(
        label=gettext_lazy("Unité"),
        max_length=60,
        help_text=gettext_lazy("Par exemple : personnes, %, jours par an."),
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Ce qui est mieux"), choices=DirectionChoices.choices
    )
    baseline = NumberField(
        label=gettext_lazy("Valeur de départ"),
        required=False,
        help_text=gettext_lazy("Vide si elle n’est pas connue : ce n’est pas zéro."),
    )
    baseline_on = _day(gettext_lazy("Date du départ"))
    baseline_source = forms.CharField(
        label=gettext_lazy("Source du départ"), max_length=300, required=False
    )
    target = NumberField(label=gettext_lazy("Cible"))
    target_on = _day(gettext_lazy("Date de la cible"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["baseline_on"].required = False

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("baseline") is not None and not data.get("baseline_source"):
            self.add_error("baseline_source", _("Dites d’où vient la valeur de départ."))
        if data.get("baseline") is None and data.get("baseline_on"):
            self.add_error("baseline", _("Donnez la valeur de ce jour, ou retirez la date."))
        return data

    @property
    def said(self) -> IndicatorValues:
        data = self.cleaned_data
        return IndicatorValues(
            data["label"],
            data["unit"],
            data["direction"],
            data["target"],
            data["target_on"],
            data["baseline"],
            data["baseline_on"],
            data["baseline_source"] if data["baseline"] is not None else "",
        )


class MeasurementForm(OnceForm):
    """A value on a day, how it is known and where it comes from."""

    on = _day(gettext_lazy("Jour de la mesure"))
    value = NumberField(label=gettext_lazy("Valeur"))
    status = forms.ChoiceField(
        label=gettext_lazy("Comment elle est connue"), choices=MeasurementStatusChoices.choices
    )
    source = forms.CharField(label=gettext_lazy("Source"), max_length=300)

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["on"]
        if day > self.today:
            raise forms.ValidationError(_("Ce jour n’est pas encore venu : rien n’y est mesuré."))
        return day


class ReminderForm(forms.Form):
    """Whether one wants the weekly reminder, and in which language."""

    wanted = forms.BooleanField(
        label=gettext_lazy("Recevoir, une fois par semaine, ce qui m’attend"), required=False
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Langue du message"), choices=ReminderChoice.LANGUAGES
    )
