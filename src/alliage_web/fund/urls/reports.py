"""The addresses of reports and of their reminders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.urls import URLPattern

patterns: list[URLPattern] = []
