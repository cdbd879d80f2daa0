"""Pages of a list, with links to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .problems import NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.http import HttpRequest

    from alliage_web.api.schemas.common import Paging


def page_of(
    request: HttpRequest,
    asked: Paging,
    total: int,
    read: Callable[[int, int], Iterable[Any]],
) -> dict[str, Any]:
    """Answer one page; ``read`` gives the items from a rank to another, the first being 0."""
    last = max(1, -(-total // asked.page_size))
    if asked.page > last:
        raise NotThereError(
            detail=f"There is no page {asked.page}: the last one is page {last}.",
            fix=f"Ask for a page between 1 and {last}.",
        )
    start = (asked.page - 1) * asked.page_size
    return {
        "items": list(read(start, start + asked.page_size)),
        "total": total,
        "page": asked.page,
        "page_size": asked.page_size,
        "links": {
            "self": _address(request, asked.page),
            "first": _address(request, 1),
            "previous": _address(request, asked.page - 1) if asked.page > 1 else None,
            "next": _address(request, asked.page + 1) if asked.page < last else None,
            "last": _address(request, last),
        },
    }


def _address(request: HttpRequest, page: int) -> str:
    query = request.GET.copy()
    query["page"] = str(page)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
