"""Figures that documents state, and what is kept back, as frozen rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from alliage.values import french
from alliage_web.observatory.models import (
    Disagreement,
    FigureUnit,
    Operator,
    Population,
    PublishedFigure,
    Question,
    Theme,
    Wave,
    Withheld,
)
from alliage_web.observatory.models.catalogue import in_language

from .catalogue import choices
from .regions import region_label, study_regions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

#: What the figures of documents have for a margin of error.
NO_MARGIN = "n/a"
_NO_BREAK = "\N{NO-BREAK SPACE}"

_GROUPS: Mapping[tuple[str, str], _StrPromise] = {
    ("age", "18_24"): gettext_lazy("18 à 24 ans"),
    ("age", "25_34"): gettext_lazy("25 à 34 ans"),
    ("age", "35_49"): gettext_lazy("35 à 49 ans"),
    ("age", "50_64"): gettext_lazy("50 à 64 ans"),
    ("age", "65_plus"): gettext_lazy("65 ans et plus"),
    ("town_size", "lt_2000"): gettext_lazy("communes de moins de 2 000 habitants"),
    ("socio", "csp_plus"): gettext_lazy("catégories supérieures"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What one document says."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class DisagreementRow:
    """What documents do not say alike, and how we read them."""

    code: str
    title: str
    statements: tuple[Statement, ...]
    reading: str

    @property
    def url(self) -> str:
        return f"{reverse('observatory:disagreements')}#{self.code}"


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure as a document states it.

    Attributes
    ----------
    group
        The breakdown and its code, in words too; empty for everybody.
    value, low, high, answer
        A number, or bounds, or answers in their order.
    text
        The figure as it is written in the language of the page: « entre 5,3 et 5,5 ».
    withheld
        Why it is kept inside; empty when it is published.
    """

    code: str
    theme: str
    theme_label: str
    question: str
    question_label: str
    study: str
    study_label: str
    wave: str
    wave_label: str
    population: str
    population_label: str
    label: str
    statistic: str
    statistic_label: str
    item: str
    level: str
    group: tuple[tuple[str, str], ...]
    group_label: str
    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    answer: str
    unit: str
    unit_label: str
    operator: str
    text: str
    reading: str
    reading_label: str
    note: str
    source: str
    withheld: str
    withheld_label: str
    withheld_reason: str
    disagreements: tuple[DisagreementRow, ...]

    @property
    def url(self) -> str:
        return reverse("observatory:figure", args=[self.code])

    @property
    def margin(self) -> str:
        """The margin of error: no document gives what one would need."""
        return NO_MARGIN


