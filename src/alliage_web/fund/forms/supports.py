"""Forms of the book of supports: one support, an answer, the filters, and an import."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.alliances.vocabulary import Reading
from alliage.fund.support.supports import SupportProblem
from alliage.fund.support.valuation import UnknownRateError, hourly_rate, valuation_parameters
from alliage.values.dates import PartialDate
from alliage.values.french import euros as euros_in_words
from alliage_web.actors.forms import OrganisationField
from alliage_web.actors.queries import ids_by_slug
from alliage_web.alliances.forms.fields import (
    AllianceField,
    NumberField,
    PartialDateField,
    shown_number,
    written,
)
from alliage_web.alliances.models import AmountStatusChoices, LeverChoices
from alliage_web.alliances.queries import ids_by_code
from alliage_web.audit.forms import OnceForm
from alliage_web.files.queries import key_of
from alliage_web.fund.forms.amounts import EurosField
from alliage_web.fund.models import (
    AnswerChoices,
    InKindMethodChoices,
    NatureChoices,
    NotValuedReasonChoices,
    OriginChoices,
)
from alliage_web.fund.queries.support_values import SupportValues, values_of
from alliage_web.fund.queries.supports import SupportFilters
from alliage_web.vocabulary.models import ReadingChoices

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from decimal import Decimal

    from django.utils.functional import _StrPromise

    from alliage.fund.support.supports import SupportError
    from alliage_web.files.queries import Document
    from alliage_web.fund.models import Support
    from alliage_web.fund.queries.supports import BookChoices

NO_ORGANISATION = gettext_lazy(
    "Les membres d’une organisation déclarent ce qu’elle donne ou reçoit, et vous n’êtes membre "
    "d’aucune. Demandez une invitation à la vôtre."
)
PROBLEMS: Mapping[SupportProblem, _StrPromise] = {
    SupportProblem.AMOUNT: gettext_lazy(
        "Le montant est au-dessus de zéro. S’il n’est pas connu, choisissez « Non valorisé »."
    ),
    SupportProblem.TEXT: gettext_lazy("Un texte obligatoire est vide : écrivez-le."),
    SupportProblem.PERIOD: gettext_lazy(
        "Le soutien finit en %(last)s, avant de commencer en %(first)s. Corrigez une des dates."
    ),
    SupportProblem.RECEIVER: gettext_lazy(
        "Dites qui reçoit : une alliance, une organisation, ou les deux."
    ),
    SupportProblem.SELF: gettext_lazy(
        "La même organisation donne et reçoit. Corrigez l’une des deux."
    ),
    SupportProblem.UNKNOWN_WHOLE: gettext_lazy(
        "Le soutien dont il est un détail n’est pas dans ce livre. Choisissez-en un autre."
    ),
    SupportProblem.NESTED: gettext_lazy(
        "Ce soutien est déjà un détail d’un autre, ou a lui-même des détails : un détail n’a qu’un "
        "niveau. Choisissez le soutien entier."
    ),
    SupportProblem.PART_DIFFERS: gettext_lazy(
        "Un détail a le même donneur, le même levier, le même statut et la même nature que le "
        "soutien entier. Accordez-les, ou retirez le lien."
    ),
    SupportProblem.PARTS_EXCEED: gettext_lazy(
        "Les détails atteignent %(inside)s €, et le soutien entier est de %(whole)s €. Réduisez "
        "l’un ou augmentez l’autre."
    ),
}


def problem_in_words(error: SupportError) -> str:
    """Say in the language of the page why a support cannot stand in the book."""
    sentence = PROBLEMS.get(error.problem)
    return str(sentence) % error.values if sentence else str(error)


class SupportForm(OnceForm):
    """One support. ``own`` are the organisations that the person speaks for, if no officer."""

    version = forms.CharField(widget=forms.HiddenInput, required=False)
    giver = OrganisationField(
        label=gettext_lazy("Qui donne"),
        help_text=gettext_lazy(
            "Une organisation de l’annuaire. Si elle n’y est pas, inscrivez-la d’abord."
        ),
        error_messages={"required": gettext_lazy("Dites qui donne.")},
    )
    giver_name = forms.CharField(
        label=gettext_lazy("Nom de qui donne, dans le fichier importé"),
        max_length=200,
        required=False,
    )
    alliance = AllianceField(
        label=gettext_lazy("L’alliance qui reçoit"),
        required=False,
        help_text=gettext_lazy("Laissez vide si le soutien ne va pas à une alliance."),
    )
    receiver = OrganisationField(
        label=gettext_lazy("L’organisation qui reçoit"),
        required=False,
        help_text=gettext_lazy("Laissez vide si aucune source ne la nomme."),
    )
    receiver_name = forms.CharField(
        label=gettext_lazy("Son nom, si l’annuaire ne la connaît pas"),
        max_length=200,
        required=False,
    )
    lever = forms.ChoiceField(label=gettext_lazy("Levier"), choices=LeverChoices.choices)
    description = forms.CharField(
        label=gettext_lazy("Ce qui est donné"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("En une phrase : une étude, dix jours d’un expert, une salle…"),
    )
    first = PartialDateField(
        label=gettext_lazy("Début"),
        required=False,
        help_text=gettext_lazy("Une année, un mois ou un jour : 2021, mars 2021, 3 mars 2021."),
    )
    last = PartialDateField(
        label=gettext_lazy("Fin"),
        required=False,
        help_text=gettext_lazy(
            "La même date pour un soutien ponctuel ; vide si aucune fin n’est connue."
        ),
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Statut"),
        choices=AmountStatusChoices.choices,
        initial=AmountStatusChoices.GRANTED,
        help_text=gettext_lazy(
            "Ce qui est sous condition n’est jamais ajouté à ce qui est accordé."
        ),
    )
    nature = forms.ChoiceField(
        label=gettext_lazy("De quoi est fait ce soutien"),
        choices=[
            (NatureChoices.CASH.value, gettext_lazy("De l’argent")),
            (NatureChoices.IN_KIND.value, gettext_lazy("Un bien ou un service, sans contrepartie")),
            (NatureChoices.TIME.value, gettext_lazy("Des heures de travail")),
            (NatureChoices.NOT_VALUED.value, gettext_lazy("Il n’a pas de montant")),
        ],
        widget=forms.RadioSelect,
    )
    amount = EurosField(
        label=gettext_lazy("Montant en euros"),
        required=False,
        help_text=gettext_lazy("Pour de l’argent, un bien ou un service."),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Comment le montant est trouvé"),
        choices=[("", gettext_lazy("—")), *InKindMethodChoices.choices],
        required=False,
        help_text=gettext_lazy(
            "Pour un bien ou un service : la méthode que l’annexe des comptes nommerait (règlement "
            "ANC 2018-06)."
        ),
    )
    hours = NumberField(
        label=gettext_lazy("Heures"),
        max_digits=9,
        decimal_places=2,
        min_value=0,
        required=False,
        help_text=gettext_lazy("Pour des heures de travail. Le montant se calcule seul."),
    )
    rate = EurosField(
        label=gettext_lazy("Taux horaire en euros"),
        required=False,
        help_text=gettext_lazy(
            "Laissez vide pour prendre le SMIC horaire du premier jour : un plancher prudent."
        ),
    )
    rate_source = forms.CharField(
        label=gettext_lazy("D’où vient ce taux"), max_length=300, required=False
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Pourquoi il n’a pas de montant"),
        choices=[("", gettext_lazy("—")), *NotValuedReasonChoices.choices],
        required=False,
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=300,
        required=False,
        help_text=gettext_lazy(
            "D’où cela vient : une convention, une page, un entretien et sa date."
        ),
    )
    document = forms.ChoiceField(label=gettext_lazy("Pièce de l’espace du fonds"), required=False)
    reading = forms.ChoiceField(
        label=gettext_lazy("Lecture de la source"),
        choices=ReadingChoices.choices,
        initial=ReadingChoices.STATED,
    )
    note = forms.CharField(
        label=gettext_lazy("À savoir"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    part_of = forms.ChoiceField(
        label=gettext_lazy("Détail d’un autre soutien"),
        required=False,
        help_text=gettext_lazy("Son montant est alors compris dans celui de l’autre."),
    )
    awarded_on = forms.DateField(
        label=gettext_lazy("Date de la décision"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    decision_reference = forms.CharField(
        label=gettext_lazy("Référence de la décision"), max_length=100, required=False
    )
    agreed_on = forms.DateField(
        label=gettext_lazy("Date de la convention"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    payment_conditions = forms.CharField(
        label=gettext_lazy("Conditions de versement"),
        max_length=256,
        required=False,
        help_text=gettext_lazy("« unique », « échelonné », ou d’autres mots."),
    )
    paid_from = forms.DateField(
        label=gettext_lazy("Versé à partir du"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    paid_until = forms.DateField(
        label=gettext_lazy("Versé jusqu’au"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    de_minimis = forms.NullBooleanField(
        label=gettext_lazy("Aide « de minimis »"),
        required=False,
        widget=forms.NullBooleanSelect,
    )

    SIDES = ("giver", "giver_name", "alliance", "receiver", "receiver_name")
    GIVEN = ("lever", "description", "first", "last", "status")
    VALUE = ("nature", "amount", "method", "hours", "rate", "rate_source", "reason")
    EVIDENCE = ("source", "document", "reading", "note", "part_of")
    ACTS = (
        "awarded_on", "decision_reference", "agreed_on", "payment_conditions", "paid_from",
        "paid_until", "de_minimis",
    )  # fmt: skip
    _OF_THE_FUND = ("document", "part_of", "reading", *ACTS)

    def __init__(
        self,
        *args: Any,
        place: str,
        documents: Sequence[Document] = (),
        wholes: Iterable[Support] = (),
        own: Collection[str] | None = None,
        present: Support | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.place, self.own, self.present = place, own, present
        if present and present.giver_name:
            self.fields["giver"].required = False
        else:
            # Only a file may bring a giver that the directory does not have.
            del self.fields["giver_name"]
        if own is not None:
            # What only the fund knows or decides: its documents, what is a detail, its acts.
            for name in self._OF_THE_FUND:
                del self.fields[name]
            return
        self.fields["document"].choices = [  # type: ignore[attr-defined]
            ("", _("—")), *((str(item.uuid), item.label) for item in documents)
        ]  # fmt: skip
        self.fields["part_of"].choices = [  # type: ignore[attr-defined]
            ("", _("—")), *((str(row.pk), _shown_whole(row)) for row in wholes)
        ]  # fmt: skip

    @property
    def parts(self) -> list[tuple[str, list[Any]]]:
        """Give the fields under the titles of the form."""
        titles = (
            (_("Qui donne, qui reçoit"), self.SIDES),
            (_("Ce qui est donné"), self.GIVEN),
            (_("Sa valeur"), self.VALUE),
            (_("Comment on le sait"), self.EVIDENCE),
            (_("Pour les données ouvertes"), self.ACTS),
        )
        parts = [
            (title, [self[name] for name in names if name in self.fields])
            for title, names in titles
        ]
        return [(title, found) for title, found in parts if found]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        self._check_sides(data)
        self._check_value(data)
        if data.get("last") and not data.get("first"):
            self.add_error("first", _("Une fin est donnée : écrivez aussi le début."))
        if data.get("paid_until") and not data.get("paid_from"):
            self.add_error("paid_from", _("Une fin est donnée : écrivez aussi le premier jour."))
        elif data.get("paid_until") and data["paid_until"] < data["paid_from"]:
            self.add_error("paid_until", _("Le dernier jour vient avant le premier. Corrigez-le."))
        return data

    def _check_sides(self, data: dict[str, Any]) -> None:
        for side in ("giver", "receiver"):
            if data.get(f"{side}_name") and data.get(side):
                self.add_error(
                    f"{side}_name",
                    _("Une organisation de l’annuaire est choisie : laissez ce nom vide."),
                )
        if "giver" not in self.errors and not data.get("giver") and not data.get("giver_name"):
            self.add_error("giver", _("Dites qui donne."))
        received = any(data.get(name) for name in ("alliance", "receiver", "receiver_name"))
        if not received and not {"alliance", "receiver", "receiver_name"} & set(self.errors):
            self.add_error("alliance", str(PROBLEMS[SupportProblem.RECEIVER]))
        if data.get("giver") and data.get("giver") == data.get("receiver"):
            self.add_error("receiver", str(PROBLEMS[SupportProblem.SELF]))
        sides = {f"organisation:{data.get(side)}" for side in ("giver", "receiver")}
        if self.own is not None and not self.own:
            self.add_error(None, str(NO_ORGANISATION))
        elif self.own is not None and not self.errors and not sides & set(self.own):
            self.add_error(
                "giver",
                _(
                    "Vous déclarez ce que votre organisation donne ou reçoit : choisissez-la ici, "
                    "ou dans « L’organisation qui reçoit »."
                ),
            )

    def _check_value(self, data: dict[str, Any]) -> None:
        """Ask for what the nature needs, and drop what was typed for another one."""
        needed: dict[str, tuple[tuple[str, str], ...]] = {
            NatureChoices.CASH: (("amount", _("Écrivez le montant donné.")),),
            NatureChoices.IN_KIND: (
                ("amount", _("Écrivez ce que vaut ce bien ou ce service.")),
                ("method", _("Dites comment ce montant est trouvé.")),
            ),
            NatureChoices.TIME: (("hours", _("Écrivez le nombre d’heures, au-dessus de zéro.")),),
            NatureChoices.NOT_VALUED: (("reason", _("Dites pourquoi il n’a pas de montant.")),),
        }
        nature = data.get("nature")
        if nature not in needed:
            return
        for name, sentence in needed[nature]:
            if not data.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        kept = {name for name, _sentence in needed[nature]}
        if nature == NatureChoices.TIME:
            kept |= {"rate", "rate_source"}
            self._find_rate(data)
        for name in ("amount", "method", "hours", "rate", "rate_source", "reason"):
            if name not in kept and name in data:
                data[name] = None if name in {"amount", "hours", "rate"} else ""

    def _find_rate(self, data: dict[str, Any]) -> None:
        if data.get("rate"):
            if not data.get("rate_source"):
                self.add_error("rate_source", _("Dites d’où vient ce taux : un texte, une grille…"))
            return
        if "rate" in self.errors or "first" in self.errors:
            return
        if not data.get("first"):
            self.add_error("rate", _("Écrivez le début du soutien, ou le taux et sa source."))
            return
        on = PartialDate.parse(data["first"]).first_day
        try:
            found = hourly_rate(valuation_parameters(), "smic", on)
        except UnknownRateError as error:
            self.add_error(
                "rate",
                _("Le SMIC n’est connu ici que depuis %(year)s. Écrivez le taux et sa source.")
                % {"year": error.known_since.year if error.known_since else "?"},
            )
            return
        data["rate"], data["rate_source"] = (
            found.eur,
            _("SMIC horaire brut, %(source)s") % {"source": found.source},
        )

    def values(self) -> SupportValues:
        """Give what was typed as values; what the form does not show stays as it was."""
        data = self.cleaned_data
        keys = ids_by_slug({data["giver"], data["receiver"]} - {""})
        alliances = ids_by_code({data["alliance"]} - {""})
        said = {name: data[name] for name in (*self.GIVEN, *self.VALUE, "source", "note")}
        said |= {
            "giver_id": keys.get(data["giver"]),
            "giver_name": data.get("giver_name", ""),
            "alliance_id": alliances.get(data["alliance"]),
            "receiver_id": keys.get(data["receiver"]),
            "receiver_name": data["receiver_name"],
        }
        for side in ("giver", "receiver"):
            if not said[f"{side}_name"] or (
                self.present and said[f"{side}_name"] != getattr(self.present, f"{side}_name")
            ):
                said[f"{side}_identifier"] = ""
            elif self.present:
                said[f"{side}_identifier"] = getattr(self.present, f"{side}_identifier")
        if self.own is None:
            said |= {name: data[name] for name in ("reading", *self.ACTS)}
            said["part_of_id"] = int(data["part_of"]) if data["part_of"] else None
            said["document_id"] = (
                key_of(place=self.place, uuid=data["document"]) if data["document"] else None
            )
        said["description"] = said["description"].replace("\r\n", "\n")
        said["note"] = said["note"].replace("\r\n", "\n")
        before = (
            values_of(self.present)
            if self.present
            else SupportValues(lever="", description="", nature="", reading=Reading.STATED.value)
        )
        return replace(before, **said)


def _shown_whole(row: Support) -> str:
    amount = f" ({euros_in_words(row.amount)})" if row.amount else ""
    return f"{row.description[:80]}{amount}"


def initial_of(support: Support) -> dict[str, Any]:
    """Give a row as a person would type it."""
    plain = (
        "giver_name", "receiver_name", "lever", "description", "status", "nature", "method",
        "rate_source", "reason", "source", "reading", "note", *SupportForm.ACTS,
    )  # fmt: skip
    return {
        **{name: getattr(support, name) for name in plain},
        "giver": support.giver.slug if support.giver else "",
        "alliance": support.alliance.code if support.alliance else "",
        "receiver": support.receiver.slug if support.receiver else "",
        "first": written(support.first),
        "last": written(support.last),
        "amount": shown_number(_if(support, NatureChoices.TIME, support.amount)),
        "hours": shown_number(support.hours),
        "rate": shown_number(support.rate),
        "document": str(support.document.uuid) if support.document else "",
        "part_of": str(support.part_of_id or ""),
    }


def _if(support: Support, other: NatureChoices, value: Decimal | None) -> Decimal | None:
    return None if support.nature == other else value


class AnswerForm(forms.Form):
    """What a side says of a support."""

    version = forms.CharField(widget=forms.HiddenInput)
    side = forms.ChoiceField(choices=[("giver", ""), ("receiver", "")], widget=forms.HiddenInput)
    answer = forms.ChoiceField(
        label=gettext_lazy("Ce soutien est-il bien décrit ?"),
        choices=[
            (AnswerChoices.CONFIRMED.value, gettext_lazy("Oui, je le confirme")),
            (AnswerChoices.DISPUTED.value, gettext_lazy("Non, je le conteste")),
        ],
        widget=forms.RadioSelect,
    )
    remark = forms.CharField(
        label=gettext_lazy("Remarque"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Pour contester, dites ce qui est faux et ce qui serait juste. Elle se lit sur la page "
            "du soutien."
        ),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("answer") == AnswerChoices.DISPUTED and not data.get("remark"):
            self.add_error("remark", _("Dites ce qui est faux, et ce qui serait juste."))
        return data


class BookFiltersForm(forms.Form):
    """The filters of a book; what is not a choice is ignored."""

    levier = forms.ChoiceField(label=gettext_lazy("Levier"), required=False)
    donneur = forms.ChoiceField(label=gettext_lazy("Qui donne"), required=False)
    receveur = forms.ChoiceField(label=gettext_lazy("Qui reçoit"), required=False)
    annee = forms.ChoiceField(label=gettext_lazy("Année"), required=False)
    nature = forms.ChoiceField(label=gettext_lazy("Nature"), required=False)
    statut = forms.ChoiceField(label=gettext_lazy("Statut"), required=False)
    origine = forms.ChoiceField(label=gettext_lazy("Origine"), required=False)

    def __init__(self, data: Mapping[str, Any], choices: BookChoices) -> None:
        super().__init__(data)
        every = [("", _("Tous"))]
        options: dict[str, Iterable[tuple[str, Any]]] = {
            "levier": LeverChoices.choices,
            "donneur": [(one.value, one.label) for one in choices.givers],
            "receveur": [(one.value, one.label) for one in choices.receivers],
            "annee": [(str(year), str(year)) for year in choices.years],
            "nature": NatureChoices.choices,
            "statut": AmountStatusChoices.choices,
            "origine": OriginChoices.choices,
        }
        for name, found in options.items():
            self.fields[name].choices = [*every, *found]  # type: ignore[attr-defined]

    def filters(self) -> SupportFilters:
        self.is_valid()
        data = self.cleaned_data
        return SupportFilters(
            lever=data.get("levier", ""),
            nature=data.get("nature", ""),
            status=data.get("statut", ""),
            giver=data.get("donneur", ""),
            receiver=data.get("receveur", ""),
            year=int(data["annee"]) if data.get("annee") else None,
            origin=data.get("origine", ""),
        )
