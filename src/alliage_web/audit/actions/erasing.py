"""Erasing what the trail tells of a person."""

from __future__ import annotations

import json

from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from alliage_web.audit.models import PersonalValue


@transaction.atomic
def erase_personal(*, about: str) -> int:
    """Remove for good the personal values about somebody, and their salts; the chain still holds.

    Return how many were removed: a second call finds none. The action that calls says in the trail
    that it did so, and for whom.
    """
    kept = PersonalValue.objects.filter(about=about, salt__isnull=False)
    return kept.update(salt=None, value=None)


@transaction.atomic
def erase_personal_holding(*, text: str) -> int:
    """Remove the personal values in which a text such as an address stands, whoever they are about.

    Return how many were removed.
    """
    kept = PersonalValue.objects.filter(salt__isnull=False)
    written = kept.annotate(written=Cast("value", TextField()))
    # In a JSON column, SQLite keeps letters with accents as escapes.
    forms = Q(written__icontains=text) | Q(written__icontains=json.dumps(text)[1:-1])
    keys = list(written.filter(forms).values_list("pk", flat=True))
    return PersonalValue.objects.filter(pk__in=keys).update(salt=None, value=None)
