"""Who may: predicates on the person, and the register of what each app permits.

A permission is granted on any one of its *grounds*. An app writes its own in ``permissions.py``
with ``grant``, which hands the predicate to ``rules`` and keeps the words: from them come the page
that answers « who can see or do what here, and why » and ``docs/reference/permissions.md``.

*When* something is possible (the state of an object) is not told here but by the library.
"""

from __future__ import annotations

from alliage_web.accounts.queries import MEMBER

from .access import (
    Access,
    PersonAccess,
    Reason,
    asked_at,
    candidates,
    enabling_roles,
    reasons_of,
    who_may,
)
from .giving import gives, held_at_kind, may_give, people_who_give, stands_in_for
from .granting import Grant, Ground, grant, grants, reasons
from .predicates import (
    ADMINISTERS,
    CREATED,
    EDITS,
    SIGNED_IN,
    belongs_here,
    created_it,
    holds_here,
    holds_somewhere,
    is_administrator,
    is_anyone,
    is_editor,
    is_signed_in,
)
from .workspaces import may_see_place, may_write_place

__all__ = [
    "ADMINISTERS",
    "CREATED",
    "EDITS",
    "MEMBER",
    "SIGNED_IN",
    "Access",
    "Grant",
    "Ground",
    "PersonAccess",
    "Reason",
    "asked_at",
    "belongs_here",
    "candidates",
    "created_it",
    "enabling_roles",
    "gives",
    "grant",
    "grants",
    "held_at_kind",
    "holds_here",
    "holds_somewhere",
    "is_administrator",
    "is_anyone",
    "is_editor",
    "is_signed_in",
    "may_give",
    "may_see_place",
    "may_write_place",
    "people_who_give",
    "reasons",
    "reasons_of",
    "stands_in_for",
    "who_may",
]
