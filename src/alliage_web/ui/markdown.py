"""Markdown that people write, shown without trusting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it.token import Token

_TAGS = {
    *("p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"),
    *("h3", "h4", "h5", "h6"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
#: A page has its own h1 and its sections their h2: the titles of a text begin below.
_ABOVE = 2
_LOWEST = 6

_parser = MarkdownIt("commonmark", {"html": False})


def render(text: str) -> SafeString:
    """Write Markdown as HTML: no raw HTML, no picture, links to the web and to addresses only."""
    tokens = _parser.parse(text)
    for token in tokens:
        _lower(token)
    html: str = _parser.renderer.render(tokens, _parser.options, {})
    safe = nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES)
    return mark_safe(safe)  # noqa: S308 - cleaned just above


def _lower(token: Token) -> None:
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(int(token.tag[1]) + _ABOVE, _LOWEST)}"


def plain(text: str) -> str:
    """Give the words of a Markdown text without its marks, one line a block."""
    lines = (
        _words(token.children or ()) if token.type == "inline" else token.content.strip()
        for token in _parser.parse(text)
        if token.type in {"inline", "fence", "code_block"}
    )
    return "\n".join(line for line in lines if line)


def _words(children: Iterable[Token]) -> str:
    pieces = (" " if child.type.endswith("break") else child.content for child in children)
    return "".join(pieces).strip()
