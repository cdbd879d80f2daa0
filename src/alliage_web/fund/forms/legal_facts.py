"""What the legal rules need to know of a payment: each answer may stay « not known »."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.law.legal_rules import shipped_rules
from alliage.fund.states import Label
from alliage.values.money import MoneyError, euros
from alliage_web.audit.forms import OnceForm
from alliage_web.fund.forms.amounts import EurosField
from alliage_web.fund.models import euros_of
from alliage_web.fund.queries.agreement_wording import label

if TYPE_CHECKING:
    from alliage_web.fund.models import Agreement, LegalStatement

_THREE_VALUES = (
    "passed_on", "general_interest", "public_resources", "economic_activity",
    "ministerial_derogation",
)  # fmt: skip
_ANSWERS = {True: "yes", False: "no", None: ""}


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


def kinds_in_words() -> list[tuple[str, str]]:
    """Return the kinds of payers and receivers, none first."""
    known = shipped_rules().kinds
    return [("", "—"), *((one.code, label(Label(one.label_fr, one.label_en))) for one in known)]


class LegalFactsForm(OnceForm):
    """The facts on which the legal rules turn."""

    receiver_kind = forms.ChoiceField(label=gettext_lazy("Nature juridique du bénéficiaire"))
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
    ministerial_derogation = _yes_no(
        gettext_lazy("Une dérogation ministérielle existe-t-elle ?"),
        gettext_lazy(
            "Elle ne compte que si un payeur public verse à un fonds de dotation. « Pas encore "
            "connu » convient dans les autres cas."
        ),
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("receiver_kind", "beneficiary_kind"):
            self.fields[name].choices = kinds_in_words()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
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
    def facts(self) -> dict[str, Any]:
        """Return what was answered, by column; the kind of the receiver is not among them."""
        data = self.cleaned_data
        before = data["granted_before"]
        return {
            "beneficiary_kind": data["beneficiary_kind"],
            **{name: data[name] for name in _THREE_VALUES},
            "granted_before_cents": None if before is None else int(before.scaleb(2)),
            "de_minimis": self.aids,
        }


def _aid(line: str) -> dict[str, str]:
    day, amount, *by = (part.strip() for part in line.split(";", 2))
    clean = "".join(amount.split()).replace("€", "").replace(",", ".")
    return {
        "on": dt.date.fromisoformat(day).isoformat(),
        "eur": str(euros(clean)),
        "by": by[0] if by else "",
    }


def facts_initial(row: Agreement | LegalStatement) -> dict[str, Any]:
    """Write the facts that a row holds as the form shows them."""
    before, aids = row.granted_before_cents, row.de_minimis
    return {
        "receiver_kind": row.receiver_kind,
        "beneficiary_kind": row.beneficiary_kind,
        **{name: _ANSWERS[getattr(row, name)] for name in _THREE_VALUES},
        "granted_before": "" if before is None else typed(euros_of(before)),
        "de_minimis": "unknown" if aids is None else "list" if aids else "none",
        "de_minimis_aids": "\n".join(
            f"{each['on']} ; {each['eur']} ; {each.get('by', '')}" for each in aids or ()
        ),
    }


def typed(amount: Any) -> str:
    """Write an amount as a person types it."""
    return str(amount).replace(".", ",").removesuffix(",00")


class EstablishedFactsForm(LegalFactsForm):
    """The facts that an officer establishes of an applicant before the committee decides."""

    source = forms.CharField(
        label=gettext_lazy("D’où vous le tenez"),
        help_text=gettext_lazy(
            "Des statuts, une attestation, un échange daté : de quoi le retrouver."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receiver_kind"].required = False
        self.fields["receiver_kind"].help_text = _(
            "Vide : celle que dit la fiche de l’organisation, quand elle suffit à le dire."
        )
        self.fields["granted_before"].label = _(
            "Déjà accordé par le fonds à cette organisation cette année, en euros"
        )

    @property
    def facts(self) -> dict[str, Any]:
        return {"receiver_kind": self.cleaned_data["receiver_kind"], **super().facts}
