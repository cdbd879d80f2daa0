"""For which organisations a person acts: they give, receive, apply and sign through people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage_web.accounts.queries import holdings_of, organisations_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User


def organisations_acted_for(user: User | AnonymousUser, *, alliance: str = "") -> frozenset[str]:
    """Return the stable names of the organisations for which a person acts.

    Whoever belongs to an organisation acts for it everywhere. A party member of an alliance acts
    for one there alone: an ``alliance``, named by its stable name, leaves out the others.
    """
    # Party members alone hold a role for an organisation.
    as_party = {
        held.organisation
        for held in holdings_of(user)
        if held.organisation and alliance in {"", held.place}
    }
    return organisations_of(user) | as_party
