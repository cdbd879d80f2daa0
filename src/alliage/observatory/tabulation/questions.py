"""The questions of a release: which columns are the items of one battery, how rows are named.

A column is called like its question; the column of an item is the question, « _ » and the item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.observatory.releases.values import Measure, Question, Unit
from alliage.observatory.studies.catalogue import QuestionKind
from alliage.survey import Answers, Statistic, SurveyError, SurveyProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alliage.observatory.studies.catalogue import Answer, AskedRecord, QuestionRecord
    from alliage.survey import Question as Tabulated
    from alliage.survey import Table

#: French and English.
Labels = tuple[str, str]
MEAN_LABELS: Labels = ("Moyenne", "Mean")
_SHARES: Labels = ("", "")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a release, and where its figures come from.

    Attributes
    ----------
    measure
        What it is in the release.
    column
        The place of its column among those of the question.
    statistic, level
        As the engine names them.
    """

    measure: Measure
    column: int
    statistic: Statistic
    level: str


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A question of a release, and the columns that it is made of.

    Attributes
    ----------
    question
        The question.
    columns
        What the specification asks of each column.
    items
        The item of each column of a battery; empty for a question alone.
    rows
        Its rows, in their order.
    """

    question: Question
    columns: tuple[Tabulated, ...]
    items: tuple[str, ...]
    rows: tuple[Row, ...]


def laid_out(
    tabulated: Sequence[Tabulated],
    table: Table,
    records: Iterable[QuestionRecord],
    asked: Iterable[AskedRecord],
) -> tuple[LaidOut, ...]:
    """Gather the columns of a table of the specification into questions.

    Parameters
    ----------
    tabulated
        What the specification asks, column by column.
    table
        The respondents, with the labels of their questionnaire.
    records, asked
        What the catalogue knows of questions, and of what this wave asked; a question that it
        does not know has the labels of the questionnaire.

    Raises
    ------
    SurveyError
        ``REQUEST`` if a mean has no ends of its scale, or two rows the same name.
    """
    known = {one.code: one for one in records}
    wordings = {one.question: one for one in asked}
    gathered: dict[str, list[tuple[str, Tabulated]]] = {}
    for one in tabulated:
        code, item = _question_of(one.variable, known)
        gathered.setdefault(code, []).append((item, one))
    return tuple(
        _Layout(code, parts, table, known.get(code), wordings.get(code)).made()
        for code, parts in gathered.items()
    )


def _question_of(column: str, known: Mapping[str, QuestionRecord]) -> tuple[str, str]:
    """Return the question and the item of a column."""
    if column in known:
        return column, ""
    batteries = [
        one
        for one in known.values()
        if one.kind is QuestionKind.BATTERY and column.startswith(f"{one.code}_")
    ]
    for one in sorted(batteries, key=lambda one: -len(one.code)):
        item = column.removeprefix(f"{one.code}_")
        if item in {each.code for each in one.items}:
            return one.code, item
    return column, ""


@dataclass(frozen=True, slots=True)
class _Layout:
    code: str
    parts: Sequence[tuple[str, Tabulated]]
    table: Table
    record: QuestionRecord | None
    wording: AskedRecord | None

    def made(self) -> LaidOut:
        rows = tuple(
            row
            for place, (item, one) in enumerate(self.parts)
            for row in self._rows(place, item, one)
        )
        codes = [row.measure.code for row in rows]
        if twice := {code for code in codes if codes.count(code) > 1}:
            message = (
                f"The question « {self.code} » has two rows called {', '.join(sorted(twice))}. "
                "Call a box otherwise than an answer."
            )
            raise SurveyError(SurveyProblem.REQUEST, message, question=self.code)
        battery = any(item for item, _ in self.parts)
        choices = self.parts[0][1].answers is Answers.CHOICES
        record, wording = self.record, self.wording
        question = Question(
            code=self.code,
            theme="" if record is None else record.theme.value,
            labels=self._labels(),
            wording=("", "") if wording is None else (wording.wording_fr, wording.wording_en),
            kind="battery" if battery else "choices" if choices else "levels",
            ordered=record is not None and record.ordered,
            universe=self._universe(),
            measures=tuple(row.measure for row in rows),
        )
        return LaidOut(
            question,
            tuple(one for _, one in self.parts),
            tuple(item for item, _ in self.parts),
            rows,
        )

    def _labels(self) -> Labels:
        if self.record is not None:
            return self.record.label_fr, self.record.label_en
        return self._label_of(self.parts[0][1].variable), ""

    def _universe(self) -> Labels:
        if self.wording is not None:
            return self.wording.universe_fr, self.wording.universe_en
        described = self.table.variables.get(self.parts[0][1].variable)
        return ("" if described is None else described.universe), ""

    def _label_of(self, column: str) -> str:
        several, described = self.table.sets.get(column), self.table.variables.get(column)
        label = several.label if several else described.label if described else ""
        return label or column

    def _rows(self, place: int, item: str, one: Tabulated) -> Iterator[Row]:
        of_item = self._item_labels(item, one.variable) if item else ("", "")
        for statistic, level in self._figures(one):
            code = "mean" if statistic is Statistic.MEAN else self._code(level, one)
            of_level = self._level_labels(one, statistic, level, code)
            if statistic is Statistic.MEAN:
                labels = of_item if item else MEAN_LABELS
            else:
                labels = _joined(of_item, of_level) if item else of_level
            measure = Measure(
                code=f"{item}:{code}" if item else code,
                item=item,
                statistic=statistic.value,
                level="" if statistic is Statistic.MEAN else code,
                labels=labels,
                unit=Unit.SCORE if statistic is Statistic.MEAN else Unit.SHARE,
                bounds=self._bounds(one) if statistic is Statistic.MEAN else (0.0, 1.0),
                item_labels=of_item,
                level_labels=of_level,
            )
            yield Row(measure, place, statistic, level)

    def _figures(self, one: Tabulated) -> Iterator[tuple[Statistic, str]]:
        """Return the rows that the engine makes, in its order."""
        if one.answers is Answers.NUMBER:
            yield Statistic.MEAN, ""
            return
        if one.answers is Answers.CHOICES:
            for column in self.table.sets[one.variable].variables:
                yield Statistic.PROPORTION, column
            return
        for level in self.table.levels(one.variable):
            yield Statistic.PROPORTION, str(level)
        for label in one.boxes:
            yield Statistic.TOP_BOX, label
        if one.points:
            yield Statistic.MEAN, ""

    def _code(self, level: str, one: Tabulated) -> str:
        if one.answers is Answers.CHOICES:
            return level.removeprefix(f"{one.variable}_")
        return level

    def _item_labels(self, item: str, column: str) -> Labels:
        found = self._known((*self._own(self.wording), *self._own(self.record)), item)
        return found or (self._label_of(column), "")

    @staticmethod
    def _own(record: AskedRecord | QuestionRecord | None) -> tuple[Answer, ...]:
        return () if record is None else (*record.items, *record.answers)

    @staticmethod
    def _known(answers: Iterable[Answer], code: str) -> Labels | None:
        return next(((one.label_fr, one.label_en) for one in answers if one.code == code), None)

    def _level_labels(self, one: Tabulated, statistic: Statistic, level: str, code: str) -> Labels:
        if statistic is Statistic.MEAN:
            return _SHARES
        answers = (*self._own(self.wording), *self._own(self.record))
        if statistic is Statistic.TOP_BOX:
            return self._box_labels(level, answers)
        found = self._known(answers, code)
        if found:
            return found
        if one.answers is Answers.CHOICES:
            return self._label_of(level), ""
        described = self.table.variables.get(one.variable)
        labels = {str(key): text for key, text in described.labels.items()} if described else {}
        return labels.get(level, level), ""

    def _box_labels(self, box: str, answers: Sequence[Answer]) -> Labels:
        """Name a box; one called by the codes of its answers, as « a+b », by their labels."""
        parts = [self._known(answers, code) for code in box.split("+")]
        known = [labels for labels in parts if labels is not None]
        if len(known) < len(parts):
            return box, box
        english = " or ".join(en for _, en in known) if all(en for _, en in known) else ""
        return " ou ".join(fr for fr, _ in known), english

    def _bounds(self, one: Tabulated) -> tuple[float, float]:
        if one.points:
            return float(min(one.points.values())), float(max(one.points.values()))
        record = self.record
        if record is not None and record.lowest is not None and record.highest is not None:
            return float(record.lowest), float(record.highest)
        described = self.table.variables.get(one.variable)
        marks = [key for key in (described.labels if described else ()) if _is_number(key)]
        if len(marks) > 1:
            return float(min(marks)), float(max(marks))
        message = (
            f"The mean of « {one.variable} » has no scale: give its levels points in the "
            "specification, or label the ends of the scale in the questionnaire."
        )
        raise SurveyError(SurveyProblem.REQUEST, message, column=one.variable)


def _is_number(level: object) -> bool:
    return isinstance(level, int | float) and not isinstance(level, bool)


def _joined(of_item: Labels, of_level: Labels) -> Labels:
    fr, en = (f"{item} : {level}" for item, level in zip(of_item, of_level, strict=True))
    # English puts no space before a colon; without both words there is no English.
    return fr, en.replace(" : ", ": ") if of_item[1] and of_level[1] else ""
