"""Who may write about organisations."""

from __future__ import annotations

import rules

from alliage_web.accounts.permissions import created_it, is_editor, is_signed_in

rules.add_perm("actors.add_organisation", is_signed_in)
rules.add_perm("actors.change_organisation", is_editor | created_it)
rules.add_perm("actors.merge_organisation", is_editor)
