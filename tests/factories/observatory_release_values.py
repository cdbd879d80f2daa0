"""Releases made by hand from invented respondents, coherent as a computed one is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from alliage.observatory.releases.values import (
    Breakdown,
    Cell,
    CellStatus,
    Covariance,
    Group,
    Head,
    Measure,
    Provenance,
    Question,
    RankedItem,
    Ranking,
    Release,
    Table,
    Unit,
    Weighting,
)
from alliage.survey.tables.letters import LetterRule, alphabet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Booleans, Floats

REGIONS = {
    "pays_de_la_loire": "Pays de la Loire",
    "bretagne": "Bretagne",
    "centre_val_de_loire": "Centre-Val de Loire",
    "nouvelle_aquitaine": "Nouvelle-Aquitaine",
    "occitanie": "Occitanie",
    "hauts_de_france": "Hauts-de-France",
    "normandie": "Normandie",
    "auvergne_rhone_alpes": "Auvergne-Rhône-Alpes",
    "paca_corse": "Provence-Alpes-Côte d’Azur et Corse",
    "ile_de_france": "Île-de-France",
    "bourgogne_franche_comte": "Bourgogne-Franche-Comté",
    "grand_est": "Grand Est",
}
AGES = {
    "18_24": "18-24 ans",
    "25_34": "25-34 ans",
    "35_49": "35-49 ans",
    "50_64": "50-64 ans",
    "65_plus": "65 ans et plus",
}
ITEMS = {
    "health": "Santé",
    "living_standard": "Niveau de vie, pouvoir d’achat",
    "security": "Sécurité",
    "ageing": "Vieillissement",
    "employment": "Emploi",
    "poverty": "Pauvreté",
    "energy_transition": "Transition énergétique",
    "mobility": "Mobilité",
    "environment": "Environnement",
    "education": "Éducation",
    "economic_development": "Développement économique",
    "poor_housing": "Mal-logement",
    "diversity_disability": "Diversité et handicap",
    "digital_transition": "Transition numérique",
    "isolation": "Isolement",
    "culture_leisure": "Culture et loisirs",
}
HEALTH = {
    "dynamic": "Dynamique",
    "in_difficulty": "En difficulté",
    "stricken": "Sinistré",
}
ACT_TOGETHER = {
    "indispensable": "Indispensable",
    "useful": "Utile",
    "secondary": "Secondaire",
    "useless": "Inutile",
    "dont_know": "Ne sait pas",
}
_PER_REGION = 200


@dataclass(frozen=True, slots=True)
class _Column:
    group: Group
    here: Booleans


def release_values(
    *,
    study: str = "impact_citizens",
    wave: str = "demo",
    synthetic: bool = True,
    seed: int = 2022,
    hidden: tuple[str, ...] = (),
    shift: float = 0.0,
) -> Release:
    """Return a release of three questions by region and by age, from 2,400 invented respondents.

    Parameters
    ----------
    study, wave, synthetic
        What its head says.
    seed
        Another one gives other respondents.
    hidden
        Groups of which every figure is kept back.
    shift
        Added to the marks of every item, such as those of a later wave.
    """
    draw = np.random.default_rng(seed)
    count = _PER_REGION * len(REGIONS)
    region = np.repeat(np.arange(len(REGIONS)), _PER_REGION)
    age = draw.choice(len(AGES), count, p=(0.11, 0.15, 0.25, 0.25, 0.24))
    breakdowns = {
        "": (_everybody(count),),
        "region": (_everybody(count), *_columns(REGIONS, region)),
        "age": (_everybody(count), *_columns(AGES, age)),
    }
    # Some regions are worse off, on some items more than on others.
    burden = draw.normal(0, 0.25, len(REGIONS))[region] + draw.normal(0, 1.2, count)
    level = np.linspace(5.7, 4.9, len(ITEMS)) + shift
    marks = np.clip(
        np.rint(level + burden[:, None] + draw.normal(0, 1.8, (count, len(ITEMS)))), 1, 10
    )
    answers = {
        "fragility": np.concatenate([marks, marks >= 8], axis=1),
        "health": _drawn(draw, (0.50, 0.44, 0.06), burden),
        "act_together": _drawn(draw, (0.25, 0.49, 0.15, 0.06, 0.05), burden * 0),
    }
    tables, covariances = [], []
    for question in QUESTIONS:
        for code, columns in breakdowns.items():
            table, covariance = _table(question, code, columns, answers[question.code], hidden)
            tables.append(table)
            covariances.append(covariance)
    return Release(
        head=_head(study, wave, breakdowns, count, synthetic=synthetic),
        tables=tuple(tables),
        covariances=tuple(covariances),
        rankings=tuple(
            _ranking(code, column, marks, hidden)
            for code, columns in breakdowns.items()
            for column in (columns if code != "age" else ())
            if code == "" or column.group.code
        ),
    )


def _everybody(count: int) -> _Column:
    return _Column(Group("", ("Ensemble", "Everybody")), np.ones(count, bool))


def _columns(labels: dict[str, str], levels: NDArray[np.int64]) -> Sequence[_Column]:
    letters = alphabet(len(labels))
    return [
        _Column(Group(code, (label, label), letter), levels == place)
        for place, ((code, label), letter) in enumerate(zip(labels.items(), letters, strict=True))
    ]


def _drawn(draw: np.random.Generator, shares: Sequence[float], burden: Floats) -> Floats:
    """Return a column for each level, 1 for who chose it; who bears more answers later levels."""
    rank = np.argsort(np.argsort(burden + draw.normal(0, 1, len(burden)))) / len(burden)
    chosen = np.searchsorted(np.cumsum(shares)[:-1], rank, side="right")
    return np.eye(len(shares))[chosen]


def _measures(
    labels: dict[str, str], statistic: str, level: str = "", unit: Unit = Unit.SHARE
) -> tuple[Measure, ...]:
    bounds = (1.0, 10.0) if unit is Unit.SCORE else (0.0, 1.0)
    battery = statistic != "proportion"
    return tuple(
        Measure(
            code=f"{code}:{level or 'mean'}" if battery else code,
            item=code if battery else "",
            statistic=statistic,
            level=level if battery else code,
            labels=(f"{label} : {level}",) * 2 if level else (label, label),
            unit=unit,
            bounds=bounds,
            item_labels=(label, label) if battery else ("", ""),
            level_labels=(level, level) if battery else (label, label),
        )
        for code, label in labels.items()
    )


QUESTIONS = (
    Question(
        code="fragility",
        theme="fragility",
        labels=("Fragilités du territoire", "Fragilities of the territory"),
        wording=("Quelles sont les principales fragilités de votre territoire ?", ""),
        kind="battery",
        ordered=True,
        universe=("", ""),
        measures=(
            *_measures(ITEMS, "mean", unit=Unit.SCORE),
            *_measures(ITEMS, "top box", "8-10"),
        ),
    ),
    Question(
        code="health",
        theme="territory_health",
        labels=("Santé du territoire", "Health of the territory"),
        wording=("Diriez-vous que votre territoire est dynamique, en difficulté, sinistré ?", ""),
        kind="levels",
        ordered=True,
        universe=("", ""),
        measures=_measures(HEALTH, "proportion"),
    ),
    Question(
        code="act_together",
        theme="act_together",
        labels=("Jouer collectif", "Acting together"),
        wording=("Jouer collectif dans votre territoire est-il… ?", ""),
        kind="levels",
        ordered=True,
        universe=("", ""),
        measures=_measures(ACT_TOGETHER, "proportion"),
    ),
)


def _table(
    question: Question,
    breakdown: str,
    columns: Sequence[_Column],
    answers: Floats,
    hidden: tuple[str, ...],
) -> tuple[Table, Covariance]:
    """Return a table and the covariance of its cells, by linearisation of the means."""
    rows = []
    sizes = np.array([column.here.sum() for column in columns])
    here = np.stack([column.here for column in columns], axis=1)
    shown = [column.group.code not in hidden or not column.group.code for column in columns]
    scores = []
    places = []
    for place, measure in enumerate(question.measures):
        y = answers[:, place, None]
        means = (y * here).sum(axis=0) / sizes
        influence = here * (y - means) / sizes
        spread = influence.T @ influence
        errors = np.sqrt(np.diag(spread))
        letters = [column.group.letter for column in columns]
        compared = [place for place, letter in enumerate(letters) if letter and shown[place]]
        above = [""] * len(columns)
        if compared:
            told = LetterRule(loose=0.9).above(
                means[None, compared],
                spread[np.ix_(compared, compared)][None],
                [letters[one] for one in compared],
                errors=errors[None, compared],
                degrees=np.full((1, len(compared)), np.inf),
            )[0]
            for one, text in zip(compared, told, strict=True):
                above[one] = text
        rows.append(
            tuple(
                _cell(measure, float(mean), float(error), int(size), text)
                if seen
                else Cell(CellStatus.HIDDEN)
                for mean, error, size, text, seen in zip(
                    means, errors, sizes, above, shown, strict=True
                )
            )
        )
        scores.append(influence[:, shown])
        places += [(place, column) for column, seen in enumerate(shown) if seen]
    all_scores = np.concatenate(scores, axis=1)
    return (
        Table(
            question.code,
            breakdown,
            tuple(rows),
            tuple(0 if seen else None for seen in shown),
            0.012 if breakdown else None,
        ),
        Covariance(
            question.code,
            breakdown,
            tuple(places),
            all_scores.T @ all_scores,
            degrees=float(answers.shape[0] - len(REGIONS)),
        ),
    )


def _cell(measure: Measure, value: float, error: float, size: int, above: str) -> Cell:
    low, high = (
        min(max(value + sign * 1.96 * error, measure.bounds[0]), measure.bounds[1])
        for sign in (-1, 1)
    )
    return Cell(
        CellStatus.SHOWN if size >= _PER_REGION else CellStatus.CAUTION,
        value=value,
        error=error,
        low=low,
        high=high,
        respondents=size,
        effective=float(size),
        above=above,
    )


def _ranking(breakdown: str, column: _Column, marks: Floats, hidden: tuple[str, ...]) -> Ranking:
    here = marks[column.here]
    means, errors = here.mean(axis=0), here.std(axis=0) / np.sqrt(len(here))
    order = np.argsort(-means)
    surely = means[:, None] - means[None] > 3.5 * np.hypot(errors[:, None], errors[None]) * 0.8
    items = tuple(
        RankedItem(
            item=tuple(ITEMS)[place],
            value=float(means[place]),
            rank=rank,
            best=1 + int(surely[:, place].sum()),
            worst=len(ITEMS) - int(surely[place].sum()),
            top=float(np.clip(1.2 - rank / 5, 0, 1)),
        )
        for rank, place in enumerate(order.tolist(), start=1)
    )
    kept = () if column.group.code in hidden else items
    return Ranking("fragility", breakdown, column.group.code, kept, 0.95)


_BREAKDOWNS = {
    "": ("Ensemble", "Everybody"),
    "region": ("Région", "Region"),
    "age": ("Âge", "Age"),
}


def _head(
    study: str,
    wave: str,
    breakdowns: Mapping[str, Sequence[_Column]],
    count: int,
    *,
    synthetic: bool,
) -> Head:
    return Head(
        study=study,
        wave=wave,
        population="citizen",
        synthetic=synthetic,
        provenance=Provenance(
            file_sha256="0" * 64,
            specification_sha256="1" * 64,
            version="0.1.0",
            standard_error="linearised, calibration residuals",
            degrees_rule="respondents less strata",
            level=0.95,
            loose=0.9,
            adjustment="holm",
            least=11,
            least_effective=None,
            base_rule=(50.0, 100.0),
        ),
        weighting=Weighting(
            method="raking",
            respondents=count,
            population=51_900_000.0,
            design_effect=1.25,
            effective=count / 1.25,
            smallest=0.3,
            largest=2.9,
            trimmed=0,
            iterations=4,
            largest_error=1e-12,
            margins=(),
        ),
        breakdowns=tuple(
            Breakdown(code, _BREAKDOWNS[code], tuple(column.group for column in columns))
            for code, columns in breakdowns.items()
        ),
        questions=QUESTIONS,
    )


def without(release: Release, breakdown: str) -> Release:
    """Return a release without the covariances of a breakdown."""
    return replace(
        release,
        covariances=tuple(one for one in release.covariances if one.breakdown != breakdown),
    )
