"""The case sheet as a document: one tree, a page and a PDF that say the same words."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typst
from django.utils import translation

from alliage.alliances.vocabulary import (
    AmountStatus,
    Lever,
    OutcomeStatus,
    Reading,
    Stage,
    World,
)
from alliage.knowledge.case_sheet import compose
from alliage.knowledge.document_tree import Sheet, as_data
from alliage.knowledge.sheet_facts import (
    AmountFacts,
    EventFacts,
    OutcomeFacts,
    PartyFacts,
    PerspectiveFacts,
    ReferenceTerm,
    SheetFacts,
    SheetReference,
    SupportFacts,
    readable_sources,
)
from alliage.knowledge.sheets import Boilerplate, SheetContent, load_boilerplate
from alliage.values.citations import parse_citations
from alliage.values.datafiles import data_directory
from alliage.values.dates import PartialDate, Precision
from alliage_web.alliances.queries.story import story
from alliage_web.ui.worlds import WORLD_SIGNS
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme, source_labels

from .models import CaseSheet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage_web.alliances.queries.story import (
        AllianceStory,
        AmountOfSupport,
        Moment,
        SupportOfAlliance,
    )
    from alliage_web.vocabulary.models import Term

LANGUAGE = "fr"

_APP = Path(__file__).parent
_TEMPLATE = _APP / "typst" / "sheet.typ"
_KEPT_COMPILATIONS = 10
_FONT_PACKAGES = ("font_source_sans_pro", "font_source_serif_pro")


# ── The tree ──────────────────────────────────────────────────────────────────────────────────────


def sheet_of(slug: str) -> Sheet | None:
    """Compose the sheet of an alliance found by its address.

    Sheets are written in French, whatever the language of the interface.
    """
    with translation.override(LANGUAGE):
        told = story(slug=slug)
        if told is None:
            return None
        kept = CaseSheet.objects.filter(alliance=told.id).order_by("pk").first()
        content = SheetContent.model_validate(kept.content) if kept else None
        return sheet_tree(told, content)


def sheet_tree(told: AllianceStory, content: SheetContent | None = None) -> Sheet:
    """Compose a sheet from the story of its alliance, and from its full content if it has one."""
    with translation.override(LANGUAGE):
        return compose(_facts(told), _reference(), boilerplate(), content)


@lru_cache(maxsize=1)
def boilerplate() -> Boilerplate:
    """Read the texts common to every sheet; they ship with the platform."""
    return load_boilerplate(data_directory() / "sheets" / "boilerplate.yaml")


def _facts(told: AllianceStory) -> SheetFacts:
    places = tuple(place.name for place in told.places)
    return SheetFacts(
        title=told.title_fr,
        kind=told.kind,
        summary=told.summary_fr,
        why=told.why,
        reusable=told.reusable,
        stage=Stage(told.stage) if told.stage else None,
        started=_date(told.started),
        places=places or ((told.territory_note,) if told.territory_note else ()),
        domains=tuple(domain.label for domain in told.domains),
        objectives=tuple((item.code, Reading(item.reading)) for item in told.objectives),
        parties=tuple(
            PartyFacts(
                name=party.name,
                world=World(party.world),
                role=party.role,
                brings=party.brings,
                slug=party.organisation_slug,
            )
            for party in told.parties
        ),
        timeline=tuple(_event(moment) for moment in told.timeline),
        outcomes=tuple(
            OutcomeFacts(
                text=outcome.text,
                status=OutcomeStatus(outcome.status),
                value=outcome.value,
                qualifier=outcome.qualifier,
                unit=outcome.unit,
                as_of=_date(outcome.as_of),
            )
            for outcome in told.outcomes
        ),
        supports=tuple(_support(support) for support in told.supports),
        lessons=tuple(lesson.text for lesson in told.lessons),
        perspectives=tuple(PerspectiveFacts(item.level, item.text) for item in told.perspectives),
        sources=_sources(told.source),
        private_fund_to_public_authority=told.private_fund_to_public_authority,
    )


def _date(text: str) -> PartialDate | None:
    return PartialDate.parse(text) if text else None


def _event(moment: Moment) -> EventFacts:
    return EventFacts(
        start=PartialDate.parse(moment.start),
        text=moment.text,
        end=_date(moment.end),
        precision=Precision(moment.precision),
        planned=moment.planned,
        boxed=moment.boxed,
    )


def _support(support: SupportOfAlliance) -> SupportFacts:
    return SupportFacts(
        lever=Lever(support.lever),
        text=support.text,
        na=support.na,
        na_text=support.na_text,
        amounts=tuple(_amount(amount) for amount in support.amounts),
    )


def _amount(amount: AmountOfSupport) -> AmountFacts:
    first, last = amount.first_year, amount.last_year
    return AmountFacts(
        eur=amount.eur,
        purpose=amount.purpose,
        years=tuple(range(first, (last or first) + 1)) if first else (),
        status=AmountStatus(amount.status),
    )


def _sources(text: str) -> tuple[str, ...]:
    return readable_sources([text], _titles([text]))


def _titles(texts: Iterable[str]) -> dict[str, str]:
    codes = {item.code for text in texts for item in parse_citations(text) if item.code}
    return {code: label.title for code, label in source_labels(codes).items()}


def _reference() -> SheetReference:
    terms = by_scheme(Scheme.OBJECTIVE, Scheme.CATALYST_FUNCTION)
    titles = _titles(term.source for found in terms.values() for term in found)
    return SheetReference(
        objectives=tuple(_term(term, titles) for term in terms[Scheme.OBJECTIVE]),
        functions=tuple(_term(term, titles) for term in terms[Scheme.CATALYST_FUNCTION]),
    )


def _term(term: Term, titles: dict[str, str]) -> ReferenceTerm:
    return ReferenceTerm(
        code=term.code,
        label=term.label_fr,
        text=term.definition_fr,
        reading=Reading(term.reading),
        source=" ; ".join(readable_sources([term.source], titles)),
    )


# ── The PDF ───────────────────────────────────────────────────────────────────────────────────────


def sheet_pdf(sheet: Sheet) -> bytes:
    """Print a sheet: A4, tagged (PDF/UA-1), its fonts inside.

    The words travel as data (JSON) and are set as text: nothing in them is ever evaluated. They
    may hold characters that no font of the house draws, an emoji for example: the PDF is then
    tagged all the same, but does not claim PDF/UA-1, which forbids them.
    """
    compiler = typst.Compiler(input=str(_TEMPLATE), root=str(_APP), font_paths=_fonts())
    signs = {code: {"path": sign.path, "letter": sign.letter} for code, sign in WORLD_SIGNS.items()}
    inputs = {"sheet": json.dumps(as_data(sheet)), "worlds": json.dumps(signs)}
    try:
        printed = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"])
    except typst.TypstError:
        printed = compiler.compile(format="pdf", sys_inputs=inputs)
    finally:
        _forget(compiler)
    assert isinstance(printed, bytes)
    return printed


def _forget(compiler: typst.Compiler) -> None:
    """Let Typst drop what it laid out, which it keeps for the next ten compilations.

    Nothing of it serves the sheet of another alliance, and it weighs about 90 MB a sheet: a server
    would end up holding a gigabyte. Compiling a blank document ten times and more takes no time.
    """
    for _ in range(_KEPT_COMPILATIONS + 1):
        compiler.compile(input=b" ", format="svg", sys_inputs={})


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Find the fonts of the house; those that Typst embeds complete their alphabets."""
    return typst.Fonts(include_system_fonts=False, font_paths=[*map(_folder, _FONT_PACKAGES)])


def _folder(package: str) -> str:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        msg = f"The package {package} is missing. Install alliage[web] to print the case sheets."
        raise RuntimeError(msg)
    return str(Path(spec.origin).parent / "files")
