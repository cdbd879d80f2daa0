"""The words that go with results, in French and in English."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import yaml

from alliage.survey.sampling.report import Method
from alliage.values import french

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from numpy.typing import NDArray

    from alliage.survey.arrays import Floats

Language: TypeAlias = Literal["fr", "en"]

#: What stands for a figure that does not exist, and for one that is kept back or of nobody.
UNKNOWN, NOTHING = "n/a", "–"

_SMALLEST_P = 0.0001
#: What rounding can move a number of thousandths by is far less.
_SURELY = 1e-6

#: The same numbers are written many times in a table.
_kept = lru_cache(maxsize=4096)


@cache
def _sentences() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    text = (
        resources.files("alliage.survey.publishing")
        .joinpath("words.yaml")
        .read_text(encoding="utf-8")
    )
    content: Mapping[str, Any] = yaml.safe_load(text)
    return {"words": content["words"], **content["names"]}


def word(name: str, language: Language, **values: object) -> str:
    """Return a word or a sentence.

    Examples
    --------
    >>> word("everybody", "fr"), word("weights", "en", value="d")
    ('Ensemble', 'Weights: d.')
    """
    return _sentences()["words"][name][language].format(**values)


def name_of(code: StrEnum, language: Language) -> str:
    """Return the name of a code.

    Examples
    --------
    >>> name_of(Method.LINEAR, "fr"), name_of(Method.LINEAR, "en")
    ('calage linéaire', 'linear')
    """
    return _sentences()[type(code).__name__][code.name.lower()][language]


def calibration_name(method: str, language: Language) -> str:
    """Return the name of a method of calibration, as a provenance holds it."""
    return name_of(Method(method), language) if method else word("none", language)


@_kept
def share(value: float, language: Language, places: int = 1) -> str:
    """Write a share as a percentage."""
    return french.percent(value, places, language=language)


def shares(values: Floats, language: Language) -> NDArray[np.object_]:
    """Write shares as percentages with a decimal, each as `share` does.

    Examples
    --------
    >>> shares(np.array([0.1234, 0.0005, 0.12338]), "en").tolist()
    ['12.3%', '0.1%', '12.3%']
    """
    thousandths = values * 1000
    nearest = np.rint(thousandths)
    # Which way a half goes depends on how the share is written: that one is not rounded before.
    sure = np.abs(np.abs(thousandths - nearest) - 0.5) > _SURELY
    sure &= (values >= 0) & (values <= 1)
    texts = _thousandths(language)[np.where(sure, nearest, 0).astype(np.intp)]
    texts[~sure] = [share(value, language) for value in values[~sure].tolist()]
    return texts


@cache
def _thousandths(language: Language) -> NDArray[np.object_]:
    """Write all the thousandths of one as percentages."""
    texts = [french.percent(count / 1000, 1, language=language) for count in range(1001)]
    return np.array(texts, dtype=object)


@_kept
def number(value: float, places: int, language: Language) -> str:
    """Write a number with so many decimals, its thousands apart."""
    return french.number(value, places, language=language)


def quantity(value: float, language: Language) -> str:
    """Write a number with the decimals that its size calls for.

    Examples
    --------
    >>> quantity(3.14159, "en"), quantity(31415.9, "en")
    ('3.14', '31,416')
    """
    size = abs(value)
    return number(value, 0 if size >= 1000 else 1 if size >= 100 else 2, language)


def p_value(value: float, language: Language) -> str:
    """Write a p-value with four decimals.

    Examples
    --------
    >>> p_value(0.03, "fr"), p_value(1e-9, "en")
    ('0,0300', '< 0.0001')
    """
    if value < _SMALLEST_P:
        return word("small p", language, value=number(_SMALLEST_P, 4, language))
    return number(value, 4, language)
