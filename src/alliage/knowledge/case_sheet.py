"""The « fiche retour d’expérience » of an alliance: which sections, in which order, in which words.

A sheet is composed from the facts of an alliance and, for the alliances that have one, from the
editorial content of their full sheet. What is unknown leaves no trace: no empty title, no empty
page. The result is a neutral tree (:mod:`alliage.knowledge.document_tree`).

Source: the case sheets of the Fonds ODD17 (2022), whose structure this module reproduces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import WORLD_OF_PROFILE, Reading, World
from alliage.knowledge import document_tree as tree
from alliage.knowledge._sheet_blocks import (
    OUTCOME_STATUS_NAMES,
    PERSPECTIVE_NAMES,
    STAGE_NAMES,
    bullets,
    capital,
    figure,
    functions,
    kept,
    levers,
    mark,
    moment_of,
    objectives,
    outcomes,
    paragraph,
    prose,
    scale_of,
    section,
    share,
    ticks,
    timeline,
)
from alliage.knowledge.sheet_facts import PartyFacts, SheetFacts, SheetReference
from alliage.knowledge.sheets import outline
from alliage.values.dates import Precision
from alliage.values.french import partial_date
from alliage.values.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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

NOTICE_TITLE = "Un fonds privé, une autorité publique : un cadre à créer"


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

    Examples
    --------
    >>> from alliage.knowledge.sheets import load_boilerplate
    >>> from alliage.values.datafiles import data_directory
    >>> common = load_boilerplate(data_directory() / "sheets" / "boilerplate.yaml")
    >>> facts = SheetFacts("Q2ER", "programme", "Élèves et entreprises se rencontrent.")
    >>> sheet = compose(facts, SheetReference(objectives=()), common)
    >>> [section.title for section in sheet.sections()]
    ['L’ALLIANCE EN BREF', 'REPÈRES']
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
    return " – ".join(part for part in (capital(facts.kind), places) if part)


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
                main=kept(
                    *_opening(parts, content, number_),
                    *_sections(parts, content, main),
                    # The side column has room when the beneficiary gives no fields of action.
                    others if content.beneficiary.fields else None,
                ),
                side=kept(
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
        yield section(heading.title, _MAKERS[heading.code](parts, content))


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
    marks = tuple(mark(party) for party in others)
    return tree.Partners(marks, size="small", caption="Les autres parties prenantes")


def _foot(parts: _Parts, page: int) -> tuple[tree.Block, ...]:
    if page == _FIRST:
        note = paragraph(parts.boilerplate.endowment_note, lead="Dotation :", tone="small")
        return kept(note)
    return _colophon(parts.facts) if page == _LAST else ()


def _colophon(facts: SheetFacts) -> tuple[tree.Block, ...]:
    return kept(paragraph(" ; ".join(facts.sources), lead="Sources :", tone="small"))


def _fund_mark(facts: SheetFacts) -> tree.Mark:
    found = [party for party in facts.parties if party.slug == FUND_SLUG]
    return mark(found[0] if found else PartyFacts("Fonds ODD17", World.OTHER, slug=FUND_SLUG))


def _beneficiary_mark(facts: SheetFacts, content: SheetContent) -> tree.Mark:
    who = content.beneficiary
    party = _party_of(facts, content)
    world = party.world if party else WORLD_OF_PROFILE[who.profile]
    return mark(PartyFacts(who.name, world), acronym=who.name_title)


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
        paragraph(common.presentation),
        paragraph(common.vision, lead="Vision :"),
        paragraph(common.mission, lead="Mission :"),
    )


def _beneficiary(_: _Parts, content: SheetContent) -> _Blocks:
    who = content.beneficiary
    figures = tuple(
        figure(item.label, item.value, item.unit, item.qualifier or "") for item in who.key_figures
    )
    missions = bullets(who.missions) if len(who.missions) > 1 else None
    only = who.missions[0] if len(who.missions) == 1 else None
    return (
        paragraph(capital(_identity(content)), tone="small"),
        paragraph(who.summary),
        paragraph(who.vision, lead="Vision :"),
        paragraph(only, lead="Mission :"),
        section("Missions", (missions,), level=4),
        section("Historique", (paragraph(who.history),), level=4),
        section(who.unit.title, (paragraph(who.unit.text),), level=4) if who.unit else None,
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
    return (paragraph(genesis.intro, tone="lede"), _told(genesis.events))


def _extension(_: _Parts, content: SheetContent) -> _Blocks:
    extension = content.genesis.extension
    if extension is None:
        return ()
    return (paragraph(extension.intro), _told(extension.events))


def _told(events: Sequence[GenesisEvent]) -> tree.Timeline:
    """Make a timeline whose dates are in words; it is drawn if all of them are known."""
    dates = [event.start for event in events if event.start]
    scale = scale_of([(moment_of(date), moment_of(date)) for date in dates], len(events))
    moments = tuple(
        tree.Moment(
            when=event.label,
            text=event.text,
            precision=(event.start.precision if event.start else Precision.APPROXIMATE).value,
            boxed=event.boxed,
            start=share(moment_of(event.start), *scale) if scale and event.start else None,
        )
        for event in events
    )
    return tree.Timeline(moments, ticks(*scale) if scale else ())


def _stakes(_: _Parts, content: SheetContent) -> _Blocks:
    stakes = content.stakes
    return (
        section("Contexte", (bullets(stakes.context),), level=4),
        section("Défis", (bullets(stakes.challenges),), level=4),
    )


def _objective(parts: _Parts, content: SheetContent) -> _Blocks:
    objective = content.objective
    diagram: tree.Diagram | None = None
    if objective.diagram == "four_objectives":
        read = dict(parts.facts.objectives)
        chosen = {code: read.get(code, Reading.STATED) for code in objective.highlighted}
        diagram = objectives(parts.reference, chosen, several=objective.type == "alliances")
    elif objective.diagram == "four_functions":
        diagram = functions(parts.reference)
    return (
        paragraph(objective.text),
        diagram,
        section("Sujets d’intérêt général", (_titled(objective.topics),), level=4),
        section("Exemples de projets", (_titled(objective.examples),), level=4),
    )


def _actions(_: _Parts, content: SheetContent) -> _Blocks:
    actions = content.actions
    blocks: list[tree.Block | None] = [paragraph(actions.intro)]
    for item in actions.items:
        title = _action_title(item)
        body = (paragraph(item.text), bullets(item.bullets))
        blocks += [section(title, body, level=4)] if title else body
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
        paragraph(content.actions.intro, tone="lede"),
        tree.Definitions(tuple(tree.Definition(title, text) for title, text in told)),
    )


def _focus(_: _Parts, content: SheetContent) -> _Blocks:
    focus = content.focus
    if focus is None:
        return ()
    years = tuple(tree.Moment(item.year, item.text) for item in focus.years)
    return (
        section("Raisons d’être", (bullets(focus.rationale),), level=4),
        section("Rôles de chacun", (_roles(focus),), level=4),
        section("Année après année", (tree.Timeline(years) if years else None,), level=4),
        section("Résultats de l’accompagnement", (paragraph(focus.results),), level=4),
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
        figure(
            item.label,
            item.value,
            item.unit,
            item.qualifier or "",
            capital(OUTCOME_STATUS_NAMES[item.status]),
        )
        for item in results.items
    )
    return (tree.Figures(figures), paragraph(results.note, tone="small"))


def _support(parts: _Parts, content: SheetContent) -> _Blocks:
    return (
        levers(parts.facts),
        paragraph(content.synthesis, tone="synthesis"),
        _notice(parts),
    )


def _notice(parts: _Parts) -> tree.Notice | None:
    if not parts.facts.private_fund_to_public_authority:
        return None
    return tree.Notice(NOTICE_TITLE, parts.boilerplate.legal_gap_notice)


def _perspectives(parts: _Parts, _: SheetContent | None) -> _Blocks:
    told = parts.facts.perspectives
    if len({item.level for item in told}) < 2:
        return tuple(paragraph(item.text) for item in told)
    return tuple(
        section(PERSPECTIVE_NAMES[level], (paragraph(item.text) for item in group), level=4)
        for level, group in groupby(told, key=lambda item: item.level)
    )


def _conclusion(parts: _Parts, content: SheetContent) -> _Blocks:
    lead = parts.boilerplate.maturity_leads[content.beneficiary.maturity]
    return (
        paragraph(lead) if content.conclusion.with_lead else None,
        paragraph(content.conclusion.text),
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
        kept(
            section("RÉSULTATS", outcomes(facts.outcomes)),
            section("ENSEIGNEMENTS", (bullets(facts.lessons),)),
            section("CE QUE D’AUTRES PEUVENT REPRENDRE", prose(facts.reusable)),
            section("PERSPECTIVES", _perspectives(parts, None)),
        ),
    )
    pages = [
        tree.Page(PARTNERS, _who(facts), side=kept(section("REPÈRES", (_identity_card(facts),)))),
        tree.Page(
            GENESIS,
            kept(
                section("POURQUOI", prose(facts.why)),
                section("LES DATES", (timeline(facts.timeline),)),
                section(
                    "OBJECTIF DE L’ALLIANCE",
                    (objectives(parts.reference, dict(facts.objectives)),),
                ),
            ),
        ),
        tree.Page(
            CONTRIBUTION,
            kept(section("SOUTIEN DU FONDS ODD17", (levers(facts), _notice(parts)))),
        ),
        impact,
    ]
    *first, last = (page for page in pages if page.main)
    return (*first, replace(last, foot=_colophon(facts)))


def _who(facts: SheetFacts) -> tuple[tree.Block, ...]:
    marks = tuple(mark(party, _part(party)) for party in facts.parties)
    return kept(
        section("L’ALLIANCE EN BREF", (paragraph(facts.summary, tone="lede"),)),
        section("QUI FAIT ALLIANCE", (tree.Partners(marks) if marks else None,)),
    )


def _part(party: PartyFacts) -> str:
    if party.role and party.brings:
        return f"{capital(party.role)} : {party.brings}"
    return capital(party.role or party.brings)


def _identity_card(facts: SheetFacts) -> tree.Definitions | None:
    known = {
        "Forme": capital(facts.kind),
        "Territoire": ", ".join(facts.places),
        "Depuis": partial_date(facts.started) if facts.started else "",
        "Étape": STAGE_NAMES[facts.stage] if facts.stage else "",
        "Domaines": ", ".join(facts.domains),
    }
    items = tuple(tree.Definition(term, text) for term, text in known.items() if text)
    return tree.Definitions(items) if items else None
