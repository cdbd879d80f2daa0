"""The invented wave: its people, their weights, their answers.

The weights depend on people alone, so they are known before anybody answers; answers are then
drawn so that the *calibrated* figures are those printed. Nothing of it is about real respondents.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtr

from alliage.observatory.synthetic.answers import (
    Constraint,
    Kinds,
    UnreachableTargetError,
    bent,
    drawn,
    repaired,
)
from alliage.observatory.synthetic.files import MARK
from alliage.observatory.synthetic.population import (
    AGES,
    SEXES,
    TOWN_SIZES,
    largest_remainder,
    read_margins,
)
from alliage.observatory.synthetic.targets import Target, read_targets
from alliage.survey import Design, Table, calibrate, read_questionnaire, sample
from alliage.survey.data.questionnaire import described
from alliage.values.datafiles import data_directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from alliage.observatory.synthetic.population import Adults
    from alliage.observatory.synthetic.targets import (
        Leading,
        TargetColumn,
        TargetQuestion,
        Targets,
    )
    from alliage.survey.arrays import Floats

#: Respondents of the study of 2022, and the fewest that the targets can be met with.
ROWS = 2_400
#: Any other seed gives another wave with the same figures.
SEED = 2022

BREAKDOWNS = ("region", "sex", "age", "town_size", "socio")

#: How the sample is drawn: as many people in each region, each standing for as many adults.
DESIGN = Design(strata="region", weights="design_weight")

#: By how much quotas miss the population, so that weights have something to correct.
_QUOTA_NOISE = 0.15
#: How much being unsure of one item goes with being unsure of another.
_UNSURE_TOGETHER = 0.7
#: Median and spread of the minutes that an interview takes.
_MINUTES, _MINUTES_SPREAD, _FEWEST_MINUTES = 14.0, 0.28, 7.0
_PROJECTIONS = 500


class TooFewRowsError(ValueError):
    """A wave was asked with fewer respondents than its figures need."""


def demo_folder() -> Path:
    """Return the folder of the demonstration wave: questionnaire, specification, targets."""
    return data_directory() / "observatory" / "demo"


def demo_wave(*, rows: int = ROWS, seed: int = SEED, folder: Path | None = None) -> Table:
    """Invent the demonstration wave.

    Parameters
    ----------
    rows : int
        Respondents, 2,400 or more: as many in each of the 12 regions, within one.
    seed : int
        The same seed gives the same wave.
    folder : Path, optional
        Of the questionnaire, margins and targets; those shipped if not given.

    Returns
    -------
    Table
        Described by the questionnaire. The column ``synthetic`` is 1 for everybody, and
        identifiers begin with ``SYN-``.

    Raises
    ------
    TooFewRowsError
        If fewer than 2,400 respondents are asked.
    UnreachableTargetError
        If the targets contradict each other.
    InvalidFilesError
        If a file does not follow its format.

    Examples
    --------
    >>> wave = demo_wave()
    >>> wave.frame.height, wave.frame["id"][0], wave.frame["synthetic"].unique().to_list()
    (2400, 'SYN-0001', [1])
    """
    place = folder or demo_folder()
    frame = synthetic_wave(
        read_margins(place / "margins.csv"),
        read_targets(place / "targets.yaml"),
        rows=rows,
        seed=seed,
    )
    return described(Table.of(frame), read_questionnaire(place / "questionnaire.yaml"))


def synthetic_wave(
    adults: Adults, targets: Targets, *, rows: int = ROWS, seed: int = SEED
) -> pl.DataFrame:
    """Invent respondents whose calibrated figures are those of the targets.

    Parameters
    ----------
    adults : Adults
        The population that weights give back.
    targets : Targets
        The figures.
    rows : int
        Respondents.
    seed : int
        The same seed gives the same wave. Each column has a stream of its own, so that one more
        question leaves the others as they are.

    Returns
    -------
    DataFrame
        One row for each respondent.

    Raises
    ------
    TooFewRowsError
        If there are fewer than 2,400 respondents.
    UnreachableTargetError
        If the targets contradict each other.

    Notes
    -----
    See ``docs/algorithms/observatory-synthetic.md``.
    """
    if rows < ROWS:
        msg = f"{rows} respondents cannot give the printed figures back. Ask for {ROWS} or more."
        raise TooFewRowsError(msg)
    people = _people(adults, targets, rows, seed)
    fit = calibrate(sample(people, DESIGN), adults.margins())
    draw = _Draw(people, fit.weights, _kinds(people), seed, _dispositions(targets, rows, seed))
    columns = [
        pl.Series(name, values)
        for question in targets.questions.values()
        for name, values in _answers(draw, question).items()
    ]
    return people.with_columns(columns)


def _stream(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of a column: they depend on the seed and its name alone."""
    entropy = np.random.SeedSequence([seed, zlib.crc32(name.encode())])
    return np.random.Generator(np.random.PCG64(entropy))


