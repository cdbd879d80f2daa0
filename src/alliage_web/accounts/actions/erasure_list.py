"""The list of the people erased, kept outside the database, so that a restore forgets nobody.

A backup made before an erasure still names the person. The list says who must be erased again after
it is restored. It names nobody: a number, and the moment at which the account was created, without
which a number that was given again to somebody else would erase them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from alliage_web.accounts.models import User


class UnreadableListError(Exception):
    """The file is not a list of erasures; the message says which line, and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Somebody who was erased."""

    erased_at: str
    person: int
    joined_at: str


def keep_list() -> int:
    """Write the list with those that the database knows, and return how many it holds.

    What the file held stays: after a restore it knows more than the database. The file is replaced
    at once, so that whoever copies it never finds half of it.

    Raises
    ------
    UnreadableListError
        The file that stands there is not such a list.
    """
    lines = read_list() | _known()
    path = Path(settings.ALLIAGE_ERASURES)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(asdict(line))}\n" for line in sorted(lines))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return len(lines)


def read_list() -> set[Line]:
    """Read the list; nothing when there is no file yet.

    Raises
    ------
    UnreadableListError
        A line is not one of such a list.
    """
    path = Path(settings.ALLIAGE_ERASURES)
    if not path.exists():
        return set()
    lines = set()
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            said = json.loads(text)
            line = Line(str(said["erased_at"]), int(said["person"]), str(said["joined_at"]))
            dt.datetime.fromisoformat(line.joined_at)
        except (ValueError, TypeError, KeyError) as error:
            msg = (
                f"Line {number} of {path} is not one of a list of erasures. Put back a copy of the "
                "file, or remove the line if nobody is missing."
            )
            raise UnreadableListError(msg) from error
        lines.add(line)
    return lines


def to_erase_again() -> list[User]:
    """Return the people of the list whom a restore brought back, in the order of their keys."""
    listed = {(line.person, line.joined_at) for line in read_list()}
    people = User.objects.filter(pk__in=[key for key, _joined in listed], erased_at=None)
    return [
        person
        for person in people.order_by("pk")
        if (person.pk, _moment(person.date_joined)) in listed
    ]


def _known() -> set[Line]:
    erased = User.objects.exclude(erased_at=None).values_list("erased_at", "pk", "date_joined")
    return {Line(_moment(at), key, _moment(joined)) for at, key, joined in erased if at}


def _moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat()
