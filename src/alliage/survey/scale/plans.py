"""What moments have to hold for what will be asked of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.domains import columns_of, kept
from alliage.survey.estimation.requests import Choices, Mean, Proportion, Request
from alliage.survey.sampling.design import per_stage
from alliage.survey.tables.questions import Answers, Question, described_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alliage.survey.data.table import MultiResponse, Variable
    from alliage.survey.estimation.domains import Domain
    from alliage.survey.sampling.design import Design
    from alliage.survey.tables.questions import Breakdown

#: Requests, alone or in groups whose covariance will be asked.
Asked: TypeAlias = "Request | Sequence[Request]"

#: Categorical and numeric variables that are summed together.
Needs: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]


#: Variables of breakdowns that a table of sums crosses.
_TOGETHER = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """The sums to make in one pass.

    Attributes
    ----------
    design
        How the sample was drawn.
    margins
        Categorical variables that calibration may use.
    tables
        For each table, its categorical variables (without those of the design and margins) and
        its numeric ones. The first has none: calibration is computed from it.
    variables, sets
        What is known of the columns: levels, codes for missing answers.
    """

    design: Design
    margins: tuple[str, ...]
    tables: tuple[Needs, ...]
    variables: Mapping[str, Variable] = field(default_factory=dict)
    sets: Mapping[str, MultiResponse] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        design: Design,
        asked: Sequence[Asked],
        margins: Sequence[str],
        variables: Mapping[str, Variable],
        sets: Mapping[str, MultiResponse],
    ) -> Plan:
        """Plan the sums for what will be asked.

        Raises
        ------
        SurveyError
            ``REPLICATES`` for a design with replicate weights.
        """
        if design.replicates is not None:
            msg = (
                "Moments do not take replicate weights. Use `sample`, or give strata and clusters."
            )
            raise SurveyError(SurveyProblem.REPLICATES, msg)
        plan = cls(design, tuple(margins), (), dict(variables), dict(sets))
        tables = _without_parts([_needs(one, sets) for one in asked], plan.always())
        return replace(plan, tables=(((), ()), *tables))

    def drawn(self) -> tuple[str, ...]:
        """Return the variables that say where a respondent stands in the sample."""
        names = chain(per_stage(self.design.strata), per_stage(self.design.clusters))
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def always(self) -> tuple[str, ...]:
        """Return the variables by which every table is gathered."""
        sizes = (name for name in per_stage(self.design.fpc) if name is not None)
        return tuple(dict.fromkeys((*self.drawn(), *sizes, *self.margins)))

    def keys(self, number: int) -> tuple[str, ...]:
        """Return the variables by which a table is gathered."""
        return tuple(dict.fromkeys((*self.always(), *self.tables[number][0])))

    def values(self) -> tuple[str, ...]:
        """Return every numeric variable."""
        return tuple(dict.fromkeys(chain.from_iterable(values for _, values in self.tables)))

    def columns(self) -> tuple[str, ...]:
        """Return every column that is read."""
        keys = chain.from_iterable(self.keys(number) for number in range(len(self.tables)))
        weights = (self.design.weights,) if self.design.weights else ()
        return tuple(dict.fromkeys((*keys, *self.values(), *weights)))

    def aliases(self) -> dict[str, str]:
        """Return a plain name for each column: engines read points and spaces in their own way."""
        return {name: f"c{place}" for place, name in enumerate(self.columns())}


def banner_requests(
    questions: Sequence[Question | str],
    breakdowns: Sequence[Breakdown] = (),
    *,
    sets: Mapping[str, MultiResponse] | None = None,
    variables: Mapping[str, Variable] | None = None,
    over: Domain | None = None,
) -> list[Request]:
    """Say what moments have to hold for a banner table.

    Parameters
    ----------
    questions, breakdowns, over
        As for :func:`alliage.survey.banner`.
    sets, variables
        The questions with several answers, and what is known of columns, by name: a name alone
        asks for what they say, else for levels.

    Returns
    -------
    list of Request
        To give to `moments`; boxes and points of a question need nothing more.

    Raises
    ------
    SurveyError
        ``REQUEST`` for several answers whose set is not known.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, moments
    >>> from alliage.survey.tables.banners import banner
    >>> chunks = [
    ...     pl.LazyFrame({"likes": ["yes", "no", "no"], "sex": ["w", "m", "m"]}),
    ...     pl.LazyFrame({"likes": ["yes", "no"], "sex": ["w", "w"]}),
    ... ]
    >>> found = moments(chunks, Design(), banner_requests(["likes"], ["sex"]))
    >>> made = banner(found, ["likes"], ["sex"])
    >>> [(row.label, row.cells[0].estimate.value) for row in made.blocks[0].rows]
    [('no', 0.6), ('yes', 0.4)]
    """
    known, columns = dict(sets or {}), dict(variables or {})
    return [
        replace(request, by=by, over=kept(over))
        for question in questions
        for request in _requests(question, known, columns)
        for by in _together(breakdowns, known)
    ]


def _together(
    breakdowns: Sequence[Breakdown], sets: Mapping[str, MultiResponse]
) -> list[tuple[str, ...]]:
    """Put the variables of breakdowns together: fewer passes, as long as cells are few."""
    found: list[tuple[str, ...]] = []
    held: tuple[str, ...] = ()
    for one in breakdowns:
        asked = one if isinstance(one, tuple) else (one,)
        names = columns_of(asked, sets)
        both = tuple(dict.fromkeys((*held, *names)))
        if len(both) > _TOGETHER and held:
            found.append(held)
            both = names
        held = both
    return [*found, held]


def _requests(
    asked: Question | str, sets: Mapping[str, MultiResponse], variables: Mapping[str, Variable]
) -> Iterator[Request]:
    if isinstance(asked, str):
        answers = described_answers(asked, sets, variables) or Answers.LEVELS
        asked = Question(variable=asked, answers=answers)
    name = asked.variable
    if asked.answers is Answers.NUMBER:
        yield Mean(variable=name)
    elif asked.answers is Answers.LEVELS:
        yield Proportion(variable=name)
    elif name in sets:
        yield Choices(variable=name, columns=sets[name].variables, counted=sets[name].counted)
    else:
        msg = f"« {name} » is no set of columns. Give the set: banner_requests(..., sets=...)."
        raise SurveyError(SurveyProblem.REQUEST, msg, variable=name)


def _needs(asked: Asked, sets: Mapping[str, MultiResponse]) -> Needs:
    requests = [asked] if isinstance(asked, Request) else list(asked)
    keys: set[str] = set()
    values: dict[str, None] = {}
    for request in requests:
        categorical, numeric = request.needs()
        by = columns_of(request.by, sets)
        keys.update(categorical, by, (name for name, _ in request.over))
        values.update(dict.fromkeys(numeric))
    return tuple(sorted(keys)), tuple(sorted(values))


def _without_parts(needs: Sequence[Needs], always: Sequence[str]) -> list[Needs]:
    """Leave out tables that another one holds."""
    own = [(tuple(name for name in keys if name not in always), values) for keys, values in needs]
    distinct = [one for one in dict.fromkeys(own) if one != ((), ())]
    return [
        one
        for one in distinct
        if not any(
            other != one and {*one[0]} <= {*other[0]} and {*one[1]} <= {*other[1]}
            for other in distinct
        )
    ]