def _people(adults: Adults, targets: Targets, rows: int, seed: int) -> pl.DataFrame:
    """Draw people by quotas that miss the population a little, as those of institutes do."""
    random = _stream(seed, "people")
    regions = adults.regions
    sizes = tuple(TOWN_SIZES.values())
    cells = [(sex, age) for sex in SEXES for age in AGES]
    parts: list[pl.DataFrame] = []
    for region, count in zip(regions, largest_remainder(rows, [1] * len(regions)), strict=True):
        people = [adults.by_sex_and_age[region, sex, age] for sex, age in cells]
        kinds = _quotas(random, people, count)
        towns = _quotas(random, [adults.by_town_size[region, size] for size in sizes], count)
        parts.append(
            pl.DataFrame(
                {
                    "region": [region] * count,
                    "sex": [cells[kind][0] for kind in kinds],
                    "age": [cells[kind][1] for kind in kinds],
                    "town_size": [sizes[town] for town in towns],
                    "design_weight": [round(sum(people) / count, 4)] * count,
                }
            )
        )
    found: pl.DataFrame = pl.concat(parts)[random.permutation(rows).tolist()]
    width = max(4, len(str(rows)))
    return found.select(
        pl.Series("id", [f"SYN-{number:0{width}}" for number in range(1, rows + 1)]),
        pl.lit(1, dtype=pl.Int64).alias(MARK),
        *("region", "sex", "age", "town_size"),
        pl.Series("socio", _socio(found["age"], targets.socio, _stream(seed, "socio"))),
        "design_weight",
        pl.Series("duration_seconds", _durations(_stream(seed, "duration_seconds"), rows)),
    )


def _quotas(
    random: np.random.Generator, people: Sequence[int], count: int
) -> npt.NDArray[np.int64]:
    """Return a category for each respondent of a region, at least one in each category."""
    noise = np.exp(random.normal(0, _QUOTA_NOISE, len(people)))
    shares = largest_remainder(count, (np.array(people) * noise).tolist(), least=1)
    return random.permutation(np.repeat(np.arange(len(people)), shares))


def _socio(
    ages: pl.Series, shares: Mapping[str, Mapping[str, float]], random: np.random.Generator
) -> npt.NDArray[np.str_]:
    groups = np.array(list(next(iter(shares.values()))))
    bounds = {age: np.cumsum([of[str(group)] for group in groups]) for age, of in shares.items()}
    chance = random.random(len(ages))
    place = np.zeros(len(ages), dtype=np.int64)
    for age, ends in bounds.items():
        here = (ages == age).to_numpy()
        place[here] = np.searchsorted(ends[:-1], chance[here])
    return np.asarray(groups[place])


def _durations(random: np.random.Generator, rows: int) -> npt.NDArray[np.int64]:
    minutes = _MINUTES * np.exp(random.normal(0, _MINUTES_SPREAD, rows))
    return np.asarray(np.maximum(minutes, _FEWEST_MINUTES) * 60).astype(np.int64)


