"""What the trail keeps of reports, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

EVENTS: Mapping[str, _StrPromise] = {}
FIELDS: Mapping[str, _StrPromise] = {}