@dataclass(frozen=True, slots=True)
class KeptBack:
    """How many figures are kept inside for one reason."""

    category: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which figures are looked for; empty is all."""

    population: str = ""
    theme: str = ""
    study: str = ""
    wave: str = ""
    reading: str = ""

    @property
    def as_filter(self) -> Q:
        """The condition on the rows."""
        asked = {
            "population": self.population,
            "theme": self.theme,
            "wave__study__code": self.study,
            "wave__code": self.wave,
            "reading": self.reading,
        }
        return Q(**{name: value for name, value in asked.items() if value})


def figures(selection: Selection | None = None, *, withheld: bool = False) -> tuple[FigureRow, ...]:
    """Return the published figures; with those kept inside for who may read them."""
    return _rows((selection or Selection()).as_filter, withheld=withheld)


def figures_of_question(
    code: str, *, population: str = "", item: str = "", withheld: bool = False
) -> tuple[FigureRow, ...]:
    """Return the figures on a question, of every wave, population and item unless told."""
    asked = {"question__code": code, "population": population, "item": item}
    return _rows(Q(**{name: told for name, told in asked.items() if told}), withheld=withheld)


def figure(code: str, *, withheld: bool = False) -> FigureRow | None:
    """Return a figure; none where it is kept inside and its reader may not read such figures."""
    return next(iter(_rows(Q(code=code), withheld=withheld)), None)


def kept_back() -> tuple[KeptBack, ...]:
    """Count what is kept inside, by reason."""
    counts = dict(
        PublishedFigure.objects.exclude(withheld="")
        .order_by()
        .values_list("withheld")
        .annotate(count=Count("pk"))
    )
    return tuple(
        KeptBack(value, str(label), counts[value])
        for value, label in Withheld.choices
        if value in counts
    )


def published_count() -> int:
    """Count the published figures."""
    return PublishedFigure.objects.filter(withheld="").count()


def disagreements() -> tuple[DisagreementRow, ...]:
    """Return what documents do not say alike."""
    return tuple(map(_disagreement, Disagreement.objects.all()))


@dataclass(frozen=True, slots=True)
class Option:
    """A value that figures may be looked for by, and how many have it."""

    value: str
    label: str
    count: int


def options(name: str) -> tuple[Option, ...]:
    """Return the populations, themes or waves that published figures have."""
    published = PublishedFigure.objects.filter(withheld="").order_by()
    if name == "wave":
        waves = (
            Wave.objects.filter(figures__withheld="")
            .select_related("study")
            .annotate(count=Count("figures"))
            .order_by("study__programme__first_year", "study__code", "year", "code")
        )
        return tuple(Option(f"{row.study.code}:{row.code}", str(row), row.count) for row in waves)
    counts = dict(published.values_list(name).annotate(count=Count("pk")))
    labels = Population.choices if name == "population" else Theme.choices
    return tuple(
        Option(value, str(label), counts[value]) for value, label in labels if value in counts
    )


def _rows(which: Q, *, withheld: bool) -> tuple[FigureRow, ...]:
    rows: QuerySet[PublishedFigure] = PublishedFigure.objects.filter(which)
    if not withheld:
        rows = rows.filter(withheld="")
    rows = rows.select_related("question", "wave__study").prefetch_related("disagreements")
    return tuple(map(_row, rows.order_by("order", "code")))


def _row(row: PublishedFigure) -> FigureRow:
    wave = row.wave
    return FigureRow(
        code=row.code,
        theme=row.theme,
        theme_label=row.get_theme_display(),
        question=row.question.code if row.question else "",
        question_label=row.question.label if row.question else "",
        study=wave.study.code if wave else "",
        study_label=wave.study.label if wave else "",
        wave=wave.code if wave else "",
        wave_label=wave.label if wave else "",
        population=row.population,
        population_label=row.get_population_display(),
        label=row.label,
        statistic=row.statistic,
        statistic_label=row.get_statistic_display(),
        item=row.item,
        level=row.level,
        group=tuple(sorted(row.group.items())),
        group_label=group_label(row.group),
        value=row.value,
        low=row.low,
        high=row.high,
        answer=row.answer,
        unit=row.unit,
        unit_label=row.get_unit_display(),
        operator=row.operator,
        text=written(row),
        reading=row.reading,
        reading_label=row.get_reading_display(),
        note=row.note,
        source=row.source,
        withheld=row.withheld,
        withheld_label=row.get_withheld_display(),
        withheld_reason=row.withheld_reason,
        disagreements=tuple(map(_disagreement, row.disagreements.all())),
    )


def _disagreement(row: Disagreement) -> DisagreementRow:
    statements = tuple(
        Statement(in_language(one["text_fr"], one["text_en"]), one["source"])
        for one in row.statements
    )
    return DisagreementRow(row.code, row.title, statements, row.reading_text)


def written(row: PublishedFigure) -> str:
    """Write a figure in words of the language of the page; « non lu » where there is nothing."""
    if row.answer:
        return _answers(row)
    if row.value is not None:
        return _hedged(row.operator, with_unit(row.value, row.unit))
    if row.low is not None and row.high is not None:
        return _("entre %(low)s et %(high)s") % {
            "low": plain(row.low),
            "high": with_unit(row.high, row.unit),
        }
    return _("non lu")


def with_unit(value: Decimal | float, unit: str) -> str:
    """Write a number with its unit."""
    text = plain(value)
    if unit == FigureUnit.PERCENT:
        return f"{text}%" if _english() else f"{text}{_NO_BREAK}%"
    if unit == FigureUnit.MARK:
        return f"{text}{_NO_BREAK}/{_NO_BREAK}10"
    if unit == FigureUnit.RANK:
        return _("%(rank)se") % {"rank": text} if text != "1" else _("1er")
    return f"{text}{_NO_BREAK}{FigureUnit(unit).label}"


def plain(value: Decimal | float) -> str:
    """Write a number, with a decimal where it has one."""
    decimals = 0 if value == int(value) else 1
    return french.number(value, decimals, language="en" if _english() else "fr")


def _hedged(operator: str, text: str) -> str:
    if operator == Operator.EXACT:
        return text
    return f"{Operator(operator).label}{_NO_BREAK}{text}"


def _answers(row: PublishedFigure) -> str:
    """Put answers in their order in words: « > » comes before, « = » goes with."""
    labels: Mapping[str, str] = {}
    if isinstance(row.question, Question):
        labels = {one.code: one.label for one in choices(row.question.answers)}
    parts = row.answer.split(" ")
    signs = {">": _("puis"), "=": _("à égalité avec")}
    words = [signs.get(one, labels.get(one, one)) for one in parts]
    return " ".join([words[0], *[word[:1].lower() + word[1:] for word in words[1:]]])


def group_label(group: Mapping[str, str]) -> str:
    """Put a group in words; empty for everybody."""
    return ", ".join(
        _code_label(breakdown, code.strip())
        for breakdown, codes in sorted(group.items())
        for code in codes.split(",")
    )


def _code_label(breakdown: str, code: str) -> str:
    if breakdown in {"region", "region_group"}:
        region = study_regions().of_code(code)
        return code if region is None else region_label(region)
    return str(_GROUPS.get((breakdown, code), code))


def _english() -> bool:
    return (get_language() or "").startswith("en")


def sources_of(rows: Iterable[FigureRow]) -> tuple[str, ...]:
    """Return the sources of several figures, each once."""
    return tuple(dict.fromkeys(row.source for row in rows))
