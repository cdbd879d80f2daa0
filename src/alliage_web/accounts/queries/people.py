"""Finding somebody among the people who have an account."""

from __future__ import annotations

from django.db.models import Q

from alliage_web.accounts.models import User

_MOST = 50


def people_named(text: str) -> list[User]:
    """Return the people whose name or address holds a text, by name; the erased are not among them.

    Fifty at most: who is not there is found by writing more.
    """
    people = User.objects.filter(erased_at=None)
    for word in text.split():
        people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
    return list(people.order_by("name", "pk")[:_MOST])
