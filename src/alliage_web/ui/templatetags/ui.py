"""The template tags of the interface: ``{% load ui %}``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alliage.values import french
from alliage.values.dates import PartialDate, PartialDateError
from alliage_web.ui import citations, icons, markdown, marks
from alliage_web.ui.worlds import sign_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from django.core.paginator import Page
    from django.template.context import RequestContext
    from django.utils.safestring import SafeString

    from alliage_web.ui.components import Facet
    from alliage_web.ui.maps import MapArea, MapPoint

register = template.Library()


def _language() -> str:
    return "en" if (get_language() or "fr").startswith("en") else "fr"


def _unknown() -> str:
    return _("non connu")


def _decimal(value: object) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None


@register.filter
def number(value: object, decimals: int | None = None) -> str:
    """Write a number, or « non connu »."""
    exact = _decimal(value)
    if exact is None:
        return _unknown()
    return french.number(exact, decimals, language=_language())


@register.filter
def euros(value: object, form: str = "") -> str:
    """Write an amount, in thousands or millions; ``euros:"full"`` writes every euro."""
    exact = _decimal(value)
    if exact is None:
        return _unknown()
    return french.euros(exact, full=form == "full", language=_language())


@register.filter
def percent(value: object, decimals: int = 0) -> str:
    """Write a share of one as a percentage."""
    exact = _decimal(value)
    return _unknown() if exact is None else french.percent(exact, decimals, language=_language())


@register.filter
def surface(value: object) -> str:
    """Write an area in square kilometres."""
    exact = _decimal(value)
    return _unknown() if exact is None else french.surface(exact, language=_language())


@register.filter
def partial_date(value: PartialDate | dt.date | str | None, precision: str = "") -> str:
    """Write a date as precisely as it is known. A text that is no date is shown as it is."""
    if not value:
        return _unknown()
    try:
        return french.partial_date(value, precision or None, language=_language())
    except PartialDateError:
        return str(value)


@register.simple_tag
def period(
    start: PartialDate | dt.date | str | None,
    end: PartialDate | dt.date | str | None = None,
    start_precision: str = "",
    end_precision: str = "",
) -> str:
    """Write a span of time."""
    text = french.period(
        start or None,
        end or None,
        start_precision or None,
        end_precision or None,
        language=_language(),
    )
    return text or _unknown()


@register.filter(is_safe=True)
@stringfilter
def soft_breaks(text: str) -> str:
    """Put non-breaking spaces where French wants them."""
    return french.no_break(text) if _language() == "fr" else text


@register.filter(name="markdown")
@stringfilter
def markdown_filter(text: str) -> SafeString:
    """Write the Markdown of a text that somebody wrote."""
    return markdown.render(soft_breaks(text))


@register.filter(name="world_badge")
def world_badge_filter(world: str) -> SafeString:
    """Draw the sign of a world beside its name."""
    return world_badge(world)


@register.simple_tag
def world_badge(world: str, label: object = "") -> SafeString:
    """Draw the sign of a world beside its name, or beside another text."""
    sign = sign_of(world)
    return format_html(
        '<span class="world world--{}">{}<span class="world__label">{}</span></span>',
        sign.code,
        world_sign(world),
        label or sign.label,
    )


@register.simple_tag
def world_sign(world: str) -> SafeString:
    """Draw the sign of a world alone; the text beside it must name the world."""
    sign = sign_of(world)
    return format_html(
        '<svg class="world__sign world--{}" viewBox="-1 -1 22 22" width="20" height="20"'
        ' aria-hidden="true" focusable="false"><path class="world__shape" d="{}"/>'
        '<text class="world__letter" x="10" y="14.2" text-anchor="middle">{}</text></svg>',
        sign.code,
        sign.path,
        sign.letter,
    )


@register.filter
def cite(source: str | None) -> SafeString:
    """Write citations as references linked to the page of the sources."""
    return citations.cite(source or "")


@register.simple_tag
def colon() -> str:
    """Write a colon as the language does: French puts a space before it that does not break."""
    return ":" if _language() == "en" else "\u00a0:"


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a decorative icon."""
    return icons.draw(name)


@register.simple_tag(takes_context=True)
def hidden_query(context: RequestContext, *names: str) -> SafeString:
    """Repeat the parameters of the address as hidden inputs, except the named ones."""
    request = context.get("request")
    if request is None:
        return format_html("")
    pairs = (
        (name, value)
        for name, values in request.GET.lists()
        if name not in names
        for value in values
    )
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@dataclass(frozen=True, slots=True)
class RemovableFilter:
    """A chosen option and the address of the list without it."""

    label: object
    href: str


@register.simple_tag
def facet_choices(facet: Facet) -> SafeString:
    """Write the choices of a facet: a page has a hundred, and a template loop is slower."""
    name, kind = escape(facet.name), "checkbox" if facet.multiple else "radio"
    language = _language()
    choices = (
        f'<label class="choice"><input id="facette-{name}-{_slug(option.value)}" type="{kind}"'
        f' name="{name}" value="{escape(option.value)}"{" checked" if option.selected else ""}>'
        f'<span class="choice__label">{conditional_escape(str(option.label))}</span>'
        f"{'' if option.count is None else _count(option.count, language)}</label>"
        for option in facet.options
    )
    return mark_safe("\n".join(choices))  # noqa: S308 - each part is escaped


@lru_cache(maxsize=2048)
def _slug(value: str) -> str:
    return slugify(value)


@lru_cache(maxsize=2048)
def _count(count: int, language: str) -> str:
    return f'<span class="choice__count num">{french.number(count, language=language)}</span>'


@register.simple_tag(takes_context=True)
def removable_filters(
    context: RequestContext, facets: Iterable[Facet]
) -> tuple[RemovableFilter, ...]:
    """Give each chosen option with the address that drops it (and returns to the first page)."""
    query = context["request"].GET
    filters = []
    for facet in facets:
        for option in facet.selected:
            without = query.copy()
            kept = [value for value in query.getlist(facet.name) if value != option.value]
            without.setlist(facet.name, kept)
            without.pop("page", None)
            filters.append(RemovableFilter(option.label, f"?{without.urlencode()}"))
    return tuple(filters)


@register.simple_tag(takes_context=True)
def page_query(context: RequestContext, number: int, param: str = "page") -> str:
    """Give the address of another page of the same list."""
    query = context["request"].GET.copy()
    query[param] = str(number)
    return f"?{query.urlencode()}"


@register.simple_tag
def page_numbers(page: Page[Any]) -> list[int | str]:
    """Give the numbers to show: the ends and those around the page, gaps elided."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.simple_tag
def term(word: str, definition: str) -> SafeString:
    """Underline a term of the glossary and give its definition on demand; once a page for each."""
    identifier = f"terme-{slugify(word)}"
    return format_html(
        '<button type="button" class="term" popovertarget="{}"><dfn>{}</dfn></button>'
        '<span class="term__definition" id="{}" popover>{}</span>',
        identifier,
        word,
        identifier,
        definition,
    )


@register.simple_tag
def map_area(area: MapArea, map_id: str) -> SafeString:
    """Draw an area of a map."""
    return marks.draw_area(area, map_id)


@register.simple_tag
def map_point(point: MapPoint) -> SafeString:
    """Draw a point of a map."""
    return marks.draw_point(point)


@register.simple_tag
def in_french() -> SafeString:
    """Mark, on a page in another language, a text that is kept in French only."""
    return mark_safe("" if _language() == "fr" else ' lang="fr"')  # noqa: S308 - constants
