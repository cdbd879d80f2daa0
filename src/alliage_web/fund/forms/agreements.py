"""Agreements: who, under which law, for what, how much and when; then signatures and payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.money.bank_details import (
    BankAccount,
    BankDetailProblem,
    InvalidBankDetailError,
)
from alliage.fund.money.instalments import ReturnCause
from alliage.values.money import ZERO
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
from alliage_web.fund.forms.legal_facts import (
    LegalFactsForm,
    facts_initial,
    kinds_in_words,
    typed,
)
from alliage_web.fund.models import (
    AgreementKind,
    AgreementLever,
    ConditionKindChoices,
    MovementKind,
    SignatoryChoices,
)
from alliage_web.fund.models.budget import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from alliage_web.fund.models import (
        Agreement,
        AgreementCondition,
        AgreementInstalment,
        AgreementVersion,
        Fund,
        PaymentOrder,
        Strand,
    )

_MOST_INSTALMENTS = 12
_LEAST_SPARE = 1
#: An instalment, or what is held back, waits for at most as many.
MOST_CONDITIONS = 3
_DATE = {"type": "date"}


def _day(text: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs=_DATE, format="%Y-%m-%d")
    return forms.DateField(label=text, widget=widget, required=required, help_text=hint)


class PartiesForm(LegalFactsForm):
    """Who pays whom, in which envelope, and what the legal rules need to know."""

    kind = forms.ChoiceField(label=gettext_lazy("Ce qui est versé"), choices=AgreementKind.choices)
    receiver = OrganisationField(
        label=gettext_lazy("Bénéficiaire"),
        help_text=gettext_lazy("Qui reçoit l’argent : une organisation de l’annuaire."),
    )
    payer = OrganisationField(label=gettext_lazy("Payeur"))
    payer_kind = forms.ChoiceField(label=gettext_lazy("Nature juridique du payeur"))
    alliance = AllianceField(label=gettext_lazy("Alliance"), required=False)
    lever = forms.ChoiceField(
        label=gettext_lazy("Ce que l’argent paie"),
        choices=AgreementLever.choices,
        initial=AgreementLever.DIRECT_FUNDING,
        help_text=gettext_lazy("Le livre des soutiens le compte sous ce levier."),
        required=False,
    )
    strand = forms.ChoiceField(label=gettext_lazy("Volet"))
    year = forms.IntegerField(
        label=gettext_lazy("Année de l’enveloppe"), min_value=FIRST_YEAR, max_value=LAST_YEAR
    )

    def __init__(self, *args: Any, fund: Fund, strands: Iterable[Strand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.strands = {row.code: row for row in strands}
        self._choose("payer_kind", kinds_in_words())
        self._choose("strand", [(code, str(row)) for code, row in self.strands.items()])
        self.initial.setdefault("payer", fund.organisation.slug)
        self.initial.setdefault("payer_kind", "private_fund")

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("receiver") and data.get("receiver") == data.get("payer"):
            self.add_error("receiver", _("Le payeur et le bénéficiaire sont la même organisation."))
        return data

    @property
    def parties(self) -> Parties:
        data = self.cleaned_data
        return Parties(
            payer=by_slug(data["payer"]),
            receiver=by_slug(data["receiver"]),
            payer_kind=data["payer_kind"],
            receiver_kind=data["receiver_kind"],
            facts={
                **self.facts,
                "lever": data["lever"] or AgreementLever.DIRECT_FUNDING.value,
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


def parties_initial(agreement: Agreement) -> dict[str, Any]:
    """Write what an agreement holds as the form shows it."""
    return {
        **facts_initial(agreement),
        "kind": agreement.kind,
        "lever": agreement.lever,
        "receiver": agreement.receiver.slug,
        "payer": agreement.payer.slug,
        "payer_kind": agreement.payer_kind,
        "alliance": agreement.alliance.code if agreement.alliance else "",
        "strand": agreement.strand.code,
        "year": agreement.year,
    }


class _ConditionsForm(forms.Form):
    """A form that also asks for conditions, each by its nature and its words."""

    def ask_conditions(self, text: str, hint: str = "") -> None:
        for rank in range(1, MOST_CONDITIONS + 1):
            self.fields[f"condition_kind_{rank}"] = forms.ChoiceField(
                label=text if rank == 1 else _("Autre condition"),
                choices=[("", _("aucune")), *ConditionKindChoices.choices],
                help_text=hint if rank == 1 else "",
                required=False,
            )
            self.fields[f"condition_label_{rank}"] = forms.CharField(
                label=_("Laquelle"), max_length=200, required=False
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for rank in range(1, MOST_CONDITIONS + 1):
            if bool(data.get(f"condition_kind_{rank}")) != bool(
                data.get(f"condition_label_{rank}")
            ):
                self.add_error(
                    f"condition_label_{rank}", _("Dites la nature de cette condition, et laquelle.")
                )
        return data

    @property
    def conditions(self) -> tuple[ConditionValues, ...]:
        """Return the conditions written, the same once."""
        data = self.cleaned_data
        written = (
            ConditionValues(kind, data[f"condition_label_{rank}"])
            for rank in range(1, MOST_CONDITIONS + 1)
            if (kind := data[f"condition_kind_{rank}"])
        )
        return tuple(dict.fromkeys(written))

    @property
    def first_condition(self) -> tuple[Any, Any]:
        return self["condition_kind_1"], self["condition_label_1"]

    @property
    def other_conditions(self) -> list[tuple[Any, Any]]:
        return [
            (self[f"condition_kind_{rank}"], self[f"condition_label_{rank}"])
            for rank in range(2, MOST_CONDITIONS + 1)
        ]

    @property
    def has_other_conditions(self) -> bool:
        return any(
            field.value() or field.errors for pair in self.other_conditions for field in pair
        )


def _conditions_initial(rows: Iterable[AgreementCondition]) -> dict[str, str]:
    """Write conditions as the form shows them."""
    found: dict[str, str] = {}
    for rank, row in enumerate(rows, start=1):
        found |= {f"condition_kind_{rank}": row.kind, f"condition_label_{rank}": row.label}
    return found


class TermsForm(_ConditionsForm):
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
    ends_on = _day(
        gettext_lazy("Fin de l’action"),
        required=False,
        hint=gettext_lazy("Ce qui reste à faire, à verser et à renouveler se compte d’après elle."),
    )
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
        self.ask_conditions(
            _("Ce qui libère la retenue"), _("S’il y a une retenue sur une échéance.")
        )
        if is_amendment:
            self.fields["reason"].required = True
            del self.fields["criteria"], self.fields["check_after_months"]
        else:
            del self.fields["reason"]
            if is_advance is False:
                del self.fields["criteria"], self.fields["check_after_months"]

    def terms(self, instalments: Iterable[InstalmentValues]) -> TermsValues:
        data = self.cleaned_data
        return TermsValues(
            objective=data["objective"],
            amount=data["amount"],
            instalments=tuple(instalments),
            clauses=data["clauses"],
            ends_on=data["ends_on"],
            release=self.conditions,
            criteria=data.get("criteria") or "",
            check_after_months=data.get("check_after_months") or 12,
        )


class InstalmentForm(_ConditionsForm):
    """An instalment: an amount, and a date or conditions. An empty row is left out."""

    code = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    title = forms.CharField(label=gettext_lazy("Échéance"), max_length=120)
    amount = EurosField(label=gettext_lazy("Montant, en euros"))
    due_on = _day(gettext_lazy("À partir du"), required=False)
    held_back = EurosField(label=gettext_lazy("Dont retenue, en euros"), required=False, zero=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask_conditions(_("Condition"))

    @property
    def values(self) -> InstalmentValues:
        data = self.cleaned_data
        return InstalmentValues(
            title=data["title"],
            amount=data["amount"],
            due_on=data["due_on"],
            conditions=self.conditions,
            held_back=data["held_back"] or ZERO,
            code=data["code"],
        )


_Rows = forms.formset_factory(
    InstalmentForm, extra=0, max_num=_MOST_INSTALMENTS, absolute_max=_MOST_INSTALMENTS
)


class InstalmentRows:
    """The rows of the instalments, with spare ones; « add » shows more and loses nothing."""

    PREFIX = "instalments"

    def __init__(self, data: Any = None, initial: Sequence[dict[str, Any]] = ()) -> None:
        if data is not None and "add" in data:
            data, initial = None, _astyped(data)
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


def _astyped(data: Any) -> list[dict[str, Any]]:
    """Give the rows as they were typed."""
    start = InstalmentRows.PREFIX
    count = (
        int(data.get(f"{start}-TOTAL_FORMS") or 0)
        if (str(data.get(f"{start}-TOTAL_FORMS")).isdigit())
        else 0
    )
    rows = [
        {name: data.get(f"{start}-{rank}-{name}", "") for name in InstalmentForm().fields}
        for rank in range(min(count, _MOST_INSTALMENTS))
    ]
    return [row for row in rows if any(row.values())]


def instalment_initial(row: AgreementInstalment) -> dict[str, Any]:
    """Write an instalment as its row shows it."""
    return {
        "code": row.code,
        "title": row.title,
        "amount": typed(row.eur),
        "due_on": row.due_on,
        **_conditions_initial(row.conditions.all()),
        "held_back": typed(row.held_back) if row.held_back else "",
    }


def terms_initial(version: AgreementVersion) -> dict[str, Any]:
    """Write the terms of a version as the form shows them."""
    advance = getattr(version.agreement, "advance", None)
    return {
        "objective": version.objective,
        "amount": typed(version.eur),
        "clauses": version.clauses,
        "ends_on": version.ends_on,
        **_conditions_initial(version.release.all()),
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
    """A decision with its reason, and the day on which a notice was given where one is needed."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )
    notice_given_on = _day(
        gettext_lazy("Préavis donné le"),
        required=False,
        hint=gettext_lazy("Celui que la convention prévoit. Sans lui, elle ne se résilie pas."),
    )

    def __init__(
        self, *args: Any, today: dt.date, needs_notice: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        if not needs_notice:
            del self.fields["notice_given_on"]

    def clean_notice_given_on(self) -> dt.date | None:
        day = self.cleaned_data["notice_given_on"]
        return _not_later(day, self.today) if day else None


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
        self.initial.update(answer="paid", amount=typed(order.eur), paid_on=today)

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


def bank_detail_in_words(error: InvalidBankDetailError) -> str:
    """Say what is wrong in bank details without repeating them."""
    said = {
        BankDetailProblem.KEY: _(
            "La clé de cet IBAN est fausse (%(masked)s) : un caractère au moins est mal recopié. "
            "Recopiez-le depuis le relevé."
        ),
        BankDetailProblem.COUNTRY: _(
            "Cet IBAN (%(masked)s) commence par un pays qui n’en a pas. Recopiez-le depuis le "
            "relevé."
        ),
        BankDetailProblem.LENGTH: _(
            "Le nombre de caractères ne va pas (%(masked)s) : %(length)s donnés, %(expected)s "
            "attendus. Recopiez-le depuis le relevé."
        ),
    }.get(error.problem, _("« %(masked)s » n’est pas bien formé. Recopiez-le depuis le relevé."))
    return said % {
        "masked": error.masked or "…",
        "length": error.length,
        "expected": _(" ou ").join(map(str, error.expected)),
    }


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
                bank_detail_in_words(error),
            )
            return None
