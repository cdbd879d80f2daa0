"""What Vega-Lite draws of a chart.

Coordinates down the page, and across where the chart has no axis, are pixels counted here, so that
every text has its place at any width. Colours stand for the tokens of the design system.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import altair as alt

from .chart_values import (
    Answers,
    Change,
    Diverging,
    Intervals,
    Lines,
    Mark,
    Panel,
    Ranks,
    Scale,
    Slopes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDE, NARROW = 720, 350
FONT = "Source Sans Pro"
MARGIN = 6
COLOURS = (
    "ink", "ink-soft", "line", "line-strong", "surface", "accent", "accent-2", "on-accent",
    "warning",
)  # fmt: skip
#: What a figure that is not shown is filled with; the frame of the drawing turns it into a hatch.
HATCH = "#0ff0ff"
_SIZE = 14
_AXIS = 26
_WIDE_LETTERS = frozenset("mwMWÉÈÊŒœ%@")
_THIN_LETTERS = frozenset("iljtfrI.,;:!|’'() \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")


def stand_in(name: str) -> str:
    """Return the colour that stands for a token in what Vega draws."""
    return f"#0ff0{COLOURS.index(name):02x}"


def wrapped(text: str, width: float, size: float = _SIZE) -> list[str]:
    """Cut a text in lines that fit a width in pixels."""
    if not text:
        return []
    return textwrap.wrap(
        text, max(8, int(width / max(_measure(text, size) / len(text), 1))), break_long_words=True
    )


def _measure(text: str, size: float = _SIZE) -> float:
    """Return about how wide a text is, in pixels."""
    widths = (
        0.85 if one in _WIDE_LETTERS else 0.3 if one in _THIN_LETTERS else 0.56 if one.isupper()
        else 0.51
        for one in text
    )  # fmt: skip
    return size * sum(widths)


@dataclass(frozen=True, slots=True)
class Frame:
    """For what a chart is drawn: a width in pixels, and a language."""

    width: int
    language: str

    @property
    def percent(self) -> str:
        return "\N{NO-BREAK SPACE}%" if self.language.startswith("fr") else "%"

    def written(self, value: float, scale: Scale) -> str:
        if scale is Scale.SHARE:
            return f"{value * 100:.0f}{self.percent}"
        return f"{value:g}".replace(".", "," if self.language.startswith("fr") else ".")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the rows of a chart stand.

    Attributes
    ----------
    left, right
        Ends of the axis, in pixels from the left of the plot.
    labels
        The lines of the label of each row.
    places
        The height of the middle of each row.
    """

    width: int
    left: float
    right: float
    labels: tuple[tuple[str, ...], ...]
    places: tuple[float, ...]
    height: float
    above: bool

    def label_rows(self) -> list[dict[str, Any]]:
        rows = []
        for lines, place in zip(self.labels, self.places, strict=True):
            start = place - 16 * len(lines) - 4 if self.above else place - 8 * (len(lines) - 1)
            rows += [{"y": start + 16 * rank, "label": text} for rank, text in enumerate(lines)]
        return rows


def _laid_out(labels: Sequence[str], width: int, texts: Sequence[str], *, top: float) -> _Layout:
    """Place rows: labels at the left where there is room, else above what they name."""
    plot = width - 2 * MARGIN
    room = max((_measure(text) for text in texts), default=0) + 16
    above = width < (WIDE + NARROW) / 2
    column = plot if above else min(max(map(_measure, labels), default=0) + 4, plot * 0.36)
    cut = tuple(tuple(wrapped(label, column)) for label in labels)
    places = []
    at = top
    for lines in cut:
        size = 16 * len(lines) + 30 if above else max(30, 16 * len(lines) + 10)
        places.append(at + (size - 12 if above else size / 2))
        at += size
    left = 6 if above else column + 14
    return _Layout(plot, left, plot - room, cut, tuple(places), at + 4, above)


