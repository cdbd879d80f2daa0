"""Who may write, read before publication, review and publish.

A draft is read by its author and by editors, and by nobody else. An author writes a draft, sends it
to review and takes it back; what is in review or published is in the hands of the editors. Nobody
publishes what they wrote, save an administrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import rules

from alliage_web.accounts.permissions import is_administrator, is_editor, is_signed_in

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


may_review = is_signed_in & (is_administrator | (is_editor & ~is_author))

for name, predicate in {
    "add": is_signed_in,
    "view": is_published | (is_signed_in & (is_editor | is_author)),
    "change": is_signed_in & (is_editor | (is_author & is_draft)),
    "submit": is_signed_in & (is_author | is_editor),
    "withdraw": is_signed_in & is_author,
    "review": may_review,
    "unpublish": is_signed_in & is_editor,
}.items():
    rules.add_perm(f"knowledge.{name}_entry", predicate)
rules.add_perm("knowledge.review_entries", is_signed_in & is_editor)
