"""Reading the row that a unique name finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db.models import Model

if TYPE_CHECKING:
    from django.db.models import QuerySet

_Row = TypeVar("_Row", bound=Model)


def only(rows: QuerySet[_Row]) -> _Row | None:
    """Return the one row there is, or None.

    ``first`` sorts before it takes one: where rows come with those that they name, Django spends
    more time on comparing all the columns with those of the order than on the rest of the query.
    """
    return next(iter(rows.order_by()), None)
