"""Who may write alliances."""

from __future__ import annotations

import rules

from alliage_web.accounts.permissions import created_it, is_editor, is_signed_in

may_change = is_editor | created_it

rules.add_perm("alliances.add_alliance", is_signed_in)
rules.add_perm("alliances.change_alliance", may_change)