def _kinds(people: pl.DataFrame) -> Kinds:
    code = np.zeros(people.height, dtype=np.int64)
    for name in BREAKDOWNS:
        levels, places = np.unique(people[name].to_numpy(), return_inverse=True)
        code = code * len(levels) + places
    _, first, of = np.unique(code, return_index=True, return_inverse=True)
    return Kinds(of, first)


def _dispositions(targets: Targets, rows: int, seed: int) -> dict[str, Floats]:
    """Return the hidden dispositions of people: normal, each going with the first as asked."""
    found: dict[str, Floats] = {}
    first: Floats | None = None
    for name, share in targets.dispositions.items():
        own = _stream(seed, f"disposition {name}").standard_normal(rows)
        found[name] = own if first is None else share * first + math.sqrt(1 - share**2) * own
        first = found[name] if first is None else first
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Draw:
    """What the answers of every column are drawn from."""

    people: pl.DataFrame
    weights: Floats
    kinds: Kinds
    seed: int
    dispositions: Mapping[str, Floats]

    @property
    def rows(self) -> int:
        return self.people.height

    def group(self, where: Mapping[str, str]) -> npt.NDArray[np.bool_]:
        """Return who is of a group."""
        found = np.ones(self.rows, dtype=np.bool_)
        for name, level in where.items():
            found &= (self.people[name] == level).to_numpy()
        return found

    def of_column(self, name: str, latent: Mapping[str, float]) -> Floats:
        """Return where each person stands between 0 and 1: uniform, and alike across columns."""
        own = _stream(self.seed, name).standard_normal(self.rows)
        if not latent:
            return np.asarray(ndtr(own))
        shared = sum(
            (share * self.dispositions[disposition] for disposition, share in latent.items()),
            np.zeros(self.rows),
        )
        left = 1 - float(np.var(shared))
        if left <= 0:
            msg = f"« {name} » goes with dispositions by more than 1 in all. Lower the shares."
            raise ValueError(msg)
        return np.asarray(ndtr(shared + math.sqrt(left) * own))

    def unsure(self, name: str, question: TargetQuestion) -> npt.NDArray[np.bool_]:
        """Return who does not answer."""
        if question.unsure is None:
            return np.zeros(self.rows, dtype=np.bool_)
        alike = _stream(self.seed, "unsure").standard_normal(self.rows)
        own = _stream(self.seed, f"unsure {name}").standard_normal(self.rows)
        together = _UNSURE_TOGETHER * alike + math.sqrt(1 - _UNSURE_TOGETHER**2) * own
        order = np.argsort(together)
        share = np.empty(self.rows)
        share[order] = self.weights[order].cumsum() / self.weights.sum()
        return np.asarray(share <= question.unsure[1])


def _answers(draw: _Draw, question: TargetQuestion) -> dict[str, npt.NDArray[np.generic]]:
    unsure = {name: draw.unsure(name, question) for name in question.columns}
    means = _regional_means(draw, question, unsure)
    found: dict[str, npt.NDArray[np.generic]] = {}
    levels = np.array(question.levels)
    for name, column in question.columns.items():
        constraints = [
            # The national mean is that of the regions: both would be one equation twice.
            _constraint(draw, question, figure, solved=not (means and _is_national_mean(figure)))
            for figure in column.figures
        ]
        constraints += [_constraint(draw, question, figure) for figure in means.get(name, ())]
        place = _drawn(draw, name, column, question, unsure[name], constraints)
        values = levels[place]
        if question.unsure is not None:
            values = np.where(unsure[name], question.unsure[0], values)
        found[name] = values
    return found


def _is_national_mean(figure: Target) -> bool:
    return figure.mean and not figure.where


def _drawn(
    draw: _Draw,
    name: str,
    column: TargetColumn,
    question: TargetQuestion,
    unsure: npt.NDArray[np.bool_],
    constraints: Sequence[Constraint],
) -> npt.NDArray[np.int64]:
    start = _start(draw, column, question)
    chances = bent(name, start, draw.kinds, draw.weights, unsure, constraints)
    standing = draw.of_column(name, column.latent)
    places = drawn(chances, draw.kinds, standing)
    return repaired(name, places, standing, draw.weights, unsure, constraints)


