"""Dates known only in part: a year, a month, a day, or a span of them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

from alliage.values.text import fold

_ISO_PREFIX = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


class Precision(StrEnum):
    """How precisely a moment is known."""

    DAY = "day"
    MONTH = "month"
    SEASON = "season"
    YEAR = "year"
    APPROXIMATE = "approximate"


class PartialDateError(ValueError):
    """The text is not a year, a month or a day of the calendar."""


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date whose month or day may be unknown.

    Examples
    --------
    >>> PartialDate.parse("2014-09")
    PartialDate(year=2014, month=9, day=None)
    >>> str(PartialDate.parse("2014-09"))
    '2014-09'
    """

    year: int
    month: int | None = None
    day: int | None = None

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ``2014``, ``2014-09`` or ``2014-09-01``.

        Raises
        ------
        PartialDateError
            If the text has another form or names no day of the calendar.
        """
        match = _ISO_PREFIX.fullmatch(text.strip())
        if match is None:
            msg = (
                f"« {text} » is not a date. Write a year (2014), a month (2014-09) "
                "or a day (2014-09-01)."
            )
            raise PartialDateError(msg)
        year = int(match[1])
        month, day = (int(part) if part else None for part in match.groups()[1:])
        try:
            dt.date(year, month or 1, day or 1)
        except ValueError as error:
            msg = f"« {text} » is not a day of the calendar: {error}."
            raise PartialDateError(msg) from error
        return cls(year, month, day)

    @property
    def first_day(self) -> dt.date:
        """The earliest day the date may mean."""
        return dt.date(self.year, self.month or 1, self.day or 1)

    @property
    def precision(self) -> Precision:
        """The precision that the form of the date implies."""
        if self.day:
            return Precision.DAY
        return Precision.MONTH if self.month else Precision.YEAR

    def __str__(self) -> str:
        parts = [f"{self.year:04}"]
        parts += [f"{part:02}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)


_MONTHS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre",
    "octobre", "novembre", "decembre",
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_SEASONS = {
    "printemps": 3, "ete": 6, "automne": 9, "hiver": 12,
    "spring": 3, "summer": 6, "autumn": 9, "winter": 12,
}  # fmt: skip
_ABOUT = re.compile(r"^(?:vers|environ|autour de|about|around|circa)\s+")
_SLASHED = re.compile(r"(?:(\d{1,2})/)?(\d{1,2})/(\d{4})")
_WRITTEN = re.compile(
    r"(?:(?:le|en|l|the|in)\s+)?(?:(?P<day>\d{1,2})(?:er)?\s+)?(?P<word>[a-z]{3,})\s+(?P<year>\d{4})"
)
_SHORTEST_MONTH = 3


def parse_words(text: str) -> tuple[PartialDate, Precision]:
    """Read a date as people write it, in French or in English, with the precision they give it.

    Parameters
    ----------
    text
        ``2014``, ``2014-09``, ``09/2014``, ``septembre 2014``, ``1er mai 2022``, ``été 2020``,
        ``vers 2018``. A season is known by its first month, in the year when it starts.

    Returns
    -------
    tuple[PartialDate, Precision]
        The date, and how precisely it is known.

    Raises
    ------
    PartialDateError
        If the text has another form or names no day of the calendar.

    Examples
    --------
    >>> date, precision = parse_words("septembre 2014")
    >>> str(date), str(precision)
    ('2014-09', 'month')
    >>> [str(parse_words(text)[0]) for text in ("été 2020", "1er mai 2022", "03/11/2022")]
    ['2020-06', '2022-05-01', '2022-11-03']
    >>> str(parse_words("vers 2018")[1])
    'approximate'
    """
    plain = " ".join(text.split())
    about = _ABOUT.match(plain.casefold())
    if about:
        return _parse_exact(plain[about.end() :], given=text)[0], Precision.APPROXIMATE
    return _parse_exact(plain, given=text)


def _parse_exact(text: str, *, given: str) -> tuple[PartialDate, Precision]:
    iso = _iso(text)
    if iso is None:
        return _parse_written(text, given=given)
    date = PartialDate.parse(iso)
    return date, date.precision


def _iso(text: str) -> str | None:
    if _ISO_PREFIX.fullmatch(text):
        return text
    slashed = _SLASHED.fullmatch(text)
    if slashed is None:
        return None
    day, month, year = slashed.groups()
    return f"{year}-{int(month):02}" + (f"-{int(day):02}" if day else "")


def _parse_written(text: str, *, given: str) -> tuple[PartialDate, Precision]:
    match = _WRITTEN.fullmatch(fold(text))
    season = _SEASONS.get(match["word"]) if match else None
    if match and season and not match["day"]:
        return PartialDate(int(match["year"]), season), Precision.SEASON
    month = _month(match["word"]) if match else None
    if match is None or month is None:
        msg = (
            f"« {given} » is not a date. Write a year (2014), a month (2014-09 or septembre 2014), "
            "a day (2014-09-01), a season (été 2020) or an approximate year (vers 2018)."
        )
        raise PartialDateError(msg)
    day = f"-{int(match['day']):02}" if match["day"] else ""
    date = PartialDate.parse(f"{match['year']}-{month:02}{day}")
    return date, date.precision


def _month(word: str) -> int | None:
    """Find the month that a word or its beginning names, if it is only one."""
    if len(word) < _SHORTEST_MONTH:
        return None
    found = {rank % 12 + 1 for rank, name in enumerate(_MONTHS) if name.startswith(word)}
    return found.pop() if len(found) == 1 else None
