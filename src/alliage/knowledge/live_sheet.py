"""A case sheet made of passages, each with where it comes from; frozen, it may be consented to.

A passage is a text of the sheet, or a fact that it draws (a date, a lever, a figure). No passage
goes without its provenance, and what is unknown is no passage at all: no title stands empty. The
content is what parties consent to: its digest tells it from any other.

:mod:`alliage.knowledge.live_file` makes one from the values of a file; :func:`compose` prints it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Literal

import rfc8785
from pydantic import Field, model_validator

from alliage.alliances.records import (
    SLUG,
    FilePartialDate,
    Part,
    Remark,
    ShortText,
    Text,
    UnitText,
    Year,
)
from alliage.alliances.vocabulary import AmountStatus, Lever, OutcomeStatus, Reading, World
from alliage.knowledge import document_tree as tree
from alliage.knowledge._sheet_blocks import (
    OUTCOME_STATUS_NAMES,
    PERSPECTIVE_NAMES,
    bullets,
    capital,
    figure,
    kept,
    levers,
    mark,
    objectives,
    outcomes,
    paragraph,
    prose,
    section,
    timeline,
)
from alliage.knowledge.case_sheet import EYEBROW, GENESIS, IMPACT, PARTNERS
from alliage.knowledge.sheet_facts import (
    AmountFacts,
    EventFacts,
    OutcomeFacts,
    PartyFacts,
    SheetFacts,
    SheetReference,
    SupportFacts,
)
from alliage.values.dates import Precision
from alliage.values.french import partial_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CODE = r"^[a-z0-9]+([_.-][a-z0-9]+)*$"
PassageCode = Annotated[str, Field(pattern=CODE, max_length=120)]


class Rubric(StrEnum):
    """Where a passage stands in the sheet; the order is that in which people read it."""

    TITLE = "title"
    FUND = "fund"
    STRAND = "strand"
    SUMMARY = "summary"
    PARTY = "party"
    IDENTITY = "identity"
    NEED = "need"
    WHY_TOGETHER = "why_together"
    EVENT = "event"
    OBJECTIVE = "objective"
    DECISION = "decision"
    PURPOSE = "purpose"
    STEP = "step"
    CONTRIBUTION = "contribution"
    MONEY = "money"
    LEVER = "lever"
    AMOUNT = "amount"
    NOTICE = "notice"
    OUTCOME = "outcome"
    REPORT = "report"
    LESSON = "lesson"
    REUSABLE = "reusable"
    PERSPECTIVE = "perspective"


class Source(Part):
    """Where a passage comes from: a document or a page, and the place in it."""

    origin: Remark
    place: Remark | None = None


class PartyFact(Part):
    """Who is named: its address when the directory knows it; ``anonymous`` once it is not."""

    kind: Literal["party"] = "party"
    world: World
    slug: Annotated[str, Field(pattern=SLUG)] | None = None
    anonymous: bool = False


class EventFact(Part):
    kind: Literal["event"] = "event"
    start: FilePartialDate
    end: FilePartialDate | None = None
    precision: Precision
    planned: bool = False
    boxed: bool = False


class ObjectiveFact(Part):
    kind: Literal["objective"] = "objective"
    code: ShortText
    reading: Reading


class LeverFact(Part):
    kind: Literal["lever"] = "lever"
    lever: Lever
    na: bool = False


class AmountFact(Part):
    """Money of a lever; the text of its passage says what it is for."""

    kind: Literal["amount"] = "amount"
    lever: Lever
    eur: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
    years: tuple[Year, ...] = ()
    status: AmountStatus


class FigureFact(Part):
    """A figure, its unit, how it is known and when; the text of its passage says what it counts."""

    kind: Literal["figure"] = "figure"
    value: Annotated[Decimal, Field(max_digits=16, decimal_places=2)] | None = None
    unit: UnitText | None = None
    qualifier: UnitText | None = None
    status: OutcomeStatus
    as_of: FilePartialDate | None = None

    @model_validator(mode="after")
    def _figure_is_whole(self) -> FigureFact:
        if (self.value is None) != (self.unit is None):
            msg = "a value and its unit go together. Add the missing one, or remove the other."
            raise ValueError(msg)
        return self


Fact = Annotated[
    PartyFact | EventFact | ObjectiveFact | LeverFact | AmountFact | FigureFact,
    Field(discriminator="kind"),
]

#: What a passage of a rubric must hold besides its text.
_FACTS = {
    Rubric.PARTY: PartyFact,
    Rubric.EVENT: EventFact,
    Rubric.OBJECTIVE: ObjectiveFact,
    Rubric.LEVER: LeverFact,
    Rubric.AMOUNT: AmountFact,
    Rubric.MONEY: FigureFact,
    Rubric.OUTCOME: FigureFact,
}


class Passage(Part):
    """A text of the sheet. ``label`` goes before it; ``edited`` tells that a person rewrote it."""

    code: PassageCode
    rubric: Rubric
    text: Text
    label: ShortText | None = None
    source: Source
    edited: bool = False
    fact: Fact | None = None

    @model_validator(mode="after")
    def _holds_what_its_rubric_draws(self) -> Passage:
        wanted = _FACTS.get(self.rubric)
        if wanted is None and self.fact is not None:
            msg = f"« {self.code} » holds a fact, and « {self.rubric} » draws none. Remove it."
            raise ValueError(msg)
        if wanted is not None and not isinstance(self.fact, wanted):
            msg = f"« {self.code} » draws a {wanted.__name__} and holds none. Add it."
            raise ValueError(msg)
        return self


class LiveSheet(Part):
    """The whole content of a sheet: what parties read, and consent to.

    ``documents`` are those that the page of the alliance cites. ``demonstration`` tells that the
    file was invented, and the sheet says so.
    """

    fund: ShortText
    fund_slug: Annotated[str, Field(pattern=SLUG)]
    documents: tuple[Remark, ...] = ()
    demonstration: bool = False
    passages: Annotated[tuple[Passage, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _passages_stand_once(self) -> LiveSheet:
        codes = Counter(passage.code for passage in self.passages)
        twice = sorted(code for code, number in codes.items() if number > 1)
        if twice:
            msg = f"{', '.join(twice)} stand twice. Give each passage its own code."
            raise ValueError(msg)
        titles = len(self.of(Rubric.TITLE))
        if titles != 1:
            msg = f"the sheet has {titles} titles. Give it one."
            raise ValueError(msg)
        return self

    def of(self, rubric: Rubric) -> tuple[Passage, ...]:
        """Return the passages of a rubric, in their order.

        Parameters
        ----------
        rubric
            A rubric.

        Returns
        -------
        tuple of Passage
            Empty if nothing is known.
        """
        return tuple(passage for passage in self.passages if passage.rubric is rubric)

    @property
    def title(self) -> str:
        """The title of the sheet."""
        return self.of(Rubric.TITLE)[0].text


def digest(sheet: LiveSheet) -> str:
    """Give the digest of all that a sheet says: two sheets with the same one say the same.

    Parameters
    ----------
    sheet
        A sheet.

    Returns
    -------
    str
        SHA-256 of its canonical JSON, in hexadecimal.

    Notes
    -----
    Source: RFC 8785, JSON Canonicalization Scheme.
    """
    return sha256(rfc8785.dumps(sheet.model_dump(mode="json"))).hexdigest()


def named_parties(sheet: LiveSheet) -> tuple[Passage, ...]:
    """Return the parties that a sheet names, whose consent it needs besides that of the fund.

    Parameters
    ----------
    sheet
        A sheet.

    Returns
    -------
    tuple of Passage
        Without the fund, which answers as such, and without those taken out of the sheet.
    """
    return tuple(
        passage
        for passage in sheet.of(Rubric.PARTY)
        if isinstance(passage.fact, PartyFact)
        and not passage.fact.anonymous
        and passage.fact.slug != sheet.fund_slug
    )


# ── Editing ───────────────────────────────────────────────────────────────────────────────────────


class UnknownPassageError(ValueError):
    """An edit names a passage that the sheet does not hold."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"The sheet has no passage « {code} ». Choose one of its passages.")


