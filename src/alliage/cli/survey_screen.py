"""Results of a survey on a screen, in the width that there is."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from alliage.survey.publishing.listing import Kind
from alliage.survey.publishing.result_files import rows_of
from alliage.survey.publishing.table_files import (
    base_lines,
    column_head,
    figure_texts,
    independence_lines,
    notes,
    row_head,
    title_of,
)
from alliage.survey.tables.banners import Banner
from alliage.survey.tables.blocks import Showing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

    from alliage.survey.publishing.listing import Listing
    from alliage.survey.publishing.result_files import Result
    from alliage.survey.publishing.words import Language
    from alliage.survey.tables.blocks import Block, Column, RowHead

_GAP = 2
_LEAST, _MOST = 7, 16
_NARROW = 7
_TITLE, _SOFT = "bold", "dim"


def show(
    console: Console,
    result: Result,
    language: Language,
    *,
    name: str = "",
    titles: Mapping[str, str] | None = None,
    said: set[str] | None = None,
) -> None:
    """Print a result, with its name above it and its notes below, save those said already."""
    if name:
        console.print(Text(name, style="bold underline"))
        console.print()
    if isinstance(result, Banner):
        for line in _Screen(result, console.width, language, titles or {}).lines():
            # What is measured is not wrapped again.
            console.print(line, soft_wrap=True)
        lines: Iterable[str] = notes(result, language)
    else:
        made = rows_of(result, language, titles or {})
        console.print(_rows(made, console.width, language))
        lines = made.notes
    told = set() if said is None else said
    for one in lines:
        if one not in told:
            console.print(Text(one, style=_SOFT))
            told.add(one)
    console.print()


@dataclass(frozen=True, slots=True)
class _Screen:
    """A banner table cut in panels that a screen holds."""

    table: Banner
    width: int
    language: Language
    titles: Mapping[str, str]

    def lines(self) -> Iterator[Text]:
        for block in self.table.blocks:
            yield from (Text(line, style=_TITLE) for line in _wrapped(block.label, self.width))
            first = self._first_width(block)
            width = self._column_width(block)
            for places in self._panels(first, width):
                yield Text()
                yield from self._panel(block, places, first, width)
            for line in independence_lines(block, self.language, self.titles):
                yield Text(line, style=_SOFT)
            yield Text()

    def _first_width(self, block: Block) -> int:
        """Return the width of the labels of rows: a third of the screen at most."""
        labels = [row_head(head, self.language) for head in block.heads]
        labels += [label for label, _ in self._bases(block)]
        return min(max(map(cell_len, labels)), max(18, self.width // 3))

    def _column_width(self, block: Block) -> int:
        texts = [text for _, values in self._bases(block) for text in values]
        figures = itertools.chain.from_iterable(self._figures(block))
        texts += [text for figure, letters, _ in figures for text in (figure, letters)]
        words = [
            word
            for column in self.table.columns
            for word in column_head(column, self.language).split()
        ]
        longest = max(map(cell_len, texts), default=_LEAST)
        return max(_LEAST, longest, min(max(map(cell_len, words)), _MOST))

    def _bases(self, block: Block) -> list[tuple[str, list[str]]]:
        return next(base_lines(Showing([block]), self.language))

    def _figures(self, block: Block) -> list[list[tuple[str, str, bool]]]:
        """Return the figures row by row: a text, letters, and whether to take caution."""
        showing = Showing([block])
        parts = (figure_texts(showing, self.language), showing.letters, showing.weak)
        lines = zip(*(part.T.tolist() for part in parts), strict=True)
        return [list(zip(*line, strict=True)) for line in lines]

    def _panels(self, first: int, width: int) -> Iterator[list[int]]:
        """Cut the columns: breakdowns stay whole where the screen holds them."""
        room = max(1, (self.width - first) // (width + _GAP))
        groups = itertools.groupby(
            range(1, len(self.table.columns)), lambda place: self.table.columns[place].breakdown
        )
        panel = [0]
        for _breakdown, group in groups:
            places = list(group)
            if len(panel) > 1 and len(panel) + len(places) > room:
                yield panel
                panel = [0]
            pieces = math.ceil(len(places) / max(1, room - 1))
            size = math.ceil(len(places) / pieces)
            while len(panel) + len(places) > max(room, 2):
                yield panel + places[:size]
                places, panel = places[size:], [0]
            panel += places
        yield panel

    def _panel(self, block: Block, places: Sequence[int], first: int, width: int) -> Iterator[Text]:
        columns = [self.table.columns[place] for place in places]
        if len(columns) > 1:
            yield self._breakdowns(columns, first, width)
        heads = [_wrapped(column_head(column, self.language), width) for column in columns]
        for line in range(depth := max(map(len, heads))):
            texts = [
                head[line - depth + len(head)] if line >= depth - len(head) else ""
                for head in heads
            ]
            yield _line("", texts, first, width, _TITLE)
        if any(column.letter for column in columns):
            yield _line("", [column.letter for column in columns], first, width, _SOFT)
        for label, values in self._bases(block):
            for part, kept in _labelled(label, [values[place] for place in places], first):
                yield _line(part, kept, first, width, _SOFT)
        yield Text("─" * (first + len(columns) * (width + _GAP)), style=_SOFT)
        for head, cells in zip(block.heads, self._figures(block), strict=True):
            yield from self._row(head, [cells[place] for place in places], first, width)

    def _breakdowns(self, columns: Sequence[Column], first: int, width: int) -> Text:
        line = Text(" " * first)
        for breakdown, group in itertools.groupby(columns, lambda column: column.breakdown):
            room = len(list(group)) * (width + _GAP) - _GAP
            title = title_of(breakdown, self.titles)
            title = title if cell_len(title) <= room else title[: room - 1] + "…"
            left = room - cell_len(title) - 2
            bar = f"{title} {'─' * left}" if title and left > 0 else title
            line.append(" " * _GAP + bar + " " * (room - cell_len(bar)), style=_SOFT)
        return line

    def _row(
        self, head: RowHead, cells: Sequence[tuple[str, str, bool]], first: int, width: int
    ) -> Iterator[Text]:
        styles = ["italic" if weak else "" for _, _, weak in cells]
        label = row_head(head, self.language)
        for part, texts in _labelled(label, [text for text, _, _ in cells], first):
            yield _line(part, texts, first, width, "", styles)
        if any(letters for _, letters, _ in cells):
            yield _line("", [letters for _, letters, _ in cells], first, width, "cyan")


def _labelled(label: str, texts: Sequence[str], first: int) -> Iterator[tuple[str, Sequence[str]]]:
    """Return the lines of a label; the figures stand on its last."""
    *above, last = _wrapped(label, first)
    for part in above:
        yield part, [""] * len(texts)
    yield last, texts


def _line(
    label: str,
    texts: Sequence[str],
    first: int,
    width: int,
    style: str,
    styles: Sequence[str] = (),
) -> Text:
    line = Text(label + " " * (first - cell_len(label)), style=style)
    for place, text in enumerate(texts):
        line.append(" " * (_GAP + width - cell_len(text)))
        line.append(text, style=styles[place] if styles else "")
    line.rstrip()
    return line


def _wrapped(text: str, width: int) -> list[str]:
    """Cut a text in lines; a word that is too long is cut too."""
    lines: list[str] = [""]
    for word in text.split():
        left = word
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(left) <= width:
            lines[-1] += " " + left
            continue
        if lines[-1]:
            lines.append("")
        while cell_len(left) > width:
            lines[-1] = left[: width - 1] + "-"
            left = left[width - 1 :]
            lines.append("")
        lines[-1] = left
    return lines


def _rows(made: Listing, width: int, language: Language) -> Table:
    """Return rows as a table; minor columns are left out where there is no room for them."""
    texts = [
        [made.text(row, column, language) for column in range(len(made.headings))]
        for row in range(len(made.rows))
    ]
    kept = list(range(len(made.headings)))
    while _needed(made, texts, kept) > width:
        minor = [column for column in kept if made.headings[column].minor]
        if not minor:
            break
        gone = made.headings[minor[-1]]
        kept = [
            column
            for column in kept
            if column != minor[-1] and not (gone.is_end and made.headings[column].is_end)
        ]
    table = Table(box=None, padding=(0, 1, 0, 0), header_style=_TITLE, pad_edge=False)
    for column in kept:
        heading = made.headings[column]
        is_text = heading.kind is Kind.TEXT
        longest = max((cell_len(line[column]) for line in texts), default=0)
        table.add_column(
            heading.title,
            justify="left" if is_text else "right",
            no_wrap=not is_text,
            min_width=min(max(longest, cell_len(heading.title)), _NARROW),
            overflow="fold",
        )
    for line in texts:
        table.add_row(*(Text(line[column]) for column in kept))
    return table


def _needed(made: Listing, texts: Sequence[Sequence[str]], kept: Sequence[int]) -> int:
    return sum(
        2 + max(map(cell_len, [made.headings[column].title, *(line[column] for line in texts)]))
        for column in kept
    )
