"""Coverage and classes of the gaps between perceived and recorded dynamics, by simulation.

Run ``python benchmarks/observatory_dynamics.py``; the figures are those of
``docs/algorithms/observatory-dynamics.md``. About two minutes.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from alliage.observatory.reading.dynamics import (
    CLOSE,
    Dynamics,
    Perceived,
    Recorded,
    gaps,
    sample_needed,
)

if TYPE_CHECKING:
    from alliage.survey.arrays import Floats

_DESIGN_EFFECT = 1.4
_PERCEIVED, _RECORDED = stats.beta(4, 6), stats.gamma(2, scale=0.25)


@dataclass(frozen=True, slots=True)
class Setting:
    """A country: territories, respondents of each, inhabitants, and what is known of detection."""

    name: str
    territories: int
    respondents: tuple[int, int]
    population: tuple[int, int]
    detection: tuple[float, float] = (1.0, 1.0)
    told: tuple[float, float] = (1.0, 1.0)
    plug_in: bool = False
    #: Correlation of the two sides, on the normal scale.
    together: float = 0.0


def country(
    setting: Setting, generator: np.random.Generator
) -> tuple[list[Perceived], list[Recorded], Floats, Floats]:
    """Draw territories, a weighted sample of each, and the alliances that were found."""
    many = setting.territories
    normal = generator.standard_normal((2, many))
    normal[1] = setting.together * normal[0] + np.sqrt(1 - setting.together**2) * normal[1]
    shares = _PERCEIVED.ppf(stats.norm.cdf(normal[0]))
    rates = _RECORDED.ppf(stats.norm.cdf(normal[1]))
    least, most = setting.population
    population = np.exp(generator.uniform(math.log(least), math.log(most), many)).astype(int)
    found = generator.poisson(
        rates * population / 10_000 * generator.uniform(*setting.detection, many)
    )
    asked = []
    for place in range(many):
        people = generator.integers(*setting.respondents, endpoint=True)
        weights = generator.lognormal(0, np.sqrt(np.log(_DESIGN_EFFECT)), people)
        yes = generator.random(people) < shares[place]
        asked.append(
            Perceived(str(place), float(weights @ yes / weights.sum()), people / _DESIGN_EFFECT)
        )
    known = [
        Recorded(str(place), int(found[place]), int(population[place]), setting.told)
        for place in range(many)
    ]
    truth = _PERCEIVED.cdf(shares) - _RECORDED.cdf(rates)
    return asked, known, truth, _RECORDED.cdf(rates)


def right(dynamics: Dynamics, truth: float, rank: float) -> bool:
    """Tell whether a class is that of the true gap."""
    if dynamics is Dynamics.PROMISE:
        return truth > 0
    if dynamics is Dynamics.UNDER_THE_RADAR:
        return truth < 0
    return abs(truth) <= CLOSE and (rank > 0.5) == (dynamics is Dynamics.ALIGNED_ACTIVE)


def measured(setting: Setting, repeats: int) -> str:
    generator = np.random.Generator(np.random.PCG64(8))
    covered, widths, told, correct, naive, total = 0, 0.0, 0, 0, 0, 0
    aligned = 0
    for seed in range(repeats):
        asked, known, truth, ranks = country(setting, generator)
        found = gaps(asked, known, seed=seed, plug_in=setting.plug_in)
        rates = [one.alliances / one.population for one in known]
        difference = stats.rankdata([one.share for one in asked]) - stats.rankdata(rates)
        for place, one in enumerate(found):
            total += 1
            covered += one.gap.low <= truth[place] <= one.gap.high
            widths += one.gap.width
            naive += (difference[place] > 0) == (truth[place] > 0)
            if one.dynamics is not Dynamics.UNDECIDED:
                told += 1
                correct += right(one.dynamics, truth[place], ranks[place])
                aligned += one.dynamics in {Dynamics.ALIGNED_ACTIVE, Dynamics.ALIGNED_WEAK}
    return (
        f"| {setting.name} | {covered / total:.3f} | {widths / total:.2f} | {told / total:.3f} |"
        f" {correct / max(told, 1):.3f} | {aligned / total:.3f} | {naive / total:.3f} |"
    )


def planned() -> str:
    """Ask for a sample that gives a width, draw it, and see the width that comes."""
    generator = np.random.Generator(np.random.PCG64(9))
    reached = []
    for seed in range(40):
        setting = Setting("", 40, (60, 60), (400_000, 400_000))
        asked, known, _, _ = country(setting, generator)
        for one, people in zip(gaps(asked, known, seed=seed), asked, strict=True):
            if one.gap.width <= 0.55:
                continue
            more = sample_needed(one, people.effective, width=0.5, design_effect=1.0)
            if more is None:
                continue
            larger = [
                Perceived(people.code, people.share, float(more)) if each is people else each
                for each in asked
            ]
            again = gaps(larger, known, seed=seed)[int(people.code)]
            reached.append(again.gap.width)
            break
    return (
        f"Width asked 0.50: {np.mean(reached):.2f} on average, {np.quantile(reached, 0.1):.2f} to "
        f"{np.quantile(reached, 0.9):.2f} in 8 cases of 10 ({len(reached)} cases)."
    )


def main(repeats: int) -> None:
    small, middle, large = (15, 120), (20_000, 200_000), (400_000, 8_000_000)
    settings = (
        Setting("80 territories, 15–120 people", 80, small, middle),
        Setting("the same, plug-in", 80, small, middle, plug_in=True),
        Setting("the same, sides that go together (0.5)", 80, small, middle, together=0.5),
        Setting("80 territories, 600 people each", 80, (600, 600), middle),
        Setting("12 regions, 200 people each", 12, (200, 200), large),
        Setting("the same, plug-in", 12, (200, 200), large, plug_in=True),
        Setting("12 regions, about one alliance each", 12, (200, 200), (10_000, 40_000)),
        Setting("12 regions, detection 0.2–1, told", 12, (200, 200), large, (0.2, 1), (0.2, 1)),
        Setting("12 regions, detection 0.2–1, taken for 1", 12, (200, 200), large, (0.2, 1)),
    )
    print("| setting | coverage | mean width | told | right among told | aligned | naive right |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for setting in settings:
        print(measured(setting, repeats * max(1, 80 // setting.territories)), flush=True)
    print(planned())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