def _data(rows: list[dict[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=rows))


def _y(layout_height: float, field: str = "y") -> Any:
    return alt.Y(
        f"{field}:Q", axis=None, scale=alt.Scale(domain=[0, layout_height], nice=False, zero=False,
                                                 range=[0, layout_height]),
    )  # fmt: skip


def _x(width: float, field: str = "x") -> Any:
    return alt.X(
        f"{field}:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False, zero=False,
                                                 range=[0, width]),
    )  # fmt: skip


def _label_layer(rows: list[dict[str, Any]], height: float, x: float = 0.0) -> Any:
    return (
        _data(rows)
        .mark_text(align="left", baseline="middle", fontSize=_SIZE, color=stand_in("ink"))
        .encode(x=alt.value(x), y=_y(height), text="label:N")
    )


def _axis(scale: Scale, frame: Frame, **more: Any) -> Any:
    written = {
        Scale.SHARE: f"format(datum.value * 100, '.0f') + '{frame.percent}'",
        Scale.NUMBER: "format(datum.value, '.2~f')",
    }
    return alt.Axis(
        title=None, labelExpr=written[scale], grid=True, gridColor=stand_in("line"), domain=False,
        ticks=False, labelColor=stand_in("ink-soft"), labelFontSize=12, labelPadding=6, zindex=0,
        **{"tickCount": 5, "labelFlush": True} | more,
    )  # fmt: skip


def _finished(layers: list[Any], width: float, height: float, bottom: int) -> dict[str, Any]:
    chart = (
        alt.layer(*layers)
        .properties(
            width=width,
            height=height,
            padding={"left": MARGIN, "right": MARGIN, "top": 2, "bottom": bottom},
            autosize=alt.AutoSizeParams(type="none"),
        )
        .configure(font=FONT, background="transparent", aria=False)
        .configure_view(stroke=None)
    )
    return dict(chart.to_dict())


@singledispatch
def specification(chart: Any, frame: Frame) -> tuple[dict[str, Any], int]:
    msg = f"No drawing {frame.width} pixels wide is known for a {type(chart).__name__}."
    raise TypeError(msg)


@specification.register
def _intervals(chart: Intervals, frame: Frame) -> tuple[dict[str, Any], int]:
    top = 20 if chart.reference else 4
    texts = [mark.text for mark in chart.marks]
    layout = _laid_out([mark.label for mark in chart.marks], frame.width, texts, top=top)
    domain = (min(0.0, chart.domain[0]), chart.domain[1]) if chart.bars else chart.domain
    x_scale = alt.Scale(
        domain=list(domain), range=[layout.left, layout.right], nice=False, zero=False
    )
    x = alt.X("value:Q", scale=x_scale, axis=_axis(chart.scale, frame))
    base = min(max(0.0, domain[0]), domain[1])
    rows = [
        {
            "y": place, "value": mark.value, "low": mark.low, "high": mark.high, "text": mark.text,
            "base": base, "end": mark.value if mark.high is None else mark.high,
            "colour": _tone(mark),
            "fill": stand_in("surface") if mark.caution else _tone(mark),
            "shape": "diamond" if mark.strong else "circle",
        }
        for mark, place in zip(chart.marks, layout.places, strict=True)
        if mark.value is not None
    ]  # fmt: skip
    height = layout.height
    y = _y(height)
    shown = _data(rows)
    colour, fill = (alt.Stroke("colour:N", scale=None), alt.Fill("fill:N", scale=None))
    layers = [
        # The axis belongs to a layer that is always there, even if every figure is kept back.
        _data([{"value": domain[0]}, {"value": domain[1]}])
        .mark_point(opacity=0, color=stand_in("ink"))
        .encode(x=x),
        _label_layer(layout.label_rows(), height),
        _unseen(chart.marks, layout),
    ]
    if chart.reference:
        layers += _reference(chart.reference, x_scale, layout)
    with_interval = _data([row for row in rows if row["low"] is not None])
    rule = with_interval.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=x_scale), x2="high:Q", y=y
    )
    if chart.bars:
        layers += [
            shown.mark_bar(height=14, fillOpacity=0.55, strokeWidth=1).encode(
                x=alt.X("base:Q", scale=x_scale), x2="value:Q", y=y, fill=fill, stroke=colour
            ),
            rule.encode(stroke=alt.value(stand_in("ink"))),
        ]
    else:
        layers += [
            rule.encode(stroke=colour),
            shown.mark_point(size=80, strokeWidth=2, opacity=1, filled=False).encode(
                x=alt.X("value:Q", scale=x_scale), y=y, fill=fill, stroke=colour,
                shape=alt.Shape("shape:N", scale=None),
            ),
        ]  # fmt: skip
    layers.append(
        shown.mark_text(
            align="left", baseline="middle", dx=9, fontSize=_SIZE, color=stand_in("ink")
        ).encode(x=alt.X("end:Q", scale=x_scale), y=y, text="text:N")
    )
    return _finished(layers, layout.width, height, _AXIS), int(height + 2 + _AXIS)


