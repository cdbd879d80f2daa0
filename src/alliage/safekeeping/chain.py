"""A chain of records in which each carries the digest of the one before.

A record is a JSON object with at least ``position`` (from 1), ``previous`` (digest of the record
before, or `START`) and ``digest``. What tells of a person stands in ``personal``, apart: the digest
covers only a salted commitment to it, so that it can be erased without breaking the chain. Nothing
here reads a database: the same functions check a table and an exported file.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Record = Mapping[str, Any]

#: What stands for the digest before the first record.
START = "0" * 64
_MOST_BREAKS = 1000


def commitment(salt: str, value: Any) -> str:
    """Give a digest that proves a value to whoever has its salt, and hides it from the others.

    Parameters
    ----------
    salt : str
        Bytes drawn at random, in hexadecimal.
    value : Any
        A JSON value.

    Returns
    -------
    str
        SHA-256 of the bytes of the salt followed by the canonical value (RFC 8785), in hexadecimal.

    Raises
    ------
    ValueError
        If the value has no canonical form: a number that is not finite or beyond ±(2⁵³ − 1), half a
        character, or what is not a JSON value.

    Examples
    --------
    >>> commitment("00ff", ["before", "after"])[:16]
    '02c3019d056b4194'
    """
    return sha256(bytes.fromhex(salt) + rfc8785.dumps(value)).hexdigest()


def digest_of(record: Record) -> str:
    """Give the digest that a record must carry.

    Parameters
    ----------
    record : mapping
        The record. Its own ``digest`` is left out, and so are ``salt`` and ``value`` in each
        member of ``personal``.

    Returns
    -------
    str
        SHA-256 of the canonical form of the rest, in hexadecimal.

    Raises
    ------
    ValueError
        If the record has no canonical form (see `commitment`).

    Notes
    -----
    Source: Rundgren, Jordan and Erdtman, RFC 8785 (2020), JSON Canonicalization Scheme.
    """
    covered = {name: value for name, value in record.items() if name != "digest"}
    if personal := covered.get("personal"):
        covered["personal"] = {
            name: {key: value for key, value in kept.items() if key not in {"salt", "value"}}
            for name, kept in personal.items()
        }
    return sha256(rfc8785.dumps(covered)).hexdigest()


class Fault(StrEnum):
    """How a chain breaks."""

    ALTERED = "altered"
    """The content is not what its digest says."""
    MISSING = "missing"
    """One or more positions are not there."""
    REPEATED = "repeated"
    """The position was already met, or comes after a higher one."""
    PREVIOUS = "previous"
    """The record does not follow the one before."""
    PERSONAL = "personal"
    """A personal value is not the one that was committed to."""
    UNREADABLE = "unreadable"
    """What stands there is no record."""
    ANCHOR = "anchor"
    """The digest that was noted elsewhere is nowhere: the end was cut, or all was written anew."""
    UNSEALED = "unsealed"
    """Something was written that could not enter the chain."""


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a chain breaks. ``position`` is None where it cannot be told."""

    fault: Fault
    position: int | None
    detail: str

    def __str__(self) -> str:
        place = "" if self.position is None else f"position {self.position}: "
        return f"{place}{self.detail}"


@dataclass(slots=True)
class Verdict:
    """What walking a chain found."""

    count: int = 0
    """Records read."""
    head: str = START
    """Digest of the last record."""
    anchor: int | None = None
    """Position of the digest that was looked for."""
    faults: int = 0
    """Breaks, those that are not kept in ``breaks`` included."""
    breaks: list[Break] = field(default_factory=list)
    """The first breaks, a thousand at most."""

    @property
    def is_whole(self) -> bool:
        return not self.faults

    def add(self, fault: Fault, position: int | None, detail: str) -> None:
        """Count a break, and keep it if it is one of the first."""
        self.faults += 1
        if len(self.breaks) < _MOST_BREAKS:
            self.breaks.append(Break(fault, position, detail))


