"""Who may write about organisations, and see and fill their workspaces."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.permissions import (
    ADMINISTERS,
    CREATED,
    EDITS,
    SIGNED_IN,
    Ground,
    belongs_here,
    grant,
    holds_here,
)

_MEMBER = Ground(belongs_here, _("appartient à l’organisation"))
_READER_HERE = Ground(holds_here(Role.READER), _("lit l’espace de travail de l’organisation"))

grant(
    "actors.add_organisation",
    label=_("Inscrire une organisation dans l’annuaire"),
    about="platform",
    grounds=[SIGNED_IN],
)
grant(
    "actors.change_organisation",
    label=_("Modifier la fiche de l’organisation"),
    about="organisation",
    grounds=[EDITS, CREATED],
)
grant(
    "actors.merge_organisation",
    label=_("Fusionner des organisations en double"),
    about="organisation",
    grounds=[EDITS],
)
grant(
    "actors.see_workspace",
    label=_("Voir l’espace de travail de l’organisation et son historique"),
    about="organisation",
    grounds=[EDITS, CREATED, _MEMBER, _READER_HERE],
)
grant(
    "actors.write_workspace",
    label=_("Ajouter des documents à l’espace de travail de l’organisation"),
    about="organisation",
    grounds=[EDITS, CREATED, _MEMBER],
)
grant(
    "actors.manage_contacts",
    label=_("Ajouter, modifier et retirer les contacts de l’organisation"),
    about="organisation",
    grounds=[EDITS, CREATED, _MEMBER],
)
grant(
    "actors.invite",
    label=_("Inviter des membres et des lecteurs dans l’organisation"),
    about="organisation",
    grounds=[ADMINISTERS, _MEMBER],
)
