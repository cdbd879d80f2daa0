"""Who may draw and change a perimeter: who is signed in, who drew it, or an editor."""

from __future__ import annotations

import rules

from alliage_web.accounts.permissions import created_it, is_editor, is_signed_in

ADD_PERIMETER = "territories.add_perimeter"
CHANGE_PERIMETER = "territories.change_perimeter"

rules.add_perm(ADD_PERIMETER, is_signed_in)
rules.add_perm(CHANGE_PERIMETER, is_editor | created_it)
