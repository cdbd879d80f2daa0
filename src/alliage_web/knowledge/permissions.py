"""Who may write, read before publication, review and publish.

A draft is read by its author and by editors, and by nobody else. An author writes a draft, sends it
to review and takes it back; what is in review or published is in the hands of the editors. Nobody
publishes what they wrote, save an administrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import rules
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.permissions import (
    ADMINISTERS,
    EDITS,
    SIGNED_IN,
    Ground,
    grant,
    is_editor,
)

from .models import EntryState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

    from .models import Entry


@rules.predicate
def is_author(user: User | AnonymousUser, entry: Entry | None = None) -> bool:
    return entry is not None and user.is_active and entry.author_id == user.pk


@rules.predicate
def is_draft(_user: User | AnonymousUser, entry: Entry | None = None) -> bool:
    return entry is not None and entry.state == EntryState.DRAFT


@rules.predicate
def is_published(_user: User | AnonymousUser, entry: Entry | None = None) -> bool:
    return entry is not None and entry.state == EntryState.PUBLISHED


_AUTHOR = Ground(is_author, _("a écrit la fiche"))

grant(
    "knowledge.add_entry",
    label=_("Écrire un exemple, un outil, une publication ou un événement"),
    about="platform",
    grounds=[SIGNED_IN],
)
grant(
    "knowledge.view_entry",
    label=_("Lire la fiche"),
    about="entry",
    grounds=[Ground(is_published, _("comme tout le monde : la fiche est publiée")), EDITS, _AUTHOR],
)
grant(
    "knowledge.change_entry",
    label=_("Modifier la fiche"),
    about="entry",
    grounds=[EDITS, Ground(is_author & is_draft, _("a écrit la fiche, qui est un brouillon"))],
)
grant(
    "knowledge.submit_entry",
    label=_("Envoyer la fiche en relecture"),
    about="entry",
    grounds=[_AUTHOR, EDITS],
)
grant(
    "knowledge.withdraw_entry",
    label=_("Reprendre la fiche envoyée en relecture"),
    about="entry",
    grounds=[_AUTHOR],
)
grant(
    "knowledge.review_entry",
    label=_("Publier la fiche, ou la renvoyer à son auteur"),
    about="entry",
    grounds=[
        ADMINISTERS,
        Ground(
            is_editor & ~is_author,
            _("tient la rédaction de la plateforme sans avoir écrit la fiche"),
        ),
    ],
)
grant(
    "knowledge.unpublish_entry",
    label=_("Retirer la fiche de ce qui est publié"),
    about="entry",
    grounds=[EDITS],
)
grant(
    "knowledge.review_entries",
    label=_("Voir les fiches à relire"),
    about="platform",
    grounds=[EDITS],
)
