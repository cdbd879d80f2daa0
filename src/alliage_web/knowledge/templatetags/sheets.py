"""What the page of a case sheet draws beside its words: ``{% load sheets %}``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from alliage.knowledge.document_tree import Moment, Timeline

register = template.Library()

_NOTE_CALL = re.compile(r"\[\^(\d{1,3})\]")
_START, _LENGTH = 20.0, 960.0


@register.filter
@stringfilter
def note_calls(text: str) -> SafeString:
    """Turn the calls of footnotes (``[^1]``) into links; everything else is escaped."""
    escaped = conditional_escape(text)
    return mark_safe(  # noqa: S308 - the text is escaped above, a call holds digits only
        _NOTE_CALL.sub(r'<sup><a class="sheet-call" href="#note-\1">\1</a></sup>', escaped)
    )


@register.simple_tag
def timeline_scale(timeline: Timeline) -> SafeString:
    """Draw the moments of a timeline on their scale. The list below says the same in words."""
    if not timeline.ticks:
        return SafeString()
    placed = [moment for moment in timeline.moments if moment.start is not None]
    spans = [moment for moment in placed if _lasts(moment)]
    dots = [moment for moment in placed if not _lasts(moment)]
    return format_html(
        '<svg class="sheet-scale" viewBox="0 0 1000 66" aria-hidden="true" focusable="false">'
        '<path class="sheet-scale__line" d="M20 20h960"/>{}{}{}</svg>',
        format_html_join("", '<rect class="{}" x="{}" y="14" width="{}" height="12" rx="6"/>', (
            (_class("span", moment), _x(moment.start), _x(moment.end) - _x(moment.start))
            for moment in spans
        )),
        format_html_join("", '<circle class="{}" cx="{}" cy="20" r="{}"/>', (
            (_class("dot", moment), _x(moment.start), 9 if moment.boxed else 7) for moment in dots
        )),
        format_html_join(
            "",
            '<path class="sheet-scale__tick" d="M{0} 34v9"/>'
            '<text class="sheet-scale__year" x="{0}" y="62" text-anchor="middle">{1}</text>',
            ((_x(tick.at), tick.label) for tick in timeline.ticks),
        ),
    )  # fmt: skip


def _lasts(moment: Moment) -> bool:
    return moment.end is not None and moment.start is not None and moment.end > moment.start


def _x(share: float | None) -> float:
    return round(_START + _LENGTH * (share or 0), 1)


def _class(part: str, moment: Moment) -> str:
    names = [f"sheet-scale__{part}"]
    if moment.boxed:
        names.append("is-boxed")
    if moment.planned or moment.precision == "approximate":
        names.append("is-loose")
    return " ".join(names)
