"""The template tags of the knowledge base: ``{% load knowledge %}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.knowledge.extracts import Extract, Segment

register = template.Library()


@register.filter
def marked(segments: Iterable[Segment]) -> SafeString:
    """Write a text cut by the search, what matches in marks; every piece is escaped."""
    pieces = (
        f"<mark>{conditional_escape(segment.text)}</mark>"
        if segment.is_match
        else conditional_escape(segment.text)
        for segment in segments
    )
    return mark_safe("".join(pieces))  # noqa: S308 - escaped piece by piece


@register.filter
def extract(window: Extract) -> SafeString:
    """Write a window on a text, with an ellipsis where it is cut."""
    before, after = ("… " if window.cut_before else ""), (" …" if window.cut_after else "")
    return mark_safe(f"{before}{marked(window.segments)}{after}")  # noqa: S308 - escaped
