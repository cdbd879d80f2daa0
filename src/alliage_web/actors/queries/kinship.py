"""Organisations that stand under others."""

from __future__ import annotations

from alliage_web.actors.models import Organisation


def parents_by_slug() -> dict[str, str]:
    """Return the address of the organisation above each that has one, by their addresses."""
    rows = Organisation.objects.exclude(parent=None).filter(merged_into=None).order_by("slug")
    return dict(rows.values_list("slug", "parent__slug"))
