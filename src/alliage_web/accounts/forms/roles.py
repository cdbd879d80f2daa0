"""Inviting, giving a role, changing its end, asking for a replacement."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alliage_web.accounts.actions import NOT_DELEGATED
from alliage_web.accounts.models import Role, User
from alliage_web.accounts.queries import MEMBER, kind_of, role_label
from alliage_web.audit.forms import OnceForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alliage_web.accounts.models import RoleHolding
    from alliage_web.accounts.queries import Place

MOST_ADDRESSES: Final = 50
_LONGEST_ADDRESS: Final = 254
#: How belonging to an organisation is written in a form, where an empty value is no choice.
MEMBERSHIP: Final = "member"


def end_of(day: dt.date) -> dt.datetime:
    """Return the moment when a day ends, in the time of the platform."""
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(0))
    return timezone.make_aware(midnight)


def start_of(day: dt.date) -> dt.datetime:
    """Return the moment when a day begins, in the time of the platform."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(0)))


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day_field(label: Any, help_text: Any = "", *, required: bool = False) -> forms.DateField:
    return forms.DateField(label=label, help_text=help_text, required=required, widget=DayInput())


class _RoleForm(OnceForm):
    """What is given at a place: a role, for an organisation where it acts for one, until a day."""

    role = forms.ChoiceField(label=gettext_lazy("Rôle"))
    organisation = forms.ChoiceField(
        label=gettext_lazy("Pour quelle organisation ?"),
        help_text=gettext_lazy(
            "Seulement pour une partie prenante : l’organisation pour laquelle elle agit ici."
        ),
        required=False,
    )
    last_day = day_field(
        gettext_lazy("Jusqu’au"),
        gettext_lazy(
            "Ce jour compris. Vide : sans fin prévue ; on peut toujours la fixer ensuite."
        ),
    )

    def __init__(
        self, *args: Any, where: Place, gives: Sequence[str], today: dt.date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self._organisations = _organisations_at(where)
        given = [role for role in gives if role != Role.PARTY_MEMBER or self._organisations]
        roles = [
            (role or MEMBERSHIP, role_label(role) or _("Membre de l’organisation"))
            for role in given
        ]
        self.fields["role"] = forms.ChoiceField(
            label=_("Rôle"),
            choices=roles,
            widget=forms.RadioSelect,
            initial=roles[0][0] if len(roles) == 1 else None,
        )
        if Role.PARTY_MEMBER in given:
            choices = [("", "---------")]
            choices += [(one.name, one.title) for one in self._organisations]
            organisation = self.fields["organisation"]
            assert isinstance(organisation, forms.ChoiceField)
            organisation.choices = choices
        else:
            del self.fields["organisation"]

    def clean_last_day(self) -> dt.date | None:
        return _not_past(self.cleaned_data["last_day"], self.today)

    def clean(self) -> dict[str, Any]:
        super().clean()
        role = self.cleaned_data.get("role")
        if role == Role.PARTY_MEMBER and not self.cleaned_data.get("organisation"):
            self.add_error(
                "organisation", _("Choisissez l’organisation pour laquelle la personne agit.")
            )
        if role == MEMBERSHIP and self.cleaned_data.get("last_day"):
            self.add_error(
                "last_day",
                _("L’appartenance à une organisation n’a pas de date de fin : laissez vide."),
            )
        return self.cleaned_data

    @property
    def offered(self) -> dict[str, Any]:
        """What is given, as the actions take it."""
        role = self.cleaned_data["role"]
        organisation = self.cleaned_data.get("organisation", "")
        return {
            "role": MEMBER if role == MEMBERSHIP else role,
            "organisation": organisation if role == Role.PARTY_MEMBER else "",
        }

    @property
    def end(self) -> dt.datetime | None:
        day = self.cleaned_data["last_day"]
        return end_of(day) if day else None


class InviteForm(_RoleForm):
    emails = forms.CharField(
        label=gettext_lazy("Adresses électroniques"),
        help_text=gettext_lazy("Une par ligne, cinquante au plus."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        max_length=MOST_ADDRESSES * 260,
    )
    message = forms.CharField(
        label=gettext_lazy("Un mot pour les personnes invitées"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1000,
        required=False,
    )
    field_order = ("emails", "role", "organisation", "last_day", "message")

    def clean_emails(self) -> list[str]:
        found: dict[str, int] = {}
        faults = []
        for line, address in _lines(self.cleaned_data["emails"]):
            lowered = address.lower()
            if lowered in found:
                faults.append(
                    _("Ligne %(line)s : « %(address)s » est déjà à la ligne %(first)s.")
                    % {"line": line, "address": address, "first": found[lowered]}
                )
            elif not _is_address(address):
                faults.append(
                    _("Ligne %(line)s : « %(address)s » n’est pas une adresse électronique.")
                    % {"line": line, "address": address}
                )
            found.setdefault(lowered, line)
        if len(found) > MOST_ADDRESSES:
            faults.append(
                _("%(count)s adresses : envoyez-en cinquante au plus à la fois.")
                % {"count": len(found)}
            )
        if faults:
            raise ValidationError(faults)
        return list(found)

    def refuse(self, faults: dict[str, str]) -> None:
        """Say, line by line, why nobody was invited."""
        sentences = {
            "holds": _("Ligne %(line)s : %(address)s tient déjà ce rôle ici."),
            "waits": _(
                "Ligne %(line)s : %(address)s a déjà reçu cette invitation. Vous pouvez la "
                "renvoyer depuis l’espace."
            ),
        }
        for line, address in _lines(self.data.get("emails", "")):
            if fault := faults.get(address.lower()):
                self.add_error("emails", sentences[fault] % {"line": line, "address": address})

    def refuse_too_many(self, left: int) -> None:
        self.add_error(
            "emails",
            ngettext(
                "Vous pouvez encore inviter %(left)s personne aujourd’hui. Continuez demain, ou "
                "demandez à une autre personne de l’espace.",
                "Vous pouvez encore inviter %(left)s personnes aujourd’hui. Continuez demain, ou "
                "demandez à une autre personne de l’espace.",
                left,
            )
            % {"left": left},
        )


class GiveForm(_RoleForm):
    email = forms.EmailField(
        label=gettext_lazy("Adresse électronique du compte"),
        help_text=gettext_lazy("Sans compte, invitez la personne plutôt."),
    )
    field_order = ("email", "role", "organisation", "last_day")

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        self.person = User.objects.filter(email__iexact=email, is_active=True).first()
        if self.person is None:
            raise ValidationError(
                _("Aucun compte ouvert n’a cette adresse. Invitez la personne plutôt.")
            )
        return str(email)


class EndForm(forms.Form):
    last_day = day_field(
        gettext_lazy("Jusqu’au"),
        gettext_lazy("Ce jour compris. Vide : sans fin prévue."),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_last_day(self) -> dt.date | None:
        return _not_past(self.cleaned_data["last_day"], self.today)

    @property
    def end(self) -> dt.datetime | None:
        day = self.cleaned_data["last_day"]
        return end_of(day) if day else None


class DelegateForm(forms.Form):
    holding = forms.ChoiceField(label=gettext_lazy("Quel rôle ?"), widget=forms.RadioSelect)
    person = forms.ChoiceField(
        label=gettext_lazy("Qui vous remplace ?"),
        help_text=gettext_lazy("Les personnes qui travaillent déjà avec vous."),
        required=False,
    )
    email = forms.EmailField(
        label=gettext_lazy("Ou l’adresse de son compte"),
        help_text=gettext_lazy("Si la personne n’est pas dans la liste."),
        required=False,
    )
    first_day = day_field(gettext_lazy("À partir du"), required=True)
    last_day = day_field(
        gettext_lazy("Jusqu’au"),
        gettext_lazy("Ce jour compris, trois mois au plus."),
        required=True,
    )

    def __init__(
        self,
        *args: Any,
        holdings: Iterable[tuple[RoleHolding, str]],
        people: Iterable[User],
        today: dt.date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self._holdings = {
            str(holding.pk): (holding, label)
            for holding, label in holdings
            if holding.role not in NOT_DELEGATED
        }
        self._people = {str(person.pk): person for person in people}
        _choose(self, "holding", [(key, label) for key, (_row, label) in self._holdings.items()])
        people_choices = [("", _("Choisissez"))]
        people_choices += [(key, str(person)) for key, person in self._people.items()]
        _choose(self, "person", people_choices)
        if len(self._holdings) == 1:
            self.initial.setdefault("holding", next(iter(self._holdings)))

    @property
    def has_roles(self) -> bool:
        """Whether one role at least can be entrusted."""
        return bool(self._holdings)

    def clean_first_day(self) -> dt.date | None:
        return _not_past(self.cleaned_data["first_day"], self.today)

    def clean(self) -> dict[str, Any]:
        super().clean()
        chosen, email = self.cleaned_data.get("person"), self.cleaned_data.get("email")
        if chosen and email:
            self.add_error(
                "email", _("Choisissez dans la liste, ou écrivez une adresse : pas les deux.")
            )
        elif email:
            self._find(email)
        elif chosen:
            self.delegate = self._people[chosen]
        elif "email" not in self.errors:
            self.add_error("person", _("Choisissez qui vous remplace, ou écrivez son adresse."))
        return self.cleaned_data

    def _find(self, email: str) -> None:
        found = User.objects.filter(email__iexact=email, is_active=True).first()
        if found is None:
            self.add_error(
                "email",
                _("Aucun compte ouvert n’a cette adresse. Demandez à la personne de s’inscrire."),
            )
        else:
            self.delegate = found

    @property
    def chosen(self) -> dict[str, Any]:
        """What is entrusted, as the action takes it."""
        return {
            "holding": self._holdings[self.cleaned_data["holding"]][0],
            "delegate": self.delegate,
            "starts_at": start_of(self.cleaned_data["first_day"]),
            "ends_at": end_of(self.cleaned_data["last_day"]),
        }


class AskForm(forms.Form):
    """« May this person …? »; asked with GET, so that the answer has an address."""

    qui = forms.ChoiceField(label=gettext_lazy("Qui ?"))
    droit = forms.ChoiceField(label=gettext_lazy("Peut…"))

    def __init__(
        self,
        *args: Any,
        people: Sequence[tuple[str, str]],
        permissions: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "qui", people)
        _choose(self, "droit", permissions)


def _choose(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _organisations_at(where: Place) -> Sequence[Place]:
    kind = kind_of(where.name)
    return kind.organisations(where.object) if kind and kind.organisations else ()


def _not_past(day: dt.date | None, today: dt.date) -> dt.date | None:
    if day is not None and day < today:
        raise ValidationError(_("Cette date est passée. Choisissez aujourd’hui ou plus tard."))
    return day


def _lines(text: str) -> list[tuple[int, str]]:
    """Return each address with its line; commas and semicolons separate too."""
    return [
        (number, address)
        for number, line in enumerate(text.splitlines(), start=1)
        for address in line.replace(",", " ").replace(";", " ").split()
    ]


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= _LONGEST_ADDRESS
