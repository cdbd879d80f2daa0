"""Columns of a file of respondents that name people: the observatory neither needs nor keeps them.

A column is suspected by its name, its label, or the shape of its answers. The test is meant to be
too careful: whoever sends the file drops the column or says that it names nobody.
See ``docs/algorithms/observatory-identifiers.md``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.survey import Table

#: Share of the answers of a column that must have the shape: answers in free text hold some too.
_SHARE = 0.2
#: How many of these are enough whatever their share: a few addresses in a comment name people.
_ENOUGH = 5


class IdentifierKind(StrEnum):
    """What a column seems to hold."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    NETWORK = "network"
    NUMBER = "number"
    BIRTH = "birth"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A column that seems to name people.

    Attributes
    ----------
    column
        Its name.
    kind
        What it seems to hold.
    row
        The first row whose answer has the shape, counted from 1; ``None`` where the name of the
        column, or its label, gives it away. The answer itself is not told.
    """

    column: str
    kind: IdentifierKind
    row: int | None


#: Words of a name or label, without accents. Whole words: « nom » is not « nombre ».
_WORDS: dict[IdentifierKind, tuple[str, ...]] = {
    IdentifierKind.NAME: (
        "nom", "noms", "prenom", "prenoms", "surname", "lastname", "firstname", "fullname",
        "last name", "first name", "full name", "patronyme", "nom de famille",
    ),
    IdentifierKind.EMAIL: ("email", "e mail", "mail", "courriel", "adresse electronique"),
    IdentifierKind.PHONE: ("tel", "telephone", "phone", "mobile", "portable", "gsm"),
    IdentifierKind.ADDRESS: ("adresse", "address", "rue", "street"),
    IdentifierKind.NETWORK: ("ip", "adresse ip", "ip address", "ipaddress"),
    IdentifierKind.NUMBER: ("nir", "securite sociale", "numero de securite sociale", "iban"),
    IdentifierKind.BIRTH: ("date de naissance", "birthdate", "birth date", "date of birth", "dob"),
}  # fmt: skip
#: Of a label, which is a whole sentence, only what no question says.
_IN_LABELS = frozenset(
    {
        "nom de famille", "prenom", "adresse electronique", "courriel", "email", "e mail",
        "adresse ip", "ip address", "numero de securite sociale", "date de naissance",
        "date of birth", "full name", "last name", "first name", "iban",
    }
)  # fmt: skip

#: Sex, year, month, department, commune, order, key.
_SOCIAL_SECURITY = (
    r"^\s*[12]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])"
    r"(?:\s?\d{3}){2}(?:\s?\d{2})?\s*$"
)
_STREET = (
    r"(?i)^\s*\d{1,4}\s?(?:bis|ter)?,?\s+(?:rue|avenue|av\.?|boulevard|bd|place|chemin|impasse|"
    r"allée|route|quai|square|cours)\s+\p{L}"
)
#: Shapes of answers, in the dialect of Polars (Rust): no look-around.
_SHAPES: tuple[tuple[IdentifierKind, str], ...] = (
    (IdentifierKind.EMAIL, r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}"),
    (IdentifierKind.PHONE, r"^\s*(?:\+|00)?(?:33|0)\s?\(?0?\)?[1-9](?:[\s.\-]?\d{2}){4}\s*$"),
    (IdentifierKind.NETWORK, r"^\s*(?:\d{1,3}\.){3}\d{1,3}\s*$"),
    (IdentifierKind.NUMBER, _SOCIAL_SECURITY),
    (IdentifierKind.NUMBER, r"^\s*FR\d{2}(?:\s?[0-9A-Z]{4}){5}\s?[0-9A-Z]{3}\s*$"),
    (IdentifierKind.ADDRESS, _STREET),
)
#: Beside one of these words, a name is that of a place.
_PLACES = frozenset(
    {
        "region", "regions", "commune", "communes", "ville", "departement", "epci", "territoire",
        "pays", "canton",
    }
)  # fmt: skip


def direct_identifiers(table: Table) -> tuple[Identifier, ...]:
    """Find the columns that seem to name people.

    Parameters
    ----------
    table : Table
        The respondents.

    Returns
    -------
    tuple of Identifier
        One for each column, in the order of the file.

    Examples
    --------
    >>> from alliage.survey import Table
    >>> rows = pl.DataFrame({"q1": [1, 2], "Prénom": ["A", "B"], "contact": ["a@b.fr", "c@d.fr"]})
    >>> [(one.column, one.kind.value, one.row) for one in direct_identifiers(Table.of(rows))]
    [('Prénom', 'name', None), ('contact', 'email', 1)]
    """
    found = []
    for name in table.frame.columns:
        described = table.variables.get(name)
        kind = _said(_plain(name), whole=True) or _said(
            _plain(described.label if described else ""), whole=False
        )
        if kind is not None:
            found.append(Identifier(name, kind, None))
        elif (shaped := _shaped(table.frame.get_column(name))) is not None:
            found.append(Identifier(name, *shaped))
    return tuple(found)


def without_columns(table: Table, columns: Iterable[str]) -> Table:
    """Return a table without some columns, nor what is said of them.

    Examples
    --------
    >>> from alliage.survey import Table
    >>> table = Table.of(pl.DataFrame({"q1": [1], "nom": ["A"]}))
    >>> without_columns(table, ["nom"]).frame.columns
    ['q1']
    """
    gone = set(columns)
    sets = {name: one for name, one in table.sets.items() if gone.isdisjoint(one.variables)}
    return replace(
        table,
        frame=table.frame.drop([name for name in table.frame.columns if name in gone]),
        variables={name: one for name, one in table.variables.items() if name not in gone},
        sets=sets,
    )


def _plain(text: str) -> str:
    """Write a text in small letters without accents, its words one space apart."""
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", text)
    letters = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z]+", letters))


def _said(text: str, *, whole: bool) -> IdentifierKind | None:
    """Find what a name or a label gives away."""
    if not _PLACES.isdisjoint(text.split()):
        return None
    padded = f" {text} "
    for kind, words in _WORDS.items():
        for word in words:
            if (whole or word in _IN_LABELS) and f" {word} " in padded:
                return kind
    return None


def _shaped(series: pl.Series) -> tuple[IdentifierKind, int] | None:
    """Find what the answers give away, and the first row that does."""
    if series.dtype.is_numeric():
        # Telephone and social security numbers lose their first zero, or nothing, as numbers.
        # Files of SPSS, and columns where an answer is missing, hold them with decimals.
        return _numbers(series)
    if series.dtype in {pl.Categorical, pl.Enum}:
        series = series.cast(pl.String)
    if series.dtype != pl.String:
        return None
    answered = len(series) - series.null_count()
    for kind, shape in _SHAPES:
        hits = series.str.contains(shape).fill_null(value=False)
        count = int(hits.sum())
        if count and (count >= _ENOUGH or count >= _SHARE * answered):
            return kind, (hits.arg_max() or 0) + 1
    return None


def _numbers(series: pl.Series) -> tuple[IdentifierKind, int] | None:
    ranges = (
        (IdentifierKind.PHONE, 100_000_000, 999_999_999),
        (IdentifierKind.PHONE, 33_100_000_000, 33_999_999_999),
        (IdentifierKind.NUMBER, 1_000_000_000_000, 2_999_999_999_999),
        (IdentifierKind.NUMBER, 100_000_000_000_000, 299_999_999_999_999),
    )
    wide = series.cast(pl.Int64, strict=False)
    answered = len(wide) - wide.null_count()
    for kind, low, high in ranges:
        hits = ((wide >= low) & (wide <= high)).fill_null(value=False)
        count = int(hits.sum())
        # Weights and identifiers of an institute may be large too: most of the answers must be so.
        if count and count > answered / 2 and series.n_unique() > 1:
            return kind, (hits.arg_max() or 0) + 1
    return None