def edited(sheet: LiveSheet, texts: dict[str, str]) -> LiveSheet:
    """Rewrite passages; one that is emptied goes, unless the sheet cannot stand without it.

    Parameters
    ----------
    sheet
        A sheet.
    texts
        New texts by code of passage; those that are not named stay.

    Returns
    -------
    LiveSheet
        A rewritten passage is marked as edited, and keeps its provenance.

    Raises
    ------
    UnknownPassageError
        If a code names no passage.
    ValueError
        If the title is emptied.
    """
    known = {passage.code for passage in sheet.passages}
    unknown = sorted(texts.keys() - known)
    if unknown:
        raise UnknownPassageError(unknown[0])
    rewritten = []
    for passage in sheet.passages:
        text = texts.get(passage.code, passage.text).strip()
        if text == passage.text:
            rewritten.append(passage)
        elif text:
            rewritten.append(_with(passage, text=text, edited=True))
    return _rebuilt(sheet, rewritten)


def _with(passage: Passage, **changes: object) -> Passage:
    return Passage.model_validate(passage.model_dump() | changes)


def _rebuilt(sheet: LiveSheet, passages: Iterable[Passage]) -> LiveSheet:
    """Make the sheet again, so that it is checked again."""
    return LiveSheet.model_validate(sheet.model_dump() | {"passages": tuple(passages)})


