"""The operations of a budget, as a person types them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliage.fund.money.ledger import Envelope, PostingKind
from alliage.fund.states import Role
from alliage_web.actors.forms.fields import OrganisationField
from alliage_web.audit.forms import OnceForm
from alliage_web.fund.models.budget import FIRST_YEAR, LAST_YEAR

from .amounts import EurosField

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from alliage_web.fund.models import Funder, Strand

_HEADER = ("booked_on", "reason", "reference")
_OPERATION = ("amount", *_HEADER)


class _DatedForm(OnceForm):
    """What every posting says: when it counts, why, and what proves it."""

    booked_on = forms.DateField(
        label=_("Date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Le jour qui compte : celui de la décision, de l’appel ou du relevé."),
    )
    reason = forms.CharField(
        label=_("Motif"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Pourquoi, en une phrase. Il reste pour toujours : n’y nommez personne."),
    )
    reference = forms.CharField(
        label=_("Pièce"),
        max_length=300,
        required=False,
        help_text=_("Le document qui le prouve : relevé de décisions, convention, ligne bancaire."),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.initial.setdefault("booked_on", today)

    def clean_booked_on(self) -> dt.date:
        booked_on: dt.date = self.cleaned_data["booked_on"]
        if booked_on > self.today:
            raise forms.ValidationError(
                _("Cette date n’est pas encore venue. Datez d’aujourd’hui au plus tard.")
            )
        return booked_on

    @property
    def header(self) -> dict[str, Any]:
        """Return what the actions take of every posting."""
        return {name: self.cleaned_data[name] for name in _HEADER}


class OperationForm(_DatedForm):
    """An operation that the officers of a fund write by hand; the others come from files."""

    amount = EurosField(label=_("Montant en euros"))

    field_order = [*_OPERATION]

    @property
    def about(self) -> dict[str, Any]:
        """Return what the posting is about."""
        return {}


class PromiseForm(OperationForm):
    """A promise: the organisation becomes a funder if it is not one yet."""

    organisation = OrganisationField(
        label=_("Financeur"),
        help_text=_("Une organisation de l’annuaire. Ajoutez-la d’abord si elle n’y est pas."),
    )

    field_order = ["organisation", *_OPERATION]

    def __init__(self, *args: Any, strands: Any, funders: Any, **kwargs: Any) -> None:
        del strands, funders
        super().__init__(*args, **kwargs)


class FunderForm(OperationForm):
    """An operation on what a funder promised."""

    funder = forms.ChoiceField(label=_("Financeur"))

    field_order = ["funder", *_OPERATION]

    def __init__(self, *args: Any, strands: Any, funders: Iterable[Funder], **kwargs: Any) -> None:
        del strands
        super().__init__(*args, **kwargs)
        self.fields["funder"].choices = [(row.code, str(row)) for row in funders]  # type: ignore[attr-defined]

    @property
    def about(self) -> dict[str, Any]:
        return {"funder": self.cleaned_data["funder"]}


def _year_field(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=FIRST_YEAR, max_value=LAST_YEAR)


class EnvelopeForm(OperationForm):
    """An operation on one envelope."""

    strand = forms.ChoiceField(label=_("Volet"))
    year = _year_field(_("Année de l’enveloppe"))

    field_order = ["strand", "year", *_OPERATION]

    def __init__(self, *args: Any, strands: Iterable[Strand], funders: Any, **kwargs: Any) -> None:
        del funders
        super().__init__(*args, **kwargs)
        self.fields["strand"].choices = [(row.code, str(row)) for row in strands]  # type: ignore[attr-defined]
        self.initial.setdefault("year", self.today.year)

    @property
    def about(self) -> dict[str, Any]:
        return {"envelope": Envelope(self.cleaned_data["strand"], self.cleaned_data["year"])}


class TransferForm(EnvelopeForm):
    """A transfer between two envelopes, decided by whom the library says."""

    to_strand = forms.ChoiceField(label=_("Volet qui reçoit"))
    to_year = _year_field(_("Année de l’enveloppe qui reçoit"))
    decided_by = forms.ChoiceField(
        label=_("Décidé par"),
        choices=[
            (Role.FUND_OFFICER.value, _("la gestion du fonds (d’une année à l’autre)")),
            (Role.COMMITTEE.value, _("le comité (aussi d’un volet à l’autre)")),
        ],
        widget=forms.RadioSelect,
    )

    field_order = ["strand", "year", "to_strand", "to_year", "decided_by", *_OPERATION]

    def __init__(self, *args: Any, strands: Iterable[Strand], **kwargs: Any) -> None:
        super().__init__(*args, strands=strands, **kwargs)
        self.fields["strand"].label = _("Volet qui donne")
        self.fields["year"].label = _("Année de l’enveloppe qui donne")
        self.fields["to_strand"].choices = self.fields["strand"].choices  # type: ignore[attr-defined]
        self.initial.setdefault("to_year", self.today.year)
        self.fields["reference"].required = True
        self.fields["reference"].help_text = _(
            "La décision : « Comité du 12 mars 2026, relevé de décisions no 4 »."
        )

    @property
    def about(self) -> dict[str, Any]:
        return {
            **super().about,
            "to_envelope": Envelope(self.cleaned_data["to_strand"], self.cleaned_data["to_year"]),
        }

    @property
    def decider(self) -> Role:
        return Role(self.cleaned_data["decided_by"])


#: The form of each operation that the officers write by hand, in the order of the page.
OPERATION_FORMS: Mapping[PostingKind, type[OperationForm]] = {
    PostingKind.PROMISE: PromiseForm,
    PostingKind.PROMISE_DECREASE: FunderForm,
    PostingKind.CALL: FunderForm,
    PostingKind.RECEIPT: FunderForm,
    PostingKind.ALLOTMENT: EnvelopeForm,
    PostingKind.ALLOTMENT_WITHDRAWAL: EnvelopeForm,
    PostingKind.TRANSFER: TransferForm,
}


class DeclarationForm(_DatedForm):
    """The decision that a statement on the endowment is the one in force."""

    decided_by = forms.CharField(
        label=_("Décidé par"),
        max_length=200,
        help_text=_("Une instance, comme « Conseil du fonds » : ne nommez personne."),
    )

    field_order = ["decided_by", *_HEADER]


class ClosingForm(_DatedForm):
    """The closing of a year."""

    year = _year_field(_("Année à clore"))
    understood = forms.BooleanField(
        label=_("Je sais qu’une année close ne se rouvre pas."),
    )

    field_order = ["year", *_HEADER, "understood"]


class ReversalForm(_DatedForm):
    """What undoes a posting."""