def _tone(mark: Mark) -> str:
    return stand_in("accent" if mark.strong else "accent-2")


def _unseen(marks: Sequence[Mark | Answers], layout: _Layout) -> Any:
    """Hatch the rows of the figures that are not shown."""
    rows = [
        {"y": place - 7, "y2": place + 7, "middle": place, "text": mark.text}
        for mark, place in zip(marks, layout.places, strict=True)
        if (mark.value is None if isinstance(mark, Mark) else mark.shares is None)
    ]
    y = _y(layout.height)
    end = alt.Y2("y2:Q")
    return alt.layer(
        _data(rows)
        .mark_rect(fill=HATCH, stroke=stand_in("line-strong"), strokeWidth=1)
        .encode(x=alt.value(layout.left), x2=alt.value(layout.right), y=y, y2=end),
        _data(rows)
        .mark_text(align="left", baseline="middle", dx=9, fontSize=_SIZE, color=stand_in("ink"))
        .encode(x=alt.value(layout.right), y=_y(layout.height, "middle"), text="text:N"),
    )


def _reference(reference: tuple[float, str], x_scale: Any, layout: _Layout) -> list[Any]:
    value, label = reference
    row = _data([{"value": value, "label": label, "y": 8, "from": 17}])
    here = alt.X("value:Q", scale=x_scale)
    # The name stands on the side of the line where there is room for it.
    low, high = x_scale.domain
    at = layout.left + (layout.right - layout.left) * (value - low) / ((high - low) or 1)
    fits = at + _measure(label, 12) < layout.width
    return [
        row.mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=stand_in("ink-soft")).encode(
            x=here, y=_y(layout.height, "from"), y2=alt.value(layout.height)
        ),
        row.mark_text(
            align="left" if fits else "right",
            baseline="middle",
            fontSize=12,
            color=stand_in("ink-soft"),
        ).encode(x=here, y=_y(layout.height), text="label:N"),
    ]


#: The fill, its strength and the colour of what is written on it, from the outside to the middle.
_SIDES = (
    (("accent-2", 1.0, "on-accent"), ("accent-2", 0.5, "ink"), ("accent-2", 0.25, "ink")),
    (("accent", 1.0, "on-accent"), ("accent", 0.5, "ink"), ("accent", 0.25, "ink")),
)
_MIDDLE = ("line", 1.0, "ink")
_LEAST_WRITTEN = 24


def _tones(levels: int) -> list[tuple[str, float, str]]:
    """Give the tone of each ordered level, the two sides mirroring one another."""
    half = levels // 2
    first = [_SIDES[0][min(rank, 2)] for rank in range(half)]
    last = [_SIDES[1][min(rank, 2)] for rank in reversed(range(half))]
    return [*first, *([_MIDDLE] if levels % 2 else []), *last]


