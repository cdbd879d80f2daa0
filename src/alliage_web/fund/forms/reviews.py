"""The instruction, as people type it: reviews, profiles, who reviews, interests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliage.fund.instruction.assignment import Dimension
from alliage_web.actors.models import WorldChoices
from alliage_web.alliances.models import LeverChoices
from alliage_web.audit.forms import OnceForm
from alliage_web.fund.models import OpinionChoices, SeverityChoices
from alliage_web.fund.queries.application_wording import told

from .later import ChoiceLaterField, TextLaterField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.fund.instruction.scoring import Criterion, Grid

#: What a reviewer chooses who cannot give a note.
_CANNOT_TELL = "none"


class ReviewForm(OnceForm):
    """A review: for each criterion a level with its anchor, and a comment."""

    base = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, grid: Grid, notes: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grid = grid
        labels = {level.points: told(level, "label") for level in grid.scale}
        for criterion in grid.criteria:
            note = notes.get(criterion.code, {})
            points = note.get("points")
            shown = str(points) if points is not None else ""
            if not shown and note.get("cannot_tell"):
                shown = _CANNOT_TELL
            self.fields[f"points_{criterion.code}"] = ChoiceLaterField(
                label=_("Niveau atteint"),
                initial=shown,
                widget=forms.RadioSelect,
                choices=[
                    *(
                        (
                            str(anchor.points),
                            f"{anchor.points}. {labels[anchor.points]}. {told(anchor, 'text')}",
                        )
                        for anchor in reversed(criterion.anchors)
                    ),
                    (_CANNOT_TELL, _("Je ne peux pas noter ce critère : je dis pourquoi")),
                ],
            )
            self.fields[f"comment_{criterion.code}"] = TextLaterField(
                label=_("Ce qui fonde cette note"),
                initial=note.get("comment", ""),
                widget=forms.Textarea(attrs={"rows": 3}),
                max_length=10_000,
            )
        self.fields["opinion"] = ChoiceLaterField(
            label=_("Votre conclusion"),
            widget=forms.RadioSelect,
            choices=OpinionChoices.choices,
        )

    def notes(self) -> dict[str, dict[str, Any]]:
        """Give what was typed, by criterion; what was left blank is left out."""
        found = {}
        for criterion in self.grid.criteria:
            chosen = self.cleaned_data.get(f"points_{criterion.code}", "")
            comment = self.cleaned_data.get(f"comment_{criterion.code}", "")
            if chosen or comment:
                found[criterion.code] = {
                    "points": int(chosen) if chosen and chosen != _CANNOT_TELL else None,
                    "comment": comment,
                    "cannot_tell": chosen == _CANNOT_TELL,
                }
        return found

    def parts(self) -> list[tuple[Criterion, str, str, Any, Any]]:
        """Give each criterion with its texts and its two fields, for the page."""
        return [
            (
                criterion,
                told(criterion, "label"),
                told(criterion, "question"),
                self[f"points_{criterion.code}"],
                self[f"comment_{criterion.code}"],
            )
            for criterion in self.grid.criteria
        ]


class ProfileForm(forms.Form):
    """What a reviewer knows, in the four dimensions of the assignment."""

    capacity = forms.IntegerField(
        label=_("Avis à la fois"),
        min_value=0,
        max_value=50,
        help_text=_("Au-delà, plus rien ne vous est proposé. Zéro : vous n’êtes pas disponible."),
    )

    def __init__(
        self,
        *args: Any,
        themes: Sequence[tuple[str, str]],
        regions: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for dimension, label, choices in (
            (Dimension.LEVER, _("Leviers"), LeverChoices.choices),
            (Dimension.THEME, _("Domaines"), themes),
            (Dimension.TERRITORY, _("Régions"), regions),
            (Dimension.WORLD, _("Mondes"), WorldChoices.choices),
        ):
            self.fields[dimension.value] = forms.MultipleChoiceField(
                label=label,
                required=False,
                choices=choices,
                widget=forms.CheckboxSelectMultiple,
            )

    def competences(self) -> dict[str, list[str]]:
        return {dimension.value: self.cleaned_data[dimension.value] for dimension in Dimension}


class AssignForm(OnceForm):
    """Who receives an application."""

    reviewer = forms.ChoiceField(label=_("Confier à"))

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewer"] = forms.ChoiceField(
            label=_("Confier à"), choices=[("", _("Choisissez une personne")), *people]
        )


class StepBackForm(forms.Form):
    """Why a person steps back."""

    explanation = forms.CharField(
        label=_("Pourquoi"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Nécessaire quand aucun intérêt n’est connu de la plateforme."),
    )


class ReleaseForm(forms.Form):
    reason = forms.CharField(
        label=_("Motif"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Le brouillon de la personne reste, mais ne compte plus."),
    )


class InterestForm(OnceForm):
    """What a person states of an application."""

    severity = forms.ChoiceField(
        label=_("Ce que je déclare"),
        widget=forms.RadioSelect,
        choices=[("none", _("Je n’ai aucun intérêt dans ce dossier")), *SeverityChoices.choices],
    )
    explanation = forms.CharField(
        label=_("En quelques mots"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Nécessaire pour déclarer un intérêt."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("severity") not in {None, "none"} and not cleaned.get("explanation"):
            self.add_error("explanation", _("Dites en quelques mots quel est cet intérêt."))
        return cleaned

    @property
    def stated(self) -> str:
        """The severity that was stated; empty for none."""
        severity: str = self.cleaned_data["severity"]
        return "" if severity == "none" else severity
