"""The fund that the benchmarks fill: its ledger, then the files that the postings name.

Django is set up before this is read. Rows of files are written at once, as no action could: what
they hold is drawn at random, with a seed, and their stages agree with their states.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from alliage.fund.follow_up.stages import stage_of
from alliage.fund.money.ledger import Envelope, Posting, PostingKind
from alliage.fund.states import AgreementState, ApplicationState
from alliage.values.money import euros
from alliage_web.accounts.models import Role, RoleHolding, User
from alliage_web.actors.models import Organisation
from alliage_web.alliances.models import Alliance, AllianceTerritory
from alliage_web.fund import actions
from alliage_web.fund.models import (
    Agreement,
    AgreementInstalment,
    AgreementVersion,
    Application,
    Call,
    FileStay,
    FormVersion,
    Fund,
    Review,
    ReviewGrid,
    ReviewPanel,
    Strand,
)
from alliage_web.territories.models import Snapshot, Territory, Vintage

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = dt.date(2026, 1, 5)
ALLIANCES = 2000
REVIEWERS = 20
BATCH = 2000
_A, _G = ApplicationState, AgreementState
#: States of the files that the ledger knows, and of the others, with how many of each.
_AGREED = {
    _G.ENDED: 50, _G.SIGNED: 30, _G.AMENDED: 8, _G.OUT_FOR_SIGNATURE: 6, _G.SUSPENDED: 3,
    _G.PREPARED: 3,
}  # fmt: skip
_NOT_AGREED = {
    _A.SENT: 25, _A.TO_COMPLETE: 5, _A.UNDER_REVIEW: 20, _A.TO_COMMITTEE: 8, _A.ADJOURNED: 2,
    _A.ACCEPTED_SUBJECT_TO_DOCUMENTS: 2, _A.REFUSED: 25, _A.INELIGIBLE: 8, _A.WITHDRAWN: 5,
}  # fmt: skip
_ROAD = ("received", "review", "committee", "to_agree", "to_sign", "to_pay")


def organisation(slug: str) -> Organisation:
    now = timezone.now()
    return Organisation.objects.create(
        slug=slug, name=slug.capitalize(), name_key=slug, world="association",
        profile="association", created_at=now, updated_at=now,
    )  # fmt: skip


class World:
    """A fund with three strands, nine envelopes, and a history that never ends."""

    def __init__(self) -> None:
        now = timezone.now()
        self.fund = Fund.objects.create(
            code="fonds", name="Fonds", organisation=organisation("fonds"), created_at=now,
            updated_at=now,
        )  # fmt: skip
        self.strands = [
            Strand.objects.create(fund=self.fund, code=f"volet-{n}", name_fr=f"Volet {n}")
            for n in range(3)
        ]
        self.envelopes = [Envelope(s.code, y) for s in self.strands for y in (2026, 2027, 2028)]
        self._keys = itertools.count()
        kinds = PostingKind
        self.post(
            self.posting(kinds.ENDOWMENT_INCREASE, 90_000_000),
            *[self.posting(kinds.ALLOTMENT, 9_000_000, envelope=each) for each in self.envelopes],
        )

    def posting(self, kind: PostingKind, amount: int, **about: Any) -> Posting:
        return Posting(
            key=f"k{next(self._keys)}", fund="fonds", kind=kind, booked_on=DAY, reason="Essai",
            amount=euros(amount), **about,
        )  # fmt: skip

    def post(self, *postings: Posting) -> None:
        actions.post(fund=self.fund, postings=postings, by=None, at=timezone.now())

    def history(self) -> Iterator[Posting]:
        """Give files one after the other: an award, its commitment, ten payments."""
        for number in itertools.count():
            about: dict[str, Any] = {
                "envelope": self.envelopes[number % len(self.envelopes)],
                "file": f"dossier-{number}",
            }
            yield self.posting(PostingKind.AWARD, 30, **about)
            yield self.posting(PostingKind.COMMITMENT, 30, **about)
            for _ in range(10):
                yield self.posting(PostingKind.PAYMENT, 2, **about)

    def officer(self) -> User:
        person = User.objects.create_user("sacha@example.org", name="Sacha")
        RoleHolding.objects.create(
            user=person, role=Role.FUND_OFFICER, place="fund:fonds", granted_at=timezone.now()
        )
        return person

    def fill_files(self, count: int, known: int) -> None:
        """Write applications; the first ones are the files that the ledger knows."""
        drawn = random.Random(17)
        now = timezone.now()
        alliances = self._alliances(drawn)
        form = FormVersion.objects.create(
            fund=self.fund, code="f", version=1, title_fr="F", title_en="F", text="",
            created_at=now,
        )  # fmt: skip
        calls = [
            Call.objects.create(
                fund=self.fund,
                code=f"appel-{n}",
                title_fr=f"Appel {n}",
                summary_fr="Un appel.",
                kind="rolling",
                form=form,
                strand=self.strands[n % 3],
                created_at=now,
                updated_at=now,
            )
            for n in range(6)
        ]
        sent = [now - dt.timedelta(days=drawn.randint(200, 900)) for _ in range(count)]
        states = [_A.ACCEPTED if n < known else _drawn(drawn, _NOT_AGREED) for n in range(count)]
        applications = Application.objects.bulk_create(
            [
                Application(
                    reference=f"dossier-{n}",
                    fund=self.fund,
                    call=calls[n % 6],
                    form=form,
                    alliance_id=drawn.choice(alliances),
                    state=states[n].value,
                    begun_at=sent[n],
                    updated_at=sent[n],
                    sent_at=sent[n],
                    complete_by=now.date() if states[n] is _A.TO_COMPLETE else None,
                    asked_cents=drawn.randint(5, 30) * 100_000,
                )
                for n in range(count)
            ],
            BATCH,
        )
        agreements = self._agreements(applications[:known], drawn)
        self._reviews([row for row in applications if row.state == _A.UNDER_REVIEW.value], drawn)
        stays = []
        for number, application in enumerate(applications):
            agreement = agreements[number] if number < known else None
            stage = stage_of(states[number], AgreementState(agreement.state) if agreement else None)
            assert stage is not None
            stays += _stays(application, agreement, stage.value, sent[number], now, drawn)
        FileStay.objects.bulk_create(stays, BATCH)

    def _alliances(self, drawn: random.Random) -> list[int]:
        now = timezone.now()
        vintage = Vintage.objects.create(year=2026, is_current=True)
        places = Territory.objects.bulk_create(
            [Territory(level="commune", code=f"{n:05}", name=f"Commune {n}") for n in range(500)]
        )
        Snapshot.objects.bulk_create(
            [
                Snapshot(
                    vintage=vintage,
                    territory=place,
                    name=place.name,
                    name_key=place.code,
                    population=1000,
                    size_class="tpt",
                )
                for place in places
            ]
        )
        rows = Alliance.objects.bulk_create(
            [
                Alliance(
                    code=f"alliance-{n}",
                    slug=f"alliance-{n}",
                    title=f"Alliance {n}",
                    text_key=f"alliance {n}",
                    created_at=now,
                    updated_at=now,
                )
                for n in range(ALLIANCES)
            ],
            BATCH,
        )
        AllianceTerritory.objects.bulk_create(
            [AllianceTerritory(alliance=row, territory=drawn.choice(places)) for row in rows], BATCH
        )
        return [row.pk for row in rows]

    def _agreements(self, applications: list[Application], drawn: random.Random) -> list[Agreement]:
        receivers = [organisation(f"beneficiaire-{n}") for n in range(50)]
        rows = Agreement.objects.bulk_create(
            [
                Agreement(
                    fund=self.fund,
                    reference=f"conv-{n}",
                    kind="grant",
                    application=application,
                    alliance_id=application.alliance_id,
                    strand=self.strands[n % 9 // 3],
                    year=2026 + n % 3,
                    payer=self.fund.organisation,
                    payer_kind="private_fund",
                    receiver=drawn.choice(receivers),
                    receiver_kind="association",
                    state=_drawn(drawn, _AGREED).value,
                    legal_path={},
                    created_at=application.begun_at,
                    updated_at=application.begun_at,
                )
                for n, application in enumerate(applications)
            ],
            BATCH,
        )
        versions = AgreementVersion.objects.bulk_create(
            [
                AgreementVersion(
                    agreement=row,
                    number=1,
                    objective="Une mission.",
                    cents=3000,
                    frozen_at=row.created_at,
                    digest="0" * 64,
                    in_force_on=DAY if row.state in {"signed", "amended", "ended"} else None,
                )
                for row in rows
            ],
            BATCH,
        )
        AgreementInstalment.objects.bulk_create(
            [
                AgreementInstalment(
                    version=version,
                    rank=rank,
                    code=f"t{rank}",
                    title="Versement",
                    cents=1500,
                    due_on=DAY + dt.timedelta(days=drawn.randint(0, 700)),
                )
                for version in versions
                for rank in (1, 2)
            ],
            BATCH,
        )
        return rows

    def _reviews(self, applications: list[Application], drawn: random.Random) -> None:
        now = timezone.now()
        grid = ReviewGrid.objects.create(
            fund=self.fund, code="g", version=1, title_fr="G", title_en="G", text="",
            digest="0" * 64, created_at=now,
        )  # fmt: skip
        people = [
            User.objects.create_user(f"p{n}@example.org", name=f"Person {n}")
            for n in range(REVIEWERS)
        ]
        panels = ReviewPanel.objects.bulk_create(
            [ReviewPanel(application=row, grid=grid, opened_at=now) for row in applications], BATCH
        )
        Review.objects.bulk_create(
            [
                Review(panel=panel, reviewer=person, assigned_at=now)
                for panel in panels
                for person in drawn.sample(people, 2)
            ],
            BATCH,
        )


def _drawn(drawn: random.Random, weights: dict[Any, int]) -> Any:
    return drawn.choices(list(weights), list(weights.values()))[0]


def _stays(
    application: Application,
    agreement: Agreement | None,
    stage: str,
    at: dt.datetime,
    now: dt.datetime,
    drawn: random.Random,
) -> list[FileStay]:
    """Draw how a file came to its stage: it passed those before it on the road."""
    about: dict[str, Any] = {
        "fund": application.fund, "file": application.reference, "application": application,
    }  # fmt: skip
    last = _ROAD.index(stage) if stage in _ROAD else drawn.randint(1, 2 if not agreement else 6)
    found = []
    for passed in _ROAD[:last]:
        days = min(int(drawn.lognormvariate(3, 0.8)), max((now - at).days, 0))
        left = at + dt.timedelta(days=days)
        found.append(FileStay(stage=passed, entered_at=at, left_at=left, days=days, **about))
        at = left
    found.append(FileStay(stage=stage, agreement=agreement, entered_at=at, **about))
    return found