@specification.register
def _diverging(chart: Diverging, frame: Frame) -> tuple[dict[str, Any], int]:
    ordered = len(chart.levels) - chart.apart
    tones = [*_tones(ordered), *([_MIDDLE] * chart.apart)]
    keys, top = _keys(chart.levels, tones, frame.width - 2 * MARGIN)
    layout = _laid_out([row.label for row in chart.rows], frame.width, ["s"], top=top)
    shown = [row for row in chart.rows if row.shares is not None]
    half = ordered // 2
    odd = ordered % 2

    def before(shares: tuple[float, ...]) -> float:
        return sum(shares[:half]) + (shares[half] / 2 if odd else 0.0)

    left = max((before(row.shares) for row in shown if row.shares), default=0.5)
    right = max(
        (sum(row.shares[:ordered]) - before(row.shares) for row in shown if row.shares),
        default=0.5,
    )
    off = max((sum(row.shares[ordered:]) for row in shown if row.shares), default=0.0)
    gap = 0.03 if chart.apart else 0.0
    span = max(left + right + gap + off, 0.01)
    pixels = (layout.right - layout.left) / span
    parts = []
    for row, place in zip(chart.rows, layout.places, strict=True):
        if row.shares is None:
            continue
        at = left - before(row.shares)
        for rank, (share, tone) in enumerate(zip(row.shares, tones, strict=True)):
            if rank == ordered:
                at = left + right + gap
            start, end = layout.left + at * pixels, layout.left + (at + share) * pixels
            parts.append(_part(share, (start, end), place, tone, frame.percent))
            at += share
    x, y, y2 = _x(layout.width), _y(layout.height), alt.Y2("y2:Q")
    data = _data(parts)
    # The middle is behind the bars: it would strike out the share that it cuts.
    middle = _data([{"x": layout.left + left * pixels, "y": top - 4, "y2": layout.height}])
    layers = [
        _label_layer(layout.label_rows(), layout.height),
        *_key_layers(keys, layout.width, layout.height),
        middle.mark_rule(color=stand_in("ink"), strokeWidth=1.5).encode(x=x, y=y, y2=y2),
        _unseen(chart.rows, layout),
        data.mark_rect(strokeWidth=1).encode(
            x=x, x2=alt.X2("x2:Q"), y=y, y2=y2, fill=alt.Fill("fill:N", scale=None),
            stroke=alt.value(stand_in("surface")),
            fillOpacity=alt.FillOpacity("strength:Q", scale=None),
        ),
        data.mark_text(baseline="middle", fontSize=13).encode(
            x=_x(layout.width, "middle"), y=_y(layout.height, "place"), text="text:N",
            fill=alt.Fill("on:N", scale=None),
        ),
    ]  # fmt: skip
    return _finished(layers, layout.width, layout.height, 4), int(layout.height + 6)


def _part(
    share: float,
    ends: tuple[float, float],
    place: float,
    tone: tuple[str, float, str],
    percent: str,
) -> dict[str, Any]:
    fill, strength, on = tone
    start, end = ends
    written = f"{share * 100:.0f}{percent}"
    fits = end - start >= max(_LEAST_WRITTEN, _measure(written, 13))
    return {
        "x": start, "x2": end, "middle": (start + end) / 2, "y": place - 11, "y2": place + 11,
        "place": place, "fill": stand_in(fill), "strength": strength, "on": stand_in(on),
        "text": written if fits else "",
    }  # fmt: skip


def _keys(
    levels: Sequence[str], tones: Sequence[tuple[str, float, str]], width: float
) -> tuple[list[dict[str, Any]], float]:
    """Place the key of the levels in lines; return it and where the chart begins."""
    placed = []
    x, y = 0.0, 9.0
    for level, (fill, strength, _on) in zip(levels, tones, strict=True):
        size = _measure(level, 13) + 34
        if x and x + size > width:
            x, y = 0.0, y + 20
        placed.append(
            {"x": x, "x2": x + 13, "y": y - 6.5, "y2": y + 6.5, "text_x": x + 18, "middle": y,
             "label": level, "fill": stand_in(fill), "strength": strength}
        )  # fmt: skip
        x += size
    return placed, y + 22


def _key_layers(keys: list[dict[str, Any]], width: float, height: float) -> list[Any]:
    data = _data(keys)
    return [
        data.mark_rect(stroke=stand_in("line-strong"), strokeWidth=1).encode(
            x=_x(width), x2=alt.X2("x2:Q"), y=_y(height), y2=alt.Y2("y2:Q"),
            fill=alt.Fill("fill:N", scale=None),
            fillOpacity=alt.FillOpacity("strength:Q", scale=None),
        ),
        data.mark_text(
            align="left", baseline="middle", fontSize=13, color=stand_in("ink")
        ).encode(x=_x(width, "text_x"), y=_y(height, "middle"), text="label:N"),
    ]  # fmt: skip


