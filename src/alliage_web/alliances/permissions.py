"""Who may write alliances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rules

from alliage_web.accounts.permissions import is_editor, is_signed_in

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

    from .models import Alliance


@rules.predicate
def is_author(user: User | AnonymousUser, alliance: Alliance | None = None) -> bool:
    return alliance is not None and user.is_active and alliance.created_by_id == user.pk


may_change = is_signed_in & (is_editor | is_author)

rules.add_perm("alliances.add_alliance", is_signed_in)
rules.add_perm("alliances.change_alliance", may_change)
