"""The blocks of a case sheet: how facts become marks, timelines, cells, diagrams and figures."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import (
    AmountStatus,
    Lever,
    OutcomeStatus,
    Reading,
    Stage,
    World,
)
from alliage.knowledge import document_tree as tree
from alliage.values.dates import PartialDate, Precision
from alliage.values.french import NO_BREAK, euros, number, partial_date, period
from alliage.values.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alliage.knowledge.sheet_facts import (
        AmountFacts,
        EventFacts,
        OutcomeFacts,
        PartyFacts,
        SheetFacts,
        SheetReference,
        SupportFacts,
    )

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


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def section(title: str, blocks: Iterable[tree.Block | None], level: int = 3) -> tree.Section | None:
    """Make a section, or nothing when it would be empty."""
    inside = kept(*blocks)
    return tree.Section(title, level, inside) if inside else None


def kept(*blocks: tree.Block | None) -> tuple[tree.Block, ...]:
    return tuple(block for block in blocks if block is not None)


def paragraph(text: str | None, *, lead: str = "", tone: str = "body") -> tree.Paragraph | None:
    return tree.Paragraph(text.strip(), lead=lead, tone=tone) if text and text.strip() else None


def bullets(items: Sequence[str]) -> tree.Bullets | None:
    return tree.Bullets(tuple(items)) if items else None


_ITEM = re.compile(r"^\s*[-*]\s+")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"\[([^\]]+)\]\((?:[^()\s]+)\)")


def prose(text: str) -> tuple[tree.Block, ...]:
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


def mark(party: PartyFacts, text: str = "", acronym: str = "") -> tree.Mark:
    return tree.Mark(
        monogram=monogram(party.name, acronym),
        name=party.name,
        world=party.world.value,
        world_label=WORLD_NAMES[party.world],
        text=text,
    )


# ── Timeline ──────────────────────────────────────────────────────────────────────────────────────

_MOST_TICKS = 8
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_FEWEST_MOMENTS = 3


def timeline(events: Sequence[EventFacts]) -> tree.Timeline | None:
    """Put events in order, on a scale of years when they are enough to draw one."""
    if not events:
        return None
    ordered = sorted(events, key=lambda event: (event.start.first_day, event.start.month or 0))
    spans = [_span(event) for event in ordered]
    scale = scale_of(spans, len(ordered))
    moments = tuple(
        tree.Moment(
            when=_when(event),
            text=event.text,
            precision=event.precision.value,
            planned=event.planned,
            boxed=event.boxed,
            start=share(start, *scale) if scale else None,
            end=share(end, *scale) if scale and event.end else None,
        )
        for event, (start, end) in zip(ordered, spans, strict=True)
    )
    return tree.Timeline(moments, ticks(*scale) if scale else ())


def scale_of(spans: Sequence[tuple[float, float]], events: int) -> tuple[int, int] | None:
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
    return capital(words) + (" (prévu)" if event.planned else "")


def _span(event: EventFacts) -> tuple[float, float]:
    end = event.end or event.start
    last = moment_of(end)
    if event.end:
        last += 0 if end.day else 1 / 12 if end.month else 1
    return moment_of(event.start), last


def moment_of(date: PartialDate) -> float:
    return date.year + ((date.month or 1) - 1) / 12 + ((date.day or 1) - 1) / 366


def share(moment: float, first: int, last: int) -> float:
    return round((moment - first) / (last - first), 4)


def ticks(first: int, last: int) -> tuple[tree.Tick, ...]:
    step = next(step for step in _STEPS if (last - first) / step <= _MOST_TICKS)
    years = [year for year in range(first, last + 1) if (year - first) % step == 0]
    return tuple(tree.Tick(str(year), share(year, first, last)) for year in years)


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
    >>> from alliage.knowledge.sheet_facts import AmountFacts, SupportFacts
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
        phrases = tuple(capital(part) for part in parts if part)
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


def levers(facts: SheetFacts) -> tree.Levers | tree.Definitions | None:
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


def objectives(
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


def functions(reference: SheetReference) -> tree.Diagram:
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


def figure(
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


def outcomes(facts: Sequence[OutcomeFacts]) -> tuple[tree.Block | None, ...]:
    """Show figures, then what has none; each says how it is known and when."""
    counted = tuple(
        figure(
            outcome.text, outcome.value, outcome.unit, outcome.qualifier, capital(_known(outcome))
        )
        for outcome in facts
        if outcome.value is not None
    )
    told = [f"{capital(item.text)} ({_known(item)})" for item in facts if item.value is None]
    return (tree.Figures(counted) if counted else None, bullets(told))


def _known(outcome: OutcomeFacts) -> str:
    status = OUTCOME_STATUS_NAMES[outcome.status]
    return f"{status}, {partial_date(outcome.as_of)}" if outcome.as_of else status
