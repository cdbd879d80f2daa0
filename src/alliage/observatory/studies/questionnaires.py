"""The questionnaire of a wave as DDI-Codebook describes it, written and read.

A column is called like its question; the column of an item, or of an answer among several, is the
question, « _ » and the item. The sentence of a battery and that of its item stand in one label,
apart by « | ». See ``docs/how-to/decrire-une-etude.md``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import polars as pl

from alliage.observatory.studies.catalogue import ANSWER_CODE, QuestionKind
from alliage.survey import MultiResponse, Scale, Table, Variable, write_ddi

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alliage.survey import Questionnaire
    from alliage.survey.data.questionnaire import Question as Described

_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_ANSWER = re.compile(ANSWER_CODE)
_APART = " | "

#: A code and its words.
Named = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """A question as a questionnaire holds it, in one language.

    Attributes
    ----------
    code, wording
        Its code, and what is asked.
    kind, ordered
        How it is answered.
    items, answers, no_answer
        Codes and words; a scale of marks has no answers.
    universe
        Who is asked; empty where it is not known.
    """

    code: str
    wording: str
    kind: QuestionKind
    ordered: bool = False
    items: tuple[Named, ...] = ()
    answers: tuple[Named, ...] = ()
    no_answer: tuple[Named, ...] = ()
    universe: str = ""


class Aspect(StrEnum):
    """What a file says otherwise than the catalogue."""

    WORDING = "wording"
    UNIVERSE = "universe"
    ITEMS = "items"
    ANSWERS = "answers"


class DescriptionProblem(StrEnum):
    """Why a variable of a file cannot be taken."""

    #: Its name is no code, and none can be made of it.
    NAME = "name"
    #: Two variables make the same code.
    TWICE = "twice"
    #: The items of a battery do not have the same answers.
    UNEVEN = "uneven"
    #: Its name is that of a question that is answered in another way.
    KIND = "kind"
    #: An answer has a code that nothing can hold, or that of another answer.
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A question that a file describes.

    Attributes
    ----------
    question
        As the file says.
    is_new
        Whether the catalogue has no such question.
    differs
        What the file says otherwise than what is known; empty for a new question.
    """

    question: AskedQuestion
    is_new: bool
    differs: tuple[Aspect, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A variable that cannot be taken, and why; ``answer`` is the code in question."""

    variable: str
    problem: DescriptionProblem
    question: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file would change: nothing is written while something is refused."""

    title: str
    questions: tuple[Proposed, ...]
    refused: tuple[Refused, ...]


def ddi_of(title: str, asked: Iterable[AskedQuestion]) -> str:
    """Describe a questionnaire as DDI-Codebook 2.5.

    Parameters
    ----------
    title
        The name of the wave.
    asked
        Its questions, in their order.

    Returns
    -------
    str
        An XML document without any respondent.

    Examples
    --------
    >>> health = AskedQuestion(
    ...     code="health",
    ...     wording="How is your territory?",
    ...     kind=QuestionKind.LEVELS,
    ...     ordered=True,
    ...     answers=(("dynamic", "Dynamic"), ("stricken", "Stricken")),
    ... )
    >>> "<labl>How is your territory?</labl>" in ddi_of("Wave 1", [health])
    True
    """
    columns: dict[str, pl.DataType] = {}
    variables: dict[str, Variable] = {}
    sets: dict[str, MultiResponse] = {}
    for one in asked:
        described = dict(_columns(one))
        variables |= described
        kind = pl.String() if one.answers and one.kind is not QuestionKind.CHOICES else pl.Int64()
        columns |= dict.fromkeys(described, kind)
        if one.kind is QuestionKind.CHOICES:
            sets[one.code] = MultiResponse(variables=tuple(described), counted=1, label=one.wording)
    table = Table(frame=pl.DataFrame(schema=columns), variables=variables, sets=sets)
    return write_ddi(table, title)


def _columns(one: AskedQuestion) -> Iterator[tuple[str, Variable]]:
    if one.kind is QuestionKind.CHOICES:
        for code, words in one.answers:
            label = f"{one.wording}{_APART}{words}"
            yield (
                f"{one.code}_{code}",
                Variable(label=label, scale=Scale.NOMINAL, universe=one.universe),
            )
        return
    scale = Scale.ORDINAL if one.ordered else Scale.NOMINAL
    variable = Variable(
        label=one.wording,
        labels=dict(one.answers),
        missing=tuple(code for code, _ in one.no_answer) if one.answers else (),
        scale=scale if one.answers else Scale.NUMERIC,
        universe=one.universe,
    )
    if one.kind is QuestionKind.LEVELS:
        yield one.code, variable
        return
    for code, words in one.items:
        yield (
            f"{one.code}_{code}",
            Variable(
                label=f"{one.wording}{_APART}{words}",
                labels=variable.labels,
                missing=variable.missing,
                scale=variable.scale,
                universe=one.universe,
            ),
        )


def proposal_of(questionnaire: Questionnaire, known: Sequence[AskedQuestion]) -> Proposal:
    """Compare a described questionnaire with the questions that are known.

    Parameters
    ----------
    questionnaire
        As `alliage.survey.read_ddi` gives it.
    known
        The questions of the catalogue, as the wave asks them or as they are.

    Returns
    -------
    Proposal
        Each question that the file describes, and the variables that cannot be taken.
    """
    reading = _Reading({one.code: one for one in known})
    for name, several in questionnaire.sets.items():
        reading.take_choices(name, several.label, several.variables, questionnaire.variables)
    for name, variable in questionnaire.variables.items():
        reading.take(name, variable)
    return reading.proposal(questionnaire.title)


class _Reading:
    """The questions found so far in a file."""

    def __init__(self, known: Mapping[str, AskedQuestion]) -> None:
        self.known = known
        self._found: dict[str, AskedQuestion] = {}
        self._refused: list[Refused] = []
        self._taken: set[str] = set()
        self._answers: dict[str, tuple[tuple[Named, ...], tuple[Named, ...]]] = {}

    def take_choices(
        self, name: str, label: str, members: tuple[str, ...], variables: Mapping[str, Described]
    ) -> None:
        """Take a question with several answers."""
        self._taken |= set(members)
        code = _code(name)
        if not self._may_be(name, code, QuestionKind.CHOICES):
            return
        answers = tuple(
            (_code(member.removeprefix(f"{name}_")) or member, _split(variables[member].label)[1])
            for member in members
        )
        if not self._may_answer(name, answers):
            return
        self._found[code] = AskedQuestion(
            code=code,
            wording=label,
            kind=QuestionKind.CHOICES,
            answers=answers,
            universe=variables[members[0]].universe,
        )

    def take(self, name: str, variable: Described) -> None:
        """Take a variable: a question, or an item of a battery that is known."""
        if name in self._taken:
            return
        battery = self._battery_of(name)
        if battery is not None:
            self._take_item(battery, name, variable)
            return
        code = _code(name)
        if not self._may_be(name, code, QuestionKind.LEVELS):
            return
        answers, no_answer = _answers_of(variable, self.known.get(code))
        if not self._may_answer(name, (*answers, *no_answer)):
            return
        self._found[code] = AskedQuestion(
            code=code,
            wording=variable.label,
            kind=QuestionKind.LEVELS,
            ordered=variable.scale is not Scale.NOMINAL,
            answers=answers,
            no_answer=no_answer,
            universe=variable.universe,
        )

    def _battery_of(self, name: str) -> AskedQuestion | None:
        batteries = (
            one
            for one in self.known.values()
            if one.kind is QuestionKind.BATTERY and name.startswith(f"{one.code}_")
        )
        return max(batteries, key=lambda one: len(one.code), default=None)

    def _take_item(self, battery: AskedQuestion, name: str, variable: Described) -> None:
        item = _code(name.removeprefix(f"{battery.code}_"))
        wording, words = _split(variable.label)
        answers = _answers_of(variable, battery)
        found = self._found.get(battery.code)
        if not item:
            self._refused.append(Refused(name, DescriptionProblem.NAME))
        elif not self._may_answer(name, (*answers[0], *answers[1])):
            pass
        elif found is not None and self._answers[battery.code] != answers:
            self._refused.append(Refused(name, DescriptionProblem.UNEVEN, battery.code))
        else:
            self._answers[battery.code] = answers
            self._found[battery.code] = AskedQuestion(
                code=battery.code,
                wording=wording,
                kind=QuestionKind.BATTERY,
                ordered=battery.ordered,
                items=(*(found.items if found else ()), (item, words or item)),
                answers=answers[0],
                no_answer=answers[1] or battery.no_answer,
                universe=variable.universe,
            )

    def _may_be(self, name: str, code: str, kind: QuestionKind) -> bool:
        """Tell whether a name may be that of a question of this kind; say why it may not."""
        if not code:
            self._refused.append(Refused(name, DescriptionProblem.NAME))
        elif code in self._found:
            self._refused.append(Refused(name, DescriptionProblem.TWICE, code))
        elif code in self.known and self.known[code].kind is not kind:
            self._refused.append(Refused(name, DescriptionProblem.KIND, code))
        else:
            return True
        return False

    def _may_answer(self, name: str, answers: Sequence[Named]) -> bool:
        """Tell whether answers have codes that can be kept; name the first that has not."""
        codes = [code for code, _words in answers]
        for rank, code in enumerate(codes):
            if not _ANSWER.fullmatch(code) or code in codes[:rank]:
                self._refused.append(Refused(name, DescriptionProblem.ANSWER, answer=code))
                return False
        return True

    def proposal(self, title: str) -> Proposal:
        """Return what was found."""
        return Proposal(
            title,
            tuple(
                Proposed(
                    one, code not in self.known, tuple(_differences(one, self.known.get(code)))
                )
                for code, one in self._found.items()
            ),
            tuple(self._refused),
        )


def _differences(told: AskedQuestion, known: AskedQuestion | None) -> Iterator[Aspect]:
    if known is None:
        return
    if told.wording != known.wording:
        yield Aspect.WORDING
    if told.universe != known.universe:
        yield Aspect.UNIVERSE
    if dict(told.items) != dict(known.items):
        yield Aspect.ITEMS
    if (told.answers, told.no_answer) != (known.answers, known.no_answer) and told.answers:
        yield Aspect.ANSWERS


def _answers_of(
    variable: Described, known: AskedQuestion | None
) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    """Return answers, and codes without answer: a file may hold these without their words."""
    answers = tuple(
        (code, words) for code, words in variable.levels.items() if code not in variable.missing
    )
    words_of = dict(known.no_answer) if known else {}
    said = tuple(
        (code, words_of.get(code, words) if words == code else words)
        for code, words in variable.missing.items()
    )
    return answers, said


def _split(label: str) -> tuple[str, str]:
    """Take apart the sentence of a question and the words of its item."""
    wording, apart, words = label.rpartition(_APART)
    return (wording, words) if apart else ("", label)


def _code(name: str) -> str:
    """Make a code of the name of a column; empty where none can be made."""
    code = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    return code if _CODE.fullmatch(code) else ""
