"""Who may see and fill the workspace of a fund, and read its trail.

The public page of a fund is for everyone. Auditors see all that its officers see, and write
nothing.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.permissions import ADMINISTERS, Ground, grant, holds_here

SEE_WORKSPACE = "fund.see_workspace"
WRITE_WORKSPACE = "fund.write_workspace"
READ_TRAIL = "fund.read_trail"
INVITE = "fund.invite"

_OFFICER = Ground(holds_here(Role.FUND_OFFICER), _("gère le fonds"))
_REVIEWER = Ground(holds_here(Role.REVIEWER), _("instruit les dossiers du fonds"))
_COMMITTEE = Ground(holds_here(Role.COMMITTEE_MEMBER), _("siège au comité du fonds"))
_AUDITOR = Ground(holds_here(Role.FUND_AUDITOR), _("audite le fonds"))
_READER = Ground(holds_here(Role.READER), _("lit l’espace de travail du fonds"))

grant(
    SEE_WORKSPACE,
    label=_("Voir l’espace de travail du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _REVIEWER, _COMMITTEE, _AUDITOR, _READER],
)
grant(
    WRITE_WORKSPACE,
    label=_("Ajouter des documents à l’espace de travail du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER],
)
grant(
    READ_TRAIL,
    label=_("Lire le journal du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _AUDITOR],
)
grant(
    INVITE,
    label=_("Inviter des instructeurs, des membres du comité et des lecteurs"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER],
)
