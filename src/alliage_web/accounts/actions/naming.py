"""Correcting the name of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from alliage_web.accounts.models import User
from alliage_web.audit.actions import record

if TYPE_CHECKING:
    import datetime as dt


@transaction.atomic
def rename_person(*, user: User, name: str, by: User, at: dt.datetime) -> bool:
    """Write the name that a person gives; False when it was theirs already."""
    person = User.objects.select_for_update().get(pk=user.pk)
    if person.name == name:
        return False
    before, person.name = person.name, name
    person.save(update_fields=["name"])
    record(
        kind="person.renamed",
        target=person.stable_name,
        by=by,
        at=at,
        personal={"name": [before, name]},
        about=person.stable_name,
    )
    return True