WITHOUT_NAME = {
    World.LOCAL_AUTHORITY: "une collectivité",
    World.COMPANY: "une entreprise",
    World.ASSOCIATION: "une association",
    World.FOUNDATION: "une fondation",
    World.ACADEMIC: "un établissement académique",
    World.STATE_SERVICE: "un service de l’État",
    World.CITIZEN: "un collectif de citoyens",
    World.OTHER: "un autre acteur",
}
#: Small words that the name took before it, and what they become before « une » or « un ».
_BEFORE = {"de": "d’", "du": "d’", "des": "d’", "d": "d’", "au": "à ", "aux": "à "}
_ARTICLES = r"(?:(?:la|le|les)\s+|l[’'])?"


def without_party(sheet: LiveSheet, code: str, names: Iterable[str] = ()) -> LiveSheet:
    """Take the name of a party out of a sheet, which then says « une entreprise » or the like.

    Parameters
    ----------
    sheet
        A sheet.
    code
        The passage that names the party.
    names
        Other names of the party (acronym, former names), which go too.

    Returns
    -------
    LiveSheet
        No passage holds any of the names as a word, whatever its capitals and the spaces in it.

    Raises
    ------
    UnknownPassageError
        If the code names no party.
    """
    found = next((each for each in sheet.of(Rubric.PARTY) if each.code == code), None)
    if found is None or not isinstance(found.fact, PartyFact):
        raise UnknownPassageError(code)
    words = WITHOUT_NAME[found.fact.world]
    wanted = sorted({found.text, *names} - {""}, key=len, reverse=True)
    hidden = found.fact.model_copy(update={"anonymous": True, "slug": None})
    passages = []
    for passage in sheet.passages:
        if passage.code == code:
            passages.append(_with(passage, text=capital(words), fact=hidden, edited=True))
            continue
        text, label = passage.text, passage.label
        origin, place = passage.source.origin, passage.source.place
        for name in wanted:
            text = _unnamed(text, name, words)
            label = _unnamed(label, name, words) if label else label
            origin = _unnamed(origin, name, words)
            place = _unnamed(place, name, words) if place else place
        changed = (text, label) != (passage.text, passage.label)
        passages.append(
            _with(
                passage,
                text=text,
                label=label,
                source=Source(origin=origin, place=place),
                edited=passage.edited or changed,
            )
        )
    return _rebuilt(sheet, passages)


def _unnamed(text: str, name: str, words: str) -> str:
    spaced = r"\s+".join(re.escape(word).replace("’", "['’]") for word in name.split())
    before = r"(?:\b(de|du|des|au|aux)\s+|\b(d)[’'])?"
    pattern = re.compile(rf"{before}{_ARTICLES}(?<!\w){spaced}(?!\w)", re.IGNORECASE)

    def instead(match: re.Match[str]) -> str:
        small = match[1] or match[2] or ""
        said = _BEFORE.get(small.lower(), "") + words
        begins = match.start() == 0 or text[: match.start()].rstrip().endswith((".", "!", "?"))
        return capital(said) if begins else said

    return pattern.sub(instead, text)


