"""Forms about organisations."""

from __future__ import annotations

from .fields import OrganisationField, TerritoriesField, TerritoryField
from .organisation import OrganisationForm
from .searching import CatalystSearchForm, ChooseOrganisationForm

__all__ = [
    "CatalystSearchForm",
    "ChooseOrganisationForm",
    "OrganisationField",
    "OrganisationForm",
    "TerritoriesField",
    "TerritoryField",
]
