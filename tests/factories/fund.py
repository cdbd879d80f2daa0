"""Funds with money: strands, funders, and postings that name them."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import connection
from tests.factories.people import SINCE
from tests.factories.workplaces import fund as workplace
from tests.factories.workplaces import organisation

from alliage.fund.money.ledger import Envelope, Posting, PostingKind
from alliage.values.money import euros
from alliage_web.actors.models import Organisation
from alliage_web.fund import actions
from alliage_web.fund.actions import agreements, instalments
from alliage_web.fund.actions.agreements import InstalmentValues, Parties, TermsValues
from alliage_web.fund.actions.supports import add_support
from alliage_web.fund.models import (
    Agreement,
    AgreementCondition,
    AgreementInstalment,
    AgreementVersion,
    EndowmentStatement,
    Fund,
    Funder,
    OriginChoices,
    PaymentOrder,
    RaisedResource,
    RepayableAdvance,
    ReportObligation,
    RunningBalance,
    Strand,
    Support,
    Visit,
)
from alliage_web.fund.models import Posting as PostingRow
from alliage_web.fund.queries.support_values import SupportValues

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance

#: A day of the first year of the ledgers of the tests.
BOOKED = dt.date(2026, 3, 2)
STRANDS = ("connaissances", "territoires")


def fund_with_strands() -> Fund:
    """Write a fund with two strands and one funder, « mecene »; nothing is in its ledger."""
    fund = Fund.objects.filter(code="fonds").first() or workplace()
    for rank, code in enumerate(STRANDS):
        Strand.objects.create(
            fund=fund, code=code, order=rank, name_fr=code.capitalize(), name_en=f"{code} (en)"
        )
    Funder.objects.create(fund=fund, code="mecene", organisation=organisation("mecene"))
    return fund


def posting(kind: PostingKind, amount: Any = 0, **about: Any) -> Posting:
    """Make a posting of the fund « fonds »; an envelope is a year, or a strand and a year."""
    for name in ("envelope", "to_envelope"):
        given = about.get(name)
        if isinstance(given, int):
            about[name] = Envelope(STRANDS[1], given)
        elif isinstance(given, tuple):
            about[name] = Envelope(*given)
    header: dict[str, Any] = {
        "key": str(uuid4()), "fund": "fonds", "booked_on": BOOKED, "reason": "Essai"
    }  # fmt: skip
    return Posting(kind=kind, amount=euros(amount), **header | about)


def post(fund: Fund, *postings: Posting) -> tuple[PostingRow, ...]:
    """Write postings in the ledger of a fund."""
    return actions.post(fund=fund, postings=postings, by=None, at=SINCE)


def funded(amount: Any = 100, year: int = 2026, endowment: Any = 1000) -> Fund:
    """Write a fund whose second strand has an envelope of an amount for a year."""
    fund = fund_with_strands()
    post(
        fund,
        posting(PostingKind.ENDOWMENT_INCREASE, endowment),
        posting(PostingKind.ALLOTMENT, amount, envelope=year),
    )
    return fund


def terms(amount: Any = 60, *parts: Any, **more: Any) -> TermsValues:
    """Make the terms of an agreement: one instalment from the booked day, unless parts are told."""
    given = parts or (InstalmentValues("Versement", euros(amount), due_on=BOOKED),)
    return TermsValues("Un poste d’ingénierie.", euros(amount), given, **more)


def parties(**facts: Any) -> Parties:
    """Make the parties of an agreement, an association paid by a private fund."""
    return Parties(
        payer=Organisation.objects.get(slug="gestionnaire"),
        receiver=Organisation.objects.filter(slug="porteur").first() or organisation("porteur"),
        payer_kind=facts.pop("payer_kind", "private_fund"),
        receiver_kind=facts.pop("receiver_kind", "association"),
        facts={
            "granted_before_cents": 0,
            "general_interest": True,
            "public_resources": False,
            "economic_activity": False,
            **facts,
        },
    )


def agreement(
    fund: Fund, by: User | None = None, *, kind: str = "grant", said: Any = None, **facts: Any
) -> Agreement:
    """Prepare an agreement that was not made from an application."""
    return agreements.prepare(
        fund=fund,
        kind=kind,
        strand=Strand.objects.get(fund=fund, code=STRANDS[1]),
        year=2026,
        parties=parties(**facts),
        terms=said or terms(),
        by=by,
        at=SINCE,
    )


def signed(agreement: Agreement, by: User, on: dt.date = BOOKED) -> Agreement:
    """Send the last version for signature, and sign it for both parties."""
    agreements.send_for_signature(agreement=agreement, by=by, at=SINCE, on=on)
    for party in ("payer", "receiver"):
        values = agreements.SignatureValues(party, "Alex Exemple", "", on, uuid4(), "0" * 64)
        agreements.sign(agreement=agreement, values=values, by=by, at=SINCE)
    agreement.refresh_from_db()
    return agreement


def paid(agreement: Agreement, amount: Any, orderer: User, payer: User, on: Any = BOOKED) -> None:
    """Order and confirm a payment of the first instalment."""
    order = instalments.order_payment(
        agreement=agreement, instalment="t1", amount=euros(amount), execute_on=on, reason="T1",
        bank_details_checked=True, by=orderer, at=SINCE,
    )  # fmt: skip
    instalments.confirm_payment(order=order, amount=euros(amount), paid_on=on, by=payer, at=SINCE)


def write_money(fund: Fund) -> None:
    """Give a fund a statement of 2022 on its endowment, a strand, and one posting."""
    EndowmentStatement.objects.create(
        fund=fund, claim_fr="Mille euros.", eur=1000, stated_on="2022", status="declared",
        reading="stated", source="essai",
    )  # fmt: skip
    Strand.objects.create(fund=fund, code=STRANDS[0], name_fr="Connaissances")
    post(fund, posting(PostingKind.ENDOWMENT_INCREASE, 500, fund=fund.code))


def values(**more: Any) -> SupportValues:
    """Say a support of ten thousand euros, by direct funding; sides come by their keys."""
    said: dict[str, Any] = {
        "lever": "direct_funding", "description": "Une étude", "nature": "cash",
        "amount": euros(10_000), "first": "2021", "last": "2021", "source": "entretien",
    }  # fmt: skip
    if more.get("nature", "cash") not in {"cash", "in_kind"}:
        said["amount"] = None
    return SupportValues(**{**said, **more})


def support(fund: Fund, origin: str = "officer", at: dt.datetime = SINCE, **more: Any) -> Support:
    """Write a support that the fund gives to the organisation « beneficiaire », unless told."""
    if not {"receiver_id", "receiver_name", "alliance_id"} & set(more):
        receiver = Organisation.objects.filter(slug="beneficiaire").first() or organisation(
            "beneficiaire"
        )
        more["receiver_id"] = receiver.pk
    if "giver_name" not in more:
        more.setdefault("giver_id", fund.organisation_id)
    return add_support(
        fund=fund, values=values(**more), origin=OriginChoices(origin), by=None, at=at
    )


@contextmanager
def ledger_unlocked() -> Iterator[None]:
    """Lift the triggers of the ledger, as somebody who owns the database could."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            tables = ("fund_movement", "fund_posting", "fund_runningbalance")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = [row for row in cursor.fetchall() if row[0].startswith("fund_")]
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


