"""The agreements of the story: signed, paid in part, ended, waiting, and a repayable advance."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile

from alliage.fund.money.advances import Fact
from alliage.fund.money.instalments import ConditionKind
from alliage.safekeeping.uploads import check_upload
from alliage.values.money import euros
from alliage_web.accounts.actions import give_role
from alliage_web.accounts.models import Role
from alliage_web.actors.models import Organisation
from alliage_web.fund.actions import advances, agreements, instalments
from alliage_web.fund.actions.agreements import (
    ConditionValues,
    InstalmentValues,
    Parties,
    TermsValues,
)
from alliage_web.fund.documents.agreements import agreement_pdf
from alliage_web.fund.models import AgreementKind, Envelope, SignatoryChoices
from alliage_web.fund.queries import agreements as found
from alliage_web.fund.queries.budget import strands_of

from .alliances import PLATEAU
from .dossiers import BARGEES, KITCHEN, SUNDAY_STOP, find_dossier

if TYPE_CHECKING:
    from alliage_web.fund.models import Agreement, AgreementCondition

    from .dossiers import Dossier
    from .story import Story

#: Whoever signs for the two sides: nobody real is named.
_SIGNATORIES = {
    SignatoryChoices.PAYER: ("Alex Exemple", "présidence du fonds (inventée)"),
    SignatoryChoices.RECEIVER: ("Dana Exemple", "présidence de l’association (inventée)"),
}
_REPORT = ConditionKind.REPORT_ACCEPTED.value
_MILESTONE = ConditionKind.MILESTONE_REACHED.value
_DOCUMENT = ConditionKind.DOCUMENT_RECEIVED.value
_CLAUSES = (
    "Le bénéficiaire mène lui-même l’action et tient les comptes de ce qui lui est versé.\n"
    "Il rend compte à mi-parcours et à la fin, dans les formes de la plateforme.\n"
    "Il nomme le fonds quand il parle publiquement de l’action.\n"
    "Ce qui n’est pas employé à l’objet est rendu au fonds."
)
_FACTS: dict[str, Any] = {
    "beneficiary_kind": "",
    "passed_on": False,
    "general_interest": True,
    "public_resources": False,
    "economic_activity": False,
    "ministerial_derogation": None,
    "granted_before_cents": 0,
    "de_minimis": [],
}


def tell_agreements(story: Story) -> None:
    """Write the agreements of the story with what was paid."""
    _half_way(story)
    _all_paid(story)
    _out_for_signature(story)
    _advance(story)


def _parties(story: Story, receiver: Organisation, kind: str = "association") -> Parties:
    return Parties(
        payer=story.fund.organisation,
        receiver=receiver,
        payer_kind="private_fund",
        receiver_kind=kind,
        facts=_FACTS,
    )


def _prepared(story: Story, dossier: Dossier, terms: TermsValues, ago: int) -> Agreement:
    application = find_dossier(story.fund, dossier)
    strand = application.call.strand
    assert strand is not None
    return agreements.prepare(
        fund=story.fund,
        kind=AgreementKind.GRANT.value,
        strand=strand,
        year=_year(story, strand.pk),
        parties=_parties(story, application.everyone[dossier.of.receives].organisation),
        terms=terms,
        application=application,
        by=story["sacha"],
        at=story.at(ago, 9),
    )


def _year(story: Story, strand: int) -> int:
    rows = Envelope.objects.filter(strand__fund=story.fund, strand=strand).order_by("-year")
    return rows.values_list("year", flat=True)[0]


def _sent(story: Story, agreement: Agreement, ago: int) -> None:
    agreements.send_for_signature(
        agreement=agreement, by=story["sacha"], at=story.at(ago, 16), on=story.day(ago)
    )


def _signed(story: Story, agreement: Agreement, party: SignatoryChoices, ago: int) -> None:
    """Keep the printed terms as the signed document: a demonstration has no other."""
    printed = agreement_pdf(found.last_version(agreement))
    name = f"{agreement.reference}-signee-{party.value}.pdf"
    signatory, function = _SIGNATORIES[party]
    agreements.sign_with_document(
        agreement=agreement,
        party=party.value,
        signatory=signatory,
        function=function,
        signed_on=story.day(ago),
        upload=check_upload(name, io.BytesIO(printed), max_bytes=len(printed)),
        content=ContentFile(printed, name),
        by=story["sacha"],
        at=story.at(ago, 17),
    )


def _in_force(story: Story, agreement: Agreement, ago: int) -> Agreement:
    _sent(story, agreement, ago + 6)
    _signed(story, agreement, SignatoryChoices.RECEIVER, ago + 2)
    _signed(story, agreement, SignatoryChoices.PAYER, ago)
    agreement.refresh_from_db()
    return agreement


def _paid(
    story: Story,
    agreement: Agreement,
    instalment: str,
    amount: int,
    ago: int,
    confirmed: int | None = None,
) -> None:
    """Sacha orders a payment, and Morgan confirms what the bank says of it."""
    order = instalments.order_payment(
        agreement=agreement,
        instalment=instalment,
        amount=euros(amount),
        execute_on=story.day(ago),
        reason=f"{agreement.reference} {instalment} (démonstration)",
        bank_details_checked=True,
        by=story["sacha"],
        at=story.at(ago + 3),
    )
    instalments.confirm_payment(
        order=order,
        amount=euros(amount if confirmed is None else confirmed),
        paid_on=story.day(ago),
        by=story["morgan"],
        at=story.at(ago, 18),
    )


def _met(story: Story, agreement: Agreement, label: str, ago: int, evidence: str) -> None:
    condition: AgreementCondition = agreement.conditions.get(label=label)
    instalments.meet_condition(
        condition=condition,
        met_on=story.day(ago),
        evidence=f"Démonstration : {evidence}",
        by=story["sacha"],
        at=story.at(ago, 12),
    )


def _half_way(story: Story) -> None:
    """Write the agreement of the halt: one instalment paid, one paid in part, one that waits."""
    terms = TermsValues(
        objective=(
            "Démonstration : ouvrir la halte du canal chaque dimanche pendant un an, avec les "
            "bateliers et les habitants, et dire ce qui y change pour eux."
        ),
        amount=euros(SUNDAY_STOP.asked),
        instalments=(
            InstalmentValues("À la signature", euros(4000), story.day(205)),
            InstalmentValues(
                "Quand la halte est ouverte",
                euros(3000),
                story.day(120),
                (
                    ConditionValues(_MILESTONE, "La halte est ouverte au public"),
                    ConditionValues(_DOCUMENT, "L’attestation d’assurance du lieu"),
                ),
            ),
            InstalmentValues(
                "Au rapport d’étape",
                euros(2000),
                story.day(48),
                (ConditionValues(_REPORT, "Rapport d’étape"),),
            ),
        ),
        clauses=_CLAUSES,
        ends_on=story.day(-120),
    )
    agreement = _in_force(story, _prepared(story, SUNDAY_STOP, terms, 215), 206)
    _paid(story, agreement, "t1", 4000, 198)
    _met(
        story,
        agreement,
        "La halte est ouverte au public",
        110,
        "constat lors d’une visite inventée.",
    )
    _met(
        story,
        agreement,
        "L’attestation d’assurance du lieu",
        108,
        "attestation reçue par courriel.",
    )
    _paid(story, agreement, "t2", 3000, 96, confirmed=2000)


def _all_paid(story: Story) -> None:
    """Write the agreement of the kitchen: all of it is paid, and its end comes."""
    terms = TermsValues(
        objective="Démonstration : faire tourner une cuisine partagée entre trois villages.",
        amount=euros(KITCHEN.asked),
        instalments=(
            InstalmentValues("À la signature", euros(3400), story.day(200)),
            InstalmentValues("À mi-parcours", euros(2000), story.day(90)),
        ),
        clauses=_CLAUSES,
        ends_on=story.day(40),
    )
    agreement = _in_force(story, _prepared(story, KITCHEN, terms, 214), 204)
    _paid(story, agreement, "t1", 3400, 190)
    _paid(story, agreement, "t2", 2000, 84)


def _out_for_signature(story: Story) -> None:
    """Write the agreement of the bargees: its receiver signed, the fund has still to."""
    terms = TermsValues(
        objective=(
            "Démonstration : accueillir quatre personnes en insertion sur des bateaux de travail."
        ),
        amount=euros(8000),
        instalments=(
            InstalmentValues("À la signature", euros(4000), story.day(-5)),
            InstalmentValues(
                "Au rapport de mi-parcours",
                euros(4000),
                story.day(-150),
                (ConditionValues(_REPORT, "Rapport de mi-parcours"),),
                held_back=euros(800),
            ),
        ),
        clauses=_CLAUSES,
        release=(ConditionValues(_REPORT, "Rapport final"),),
        ends_on=story.day(-330),
    )
    agreement = _prepared(story, BARGEES, terms, 20)
    _sent(story, agreement, 12)
    _signed(story, agreement, SignatoryChoices.RECEIVER, 8)


def _advance(story: Story) -> None:
    """Write a repayable advance in its middle: the holder declared success, the fund not yet."""
    strand = strands_of(story.fund)[0]
    receiver = Organisation.objects.get(name=PLATEAU.parties[2].name)
    kitchen = find_dossier(story.fund, KITCHEN)
    # Maxime speaks for the farmers too: somebody has to declare on their advance.
    give_role(
        user=story["maxime"],
        role=Role.PARTY_MEMBER,
        at=story.at(244),
        by=None,
        place=kitchen.alliance.stable_name,
        organisation=receiver.stable_name,
    )
    agreement = agreements.prepare(
        fund=story.fund,
        kind=AgreementKind.ADVANCE.value,
        strand=strand,
        year=_year(story, strand.pk),
        parties=_parties(story, receiver, "company"),
        terms=TermsValues(
            objective="Démonstration : étudier un atelier de conserverie pour les maraîchers.",
            amount=euros(6000),
            instalments=(InstalmentValues("Versement unique", euros(6000), story.day(230)),),
            clauses="L’avance est versée en une fois. Elle est sans intérêt.",
            criteria=(
                "La feuille de route de l’atelier est approuvée par les maraîchers et le fonds.\n"
                "Un premier financement d’au moins 30 000 € est obtenu dans l’année."
            ),
            ends_on=story.day(40),
        ),
        alliance=kitchen.alliance,
        by=story["sacha"],
        at=story.at(244),
    )
    _in_force(story, agreement, 235)
    _paid(story, agreement, "t1", 6000, 228)
    agreement.refresh_from_db()
    for fact, word, ago, evidence in (
        (Fact.ROADMAP, "sacha", 130, "feuille de route inventée, approuvée des deux côtés."),
        (Fact.HOLDER_DECLARATION, "maxime", 30, "courrier inventé de la gérance."),
    ):
        advances.state_fact(
            advance=agreement.advance,
            fact=fact,
            yes=True,
            on=story.day(ago),
            evidence=f"Démonstration : {evidence}",
            by=story[word],
            at=story.at(ago),
        )
