"""Who may read the trail of the whole platform."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.permissions import ADMINISTERS, grant

READ_TRAIL = "audit.read_trail"

grant(
    READ_TRAIL,
    label=_("Lire et exporter le journal de toute la plateforme"),
    about="platform",
    grounds=[ADMINISTERS],
)
