"""Choosing an organisation or places to search by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.territories.levels import Level
from alliage_web.actors.queries import ids_by_slug

from .fields import OrganisationField, TerritoryField

if TYPE_CHECKING:
    from alliage_web.territories.queries import Suggestion


class CatalystSearchForm(forms.Form):
    near = TerritoryField(
        label=gettext_lazy("Près de"),
        required=False,
        levels=(Level.COMMUNE, Level.ARRONDISSEMENT),
        help_text=gettext_lazy("Une commune, par son nom ou son code postal."),
    )
    territory = TerritoryField(
        label=gettext_lazy("Territoire couvert"),
        required=False,
        help_text=gettext_lazy("Commune, intercommunalité, département ou région."),
    )

    def place(self, name: str) -> Suggestion | None:
        """Give the territory of a field, or None if none is given or clear."""
        field = self.fields[name]
        assert isinstance(field, TerritoryField)
        return field.chosen(self.cleaned_data.get(name, ""))


class ChooseOrganisationForm(forms.Form):
    """The other record of a merge. ``besides`` is the key of the one it is compared with."""

    other = OrganisationField(
        label=gettext_lazy("L’autre fiche"),
        help_text=gettext_lazy("Celle qui rejoindra cette fiche et n’aura plus la sienne."),
    )

    def __init__(self, *args: Any, besides: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.besides = besides

    def clean_other(self) -> str:
        slug: str = self.cleaned_data["other"]
        if ids_by_slug([slug])[slug] == self.besides:
            raise forms.ValidationError(
                _("C’est la même fiche. Choisissez-en une autre."), code="same"
            )
        return slug