def verify(
    records: Iterable[Record | UnreadableLine], *, expect: str = "", extract: bool = False
) -> Verdict:
    """Walk a chain and say where it breaks.

    Parameters
    ----------
    records : iterable of mappings
        The records in the order of their positions; read once, one after the other.
    expect : str
        A digest noted earlier, elsewhere. Without it, nothing tells that the last records were not
        removed, nor that the whole chain was not made anew.
    extract : bool
        Whether the records are chosen ones: positions may then be missing.

    Returns
    -------
    Verdict
        How many records there are, the last digest, and the breaks.

    Examples
    --------
    >>> first = {"position": 1, "previous": START, "kind": "alliance.created"}
    >>> first["digest"] = digest_of(first)
    >>> verify([first]).is_whole
    True
    >>> [str(found) for found in verify([first | {"kind": "alliance.removed"}]).breaks]
    ['position 1: its content is not the one that was sealed']
    """
    walk = _Walk(expect, extract)
    for record in records:
        walk.step(record)
    verdict = walk.verdict
    if expect and verdict.anchor is None:
        verdict.add(
            Fault.ANCHOR,
            None,
            f"the digest {expect} is nowhere in the chain: its end was cut, or it was written anew",
        )
    return verdict


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """A line of a file that holds no record."""

    line: int
    reason: str


class _Walk:
    def __init__(self, expect: str, extract: bool) -> None:  # noqa: FBT001
        self.expect, self.extract = expect, extract
        self.verdict = Verdict()
        self.position = 0

    def step(self, record: Record | UnreadableLine) -> None:
        verdict = self.verdict
        if isinstance(record, UnreadableLine):
            verdict.add(Fault.UNREADABLE, None, f"line {record.line}: {record.reason}")
            return
        verdict.count += 1
        position, digest = record["position"], record["digest"]
        self._check_place(record, position)
        self._check_content(record, position)
        self.position, verdict.head = position, digest
        if self.expect and digest == self.expect:
            verdict.anchor = position

    def _check_place(self, record: Record, position: int) -> None:
        follows = position == self.position + 1
        if position <= self.position:
            self.verdict.add(Fault.REPEATED, position, f"it comes after position {self.position}")
        elif not follows and not self.extract:
            absent = f"{self.position + 1} to {position - 1}"
            self.verdict.add(Fault.MISSING, position, f"the positions {absent} are missing")
        elif follows and not self._follows(record):
            self.verdict.add(
                Fault.PREVIOUS, position, f"it does not follow the record at {self.position}"
            )

    def _follows(self, record: Record) -> bool:
        previous: str = record["previous"]
        return previous == self.verdict.head

    def _check_content(self, record: Record, position: int) -> None:
        try:
            sealed = digest_of(record) == record["digest"]
        except ValueError:
            sealed = False
        if not sealed:
            self.verdict.add(Fault.ALTERED, position, "its content is not the one that was sealed")
        for name, kept in (record.get("personal") or {}).items():
            if not _keeps_its_word(kept):
                self.verdict.add(
                    Fault.PERSONAL,
                    position,
                    f"the personal value « {name} » is not the one that was recorded",
                )


def _keeps_its_word(kept: Mapping[str, Any]) -> bool:
    """Tell whether a personal value is the one committed to; one that is erased says nothing."""
    if "salt" not in kept and "value" not in kept:
        return True  # left out of an export
    salt, value = kept.get("salt"), kept.get("value")
    if salt is None or value is None:
        return salt is None and value is None
    try:
        return bool(commitment(salt, value) == kept["commitment"])
    except ValueError:
        return False


def read_lines(lines: Iterable[str | bytes]) -> Iterator[Record | UnreadableLine]:
    """Read records from JSON Lines, one record a line.

    Parameters
    ----------
    lines : iterable of str or bytes
        The lines of a file; empty ones are passed over.

    Yields
    ------
    mapping or UnreadableLine
        A record, or the number of a line that holds none and why.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _read_line(number, line)


def _read_line(number: int, line: str | bytes) -> Record | UnreadableLine:
    try:
        found = json.loads(line, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        return UnreadableLine(number, f"it cannot be read: {error}")
    problem = _problem(found)
    return UnreadableLine(number, problem) if problem else found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name written twice: two readers could then read two different records."""
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(
            name for name, count in Counter(name for name, _ in pairs).items() if count > 1
        )
        msg = f"« {twice} » is written twice"
        raise ValueError(msg)
    return members


def _problem(found: Any) -> str:
    if not isinstance(found, dict):
        return "not a JSON object"
    for name, kind in (("position", int), ("previous", str), ("digest", str)):
        if not isinstance(found.get(name), kind) or isinstance(found[name], bool):
            return f"« {name} » is missing or is not a {'number' if kind is int else 'text'}"
    personal = found.get("personal")
    if personal is not None and not _is_personal(personal):
        return "« personal » is not an object of objects with a commitment"
    return ""


def _is_personal(personal: Any) -> bool:
    return isinstance(personal, dict) and all(
        isinstance(kept, dict) and isinstance(kept.get("commitment"), str)
        for kept in personal.values()
    )
