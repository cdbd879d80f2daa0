"""The filters of the cockpit, and the delays that a fund sets for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.follow_up.stages import OPEN, Stage
from alliage_web.audit.forms import OnceForm
from alliage_web.fund.models import StageChoices
from alliage_web.fund.queries.pipeline import ORDERS, PipelineFilters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage_web.fund.queries.pipeline import Choice

_LONGEST_DELAY = 3650


class PipelineFiltersForm(forms.Form):
    """The filters of the files; what is not a choice is ignored."""

    etape = forms.ChoiceField(
        label=gettext_lazy("Étape"), choices=StageChoices.choices, required=False
    )
    appel = forms.ChoiceField(label=gettext_lazy("Appel"), required=False)
    volet = forms.ChoiceField(label=gettext_lazy("Volet"), required=False)
    annee = forms.ChoiceField(
        label=gettext_lazy("Année de l’enveloppe, ou de l’envoi"), required=False
    )
    instructeur = forms.ChoiceField(label=gettext_lazy("Qui instruit"), required=False)
    retard = forms.ChoiceField(
        label=gettext_lazy("Délai"),
        choices=[("1", gettext_lazy("dépassé"))],
        required=False,
    )

    def __init__(
        self, data: Mapping[str, Any], choices: Mapping[str, Sequence[Choice]], *, board: bool
    ) -> None:
        super().__init__(data)
        named = {"appel": "call", "volet": "strand", "annee": "year", "instructeur": "reviewer"}
        for name, source in named.items():
            found = [(one.value, one.label) for one in choices[source]]
            self.fields[name].choices = found  # type: ignore[attr-defined]
        if board:
            del self.fields["etape"]
        for field in self.fields.values():
            field.choices = [("", _("Tous")), *field.choices]  # type: ignore[attr-defined]

    def filters(self) -> PipelineFilters:
        self.is_valid()
        kept = self.cleaned_data
        return PipelineFilters(
            stage=kept.get("etape") or "",
            call=kept.get("appel") or "",
            strand=kept.get("volet") or "",
            year=int(kept["annee"]) if kept.get("annee") else None,
            reviewer=int(kept["instructeur"]) if kept.get("instructeur") else None,
            late=bool(kept.get("retard")),
        )


def order_of(name: str) -> str:
    """Return an order of the list; the first one for what is none."""
    return name if name in ORDERS else next(iter(ORDERS))


class DelaysForm(OnceForm):
    """The delay of each stage, in days; an empty one is no delay."""

    def __init__(self, *args: Any, targets: Mapping[Stage, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for stage in OPEN:
            self.fields[stage.value] = forms.IntegerField(
                label=StageChoices(stage.value).label.capitalize(),
                help_text=_("En jours entiers. Vide : le fonds ne se donne pas de délai."),
                min_value=1,
                max_value=_LONGEST_DELAY,
                required=False,
                initial=targets.get(stage),
            )

    @property
    def days(self) -> dict[Stage, int | None]:
        return {stage: self.cleaned_data[stage.value] for stage in OPEN}
