"""What a person says to find help: nothing is asked that they must give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from alliage.positioning.questionnaire import questionnaire
from alliage.territories.levels import Level
from alliage_web.actors.forms import TerritoryField
from alliage_web.positioning.models import WORLDS
from alliage_web.positioning.queries.orientation_words import in_language
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import terms

if TYPE_CHECKING:
    from django.http import QueryDict

    from alliage_web.territories.queries import Suggestion


class SupportForm(forms.Form):
    """A door, a world, a theme, a commune, each of which may be left out."""

    territory = TerritoryField(
        label=gettext_lazy("Votre commune"),
        levels=[Level.COMMUNE.value],
        required=False,
        help_text=gettext_lazy("Par son nom ou son code postal, pour voir ce qui est proche."),
    )
    door = forms.ChoiceField(label=gettext_lazy("Votre porte"), required=False)
    world = forms.ChoiceField(
        label=gettext_lazy("Votre monde"),
        choices=[("", gettext_lazy("Tous")), *WORLDS],
        required=False,
    )
    domain = forms.ChoiceField(label=gettext_lazy("Votre thème"), required=False)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        every = ("", gettext_lazy("Toutes"))
        doors = [(door.code, in_language(door, "name")) for door in questionnaire().doors]
        self._choose("door", [every, *doors])
        themes = [(term.code, term.label) for term in terms(Scheme.DOMAIN)]
        self._choose("domain", [("", gettext_lazy("Tous")), *themes])

    def _choose(self, name: str, choices: list[Any]) -> None:
        found = self.fields[name]
        assert isinstance(found, forms.ChoiceField)
        found.choices = choices

    @property
    def place(self) -> Suggestion | None:
        """The commune, or None if none is given or clear."""
        found = self.fields["territory"]
        assert isinstance(found, TerritoryField)
        return found.chosen(self.cleaned_data.get("territory", ""))
