"""The « fiche retour d’expérience » of an alliance: which sections, in which order, in which words.

A sheet is composed from the facts of an alliance and, for the alliances that have one, from the
editorial content of their full sheet. What is unknown leaves no trace: no empty title, no empty
page. The result is a neutral tree (:mod:`alliage.knowledge.document_tree`).

Source: the case sheets of the Fonds ODD17 (2022), whose structure this module reproduces.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import (
    WORLD_OF_PROFILE,
    AmountStatus,
    Lever,
    OutcomeStatus,
    Reading,
    Stage,
    World,
)
from alliage.knowledge import document_tree as tree
from alliage.knowledge.sheets import outline
from alliage.values.citations import parse_citations, write_lines
from alliage.values.dates import PartialDate, Precision
from alliage.values.french import NO_BREAK, euros, number, partial_date, period
from alliage.values.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alliage.alliances.records import AllianceRecord
    from alliage.knowledge.sheets import (
        Boilerplate,
        Focus,
        GenesisEvent,
        Heading,
        SheetAction,
        SheetContent,
        Titled,
    )

EYEBROW = "FICHE RETOUR D’EXPÉRIENCE"
PARTNERS = "PARTENAIRES"
GENESIS = "GENÈSE"
CONTRIBUTION = "LA CONTRIBUTION DU FONDS ODD17"
IMPACT = "DÉMULTIPLIER L’IMPACT"

FUND_SLUG = "fonds-odd17"

LEVER_NAMES: Mapping[Lever, str] = {
    Lever.DATA: "Données",
    Lever.TOOLS_RESOURCES: "Outils & Ressources",
    Lever.NETWORKS: "Réseaux",
    Lever.ENGINEERING_INPUT: "Apport en ingénierie",
    Lever.GOVERNANCE_DIALOGUE: "Dialogue de gouvernance",
    Lever.DIRECT_FUNDING: "Financement direct",
    Lever.PROMOTION: "Valorisation",
}
WORLD_NAMES: Mapping[World, str] = {
    World.LOCAL_AUTHORITY: "Collectivité",
    World.COMPANY: "Entreprise",
    World.ASSOCIATION: "Association",
    World.FOUNDATION: "Fondation",
    World.ACADEMIC: "Académique",
    World.STATE_SERVICE: "Service de l’État",
    World.CITIZEN: "Citoyens",
    World.OTHER: "Autre acteur",
}
OUTCOME_STATUS_NAMES: Mapping[OutcomeStatus, str] = {
    OutcomeStatus.OBSERVED: "observé",
    OutcomeStatus.DECLARED: "déclaré",
    OutcomeStatus.ESTIMATED: "estimé",
    OutcomeStatus.IN_PROGRESS: "en cours",
    OutcomeStatus.PLANNED: "prévu",
    OutcomeStatus.ANNOUNCED: "annoncé",
    OutcomeStatus.CONDITIONAL: "sous condition",
}
STAGE_NAMES: Mapping[Stage, str] = {
    Stage.EMERGENCE: "Émergence",
    Stage.MODELLING: "Modélisation",
    Stage.DEPLOYMENT: "Déploiement",
}
PERSPECTIVE_NAMES: Mapping[str, str] = {
    "project": "Le projet",
    "local": "Le territoire",
    "other_territories": "L’essaimage",
}
NOT_USED = "NA"
NOTICE_TITLE = "Un fonds privé, une autorité publique : un cadre à créer"


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """Who takes part, in which world, and what they do and bring."""

    name: str
    world: World
    role: str = ""
    brings: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class EventFacts:
    """A moment of the alliance, as precisely as it is known."""

    start: PartialDate
    text: str
    end: PartialDate | None = None
    precision: Precision = Precision.YEAR
    planned: bool = False
    boxed: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """What came of the alliance; a value goes with its unit, its status and its date."""

    text: str
    status: OutcomeStatus
    value: Decimal | None = None
    qualifier: str = ""
    unit: str = ""
    as_of: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class AmountFacts:
    """Money behind a support: years in order, empty when the payment is conditional."""

    eur: Decimal
    purpose: str
    years: tuple[int, ...] = ()
    status: AmountStatus = AmountStatus.GRANTED


@dataclass(frozen=True, slots=True)
class SupportFacts:
    """What a lever brought, or that it was not used (``na``) and why."""

    lever: Lever
    text: str = ""
    na: bool = False
    na_text: str = ""
    amounts: tuple[AmountFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class PerspectiveFacts:
    """What comes next, and for whom: ``project``, ``local`` or ``other_territories``."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """The structured facts of an alliance that its sheet is composed from.

    ``places`` and ``domains`` are names for readers; ``sources`` are readable references;
    ``objectives`` gives how each objective was read.
    """

    title: str
    kind: str
    summary: str
    why: str = ""
    reusable: str = ""
    stage: Stage | None = None
    started: PartialDate | None = None
    places: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    objectives: tuple[tuple[str, Reading], ...] = ()
    parties: tuple[PartyFacts, ...] = ()
    timeline: tuple[EventFacts, ...] = ()
    outcomes: tuple[OutcomeFacts, ...] = ()
    supports: tuple[SupportFacts, ...] = ()
    lessons: tuple[str, ...] = ()
    perspectives: tuple[PerspectiveFacts, ...] = ()
    sources: tuple[str, ...] = ()
    private_fund_to_public_authority: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceTerm:
    """A term of a vocabulary, with its definition and how it was read."""

    code: str
    label: str
    text: str = ""
    reading: Reading = Reading.STATED
    source: str = ""


@dataclass(frozen=True, slots=True)
class SheetReference:
    """The vocabularies that the diagrams draw: four objectives, four functions of catalysts."""

    objectives: tuple[ReferenceTerm, ...]
    functions: tuple[ReferenceTerm, ...] = ()


def readable_sources(citations: Iterable[str], titles: Mapping[str, str]) -> tuple[str, ...]:
    """Name the documents cited, each once, in the order in which they come.

    Parameters
    ----------
    citations
        Citations such as ``sheet_pemb l.76-83 ; proceedings_2022``.
    titles
        The title of each document by its code; a document without title keeps its code.

    Returns
    -------
    tuple of str
        Titles, then the lines if the citation gives some.

    Examples
    --------
    >>> readable_sources(["sheet_pemb l.7"], {"sheet_pemb": "Fiche PEMB"})[0].split()
    ['Fiche', 'PEMB,', 'l.', '7']
    """
    found = [
        ", ".join(part for part in (titles.get(item.code, item.code), write_lines(item)) if part)
        if item.code
        else item.note
        for text in citations
        for item in parse_citations(text)
    ]
    return tuple(dict.fromkeys(found))


def facts_of(
    record: AllianceRecord,
    *,
    titles: Mapping[str, str],
    places: Sequence[str] = (),
    domains: Sequence[str] = (),
) -> SheetFacts:
    """Take from the record of an alliance the facts that its sheet needs.

    Parameters
    ----------
    record
        The record, as :func:`alliage.alliances.records.load_alliances` reads it.
    titles
        The title of each document cited, by its code.
    places, domains
        Names for readers: a record holds codes only.

    Returns
    -------
    SheetFacts
        The facts, nothing added.
    """
    return SheetFacts(
        title=record.title,
        kind=record.kind,
        summary=record.summary,
        why=record.why,
        reusable=record.reusable,
        stage=record.stage.code,
        started=record.started,
        places=tuple(places),
        domains=tuple(domains),
        objectives=tuple((item.code, item.reading) for item in record.objectives),
        parties=tuple(
            PartyFacts(
                name=party.name,
                world=party.world,
                role=party.role or "",
                brings=party.brings or "",
                slug=party.organisation or "",
            )
            for party in record.parties
        ),
        timeline=tuple(
            EventFacts(
                start=event.start,
                text=event.text,
                end=event.end,
                precision=event.precision,
                planned=event.planned,
                boxed=event.boxed,
            )
            for event in record.timeline
        ),
        outcomes=tuple(
            OutcomeFacts(
                text=outcome.text,
                status=outcome.status,
                value=outcome.value,
                qualifier=outcome.qualifier or "",
                unit=outcome.unit or "",
                as_of=outcome.as_of,
            )
            for outcome in record.outcomes
        ),
        supports=tuple(
            SupportFacts(
                lever=lever,
                text=support.text or "",
                na=support.na,
                na_text=support.na_text or "",
                amounts=tuple(
                    AmountFacts(amount.eur, amount.purpose, amount.years, amount.status)
                    for amount in support.amounts
                ),
            )
            for lever, support in record.levers.items()
        ),
        lessons=tuple(lesson.text for lesson in record.lessons),
        perspectives=tuple(PerspectiveFacts(item.level, item.text) for item in record.perspectives),
        sources=readable_sources(record.sources, titles),
        private_fund_to_public_authority=record.private_fund_to_public_authority,
    )


def compose(
    facts: SheetFacts,
    reference: SheetReference,
    boilerplate: Boilerplate,
    content: SheetContent | None = None,
) -> tree.Sheet:
    """Compose the sheet of an alliance.

    Parameters
    ----------
    facts
        The structured facts of the alliance.
    reference
        The vocabularies that the diagrams draw.
    boilerplate
        The texts common to every sheet.
    content
        The editorial content of the full sheet; without it, the sheet holds what the facts allow.

    Returns
    -------
    Sheet
        Texts in French, already typeset. A full sheet has four pages; another has one banner for
        each part that the facts allow.

    Raises
    ------
    ValueError
        If ``content`` asks for a diagram that ``reference`` cannot draw.
    """
    parts = _Parts(facts, reference, boilerplate, content)
    pages = _full_pages(parts, content) if content else _short_pages(parts)
    sheet = tree.Sheet(
        title=facts.title,
        eyebrow=EYEBROW,
        subtitle=_subtitle(facts),
        pages=tuple(page for page in pages if page.main),
        paged=content is not None,
    )
    return tree.typeset(_annotated(sheet, parts))


@dataclass(frozen=True, slots=True)
class _Parts:
    """Everything that a sheet is composed from."""

    facts: SheetFacts
    reference: SheetReference
    boilerplate: Boilerplate
    content: SheetContent | None


_NOTE_CALL = re.compile(r"\[\^(\d{1,3})\]")


def _annotated(sheet: tree.Sheet, parts: _Parts) -> tree.Sheet:
    """Put each footnote at the foot of the page that first calls it; drop calls to nothing."""
    given = (*parts.boilerplate.footnotes, *(parts.content.footnotes if parts.content else ()))
    waiting = {note.n: tree.Note(note.n, note.text, note.url or "") for note in given}
    known = set(waiting)
    sheet = tree.with_texts(
        sheet,
        lambda text: _NOTE_CALL.sub(lambda call: call[0] if int(call[1]) in known else "", text),
    )
    pages = []
    for page in sheet.pages:
        called = {int(number_) for text in tree.texts(page) for number_ in _NOTE_CALL.findall(text)}
        notes = tuple(waiting.pop(number_) for number_ in sorted(called & set(waiting)))
        foot = (tree.Notes(notes), *page.foot) if notes else page.foot
        pages.append(replace(page, foot=foot))
    return replace(sheet, pages=tuple(pages))


def _subtitle(facts: SheetFacts) -> str:
    places = " · ".join(facts.places)
    return " – ".join(part for part in (_capital(facts.kind), places) if part)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _section(
    title: str, blocks: Iterable[tree.Block | None], level: int = 3
) -> tree.Section | None:
    """Make a section, or nothing when it would be empty."""
    kept = tuple(block for block in blocks if block is not None)
    return tree.Section(title, level, kept) if kept else None


def _kept(*blocks: tree.Block | None) -> tuple[tree.Block, ...]:
    return tuple(block for block in blocks if block is not None)


def _paragraph(text: str | None, *, lead: str = "", tone: str = "body") -> tree.Paragraph | None:
    return tree.Paragraph(text.strip(), lead=lead, tone=tone) if text and text.strip() else None


def _bullets(items: Sequence[str]) -> tree.Bullets | None:
    return tree.Bullets(tuple(items)) if items else None


_ITEM = re.compile(r"^\s*[-*]\s+")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"\[([^\]]+)\]\((?:[^()\s]+)\)")


def _prose(text: str) -> tuple[tree.Block, ...]:
    """Read a short Markdown text: paragraphs and lists; its other marks are dropped."""
    plain = _LINK.sub(r"\1", _EMPHASIS.sub(r"\2", text))
    blocks: list[tree.Block] = []
    for part in re.split(r"\n\s*\n", plain.strip()):
        lines = [line.strip() for line in part.splitlines()]
        for listed, group in groupby(lines, key=lambda line: bool(_ITEM.match(line))):
            if listed:
                blocks.append(tree.Bullets(tuple(_ITEM.sub("", line) for line in group)))
            elif joined := " ".join(group).strip():
                blocks.append(tree.Paragraph(joined))
    return tuple(blocks)


# ── Partners ──────────────────────────────────────────────────────────────────────────────────────

_SMALL_WORDS = {"de", "du", "des", "la", "le", "les", "et", "à", "au", "aux", "en", "sur", "pour"}
_MONOGRAM_LENGTH = 5


def monogram(name: str, acronym: str = "") -> str:
    """Give the few letters that stand for a partner whose logo is lost.

    Parameters
    ----------
    name
        The name of the partner.
    acronym
        Its acronym, which wins over everything else when it is short enough.

    Returns
    -------
    str
        Five letters at most: the acronym, the one inside the name, else the initials.

    Examples
    --------
    >>> [monogram(name) for name in ("Fonds ODD17", "Compagnie Générale des Autres", "Le RAMEAU")]
    ['ODD17', 'CGA', 'R']
    """
    words: list[str] = re.findall(r"[^\W_]+", name)
    known = [acronym, *(word for word in words if len(word) > 1 and word.isupper())]
    for candidate in known:
        if candidate and len(candidate) <= _MONOGRAM_LENGTH:
            return candidate
    initials = [
        word[0].upper() for word in words if word.lower() not in _SMALL_WORDS and len(word) > 1
    ]
    return "".join(initials[:3]) or name[:1].upper()


def _mark(party: PartyFacts, text: str = "", acronym: str = "") -> tree.Mark:
    return tree.Mark(
        monogram=monogram(party.name, acronym),
        name=party.name,
        world=party.world.value,
        world_label=WORLD_NAMES[party.world],
        text=text,
    )


# ── Timeline ──────────────────────────────────────────────────────────────────────────────────────

_MOST_TICKS = 8
_FEWEST_MOMENTS = 3


def _timeline(events: Sequence[EventFacts]) -> tree.Timeline | None:
    """Put events in order, on a scale of years when they are enough to draw one."""
    if not events:
        return None
    ordered = sorted(events, key=lambda event: (event.start.first_day, event.start.month or 0))
    spans = [_span(event) for event in ordered]
    scale = _scale(spans, len(ordered))
    moments = tuple(
        tree.Moment(
            when=_when(event),
            text=event.text,
            precision=event.precision.value,
            planned=event.planned,
            boxed=event.boxed,
            start=_share(start, *scale) if scale else None,
            end=_share(end, *scale) if scale and event.end else None,
        )
        for event, (start, end) in zip(ordered, spans, strict=True)
    )
    return tree.Timeline(moments, _ticks(*scale) if scale else ())


def _scale(spans: Sequence[tuple[float, float]], events: int) -> tuple[int, int] | None:
    """Give the first and last year to draw, if enough dates are known."""
    if len(spans) < max(events, _FEWEST_MOMENTS):
        return None
    first = math.floor(min(start for start, _ in spans))
    last = math.ceil(max(end for _, end in spans))
    return (first, last) if last - first > 1 else None


def _when(event: EventFacts) -> str:
    """Write the date as precisely as it is known, and whether it was only planned."""
    same = event.end is None or event.end == event.start
    if same:
        words = partial_date(event.start, event.precision)
    else:
        loose = event.precision is Precision.APPROXIMATE
        words = period(event.start, event.end, event.precision, event.precision if loose else None)
    return _capital(words) + (" (prévu)" if event.planned else "")


def _span(event: EventFacts) -> tuple[float, float]:
    end = event.end or event.start
    last = _moment(end)
    if event.end:
        last += 0 if end.day else 1 / 12 if end.month else 1
    return _moment(event.start), last


def _moment(date: PartialDate) -> float:
    return date.year + ((date.month or 1) - 1) / 12 + ((date.day or 1) - 1) / 366


def _share(moment: float, first: int, last: int) -> float:
    return round((moment - first) / (last - first), 4)


def _ticks(first: int, last: int) -> tuple[tree.Tick, ...]:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if (last - first) / step <= _MOST_TICKS)
    years = [year for year in range(first, last + 1) if (year - first) % step == 0]
    return tuple(tree.Tick(str(year), _share(year, first, last)) for year in years)


# ── Levers ────────────────────────────────────────────────────────────────────────────────────────


_THOUSAND = 1000


def lever_cell(support: SupportFacts) -> tree.Lever:
    r"""Write what a lever brought: short phrases, then « années : montant pour objet ».

    Parameters
    ----------
    support
        A lever of an alliance.

    Returns
    -------
    Lever
        A lever that was not used says « NA », and why if it is known.

    Examples
    --------
    >>> lever_cell(SupportFacts(Lever.DATA, na=True)).phrases
    ('NA',)
    >>> mission = AmountFacts(Decimal(12000), "la mission", (2020, 2021))
    >>> tree.typeset(lever_cell(SupportFacts(Lever.ENGINEERING_INPUT, amounts=(mission,)))).amounts
    (Amount(head='2020-2021\xa0: 12\xa0k€', purpose='pour la mission'),)
    """
    if support.na:
        reason = f"{NOT_USED} – {support.na_text}" if support.na_text else NOT_USED
        phrases: tuple[str, ...] = (reason,)
    else:
        parts = (part.strip() for part in re.split(r"\s;\s", support.text))
        phrases = tuple(_capital(part) for part in parts if part)
    return tree.Lever(
        code=support.lever.value,
        label=LEVER_NAMES[support.lever],
        phrases=phrases,
        amounts=tuple(_amount(amount) for amount in support.amounts),
        used=not support.na,
    )


def _amount(amount: AmountFacts) -> tree.Amount:
    when = f"{_years(amount.years)} : " if amount.years else ""
    condition = " (sous condition)" if amount.status is AmountStatus.CONDITIONAL else ""
    return tree.Amount(f"{when}{_euros(amount.eur)}", f"pour {amount.purpose}{condition}")


def _years(years: Sequence[int]) -> str:
    first, last = min(years), max(years)
    if len(years) > 1 and last - first + 1 == len(years):
        return f"{first}-{last}"
    return ", ".join(map(str, years))


def _euros(amount: Decimal) -> str:
    """Write round thousands as « 5 k€ », where other pages begin at « 10 k€ »."""
    if _THOUSAND <= amount < 10 * _THOUSAND and amount % _THOUSAND == 0:
        return f"{number(amount / _THOUSAND)}{NO_BREAK}k€"
    return euros(amount, full=amount % 100 != 0)


def _levers(facts: SheetFacts) -> tree.Levers | tree.Definitions | None:
    """Make the table when the seven levers are known; else list those that are."""
    known = {support.lever: support for support in facts.supports}
    cells = tuple(lever_cell(known[lever]) for lever in Lever if lever in known)
    if not cells:
        return None
    if len(cells) < len(Lever):
        return tree.Definitions(
            tuple(tree.Definition(cell.label, _cell_text(cell)) for cell in cells)
        )
    return tree.Levers("Les sept leviers de soutien", cells, _levers_note(facts, cells))


def _cell_text(cell: tree.Lever) -> str:
    amounts = (f"{amount.head} {amount.purpose}" for amount in cell.amounts)
    return " ; ".join((*cell.phrases, *amounts))


def _levers_note(facts: SheetFacts, cells: Sequence[tree.Lever]) -> str:
    amounts = [amount for support in facts.supports for amount in support.amounts]
    granted = sum(
        (amount.eur for amount in amounts if amount.status is AmountStatus.GRANTED), Decimal(0)
    )
    parts = [f"Total des montants accordés : {_euros(granted)}."] if granted else []
    if any(not cell.used for cell in cells):
        parts.append("NA : levier non mobilisé.")
    return " ".join(parts)


# ── Objectives and functions ──────────────────────────────────────────────────────────────────────

_READING_NAMES = {Reading.DERIVED: " (déduit)", Reading.EXTERNAL: " (source extérieure)"}


def _objectives(
    reference: SheetReference, chosen: Mapping[str, Reading], *, several: bool = False
) -> tree.Diagram | None:
    if not reference.objectives or not chosen:
        return None
    nodes = tuple(
        tree.Node(
            number=rank,
            label=term.label,
            text=term.text,
            highlighted=term.code in chosen,
            mark=f"Objectif visé{_READING_NAMES.get(chosen[term.code], '')}"
            if term.code in chosen
            else "",
        )
        for rank, term in enumerate(reference.objectives, start=1)
    )
    who = "les alliances" if several else "l’alliance"
    return tree.Diagram("four_objectives", f"Les quatre objectifs et ceux que vise {who}", nodes)


def _functions(reference: SheetReference) -> tree.Diagram:
    if not reference.functions:
        msg = (
            "The diagram « four_functions » is asked for and the reference names no function of "
            "catalysts. Load them, or choose another diagram."
        )
        raise ValueError(msg)
    nodes = tuple(
        tree.Node(number=rank, label=term.label, text=term.text)
        for rank, term in enumerate(reference.functions, start=1)
    )
    external = sorted(
        {term.source for term in reference.functions if term.reading is Reading.EXTERNAL}
    )
    note = (
        "Le schéma d’origine est perdu : les noms des fonctions viennent d’une source extérieure "
        f"aux documents du Fonds ({', '.join(external)}), leurs définitions sont d’Alliage."
        if external
        else ""
    )
    return tree.Diagram(
        "four_functions", "Les quatre fonctions d’un catalyseur territorial", nodes, note
    )


# ── Figures ───────────────────────────────────────────────────────────────────────────────────────


def _figure(
    label: str, value: Decimal, unit: str, qualifier: str = "", status: str = ""
) -> tree.Figure:
    """Write a figure and what it counts; the unit is not said twice."""
    amount = _euros(value) if unit == "euros" else number(value)
    about = "environ" if qualifier.startswith("un") else qualifier
    said = fold(unit)
    repeated = unit == "euros" or (bool(said) and fold(label).startswith(said))
    return tree.Figure(
        value=f"{about} {amount}".strip(),
        label=label,
        unit="" if repeated else unit,
        status=status,
    )


def _outcomes(outcomes: Sequence[OutcomeFacts]) -> tuple[tree.Block | None, ...]:
    """Show figures, then what has none; each says how it is known and when."""
    counted = tuple(
        _figure(
            outcome.text, outcome.value, outcome.unit, outcome.qualifier, _capital(_known(outcome))
        )
        for outcome in outcomes
        if outcome.value is not None
    )
    told = [f"{_capital(item.text)} ({_known(item)})" for item in outcomes if item.value is None]
    return (tree.Figures(counted) if counted else None, _bullets(told))


def _known(outcome: OutcomeFacts) -> str:
    status = OUTCOME_STATUS_NAMES[outcome.status]
    return f"{status}, {partial_date(outcome.as_of)}" if outcome.as_of else status


# ── Sheets with a full content ────────────────────────────────────────────────────────────────────

_Blocks = tuple[tree.Block | None, ...]


def _full_pages(parts: _Parts, content: SheetContent) -> tuple[tree.Page, ...]:
    pages = []
    for number_, group in groupby(outline(content), key=lambda heading: heading.page):
        banner, *headings = group
        side = [heading for heading in headings if heading.code in _SIDE]
        main = [heading for heading in headings if heading.code not in _SIDE]
        others = _others(parts, content) if side else None
        pages.append(
            tree.Page(
                banner=banner.title,
                main=_kept(
                    *_opening(parts, content, number_),
                    *_sections(parts, content, main),
                    # The side column has room when the beneficiary gives no fields of action.
                    others if content.beneficiary.fields else None,
                ),
                side=_kept(
                    *_sections(parts, content, side),
                    None if content.beneficiary.fields else others,
                ),
                foot=_foot(parts, number_),
            )
        )
    return tuple(pages)


_SIDE = frozenset({"strands", "fields"})
_FIRST, _THIRD, _LAST = 1, 3, 4


def _sections(
    parts: _Parts, content: SheetContent, headings: Iterable[Heading]
) -> Iterable[tree.Section | None]:
    for heading in headings:
        yield _section(heading.title, _MAKERS[heading.code](parts, content))


def _opening(parts: _Parts, content: SheetContent, page: int) -> _Blocks:
    """Give what a page says before its first title."""
    if page == _FIRST:
        marks = (_fund_mark(parts.facts), _beneficiary_mark(parts.facts, content))
        return (tree.Partners(marks, size="large"),)
    if page == _THIRD and content.actions.heading == "none":
        return _needs(content)
    return ()


def _others(parts: _Parts, content: SheetContent) -> tree.Partners | None:
    """Name the parties other than the fund and the beneficiary."""
    who = _party_of(parts.facts, content)
    others = [party for party in parts.facts.parties if party.slug != FUND_SLUG and party != who]
    if not others:
        return None
    marks = tuple(_mark(party) for party in others)
    return tree.Partners(marks, size="small", caption="Les autres parties prenantes")


def _foot(parts: _Parts, page: int) -> tuple[tree.Block, ...]:
    if page == _FIRST:
        note = _paragraph(parts.boilerplate.endowment_note, lead="Dotation :", tone="small")
        return _kept(note)
    return _colophon(parts.facts) if page == _LAST else ()


def _colophon(facts: SheetFacts) -> tuple[tree.Block, ...]:
    return _kept(_paragraph(" ; ".join(facts.sources), lead="Sources :", tone="small"))


def _fund_mark(facts: SheetFacts) -> tree.Mark:
    found = [party for party in facts.parties if party.slug == FUND_SLUG]
    return _mark(found[0] if found else PartyFacts("Fonds ODD17", World.OTHER, slug=FUND_SLUG))


def _beneficiary_mark(facts: SheetFacts, content: SheetContent) -> tree.Mark:
    who = content.beneficiary
    party = _party_of(facts, content)
    world = party.world if party else WORLD_OF_PROFILE[who.profile]
    return _mark(PartyFacts(who.name, world), acronym=who.name_title)


def _party_of(facts: SheetFacts, content: SheetContent) -> PartyFacts | None:
    """Find the beneficiary among the parties, whose names may say more."""
    name = fold(content.beneficiary.name)
    found = (
        party for party in facts.parties if name in fold(party.name) or fold(party.name) in name
    )
    return next(found, None)


def _fund(parts: _Parts, _: SheetContent) -> _Blocks:
    common = parts.boilerplate
    return (
        _paragraph(common.presentation),
        _paragraph(common.vision, lead="Vision :"),
        _paragraph(common.mission, lead="Mission :"),
    )


def _beneficiary(_: _Parts, content: SheetContent) -> _Blocks:
    who = content.beneficiary
    figures = tuple(
        _figure(item.label, item.value, item.unit, item.qualifier or "") for item in who.key_figures
    )
    missions = _bullets(who.missions) if len(who.missions) > 1 else None
    only = who.missions[0] if len(who.missions) == 1 else None
    return (
        _paragraph(_capital(_identity(content)), tone="small"),
        _paragraph(who.summary),
        _paragraph(who.vision, lead="Vision :"),
        _paragraph(only, lead="Mission :"),
        _section("Missions", (missions,), level=4),
        _section("Historique", (_paragraph(who.history),), level=4),
        _section(who.unit.title, (_paragraph(who.unit.text),), level=4) if who.unit else None,
        _titled(who.axes),
        tree.Figures(figures) if figures else None,
    )


def _identity(content: SheetContent) -> str:
    who = content.beneficiary
    created = f"depuis {partial_date(who.created)}" if who.created else ""
    return ", ".join(part for part in (who.legal_form, created) if part)


def _titled(items: Sequence[Titled]) -> tree.Definitions | None:
    if not items:
        return None
    return tree.Definitions(tuple(tree.Definition(item.title, item.text) for item in items))


def _strands(parts: _Parts, _: SheetContent) -> _Blocks:
    """Set « Volet 1 » apart from the name of the strand."""
    items = []
    for strand in parts.boilerplate.strands:
        mark, dash, name = strand.title.partition(" – ")
        items.append(tree.Definition(name or mark, strand.text, mark if dash else ""))
    return (tree.Definitions(tuple(items)),)


def _fields(_: _Parts, content: SheetContent) -> _Blocks:
    return (_titled(content.beneficiary.fields),)


def _genesis(_: _Parts, content: SheetContent) -> _Blocks:
    genesis = content.genesis
    return (_paragraph(genesis.intro, tone="lede"), _told(genesis.events))


def _extension(_: _Parts, content: SheetContent) -> _Blocks:
    extension = content.genesis.extension
    if extension is None:
        return ()
    return (_paragraph(extension.intro), _told(extension.events))


def _told(events: Sequence[GenesisEvent]) -> tree.Timeline:
    """Make a timeline whose dates are in words; it is drawn if all of them are known."""
    dates = [event.start for event in events if event.start]
    scale = _scale([(_moment(date), _moment(date)) for date in dates], len(events))
    moments = tuple(
        tree.Moment(
            when=event.label,
            text=event.text,
            precision=(event.start.precision if event.start else Precision.APPROXIMATE).value,
            boxed=event.boxed,
            start=_share(_moment(event.start), *scale) if scale and event.start else None,
        )
        for event in events
    )
    return tree.Timeline(moments, _ticks(*scale) if scale else ())


def _stakes(_: _Parts, content: SheetContent) -> _Blocks:
    stakes = content.stakes
    return (
        _section("Contexte", (_bullets(stakes.context),), level=4),
        _section("Défis", (_bullets(stakes.challenges),), level=4),
    )


def _objective(parts: _Parts, content: SheetContent) -> _Blocks:
    objective = content.objective
    diagram: tree.Diagram | None = None
    if objective.diagram == "four_objectives":
        read = dict(parts.facts.objectives)
        chosen = {code: read.get(code, Reading.STATED) for code in objective.highlighted}
        diagram = _objectives(parts.reference, chosen, several=objective.type == "alliances")
    elif objective.diagram == "four_functions":
        diagram = _functions(parts.reference)
    return (
        _paragraph(objective.text),
        diagram,
        _section("Sujets d’intérêt général", (_titled(objective.topics),), level=4),
        _section("Exemples de projets", (_titled(objective.examples),), level=4),
    )


def _actions(_: _Parts, content: SheetContent) -> _Blocks:
    actions = content.actions
    blocks: list[tree.Block | None] = [_paragraph(actions.intro)]
    for item in actions.items:
        title = _action_title(item)
        body = (_paragraph(item.text), _bullets(item.bullets))
        blocks += [_section(title, body, level=4)] if title else body
    return tuple(blocks)


def _action_title(item: SheetAction) -> str:
    phase = f"Phase {item.phase}" if item.phase else ""
    name = " : ".join(part for part in (phase, item.title) if part)
    return " · ".join(part for part in (name, item.period) if part)


def _needs(content: SheetContent) -> _Blocks:
    """Tell the actions of a sheet that gives them no title of their own."""
    told = [
        (_action_title(item), " ".join((item.text, *item.bullets)))
        for item in content.actions.items
    ]
    return (
        _paragraph(content.actions.intro, tone="lede"),
        tree.Definitions(tuple(tree.Definition(title, text) for title, text in told)),
    )


def _focus(_: _Parts, content: SheetContent) -> _Blocks:
    focus = content.focus
    if focus is None:
        return ()
    years = tuple(tree.Moment(item.year, item.text) for item in focus.years)
    return (
        _section("Raisons d’être", (_bullets(focus.rationale),), level=4),
        _section("Rôles de chacun", (_roles(focus),), level=4),
        _section("Année après année", (tree.Timeline(years) if years else None,), level=4),
        _section("Résultats de l’accompagnement", (_paragraph(focus.results),), level=4),
    )


def _roles(focus: Focus) -> tree.Table | None:
    """Make the table of roles; a column that no role fills is left out."""
    if not focus.roles:
        return None
    columns = {
        "Partie prenante": [role.party for role in focus.roles],
        "Nombre": [str(role.count or "") for role in focus.roles],
        "Type": [role.type or "" for role in focus.roles],
        "Contribution": [role.contribution for role in focus.roles],
    }
    filled = {name: cells for name, cells in columns.items() if any(cells)}
    rows = tuple(zip(*([cell or "–" for cell in cells] for cells in filled.values()), strict=True))
    return tree.Table("Qui apporte quoi", tuple(filled), rows)


def _results(_: _Parts, content: SheetContent) -> _Blocks:
    results = content.results
    if results is None:
        return ()
    figures = tuple(
        _figure(
            item.label,
            item.value,
            item.unit,
            item.qualifier or "",
            _capital(OUTCOME_STATUS_NAMES[item.status]),
        )
        for item in results.items
    )
    return (tree.Figures(figures), _paragraph(results.note, tone="small"))


def _support(parts: _Parts, content: SheetContent) -> _Blocks:
    return (
        _levers(parts.facts),
        _paragraph(content.synthesis, tone="synthesis"),
        _notice(parts),
    )


def _notice(parts: _Parts) -> tree.Notice | None:
    if not parts.facts.private_fund_to_public_authority:
        return None
    return tree.Notice(NOTICE_TITLE, parts.boilerplate.legal_gap_notice)


def _perspectives(parts: _Parts, _: SheetContent | None) -> _Blocks:
    told = parts.facts.perspectives
    if len({item.level for item in told}) < 2:
        return tuple(_paragraph(item.text) for item in told)
    return tuple(
        _section(PERSPECTIVE_NAMES[level], (_paragraph(item.text) for item in group), level=4)
        for level, group in groupby(told, key=lambda item: item.level)
    )


def _conclusion(parts: _Parts, content: SheetContent) -> _Blocks:
    lead = parts.boilerplate.maturity_leads[content.beneficiary.maturity]
    return (
        _paragraph(lead) if content.conclusion.with_lead else None,
        _paragraph(content.conclusion.text),
    )


_MAKERS: Mapping[str, Callable[[_Parts, SheetContent], _Blocks]] = {
    "fund": _fund,
    "beneficiary": _beneficiary,
    "strands": _strands,
    "fields": _fields,
    "genesis": _genesis,
    "extension": _extension,
    "stakes": _stakes,
    "objective": _objective,
    "actions": _actions,
    "focus": _focus,
    "results": _results,
    "levers": _support,
    "perspectives": _perspectives,
    "conclusion": _conclusion,
}


# ── Sheets without a full content ─────────────────────────────────────────────────────────────────


def _short_pages(parts: _Parts) -> tuple[tree.Page, ...]:
    facts = parts.facts
    impact = tree.Page(
        IMPACT,
        _kept(
            _section("RÉSULTATS", _outcomes(facts.outcomes)),
            _section("ENSEIGNEMENTS", (_bullets(facts.lessons),)),
            _section("CE QUE D’AUTRES PEUVENT REPRENDRE", _prose(facts.reusable)),
            _section("PERSPECTIVES", _perspectives(parts, None)),
        ),
    )
    pages = [
        tree.Page(PARTNERS, _who(facts), side=_kept(_section("REPÈRES", (_identity_card(facts),)))),
        tree.Page(
            GENESIS,
            _kept(
                _section("POURQUOI", _prose(facts.why)),
                _section("LES DATES", (_timeline(facts.timeline),)),
                _section(
                    "OBJECTIF DE L’ALLIANCE",
                    (_objectives(parts.reference, dict(facts.objectives)),),
                ),
            ),
        ),
        tree.Page(
            CONTRIBUTION,
            _kept(_section("SOUTIEN DU FONDS ODD17", (_levers(facts), _notice(parts)))),
        ),
        impact,
    ]
    kept = [page for page in pages if page.main]
    last = replace(kept[-1], foot=_colophon(facts))
    return (*kept[:-1], last)


def _who(facts: SheetFacts) -> tuple[tree.Block, ...]:
    marks = tuple(_mark(party, _part(party)) for party in facts.parties)
    return _kept(
        _section("L’ALLIANCE EN BREF", (_paragraph(facts.summary, tone="lede"),)),
        _section("QUI FAIT ALLIANCE", (tree.Partners(marks) if marks else None,)),
    )


def _part(party: PartyFacts) -> str:
    if party.role and party.brings:
        return f"{_capital(party.role)} : {party.brings}"
    return _capital(party.role or party.brings)


def _identity_card(facts: SheetFacts) -> tree.Definitions | None:
    known = {
        "Forme": _capital(facts.kind),
        "Territoire": ", ".join(facts.places),
        "Depuis": partial_date(facts.started) if facts.started else "",
        "Étape": STAGE_NAMES[facts.stage] if facts.stage else "",
        "Domaines": ", ".join(facts.domains),
    }
    items = tuple(tree.Definition(term, text) for term, text in known.items() if text)
    return tree.Definitions(items) if items else None
