"""The files of a fund by stage: counts, sums, the oldest ones, and what each waits for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import (
    Case,
    Count,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage.fund.follow_up.stages import FINAL, OPEN, Stage
from alliage.fund.money.ledger import AccountCode
from alliage.values.money import ZERO, Euros
from alliage_web.accounts.models import User
from alliage_web.fund.models import (
    AgendaItem,
    AgreementInstalment,
    AgreementMovement,
    Application,
    ApplicationQuestion,
    Call,
    Envelope,
    FileStay,
    Fund,
    MovementKind,
    RequestedDocument,
    Review,
    RunningBalance,
    StageChoices,
    StageTarget,
    euros_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

    from alliage_web.alliances.models import Alliance

#: What an account of the ledger holds of a file: all that was awarded, and its part that is paid.
_AWARDED = (AccountCode.RESERVED, AccountCode.COMMITTED, AccountCode.PAID)
#: The orders of the list; the second one of a pair is the other way round.
ORDERS: Mapping[str, tuple[str, ...]] = {
    "anciennete": ("entered_at", "pk"),
    "recents": ("-entered_at", "-pk"),
    "demande": ("-application__asked_cents", "pk"),
    "dossier": ("file", "pk"),
}
#: What a line shows, and no more: the answers of an application are long.
_JOINED = (
    "fund", "application__alliance", "application__call__strand", "application__call__fund",
    "agreement__alliance", "agreement__strand", "agreement__fund",
)  # fmt: skip
_ALLIANCE = ("title", "title_en", "slug", "source")
_STRAND = ("code", "name_fr", "name_en")
_READ = (
    "fund__code", "file", "stage", "entered_at",
    "application__reference", "application__asked_cents", "application__complete_by",
    "application__call__code", "application__call__title_fr", "application__call__title_en",
    "application__call__is_demonstration", "application__call__fund__code",
    "agreement__reference", "agreement__year", "agreement__fund__code",
    *(f"{owner}__alliance__{name}" for owner in ("application", "agreement") for name in _ALLIANCE),
    *(f"{owner}__strand__{name}" for owner in ("application__call", "agreement")
      for name in _STRAND),
)  # fmt: skip
_ENGAGED = frozenset({Stage.TO_SIGN, Stage.TO_PAY, Stage.SUSPENDED, Stage.TO_CLOSE})
#: The open stages of files to which something was awarded.
_FUNDED = (Stage.DOCUMENTS, Stage.TO_AGREE, *sorted(_ENGAGED))


@dataclass(frozen=True, slots=True)
class PipelineFilters:
    """The files that are looked for; what is empty keeps everything."""

    stage: str = ""
    call: str = ""
    strand: str = ""
    year: int | None = None
    reviewer: int | None = None
    late: bool = False

    @property
    def is_empty(self) -> bool:
        return self == PipelineFilters()

    @property
    def query(self) -> str:
        """The filters as the end of an address."""
        pairs = {
            "etape": self.stage,
            "appel": self.call,
            "volet": self.strand,
            "annee": self.year,
            "instructeur": self.reviewer,
            "retard": "1" if self.late else "",
        }
        return urlencode({name: value for name, value in pairs.items() if value})


@dataclass(frozen=True, slots=True)
class NextDate:
    """What a file waits for next, and by when."""

    on: dt.date
    what: str
    is_past: bool


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file where it stands. ``asked`` is None when the application does not tell."""

    stay: FileStay
    alliance: Alliance | None
    asked: Euros | None
    awarded: Euros
    paid: Euros
    ledger_url: str
    age: int
    target: int | None
    next: NextDate | None

    @property
    def is_late(self) -> bool:
        return self.target is not None and self.age > self.target

    @property
    def is_invented(self) -> bool:
        """Whether a demonstration made it up."""
        call = self.stay.application.call if self.stay.application else None
        return bool(
            (call and call.is_demonstration) or (self.alliance and self.alliance.is_invented)
        )

    @property
    def opens_agreement(self) -> bool:
        """Whether its page is that of the agreement: once there is one to sign."""
        if self.stay.agreement is None:
            return False
        return self.stay.application is None or Stage(self.stay.stage) in _ENGAGED

    @property
    def url(self) -> str:
        page = self.stay.agreement if self.opens_agreement else self.stay.application
        assert page is not None
        return page.get_absolute_url()


