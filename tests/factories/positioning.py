"""Questionnaires of self-positioning, filled and kept, for tests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from alliage.alliances.vocabulary import World
from alliage_web.positioning.actions import results as actions
from alliage_web.positioning.queries.filling import Filling

if TYPE_CHECKING:
    from alliage_web.positioning.models import ResultGroup, SavedResult

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def filled(compared: str = "000000", levels: str = "1" * 16, **more: Any) -> Filling:
    """Fill a questionnaire: a mark for each comparison and each behaviour, in their order."""
    told = {
        "version": 1, "seed": 5, "world": World.ASSOCIATION, "size": "", "territory": "",
        "marks": compared + levels + "xx", **more,
    }  # fmt: skip
    return Filling(**told)


def kept_result(token: str, one: Filling | None = None, **more: Any) -> SavedResult:
    """Keep a result under a link."""
    return actions.keep_result(filling=one or filled(), token=token, at=AT, **more)


def result_group(result: SavedResult, token: str, name: str = "Un groupe") -> ResultGroup:
    """Open a group with a result in it."""
    return actions.open_group(result=result, name=name, label="", token=token, at=AT)
