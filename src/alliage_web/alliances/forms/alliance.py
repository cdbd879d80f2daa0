"""The form of an alliance: its own fields, and the rows of its lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.alliances.vocabulary import Lever
from alliage_web.alliances.models import StageChoices
from alliage_web.alliances.queries import Content, ancestors
from alliage_web.audit.forms import OnceForm
from alliage_web.vocabulary.models import ReadingChoices, Scheme

from .fields import AllianceField, PartialDateField, written
from .rows import ROW_FORMS, RowForm, SupportForm, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.http import QueryDict

    from alliage_web.alliances.queries import Row
    from alliage_web.vocabulary.models import Term

    from .rows import Rows

#: The fields that choose terms, by scheme; the 169 targets are typed.
TERM_FIELDS: Mapping[str, Scheme] = {
    "objectives": Scheme.OBJECTIVE,
    "impact_natures": Scheme.IMPACT_NATURE,
    "domains": Scheme.DOMAIN,
    "sdgs": Scheme.SDG,
    "sdg_targets": Scheme.SDG_TARGET,
}
_TEXTS = ("title", "title_en", "kind", "kind_en", "summary", "summary_en", "why", "reusable",
          "stage", "started", "ended", "part_of", "territory_note", "source",
          "private_fund_to_public_authority")  # fmt: skip
_SOURCE_LIMIT = 300
#: Rows shown empty on the form of a new alliance.
_FIRST_ROWS = {"territories": 1, "parties": 2, "timeline": 1}


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _terms(label: Any, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, widget=forms.CheckboxSelectMultiple, **options
    )


class AllianceForm(OnceForm):
    title = forms.CharField(
        label=gettext_lazy("Titre"),
        max_length=200,
        help_text=gettext_lazy("Le nom sous lequel l’alliance se présente."),
    )
    title_en = forms.CharField(label=gettext_lazy("Titre anglais"), max_length=200, required=False)
    kind = forms.CharField(
        label=gettext_lazy("Forme"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("En quelques mots : pôle territorial, programme, fonds local…"),
    )
    kind_en = forms.CharField(label=gettext_lazy("Forme en anglais"), max_length=80, required=False)
    summary = forms.CharField(
        label=gettext_lazy("Résumé"),
        max_length=3000,
        widget=_lines(4),
        help_text=gettext_lazy("Deux ou trois phrases : qui, où, pour quoi."),
    )
    summary_en = forms.CharField(
        label=gettext_lazy("Résumé anglais"), max_length=3000, required=False, widget=_lines(3)
    )
    stage = forms.ChoiceField(
        label=gettext_lazy("Étape"),
        choices=[("", gettext_lazy("Non connue")), *StageChoices.choices],
        required=False,
    )
    started = PartialDateField(
        label=gettext_lazy("Début"),
        required=False,
        help_text=gettext_lazy("2014, 2014-09 ou septembre 2014."),
    )
    ended = PartialDateField(
        label=gettext_lazy("Fin"), required=False, help_text=gettext_lazy("Si elle est terminée.")
    )
    part_of = AllianceField(
        label=gettext_lazy("Fait partie de"),
        required=False,
        help_text=gettext_lazy("L’alliance d’ensemble dont celle-ci est une composante."),
    )
    why = forms.CharField(
        label=gettext_lazy("Pourquoi"),
        required=False,
        max_length=6000,
        widget=_lines(5),
        help_text=gettext_lazy("Le besoin et le point de départ. Markdown possible."),
    )
    objectives = _terms(gettext_lazy("Objectifs"))
    impact_natures = _terms(gettext_lazy("Natures d’impact"))
    domains = _terms(gettext_lazy("Domaines"))
    sdgs = _terms(gettext_lazy("Objectifs de développement durable"))
    sdg_targets = forms.CharField(
        label=gettext_lazy("Cibles de développement durable"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Leurs codes officiels, séparés par des virgules : 4.4, 17.17."),
    )
    territory_note = forms.CharField(
        label=gettext_lazy("Précision sur le territoire"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Quand aucun territoire officiel ne convient."),
    )
    reusable = forms.CharField(
        label=gettext_lazy("Ce que d’autres peuvent reprendre"),
        required=False,
        max_length=6000,
        widget=_lines(5),
        help_text=gettext_lazy("Markdown possible : une ligne par idée, commencée par un tiret."),
    )
    private_fund_to_public_authority = forms.BooleanField(
        label=gettext_lazy("Un fonds privé y soutient une autorité publique"), required=False
    )
    notes = forms.CharField(
        label=gettext_lazy("Notes"),
        required=False,
        max_length=6000,
        widget=_lines(3),
        help_text=gettext_lazy("Réserves et précisions, une par ligne."),
    )
    source = forms.CharField(
        label=gettext_lazy("Sources"),
        max_length=2000,
        widget=_lines(2),
        help_text=gettext_lazy("D’où vient ce que vous décrivez : documents et pages, entretiens."),
    )
    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, terms: Mapping[str, Sequence[Term]], quiet: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.quiet = quiet
        self.targets = {term.code for term in terms[Scheme.SDG_TARGET]}
        for name, scheme in TERM_FIELDS.items():
            field = self.fields[name]
            if isinstance(field, forms.MultipleChoiceField):
                numbered = scheme == Scheme.SDG
                field.choices = [
                    (term.code, f"{term.code}. {term.label}" if numbered else term.label)
                    for term in terms[scheme]
                ]

    @property
    def errors(self) -> Any:
        return forms.utils.ErrorDict() if self.quiet else super().errors

    def clean_sdg_targets(self) -> list[str]:
        codes = list(dict.fromkeys(re.findall(r"[^\s,;|]+", self.cleaned_data["sdg_targets"])))
        unknown = [code for code in codes if code not in self.targets]
        if unknown:
            raise ValidationError(
                _("%(codes)s : aucune cible ne porte ce code. Écrivez par exemple 17.17 ou 4.4."),
                params={"codes": ", ".join(unknown)},
            )
        return codes

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        started, ended = data.get("started"), data.get("ended")
        if started and ended and ended < started[: len(ended)]:
            self.add_error("ended", _("La fin est avant le début. Corrigez une des deux dates."))
        return data


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in the form, and the place to go to."""

    anchor: str
    label: str
    message: str


