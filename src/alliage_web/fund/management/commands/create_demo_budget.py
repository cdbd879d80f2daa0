"""Write an invented budget in the demonstration, so that its pages show what they are for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from alliage.fund.money.ledger import Envelope, Posting, PostingKind
from alliage.values.money import euros
from alliage_web.actors.actions import create_organisation
from alliage_web.actors.models import INVENTED
from alliage_web.actors.queries import Description, by_slug
from alliage_web.fund import queries
from alliage_web.fund.actions import close_year, declare_in_force, post, promise
from alliage_web.fund.queries.budget import DEMONSTRATION, strands_of

if TYPE_CHECKING:
    from alliage_web.fund.models import Fund

_FUND = "odd17"
_STATEMENT = "2022"
_FUNDERS = (
    ("Mécène de démonstration (inventé)", "mecene-de-demonstration-invente"),
    ("Collectivité de démonstration (inventée)", "collectivite-de-demonstration-inventee"),
)
_MARK = "Démonstration, montant inventé."


class Command(BaseCommand):
    help = (
        "Write an invented budget in the ledger of the Fonds ODD17 of a demonstration: every "
        "posting says so. Refused elsewhere. A second run changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.ALLIAGE_DEMO or settings.PRODUCTION:
            msg = "An invented budget is refused outside a demonstration. Set ALLIAGE_MODE=demo."
            raise CommandError(msg)
        fund = queries.find(_FUND)
        if fund is None:
            msg = f"There is no fund « {_FUND} ». Load it first: alliage-web load_funds."
            raise CommandError(msg)
        if fund.postings.exists():
            self.stdout.write(f"{fund.code}: already has postings, left as they are")
            return
        with transaction.atomic():
            _write(fund, timezone.now())
        self.stdout.write(f"{fund.code}: invented budget written, {fund.postings.count()} postings")


def _write(fund: Fund, at: dt.datetime) -> None:
    declare_in_force(
        fund=fund,
        statement=_STATEMENT,
        decided_by="personne (démonstration)",
        key=f"{DEMONSTRATION}endowment",
        booked_on=dt.date(2025, 1, 6),
        reason=f"Énoncé mis en vigueur pour la démonstration. {_MARK}",
        by=None,
        at=at,
    )
    for rank, (name, slug) in enumerate(_FUNDERS):
        organisation = by_slug(slug) or create_organisation(
            description=Description(
                name=name,
                world=("company", "local_authority")[rank],
                profile=("company", "local_authority")[rank],
                summary_fr="Organisation inventée pour la démonstration.",
                summary_en="Organisation made up for the demonstration.",
                source=INVENTED,
            ),
            by=None,
            at=at,
        )
        promise(
            fund=fund,
            organisation=organisation,
            amount=euros((900_000, 400_000)[rank]),
            key=f"{DEMONSTRATION}promise:{rank}",
            booked_on=dt.date(2025, 1, 13),
            reason=_MARK,
            by=None,
            at=at,
        )
    funders = [row.code for row in fund.funders.order_by("pk")]
    strands = [row.code for row in strands_of(fund)]
    post(fund=fund, postings=_first_year(fund, strands, funders), by=None, at=at)
    close_year(
        fund=fund,
        year=2025,
        key=f"{DEMONSTRATION}closing:2025",
        booked_on=dt.date(2026, 1, 5),
        reason=_MARK,
        by=None,
        at=at,
    )
    post(fund=fund, postings=_second_year(fund, strands, funders), by=None, at=at)


class _Postings:
    """Postings of the demonstration, numbered so that each has its own key."""

    def __init__(self, fund: Fund, year: int) -> None:
        self.all: list[Posting] = []
        self._fund = fund
        self._year = year

    def add(self, kind: PostingKind, amount: int, month: int, **about: Any) -> None:
        self.all.append(
            Posting(
                key=f"{DEMONSTRATION}{self._year}:{len(self.all) + 1}",
                fund=self._fund.code,
                kind=kind,
                booked_on=dt.date(self._year, month, 10),
                reason=_MARK,
                amount=euros(amount),
                **about,
            )
        )


def _first_year(fund: Fund, strands: list[str], funders: list[str]) -> list[Posting]:
    made = _Postings(fund, 2025)
    for funder, amount in zip(funders, (450_000, 200_000), strict=True):
        made.add(PostingKind.CALL, amount, 2, funder=funder)
        made.add(PostingKind.RECEIPT, amount, 3, funder=funder)
    envelopes = [Envelope(strand, 2025) for strand in strands]
    for envelope, amount in zip(envelopes, (120_000, 260_000, 120_000), strict=True):
        made.add(PostingKind.ALLOTMENT, amount, 2, envelope=envelope)
    for rank, amount in enumerate((18_000, 24_500, 12_000), start=1):
        about = {"envelope": envelopes[1], "file": f"DEMO-2025-{rank:03d}"}
        made.add(PostingKind.AWARD, amount, 5, **about)
        made.add(PostingKind.COMMITMENT, amount, 6, **about)
        made.add(PostingKind.PAYMENT, amount // 2, 7, **about)
    about = {"envelope": envelopes[0], "file": "DEMO-2025-010"}
    made.add(PostingKind.AWARD, 30_000, 9, **about)
    return made.all


def _second_year(fund: Fund, strands: list[str], funders: list[str]) -> list[Posting]:
    made = _Postings(fund, 2026)
    made.add(PostingKind.CALL, 300_000, 1, funder=funders[0])
    made.add(PostingKind.RECEIPT, 180_000, 3, funder=funders[0])
    envelopes = [Envelope(strand, 2026) for strand in strands]
    for envelope, amount in zip(envelopes, (100_000, 240_000, 150_000), strict=True):
        made.add(PostingKind.ALLOTMENT, amount, 1, envelope=envelope)
    made.add(PostingKind.TRANSFER, 20_000, 3, envelope=envelopes[0], to_envelope=envelopes[1])
    made.add(PostingKind.PAYMENT, 9_000, 4, envelope=envelopes[1], file="DEMO-2025-001")
    about = {"envelope": envelopes[1], "file": "DEMO-2026-001"}
    made.add(PostingKind.AWARD, 40_000, 5, **about)
    made.add(PostingKind.COMMITMENT, 40_000, 6, **about)
    lent = {**about, "advance": "DEMO-2026-001-A"}
    made.add(PostingKind.ADVANCE_PAYMENT, 15_000, 6, **lent)
    made.add(PostingKind.REPAYMENT, 5_000, 9, file="DEMO-2026-001", advance="DEMO-2026-001-A")
    return made.all