def _start(draw: _Draw, column: TargetColumn, question: TargetQuestion) -> Floats:
    """Return first chances by kind of people: those of everybody, moved by effects."""
    shares = np.array(column.start or question.start, dtype=np.float64)
    shares /= shares.sum()
    ranks = np.arange(len(shares))
    mean = shares @ ranks
    standard = (ranks - mean) / math.sqrt(shares @ (ranks - mean) ** 2)
    moved = np.zeros(len(draw.kinds.first))
    firsts = draw.people[draw.kinds.first.tolist()]
    for breakdown, effects in column.effects.items():
        for level, effect in effects.items():
            moved += effect * (firsts[breakdown] == level).to_numpy()
    chances = shares * np.exp(np.outer(moved, standard))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def _constraint(
    draw: _Draw, question: TargetQuestion, figure: Target, *, solved: bool = True
) -> Constraint:
    aim = figure.centre
    unsure: float | None = None
    if figure.mean:
        scores = np.array(question.levels, dtype=np.float64) - aim
    else:
        scores = np.array([100.0 * (level in figure.levels) for level in question.levels]) - aim
        if figure.base == "everybody":
            unsure = -aim
    asked = "mean" if figure.mean else " + ".join(map(str, figure.levels))
    name = " of ".join((asked, *figure.where.values()))
    return Constraint(name, draw.group(figure.where), scores, unsure, figure.tolerance, solved)


def _regional_means(
    draw: _Draw, question: TargetQuestion, unsure: Mapping[str, npt.NDArray[np.bool_]]
) -> dict[str, tuple[Target, ...]]:
    """Return the means of a battery by region: noise around the national ones, first items first.

    Means are moved in turn so that those of regions average to the national one, and so that the
    items that come first in a region do, until both hold: projections on convex sets.
    """
    leading = question.leading
    if leading is None:
        return {}
    names = list(question.columns)
    regions = list(leading.first)
    national = np.array([_national_mean(question.columns[name]) for name in names])
    mass = np.array(
        [
            [float(draw.weights[draw.group({"region": region}) & ~unsure[name]].sum())]
            for region in regions
            for name in names
        ]
    ).reshape(len(regions), len(names))
    random = _stream(draw.seed, "regional means")
    means = national + random.normal(0, leading.spread, mass.shape)
    for _ in range(_PROJECTIONS):
        means += national - (means * mass).sum(axis=0) / mass.sum(axis=0)
        if _lead(means, leading, regions, names) < leading.gap / 1000:
            break
    else:
        worst = "items that come first by region"
        raise UnreachableTargetError(names[0], worst, leading.gap)
    # Items that come first are told apart by the gap: answers stay within a third of it.
    within = leading.gap / 3
    return {
        name: tuple(
            Target(
                mean=True,
                printed=round(float(means[row, column]), 6),
                within=within,
                where={"region": region},
                source="invented",
            )
            for row, region in enumerate(regions)
        )
        for column, name in enumerate(names)
    }


def _national_mean(column: TargetColumn) -> float:
    return next(one.centre for one in column.figures if _is_national_mean(one))


def _lead(means: Floats, leading: Leading, regions: Sequence[str], names: Sequence[str]) -> float:
    """Raise the items that come first and lower the others, in place; return the largest move."""
    largest = 0.0
    for row, region in enumerate(regions):
        is_first = np.array([name in leading.first[region] for name in names])
        lacking = means[row, ~is_first].max() + leading.gap - means[row, is_first].min()
        if lacking <= 0:
            continue
        largest = max(largest, float(lacking))
        middle = (means[row, ~is_first].max() + means[row, is_first].min()) / 2
        low, high = middle - leading.gap / 2, middle + leading.gap / 2
        means[row, is_first] = np.maximum(means[row, is_first], high)
        means[row, ~is_first] = np.minimum(means[row, ~is_first], low)
    return largest