def write_support(fund: Fund, uuid: UUID) -> Support:
    """Write a support under an identifier: the one that the sample of addresses names."""
    return Support.objects.create(
        uuid=uuid, fund=fund, code="exemple", origin=OriginChoices.OFFICER,
        giver=fund.organisation, receiver_name="Un collectif", lever="direct_funding",
        description="Une étude", status="granted", reading="stated", nature="cash",
        amount=euros(10_000), created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip


def write_agreement(fund: Fund, payer: Organisation, receiver: Organisation) -> None:
    """Write an advance that was agreed, with a condition and an order that waits."""
    strand = fund.strands.get(code=STRANDS[0])
    row = Agreement.objects.create(
        fund=fund, reference="convention", kind="advance", strand=strand, year=2026, payer=payer,
        payer_kind="private_fund", receiver=receiver, receiver_kind="association", state="signed",
        legal_path={}, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip
    version = AgreementVersion.objects.create(
        agreement=row, number=1, objective="Une mission.", cents=1000, frozen_at=SINCE,
        digest="0" * 64, in_force_on=BOOKED,
    )  # fmt: skip
    AgreementInstalment.objects.create(
        version=version, rank=1, code="t1", title="Versement", cents=1000, due_on=BOOKED
    )
    AgreementCondition.objects.create(
        agreement=row, kind="report_accepted", code="rapport", label="Rapport"
    )
    RepayableAdvance.objects.create(agreement=row, criteria="Dix.", state="criteria_fixed")
    PaymentOrder.objects.create(
        agreement=row, instalment="t1", key="ord-sample", cents=1000, execute_on=BOOKED,
        reason="T1", ordered_at=SINCE,
    )  # fmt: skip


def final_report_settled(agreement: Agreement) -> None:
    """Say that the fund no longer asks for the final report of an agreement, with a reason."""
    row, _new = ReportObligation.objects.get_or_create(
        agreement=agreement, kind="final",
        defaults={"code": "rapport-final", "basis": "unknown", "created_at": SINCE},
    )  # fmt: skip
    row.state, row.reason = "waived", "Essai"
    row.save(update_fields=["state", "reason"])


def money_of(fund: Fund) -> dict[str, Any]:
    """Give what a fund holds in each account of its envelopes, in euros."""
    found = dict.fromkeys(("available", "reserved", "committed", "paid"), euros(0))
    for row in RunningBalance.objects.filter(fund=fund, code__in=found):
        found[row.code] += row.eur
    return found


def raised(alliance: Alliance, fund: Fund, **more: Any) -> RaisedResource:
    """Write 100 000 € that an alliance raised, told by the fund."""
    told = {
        "code": str(uuid4()), "eur": Decimal(100_000), "description": "Fonds européens",
        "reading": "stated", "source": "Rapport de 2025", "origin": "officer",
    }  # fmt: skip
    return RaisedResource.objects.create(fund=fund, alliance=alliance, **told | more)


def write_visit(fund: Fund, uuid: UUID) -> Visit:
    """Write a visit of the agreement that the sample of addresses names: told, and not shared."""
    return Visit.objects.create(
        uuid=uuid, agreement=Agreement.objects.get(fund=fund), manner="phone", state="made",
        planned_on=BOOKED, made_on=BOOKED, account="Tout va.", created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip


def write_agreement_of(fund: Fund, application: Any, receiver: Organisation) -> Agreement:
    """Write a grant in force that was made from an application, as rows of the past."""
    strand = application.call.strand
    row = Agreement.objects.create(
        fund=fund, reference="conv-1", kind="grant", strand=strand, year=2026,
        application=application, alliance=application.alliance, payer=fund.organisation,
        payer_kind="private_fund", receiver=receiver, receiver_kind="association", state="signed",
        legal_path={}, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip
    version = AgreementVersion.objects.create(
        agreement=row, number=1, objective="Une étude.", cents=1000, frozen_at=SINCE,
        digest="0" * 64, in_force_on=BOOKED,
    )  # fmt: skip
    AgreementInstalment.objects.create(
        version=version, rank=1, code="t1", title="Versement", cents=1000, due_on=BOOKED
    )
    return row
