"""Who may draw and change a perimeter, and see and fill the workspace of a territory."""

from __future__ import annotations

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

ADD_PERIMETER = "territories.add_perimeter"
CHANGE_PERIMETER = "territories.change_perimeter"
SEE_WORKSPACE = "territories.see_workspace"
WRITE_WORKSPACE = "territories.write_workspace"

_CATALYST_HERE = Ground(holds_here(Role.CATALYST), _("est catalyseur de ce territoire"))

grant(
    ADD_PERIMETER, label=_("Tracer un périmètre de projet"), about="platform", grounds=[SIGNED_IN]
)
grant(
    CHANGE_PERIMETER,
    label=_("Modifier un périmètre de projet"),
    about="perimeter",
    grounds=[EDITS, CREATED],
)
grant(
    SEE_WORKSPACE,
    label=_("Voir l’espace de travail du territoire et son historique"),
    about="territory",
    grounds=[ADMINISTERS, _CATALYST_HERE],
)
grant(
    WRITE_WORKSPACE,
    label=_("Ajouter des documents à l’espace de travail du territoire"),
    about="territory",
    grounds=[ADMINISTERS, _CATALYST_HERE],
)
