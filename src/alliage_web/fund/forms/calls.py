"""The forms of a call, for those who prepare it."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.applications.deadlines import CallPeriod, ClockReading, DeadlineError, Grace
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.alliances.forms.fields import NumberField
from alliage_web.audit.forms import OnceForm
from alliage_web.fund.models import Call, CallKind, FormVersion, ReviewGrid, Strand
from alliage_web.fund.queries.application_wording import CATEGORIES, DEADLINES, ZONES
from alliage_web.fund.queries.calls import local_time, read_form_text, read_rules_text
from alliage_web.fund.queries.file_wording import file_problems_in_words
from alliage_web.fund.queries.review_panels import current_grid, read_grid_text

if TYPE_CHECKING:
    from alliage.fund.applications.form_specification import FormVersionError
    from alliage.fund.instruction.scoring import Grid, GridVersionError
    from alliage_web.fund.models import Fund

_CLOCK = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::\d{2})?")
_PERCENT = Decimal(100)
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_YAML_ROWS = 14


class ClockField(forms.CharField):
    """A date and a time of day, as ``2026-03-31T12:00``; empty if none is given."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        match = _CLOCK.fullmatch(text)
        try:
            year = dt.datetime.fromisoformat(text).year
        except ValueError:
            match = None
        else:
            # Near the ends of the calendar an hour has no instant in every zone.
            match = match if _FIRST_YEAR <= year <= _LAST_YEAR else None
        if match is None:
            raise ValidationError(
                _("« %(text)s » n’est pas une date et une heure. Écrivez 2026-03-31 12:00."),
                params={"text": text},
                code="not_a_clock",
            )
        return f"{match[1]}T{match[2]}"


