"""Simple charts, drawn on the server as SVG with their table below."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _

from alliage_web.ui.components import Cell, Column, DataTable, Text

STRIP_WIDTH = 600


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and the text of its value. A value of None is unknown, never zero."""

    label: Text
    value: float | None
    text: Text = ""
    href: str = ""
    css_class: str = ""


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """A bar with its length in hundredths of the longest."""

    bar: Bar
    length: float

    @property
    def known(self) -> bool:
        """Tell a bar from a hatch."""
        return self.bar.value is not None


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars that start at zero."""

    title: Text
    bars: tuple[Bar, ...]
    unit: Text = ""
    source: Text = ""
    note: Text = ""

    @property
    def drawn(self) -> tuple[DrawnBar, ...]:
        """The bars with their lengths.

        Raises
        ------
        ValueError
            If a value is negative: bars start at zero.
        """
        negative = [bar for bar in self.bars if bar.value is not None and bar.value < 0]
        if negative:
            msg = (
                f"The bar « {negative[0].label} » is {negative[0].value}. Bars start at zero:"
                " use another chart for negative values."
            )
            raise ValueError(msg)
        longest = max((bar.value for bar in self.bars if bar.value is not None), default=0) or 1
        return tuple(
            DrawnBar(bar, round(100 * bar.value / longest, 2) if bar.value is not None else 100)
            for bar in self.bars
        )


@dataclass(frozen=True, slots=True)
class Layer:
    """What each bar of a stacked chart is made of, from the start to the end of the bar."""

    label: Text
    css_class: str = ""


@dataclass(frozen=True, slots=True)
class StackedBar:
    """A bar made of parts, one for each layer of its chart; none is unknown."""

    label: Text
    values: tuple[float, ...]
    cells: tuple[Cell | Text, ...]
    """The text of each part in the table, with its link."""
    text: Text = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class StackedChart:
    """Horizontal bars made of parts, on one scale, with their table below."""

    title: Text
    layers: tuple[Layer, ...]
    bars: tuple[StackedBar, ...]
    head: Text = ""
    source: Text = ""
    note: Text = ""

    @property
    def drawn(self) -> tuple[tuple[StackedBar, tuple[tuple[Layer, float, float], ...]], ...]:
        """The bars with the start and the length of each part, in hundredths of the longest.

        Raises
        ------
        ValueError
            If a part is negative: parts are put end to end.
        """
        negative = [bar for bar in self.bars if min(bar.values, default=0) < 0]
        if negative:
            msg = (
                f"The bar « {negative[0].label} » has a part below zero. Parts are put end to end:"
                " use another chart for negative values."
            )
            raise ValueError(msg)
        longest = max((sum(bar.values) for bar in self.bars), default=0) or 1
        return tuple((bar, self._parts(bar, longest)) for bar in self.bars)

    def _parts(self, bar: StackedBar, longest: float) -> tuple[tuple[Layer, float, float], ...]:
        parts, start = [], 0.0
        for layer, value in zip(self.layers, bar.values, strict=True):
            length = 100 * value / longest
            parts.append((layer, round(start, 2), round(length, 2)))
            start += length
        return tuple(parts)

    @property
    def table(self) -> DataTable:
        """The same data as a table."""
        return DataTable(
            caption=_("Les mêmes chiffres en tableau"),
            columns=(
                Column(self.head or _("Intitulé")),
                *(Column(layer.label, numeric=True) for layer in self.layers),
                Column(_("Ensemble"), numeric=True),
            ),
            rows=tuple((Cell(bar.label, bar.href), *bar.cells, bar.text) for bar in self.bars),
            source=self.source,
            note=self.note,
        )


@dataclass(frozen=True, slots=True)
class ComparisonStrip:
    """Where a value stands among those of its class: extremes, quartiles and median."""

    title: Text
    label: Text
    value: float | None
    text: Text
    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float
    texts: tuple[Text, Text, Text, Text, Text]
    unit: Text = ""
    source: Text = ""
    base: Text = ""
    logarithmic: bool = False

    def position(self, value: float) -> float:
        """Give the abscissa of a value in the drawing."""
        low, high, here = (self._scale(x) for x in (self.minimum, self.maximum, value))
        if high == low:
            return STRIP_WIDTH / 2
        return round(STRIP_WIDTH * min(max((here - low) / (high - low), 0), 1), 1)

    def _scale(self, value: float) -> float:
        return math.log10(max(value, 1e-9)) if self.logarithmic else value

    @property
    def marks(self) -> tuple[float, float, float, float, float]:
        """The abscissas of the minimum, the quartiles and the maximum."""
        low, first, middle, third, high = (
            self.position(x)
            for x in (
                self.minimum,
                self.lower_quartile,
                self.median,
                self.upper_quartile,
                self.maximum,
            )
        )
        return low, first, middle, third, high

    @property
    def box_width(self) -> float:
        """The width of the middle half of the class."""
        return round(max(self.marks[3] - self.marks[1], 2), 1)

    @property
    def here(self) -> float | None:
        """The abscissa of the value, if it is known."""
        return None if self.value is None else self.position(self.value)

    @property
    def table(self) -> DataTable:
        """The same data as a table."""
        names = (
            _("Minimum de la classe"),
            _("Premier quartile"),
            _("Médiane"),
            _("Troisième quartile"),
            _("Maximum de la classe"),
        )
        rows: list[tuple[Cell | Text, ...]] = [(self.label, self.text)]
        rows += [(name, text) for name, text in zip(names, self.texts, strict=True)]
        return DataTable(
            caption=self.title,
            columns=(Column(_("Repère")), Column(self.unit or _("Valeur"), numeric=True)),
            rows=tuple(rows),
        )
