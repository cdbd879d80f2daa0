"""What is permitted on the platform as a whole and at the observatory."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role

from .granting import Ground, grant
from .predicates import ADMINISTERS, EDITS, holds_here

GIVE_ANY_ROLE: Final = "accounts.give_any_role"
ERASE_PEOPLE: Final = "accounts.erase_people"
SEE_PLATFORM: Final = "accounts.see_platform"
WRITE_PLATFORM: Final = "accounts.write_platform"
SEE_OBSERVATORY: Final = "accounts.see_observatory"
WRITE_OBSERVATORY: Final = "accounts.write_observatory"

_RESEARCHES = Ground(holds_here(Role.RESEARCHER), _("fait de la recherche à l’observatoire"))

grant(
    GIVE_ANY_ROLE,
    label=_("Donner, prolonger et retirer tout rôle, partout"),
    about="platform",
    grounds=[ADMINISTERS],
)
grant(
    ERASE_PEOPLE,
    label=_("Effacer une personne qui le demande"),
    about="platform",
    grounds=[ADMINISTERS],
)
grant(
    SEE_PLATFORM,
    label=_("Voir l’espace de la plateforme"),
    about="platform",
    grounds=[EDITS],
)
grant(
    WRITE_PLATFORM,
    label=_("Ajouter des documents à l’espace de la plateforme"),
    about="platform",
    grounds=[ADMINISTERS],
)
grant(
    SEE_OBSERVATORY,
    label=_("Voir l’espace de l’observatoire"),
    about="observatory",
    grounds=[
        ADMINISTERS,
        _RESEARCHES,
        Ground(holds_here(Role.READER), _("a la lecture de l’observatoire")),
    ],
)
grant(
    WRITE_OBSERVATORY,
    label=_("Ajouter des documents à l’espace de l’observatoire"),
    about="observatory",
    grounds=[ADMINISTERS, _RESEARCHES],
)
