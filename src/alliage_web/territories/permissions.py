"""Who may draw and change a perimeter: who is signed in, who drew it, or an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rules

from alliage_web.accounts.permissions import is_editor, is_signed_in

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

    from .models import Perimeter

ADD_PERIMETER = "territories.add_perimeter"
CHANGE_PERIMETER = "territories.change_perimeter"


@rules.predicate
def drew_it(user: User | AnonymousUser, perimeter: Perimeter | None = None) -> bool:
    return perimeter is not None and user.pk is not None and perimeter.created_by_id == user.pk


rules.add_perm(ADD_PERIMETER, is_signed_in)
rules.add_perm(CHANGE_PERIMETER, is_signed_in & (drew_it | is_editor))