# ── Printing ──────────────────────────────────────────────────────────────────────────────────────

_Blocks = tuple[tree.Block | None, ...]


def compose(sheet: LiveSheet, reference: SheetReference) -> tree.Sheet:
    """Compose the pages of a sheet: four, as far as what is known fills them.

    Parameters
    ----------
    sheet
        The content.
    reference
        The vocabularies that the diagrams draw.

    Returns
    -------
    Sheet
        Texts in French, already typeset.
    """
    pages = (
        tree.Page(PARTNERS, _partners(sheet), side=_beside(sheet)),
        tree.Page(GENESIS, _genesis(sheet, reference)),
        tree.Page(f"LA CONTRIBUTION DU {_fund_name(sheet)}", _contribution(sheet)),
        tree.Page(IMPACT, _impact(sheet)),
    )
    filled = [page for page in pages if page.main]
    if filled:
        filled[-1] = replace(filled[-1], foot=_colophon(sheet))
    return tree.typeset(
        tree.Sheet(
            title=sheet.title, eyebrow=EYEBROW, subtitle=_subtitle(sheet), pages=tuple(filled)
        )
    )


INVENTED = (
    "Démonstration",
    "Le dossier que cette fiche raconte est inventé : il montre comment une fiche se prépare.",
)
_FUND = re.compile(r"^(?:le\s+)?fonds\s+", re.IGNORECASE)


def _fund_name(sheet: LiveSheet) -> str:
    """Name the fund so that « le » and « du » may stand before."""
    name = _FUND.sub("", sheet.fund)
    return f"FONDS {name}".upper() if name != sheet.fund else f"FONDS « {name} »".upper()


def _subtitle(sheet: LiveSheet) -> str:
    known = {passage.code: passage.text for passage in sheet.of(Rubric.IDENTITY)}
    parts = (capital(known.get("kind", "")), known.get("places", ""))
    return " – ".join(part for part in parts if part)


def _parties(sheet: LiveSheet) -> Iterator[tuple[Passage, PartyFacts]]:
    for passage in sheet.of(Rubric.PARTY):
        if isinstance(passage.fact, PartyFact):
            facts = PartyFacts(passage.text, passage.fact.world, slug=passage.fact.slug or "")
            yield passage, facts


def _partners(sheet: LiveSheet) -> tuple[tree.Block, ...]:
    marks = tuple(mark(facts, capital(passage.label or "")) for passage, facts in _parties(sheet))
    fund = tuple(
        tree.Paragraph(passage.text, lead=f"{passage.label} :" if passage.label else "")
        for passage in sheet.of(Rubric.FUND)
    )
    invented = tree.Notice(*INVENTED) if sheet.demonstration else None
    return kept(
        invented,
        section("L’ALLIANCE EN BREF", _texts(sheet, Rubric.SUMMARY, tone="lede")),
        section("QUI FAIT ALLIANCE", (tree.Partners(marks) if marks else None,)),
        section(f"LE {_fund_name(sheet)}", fund),
    )


def _beside(sheet: LiveSheet) -> tuple[tree.Block, ...]:
    known = tuple(
        tree.Definition(passage.label or "", capital(passage.text))
        for passage in sheet.of(Rubric.IDENTITY)
    )
    strands = tuple(
        tree.Definition(name or first, passage.text, first if dash else "")
        for passage in sheet.of(Rubric.STRAND)
        for first, dash, name in [(passage.label or "").partition(" – ")]
    )
    number = f"{len(strands)} " if len(strands) > 1 else ""
    return kept(
        section("REPÈRES", (tree.Definitions(known) if known else None,)),
        section(
            f"{number}VOLETS D’INVESTISSEMENT", (tree.Definitions(strands) if strands else None,)
        ),
    )


