"""How long the files of a fund stay in each stage, and the delays that it set for itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count

from alliage.fund.follow_up.ageing import Stays, TimeInStage, time_in_stage
from alliage.fund.follow_up.stages import OPEN, Stage
from alliage_web.fund.models import FileStay, Fund, StageChoices

from .pipeline import PipelineFilters, list_url, targets_of

if TYPE_CHECKING:
    import datetime as dt

#: The last day of each class of age; the last class has no end.
CLASSES = (7, 30, 90, 180)


@dataclass(frozen=True, slots=True)
class StageAge:
    """A stage, how long files stay there, and how the delay of the fund is kept.

    ``late`` counts the files that are there for longer than the delay, ``ended_late`` those that
    left after it; both are None without a delay. ``ages`` counts the files by class of age.
    """

    stage: Stage
    label: str
    time: TimeInStage
    target: int | None
    late: int | None
    ended_late: int | None
    ages: tuple[int, ...]
    href: str
    late_href: str

    @property
    def quartiles(self) -> tuple[int | None, int | None, int | None]:
        return self.time.lower_quartile, self.time.median, self.time.upper_quartile


def ageing(fund: Fund, *, now: dt.datetime) -> tuple[StageAge, ...]:
    """Read the stays of the files of a fund, by stage, in three queries."""
    targets = targets_of(fund)
    opened = [stage.value for stage in OPEN]
    rows = FileStay.objects.filter(fund=fund, stage__in=opened).order_by()
    ended: dict[Stage, Counter[int]] = defaultdict(Counter)
    for stage, days, count in (
        rows.filter(left_at__isnull=False).values_list("stage", "days").annotate(n=Count("pk"))
    ):
        ended[Stage(stage)][days] = count
    present: dict[Stage, Counter[int]] = defaultdict(Counter)
    for stage, entered_at in rows.filter(left_at=None).values_list("stage", "entered_at"):
        present[Stage(stage)][max((now - entered_at).days, 0)] += 1
    return tuple(_age(fund, stage, ended[stage], present[stage], targets) for stage in OPEN)


def _age(
    fund: Fund,
    stage: Stage,
    ended: Counter[int],
    present: Counter[int],
    targets: dict[Stage, int],
) -> StageAge:
    target = targets.get(stage)
    stays = {days: Stays(ended[days], present[days]) for days in {*ended, *present}}
    ages = [0] * (len(CLASSES) + 1)
    for days, count in present.items():
        ages[sum(days > last for last in CLASSES)] += count
    return StageAge(
        stage=stage,
        label=str(StageChoices(stage.value).label),
        time=time_in_stage(stays),
        target=target,
        late=None if target is None else _after(present, target),
        ended_late=None if target is None else _after(ended, target),
        ages=tuple(ages),
        href=list_url(fund, PipelineFilters(stage=stage.value)),
        late_href=list_url(fund, PipelineFilters(stage=stage.value, late=True)),
    )


def _after(stays: Counter[int], target: int) -> int:
    return sum(count for days, count in stays.items() if days > target)
