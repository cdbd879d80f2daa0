"""A release cut in parts, so that a page reads only what it shows, and their fingerprints."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import rfc8785
from pydantic import TypeAdapter, ValidationError

from alliage.observatory.releases.values import (
    Cell,
    Covariance,
    Head,
    Network,
    Ranking,
    Release,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_Read = TypeVar("_Read")

#: The version of the format of the parts.
FORMAT = 1


class PartKind(StrEnum):
    """What a part of a release holds."""

    HEAD = "head"
    TABLE = "table"
    COVARIANCE = "covariance"
    RANKING = "ranking"
    NETWORK = "network"


class UnreadablePartError(ValueError):
    """A part of a release is not what this version of Alliage writes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a release that is read alone.

    Attributes
    ----------
    kind
        What it holds.
    question, breakdown, group
        Their codes; empty where the part is not about one.
    content
        A plain dictionary, as JSON keeps it.
    """

    kind: PartKind
    question: str
    breakdown: str
    group: str
    content: Mapping[str, Any]

    def canonical(self) -> bytes:
        """Return the content as canonical JSON (RFC 8785): the same bytes everywhere."""
        return rfc8785.dumps(dict(self.content))

    @property
    def sha256(self) -> str:
        """The fingerprint of the content."""
        return hashlib.sha256(self.canonical()).hexdigest()


def parts_of(release: Release) -> tuple[Part, ...]:
    """Return a release cut in parts: its head, then its figures.

    A part may be read alone: each one of an invented wave says that it is.
    """
    mark = {"synthetic": True} if release.head.synthetic else {}
    return (
        Part(PartKind.HEAD, "", "", "", {"format": FORMAT, **_plain(release.head)}),
        *(
            Part(PartKind.TABLE, one.question, one.breakdown, "", _plain(one) | mark)
            for one in release.tables
        ),
        *(
            Part(PartKind.COVARIANCE, one.question, one.breakdown, "", _packed(one) | mark)
            for one in release.covariances
        ),
        *(
            Part(PartKind.RANKING, one.question, one.breakdown, one.group, _plain(one) | mark)
            for one in release.rankings
        ),
        *(
            Part(PartKind.NETWORK, one.question, one.breakdown, one.group, _plain(one) | mark)
            for one in release.networks
        ),
    )


def assembled(parts: Iterable[Part]) -> Release:
    """Put a release together again.

    Raises
    ------
    UnreadablePartError
        If the head is absent, or a part cannot be read.
    """
    head: Head | None = None
    tables: list[Table] = []
    covariances: list[Covariance] = []
    rankings: list[Ranking] = []
    networks: list[Network] = []
    for part in parts:
        if part.kind is PartKind.HEAD:
            head = head_of(part.content)
        elif part.kind is PartKind.TABLE:
            tables.append(table_of(part.content))
        elif part.kind is PartKind.COVARIANCE:
            covariances.append(covariance_of(part.content))
        elif part.kind is PartKind.RANKING:
            rankings.append(ranking_of(part.content))
        else:
            networks.append(network_of(part.content))
    if head is None:
        msg = "The parts hold no head: what the release is about is not known. Give every part."
        raise UnreadablePartError(msg)
    return Release(head, tuple(tables), tuple(covariances), tuple(rankings), tuple(networks))


def head_of(content: Mapping[str, Any]) -> Head:
    """Read a head.

    Raises
    ------
    UnreadablePartError
        If it is in another format than :data:`FORMAT`, or damaged.
    """
    fields = dict(content)
    found = fields.pop("format", None)
    if found != FORMAT:
        msg = f"The release is in format {found!r}; this version reads format {FORMAT}."
        raise UnreadablePartError(msg)
    return _read(_HEAD, fields)


def table_of(content: Mapping[str, Any]) -> Table:
    """Read a table.

    Raises
    ------
    UnreadablePartError
        If it is damaged.
    """
    return _read(_TABLE, content)


def ranking_of(content: Mapping[str, Any]) -> Ranking:
    """Read a ranking.

    Raises
    ------
    UnreadablePartError
        If it is damaged.
    """
    return _read(_RANKING, content)


def network_of(content: Mapping[str, Any]) -> Network:
    """Read a network.

    Raises
    ------
    UnreadablePartError
        If it is damaged.
    """
    return _read(_NETWORK, content)


def covariance_of(content: Mapping[str, Any]) -> Covariance:
    """Read covariances.

    Raises
    ------
    UnreadablePartError
        If they are damaged.
    """
    try:
        places = tuple((int(row), int(column)) for row, column in content["places"])
        upper = np.frombuffer(base64.b64decode(content["values"], validate=True), dtype="<f4")
        values = np.zeros((len(places), len(places)))
        values[np.triu_indices(len(places))] = upper
        return Covariance(
            question=content["question"],
            breakdown=content["breakdown"],
            places=places,
            values=np.triu(values) + np.triu(values, 1).T,
            degrees=float(content["degrees"]),
        )
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        msg = f"Covariances of a release cannot be read: {error}."
        raise UnreadablePartError(msg) from error


def fingerprint(parts: Iterable[Part]) -> str:
    """Return the fingerprint of a release: that of the list of its parts, in any order.

    Examples
    --------
    >>> a = Part(PartKind.HEAD, "", "", "", {"wave": "2022"})
    >>> b = Part(PartKind.TABLE, "q1", "region", "", {"rows": []})
    >>> fingerprint([a, b]) == fingerprint([b, a])
    True
    >>> fingerprint([a]) == fingerprint([a, b])
    False
    """
    return fingerprint_of_lines(
        (one.kind.value, one.question, one.breakdown, one.group, one.sha256) for one in parts
    )


def fingerprint_of_lines(lines: Iterable[tuple[str, str, str, str, str]]) -> str:
    """Return the fingerprint of a release from what tells its parts.

    Parameters
    ----------
    lines : iterable of tuple
        Kind, question, breakdown, group and fingerprint of each part, in any order.

    Examples
    --------
    >>> a = Part(PartKind.HEAD, "", "", "", {"wave": "2022"})
    >>> fingerprint_of_lines([("head", "", "", "", a.sha256)]) == fingerprint([a])
    True
    """
    return hashlib.sha256(rfc8785.dumps(sorted(list(line) for line in lines))).hexdigest()


_HEAD = TypeAdapter(Head)
_TABLE = TypeAdapter(Table)
_RANKING = TypeAdapter(Ranking)
_NETWORK = TypeAdapter(Network)


def _read(adapter: TypeAdapter[_Read], content: Mapping[str, Any]) -> _Read:
    try:
        return adapter.validate_python(dict(content))
    except ValidationError as error:
        msg = f"A part of a release cannot be read: {error}"
        raise UnreadablePartError(msg) from error


def _plain(value: Any) -> Any:
    """Return a value as JSON keeps it; what is absent from a cell is left out."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if not dataclasses.is_dataclass(value):
        return value
    fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Cell):
        return {name: one for name, one in fields.items() if one is not None and one != ""}
    return fields


def _packed(one: Covariance) -> dict[str, Any]:
    """Return covariances as their upper triangle in 32-bit numbers, little end first."""
    upper = one.values[np.triu_indices(len(one.places))].astype("<f4")
    return {
        "question": one.question,
        "breakdown": one.breakdown,
        "places": [list(place) for place in one.places],
        "values": base64.b64encode(upper.tobytes()).decode("ascii"),
        "degrees": one.degrees,
    }