def _genesis(sheet: LiveSheet, reference: SheetReference) -> tuple[tree.Block, ...]:
    events = tuple(
        EventFacts(
            start=fact.start,
            text=passage.text,
            end=fact.end,
            precision=fact.precision,
            planned=fact.planned,
            boxed=fact.boxed,
        )
        for passage in sheet.of(Rubric.EVENT)
        if isinstance(fact := passage.fact, EventFact)
    )
    chosen = {
        fact.code: fact.reading
        for passage in sheet.of(Rubric.OBJECTIVE)
        if isinstance(fact := passage.fact, ObjectiveFact)
    }
    drawn = objectives(reference, chosen)
    told = None if drawn else bullets([each.text for each in sheet.of(Rubric.OBJECTIVE)])
    return kept(
        section("LE BESOIN", _texts(sheet, Rubric.NEED)),
        section("POURQUOI ENSEMBLE", _texts(sheet, Rubric.WHY_TOGETHER)),
        section("LES DATES", (timeline(events),)),
        section("OBJECTIF DE L’ALLIANCE SOUTENUE", (drawn, told)),
    )


def _contribution(sheet: LiveSheet) -> tuple[tree.Block, ...]:
    return kept(
        section("CE QUE LE FONDS A DÉCIDÉ", _texts(sheet, Rubric.DECISION)),
        section("OBJET DE LA CONVENTION", _texts(sheet, Rubric.PURPOSE)),
        section("L’ARGENT", (_money(sheet),)),
        section("LES ÉTAPES", _labelled(sheet, Rubric.STEP)),
        section("CE QUE CHACUN APPORTE", _labelled(sheet, Rubric.CONTRIBUTION)),
    )


def _impact(sheet: LiveSheet) -> tuple[tree.Block, ...]:
    notices = (tree.Notice(each.label or "", each.text) for each in sheet.of(Rubric.NOTICE))
    told = sheet.of(Rubric.PERSPECTIVE)
    several = len({passage.label for passage in told}) > 1
    perspectives: _Blocks = (
        tuple(
            section(
                PERSPECTIVE_NAMES.get(level or "", level or "Ensuite"),
                [block for passage in group for block in prose(passage.text)],
                level=4,
            )
            for level, group in groupby(told, key=lambda passage: passage.label)
        )
        if several
        else _texts(sheet, Rubric.PERSPECTIVE)
    )
    return kept(
        section("LES LEVIERS DE SOUTIEN", (_levers(sheet), *notices)),
        section("RÉSULTATS", outcomes(_figures(sheet, Rubric.OUTCOME))),
        section("CE QUE DISENT LES RAPPORTS", _labelled(sheet, Rubric.REPORT)),
        section("ENSEIGNEMENTS", (bullets([passage.text for passage in sheet.of(Rubric.LESSON)]),)),
        section("CE QUE D’AUTRES PEUVENT REPRENDRE", _texts(sheet, Rubric.REUSABLE)),
        section("PERSPECTIVES", perspectives),
    )


def _texts(sheet: LiveSheet, rubric: Rubric, tone: str = "body") -> _Blocks:
    blocks = [block for passage in sheet.of(rubric) for block in prose(passage.text)]
    return tuple(
        replace(block, tone=tone) if isinstance(block, tree.Paragraph) else block
        for block in blocks
    )


def _labelled(sheet: LiveSheet, rubric: Rubric) -> _Blocks:
    """Put under a word those that have one; the others are a list."""
    told = sheet.of(rubric)
    items = tuple(tree.Definition(each.label, each.text) for each in told if each.label)
    rest = [each.text for each in told if not each.label]
    return (tree.Definitions(items) if items else None, bullets(rest))


def _money(sheet: LiveSheet) -> tree.Figures | None:
    """Show each sum apart, with its day: what is promised, paid, conditional or in kind."""
    items = tuple(
        figure(
            passage.text,
            fact.value,
            "euros",
            status=capital(
                f"au {partial_date(fact.as_of)}"
                if fact.as_of
                else OUTCOME_STATUS_NAMES[fact.status]
            ),
        )
        for passage in sheet.of(Rubric.MONEY)
        if isinstance(fact := passage.fact, FigureFact) and fact.value is not None
    )
    return tree.Figures(items) if items else None


