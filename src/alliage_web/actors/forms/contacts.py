"""The forms of a contact: for who manages them, and for the person themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage_web.actors.actions.contacts import ContactDetails
from alliage_web.actors.models import ConsentHow, ConsentPurpose
from alliage_web.audit.forms import OnceForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alliage_web.actors.models import Contact

#: Said by the person elsewhere: on the platform, they say it themselves.
_HOW_FOR_OTHERS = [choice for choice in ConsentHow.choices if choice[0] != ConsentHow.PLATFORM]


_TELEPHONE = re.compile(r"\+?[ ().-]*(?:[0-9][ ().-]*){4,20}")


def _details_of(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in ("name", "function", "email", "phone")}


class _DetailsForm(OnceForm):
    """What is said of a contact, and the purposes that they agree to."""

    name = forms.CharField(label=gettext_lazy("Nom"), max_length=120)
    function = forms.CharField(label=gettext_lazy("Fonction"), max_length=120, required=False)
    email = forms.EmailField(label=gettext_lazy("Adresse électronique"), required=False)
    phone = forms.CharField(
        label=gettext_lazy("Téléphone"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    consents = forms.MultipleChoiceField(
        choices=ConsentPurpose.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    def clean_phone(self) -> str:
        """Refuse what is not a telephone number, such as a second address."""
        phone: str = self.cleaned_data["phone"].strip()
        if phone and not _TELEPHONE.fullmatch(phone):
            raise ValidationError(
                _("« %(phone)s » n’est pas un numéro de téléphone. Exemple : 01 23 45 67 89."),
                params={"phone": phone},
            )
        return phone

    @property
    def details(self) -> ContactDetails:
        """What the form says of the contact, once it is valid."""
        said = self.cleaned_data
        return ContactDetails(
            name=said["name"], function=said["function"], email=said["email"], phone=said["phone"]
        )

    def refuse_twin(self) -> None:
        """Say that the organisation already has a contact with this address."""
        self.add_error(
            "email",
            _("L’organisation a déjà un contact à cette adresse : modifiez plutôt celui-là."),
        )


class ContactForm(_DetailsForm):
    """A contact written by somebody else, or by themselves in their own organisation."""

    is_me = forms.BooleanField(label=gettext_lazy("Ce contact, c’est moi"), required=False)
    how = forms.ChoiceField(
        label=gettext_lazy("Comment cette personne l’a accepté"),
        choices=_HOW_FOR_OTHERS,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("À dire pour chaque accord que vous ajoutez."),
    )
    field_order = ("name", "function", "email", "phone", "is_me", "consents", "how")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        contact: Contact | None = None,
        agreed: Mapping[str, Any] | None = None,
        own: bool = False,
    ) -> None:
        self._agreed = dict(agreed or {})
        initial: dict[str, Any] = {"consents": list(self._agreed)}
        if contact:
            initial |= _details_of(contact)
        super().__init__(data, initial=initial)
        self._own = own
        self.fields["consents"].label = _("Cette personne accepte de")
        self.fields["consents"].help_text = _(
            "Sans accord, seules les personnes qui voient l’espace de l’organisation la voient."
        )
        if contact:
            # Whose account it is was told when the contact was added.
            del self.fields["is_me"]

    @property
    def is_own(self) -> bool:
        """Whether the contact is the person who fills the form."""
        return self._own or bool(self.cleaned_data.get("is_me"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        is_new = bool(set(said.get("consents", ())) - self._agreed.keys())
        if is_new and not said.get("how") and not self.is_own:
            self.add_error("how", _("Dites comment cette personne a donné son accord."))
        return said

    @property
    def agreed_to(self) -> dict[str, str]:
        """How each purpose was agreed to; a consent that stands keeps how it was obtained."""
        how = ConsentHow.PLATFORM.value if self.is_own else self.cleaned_data["how"]
        return {
            purpose: self._agreed[purpose].how if purpose in self._agreed else how
            for purpose in self.cleaned_data["consents"]
        }


class OwnContactForm(_DetailsForm):
    """A contact corrected by themselves, from the link that they received."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, contact: Contact, agreed: Mapping[str, Any]
    ) -> None:
        super().__init__(data, initial=_details_of(contact) | {"consents": list(agreed)})
        self.fields["consents"].label = _("J’accepte de")
        self.fields["consents"].help_text = _(
            "Sans accord, seules les personnes qui travaillent avec l’organisation vous voient."
        )

    @property
    def agreed_to(self) -> dict[str, str]:
        """Every purpose agreed to, said by the person."""
        return dict.fromkeys(self.cleaned_data["consents"], ConsentHow.PLATFORM.value)
