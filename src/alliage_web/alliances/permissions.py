"""Who may write alliances, and see and fill their workspaces.

A catalyst facilitates the alliances of a perimeter: those of which one territory at least lies
wholly within the territory where the role is held. The catalyst of a department facilitates the
alliance of one of its communes; the catalyst of a commune does not facilitate the alliance of the
whole department, which others make too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.permissions import (
    ADMINISTERS,
    CREATED,
    EDITS,
    SIGNED_IN,
    Ground,
    grant,
    holds_here,
)
from alliage_web.accounts.queries import holdings_of

from .queries import Part, facilitated_by

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

    from .queries import AllianceStory


def may(user: User | AnonymousUser, permission: str, target: AllianceStory | Part) -> bool:
    """Ask what a person may about the values of an alliance, when its row was not kept."""
    allowed: bool = rules.has_perm(permission, user, target)
    return allowed


@rules.predicate
def facilitates(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and target.id in facilitated_by(user)


@rules.predicate
def writes_a_part(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a person writes this part, or some part of this alliance."""
    return target is not None and any(
        held.role == Role.PARTY_MEMBER
        and held.place == target.stable_name
        and (not isinstance(target, Part) or held.organisation == target.organisation)
        for held in holdings_of(user)
    )


_FACILITATES = Ground(facilitates, _("anime un périmètre où agit l’alliance"))
_PARTY_MEMBER = Ground(
    holds_here(Role.PARTY_MEMBER), _("agit pour une partie prenante de l’alliance")
)
_READER_HERE = Ground(holds_here(Role.READER), _("lit l’espace de travail de l’alliance"))

grant(
    "alliances.add_alliance",
    label=_("Décrire une alliance"),
    about="platform",
    grounds=[SIGNED_IN],
)
grant(
    "alliances.change_alliance",
    label=_("Modifier la fiche de l’alliance"),
    about="alliance",
    grounds=[EDITS, CREATED, _FACILITATES],
)
grant(
    "alliances.change_part",
    label=_("Dire la part de son organisation dans l’alliance"),
    about="alliance",
    grounds=[
        EDITS,
        CREATED,
        _FACILITATES,
        Ground(writes_a_part, _("agit dans l’alliance pour cette organisation")),
    ],
)
grant(
    "alliances.see_workspace",
    label=_("Voir l’espace de travail de l’alliance et son historique"),
    about="alliance",
    grounds=[EDITS, CREATED, _FACILITATES, _PARTY_MEMBER, _READER_HERE],
)
grant(
    "alliances.write_workspace",
    label=_("Ajouter des documents à l’espace de travail de l’alliance"),
    about="alliance",
    grounds=[EDITS, CREATED, _FACILITATES, _PARTY_MEMBER],
)
grant(
    "alliances.invite",
    label=_("Inviter des parties prenantes et des lecteurs dans l’alliance"),
    about="alliance",
    grounds=[ADMINISTERS, CREATED, _FACILITATES],
)
