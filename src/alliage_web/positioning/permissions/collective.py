"""Who may read what those who agreed answered together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import rules
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.permissions import Ground, grant, holds_here
from alliage_web.accounts.queries import roles_at
from alliage_web.accounts.queries.own_places import OBSERVATORY

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

READ_COLLECTIVE: Final = "positioning.read_collective"


@rules.predicate
def researches(user: User | AnonymousUser, _target: Any = None) -> bool:
    return Role.RESEARCHER in roles_at(user, OBSERVATORY)


# Who administers the platform keeps it running; what people answered is not theirs to read.
grant(
    READ_COLLECTIVE,
    label=_("Lire les réponses à « Se situer » mises ensemble sur ce territoire"),
    about="territory",
    grounds=[
        Ground(researches, _("fait de la recherche à l’observatoire")),
        Ground(holds_here(Role.CATALYST), _("est catalyseur de ce territoire")),
    ],
)