def _figures(sheet: LiveSheet, rubric: Rubric) -> tuple[OutcomeFacts, ...]:
    return tuple(
        OutcomeFacts(
            text=passage.text,
            status=fact.status,
            value=fact.value,
            qualifier=fact.qualifier or "",
            unit=fact.unit or "",
            as_of=fact.as_of,
        )
        for passage in sheet.of(rubric)
        if isinstance(fact := passage.fact, FigureFact)
    )


def _levers(sheet: LiveSheet) -> tree.Levers | tree.Definitions | None:
    """Draw the levers with the blocks of every sheet: they take the facts of an alliance."""
    told: dict[Lever, list[str]] = {}
    unused: dict[Lever, str] = {}
    amounts: dict[Lever, list[AmountFacts]] = {}
    for passage in sheet.of(Rubric.LEVER):
        fact = passage.fact
        if isinstance(fact, LeverFact) and fact.na:
            unused[fact.lever] = passage.text
        elif isinstance(fact, LeverFact):
            told.setdefault(fact.lever, []).append(passage.text)
    for passage in sheet.of(Rubric.AMOUNT):
        if isinstance(fact := passage.fact, AmountFact):
            said = AmountFacts(fact.eur, passage.text, fact.years, fact.status)
            amounts.setdefault(fact.lever, []).append(said)
    supports = tuple(
        SupportFacts(
            lever=lever,
            text=" ; ".join(told.get(lever, ())),
            na=lever not in told and lever not in amounts,
            na_text=unused.get(lever, ""),
            amounts=tuple(amounts.get(lever, ())),
        )
        for lever in Lever
        if lever in told or lever in unused or lever in amounts
    )
    return levers(SheetFacts(title="", kind="", summary="", supports=supports))


def _colophon(sheet: LiveSheet) -> tuple[tree.Block, ...]:
    """Name each document or page once; where in it is told beside each passage, not in print."""
    origins = dict.fromkeys(passage.source.origin for passage in sheet.passages)
    sources = tree.Paragraph(" ; ".join(origins), lead="Sources :", tone="small")
    cited = " ; ".join(sheet.documents)
    return kept(sources, paragraph(cited, lead="Documents cités :", tone="small"))


# ── Comparing ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Difference:
    """What a section said and says: an empty side says nothing."""

    heading: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(before: tree.Sheet, after: tree.Sheet) -> tuple[Difference, ...]:
    """Compare what two sheets say, section by section.

    Parameters
    ----------
    before, after
        Two sheets of the same alliance.

    Returns
    -------
    tuple of Difference
        The sections that do not say the same, in the order of ``after``, then those that are gone.

    Examples
    --------
    >>> page = tree.Page("GENÈSE", (tree.Section("LE BESOIN", 3, (tree.Paragraph("Relier."),)),))
    >>> old = tree.Sheet("Q2ER", "", "", ())
    >>> differences(old, tree.Sheet("Q2ER", "", "", (page,)))
    (Difference(heading='LE BESOIN', before=(), after=('Relier.',)),)
    """
    old, new = _said(before), _said(after)
    found = []
    for heading in dict.fromkeys((*new, *old)):
        was, now = old.get(heading, ()), new.get(heading, ())
        if was != now:
            found.append(
                Difference(
                    heading,
                    tuple(text for text in was if text not in now),
                    tuple(text for text in now if text not in was),
                )
            )
    return tuple(each for each in found if each.before or each.after)


def _said(sheet: tree.Sheet) -> dict[str, tuple[str, ...]]:
    """Give the texts of each section of the first level, by its title."""
    told: dict[str, tuple[str, ...]] = {"": (sheet.title, sheet.subtitle)}
    for page in sheet.pages:
        for block in (*page.main, *page.side, *page.foot):
            heading = block.title if isinstance(block, tree.Section) else page.banner
            inside = block.blocks if isinstance(block, tree.Section) else (block,)
            texts = tuple(text for text in tree.texts(inside) if text)
            told[heading] = (*told.get(heading, ()), *texts)
    return told
