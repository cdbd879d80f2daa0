"""The reference files: sources, terms, goals and organisations, checked whole before any use.

The format is described in ``docs/reference/referentials.md``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import AfterValidator, Field, model_validator

from alliage.alliances.records import CODE, SLUG, FilePartialDate, Part, Text
from alliage.alliances.vocabulary import (
    OrganisationRole,
    OrganisationSize,
    Profile,
    Reading,
    World,
)
from alliage.territories.levels import Level
from alliage.values import codes
from alliage.values.citations import parse_citations
from alliage.values.yaml_files import FileProblem, InvalidFilesError, place, read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ModelT = TypeVar("ModelT", bound=Part)

SOURCES_FILE = "sources.yaml"
TERMS_FILE = "terms.yaml"
GOALS_FILE = "sdg.yaml"
ORGANISATIONS_FILE = "organisations.yaml"

#: The nature of a source that stands outside the documents the platform was built from.
EXTERNAL_KIND = "external"


class SchemeCode(StrEnum):
    """The lists that terms belong to."""

    OBJECTIVE = "objective"
    IMPACT_NATURE = "impact_nature"
    DOMAIN = "domain"
    CATALYST_FUNCTION = "catalyst_function"
    FUND_STRAND = "fund_strand"
    SUPPORT_LEVER = "support_lever"
    SDG = "sdg"
    SDG_TARGET = "sdg_target"


#: Where the broader term of a term is looked for; elsewhere it belongs to the same scheme.
BROADER_SCHEMES: Mapping[SchemeCode, SchemeCode] = {SchemeCode.SDG_TARGET: SchemeCode.SDG}

Label = Annotated[Text, Field(max_length=200)]
SourceText = Annotated[Text, Field(max_length=300)]
Url = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=200)]
LongUrl = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=400)]
Code = Annotated[str, Field(pattern=CODE, max_length=60)]
Slug = Annotated[str, Field(pattern=SLUG, max_length=90)]


class SourceRecord(Part):
    """A document that facts are cited from."""

    code: Annotated[str, Field(pattern=r"^(X\d{2,}|[a-z]+(_[a-z0-9]+)+)$", max_length=40)]
    title_fr: Label
    title_en: Label
    short_fr: Annotated[Text, Field(max_length=60)] | None = None
    short_en: Annotated[Text, Field(max_length=60)] | None = None
    publisher: Label
    published: FilePartialDate | None = None
    kind: Annotated[str, Field(pattern=CODE, max_length=40)]
    url: LongUrl | None = None
    note_fr: Text | None = None


class TermRecord(Part):
    """A term of a scheme: a stable code, labels and a definition in two languages."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9]+([._][a-z0-9]+)*$", max_length=60)]
    label_fr: Label
    label_en: Label
    definition_fr: Text | None = None
    definition_en: Text | None = None
    order: Annotated[int, Field(ge=0, le=32_767)]
    parent: Text | None = None
    reading: Reading
    source: SourceText | None = None


class SchemeRecord(Part):
    """A list of terms, with what a reader must know of its origin."""

    code: SchemeCode
    label_fr: Label
    label_en: Label
    source: SourceText
    note_fr: Text | None = None
    items: Annotated[tuple[TermRecord, ...], Field(min_length=1)]


class TerritoryCode(Part):
    """An official territory, by its level and code."""

    level: Level
    code: Annotated[Text, Field(max_length=60)]

    @property
    def key(self) -> str:
        """The territory in one word, as in the trail: ``commune/94080``."""
        return f"{self.level.value}/{self.code}"


class CatalystRecord(Part):
    """What an organisation does as a territorial catalyst."""

    functions: tuple[Code, ...] = ()
    functions_reading: Reading | None = None
    territories: tuple[TerritoryCode, ...] = ()
    domains: tuple[Code, ...] = ()

    @model_validator(mode="after")
    def _functions_are_read_somewhere(self) -> CatalystRecord:
        if self.functions and self.functions_reading is None:
            msg = "names functions and not how they were read. Add `functions_reading:`."
            raise ValueError(msg)
        return self


