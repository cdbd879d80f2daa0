"""From the columns of an institute to the questions of a wave: which answers which, and how.

A *target* is a column of the coded table: a question, an item of a battery, a choice among several.
A column that is no question (region, age, weight…) keeps its values under a name of its own.
See ``docs/algorithms/observatory-coding.md``.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from alliage.observatory.studies.catalogue import QuestionKind
from alliage.survey import MultiResponse, Questionnaire, Scale, Table, Variable
from alliage.survey.data.questionnaire import Question, SeveralAnswers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alliage.observatory.studies.catalogue import AskedRecord, QuestionRecord

#: How a chosen answer, and one that was not, are written in the coded table.
CHOSEN, NOT_CHOSEN = 1, 0
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Target:
    """A column of the coded table.

    Attributes
    ----------
    name
        Its name: ``health``, ``fragility_poverty``.
    question
        The code of its question.
    label
        What was asked.
    answers, no_answer
        The code of each answer with its label; those that say why there is none.
    marks
        Lowest and highest mark; ``None`` where answers are a list.
    is_choice
        Whether it is one of several answers that may be given together.
    item
        The code of the item of a battery.
    ordered
        Whether answers are ordered.
    universe
        Who was asked, in words.
    """

    name: str
    question: str
    label: str
    answers: Mapping[str, str] = field(default_factory=dict)
    no_answer: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[int, int] | None = None
    is_choice: bool = False
    item: str = ""
    ordered: bool = False
    universe: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that an answer may have in the coded table."""
        if self.is_choice:
            return (str(CHOSEN), str(NOT_CHOSEN), *self.no_answer)
        if self.marks is not None:
            return (*map(str, range(self.marks[0], self.marks[1] + 1)), *self.no_answer)
        return (*self.answers, *self.no_answer)


@dataclass(frozen=True, slots=True)
class Column:
    """What becomes of a column of the file.

    Attributes
    ----------
    name
        Its name in the file.
    target
        The target that it answers; empty where it answers none.
    keep_as
        Its name in the coded table, where it answers no question; empty where it is left out.
    answers
        For each value of the file, as text, the code of the answer that it stands for. A value that
        is not here stands for itself.
    """

    name: str
    target: str = ""
    keep_as: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


class CodingProblem(StrEnum):
    """Why columns and questions do not meet."""

    #: A column is not in the file.
    COLUMN = "column"
    #: No question of the wave has this name.
    TARGET = "target"
    #: Two columns for one name.
    TWICE = "twice"
    #: A value of the file stands for no answer of the question.
    VALUE = "value"
    #: A value is said to stand for an answer that the question has not.
    ANSWER = "answer"
    #: A name that cannot be that of a column.
    NAME = "name"
    #: Nothing answers any question.
    EMPTY = "empty"


_SENTENCES: Mapping[CodingProblem, str] = {
    CodingProblem.COLUMN: "The file has no column « {column} ». Its columns are: {allowed}.",
    CodingProblem.TARGET: "« {target} », answered by « {column} », is no question of the wave. "
    "They are: {allowed}.",
    CodingProblem.TWICE: "« {target} » is given by two columns: {column} and {other}. Keep one.",
    CodingProblem.VALUE: "In « {column} », {place} holds « {value} », which stands for no answer "
    "of « {target} ». Say which of these it stands for: {allowed}.",
    CodingProblem.ANSWER: "« {value} » of « {column} » is said to stand for « {answer} », which is "
    "no answer of « {target} ». They are: {allowed}.",
    CodingProblem.NAME: "« {target} » cannot be the name of « {column} ». Write small letters, "
    "digits and « _ ».",
    CodingProblem.EMPTY: "No column answers a question. Tell at least one.",
}


@dataclass(frozen=True, slots=True)
class CodingFault:
    """A problem, with its facts as text.

    Attributes
    ----------
    problem
        What is wrong.
    values
        Column, target, row (counted from 1), value and allowed set, as far as they apply.
    """

    problem: CodingProblem
    values: Mapping[str, str]

    def __str__(self) -> str:
        return _SENTENCES[self.problem].format_map(self.values)


