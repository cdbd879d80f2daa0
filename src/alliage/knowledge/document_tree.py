"""A document before it has a form: pages, sections and blocks that hold texts and nothing else.

A text may call a footnote as ``[^1]``, anywhere. The same tree gives the web page and the PDF, so
that both say the same words in the same order. French typography is applied here, once, to every
text of the tree.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from alliage.values.french import NO_BREAK, no_break

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: Marks a field that holds a code or an address: typography must not touch it.
VERBATIM: Mapping[str, bool] = {"verbatim": True}

TreeT = TypeVar("TreeT")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text. ``lead`` opens it in bold.

    The tone is ``body``, ``lede`` (the sentence that opens a part), ``synthesis`` (the one that
    closes it) or ``small``.
    """

    kind: ClassVar[str] = "paragraph"
    text: str
    lead: str = ""
    tone: str = field(default="body", metadata=VERBATIM)


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and what is said of it; ``mark`` (« Volet 1 ») stands above the term."""

    term: str
    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms and what is said of them."""

    kind: ClassVar[str] = "definitions"
    items: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, its unit if what it counts does not say it, and how it is known."""

    value: str
    label: str
    unit: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures side by side."""

    kind: ClassVar[str] = "figures"
    items: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """An event of a timeline. ``precision`` tells how its mark is drawn, ``when`` says it."""

    when: str
    text: str
    precision: str = field(default="year", metadata=VERBATIM)
    planned: bool = False
    boxed: bool = False
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A year on the scale of a timeline, between 0 and 1."""

    label: str
    at: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events in their order, and the scale on which they are drawn."""

    kind: ClassVar[str] = "timeline"
    moments: tuple[Moment, ...]
    ticks: tuple[Tick, ...] = ()


@dataclass(frozen=True, slots=True)
class Amount:
    """Money and its years, then what it is for: the two read as one phrase."""

    head: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Lever:
    """A cell of the table of levers: phrases, then amounts; or why the lever was not used."""

    code: str = field(metadata=VERBATIM)
    label: str
    phrases: tuple[str, ...]
    amounts: tuple[Amount, ...] = ()
    used: bool = True