class AllianceForms:
    """The whole form: shown empty, filled from an alliance, or filled by a person.

    ``code`` is the identifier of the alliance that is changed; ``adding`` names the list to which
    the person adds a row: nothing is judged then, and nothing typed is lost.
    """

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        terms: Mapping[str, Sequence[Term]],
        present: Content | None = None,
        code: str = "",
        version: str = "",
        adding: str = "",
    ) -> None:
        self.present = present
        self.code = code
        self.data = _with_one_more(data, adding) if data is not None and adding else data
        quiet = bool(adding)
        self.main = AllianceForm(
            self.data, terms=terms, quiet=quiet, initial=_initial(present) | {"version": version}
        )
        self.rows = {name: self._rows(name, quiet=quiet) for name in ROW_FORMS}
        self.supports = rows_of(SupportForm, can_delete=False)(
            self.data,
            prefix="supports",
            form_kwargs={"quiet": quiet},
            initial=self._unless_sent(_supports(present)),
        )
        if adding and self.rows[adding].forms:
            self.rows[adding].forms[-1].focus()

    def _rows(self, name: str, *, quiet: bool) -> Rows:
        form = ROW_FORMS[name]
        extra = _FIRST_ROWS.get(name, 0) if self.present is None else 0
        return rows_of(form, extra=extra)(
            self.data,
            prefix=name,
            form_kwargs={"quiet": quiet},
            initial=self._unless_sent(
                [form.initial_of(row) for row in _rows_of(self.present, name)]
            ),
        )

    def _unless_sent(self, initial: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Give the rows to show first. A row that is sent is filled or empty by itself alone."""
        return initial if self.data is None else None

    def is_valid(self) -> bool:
        sets = (*self.rows.values(), self.supports)
        # Every part is judged, so that every fault is shown at once.
        valid = all([self.main.is_valid(), *(rows.is_valid() for rows in sets)])
        if valid:
            self._check_together()
        return valid and not self.faults

    def _check_together(self) -> None:
        parent = self.main.cleaned_data["part_of"]
        if self.code and parent and self.code in {parent, *ancestors(parent)}:
            self.main.add_error(
                "part_of",
                _("Une alliance ne peut pas faire partie d’elle-même. Choisissez-en une autre."),
            )
        _refuse_repeated_places(self.rows["territories"].filled)
        unused = {form.row()["lever"] for form in self.supports.forms if form.cleaned_data["na"]}
        for form in self.rows["amounts"].filled:
            if form.cleaned_data["lever"] in unused:
                form.add_error(
                    "lever",
                    _("Ce levier est dit non mobilisé. Décochez-le, ou retirez le montant."),
                )

    @property
    def faults(self) -> list[Fault]:
        """Everything that is wrong, in the order of the form."""
        faults = list(faults_of(self.main, ""))
        for rows in (*self.rows.values(), self.supports):
            faults += [
                Fault(f"section-{rows.prefix}", "", str(error)) for error in rows.non_form_errors()
            ]
            for rank, form in enumerate(rows.forms, start=1):
                if form.is_removed:
                    continue
                faults += faults_of(form, form.title or str(rank))
        return faults

    @property
    def submission(self) -> Any:
        return self.main.cleaned_data["submission"]

    @property
    def version(self) -> str:
        version: str = self.main.cleaned_data["version"]
        return version

    def content(self) -> Content:
        """Give what the person wrote. What the form does not show is absent, and stays."""
        data = self.main.cleaned_data
        fields = {name: unix(data[name]) for name in _TEXTS}
        fields["notes"] = [line.strip() for line in data["notes"].splitlines() if line.strip()]
        before = self.present.fields if self.present else {}
        if before.get("stage", "") != fields["stage"]:
            # The person says the stage: what was derived before holds no more.
            fields |= {"stage_reading": ReadingChoices.STATED.value, "stage_reason": ""}
        sections = {name: rows.rows() for name, rows in self.rows.items() if name != "amounts"}
        for rows in sections.values():
            for row in rows:
                row.update({key: unix(value) for key, value in row.items()})
        sections["terms"] = self._terms()
        sections["supports"] = self._supports()
        return Content(fields, sections)

    def _terms(self) -> list[Row]:
        """Keep how a term was read where it stays; a term that a person chooses is stated."""
        data = self.main.cleaned_data
        there = {(row["scheme"], row["code"]): row for row in _rows_of(self.present, "terms")}
        new = {
            "reading": ReadingChoices.STATED.value,
            "reason": "",
            "source": unix(data["source"])[:_SOURCE_LIMIT],
        }
        shown = {scheme.value for scheme in TERM_FIELDS.values()}
        kept = [row for (scheme, _code), row in there.items() if scheme not in shown]
        return kept + [
            there.get((scheme.value, code), {"scheme": scheme.value, "code": code, **new})
            for name, scheme in TERM_FIELDS.items()
            for code in data[name]
        ]

    def _supports(self) -> list[Row]:
        amounts: dict[str, list[Row]] = {}
        for row in self.rows["amounts"].rows():
            amounts.setdefault(row.pop("lever"), []).append(row)
        filled = {form.row()["lever"]: form for form in self.supports.forms if form.is_filled}
        blank = {"text": "", "na": False, "na_text": ""}
        return [
            {
                **blank,
                **({k: unix(v) for k, v in filled[lever].row().items()} if lever in filled else {}),
                "lever": lever.value,
                "amounts": amounts.get(lever, []),
            }
            for lever in Lever
            if lever in filled or lever in amounts
        ]


def unix(value: Any) -> Any:
    """Write line ends as files do: a browser sends others."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _with_one_more(data: QueryDict, name: str) -> QueryDict:
    """Ask for one more row, and keep everything that was typed."""
    copy = data.copy()
    total = copy.get(f"{name}-TOTAL_FORMS", "0")
    copy[f"{name}-TOTAL_FORMS"] = str(int(total) + 1 if total.isdigit() else 1)
    return copy


def _initial(present: Content | None) -> dict[str, Any]:
    if present is None:
        return {}
    initial = {name: present.fields[name] for name in _TEXTS}
    initial |= {name: written(initial[name]) for name in ("started", "ended")}
    initial["notes"] = "\n".join(present.fields["notes"])
    for name, scheme in TERM_FIELDS.items():
        initial[name] = [
            row["code"] for row in present.sections["terms"] if row["scheme"] == scheme
        ]
    initial["sdg_targets"] = ", ".join(initial["sdg_targets"])
    return initial


def _rows_of(present: Content | None, name: str) -> list[Row]:
    """Give the rows of a section; the amounts are those of all the supports."""
    if present is None:
        return []
    if name == "amounts":
        supports = present.sections["supports"]
        return [{**row, "lever": item["lever"]} for item in supports for row in item["amounts"]]
    return present.sections[name]


def _supports(present: Content | None) -> list[Row]:
    there = {row["lever"]: row for row in _rows_of(present, "supports")}
    return [{"lever": lever.value, **there.get(lever.value, {})} for lever in Lever]


def _refuse_repeated_places(forms_of_places: Sequence[RowForm]) -> None:
    seen: set[str] = set()
    for form in forms_of_places:
        place = form.cleaned_data["place"]
        if place in seen:
            form.add_error("place", _("Ce territoire est déjà dans la liste. Retirez cette ligne."))
        seen.add(place)


def faults_of(form: forms.Form, where: str) -> Iterator[Fault]:
    for name, errors in form.errors.items():
        field = form[name] if name in form.fields else None
        label = str(field.label) if field else ""
        for error in errors:
            anchor = field.id_for_label or field.auto_id if field else "contenu"
            yield Fault(str(anchor), f"{where}, {label}" if where and label else label, str(error))