class OrganisationRecord(Part):
    """An organisation. Unknown is null, never guessed."""

    slug: Slug
    name: Label
    acronym: Annotated[Text, Field(max_length=40)] | None = None
    aliases: tuple[Label, ...] = ()
    world: World
    profile: Profile
    world_reading: Reading
    legal_form: Annotated[Text, Field(max_length=120)] | None = None
    siren: Annotated[str, AfterValidator(codes.siren)] | None = None
    siret: Annotated[str, AfterValidator(codes.siret)] | None = None
    rna: Annotated[str, AfterValidator(codes.rna)] | None = None
    size: OrganisationSize | None = None
    seat: TerritoryCode | None = None
    territories: tuple[TerritoryCode, ...] = ()
    parent: Slug | None = None
    domains: tuple[Code, ...] = ()
    roles: tuple[OrganisationRole, ...] = ()
    website: Url | None = None
    summary_fr: Text | None = None
    summary_en: Text | None = None
    source: SourceText | None = None
    active_in_alliance: bool
    catalyst: CatalystRecord | None = None

    @model_validator(mode="after")
    def _siret_begins_with_siren(self) -> OrganisationRecord:
        if self.siren and self.siret and not self.siret.startswith(self.siren):
            msg = (
                f"SIRET {self.siret} does not begin with SIREN {self.siren}. A SIRET is the SIREN "
                "and five digits: correct one of them."
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _catalyst_has_the_role(self) -> OrganisationRecord:
        if (self.catalyst is not None) != (OrganisationRole.CATALYST in self.roles):
            msg = "the role « catalyst » and `catalyst:` go together. Add one or remove the other."
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _repeats_nothing(self) -> OrganisationRecord:
        lists: Mapping[str, Iterable[str]] = {
            "aliases": self.aliases,
            "territories": (item.key for item in self.territories),
            "domains": self.domains,
            "roles": self.roles,
            "catalyst functions": self.catalyst.functions if self.catalyst else (),
            "catalyst domains": self.catalyst.domains if self.catalyst else (),
        }
        for field, values in lists.items():
            for value in _repeated(values):
                msg = f"{field} names « {value} » more than once. Keep one."
                raise ValueError(msg)
        return self


class _File(Part):
    """What every reference file says of itself."""

    licence: Text
    attribution: Text


class SourcesFile(_File):
    sources: tuple[SourceRecord, ...]


class SchemesFile(_File):
    schemes: tuple[SchemeRecord, ...]


class OrganisationsFile(_File):
    organisations: tuple[OrganisationRecord, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The content of the reference files, which agree with one another.

    Attributes
    ----------
    sources
        The documents cited.
    schemes
        The lists of terms, goals and targets included.
    organisations
        The organisations of the field.
    """

    sources: tuple[SourceRecord, ...]
    schemes: tuple[SchemeRecord, ...]
    organisations: tuple[OrganisationRecord, ...]

    @property
    def territories(self) -> tuple[TerritoryCode, ...]:
        """The territories that the organisations name, each once, in the order of their keys."""
        named = {
            territory.key: territory
            for organisation in self.organisations
            for territory in _territories_of(organisation)
        }
        return tuple(named[key] for key in sorted(named))


def load_reference(folder: Path) -> Reference:
    """Read the four reference files, or refuse them all with every problem named.

    Parameters
    ----------
    folder : Path
        Holds ``sources.yaml``, ``terms.yaml``, ``sdg.yaml`` and ``organisations.yaml``.

    Returns
    -------
    Reference
        The checked content.

    Raises
    ------
    InvalidFilesError
        If a file is missing or wrong, or if the files do not agree with one another: a code
        given twice, an unknown parent, domain, function or source, a circle of parents.

    Examples
    --------
    >>> from pathlib import Path
    >>> load_reference(Path("nowhere"))
    Traceback (most recent call last):
        ...
    alliage.values.yaml_files.InvalidFilesError: 4 problems found, nothing was loaded:
    ...
    """
    problems: list[FileProblem] = []
    sources = _read(folder / SOURCES_FILE, SourcesFile, problems)
    terms = _read(folder / TERMS_FILE, SchemesFile, problems)
    goals = _read(folder / GOALS_FILE, SchemesFile, problems)
    organisations = _read(folder / ORGANISATIONS_FILE, OrganisationsFile, problems)
    if sources is None or terms is None or goals is None or organisations is None:
        raise InvalidFilesError(problems)
    schemes = {TERMS_FILE: terms.schemes, GOALS_FILE: goals.schemes}
    problems = [
        *_source_problems(sources.sources),
        *_scheme_problems(schemes),
        *_organisation_problems(organisations.organisations, schemes),
        *_citation_problems(sources.sources, schemes, organisations.organisations),
    ]
    if problems:
        raise InvalidFilesError(problems)
    return Reference(sources.sources, (*terms.schemes, *goals.schemes), organisations.organisations)


def _read(path: Path, model: type[ModelT], problems: list[FileProblem]) -> ModelT | None:
    try:
        return read_record(path, model)
    except InvalidFilesError as error:
        problems.extend(error.problems)
        return None


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


def _source_problems(sources: tuple[SourceRecord, ...]) -> Iterator[FileProblem]:
    for code in _repeated(source.code for source in sources):
        message = f"« {code} » is given to several documents. Keep one."
        yield FileProblem(SOURCES_FILE, "sources", message)


def _scheme_problems(schemes: Mapping[str, tuple[SchemeRecord, ...]]) -> Iterator[FileProblem]:
    every = {scheme.code: scheme for found in schemes.values() for scheme in found}
    for code in _repeated(scheme.code for found in schemes.values() for scheme in found):
        message = f"the scheme « {code} » is given several times. Keep one."
        yield FileProblem(TERMS_FILE, "schemes", message)
    for file, found in schemes.items():
        for rank, scheme in enumerate(found):
            for code in _repeated(term.code for term in scheme.items):
                message = f"« {code} » is given to several terms. Keep one."
                yield FileProblem(file, place(("schemes", rank, "items")), message)
            yield from _parent_problems(file, rank, scheme, every)


def _parent_problems(
    file: str, rank: int, scheme: SchemeRecord, every: Mapping[SchemeCode, SchemeRecord]
) -> Iterator[FileProblem]:
    broader = BROADER_SCHEMES.get(scheme.code, scheme.code)
    known = {term.code for term in every[broader].items} if broader in every else set()
    parents = {term.code: term.parent for term in scheme.items}
    for index, term in enumerate(scheme.items):
        where = place(("schemes", rank, "items", index, "parent"))
        if term.parent is not None and term.parent not in known:
            message = f"« {term.parent} » is no term of {broader}. Correct the code."
            yield FileProblem(file, where, message)
        elif broader is scheme.code and _goes_round(term.code, parents):
            message = f"« {term.code} » is broader than itself. Remove one link of the circle."
            yield FileProblem(file, where, message)


def _goes_round(start: str, parents: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    current = parents.get(start)
    while current is not None and current not in seen:
        if current == start:
            return True
        seen.add(current)
        current = parents.get(current)
    return False


def _organisation_problems(
    organisations: tuple[OrganisationRecord, ...],
    schemes: Mapping[str, tuple[SchemeRecord, ...]],
) -> Iterator[FileProblem]:
    for field in ("slug", "siren", "siret", "rna"):
        given = (getattr(organisation, field) for organisation in organisations)
        for value in _repeated(value for value in given if value is not None):
            message = f"« {value} » is the {field} of several organisations. Keep one."
            yield FileProblem(ORGANISATIONS_FILE, "organisations", message)
    terms = {
        scheme.code: {term.code for term in scheme.items}
        for found in schemes.values()
        for scheme in found
    }
    parents = {organisation.slug: organisation.parent for organisation in organisations}
    for rank, organisation in enumerate(organisations):
        if organisation.parent is not None and organisation.parent not in parents:
            message = f"« {organisation.parent} » is no organisation of this file. Correct it."
            yield FileProblem(ORGANISATIONS_FILE, _place(rank, "parent"), message)
        elif _goes_round(organisation.slug, parents):
            message = "the organisation is above itself. Remove one link of the circle."
            yield FileProblem(ORGANISATIONS_FILE, _place(rank, "parent"), message)
        yield from _term_problems(rank, organisation, terms)


def _term_problems(
    rank: int, organisation: OrganisationRecord, terms: Mapping[SchemeCode, set[str]]
) -> Iterator[FileProblem]:
    catalyst = organisation.catalyst or CatalystRecord()
    for field, used, scheme in (
        ("domains", organisation.domains, SchemeCode.DOMAIN),
        ("catalyst, domains", catalyst.domains, SchemeCode.DOMAIN),
        ("catalyst, functions", catalyst.functions, SchemeCode.CATALYST_FUNCTION),
    ):
        for code in used:
            if code not in terms.get(scheme, ()):
                message = f"« {code} » is no term of {scheme}. Correct it, or add it there."
                yield FileProblem(ORGANISATIONS_FILE, _place(rank, field), message)


def _citation_problems(
    sources: tuple[SourceRecord, ...],
    schemes: Mapping[str, tuple[SchemeRecord, ...]],
    organisations: tuple[OrganisationRecord, ...],
) -> Iterator[FileProblem]:
    known = {source.code for source in sources}
    for file, where, text in _citations(schemes, organisations):
        for citation in parse_citations(text):
            if citation.code and citation.code not in known:
                message = f"cites « {citation.code} », which {SOURCES_FILE} does not hold. Add it."
                yield FileProblem(file, where, message)


def _citations(
    schemes: Mapping[str, tuple[SchemeRecord, ...]], organisations: tuple[OrganisationRecord, ...]
) -> Iterator[tuple[str, str, str]]:
    for file, found in schemes.items():
        for rank, scheme in enumerate(found):
            yield file, place(("schemes", rank, "source")), scheme.source
            for index, term in enumerate(scheme.items):
                where = place(("schemes", rank, "items", index, "source"))
                yield file, where, term.source or ""
    for rank, organisation in enumerate(organisations):
        yield ORGANISATIONS_FILE, _place(rank, "source"), organisation.source or ""


def _territories_of(organisation: OrganisationRecord) -> Iterator[TerritoryCode]:
    if organisation.seat:
        yield organisation.seat
    yield from organisation.territories
    if organisation.catalyst:
        yield from organisation.catalyst.territories


def _place(rank: int, field: str) -> str:
    return place(("organisations", rank, field))
