"""Erasing what the trail tells of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage_web.audit.models import PersonalValue

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator


@transaction.atomic
def erase_personal(*, about: str) -> int:
    """Remove for good the personal values about somebody, and their salts; the chain still holds.

    Return how many were removed: a second call finds none. The action that calls says in the trail
    that it did so, and for whom.
    """
    kept = PersonalValue.objects.filter(about=about, salt__isnull=False)
    return kept.update(salt=None, value=None)


@transaction.atomic
def erase_personal_holding(*, pattern: re.Pattern[str]) -> int:
    """Remove the personal values in which a text matches, whoever they are about.

    ``pattern`` finds an address and not those that contain it. Return how many were removed.
    """
    kept = PersonalValue.objects.filter(salt__isnull=False).values_list("pk", "value")
    keys = [
        key for key, value in kept.iterator() if any(pattern.search(text) for text in _texts(value))
    ]
    return PersonalValue.objects.filter(pk__in=keys).update(salt=None, value=None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for told in value.values() if isinstance(value, dict) else value:
            yield from _texts(told)
