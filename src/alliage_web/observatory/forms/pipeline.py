"""Forms of the pipeline: the file, its columns, its anomalies, its specification, its review."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.observatory.respondents.coding import Column
from alliage_web.audit.forms import OnceForm

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from django.core.files.uploadedfile import UploadedFile

    from alliage.observatory.respondents.anomalies import AnomalyKind, Treatment
    from alliage.observatory.respondents.coding import Target
    from alliage_web.observatory.models import RespondentFile

EXTENSIONS = (".sav", ".zsav", ".dta", ".csv", ".tsv", ".txt", ".xlsx", ".parquet")
#: Beyond so many respondents a page would wait too long: the command does the same.
MOST_ROWS = 50_000
_MEBIBYTE = 1024 * 1024


class RespondentsForm(OnceForm):
    """A file of respondents, as the institute sends it."""

    file = forms.FileField(
        label=gettext_lazy("Fichier"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ",".join(EXTENSIONS)}),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encodage des textes"),
        choices=[("utf-8", "UTF-8"), ("windows-1252", gettext_lazy("Windows-1252 (Excel ancien)"))],
        initial="utf-8",
        help_text=gettext_lazy("Pour CSV, SPSS et Stata. S’il est faux, le fichier est refusé."),
    )
    drop = forms.CharField(
        label=gettext_lazy("Colonnes à écarter"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Une par ligne : ce qui nomme ou joint une personne. Elles ne sont pas gardées, et le "
            "fichier d’origine non plus."
        ),
    )
    destroy_on = forms.DateField(
        label=gettext_lazy("À détruire le"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, today: dt.date, latest: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.latest = today, latest
        self.fields["destroy_on"].help_text = _(
            "Vide : le %(latest)s, le plus tard que permet le registre des traitements."
        ) % {"latest": date_format(latest)}
        self.fields["file"].help_text = _(
            "SPSS, Stata, CSV, XLSX ou Parquet, %(size)s Mo au plus. Un fichier plus lourd, ou de "
            "plus de %(rows)s lignes, se dépose par la commande import_wave."
        ) % {
            "size": settings.ALLIAGE_FILE_MAX_BYTES // _MEBIBYTE,
            "rows": f"{MOST_ROWS:,}".replace(",", "\u202f"),
        }

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse by its size or its kind what nothing has read yet."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if not file.size:
            raise ValidationError(_("Ce fichier est vide. Choisissez-en un autre."))
        if file.size > settings.ALLIAGE_FILE_MAX_BYTES:
            raise ValidationError(
                _("Ce fichier est trop lourd pour la page. Utilisez la commande import_wave.")
            )
        if PurePath(file.name or "").suffix.lower() not in EXTENSIONS:
            raise ValidationError(
                _("« %(name)s » n’est pas d’un type lu ici : %(kinds)s."),
                params={"name": file.name, "kinds": ", ".join(EXTENSIONS)},
            )
        return file

    def clean_drop(self) -> list[str]:
        """Return the names of the columns."""
        return [line.strip() for line in self.cleaned_data["drop"].splitlines() if line.strip()]

    def clean_destroy_on(self) -> dt.date | None:
        """Refuse a day that is past, or too far."""
        day: dt.date | None = self.cleaned_data["destroy_on"]
        if day is not None and day <= self.today:
            raise ValidationError(_("Ce jour est passé. Choisissez-en un à venir."))
        if day is not None and day > self.latest:
            raise ValidationError(
                _(
                    "Le registre des traitements ne permet pas de garder ce fichier si longtemps. "
                    "Choisissez le %(latest)s au plus tard, ou laissez vide."
                ),
                params={"latest": date_format(self.latest)},
            )
        return day


LEFT_OUT, KEPT = "", "="


class ColumnsForm(OnceForm):
    """Which column answers which question, and what its values stand for."""

    def __init__(
        self,
        *args: Any,
        file: RespondentFile,
        columns: Sequence[Column],
        targets: Sequence[Target],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.described = file.columns
        told = {one.name: one for one in columns}
        choices = [
            (LEFT_OUT, _("laissée de côté")),
            (KEPT, _("gardée, sans être une question")),
            *((one.name, f"{one.name} · {Truncator(one.label).chars(30)}") for one in targets),
        ]
        for rank, described in enumerate(self.described):
            one = told.get(described["name"], Column(described["name"]))
            name = described["name"]
            self.fields[f"target-{rank}"] = forms.ChoiceField(
                label=_("Question, pour %(column)s") % {"column": name},
                choices=choices,
                required=False,
                initial=one.target or (KEPT if one.keep_as else LEFT_OUT),
            )
            self.fields[f"keep-{rank}"] = forms.CharField(
                label=_("Nom gardé, pour %(column)s") % {"column": name},
                required=False,
                max_length=60,
                initial=one.keep_as,
            )
            self.fields[f"answers-{rank}"] = forms.CharField(
                label=_("Réponses, pour %(column)s") % {"column": name},
                required=False,
                widget=forms.Textarea(attrs={"rows": 3}),
                initial="\n".join(f"{value} = {code}" for value, code in one.answers.items()),
            )

            for kind in ("target", "keep", "answers"):
                field = self.fields[f"{kind}-{rank}"]
                # In the table, the head of the column is the label that is seen.
                field.widget.attrs["aria-label"] = field.label

    def lines(self) -> Iterator[tuple[dict[str, Any], Any, Any, Any]]:
        """Give each column with its fields."""
        for rank, described in enumerate(self.described):
            yield (
                described,
                self[f"target-{rank}"],
                self[f"keep-{rank}"],
                self[f"answers-{rank}"],
            )

    def clean(self) -> dict[str, Any]:
        """Read the answers: a line for each value, « value = code »."""
        cleaned = super().clean() or self.cleaned_data
        for rank in range(len(self.described)):
            read: dict[str, str] = {}
            for line in cleaned.get(f"answers-{rank}", "").splitlines():
                value, equal, code = line.rpartition("=")
                if line.strip() and not equal:
                    self.add_error(
                        f"answers-{rank}",
                        _("« %(line)s » : écrivez « valeur = code ».") % {"line": line.strip()},
                    )
                elif line.strip():
                    read[value.strip()] = code.strip()
            cleaned[f"read-{rank}"] = read
        return cleaned

    def columns(self) -> tuple[Column, ...]:
        """Return what was told of each column."""
        found = []
        for rank, described in enumerate(self.described):
            target = self.cleaned_data[f"target-{rank}"]
            if target == KEPT:
                keep = self.cleaned_data[f"keep-{rank}"].strip()
                found.append(Column(described["name"], keep_as=keep or described["name"]))
            elif target:
                answers = self.cleaned_data[f"read-{rank}"]
                found.append(Column(described["name"], target=target, answers=answers))
        return tuple(found)


class TreatmentsForm(OnceForm):
    """What is done with each kind of anomaly."""

    def __init__(
        self,
        *args: Any,
        kinds: Sequence[tuple[AnomalyKind, str, Sequence[tuple[Treatment, str]]]],
        told: dict[AnomalyKind, Treatment],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        for kind, label, allowed in kinds:
            self.fields[kind.value] = forms.ChoiceField(
                label=label,
                choices=[(one.value, words) for one, words in allowed],
                initial=told[kind].value if kind in told else None,
                widget=forms.RadioSelect,
            )


class SpecificationForm(OnceForm):
    """The specification, as YAML."""

    specification = forms.CharField(
        label=gettext_lazy("Spécification"),
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false"}),
        strip=False,
        help_text=gettext_lazy(
            "En YAML : plan de sondage, marges, tableaux. Les noms sont ceux des questions de la "
            "vague et des colonnes gardées."
        ),
    )
    checks = forms.CharField(
        label=gettext_lazy("Libellés des croisements et contrôles"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        strip=False,
        help_text=gettext_lazy(
            "En YAML, facultatif : `breakdowns` donne leurs noms en français et en anglais ; "
            "`screening` dit ce qui est cherché dans le fichier."
        ),
    )


class DraftForm(forms.Form):
    """What a first specification is written from."""

    weights = forms.ChoiceField(label=gettext_lazy("Poids de sondage"), required=False)
    strata = forms.ChoiceField(label=gettext_lazy("Strates"), required=False)
    breakdowns = forms.MultipleChoiceField(
        label=gettext_lazy("Croisements"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    crossed = forms.CharField(
        label=gettext_lazy("Croisements de deux variables"),
        required=False,
        help_text=gettext_lazy("Séparés par des virgules, par exemple : sex * age."),
    )
    margins = forms.BooleanField(
        label=gettext_lazy("Caler sur la population des régions de l’étude"),
        required=False,
        help_text=gettext_lazy(
            "Région × sexe × âge et région × taille de commune, pour les adultes de France "
            "métropolitaine. Il faut les colonnes region, sex, age et town_size, dans les codes de "
            "l’étude. Deux approximations : deux cinquièmes des 15-19 ans sont comptés adultes, et "
            "la taille de commune suit la population de tous âges."
        ),
    )

    def __init__(self, *args: Any, columns: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name) for name in columns]
        self.fields["weights"].choices = [("", _("aucun")), *names]  # type: ignore[attr-defined]
        self.fields["strata"].choices = [("", _("aucune")), *names]  # type: ignore[attr-defined]
        self.fields["breakdowns"].choices = names  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why a release is sent back, or withdrawn."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Dites pourquoi.")},
    )


class DestroyForm(OnceForm):
    """A confirmation: nothing brings the rows back."""

    sure = forms.BooleanField(
        label=gettext_lazy("Je veux détruire ce fichier : rien ne le fera revenir."),
        error_messages={"required": gettext_lazy("Cochez la case pour détruire le fichier.")},
    )