class CodingError(ValueError):
    """Columns and questions do not meet; every fault is told."""

    def __init__(self, faults: Sequence[CodingFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(map(str, self.faults)))


def targets_of(
    questions: Iterable[QuestionRecord], asked: Iterable[AskedRecord]
) -> tuple[Target, ...]:
    """Return the columns that the questions of a wave ask for.

    Parameters
    ----------
    questions : iterable of QuestionRecord
        The questions, whatever the wave.
    asked : iterable of AskedRecord
        What the wave asked of them; items and answers of its own come first.

    Returns
    -------
    tuple of Target
        One for a question, each item of a battery, each answer that may be given with others: in
        the order of the questionnaire.
    """
    known = {one.code: one for one in questions}
    return tuple(target for one in asked for target in _targets(known[one.question], one))


def _targets(question: QuestionRecord, asked: AskedRecord) -> Iterable[Target]:
    answers = {one.code: one.label_fr for one in asked.answers or question.answers}
    no_answer = {one.code: one.label_fr for one in question.no_answer}
    marks = None
    if question.lowest is not None and question.highest is not None:
        marks = (question.lowest, question.highest)
    common = partial(
        Target,
        question=question.code,
        no_answer=no_answer,
        ordered=question.ordered,
        universe=asked.universe_fr,
    )
    if question.kind is QuestionKind.CHOICES:
        for code, label in answers.items():
            title = f"{question.label_fr} : {label}"
            yield common(f"{question.code}_{code}", label=title, is_choice=True)
    elif question.kind is QuestionKind.BATTERY:
        for item in asked.items or question.items:
            title = f"{question.label_fr} : {item.label_fr}"
            name = f"{question.code}_{item.code}"
            yield common(name, label=title, answers=answers, marks=marks, item=item.code)
    else:
        yield common(question.code, label=question.label_fr, answers=answers, marks=marks)


def questionnaire_of(title: str, table: Table) -> Questionnaire:
    """Return what is known of a coded table as a questionnaire, for the screening.

    Examples
    --------
    >>> target = Target("health", "health", "Health", {"good": "Good"})
    >>> table = coded(Table.of(pl.DataFrame({"Q1": ["good"]})), [Column("Q1", "health")], [target])
    >>> questionnaire_of("Wave", table).variables["health"].levels
    {'good': 'Good'}
    """
    return Questionnaire(
        title=title,
        variables={
            name: Question(
                label=known.label or name,
                levels={
                    _text(level): label
                    for level, label in known.labels.items()
                    if level not in known.missing
                },
                missing={_text(level): known.labels[level] for level in known.missing},
                scale=known.scale,
                universe=known.universe,
            )
            for name, known in table.variables.items()
        },
        sets={
            name: SeveralAnswers(label=one.label or name, variables=one.variables, counted=CHOSEN)
            for name, one in table.sets.items()
            if len(one.variables) > 1
        },
    )


def guessed(table: Table, targets: Sequence[Target]) -> tuple[Column, ...]:
    """Guess which column answers which question, and what its values stand for.

    A column is recognised by its name, or by its label when it is that of one target only. What is
    not recognised, but has a short list of values or is a number, keeps its name when that name is
    usable: a person corrects the guess.

    Parameters
    ----------
    table : Table
        The file, with the labels that it brings.
    targets : sequence of Target
        What the wave asks.

    Returns
    -------
    tuple of Column
        One for each column of the file, in its order.

    Examples
    --------
    >>> target = Target("health", "health", "Health", {"good": "Good", "bad": "Bad"})
    >>> table = Table.of(pl.DataFrame({"HEALTH": [1, 2]})).describe(
    ...     {"HEALTH": Variable(label="?", labels={1: "Good", 2: "Bad"})}
    ... )
    >>> guessed(table, [target])
    (Column(name='HEALTH', target='health', keep_as='', answers={'1': 'good', '2': 'bad'}),)
    """
    by_name = {_plain(one.name): one for one in targets}
    labels: dict[str, list[Target]] = {}
    for one in targets:
        labels.setdefault(_plain(one.label), []).append(one)
    taken: set[str] = set()
    found = []
    for name in table.frame.columns:
        described = table.variables.get(name, Variable())
        alike = labels.get(_plain(described.label), []) if described.label else []
        target = by_name.get(_plain(name)) or (alike[0] if len(alike) == 1 else None)
        if target is not None and target.name not in taken:
            taken.add(target.name)
            found.append(Column(name, target.name, answers=_alike(described, target)))
        else:
            usable = _usable(name)
            keep = usable if usable not in taken else ""
            taken.add(keep)
            found.append(Column(name, keep_as=keep))
    return tuple(found)


def _alike(described: Variable, target: Target) -> dict[str, str]:
    """Match the labelled values of a column with the answers of a target."""
    known = {_plain(label): code for code, label in {**target.answers, **target.no_answer}.items()}
    known |= {_plain(code): code for code in {**target.answers, **target.no_answer}}
    found = {}
    for value, label in described.labels.items():
        text, code = _text(value), known.get(_plain(label))
        if code is not None and code != text:
            found[text] = code
    return found


def coded(table: Table, columns: Iterable[Column], targets: Sequence[Target]) -> Table:
    """Write a file in the codes of the wave.

    Parameters
    ----------
    table : Table
        The file.
    columns : iterable of Column
        What becomes of its columns; those that are not named are left out.
    targets : sequence of Target
        What the wave asks.

    Returns
    -------
    Table
        A column for each target that is answered and each column that is kept, with labels, and
        questions with several answers as sets. Marks are numbers, whatever their bounds: a mark out
        of the scale is told by the screening.

    Raises
    ------
    CodingError
        With every fault: among them, each value that stands for no answer, with its first
        row, or its line in a file that has lines.

    Examples
    --------
    >>> target = Target("health", "health", "Health", {"good": "Good", "bad": "Bad"})
    >>> table = Table.of(pl.DataFrame({"Q1": [1, 2, None]}))
    >>> column = Column("Q1", "health", answers={"1": "good", "2": "bad"})
    >>> coded(table, [column], [target]).frame["health"].to_list()
    ['good', 'bad', None]
    >>> coded(table, [Column("Q1", "health", answers={"1": "good"})], [target])
    Traceback (most recent call last):
        ...
    alliage.observatory.respondents.coding.CodingError: In « Q1 », row 2 holds « 2 », which stands \
for no answer of « health ». Say which of these it stands for: good, bad.
    """
    known = {one.name: one for one in targets}
    asked = [one for one in columns if one.target or one.keep_as]
    faults = list(_faults(table, asked, known))
    if faults:
        raise CodingError(faults)
    series: list[pl.Series] = []
    variables: dict[str, Variable] = {}
    for one in asked:
        if one.target:
            target = known[one.target]
            written, told = _written(table, one, target)
            faults += told
            series.append(written)
            variables[target.name] = _variable(target, written)
        else:
            series.append(table.frame.get_column(one.name).alias(one.keep_as))
            if (described := table.variables.get(one.name)) is not None:
                variables[one.keep_as] = described
    if faults:
        raise CodingError(faults)
    answered = {one.target for one in asked if one.target}
    frame, sets = pl.DataFrame(series), _sets(targets, answered)
    return Table(frame, variables, sets, source=table.source, lines=table.lines)


def _faults(
    table: Table, columns: Sequence[Column], known: Mapping[str, Target]
) -> Iterable[CodingFault]:
    if not any(one.target for one in columns):
        yield CodingFault(CodingProblem.EMPTY, {})
    given: dict[str, str] = {}
    for one in columns:
        name = one.target or one.keep_as
        facts = {"column": one.name, "target": name}
        if one.name not in table.frame.columns:
            yield CodingFault(
                CodingProblem.COLUMN, {**facts, "allowed": _listed(table.frame.columns)}
            )
        if one.target and one.target not in known:
            yield CodingFault(CodingProblem.TARGET, {**facts, "allowed": _listed(known)})
        elif one.target:
            yield from _wrong_answers(one, known[one.target])
        elif not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", one.keep_as) or one.keep_as in known:
            yield CodingFault(CodingProblem.NAME, facts)
        if name in given:
            yield CodingFault(CodingProblem.TWICE, {**facts, "other": given[name]})
        given[name] = one.name


def _wrong_answers(one: Column, target: Target) -> Iterable[CodingFault]:
    for value, answer in one.answers.items():
        if answer not in target.codes:
            facts = {"column": one.name, "target": target.name, "value": value, "answer": answer}
            yield CodingFault(CodingProblem.ANSWER, {**facts, "allowed": _listed(target.codes)})


def _written(table: Table, one: Column, target: Target) -> tuple[pl.Series, list[CodingFault]]:
    """Write the answers of a column in the codes of its target."""
    values = table.frame.get_column(one.name)
    if values.dtype.is_float():
        # Other programs write an answer that is missing as no number.
        values = values.fill_nan(None)
    # A column has few different values: what each stands for is found once.
    distinct = values.unique(maintain_order=True).drop_nulls()
    texts = [_text(value) for value in distinct]
    codes = [one.answers.get(text, text) for text in texts]
    faults = []
    for value, text, code in zip(distinct, texts, codes, strict=True):
        sound = _is_number(code) if target.marks is not None else code in target.codes
        if not sound and code not in target.no_answer:
            row = (values == value).fill_null(value=False).arg_max() or 0
            facts = {"column": one.name, "target": target.name, "row": str(row + 1), "value": text}
            facts["place"] = table.place(row).words
            told = CodingFault(CodingProblem.VALUE, {**facts, "allowed": _listed(target.codes)})
            faults.append(told)
    if faults:
        return values, faults[:_MOST_TOLD]
    if target.is_choice or target.marks is not None:
        numbers = [None if code in target.no_answer else float(code) for code in codes]
        written = values.replace_strict(
            distinct, pl.Series(numbers, dtype=pl.Float64), default=None, return_dtype=pl.Float64
        )
        whole = written.drop_nulls()
        if bool((whole == whole.round()).all()):
            written = written.cast(pl.Int64)
    else:
        written = values.replace_strict(
            distinct, pl.Series(codes, dtype=pl.String), default=None, return_dtype=pl.String
        )
    return written.alias(target.name), []


def _variable(target: Target, written: pl.Series) -> Variable:
    if target.is_choice:
        return Variable(label=target.label, universe=target.universe)
    if target.marks is not None:
        marks = {mark: str(mark) for mark in range(target.marks[0], target.marks[1] + 1)}
        return Variable(
            label=target.label, labels=marks, scale=Scale.ORDINAL, universe=target.universe
        )
    # A code for no answer that nobody gave would be a level of nothing.
    present = set(written.unique().drop_nulls())
    missing = tuple(code for code in target.no_answer if code in present)
    return Variable(
        label=target.label,
        labels={**target.answers, **{code: target.no_answer[code] for code in missing}},
        missing=missing,
        scale=Scale.ORDINAL if target.ordered else Scale.NOMINAL,
        universe=target.universe,
    )


def _sets(targets: Sequence[Target], answered: set[str]) -> dict[str, MultiResponse]:
    choices: dict[str, list[str]] = {}
    for one in targets:
        if one.is_choice and one.name in answered:
            choices.setdefault(one.question, []).append(one.name)
    return {
        question: MultiResponse(variables=tuple(names), counted=CHOSEN, label=question)
        for question, names in choices.items()
    }


def restored(frame: pl.DataFrame, descriptions: Sequence[Mapping[str, object]]) -> Table:
    """Give a frame the descriptions that `descriptions` wrote of its columns.

    Examples
    --------
    >>> table = Table.of(pl.DataFrame({"q": [1, 9]})).describe(
    ...     {"q": Variable(label="Q", labels={1: "yes", 9: "refused"}, missing=(9,))}
    ... )
    >>> restored(table.frame, descriptions(table)).variables["q"] == table.variables["q"]
    True
    """
    variables = {}
    for one in descriptions:
        described = dict(one)
        scale = described["scale"]
        variables[str(described["name"])] = Variable(
            label=str(described["label"]),
            labels=dict(described["labels"]),  # type: ignore[call-overload]
            missing=tuple(described["missing"]),  # type: ignore[arg-type]
            scale=Scale(str(scale)) if scale else None,
            universe=str(described["universe"]),
        )
    return replace(Table.of(frame), variables=variables)


def descriptions(table: Table) -> list[dict[str, object]]:
    """Write what a file says of its columns as JSON keeps it: no answer of anybody is in it."""
    written: list[dict[str, object]] = []
    for name in table.frame.columns:
        known = table.variables.get(name, Variable())
        written.append(
            {
                "name": name,
                "label": known.label,
                "labels": [[level, label] for level, label in known.labels.items()],
                "missing": list(known.missing),
                "scale": known.scale.value if known.scale else "",
                "universe": known.universe,
                "type": str(table.frame.schema[name]),
            }
        )
    return written


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", letters.lower()))


def _usable(name: str) -> str:
    plain = _plain(name).replace(" ", "_")[:60]
    return plain if re.match(r"[a-z]", plain) else ""


def _text(value: object) -> str:
    """Write a value of a file as a person does: 1 and not 1.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _listed(items: Iterable[str]) -> str:
    texts = list(items)
    more = f" and {len(texts) - _MOST_TOLD} more" if len(texts) > _MOST_TOLD else ""
    return ", ".join(texts[:_MOST_TOLD]) + more
