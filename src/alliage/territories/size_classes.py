"""The four sizes of territory of the ECOSYSTEME programme.

Source: proceedings of the colloquium of 3 November 2022, l. 2252-2286. The bounds are 2,000, 20,000
and 50,000 inhabitants; the document does not say which class a bound belongs to. Here the lower
bound belongs to the class.
"""

from __future__ import annotations

from enum import StrEnum


class SizeClass(StrEnum):
    """Size of a territory by its municipal population."""

    VERY_SMALL = "tpt"
    SMALL_MEDIUM = "pmt"
    INTERMEDIATE = "tti"
    LARGE = "large"


LOWER_BOUNDS: tuple[tuple[int, SizeClass], ...] = (
    (50_000, SizeClass.LARGE),
    (20_000, SizeClass.INTERMEDIATE),
    (2_000, SizeClass.SMALL_MEDIUM),
    (0, SizeClass.VERY_SMALL),
)


def size_class(population: int) -> SizeClass:
    """Return the class of a territory, the lower bound being part of the class.

    Parameters
    ----------
    population : int
        Municipal population, in inhabitants.

    Returns
    -------
    SizeClass
        One of the four classes.

    Raises
    ------
    ValueError
        If the population is negative.

    Examples
    --------
    >>> size_class(1_999), size_class(2_000)
    (<SizeClass.VERY_SMALL: 'tpt'>, <SizeClass.SMALL_MEDIUM: 'pmt'>)
    """
    for bound, size in LOWER_BOUNDS:
        if population >= bound:
            return size
    msg = f"A population of {population} inhabitants is negative. Give 0 or more."
    raise ValueError(msg)
