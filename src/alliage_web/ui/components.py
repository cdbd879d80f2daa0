"""The content of the components: frozen values that views build and templates render."""

from __future__ import annotations

from dataclasses import dataclass

Text = object
"""A string or a lazy translation."""


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the page itself has no link."""

    label: Text
    href: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A page in a list of pages."""

    title: Text
    href: str
    eyebrow: Text = ""
    text: Text = ""
    meta: tuple[Text, ...] = ()
    worlds: tuple[str, ...] = ()
    tags: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure with what it needs to be understood. An empty value is unknown."""

    label: Text
    value: str
    unit: Text = ""
    source: Text = ""
    as_of: Text = ""
    note: Text = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class FacetOption:
    """One choice of a facet and how many results it keeps."""

    value: str
    label: Text
    count: int | None = None
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A way to narrow a list: the name of the parameter and its choices."""

    name: str
    label: Text
    options: tuple[FacetOption, ...]
    multiple: bool = True
    open: bool = True

    @property
    def selected(self) -> tuple[FacetOption, ...]:
        """The options that are chosen."""
        return tuple(option for option in self.options if option.selected)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers are set at the right, in tabular figures."""

    label: Text
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is a link."""

    text: Text
    href: str = ""


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table with its caption and its source. The first cell of a row is its header."""

    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell | Text, ...], ...]
    source: Text = ""
    note: Text = ""

    @property
    def lines(self) -> tuple[tuple[tuple[Cell, Column], ...], ...]:
        """The rows, each cell beside its column."""
        return tuple(
            tuple(
                (cell if isinstance(cell, Cell) else Cell(cell), column)
                for cell, column in zip(row, self.columns, strict=True)
            )
            for row in self.rows
        )


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """A moment of a story. The date is written in words, as precisely as it is known."""

    when: Text
    title: Text
    text: Text = ""
    kind: Text = ""
    citation: str = ""
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and its value. An empty text is unknown."""

    term: Text
    text: Text = ""
    href: str = ""
    citation: str = ""
