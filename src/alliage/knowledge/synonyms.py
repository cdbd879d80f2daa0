"""Words of the field that mean the same: a search for one also finds the others, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from alliage.knowledge.text import Query, Term, stems
from alliage.values.yaml_files import FileProblem, InvalidFilesError, place, read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SynonymGroup(_Part):
    """Expressions that mean the same, and wider ones that they also lead to."""

    terms: Annotated[tuple[_Text, ...], Field(min_length=1)]
    also: tuple[_Text, ...] = ()


class SynonymFile(_Part):
    """The file ``data/reference/synonyms.yaml``."""

    licence: _Text
    attribution: _Text
    groups: Annotated[tuple[SynonymGroup, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing searched: the words of the reader, and other ways to say it."""

    terms: tuple[Term, ...]
    synonyms: tuple[Term, ...] = ()

    @property
    def spelling(self) -> str:
        """What the reader wrote: « désert médical »."""
        return " ".join(term.spelling for term in self.terms)


@dataclass(frozen=True)
class ExpandedQuery:
    """A query whose words are gathered in concepts; phrases and exclusions are as asked."""

    query: Query
    concepts: tuple[Concept, ...]

    @property
    def explained(self) -> tuple[Concept, ...]:
        """Concepts that synonyms were added to: « désert médical, aussi cherché comme … »."""
        return tuple(concept for concept in self.concepts if concept.synonyms)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Everything worth marking in a document: what was asked first, then the synonyms."""
        added = (synonym for concept in self.concepts for synonym in concept.synonyms)
        return (*self.query.terms, *added)


class Synonyms:
    """The groups of a synonym list, ready to expand queries.

    Parameters
    ----------
    groups : Iterable[SynonymGroup]
        The groups, none of whose expressions is made of stop words alone.

    Examples
    --------
    >>> from alliage.knowledge.text import parse_query
    >>> group = SynonymGroup(terms=("désert médical", "accès aux soins"))
    >>> expanded = Synonyms([group]).expand(parse_query("déserts médicaux en Creuse"))
    >>> [
    ...     (concept.spelling, [term.spelling for term in concept.synonyms])
    ...     for concept in expanded.concepts
    ... ]
    [('déserts médicaux', ['accès aux soins']), ('Creuse', [])]
    """

    def __init__(self, groups: Iterable[SynonymGroup]) -> None:
        others: dict[tuple[str, ...], dict[tuple[str, ...], Term]] = {}
        for group in groups:
            same = [Term(text, stems(text)) for text in group.terms]
            wider = [Term(text, stems(text)) for text in group.also]
            for term in same:
                leads_to = others.setdefault(term.stems, {})
                for other in (*same, *wider):
                    if other.stems != term.stems:
                        leads_to.setdefault(other.stems, other)
        self._others: Mapping[tuple[str, ...], tuple[Term, ...]] = {
            key: tuple(found.values()) for key, found in others.items()
        }
        self._longest = max((len(key) for key in self._others), default=0)

    def expand(self, query: Query) -> ExpandedQuery:
        """Gather the words of a query in concepts and add the synonyms of each.

        Parameters
        ----------
        query : Query
            What the reader asks. A quoted phrase is searched as it is: quoting asks for it.

        Returns
        -------
        ExpandedQuery
            Concepts in the order of the words; the longest expression wins where two overlap.
        """
        return ExpandedQuery(query, tuple(self._concepts(query.words)))

    def _concepts(self, words: Sequence[Term]) -> Iterator[Concept]:
        index = 0
        while index < len(words):
            size = self._expression_at(words, index)
            terms = tuple(words[index : index + size])
            key = tuple(term.stems[0] for term in terms)
            yield Concept(terms, self._others.get(key, ()))
            index += size

    def _expression_at(self, words: Sequence[Term], index: int) -> int:
        for size in range(min(self._longest, len(words) - index), 1, -1):
            if tuple(term.stems[0] for term in words[index : index + size]) in self._others:
                return size
        return 1


def read_synonyms(path: Path) -> Synonyms:
    """Read a synonym file, checked whole.

    Parameters
    ----------
    path : Path
        A YAML file such as ``data/reference/synonyms.yaml``.

    Returns
    -------
    Synonyms
        Ready to expand queries.

    Raises
    ------
    InvalidFilesError
        If the file is missing or not of the format, or if an expression has nothing that can be
        searched, or is written twice in a group; every problem is listed.

    Examples
    --------
    >>> from alliage.values.datafiles import data_directory
    >>> from alliage.knowledge.text import parse_query
    >>> synonyms = read_synonyms(data_directory() / "reference" / "synonyms.yaml")
    >>> (concept,) = synonyms.expand(parse_query("TZCLD")).explained
    >>> concept.synonyms[0].spelling
    'territoire zéro chômeur de longue durée'
    """
    record = read_record(path, SynonymFile)
    problems = [
        FileProblem(path.name, place(("groups", rank)), message)
        for rank, group in enumerate(record.groups)
        for message in _group_problems(group)
    ]
    if problems:
        raise InvalidFilesError(problems)
    return Synonyms(record.groups)


def _group_problems(group: SynonymGroup) -> Iterator[str]:
    seen: dict[tuple[str, ...], str] = {}
    for text in (*group.terms, *group.also):
        key = stems(text)
        if not key:
            yield f"« {text} » holds only words too common to search by. Remove it."
        elif key in seen:
            yield f"« {text} » is already there as « {seen[key]} ». Keep one."
        seen[key] = text
    if len(group.terms) + len(group.also) == 1:
        yield f"« {group.terms[0]} » is alone. Give another way to say it, or remove the group."
