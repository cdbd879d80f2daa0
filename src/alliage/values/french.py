"""Numbers, amounts and dates as they are written in French, and in English beside it.

French sets a narrow non-breaking space between thousands and a non-breaking space before a unit;
English sets commas and puts the euro first. Functions take ``language``, ``"fr"`` unless told.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from alliage.values.dates import PartialDate, Precision

if TYPE_CHECKING:
    import datetime as dt

NO_BREAK = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"

Number = int | float | Decimal

_MONTHS = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
}  # fmt: skip
_SEASONS = {
    "fr": ("hiver", "printemps", "été", "automne"),
    "en": ("winter", "spring", "summer", "autumn"),
}
_ABOUT = {"fr": "vers", "en": "about"}
_ELIDED = re.compile(r"(?i)^[aeéiouy]")


def number(value: Number, decimals: int | None = None, *, language: str = "fr") -> str:
    """Write a number with its thousands apart.

    Parameters
    ----------
    value
        The number; halves round away from zero.
    decimals
        Digits after the mark. Unless told, those of the value, two at most and no final zero.
    language
        ``"fr"`` or ``"en"``.

    Returns
    -------
    str
        The number, with non-breaking spaces (French) or commas (English).

    Examples
    --------
    >>> number(49853).replace(NARROW, "_")
    '49_853'
    >>> number(3.14159, 1)
    '3,1'
    >>> number(-1234.5, language="en")
    '−1,234.5'
    """
    if isinstance(value, int) and not decimals:
        whole, fraction, is_below = f"{abs(value):,}", "", value < 0
    else:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        places = 2 if decimals is None else decimals
        rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        whole, _, fraction = f"{abs(rounded):,f}".partition(".")
        is_below = rounded < 0
    if decimals is None:
        fraction = fraction.rstrip("0")
    if language == "fr":
        whole = whole.replace(",", NARROW)
    mark = "," if language == "fr" else "."
    sign = MINUS if is_below else ""
    return sign + whole + (mark + fraction if fraction else "")


def euros(value: Number, *, full: bool = False, language: str = "fr") -> str:
    """Write an amount of euros, in thousands or millions where nothing that matters is lost.

    From 10,000 euros amounts are rounded to a tenth of the unit; from 1,000 they are written in
    thousands only when that is exact.

    Parameters
    ----------
    value
        The amount in euros.
    full
        Write every euro (and cents if there are some), never thousands or millions.
    language
        ``"fr"`` or ``"en"``.

    Returns
    -------
    str
        The amount and its unit, held together by non-breaking spaces.

    Examples
    --------
    >>> [euros(amount).replace(NO_BREAK, " ") for amount in (950, 5000, 12000, 1_500_000)]
    ['950 €', '5 k€', '12 k€', '1,5 M€']
    >>> euros(12000, language="en"), euros(12345, full=True, language="en")
    ('€12k', '€12,345')
    """
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    unit, size = ("", Decimal(1)) if full else _euro_unit(abs(exact))
    scaled = exact / size
    decimals = 2 if not unit and scaled != scaled.to_integral_value() else None
    if unit:
        scaled = scaled.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    text = number(scaled, decimals, language=language)
    if language == "fr":
        return f"{text}{NO_BREAK}{unit}€"
    sign, digits = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    return f"{sign}€{digits}{unit.replace('Md', 'bn').replace('M', 'm')}"


def _euro_unit(amount: Decimal) -> tuple[str, Decimal]:
    # The bounds are those of the rounded text: 999 960 € is written « 1 M€ », not « 1 000 k€ ».
    if amount >= Decimal(999_950_000):
        return "Md", Decimal(10) ** 9
    if amount >= Decimal(999_950):
        return "M", Decimal(10) ** 6
    if amount >= Decimal(10_000) or (amount >= Decimal(1_000) and amount % 100 == 0):
        return "k", Decimal(10) ** 3
    return "", Decimal(1)


def percent(share: Number, decimals: int = 0, *, language: str = "fr") -> str:
    """Write a share of one as a percentage.

    Parameters
    ----------
    share
        The share: 0.34 is 34 %.
    decimals
        Digits after the mark.
    language
        ``"fr"`` or ``"en"``.

    Returns
    -------
    str
        The percentage.

    Examples
    --------
    >>> percent(0.345, 1).replace(NO_BREAK, " ")
    '34,5 %'
    >>> percent(0.34, language="en")
    '34%'
    """
    exact = share if isinstance(share, Decimal) else Decimal(str(share))
    text = number(exact * 100, decimals, language=language)
    return f"{text}{NO_BREAK}%" if language == "fr" else f"{text}%"


def surface(square_kilometres: Number, *, language: str = "fr") -> str:
    """Write an area: two decimals under 10 km², one under 100, none above.

    Parameters
    ----------
    square_kilometres
        The area in square kilometres.
    language
        ``"fr"`` or ``"en"``.

    Returns
    -------
    str
        The area and its unit.

    Examples
    --------
    >>> [surface(area).replace(NO_BREAK, " ") for area in (1.92, 56.25, 643801)]
    ['1,92 km²', '56,3 km²', '643\u202f801 km²']
    """
    size = abs(float(square_kilometres))
    places = 2 if size < 10 else 1 if size < 100 else 0
    return f"{number(square_kilometres, places, language=language)}{NO_BREAK}km²"


def partial_date(
    date: PartialDate | dt.date | str,
    precision: Precision | str | None = None,
    *,
    language: str = "fr",
) -> str:
    """Write a date only as precisely as it is known.

    Parameters
    ----------
    date
        A partial date, a date, or the text of one (``2014``, ``2014-09``, ``2014-09-01``).
    precision
        How precisely it is known; unless told, as the form of the date implies. A season is that
        of the month; an approximate date keeps its year alone.
    language
        ``"fr"`` or ``"en"``.

    Returns
    -------
    str
        The date in words.

    Raises
    ------
    PartialDateError
        If the text is not a date.

    Examples
    --------
    >>> partial_date("2014-09"), partial_date("2020-07", "season")
    ('septembre 2014', 'été 2020')
    >>> partial_date("2018", "approximate"), partial_date("2022-05-01")
    ('vers 2018', '1er mai 2022')
    >>> partial_date("2022-05-01", language="en")
    '1 May 2022'
    """
    known = _as_partial(date)
    level = Precision(precision) if precision else known.precision
    if level is Precision.APPROXIMATE:
        return f"{_ABOUT[language]} {known.year}"
    if level is Precision.YEAR or known.month is None:
        return str(known.year)
    if level is Precision.SEASON:
        return f"{_SEASONS[language][known.month % 12 // 3]} {known.year}"
    month = f"{_MONTHS[language][known.month - 1]} {known.year}"
    if level is Precision.MONTH or known.day is None:
        return month
    day = "1er" if known.day == 1 and language == "fr" else str(known.day)
    return f"{day} {month}"


def _as_partial(date: PartialDate | dt.date | str) -> PartialDate:
    if isinstance(date, PartialDate):
        return date
    return PartialDate.parse(date if isinstance(date, str) else date.isoformat()[:10])


def period(
    start: PartialDate | dt.date | str | None,
    end: PartialDate | dt.date | str | None,
    start_precision: Precision | str | None = None,
    end_precision: Precision | str | None = None,
    *,
    language: str = "fr",
) -> str:
    """Write a span of time between two dates known only in part.

    Parameters
    ----------
    start
        The first date, or None when it is unknown.
    end
        The last date, or None when the span is open.
    start_precision
        How precisely the first date is known.
    end_precision
        How precisely the last date is known.
    language
        ``"fr"`` or ``"en"``.

    Returns
    -------
    str
        The span in words; empty when both dates are unknown.

    Examples
    --------
    >>> period("2018", "2019"), period("2018", "2018")
    ('2018-2019', '2018')
    >>> period("2014-09", "2015-06")
    'de septembre 2014 à juin 2015'
    >>> period("2014-04", "2015-10"), period("2018", None), period(None, "2020")
    ('d’avril 2014 à octobre 2015', 'depuis 2018', 'jusqu’à 2020')
    """
    first = partial_date(start, start_precision, language=language) if start else ""
    last = partial_date(end, end_precision, language=language) if end else ""
    if first == last:
        return first
    if first.isdigit() and last.isdigit():
        return f"{first}-{last}" if language == "fr" else f"{first}–{last}"
    if language == "fr":
        return _period_fr(first, last)
    if not last:
        return f"since {first}"
    return f"from {first} to {last}" if first else f"until {last}"


def _period_fr(first: str, last: str) -> str:
    if first.startswith("vers ") or last.startswith("vers "):
        return _loose_period_fr(first, last)
    of = "d’" if _ELIDED.match(first) else "de "
    if not last:
        return f"depuis {_article(first)}{first}"
    until = f"à {_article(last)}{last}".replace("à le ", "au ")
    if not first:
        return f"jusqu’{until}"
    begin = f"{of}{first}"
    if _article(first):
        begin = {"le ": f"du {first}", "l’": f"de l’{first}"}[_article(first)]
    return f"{begin} {until}"


def _loose_period_fr(first: str, last: str) -> str:
    if first and last:
        return f"{first} – {last}"
    year = (first or last).removeprefix("vers ")
    return f"depuis {year} environ" if first else f"jusqu’à {year} environ"


def _article(text: str) -> str:
    """Days and seasons take an article, months and years none."""
    word = text.split(" ", 1)[0]
    if word in {"hiver", "été", "automne"}:
        return "l’"
    return "le " if word == "printemps" or (text[:1].isdigit() and " " in text) else ""


_BEFORE_MARK = re.compile(r"[ \u00a0\u202f]+([;!?»%€])")
_BEFORE_COLON = re.compile(r"[ \u00a0\u202f]+:")
_AFTER_QUOTE = re.compile(r"«[ \u00a0\u202f]+")
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
_UNIT = re.compile(r"(?<=\d) (?=(?:k€|M€|Md€|€|%|km|ha|an(?:née)?s?\b|mois\b|h\b))")


def no_break(text: str) -> str:
    """Replace the spaces at which a French line must not break.

    Parameters
    ----------
    text
        French text with ordinary spaces.

    Returns
    -------
    str
        The same text; only spaces are changed.

    Examples
    --------
    >>> no_break("« Oui » : 12 k€ ?").replace(NO_BREAK, "_").replace(NARROW, "-")
    '«_Oui_»_: 12_k€-?'
    """
    text = _THOUSANDS.sub(NARROW, text)
    text = _UNIT.sub(NO_BREAK, text)
    text = _BEFORE_COLON.sub(f"{NO_BREAK}:", text)
    text = _AFTER_QUOTE.sub(f"«{NO_BREAK}", text)
    return _BEFORE_MARK.sub(
        lambda match: (NO_BREAK if match[1] in "»%€" else NARROW) + match[1], text
    )