@dataclass(frozen=True, slots=True)
class Levers:
    """The seven levers of support, one column each, always in the same order."""

    kind: ClassVar[str] = "levers"
    caption: str
    columns: tuple[Lever, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header row. The first cell of a row is its header."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a diagram; ``mark`` says in words what the highlight shows."""

    number: int
    label: str
    text: str = ""
    highlighted: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Four parts drawn together: ``four_objectives`` as steps, ``four_functions`` as quarters."""

    kind: ClassVar[str] = "diagram"
    shape: str = field(metadata=VERBATIM)
    caption: str
    nodes: tuple[Node, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the reader must know before using what is around it."""

    kind: ClassVar[str] = "notice"
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A partner, drawn by its monogram and the shape of its world."""

    monogram: str
    name: str
    world: str = field(metadata=VERBATIM)
    world_label: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Partners:
    """Partners side by side.

    The size is ``large`` for the few that sign the document, ``medium`` for those whose part is
    told, ``small`` for those that are only named.
    """

    kind: ClassVar[str] = "partners"
    marks: tuple[Mark, ...]
    size: str = field(default="medium", metadata=VERBATIM)
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote and its address, if it has one."""

    number: int
    text: str
    url: str = field(default="", metadata=VERBATIM)


@dataclass(frozen=True, slots=True)
class Notes:
    """The footnotes of a page."""

    kind: ClassVar[str] = "notes"
    items: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part; ``level`` is that of its heading, one more than that of its parent."""

    kind: ClassVar[str] = "section"
    title: str
    level: int
    blocks: tuple[Block, ...]


Block = (
    Paragraph
    | Bullets
    | Definitions
    | Figures
    | Timeline
    | Levers
    | Table
    | Diagram
    | Notice
    | Partners
    | Notes
    | Section
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page under its banner: main column, side column (if any) and foot."""

    banner: str
    main: tuple[Block, ...]
    side: tuple[Block, ...] = ()
    foot: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole document. ``paged``: each banner opens a page; else banners follow one another."""

    title: str
    eyebrow: str
    subtitle: str
    pages: tuple[Page, ...]
    paged: bool = True
    language: str = field(default="fr", metadata=VERBATIM)

    def sections(self) -> tuple[Section, ...]:
        """Return every section in reading order, each before the sections inside it.

        Returns
        -------
        tuple of Section
            Sections of the main column of a page, then of its side column and foot.
        """
        return tuple(
            section
            for page in self.pages
            for block in (*page.main, *page.side, *page.foot)
            for section in _sections(block)
        )


def _sections(block: Block) -> tuple[Section, ...]:
    if not isinstance(block, Section):
        return ()
    inner = (section for part in block.blocks for section in _sections(part))
    return (block, *inner)


def as_data(value: object) -> Any:
    """Turn a tree into what JSON can write; each block says its ``kind``.

    Parameters
    ----------
    value
        A part of a tree.

    Returns
    -------
    object
        Mappings, lists, texts, numbers and booleans.

    Examples
    --------
    >>> as_data(Bullets(("un", "deux")))
    {'kind': 'bullets', 'items': ['un', 'deux']}
    """
    if is_dataclass(value) and not isinstance(value, type):
        kind = getattr(value, "kind", None)
        head = {"kind": kind} if kind else {}
        return head | {part.name: as_data(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, tuple):
        return [as_data(item) for item in value]
    return value


def texts(tree: object) -> Iterator[str]:
    """Give every text of a tree that a reader sees, in the order of the fields.

    Parameters
    ----------
    tree
        A part of a tree.

    Yields
    ------
    str
        Texts, the empty ones included.

    Examples
    --------
    >>> list(texts(Definition("Volet", "Un texte.")))
    ['Volet', 'Un texte.', '']
    """
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, tuple):
        for item in tree:
            yield from texts(item)
    elif is_dataclass(tree) and not isinstance(tree, type):
        for part in fields(tree):
            if not part.metadata.get("verbatim"):
                yield from texts(getattr(tree, part.name))


def with_texts(tree: TreeT, change: Callable[[str], str]) -> TreeT:
    """Change every text of a tree that a reader sees, whatever its depth.

    Parameters
    ----------
    tree
        A part of a tree. Codes and addresses are left as they are.
    change
        Gives the new text from the old one.

    Returns
    -------
    same type as ``tree``
        The same tree with its new texts.

    Examples
    --------
    >>> with_texts(Bullets(("un", "deux")), str.upper)
    Bullets(items=('UN', 'DEUX'))
    """
    result: Any = tree
    if isinstance(tree, str):
        result = change(tree)
    elif isinstance(tree, tuple):
        result = tuple(with_texts(item, change) for item in tree)
    elif is_dataclass(tree) and not isinstance(tree, type):
        changes = {
            part.name: with_texts(getattr(tree, part.name), change)
            for part in fields(tree)
            if not part.metadata.get("verbatim")
        }
        result = replace(tree, **changes)
    return result  # type: ignore[no-any-return]


def typeset(tree: TreeT) -> TreeT:
    """Apply French typography to every text of a tree.

    Parameters
    ----------
    tree
        A part of a tree.

    Returns
    -------
    same type as ``tree``
        The same tree, its texts set by :func:`french`.

    Examples
    --------
    >>> typeset(Bullets(("l'essentiel : 12k €",))).items[0].replace(NO_BREAK, "_")
    'l’essentiel_: 12_k€'
    """
    return with_texts(tree, french)


_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w|«)")
# Doubled marks are left as typed: nobody can tell which opens and which closes.
_QUOTED = re.compile(r'(?<!")"([^"\n]+)"(?!")')
_DASH = re.compile(r"(?<=\S) [-–—] (?=\S)")
_YEARS = re.compile(r"\b((?:19|20)\d\d)\s*[-–—]\s*((?:19|20)\d\d)\b")
_EUROS = re.compile(r"(?<![\w.,])(\d+)(?:[.,](\d+))?\s*(k|M|Md)\s?€")
_HELD = re.compile(r"(?<!\w)(n°|p\.|art\.|M\.|Mme|ODD) (?=\w)")
_SPACES = re.compile(r"[ \t\r\n]+")


def french(text: str) -> str:
    """Set a text as French printers do: ’, « », –, « 12 k€ », « 2021-2022 », held spaces.

    Parameters
    ----------
    text
        A text as people type it.

    Returns
    -------
    str
        The same words. Characters that no page can show are dropped.

    Examples
    --------
    >>> french('le "faire alliance" coûte 1.5M € (2021 - 2022)').replace(NO_BREAK, "_")
    'le «_faire alliance_» coûte 1,5_M€ (2021-2022)'
    >>> french("l'été - enfin...").replace(NO_BREAK, "_")
    'l’été_– enfin…'
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(char for char in text if _shown(char))
    text = _SPACES.sub(" ", text).strip()
    text = _APOSTROPHE.sub("’", text).replace("...", "…")
    text = _QUOTED.sub("« \\1 »", text)
    text = _DASH.sub(f"{NO_BREAK}– ", text)
    text = _YEARS.sub("\\1-\\2", text)
    text = _EUROS.sub(_amount, text)
    text = _HELD.sub(f"\\1{NO_BREAK}", text)
    return no_break(text)


def _shown(char: str) -> bool:
    """Tell the characters of a text from controls, surrogates and marks of direction."""
    return char in "\t\n\r" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _amount(match: re.Match[str]) -> str:
    decimals = f",{match[2]}" if match[2] else ""
    return f"{match[1]}{decimals}{NO_BREAK}{match[3]}€"
