"""Results as lists that people read: the same columns on a screen, on a page and in a workbook."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import singledispatch
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from alliage.survey.areas.area_models import AreaModel
from alliage.survey.comparison.comparisons import Comparisons
from alliage.survey.comparison.correlation import Correlations
from alliage.survey.comparison.ranking import Ranking
from alliage.survey.comparison.trends import Trends
from alliage.survey.errors import listed
from alliage.survey.estimation.results import SHARES, Estimates, Reliability
from alliage.survey.protection.disclosure import Cause
from alliage.survey.protection.protected_tables import Protected
from alliage.survey.publishing.words import (
    NOTHING,
    UNKNOWN,
    calibration_name,
    name_of,
    number,
    p_value,
    quantity,
    share,
    word,
)
from alliage.survey.sampling.report import CalibrationReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alliage.survey.comparison.comparisons import Comparison
    from alliage.survey.estimation.results import Estimate, Provenance
    from alliage.survey.publishing.words import Language

Value: TypeAlias = str | float | int | None


class Kind(StrEnum):
    """What a column holds, and hence how it is written."""

    TEXT = "text"
    COUNT = "count"
    QUANTITY = "quantity"
    SHARE = "share"
    POINTS = "points"
    P_VALUE = "p"
    RELATIVE = "relative"


@dataclass(frozen=True, slots=True)
class Heading:
    """A column.

    Attributes
    ----------
    title
        What stands above it.
    kind
        What it holds.
    minor
        Whether a narrow screen may leave it out.
    is_end
        Whether it is an end of the interval: both are shown, or neither.
    """

    title: str
    kind: Kind = Kind.TEXT
    minor: bool = False
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A result as rows.

    Attributes
    ----------
    headings
        The columns.
    rows
        One value for each column; ``None`` for what is not known.
    notes
        The sentences that must go with it.
    kinds
        For rows whose figures are of other kinds than their columns say, the kind of each; else
        empty.
    """

    headings: tuple[Heading, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()
    kinds: tuple[tuple[Kind, ...], ...] = ()

    def titled(self, titles: Mapping[str, str]) -> Listing:
        """Return the same with titles in the place of names of variables."""
        return replace(
            self,
            headings=tuple(
                replace(heading, title=titles.get(heading.title, heading.title))
                for heading in self.headings
            ),
            rows=tuple(
                tuple(_titled(value, titles) if isinstance(value, str) else value for value in row)
                for row in self.rows
            ),
        )

    def kind(self, row: int, column: int) -> Kind:
        """Return what a cell holds."""
        return self.kinds[row][column] if self.kinds else self.headings[column].kind

    def text(self, row: int, column: int, language: Language) -> str:
        """Write a cell."""
        return written(self.rows[row][column], self.kind(row, column), language)


def _titled(text: str, titles: Mapping[str, str]) -> str:
    return " · ".join(titles.get(part, part) for part in text.split(" · "))


def written(value: Value, kind: Kind, language: Language) -> str:
    """Write a value.

    Examples
    --------
    >>> written(0.4567, Kind.SHARE, "en"), written(None, Kind.COUNT, "fr")
    ('45.7%', 'n/a')
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value
    writers = {
        Kind.COUNT: lambda: number(value, 0, language),
        Kind.SHARE: lambda: share(value, language),
        Kind.POINTS: lambda: f"{number(100 * value, 1, language)}\u00a0pt",
        Kind.P_VALUE: lambda: p_value(value, language),
        Kind.RELATIVE: lambda: f"{value:.1e}" if value else "0",
    }
    return writers.get(kind, lambda: quantity(value, language))()


def provenance_notes(how: Provenance, language: Language) -> tuple[str, ...]:
    """Return the sentences that say how figures were computed."""
    return (
        word("error", language, value=name_of(how.standard_error, language)),
        word("weights", language, value=how.weights or word("everybody counts for 1", language)),
        word("calibration", language, value=calibration_name(how.calibration, language)),
        f"Alliage {how.version}.",
    )


@singledispatch
def listing(result: object, language: Language = "fr") -> Listing:  # noqa: ARG001 - of the others
    """Return a result as rows for people.

    Parameters
    ----------
    result
        Estimates, comparisons, trends, a ranking, correlations, a model of areas, the report of a
        calibration, or a protected table (its audit).
    language
        ``fr`` or ``en``.

    Raises
    ------
    TypeError
        For anything else.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, mean, sample
    >>> made = listing(mean(sample(pl.DataFrame({"y": [1, 2, 3] * 9}), Design()), "y"), "en")
    >>> made.text(0, 0, "en"), made.text(0, 1, "en")
    ('y', '2.00')
    """
    msg = f"A {type(result).__name__} is no result of a survey."
    raise TypeError(msg)


def _headings(language: Language, *names: tuple[str, Kind, bool]) -> tuple[Heading, ...]:
    return tuple(
        Heading(word(name, language), kind, minor, name in {"low", "high"})
        for name, kind, minor in names
    )


@listing.register(Estimates)
def _(result: Estimates, language: Language = "fr") -> Listing:
    groups = tuple(dict.fromkeys(name for item in result for name in item.group))
    telling = [
        name
        for name in ("variable", "statistic", "level", "domain")
        if name == "variable" or len({_about(item, name, language) for item in result}) > 1
    ]
    marked = result.rule is not None or bool(result.empty)
    headings = (
        *_headings(language, *((name, Kind.TEXT, False) for name in telling)),
        *(Heading(name) for name in groups),
        *_headings(
            language,
            ("value", Kind.QUANTITY, False),
            ("standard_error", Kind.QUANTITY, False),
            ("low", Kind.QUANTITY, True),
            ("high", Kind.QUANTITY, True),
            ("base", Kind.COUNT, False),
            ("missing", Kind.COUNT, True),
            ("n_eff", Kind.COUNT, True),
            ("deff", Kind.QUANTITY, True),
            ("cv", Kind.SHARE, True),
            *((("note", Kind.TEXT, False),) if marked else ()),
        ),
    )
    rows, kinds = [], []
    last = [heading.kind for heading in headings[len(telling) + len(groups) + 4 :]]
    for item in result:
        labels = (
            *(_about(item, name, language) for name in telling),
            *(str(item.group.get(name, "")) for name in groups),
        )
        told = result.reliability(item)
        figures: tuple[Value, ...] = (
            item.value,
            item.standard_error,
            item.low,
            item.high,
            item.respondents,
            item.missing,
            item.effective_size,
            item.design_effect,
            item.variation,
        )
        if told is Reliability.TOO_SMALL:
            bases = (item.respondents, item.missing)
            figures = (*(NOTHING,) * 4, *bases, *(NOTHING,) * 3)
        rows.append((*labels, *figures, *((_note(told, language),) if marked else ())))
        kind = Kind.SHARE if item.statistic in SHARES else Kind.QUANTITY
        error = Kind.POINTS if item.statistic in SHARES else Kind.QUANTITY
        kinds.append((*(Kind.TEXT for _ in labels), kind, error, kind, kind, *last))
    for variable, group in result.without_anybody():
        labels = (
            *(variable if name == "variable" else "" for name in telling),
            *(str(group.get(name, "")) for name in groups),
        )
        rows.append(
            (*labels, None, None, None, None, 0, None, None, None, None, word("nobody", language))
        )
        kinds.append(tuple(heading.kind for heading in headings))
    notes = (
        word("interval", language, value=share(result.provenance.level, language, 0)),
        *((word("cautious", language),) if result.rule is not None else ()),
        *provenance_notes(result.provenance, language),
    )
    return Listing(headings, tuple(rows), notes, tuple(kinds))


def _about(item: Estimate, name: str, language: Language) -> str:
    if name == "statistic":
        return name_of(item.statistic, language)
    if name == "domain":
        domain = item.domain
        return "; ".join(f"{key}: {listed(levels)}" for key, levels in domain.items())
    return str(getattr(item, name))


def _note(told: Reliability | None, language: Language) -> str:
    return "" if told is None else name_of(told, language)


def _ruled(told: Iterable[Reliability | None], language: Language) -> tuple[str, ...]:
    """Return what marks mean, where a base rule was given."""
    return (word("cautious", language),) if any(told) else ()


@listing.register(Comparisons)
def _(result: Comparisons, language: Language = "fr") -> Listing:
    value = Kind.SHARE if result.shares else Kind.QUANTITY
    gap = Kind.POINTS if result.shares else Kind.QUANTITY
    within = any(item.within for item in result)
    sides = [(item.first_reliability, item.second_reliability) for item in result]
    ruled = _ruled(chain.from_iterable(sides), language)
    headings = _headings(
        language,
        *((("within", Kind.TEXT, False),) if within else ()),
        ("first", Kind.TEXT, False),
        ("second", Kind.TEXT, False),
        ("first_value", value, False),
        ("second_value", value, False),
        ("difference", gap, False),
        ("low", gap, True),
        ("high", gap, True),
        ("standard_error", gap, True),
        ("p", Kind.P_VALUE, True),
        ("adjusted", Kind.P_VALUE, False),
        *((("note", Kind.TEXT, False),) if ruled else ()),
    )
    rows = []
    for item, told in zip(result, sides, strict=True):
        labels = (*((item.within,) if within else ()), item.first, item.second)
        values = [NOTHING if one is None else one for one in (item.first_value, item.second_value)]
        gaps: tuple[Value, ...] = (
            item.difference, item.low, item.high, item.standard_error, item.p_value, item.adjusted
        )  # fmt: skip
        if item.difference is None:
            gaps = (NOTHING,) * len(gaps)
        rows.append((*labels, *values, *gaps, *((_of_sides(told, language),) if ruled else ())))
    notes = (
        word("adjustment", language, value=name_of(result.adjustment, language)),
        *((word("points", language),) if result.shares else ()),
        *((word("steady", language),) if any(map(_is_steady, result)) else ()),
        *ruled,
        word("interval", language, value=share(result.level, language, 0)),
        *provenance_notes(result.provenance, language),
    )
    return Listing(headings, tuple(rows), notes)


def _is_steady(item: Comparison) -> bool:
    return item.difference is not None and item.p_value is None


def _of_sides(told: Iterable[Reliability | None], language: Language) -> str:
    """Return what is to be known of the two values of a comparison, each with its number."""
    notes = ((place, _note(one, language)) for place, one in enumerate(told, start=1))
    return " · ".join(word("title", language, text=place, value=one) for place, one in notes if one)


@listing.register(Trends)
def _(result: Trends, language: Language = "fr") -> Listing:
    value = Kind.SHARE if result.shares else Kind.QUANTITY
    gap = Kind.POINTS if result.shares else Kind.QUANTITY
    several = len(result) > 1
    points = [point for one in result for part in one.segments for point in part.points]
    ruled = _ruled((point.reliability for point in points), language)
    headings = _headings(
        language,
        *((("series", Kind.TEXT, False),) if several else ()),
        ("wave", Kind.TEXT, False),
        ("value", value, False),
        ("standard_error", gap, False),
        ("change", gap, False),
        ("p", Kind.P_VALUE, True),
        ("adjusted", Kind.P_VALUE, False),
        ("slope", gap, True),
        ("break", Kind.TEXT, False),
        *((("note", Kind.TEXT, False),) if ruled else ()),
    )
    rows: list[tuple[Value, ...]] = []
    parts = groupby(result.frame().to_dicts(), itemgetter("series", "part"))
    for place, record in chain.from_iterable(enumerate(part) for _, part in parts):
        told = None if record["reliability"] is None else Reliability(record["reliability"])
        figures = [
            record[name]
            for name in (
                "estimate", "standard_error", "change", "change_p_value", "change_adjusted"
            )
        ]  # fmt: skip
        if told is Reliability.TOO_SMALL:
            figures = [NOTHING] * len(figures)
        elif record["change"] is None:
            figures[2:] = "", "", ""
        rows.append(
            (
                *((record["series"],) if several else ()),
                record["wave"],
                *figures,
                record["slope"],
                "" if place else record["broken_by"],
                *((_note(told, language),) if ruled else ()),
            )
        )
    hidden = any(point.reliability is Reliability.TOO_SMALL for point in points)
    notes = (
        word("adjustment", language, value=name_of(result.adjustment, language)),
        word("parts", language),
        *((word("points", language),) if result.shares else ()),
        *ruled,
        *((word("passed over", language),) if hidden else ()),
        *provenance_notes(result.provenance, language),
    )
    return Listing(headings, tuple(rows), notes)


@listing.register(Ranking)
def _(result: Ranking, language: Language = "fr") -> Listing:
    value = Kind.SHARE if result.shares else Kind.QUANTITY
    top = (
        ()
        if result.first is None
        else (Heading(word("top", language, first=result.first), Kind.SHARE),)
    )
    headings = (
        *_headings(
            language,
            ("rank", Kind.COUNT, False),
            ("item", Kind.TEXT, False),
            ("value", value, False),
            ("possible", Kind.TEXT, False),
        ),
        *top,
        *(_headings(language, ("note", Kind.TEXT, False)) if result.reliability else ()),
    )
    rows: list[tuple[Value, ...]] = [
        (
            item.rank,
            item.name,
            item.estimate,
            str(item.lowest) if item.is_certain else f"{item.lowest}–{item.highest}",
            *((item.top,) if top else ()),
        )
        for item in result.items
    ]
    for name, estimate in result.unranked.items():
        rest = NOTHING if estimate is None else None
        known = rest if estimate is None else estimate
        rows.append((rest, name, known, rest, *(rest for _ in top)))
    if result.reliability:
        rows = [(*row, _note(result.reliability[str(row[1])], language)) for row in rows]
    notes = [word("ranks", language, value=share(result.level, language, 0))]
    if result.first is not None and result.true_first is not None:
        chance = share(result.true_first, language, 0)
        notes.append(word("true first", language, first=result.first, value=chance))
    if any(value is not None for value in result.unranked.values()):
        notes.append(word("steady", language))
    notes += _ruled(result.reliability.values(), language)
    if None in result.unranked.values():
        notes.append(word("without a rank", language))
    if result.provenance is not None:
        notes += provenance_notes(result.provenance, language)
    return Listing(headings, tuple(rows), tuple(notes))


@listing.register(Correlations)
def _(result: Correlations, language: Language = "fr") -> Listing:
    ruled = _ruled((pair.reliability for pair in result.pairs), language)
    headings = _headings(
        language,
        ("first", Kind.TEXT, False),
        ("second", Kind.TEXT, False),
        ("correlation", Kind.QUANTITY, False),
        ("low", Kind.QUANTITY, False),
        ("high", Kind.QUANTITY, False),
        ("standard_error", Kind.QUANTITY, True),
        ("base", Kind.COUNT, False),
        *((("note", Kind.TEXT, False),) if ruled else ()),
    )
    rows = []
    for pair in result.pairs:
        figures: tuple[Value, ...] = (pair.value, pair.low, pair.high, pair.standard_error)
        if pair.value is None:
            figures = (NOTHING,) * len(figures)
        note = (_note(pair.reliability, language),) if ruled else ()
        rows.append((pair.first, pair.second, *figures, pair.respondents, *note))
    at_end = any(one.low is None and one.value is not None for one in result.pairs)
    notes = (
        word("interval", language, value=share(result.level, language, 0)),
        *((word("at the end", language),) if at_end else ()),
        *ruled,
    )
    return Listing(headings, tuple(rows), notes)


@listing.register(AreaModel)
def _(result: AreaModel, language: Language = "fr") -> Listing:
    ruled = _ruled((area.reliability for area in result.areas), language)
    headings = _headings(
        language,
        ("area", Kind.TEXT, False),
        ("value", Kind.QUANTITY, False),
        ("standard_error", Kind.QUANTITY, False),
        ("direct", Kind.QUANTITY, False),
        ("direct_weight", Kind.SHARE, False),
        *((("direct_note", Kind.TEXT, False),) if ruled else ()),
    )
    rows = tuple(
        (
            area.name,
            area.estimate,
            area.standard_error,
            *((area.direct, area.direct_weight) if area.is_direct_shown else (NOTHING,) * 2),
            *((_note(area.reliability, language),) if ruled else ()),
        )
        for area in result.areas
    )
    notes = {"synthetic": result.synthetic, "smoothed": result.smoothed}
    return Listing(
        headings,
        rows,
        tuple(
            word(name, language, value=listed(areas, most=20))
            for name, areas in notes.items()
            if areas
        )
        + ruled,
    )


@listing.register(CalibrationReport)
def _(result: CalibrationReport, language: Language = "fr") -> Listing:
    headings = _headings(
        language,
        ("margin", Kind.TEXT, False),
        ("level", Kind.TEXT, False),
        ("base", Kind.COUNT, False),
        ("target", Kind.QUANTITY, False),
        ("before", Kind.QUANTITY, False),
        ("after", Kind.QUANTITY, False),
        ("relative_error", Kind.RELATIVE, False),
    )
    rows = tuple(
        (
            line.margin,
            line.level,
            line.respondents,
            line.target,
            line.before,
            line.after,
            line.error,
        )
        for line in result.lines
    )
    return Listing(headings, rows, _reached(result, language))


def _reached(result: CalibrationReport, language: Language) -> tuple[str, ...]:
    method = name_of(result.method, language)
    return (
        word(
            "report",
            language,
            method=method[0].upper() + method[1:],
            iterations=result.iterations,
            error=f"{result.largest_error:.1e}",
            tolerance=f"{result.tolerance:.0e}",
        ),
        word(
            "reached",
            language,
            respondents=number(result.respondents, 0, language),
            total=quantity(result.total, language),
            smallest=quantity(result.smallest_weight, language),
            largest=quantity(result.largest_weight, language),
            low=quantity(result.smallest_ratio, language),
            high=quantity(result.largest_ratio, language),
            at_bounds=number(result.at_bounds, 0, language),
        ),
        word(
            "kish",
            language,
            before=number(result.design_effect_before, 2, language),
            after=number(result.design_effect, 2, language),
            effective=number(result.effective_size, 0, language),
        ),
    )


@listing.register(Protected)
def _(result: Protected, language: Language = "fr") -> Listing:
    headings = _headings(
        language,
        ("question", Kind.TEXT, False),
        ("cell", Kind.TEXT, False),
        ("cause", Kind.TEXT, False),
        ("true_value", Kind.QUANTITY, False),
        ("low", Kind.QUANTITY, False),
        ("high", Kind.QUANTITY, False),
        ("recovered", Kind.TEXT, False),
    )
    rows = tuple(
        (
            question,
            _cell(one.key),
            name_of(pattern.causes[one.key], language),
            one.value,
            one.low,
            one.high if math.isfinite(one.high) else None,
            word("yes" if one.is_exact else "no", language),
        )
        for question, pattern in result.patterns.items()
        for one in pattern.audit.bounded
    )
    return Listing(headings, rows, (*hidden_lines(result, language), word("audit", language)))


def _cell(key: Sequence[str]) -> str:
    level, *group = key
    return " · ".join(filter(None, (level, *group))) or "*"


def hidden_lines(result: Protected, language: Language) -> tuple[str, ...]:
    """Return how many cells of each question were hidden, and recovered by the attack."""
    return tuple(
        word(
            "protected",
            language,
            question=question,
            primary=sum(cause is not Cause.COMPLEMENTARY for cause in pattern.causes.values()),
            complementary=len(pattern.complementary),
            recovered=len(pattern.audit.recovered),
        )
        for question, pattern in result.patterns.items()
    )