@dataclass(frozen=True, slots=True)
class StageColumn:
    """The files of a stage: how many, what they ask, what they were awarded, the oldest ones.

    ``awarded`` is told of open stages. ``asking`` counts those of which it is known what they ask;
    ``late`` is None without a delay.
    """

    stage: Stage
    label: str
    count: int
    asked: Euros
    asking: int
    awarded: Euros
    target: int | None
    late: int | None
    href: str
    late_href: str
    lines: tuple[FileLine, ...] = ()

    @property
    def unknown(self) -> int:
        return self.count - self.asking


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages where files are expected to move, and those where they stay."""

    columns: tuple[StageColumn, ...]
    ended: tuple[StageColumn, ...]

    @property
    def open(self) -> int:
        return sum(column.count for column in self.columns)

    @property
    def files(self) -> int:
        return self.open + sum(column.count for column in self.ended)


def targets_of(fund: Fund) -> dict[Stage, int]:
    """Return the delays that a fund set for itself, in days."""
    rows = StageTarget.objects.filter(fund=fund).values_list("stage", "days")
    return {Stage(stage): days for stage, days in rows}


def list_url(fund: Fund, filters: PipelineFilters) -> str:
    """Give the address of the list of the files that are looked for."""
    query = filters.query
    return reverse("fund:pipeline", args=[fund.code]) + (f"?{query}" if query else "")


def standing(
    fund: Fund, filters: PipelineFilters, *, targets: Mapping[Stage, int], now: dt.datetime
) -> QuerySet[FileStay]:
    """Choose files by where they stand now."""
    rows = FileStay.objects.filter(fund=fund, left_at=None)
    if filters.stage:
        rows = rows.filter(stage=filters.stage)
    if filters.call:
        rows = rows.filter(application__call__code=filters.call)
    if filters.strand:
        rows = rows.filter(
            Q(agreement__strand__code=filters.strand)
            | Q(agreement=None, application__call__strand__code=filters.strand)
        )
    if filters.year is not None:
        begun, ended = (dt.datetime(filters.year + more, 1, 1, tzinfo=dt.UTC) for more in (0, 1))
        rows = rows.filter(
            Q(agreement__year=filters.year)
            | Q(agreement=None, application__sent_at__gte=begun, application__sent_at__lt=ended)
        )
    if filters.reviewer is not None:
        seated = Review.objects.filter(reviewer=filters.reviewer, left_at=None)
        rows = rows.filter(application__in=seated.values("panel__application"))
    if filters.late:
        rows = rows.filter(_is_late(targets, now))
    return rows


def _is_late(targets: Mapping[Stage, int], now: dt.datetime) -> Q:
    condition = Q(pk__in=())
    for stage, days in targets.items():
        # A file is late once it has been there for a whole day more.
        condition |= Q(stage=stage.value, entered_at__lte=now - dt.timedelta(days=days + 1))
    return condition


def _awarded() -> Case:
    """Give what was awarded to a file that still needs its money; asked of no other: it is long."""
    rows = RunningBalance.objects.filter(
        fund=OuterRef("fund"), file=OuterRef("file"), code__in=[code.value for code in _AWARDED]
    )
    held = Subquery(rows.order_by().values("file").annotate(sum=Sum("cents")).values("sum"))
    return Case(When(stage__in=[stage.value for stage in _FUNDED], then=held))


def pipeline(
    fund: Fund, filters: PipelineFilters, *, now: dt.datetime, oldest: int = 0
) -> Pipeline:
    """Read the files of a fund by stage in a constant number of queries.

    Parameters
    ----------
    oldest : int
        How many files each open stage shows, those that wait for longest.
    """
    targets = targets_of(fund)
    rows = standing(fund, filters, targets=targets, now=now)
    found: dict[Stage, Mapping[str, Any]] = {
        Stage(row["stage"]): row
        for row in rows.annotate(held=_awarded())
        .order_by()
        .values("stage")
        .annotate(
            n=Count("pk"),
            asked=Sum("application__asked_cents"),
            asking=Count("application__asked_cents"),
            awarded=Sum("held"),
            late=Count("pk", filter=_is_late(targets, now)),
        )
    }
    shown: dict[Stage, list[FileLine]] = {}
    if oldest:
        ranked = rows.filter(stage__in=[stage.value for stage in OPEN]).annotate(
            rank=Window(RowNumber(), partition_by="stage", order_by=["entered_at", "pk"])
        )
        # Ranked by their keys alone: only those that are shown are read whole.
        keys = list(ranked.filter(rank__lte=oldest).order_by().values_list("pk", flat=True))
        chosen = FileStay.objects.filter(pk__in=keys).order_by("entered_at", "pk")
        for line in lines_of(chosen, targets=targets, now=now):
            shown.setdefault(Stage(line.stay.stage), []).append(line)

    def column(stage: Stage) -> StageColumn:
        row = found.get(stage, {})
        wanted = _with_stage(filters, stage)
        return StageColumn(
            stage=stage,
            label=str(StageChoices(stage.value).label),
            count=row.get("n") or 0,
            asked=euros_of(int(row.get("asked") or 0)),
            asking=row.get("asking") or 0,
            awarded=euros_of(int(row.get("awarded") or 0)),
            target=targets.get(stage),
            late=(row.get("late") or 0) if stage in targets else None,
            href=list_url(fund, wanted),
            late_href=list_url(fund, _with_stage(filters, stage, late=True)),
            lines=tuple(shown.get(stage, ())),
        )

    return Pipeline(tuple(map(column, OPEN)), tuple(map(column, FINAL)))


def _with_stage(filters: PipelineFilters, stage: Stage, *, late: bool = False) -> PipelineFilters:
    return PipelineFilters(
        stage.value,
        filters.call,
        filters.strand,
        filters.year,
        filters.reviewer,
        late or filters.late,
    )


def lines_of(rows: Any, *, targets: Mapping[Stage, int], now: dt.datetime) -> list[FileLine]:
    """Read files with what a line shows, in the order of the rows."""
    stays = list(rows.select_related(*_JOINED).only(*_READ))
    awarded, paid = _money(stays)
    dates = _next_dates(stays, timezone.localdate(now))
    ledger = reverse("fund:ledger", args=[stays[0].fund.code]) if stays else ""
    found = []
    for stay in stays:
        asked = stay.application.asked_cents if stay.application else None
        found.append(
            FileLine(
                stay=stay,
                alliance=alliance_of(stay),
                asked=None if asked is None else euros_of(asked),
                awarded=awarded.get(stay.file, ZERO),
                paid=paid.get(stay.file, ZERO),
                ledger_url=f"{ledger}?{urlencode({'file': stay.file})}",
                age=stay.age(now),
                target=targets.get(Stage(stay.stage)),
                next=dates.get(stay.pk),
            )
        )
    return found


def alliance_of(stay: FileStay) -> Alliance | None:
    if stay.application is not None:
        return stay.application.alliance
    return stay.agreement.alliance if stay.agreement else None


def _money(stays: Sequence[FileStay]) -> tuple[dict[str, Euros], dict[str, Euros]]:
    if not stays:
        return {}, {}
    rows = RunningBalance.objects.filter(
        fund=stays[0].fund_id,
        file__in=[stay.file for stay in stays],
        code__in=[code.value for code in _AWARDED],
    )
    awarded: dict[str, Euros] = {}
    paid: dict[str, Euros] = {}
    for file, code, cents in rows.values_list("file", "code", "cents"):
        awarded[file] = awarded.get(file, ZERO) + euros_of(cents)
        if code == AccountCode.PAID.value:
            paid[file] = paid.get(file, ZERO) + euros_of(cents)
    return awarded, paid


def _next_dates(stays: Sequence[FileStay], today: dt.date) -> dict[int, NextDate]:
    """Give the first date that each file waits for, those that are past included."""
    dates: dict[int, list[tuple[dt.date, str]]] = {}
    of_application = {stay.application_id: stay.pk for stay in stays if stay.application_id}
    of_agreement = {stay.agreement_id: stay.pk for stay in stays if stay.agreement_id}
    for stay in stays:
        if stay.application and stay.application.complete_by:
            dates.setdefault(stay.pk, []).append((stay.application.complete_by, _("compléments")))
    if of_application:
        for key, on, what in _asked_of(list(of_application)):
            dates.setdefault(of_application[key], []).append((on, what))
    if of_agreement:
        for key, on in _instalments_due(list(of_agreement)):
            dates.setdefault(of_agreement[key], []).append((on, _("échéance")))
    return {
        pk: NextDate(on, what, on < today)
        for pk, (on, what) in ((pk, min(found)) for pk, found in dates.items())
    }


def _asked_of(keys: Sequence[int]) -> list[tuple[int, dt.date, str]]:
    questions = ApplicationQuestion.objects.filter(application__in=keys, answered_at=None)
    documents = RequestedDocument.objects.filter(application__in=keys, received_at=None)
    meetings = AgendaItem.objects.filter(
        application__in=keys, decision=None, no_decision="", meeting__minutes=None
    )
    labels = {"q": _("réponse attendue"), "d": _("pièce attendue"), "m": _("comité")}
    parts = [
        rows.order_by()
        .annotate(on=F(field), kind=Value(kind))
        .values_list("application_id", "on", "kind")
        for rows, field, kind in (
            (questions, "answer_by", "q"),
            (documents, "due_on", "d"),
            (meetings, "meeting__held_on", "m"),
        )
    ]
    return [(key, on, labels[kind]) for key, on, kind in parts[0].union(*parts[1:])]


def _instalments_due(keys: Sequence[int]) -> list[tuple[int, dt.date]]:
    """Give the dates of what the terms in force still have to pay."""
    paid: dict[tuple[int, str], int] = {}
    signed = Case(When(kind=MovementKind.PAYMENT.value, then=F("cents")), default=-F("cents"))
    moved = AgreementMovement.objects.filter(agreement__in=keys).order_by()
    for key, code, cents in moved.values_list("agreement_id", "instalment").annotate(
        sum=Sum(signed)
    ):
        paid[key, code] = cents
    rows = AgreementInstalment.objects.filter(
        version__agreement__in=keys, version__in_force_on__isnull=False
    ).order_by("version__number")
    last: dict[int, tuple[int, list[tuple[int, dt.date]]]] = {}
    for key, number, code, cents, due_on in rows.values_list(
        "version__agreement_id", "version__number", "code", "cents", "due_on"
    ):
        if key not in last or last[key][0] != number:
            last[key] = (number, [])
        if due_on is not None and paid.get((key, code), 0) < cents:
            last[key][1].append((key, due_on))
    return [due for _number, found in last.values() for due in found]


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter may take."""

    value: str
    label: str


def choices_of(fund: Fund) -> dict[str, list[Choice]]:
    """Return what the filters may take: the calls, the strands, the years, who reviews."""
    calls = Call.objects.filter(fund=fund).order_by("-created_at", "-pk")
    strands = fund.strands.order_by("order", "pk")
    sent = Application.objects.filter(fund=fund).aggregate(
        first=Min("sent_at"), last=Max("sent_at")
    )
    years = set(Envelope.objects.filter(strand__fund=fund).values_list("year", flat=True))
    if sent["first"]:
        years |= set(range(sent["first"].year, sent["last"].year + 1))
    seated = Review.objects.filter(panel__application__fund=fund, left_at=None)
    people = User.objects.filter(pk__in=seated.values("reviewer")).order_by("name", "pk")
    return {
        "call": [Choice(row.code, row.title) for row in calls],
        "strand": [Choice(row.code, str(row)) for row in strands],
        "year": [Choice(str(year), str(year)) for year in sorted(years)],
        "reviewer": [Choice(str(row.pk), str(row)) for row in people],
    }
