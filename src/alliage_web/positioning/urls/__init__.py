"""The addresses of self-positioning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import charters, collective, questionnaire, results, support

if TYPE_CHECKING:
    from django.urls import URLPattern

app_name = "positioning"

urlpatterns: list[URLPattern] = [
    *collective.patterns,
    *questionnaire.patterns,
    *results.patterns,
    *support.patterns,
    *charters.patterns,
]