@specification.register
def _ranks(chart: Ranks, frame: Frame) -> tuple[dict[str, Any], int]:
    layout = _laid_out(
        [bar.label for bar in chart.bars], frame.width, [bar.text for bar in chart.bars], top=4
    )
    last = max((bar.worst for bar in chart.bars), default=1)
    scale = alt.Scale(
        domain=[0.5, last + 0.5], range=[layout.left, layout.right], nice=False, zero=False
    )
    rows = [
        {"y": place - 6, "y2": place + 6, "middle": place, "rank": bar.rank, "text": bar.text,
         "low": bar.best - 0.4, "high": bar.worst + 0.4}
        for bar, place in zip(chart.bars, layout.places, strict=True)
    ]  # fmt: skip
    data = _data(rows)
    middle = _y(layout.height, "middle")
    axis = _axis(Scale.NUMBER, frame, values=[1, *range(3, last + 1, 3)], labelFlush=False)
    layers = [
        _label_layer(layout.label_rows(), layout.height),
        data.mark_rect(fill=stand_in("accent-2"), fillOpacity=0.25, cornerRadius=6).encode(
            x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", y=_y(layout.height),
            y2=alt.Y2("y2:Q"),
        ),
        data.mark_point(size=80, opacity=1, filled=True, color=stand_in("accent-2")).encode(
            x=alt.X("rank:Q", scale=scale), y=middle
        ),
        data.mark_text(
            align="left", baseline="middle", dx=9, fontSize=_SIZE, color=stand_in("ink")
        ).encode(x=alt.X("high:Q", scale=scale), y=middle, text="text:N"),
    ]  # fmt: skip
    return _finished(layers, layout.width, layout.height, _AXIS), int(layout.height + 2 + _AXIS)


@specification.register
def _slopes(chart: Slopes, frame: Frame) -> tuple[dict[str, Any], int]:
    plot = frame.width - 2 * MARGIN
    known = [one for one in chart.changes if _both(one)]
    ends = [
        end
        for one in known
        for mark in (one.before, one.after)
        for end in (mark.value, mark.low, mark.high)
        if end is not None
    ]
    low, high = (min(ends, default=0.0), max(ends, default=1.0))
    spare = (high - low) * 0.05 or 0.01
    names = plot * (0.4 if frame.width > WIDE / 2 else 0.45)
    labels = [wrapped(f"{one.after.text} {one.label}", names) for one in known]
    height = max(240.0, sum(16 * len(lines) + 6 for lines in labels) + 40)
    first = max((_measure(one.before.text) for one in known), default=0) + 12
    left, right = first, plot - names - 12

    def pixels(value: float) -> float:
        share = (value - low + spare) / (high - low + 2 * spare)
        return height - 14 - share * (height - 44)

    lines: list[dict[str, Any]] = [
        {
            "from": pixels(one.before.value or 0),
            "to": pixels(one.after.value or 0),
            "tone": stand_in("accent" if one.established else "ink-soft"),
            "established": one.established,
        }
        for one in known
    ]
    tone = alt.Stroke("tone:N", scale=None)
    layers: list[Any] = [_head_of(left, right, chart.waves, height)]
    for established, dash in ((True, [1, 0]), (False, [4, 3])):
        layers.append(
            _data([line for line in lines if line["established"] is established])
            .mark_rule(strokeWidth=2, strokeDash=dash)
            .encode(
                x=alt.value(left), x2=alt.value(right), y=_y(height, "from"), y2=alt.Y2("to:Q"),
                stroke=tone,
            )
        )  # fmt: skip
    for side, at in (("before", left), ("after", right)):
        layers += _slope_ends(
            [(getattr(one, side), line["tone"]) for one, line in zip(known, lines, strict=True)],
            at, pixels, height,
        )  # fmt: skip
    names_after = _apart(
        [line["to"] for line in lines], [16 * len(lines) + 4 for lines in labels],
        30, height - 6,
    )  # fmt: skip
    rows = [
        {"y": at - 8 * (len(lines) - 1) + 16 * rank, "label": line}
        for lines, at in zip(labels, names_after, strict=True)
        for rank, line in enumerate(lines)
    ]
    layers.append(_pixel_text(rows, right + 10, "left", height))
    texts_before = _apart([line["from"] for line in lines], [16] * len(known), 30, height - 6)
    layers.append(
        _pixel_text(
            [
                {"y": at, "label": one.before.text}
                for one, at in zip(known, texts_before, strict=True)
            ],
            left - 8,
            "right",
            height,
        )
    )
    return _finished(layers, plot, height, 4), int(height + 6)


