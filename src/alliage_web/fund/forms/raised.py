"""Forms of what others gave an alliance: the resource, the answer of the fund, its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage_web.alliances.forms.fields import AllianceField, shown_number
from alliage_web.alliances.models import AmountStatusChoices
from alliage_web.alliances.queries import ids_by_code
from alliage_web.audit.forms import OnceForm
from alliage_web.fund.actions.raised import RaisedValues
from alliage_web.fund.forms.amounts import EurosField
from alliage_web.fund.models import VALUED, AnswerChoices, NatureChoices
from alliage_web.vocabulary.models import ReadingChoices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage_web.fund.models import RaisedResource

NO_ALLIANCE = gettext_lazy(
    "Les parties prenantes d’une alliance déclarent ce qu’elle a levé, et vous n’agissez pour "
    "aucune. Demandez à l’une d’elles de vous inviter."
)


class RaisedForm(OnceForm):
    """One resource. ``own`` are the alliances for which the person may declare, if no officer."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    alliance = AllianceField(
        label=gettext_lazy("L’alliance qui a levé"),
        error_messages={"required": gettext_lazy("Dites quelle alliance a levé cette ressource.")},
    )
    description = forms.CharField(
        label=gettext_lazy("Ce qui est levé"),
        max_length=300,
        help_text=gettext_lazy(
            "Qui donne, et par quelle voie : une subvention, un appel à projets…"
        ),
    )
    eur = EurosField(
        label=gettext_lazy("Montant en euros"),
        help_text=gettext_lazy("Un montant inconnu ne s’inscrit pas : attendez de le connaître."),
    )
    nature = forms.ChoiceField(
        label=gettext_lazy("De quoi est faite cette ressource"),
        choices=[choice for choice in NatureChoices.choices if choice[0] in VALUED],
        initial=NatureChoices.CASH,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "L’argent seul est comparé à l’ingénierie, qui est de l’argent ; le reste est montré."
        ),
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Statut"),
        choices=AmountStatusChoices.choices,
        initial=AmountStatusChoices.GRANTED,
        help_text=gettext_lazy("Ce qui est sous condition est montré, et n’est pas compté."),
    )
    year = forms.IntegerField(
        label=gettext_lazy("Année"),
        required=False,
        min_value=1900,
        max_value=2200,
        help_text=gettext_lazy("Celle de l’accord ; vide si aucune source ne la donne."),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=300,
        help_text=gettext_lazy(
            "D’où cela vient : une convention, une page, un rapport et sa date."
        ),
    )
    reading = forms.ChoiceField(
        label=gettext_lazy("Lecture de la source"),
        choices=ReadingChoices.choices,
        initial=ReadingChoices.STATED,
    )
    note = forms.CharField(
        label=gettext_lazy("À savoir"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, *args: Any, own: Sequence[tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        if own is None:
            return
        # How a source was read is for the fund to say; the party gives the source.
        del self.fields["reading"]
        self.fields["alliance"] = forms.ChoiceField(
            label=_("L’alliance qui a levé"),
            choices=[("", _("—")), *own],
            error_messages={"required": _("Dites quelle alliance a levé cette ressource.")},
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.own is not None and not self.own:
            self.add_error(None, str(NO_ALLIANCE))
        return data

    def values(self, present: RaisedResource | None = None) -> RaisedValues:
        """Give what was typed; what the form does not show stays as it was."""
        data = self.cleaned_data
        known = present.reading if present else ReadingChoices.STATED.value
        return RaisedValues(
            alliance_id=ids_by_code({data["alliance"]})[data["alliance"]],
            eur=data["eur"],
            description=data["description"],
            nature=data["nature"],
            status=data["status"],
            year=data["year"],
            reading=data.get("reading", known),
            note=data["note"].replace("\r\n", "\n"),
            source=data["source"],
        )


def initial_of(row: RaisedResource) -> dict[str, Any]:
    """Give a row as a person would type it."""
    plain = ("description", "nature", "status", "year", "source", "reading", "note", "version")
    return {
        **{name: getattr(row, name) for name in plain},
        "alliance": row.alliance.code,
        "eur": shown_number(row.eur),
    }


class RaisedAnswerForm(forms.Form):
    """What the fund says of a resource that a party declared."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    answer = forms.ChoiceField(
        label=gettext_lazy("Cette ressource est-elle bien décrite ?"),
        choices=[
            (AnswerChoices.CONFIRMED.value, gettext_lazy("Oui, le fonds la confirme")),
            (AnswerChoices.DISPUTED.value, gettext_lazy("Non, le fonds la conteste")),
        ],
        widget=forms.RadioSelect,
    )
    remark = forms.CharField(
        label=gettext_lazy("Remarque"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Pour contester, dites ce qui est faux et ce qui serait juste."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("answer") == AnswerChoices.DISPUTED and not data.get("remark"):
            self.add_error("remark", _("Dites ce qui est faux, et ce qui serait juste."))
        return data


class RaisedRemovalForm(forms.Form):
    """Why a resource is removed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Dites pourquoi elle est retirée.")},
    )
