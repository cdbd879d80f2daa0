"""Who may write about organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rules

from alliage_web.accounts.permissions import is_editor, is_signed_in

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

    from .models import Organisation


@rules.predicate
def has_created(user: User | AnonymousUser, organisation: Organisation | None = None) -> bool:
    return organisation is not None and organisation.created_by_id == user.pk is not None


rules.add_perm("actors.add_organisation", is_signed_in)
rules.add_perm("actors.change_organisation", is_editor | (is_signed_in & has_created))
rules.add_perm("actors.merge_organisation", is_editor)