def _both(change: Change) -> bool:
    return change.before.value is not None and change.after.value is not None


def _head_of(left: float, right: float, waves: tuple[str, str], height: float) -> Any:
    return alt.layer(
        *(
            _data([{"y": 9, "label": wave}])
            .mark_text(align=side, baseline="middle", fontSize=13, fontWeight=600,
                       color=stand_in("ink-soft"))
            .encode(x=alt.value(at), y=_y(height), text="label:N")
            for wave, at, side in zip(waves, (left, right), ("left", "right"), strict=True)
        )
    )  # fmt: skip


def _slope_ends(
    marks: Sequence[tuple[Mark, str]], at: float, pixels: Callable[[float], float], height: float
) -> list[Any]:
    rows = [
        {
            "y": pixels(mark.value or 0),
            "low": None if mark.low is None else pixels(mark.low),
            "high": None if mark.high is None else pixels(mark.high),
            "tone": tone,
            "fill": stand_in("surface") if mark.caution else tone,
        }
        for mark, tone in marks
    ]
    tone = alt.Stroke("tone:N", scale=None)
    return [
        _data([row for row in rows if row["low"] is not None and row["high"] is not None])
        .mark_rule(strokeWidth=1.5, opacity=0.7)
        .encode(x=alt.value(at), y=_y(height, "low"), y2=alt.Y2("high:Q"), stroke=tone),
        _data(rows)
        .mark_point(size=70, opacity=1, filled=False, strokeWidth=2)
        .encode(x=alt.value(at), y=_y(height), stroke=tone, fill=alt.Fill("fill:N", scale=None)),
    ]


def _pixel_text(rows: list[dict[str, Any]], x: float, align: str, height: float) -> Any:
    return (
        _data(rows)
        .mark_text(align=align, baseline="middle", fontSize=_SIZE, color=stand_in("ink"))
        .encode(x=alt.value(x), y=_y(height), text="label:N")
    )


def _apart(places: Sequence[float], sizes: Sequence[float], top: float, end: float) -> list[float]:
    """Move texts so that none covers another: down from the top, then up from the end."""
    order = sorted(range(len(places)), key=lambda one: places[one])
    moved = list(places)
    free = top
    for one in order:
        moved[one] = max(moved[one], free + sizes[one] / 2)
        free = moved[one] + sizes[one] / 2
    free = end
    for one in reversed(order):
        moved[one] = min(moved[one], free - sizes[one] / 2)
        free = moved[one] - sizes[one] / 2
    return moved


