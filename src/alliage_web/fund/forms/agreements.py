"""Agreements: who, under which law, for what, how much and when; then signatures and payments."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.law.legal_rules import shipped_rules
from alliage.fund.money.bank_details import BankAccount, InvalidBankDetailError
from alliage.fund.money.instalments import ReturnCause
from alliage.fund.states import Label
from alliage.values.money import ZERO, MoneyError, euros
from alliage_web.actors.forms.fields import OrganisationField
from alliage_web.actors.queries import by_slug
from alliage_web.alliances.forms.fields import AllianceField
from alliage_web.alliances.queries import find_by_code
from alliage_web.audit.forms import OnceForm
from alliage_web.files.forms import AddFileForm
from alliage_web.fund.actions.agreements import (
    ConditionValues,
    InstalmentValues,
    Parties,
    TermsValues,
)
from alliage_web.fund.forms.amounts import EurosField
from alliage_web.fund.models import (
    AgreementKind,
    ConditionKindChoices,
    MovementKind,
    SignatoryChoices,
    euros_of,
)
from alliage_web.fund.models.budget import FIRST_YEAR, LAST_YEAR
from alliage_web.fund.queries.agreement_wording import label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alliage.fund.law.legal_rules import KindRecord
    from alliage_web.fund.models import (
        Agreement,
        AgreementInstalment,
        AgreementVersion,
        Fund,
        PaymentOrder,
        Strand,
    )

_FACTS = ("passed_on", "general_interest", "public_resources", "economic_activity")
_MOST_INSTALMENTS = 12
_LEAST_SPARE = 1
_DATE = {"type": "date"}


def _day(text: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs=_DATE, format="%Y-%m-%d")
    return forms.DateField(label=text, widget=widget, required=required, help_text=hint)


def _yes_no(text: Any, hint: Any = "") -> forms.TypedChoiceField:
    """Ask a question that may stay without an answer: it is then neither yes nor no."""
    return forms.TypedChoiceField(
        label=text,
        help_text=hint,
        choices=(
            ("", gettext_lazy("pas encore connu")),
            ("yes", gettext_lazy("oui")),
            ("no", gettext_lazy("non")),
        ),
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
    )


class PartiesForm(OnceForm):
    """Who pays whom, in which envelope, and what the legal rules need to know."""

    kind = forms.ChoiceField(label=gettext_lazy("Ce qui est versé"), choices=AgreementKind.choices)
    receiver = OrganisationField(
        label=gettext_lazy("Bénéficiaire"),
        help_text=gettext_lazy("Qui reçoit l’argent : une organisation de l’annuaire."),
    )
    receiver_kind = forms.ChoiceField(label=gettext_lazy("Nature juridique du bénéficiaire"))
    payer = OrganisationField(label=gettext_lazy("Payeur"))
    payer_kind = forms.ChoiceField(label=gettext_lazy("Nature juridique du payeur"))
    alliance = AllianceField(label=gettext_lazy("Alliance"), required=False)
    strand = forms.ChoiceField(label=gettext_lazy("Volet"))
    year = forms.IntegerField(
        label=gettext_lazy("Année de l’enveloppe"), min_value=FIRST_YEAR, max_value=LAST_YEAR
    )
    beneficiary_kind = forms.ChoiceField(
        label=gettext_lazy("Pour qui l’action est menée"),
        help_text=gettext_lazy("Laissez vide si le bénéficiaire agit pour lui-même."),
        required=False,
    )
    passed_on = _yes_no(
        gettext_lazy("Le bénéficiaire doit-il reverser l’argent ?"),
        gettext_lazy("À celui pour qui l’action est menée."),
    )
    general_interest = _yes_no(gettext_lazy("L’action est-elle d’intérêt général ?"))
    public_resources = _yes_no(
        gettext_lazy("L’argent est-il public ?"),
        gettext_lazy("Ou l’État décide-t-il de son emploi ?"),
    )
    economic_activity = _yes_no(
        gettext_lazy("Le soutien porte-t-il sur une activité économique ?"),
        gettext_lazy("Quelle que soit la forme de qui reçoit."),
    )
    granted_before = EurosField(
        label=gettext_lazy("Déjà accordé par le payeur pour la même année, en euros"),
        help_text=gettext_lazy(
            "Écrivez 0 s’il n’y a rien. Vide veut dire « non connu » : la règle des 23 000 € ne "
            "peut alors pas se lire."
        ),
        required=False,
        zero=True,
    )
    de_minimis = forms.ChoiceField(
        label=gettext_lazy("Aides « de minimis » du bénéficiaire"),
        choices=(
            ("unknown", gettext_lazy("il ne les a pas déclarées")),
            ("none", gettext_lazy("il déclare n’en avoir reçu aucune")),
            ("list", gettext_lazy("il déclare celles ci-dessous")),
        ),
    )
    de_minimis_aids = forms.CharField(
        label=gettext_lazy("Aides déclarées"),
        help_text=gettext_lazy(
            "Une par ligne : date ; montant ; qui l’a accordée. Exemple : 2025-03-01 ; 12 000 ; "
            "Région."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        required=False,
    )
    aids: list[dict[str, str]] | None = None

    def __init__(self, *args: Any, fund: Fund, strands: Iterable[Strand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(each.code, _kind(each)) for each in shipped_rules().kinds]
        self.strands = {row.code: row for row in strands}
        self._choose("receiver_kind", [("", "—"), *kinds])
        self._choose("payer_kind", [("", "—"), *kinds])
        self._choose("beneficiary_kind", [("", "—"), *kinds])
        self._choose("strand", [(code, str(row)) for code, row in self.strands.items()])
        self.initial.setdefault("payer", fund.organisation.slug)
        self.initial.setdefault("payer_kind", "private_fund")

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("receiver") and data.get("receiver") == data.get("payer"):
            self.add_error("receiver", _("Le payeur et le bénéficiaire sont la même organisation."))
        match data.get("de_minimis"):
            case "none":
                self.aids = []
            case "list":
                self._read_aids(data.get("de_minimis_aids") or "")
        return data

    def _read_aids(self, text: str) -> None:
        try:
            self.aids = [_aid(line) for line in text.splitlines() if line.strip()]
        except (ValueError, MoneyError):
            self.add_error(
                "de_minimis_aids",
                _("Écrivez une aide par ligne : 2025-03-01 ; 12 000 ; qui l’a accordée."),
            )
            return
        if not self.aids:
            self.add_error("de_minimis_aids", _("Écrivez les aides déclarées, une par ligne."))

    @property
    def parties(self) -> Parties:
        data = self.cleaned_data
        before = data["granted_before"]
        return Parties(
            payer=by_slug(data["payer"]),
            receiver=by_slug(data["receiver"]),
            payer_kind=data["payer_kind"],
            receiver_kind=data["receiver_kind"],
            facts={
                "beneficiary_kind": data["beneficiary_kind"],
                **{name: data[name] for name in _FACTS},
                "granted_before_cents": None if before is None else int(before.scaleb(2)),
                "de_minimis": self.aids,
            },
        )

    @property
    def about(self) -> dict[str, Any]:
        """Return the envelope and the alliance."""
        data = self.cleaned_data
        return {
            "strand": self.strands[data["strand"]],
            "year": data["year"],
            "alliance": find_by_code(data["alliance"]) if data["alliance"] else None,
        }


def _kind(record: KindRecord) -> str:
    return label(Label(record.label_fr, record.label_en))


def _aid(line: str) -> dict[str, str]:
    day, amount, *by = (part.strip() for part in line.split(";", 2))
    clean = "".join(amount.split()).replace("€", "").replace(",", ".")
    return {
        "on": dt.date.fromisoformat(day).isoformat(),
        "eur": str(euros(clean)),
        "by": by[0] if by else "",
    }


def parties_initial(agreement: Agreement) -> dict[str, Any]:
    """Write what an agreement holds as the form shows it."""
    before, aids = agreement.granted_before_cents, agreement.de_minimis
    answers = {True: "yes", False: "no", None: ""}
    return {
        "kind": agreement.kind,
        "receiver": agreement.receiver.slug,
        "receiver_kind": agreement.receiver_kind,
        "payer": agreement.payer.slug,
        "payer_kind": agreement.payer_kind,
        "alliance": agreement.alliance.code if agreement.alliance else "",
        "strand": agreement.strand.code,
        "year": agreement.year,
        "beneficiary_kind": agreement.beneficiary_kind,
        **{name: answers[getattr(agreement, name)] for name in _FACTS},
        "granted_before": "" if before is None else _typed(euros_of(before)),
        "de_minimis": "unknown" if aids is None else "list" if aids else "none",
        "de_minimis_aids": "\n".join(
            f"{each['on']} ; {each['eur']} ; {each.get('by', '')}" for each in aids or ()
        ),
    }


def _typed(amount: Any) -> str:
    return str(amount).replace(".", ",").removesuffix(",00")


class TermsForm(forms.Form):
    """The terms of a version; an amendment says why."""

    objective = forms.CharField(
        label=gettext_lazy("Objet"),
        help_text=gettext_lazy("Ce que le bénéficiaire fera de l’argent."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
    )
    amount = EurosField(label=gettext_lazy("Montant de la convention, en euros"))
    clauses = forms.CharField(
        label=gettext_lazy("Engagements et conditions"),
        help_text=gettext_lazy("Comptes rendus, mention du soutien, emploi des sommes…"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=20000,
        required=False,
    )
    release_kind = forms.ChoiceField(
        label=gettext_lazy("Ce qui libère la retenue"),
        choices=[("", "—"), *ConditionKindChoices.choices],
        help_text=gettext_lazy("S’il y a une retenue sur une échéance."),
        required=False,
    )
    release_label = forms.CharField(label=gettext_lazy("Laquelle"), max_length=200, required=False)
    criteria = forms.CharField(
        label=gettext_lazy("Critères de succès de l’avance"),
        help_text=gettext_lazy(
            "Écrits avant le versement et signés des deux côtés : sans eux, rien n’est jamais dû."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
        required=False,
    )
    check_after_months = forms.IntegerField(
        label=gettext_lazy("Mois entre les déclarations et la vérification"),
        min_value=1,
        max_value=60,
        initial=12,
        required=False,
    )
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi cet avenant"), max_length=1000, required=False
    )

    def __init__(
        self, *args: Any, is_advance: bool | None = None, is_amendment: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if is_amendment:
            self.fields["reason"].required = True
            del self.fields["criteria"], self.fields["check_after_months"]
        else:
            del self.fields["reason"]
            if is_advance is False:
                del self.fields["criteria"], self.fields["check_after_months"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if bool(data.get("release_kind")) != bool(data.get("release_label")):
            self.add_error("release_label", _("Dites la nature de cette condition, et laquelle."))
        return data

    def terms(self, instalments: Iterable[InstalmentValues]) -> TermsValues:
        data = self.cleaned_data
        release = data["release_kind"] and (
            ConditionValues(data["release_kind"], data["release_label"]),
        )
        return TermsValues(
            objective=data["objective"],
            amount=data["amount"],
            instalments=tuple(instalments),
            clauses=data["clauses"],
            release=release or (),
            criteria=data.get("criteria") or "",
            check_after_months=data.get("check_after_months") or 12,
        )


class InstalmentForm(forms.Form):
    """An instalment: an amount, and a date or a condition. An empty row is left out."""

    code = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    title = forms.CharField(label=gettext_lazy("Échéance"), max_length=120)
    amount = EurosField(label=gettext_lazy("Montant, en euros"))
    due_on = _day(gettext_lazy("À partir du"), required=False)
    condition_kind = forms.ChoiceField(
        label=gettext_lazy("Condition"),
        choices=[("", gettext_lazy("aucune")), *ConditionKindChoices.choices],
        required=False,
    )
    condition_label = forms.CharField(
        label=gettext_lazy("Laquelle"), max_length=200, required=False
    )
    held_back = EurosField(label=gettext_lazy("Dont retenue, en euros"), required=False, zero=True)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if bool(data.get("condition_kind")) != bool(data.get("condition_label")):
            self.add_error("condition_label", _("Dites la nature de cette condition, et laquelle."))
        return data

    @property
    def values(self) -> InstalmentValues:
        data = self.cleaned_data
        condition = data["condition_kind"] and (
            ConditionValues(data["condition_kind"], data["condition_label"]),
        )
        return InstalmentValues(
            title=data["title"],
            amount=data["amount"],
            due_on=data["due_on"],
            conditions=condition or (),
            held_back=data["held_back"] or ZERO,
            code=data["code"],
        )


_Rows = forms.formset_factory(
    InstalmentForm, extra=0, max_num=_MOST_INSTALMENTS, absolute_max=_MOST_INSTALMENTS
)
_ROW_FIELDS = tuple(InstalmentForm.base_fields)


class InstalmentRows:
    """The rows of the instalments, with spare ones; « add » shows more and loses nothing."""

    PREFIX = "instalments"

    def __init__(self, data: Any = None, initial: Sequence[dict[str, Any]] = ()) -> None:
        if data is not None and "add" in data:
            data, initial = None, _as_typed(data)
        if data is None:
            spare = max(_LEAST_SPARE, 3 - len(initial))
            rows = [*initial, *({} for _each in range(spare))][:_MOST_INSTALMENTS]
            self.formset = _Rows(initial=rows, prefix=self.PREFIX)
        else:
            self.formset = _Rows(data, prefix=self.PREFIX)
        for row in self.formset.forms:
            row.empty_permitted = True

    def is_valid(self) -> bool:
        return bool(self.formset.is_valid())

    @property
    def values(self) -> list[InstalmentValues]:
        return [row.values for row in self.formset.forms if row.has_changed()]


def _as_typed(data: Any) -> list[dict[str, Any]]:
    """Give the rows as they were typed."""
    start = InstalmentRows.PREFIX
    count = (
        int(data.get(f"{start}-TOTAL_FORMS") or 0)
        if (str(data.get(f"{start}-TOTAL_FORMS")).isdigit())
        else 0
    )
    rows = [
        {name: data.get(f"{start}-{rank}-{name}", "") for name in _ROW_FIELDS}
        for rank in range(min(count, _MOST_INSTALMENTS))
    ]
    return [row for row in rows if any(row.values())]


def instalment_initial(row: AgreementInstalment) -> dict[str, Any]:
    """Write an instalment as its row shows it."""
    condition = next(iter(row.conditions.all()), None)
    return {
        "code": row.code,
        "title": row.title,
        "amount": _typed(row.eur),
        "due_on": row.due_on,
        "condition_kind": condition.kind if condition else "",
        "condition_label": condition.label if condition else "",
        "held_back": _typed(row.held_back) if row.held_back else "",
    }


def terms_initial(version: AgreementVersion) -> dict[str, Any]:
    """Write the terms of a version as the form shows them."""
    release = version.release.first()
    advance = getattr(version.agreement, "advance", None)
    return {
        "objective": version.objective,
        "amount": _typed(version.eur),
        "clauses": version.clauses,
        "release_kind": release.kind if release else "",
        "release_label": release.label if release else "",
        "criteria": advance.criteria if advance else "",
        "check_after_months": advance.check_after_months if advance else 12,
        "reason": version.reason,
    }


class SignatureForm(AddFileForm):
    """Who signed, for whom, when, and the signed document."""

    party = forms.ChoiceField(label=gettext_lazy("Signature"), choices=SignatoryChoices.choices)
    signatory = forms.CharField(
        label=gettext_lazy("Nom de la personne qui a signé"), max_length=120
    )
    function = forms.CharField(label=gettext_lazy("En qualité de"), max_length=120, required=False)
    signed_on = _day(gettext_lazy("Signée le"))

    field_order = ["party", "signatory", "function", "signed_on", "file"]

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["title"]
        self.today = today
        self.initial.setdefault("signed_on", today)

    def clean_signed_on(self) -> dt.date:
        return _not_later(self.cleaned_data["signed_on"], self.today)


def _not_later(day: dt.date, today: dt.date) -> dt.date:
    if day > today:
        raise forms.ValidationError(
            _("Cette date n’est pas encore venue. Datez d’aujourd’hui au plus tard.")
        )
    return day


class ReasonForm(OnceForm):
    """A decision with its reason, and what the person vouches for."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )
    vouched = forms.BooleanField(required=False)

    def __init__(self, *args: Any, vouched: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if vouched:
            self.fields["vouched"].label = vouched
        else:
            del self.fields["vouched"]


class ConditionForm(OnceForm):
    """A condition that is met, since when and what proves it."""

    met_on = _day(gettext_lazy("Remplie le"))
    evidence = forms.CharField(
        label=gettext_lazy("Ce qui le prouve"),
        help_text=gettext_lazy("Un compte rendu, un courrier, un lien : de quoi le retrouver."),
        max_length=500,
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.initial.setdefault("met_on", today)

    def clean_met_on(self) -> dt.date:
        return _not_later(self.cleaned_data["met_on"], self.today)


class OrderForm(OnceForm):
    """An order to pay an instalment, in whole or in part."""

    amount = EurosField(label=gettext_lazy("Montant à verser, en euros"))
    execute_on = _day(gettext_lazy("À exécuter le"))
    reason = forms.CharField(label=gettext_lazy("Motif lu sur le relevé"), max_length=140)
    bank_details_checked = forms.BooleanField(
        label=gettext_lazy(
            "J’ai vérifié les coordonnées bancaires auprès du bénéficiaire, par un autre canal que "
            "celui qui les a données."
        ),
        error_messages={
            "required": gettext_lazy("Vérifiez d’abord les coordonnées bancaires du bénéficiaire.")
        },
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("execute_on", today)


class ConfirmForm(forms.Form):
    """What the bank says of an order."""

    answer = forms.ChoiceField(
        label=gettext_lazy("Ce que dit la banque"),
        choices=(
            ("paid", gettext_lazy("le virement est passé")),
            ("rejected", gettext_lazy("le virement est rejeté : rien n’a été versé")),
        ),
        widget=forms.RadioSelect,
    )
    amount = EurosField(
        label=gettext_lazy("Montant passé, en euros"),
        help_text=gettext_lazy("Moins que l’ordre s’il n’est passé qu’en partie."),
        required=False,
    )
    paid_on = _day(gettext_lazy("Le"), required=False)

    def __init__(self, *args: Any, order: PaymentOrder, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.initial.update(answer="paid", amount=_typed(order.eur), paid_on=today)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("answer") == "paid":
            for name in ("amount", "paid_on"):
                if data.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Donnez le montant et le jour du virement."))
            if data.get("paid_on") and data["paid_on"] > self.today:
                self.add_error("paid_on", _("Cette date n’est pas encore venue."))
        return data


class ReturnForm(OnceForm):
    """Money that came back."""

    amount = EurosField(label=gettext_lazy("Montant revenu, en euros"))
    returned_on = _day(gettext_lazy("Revenu le"))
    cause = forms.ChoiceField(
        label=gettext_lazy("Pourquoi"),
        choices=(
            (
                MovementKind.BANK_REJECTION.value,
                gettext_lazy("rejeté par la banque : reste à payer"),
            ),
            (MovementKind.UNDUE.value, gettext_lazy("il n’était pas dû : il ne se paie plus")),
        ),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.initial.setdefault("returned_on", today)

    def clean_returned_on(self) -> dt.date:
        return _not_later(self.cleaned_data["returned_on"], self.today)

    def clean_cause(self) -> ReturnCause:
        return ReturnCause(self.cleaned_data["cause"])


class BankFileForm(forms.Form):
    """The bank details of one file: they are used to write it, and kept nowhere."""

    debtor_holder = forms.CharField(
        label=gettext_lazy("Titulaire du compte du payeur"), max_length=140
    )
    debtor_iban = forms.CharField(
        label=gettext_lazy("IBAN du payeur"), max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    debtor_bic = forms.CharField(
        label=gettext_lazy("BIC du payeur"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, orders: Sequence[PaymentOrder], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.orders = {f"iban_{order.pk}": order for order in orders}
        for name, order in self.orders.items():
            self.fields[name] = forms.CharField(
                label=_("IBAN de %(name)s") % {"name": order.agreement.receiver.name},
                help_text=_("Ordre %(key)s. Vide : cet ordre n’entre pas dans le fichier.")
                % {"key": order.key},
                max_length=50,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
        self.accounts: dict[int, BankAccount] = {}
        self.debtor: BankAccount | None = None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        self.debtor = self._account(
            "debtor_iban",
            data.get("debtor_holder", ""),
            data.get("debtor_iban", ""),
            data.get("debtor_bic", ""),
        )
        for name, order in self.orders.items():
            account = self._account(name, order.agreement.receiver.name, data.get(name, ""), "")
            if account is not None:
                self.accounts[order.pk] = account
        if not self.accounts and not self.errors:
            raise forms.ValidationError(_("Donnez l’IBAN d’un bénéficiaire au moins."))
        return data

    def _account(self, field: str, holder: str, iban: str, bic: str) -> BankAccount | None:
        if not iban or not holder:
            return None
        try:
            return BankAccount(holder, iban, bic)
        except InvalidBankDetailError as error:
            self.add_error(
                "debtor_bic" if bic and error.kind.value == "BIC" else field,
                _("Ce %(kind)s n’est pas bien formé (%(masked)s). Recopiez-le depuis le relevé.")
                % {"kind": error.kind.value, "masked": error.masked or "…"},
            )
            return None
