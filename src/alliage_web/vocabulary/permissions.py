"""Who may change the referentials."""

from __future__ import annotations

import rules

from alliage_web.accounts.permissions import is_editor

rules.add_perm("vocabulary.change_term", is_editor)
rules.add_perm("vocabulary.add_term", is_editor)
