"""Do fragilities collide? Which of them go together more than fragilities ordinarily do.

See ``docs/algorithms/observatory-collisions.md``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.special import stdtr

from alliage.observatory.releases.values import Network, Tie
from alliage.survey.comparison.comparisons import adjusted
from alliage.survey.comparison.correlation import Correlation
from alliage.survey.comparison.joint_correlation import JointCorrelations, joint_correlations
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.intervals import critical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alliage.survey.arrays import Booleans, Floats
    from alliage.survey.estimation.domains import Domain
    from alliage.survey.sampling.sample import Sample

#: Fewest people, after the design effect, who answered both items of every pair.
LEAST = 100
#: Items with fewer levels than this are taken as ordered, not as numbers.
LEVELS_OF_NUMBERS = 7
#: Draws of what other samples of the same design would give.
RESAMPLES = 2_000


def network(
    sample: Sample,
    columns: Mapping[str, str],
    *,
    question: str,
    breakdown: str = "",
    group: str = "",
    over: Domain | None = None,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 17,
) -> Network:
    """Say which items of a battery go together, and which ties stand out among all.

    Parameters
    ----------
    sample
        The respondents, with the weights that the release uses.
    columns
        The column of each item, by its code: numbers from 1 up, or ordered levels.
    question, breakdown, group
        What the network is about; copied.
    over
        The people of the group.
    level
        Confidence of the intervals, and of the ties drawn taken together.
    resamples, seed
        How many samples are drawn for the stability, and their seed.

    Returns
    -------
    Network
        Every pair of items, drawn or not; without ties where fewer than :data:`LEAST` people
        (effective) answered both items of a pair.

    Raises
    ------
    SurveyError
        ``REQUEST`` for fewer than three items, or settings that make no sense; else as
        `alliage.survey.correlations`.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> random = np.random.default_rng(1)
    >>> common, shared = random.normal(size=(2, 400))
    >>> def marks(trait):
    ...     noisy = 5.5 + 1.5 * (trait + random.normal(size=400))
    ...     return np.clip(noisy.round(), 1, 10)
    >>> rows = pl.DataFrame(
    ...     {
    ...         "poverty": marks(common + shared),
    ...         "employment": marks(common + shared),
    ...         "culture": marks(common),
    ...         "mobility": marks(common),
    ...     }
    ... )
    >>> found = network(sample(rows, Design()), {c: c for c in rows.columns}, question="fragility")
    >>> [(tie.items, tie.stability) for tie in found.ties if tie.drawn]
    [(('poverty', 'employment'), 1.0)]

    Notes
    -----
    A tie is drawn when its correlation, on Fisher's scale, surely exceeds the mean of all the
    correlations of the group (one-sided, Holm over the pairs). Stability is the share of samples,
    drawn from the joint distribution of the correlations, where the same rule draws the tie again.

    Source: Epskamp, Borsboom and Fried (2018), Behavior Research Methods 50, for stability by
    resampling; Holm (1979), Scandinavian Journal of Statistics 6; Rhemtulla, Brosseau-Liard and
    Savalei (2012), Psychological Methods 17, for the number of levels.
    """
    codes = tuple(columns)
    if len(codes) < 3 or not 0.5 <= level < 1 or resamples < 100:
        msg = (
            f"{len(codes)} items, the level {level} and {resamples} resamples were given. Give "
            "three items at least, a level from 0.5 up to 1, and 100 resamples at least."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg)
    kind = kind_of([len(sample.levels(column)) for column in columns.values()])
    found = joint_correlations(sample, list(columns.values()), kind=kind, over=over)
    about = (question, breakdown, group, kind.value)
    if float(found.effective.min()) < LEAST:
        return Network(*about, ties=(), respondents=None)

    scaled = np.arctanh(found.values)
    drawn = stands_out(scaled[None, :], found.covariance, found.degrees, level)[0]
    stability = _stability(scaled, found, level, resamples, seed)
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0))
    reach = critical(level, found.degrees)
    return Network(
        *about,
        ties=tuple(
            Tie(
                items=(codes[one], codes[other]),
                value=float(found.values[at]),
                error=float(errors[at] * (1 - found.values[at] ** 2)),
                low=math.tanh(scaled[at] - reach * errors[at]),
                high=math.tanh(scaled[at] + reach * errors[at]),
                stability=float(stability[at]),
                drawn=bool(drawn[at]),
            )
            for at, (one, other) in enumerate(found.pairs)
        ),
        respondents=int(found.respondents.min()),
        reference=math.tanh(float(scaled.mean())),
    )


def kind_of(levels: list[int]) -> Correlation:
    """Return the correlation that suits items of so many levels.

    Examples
    --------
    >>> kind_of([10, 10, 10]).value, kind_of([4, 4, 5]).value
    ('pearson', 'polychoric')
    """
    if min(levels) >= LEVELS_OF_NUMBERS:
        return Correlation.PEARSON
    return Correlation.POLYCHORIC


def stands_out(scaled: Floats, covariance: Floats, degrees: float, level: float) -> Booleans:
    """Tell which correlations of each sample surely exceed the mean of all of them.

    Parameters
    ----------
    scaled : array of float, shape (samples, K)
        Correlations on Fisher's scale.
    covariance : array of float, shape (K, K)
        Their covariance in any of the samples.
    degrees
        Degrees of freedom of the design.
    level
        Confidence that no tie of a sample is told in error.

    Returns
    -------
    array of bool, shape (samples, K)

    Examples
    --------
    >>> stands_out(np.array([[0.9, 0.3, 0.3, 0.3]]), np.eye(4) * 0.01, 200, 0.95).tolist()
    [[True, False, False, False]]
    """
    size = scaled.shape[1]
    centring = np.eye(size) - 1 / size
    errors = np.sqrt(np.maximum(np.diag(centring @ covariance @ centring.T), 0))
    above = scaled - scaled.mean(axis=1, keepdims=True)
    # Items that never vary against the mean stand out of nothing.
    ratio = np.divide(above, errors, out=np.full_like(above, -np.inf), where=errors > 0)
    chances = stdtr(degrees, -ratio)
    return np.asarray(adjusted(chances) < 1 - level)


def circle(network: Network) -> tuple[str, ...]:
    """Return an order of the items around a circle where those that go together are neighbours.

    Parameters
    ----------
    network
        That of everybody: its order serves for every group, so that drawings compare.

    Returns
    -------
    tuple of str
        Every item once; the first is that of the first tie.

    Examples
    --------
    >>> def tie(one, other, value):
    ...     return Tie((one, other), value, None, None, None, None)
    >>> ties = (
    ...     tie("a", "b", 0.1),
    ...     tie("a", "c", 0.9),
    ...     tie("a", "d", 0.1),
    ...     tie("b", "c", 0.1),
    ...     tie("b", "d", 0.8),
    ...     tie("c", "d", 0.2),
    ... )
    >>> circle(Network("q", "", "", "pearson", ties, 100))
    ('a', 'c', 'd', 'b')

    Notes
    -----
    Leaves of an average-linkage tree of the distances 1 − r, in the order that brings neighbours
    together. Source: Bar-Joseph, Gifford and Jaakkola (2001), Bioinformatics 17.
    """
    items = tuple(dict.fromkeys(code for tie in network.ties for code in tie.items))
    if len(items) < 3:
        return items
    places = {code: place for place, code in enumerate(items)}
    apart = np.zeros((len(items), len(items)))
    for tie in network.ties:
        one, other = places[tie.items[0]], places[tie.items[1]]
        apart[one, other] = apart[other, one] = 1 - tie.value
    condensed = squareform(apart, checks=False)
    tree = linkage(condensed, method="average", optimal_ordering=True)
    order = [int(place) for place in leaves_list(tree)]
    start = order.index(0)
    turned = order[start:] + order[:start]
    return tuple(items[place] for place in turned)


def _stability(
    scaled: Floats, found: JointCorrelations, level: float, resamples: int, seed: int
) -> Floats:
    """Return the share of samples where each tie is drawn."""
    random = np.random.Generator(np.random.PCG64(seed))
    lengths, directions = np.linalg.eigh(found.covariance)
    root = directions * np.sqrt(np.maximum(lengths, 0))
    samples = scaled + random.standard_normal((resamples, len(scaled))) @ root.T
    again = stands_out(samples, found.covariance, found.degrees, level)
    return np.asarray(again.mean(axis=0))