@specification.register
def _series(chart: Lines, frame: Frame) -> tuple[dict[str, Any], int]:
    plot = frame.width - 2 * MARGIN
    columns = 1 if frame.width < WIDE / 2 + 40 or len(chart.panels) == 1 else 2
    tall, head, foot = 150.0, 22.0, 26.0
    cell = plot / columns
    years = sorted(
        {point.year for panel in chart.panels for part in panel.segments for point in part}
    )
    count = -(-len(chart.panels) // columns)
    height = count * (tall + head + foot)
    written = _PanelRows([], [], [], [], [])
    for place, panel in enumerate(chart.panels):
        left = (place % columns) * cell
        top = (place // columns) * (tall + head + foot) + head
        written.add(panel, chart, years, (left, top, cell, tall), frame)
    return _finished(written.layers(plot, height), plot, height, 4), int(height + 6)


@dataclass(frozen=True, slots=True)
class _PanelRows:
    """The marks of all the panels, in pixels: a layer for each kind, however many panels."""

    grid: list[dict[str, Any]]
    names: list[dict[str, Any]]
    ticks: list[dict[str, Any]]
    breaks: list[dict[str, Any]]
    points: list[dict[str, Any]]

    def add(
        self,
        panel: Panel,
        chart: Lines,
        years: Sequence[float],
        box: tuple[float, float, float, float],
        frame: Frame,
    ) -> None:
        left, top, width, tall = box
        start, end = left + 36, left + width - 24
        low, high = chart.domain
        first, last = (years[0] - 0.5, years[-1] + 0.5) if years else (0.0, 1.0)

        def across(year: float) -> float:
            return start + (end - start) * (year - first) / (last - first)

        def down(value: float) -> float:
            return top + tall - (tall - 8) * (value - low) / ((high - low) or 1)

        self.names.append({"x": left, "y": top - 12, "text": panel.label})
        self.grid.extend(
            {"x": start, "x2": end, "y": down(value), "text_x": start - 4,
             "text": frame.written(value, chart.scale)}
            for value in (low, (low + high) / 2, high)
        )  # fmt: skip
        self.ticks.extend(
            {"x": across(year), "y": top + tall + 12, "text": f"{year:g}"} for year in years
        )
        self.breaks.extend(
            {"x": across(year), "y": top + 4, "y2": top + tall, "text_x": across(year) + 5,
             "text_y": top + tall - 8, "text": why}
            for year, why in panel.breaks
        )  # fmt: skip
        for rank, part in enumerate(panel.segments):
            self.points.extend(
                {
                    "x": across(one.year), "y": down(one.value), "text": one.text,
                    "low": None if one.low is None else down(one.low),
                    "high": None if one.high is None else down(one.high),
                    "shape": "square" if one.published else "circle",
                    "fill": stand_in("surface" if one.published else "accent-2"),
                    "segment": f"{left} {top} {rank}",
                }
                for one in part
            )  # fmt: skip

    def layers(self, width: float, height: float) -> list[Any]:
        x, y, y2 = _x(width), _y(height), alt.Y2("y2:Q")
        tone, soft = stand_in("accent-2"), stand_in("ink-soft")
        points = _data(self.points)
        with_interval = [row for row in self.points if row["low"] is not None and row["high"]]
        return [
            _data(self.grid)
            .mark_rule(color=stand_in("line"))
            .encode(x=x, x2=alt.X2("x2:Q"), y=y),
            _data(self.grid)
            .mark_text(align="right", baseline="middle", fontSize=12, color=soft)
            .encode(x=_x(width, "text_x"), y=y, text="text:N"),
            _data(self.names)
            .mark_text(align="left", baseline="middle", fontSize=_SIZE, color=stand_in("ink"))
            .encode(x=x, y=y, text="text:N"),
            _data(self.ticks)
            .mark_text(baseline="middle", fontSize=12, color=soft)
            .encode(x=x, y=y, text="text:N"),
            _data(self.breaks)
            .mark_rule(strokeDash=[3, 3], strokeWidth=1.5, color=stand_in("warning"))
            .encode(x=x, y=y, y2=y2),
            _data(self.breaks)
            .mark_text(align="left", baseline="middle", fontSize=12, color=stand_in("warning"))
            .encode(x=_x(width, "text_x"), y=_y(height, "text_y"), text="text:N"),
            points.mark_line(color=tone, strokeWidth=2).encode(x=x, y=y, detail="segment:N"),
            _data(with_interval)
            .mark_rule(color=tone, strokeWidth=2)
            .encode(x=x, y=_y(height, "low"), y2=alt.Y2("high:Q")),
            points.mark_point(
                size=60, opacity=1, strokeWidth=2, stroke=tone, filled=False
            ).encode(
                x=x, y=y, fill=alt.Fill("fill:N", scale=None),
                shape=alt.Shape("shape:N", scale=None),
            ),
            points.mark_text(dy=-13, fontSize=12, color=stand_in("ink")).encode(
                x=x, y=y, text="text:N"
            ),
        ]  # fmt: skip
