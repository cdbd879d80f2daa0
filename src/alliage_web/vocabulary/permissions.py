"""Who may change the referentials."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.permissions import EDITS, grant

grant(
    "vocabulary.change_term",
    label=_("Modifier un terme des référentiels"),
    about="platform",
    grounds=[EDITS],
)
grant(
    "vocabulary.add_term",
    label=_("Ajouter un terme aux référentiels"),
    about="platform",
    grounds=[EDITS],
)