class SharePercentField(NumberField):
    """A share written in percent, kept from 0 to 1."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, min_value=0, max_value=100, decimal_places=2, max_digits=5, **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        return f"{(value * _PERCENT).normalize():f}" if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        share = super().clean(value)
        return None if share is None else share / _PERCENT


class CallForm(OnceForm):
    """A call in preparation; ``content`` is what the actions write."""

    title_fr = forms.CharField(label=gettext_lazy("Titre"), max_length=200)
    title_en = forms.CharField(
        label=gettext_lazy("Titre en anglais"), max_length=200, required=False
    )
    code = forms.CharField(
        label=gettext_lazy("Identifiant"),
        max_length=60,
        help_text=gettext_lazy("Il fait partie de l’adresse : minuscules, chiffres et tirets."),
        validators=[
            RegexValidator(
                r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
                gettext_lazy("Écrivez des minuscules sans accent, des chiffres et des tirets."),
            )
        ],
    )
    summary_fr = forms.CharField(
        label=gettext_lazy("Présentation"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=5000,
        help_text=gettext_lazy("Ce que le fonds soutient, et ce qu’il attend."),
    )
    summary_en = forms.CharField(
        label=gettext_lazy("Présentation en anglais"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
        required=False,
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Rythme"), choices=CallKind.choices, widget=forms.RadioSelect
    )
    zone = forms.ChoiceField(
        label=gettext_lazy("Fuseau horaire"),
        choices=[(code, f"{label} ({code})") for code, label in ZONES.items()],
        help_text=gettext_lazy("Les dates qui suivent sont celles des horloges de ce lieu."),
    )
    opens = ClockField(
        label=gettext_lazy("Ouverture"),
        required=False,
        help_text=gettext_lazy("Laissez vide pour ouvrir dès l’annonce."),
    )
    closes = ClockField(
        label=gettext_lazy("Date limite"),
        required=False,
        help_text=gettext_lazy("Le dernier instant est à l’heure. Vide pour un appel continu."),
    )
    grace_minutes = forms.IntegerField(
        label=gettext_lazy("Tolérance, en minutes"),
        required=False,
        min_value=1,
        max_value=20_160,
        help_text=gettext_lazy(
            "Pour les brouillons commencés avant la date limite. Elle est publiée avec son motif."
        ),
    )
    grace_reason_fr = forms.CharField(
        label=gettext_lazy("Motif de la tolérance"), max_length=300, required=False
    )
    grace_reason_en = forms.CharField(
        label=gettext_lazy("Motif de la tolérance en anglais"), max_length=300, required=False
    )
    strand = forms.ModelChoiceField(
        label=gettext_lazy("Volet"),
        queryset=Strand.objects.none(),
        required=False,
        help_text=gettext_lazy("Un appel est annoncé avec son volet."),
    )
    min_amount = NumberField(
        label=gettext_lazy("Montant le plus faible, en euros"),
        required=False,
        min_value=Decimal("0.01"),
        decimal_places=2,
        max_digits=14,
    )
    max_amount = NumberField(
        label=gettext_lazy("Montant le plus élevé, en euros"),
        required=False,
        min_value=Decimal("0.01"),
        decimal_places=2,
        max_digits=14,
    )
    max_share = SharePercentField(
        label=gettext_lazy("Part la plus élevée des dépenses en argent, en %"),
    )
    min_own_share = SharePercentField(
        label=gettext_lazy("Part la plus faible de moyens propres, en %"),
    )
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("Catégories de dépenses admises"),
        choices=list(CATEGORIES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Aucune cochée : toutes sont admises."),
    )
    form = forms.ModelChoiceField(
        label=gettext_lazy("Formulaire"),
        queryset=FormVersion.objects.none(),
        help_text=gettext_lazy("Un brouillon garde la version avec laquelle il a été commencé."),
    )
    grid = forms.ModelChoiceField(
        label=gettext_lazy("Grille d’instruction"),
        queryset=ReviewGrid.objects.none(),
        empty_label=None,
        help_text=gettext_lazy(
            "Tous les dossiers de l’appel sont instruits avec elle. Elle se change jusqu’à la "
            "première instruction."
        ),
    )
    rules = forms.CharField(
        label=gettext_lazy("Règles d’éligibilité"),
        widget=forms.Textarea(attrs={"rows": _YAML_ROWS, "spellcheck": "false"}),
        required=False,
        max_length=50_000,
        help_text=gettext_lazy(
            "Un fichier YAML (docs/reference/eligibility-rules.md). Vide : l’appel n’en pose pas."
        ),
    )
    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, fund: Fund, call: Call | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fund, self.call = fund, call
        strands = self.fields["strand"]
        versions = self.fields["form"]
        assert isinstance(strands, forms.ModelChoiceField)
        assert isinstance(versions, forms.ModelChoiceField)
        strands.queryset = Strand.objects.filter(fund=fund).order_by("order", "pk")
        versions.queryset = FormVersion.objects.filter(fund=fund).order_by("code", "-version")
        _offer_grids(self.fields["grid"], fund)
        if call is not None:
            del self.fields["code"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if Call.objects.filter(fund=self.fund, code=code).exists():
            raise ValidationError(
                _("Un appel du fonds a déjà cet identifiant. Choisissez-en un autre."), code="taken"
            )
        return code

    def clean_rules(self) -> str:
        text: str = self.cleaned_data["rules"].replace("\r\n", "\n")
        if not text.strip():
            return ""
        try:
            read_rules_text(text)
        except InvalidFilesError as error:
            raise ValidationError(file_problems_in_words(error)) from error
        return text

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("kind") == CallKind.ROLLING:
            data["closes"] = ""
        elif data.get("kind") == CallKind.DATED and "closes" in data and not data["closes"]:
            self.add_error("closes", _("Un appel à date limite en a une. Écrivez-la."))
        low, high = data.get("min_amount"), data.get("max_amount")
        if low is not None and high is not None and low > high:
            self.add_error("min_amount", _("Il dépasse le montant le plus élevé. Corrigez l’un."))
        self._check_dates(data)
        return data

    def _check_dates(self, data: dict[str, Any]) -> None:
        if self.errors.keys() & {"opens", "closes", "zone", "grace_minutes"}:
            return
        try:
            opens = local_time(data.get("opens", ""), data["zone"])
            closes = local_time(data.get("closes", ""), data["zone"])
            grace = None
            if data.get("grace_minutes") is not None:
                length = dt.timedelta(minutes=data["grace_minutes"])
                grace = Grace(length, data["grace_reason_fr"], data["grace_reason_en"])
            CallPeriod(opens, closes, grace)
        except DeadlineError as error:
            sentence = DEADLINES.get(error.fault)
            said = str(sentence) % {"value": error.value} if sentence else str(error)
            self.add_error("closes", said)
            return
        for name, moment in (("opens", opens), ("closes", closes)):
            if moment is not None and moment.reading is not ClockReading.ONCE:
                self.add_error(
                    name,
                    _(
                        "À cet instant les horloges changent d’heure : il est lu deux fois, ou "
                        "jamais. Choisissez une autre heure."
                    ),
                )

    @property
    def content(self) -> dict[str, Any]:
        """What was written, by field of a call."""
        left_out = {"submission", "version", "code"}
        return {name: value for name, value in self.cleaned_data.items() if name not in left_out}


def _offer_grids(field: forms.Field, fund: Fund) -> None:
    """Propose the last grid of a fund, or the one that ships where it has none."""
    assert isinstance(field, forms.ModelChoiceField)
    proposed = current_grid(fund)
    field.queryset = ReviewGrid.objects.filter(fund=fund).order_by("code", "-version", "pk")
    if proposed is None:
        field.empty_label, field.required = _("La grille livrée avec la plateforme"), False
    field.initial = proposed


class GridChoiceForm(OnceForm):
    """Which grid a call uses."""

    grid = forms.ModelChoiceField(
        label=gettext_lazy("Grille d’instruction"),
        queryset=ReviewGrid.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )

    def __init__(self, *args: Any, fund: Fund, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_grids(self.fields["grid"], fund)


class GridForm(OnceForm):
    """A version of a grid, as a text; ``grid`` is what was read."""

    specification = forms.CharField(
        label=gettext_lazy("Fichier de la grille, en YAML"),
        widget=forms.Textarea(attrs={"rows": 2 * _YAML_ROWS, "spellcheck": "false"}),
        max_length=200_000,
        help_text=gettext_lazy(
            "Le format est dans docs/reference/review-grid.md. Une grille différente porte un "
            "numéro de version plus grand, ou un autre code."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grid: Grid | None = None

    def clean_specification(self) -> str:
        text: str = self.cleaned_data["specification"].replace("\r\n", "\n")
        try:
            self.grid = read_grid_text(text)
        except InvalidFilesError as error:
            raise ValidationError(file_problems_in_words(error)) from error
        return text

    def refuse_version(self, error: GridVersionError) -> None:
        """Say that the text does not follow the last version."""
        self.add_error(
            "specification",
            _("Cette grille diffère de la dernière version. Donnez-lui le numéro %(number)s.")
            % {"number": error.expected},
        )


def initial_of(call: Call) -> dict[str, Any]:
    """Give what a call holds to its form."""
    names = [name for name in CallForm.base_fields if name not in {"submission", "version"}]
    return {name: getattr(call, name) for name in names}


class DecisionForm(OnceForm):
    """Why a decision is taken; ``closes`` is asked of an extension."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        required=False,
    )
    closes = ClockField(label=gettext_lazy("Nouvelle date limite"))

    def __init__(
        self, *args: Any, needs_reason: bool, extends: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needs_reason
        if not extends:
            del self.fields["closes"]


class FormVersionForm(OnceForm):
    """A version of a form, as a file or as a text; ``text`` is what was read."""

    specification = forms.CharField(
        label=gettext_lazy("Fichier du formulaire, en YAML"),
        widget=forms.Textarea(attrs={"rows": 2 * _YAML_ROWS, "spellcheck": "false"}),
        max_length=200_000,
        help_text=gettext_lazy(
            "Le format est dans docs/reference/application-form.md. Une version différente porte "
            "un numéro plus grand."
        ),
    )

    def clean_specification(self) -> str:
        text: str = self.cleaned_data["specification"].replace("\r\n", "\n")
        try:
            read_form_text(text)
        except InvalidFilesError as error:
            raise ValidationError(file_problems_in_words(error)) from error
        return text

    def refuse_version(self, error: FormVersionError) -> None:
        """Say that the text does not follow the last version."""
        if error.expected is None:
            self.add_error("specification", _("Le code n’est pas celui du formulaire."))
        else:
            self.add_error(
                "specification",
                _("Ce texte diffère de la dernière version. Donnez-lui le numéro %(number)s.")
                % {"number": error.expected},
            )
