"""The forms of « Mes données »: a name to correct, an erasure to confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage_web.accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Mapping


class NameForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": gettext_lazy("Votre nom")}
        help_texts = {
            "name": gettext_lazy("Tel que le voient les personnes avec qui vous travaillez ici.")
        }
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class ErasureForm(forms.Form):
    """Confirm an erasure by typing the address of the account."""

    address = forms.CharField(
        max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, person: User, own: bool) -> None:
        super().__init__(data)
        self._person = person
        field = self.fields["address"]
        field.label = (
            _("Pour confirmer, écrivez votre adresse électronique")
            if own
            else _("Pour confirmer, écrivez l’adresse électronique de cette personne")
        )
        field.help_text = person.email

    def clean_address(self) -> str:
        """Refuse any other address, so that nobody is erased by a slip."""
        address: str = self.cleaned_data["address"].strip()
        if address.lower() != self._person.email.lower():
            raise ValidationError(
                _("Ce n’est pas « %(address)s ». Rien n’est effacé : recopiez l’adresse."),
                params={"address": self._person.email},
            )
        return address


class PeopleForm(forms.Form):
    q = forms.CharField(
        label=gettext_lazy("Nom ou adresse électronique"), max_length=200, required=False
    )
