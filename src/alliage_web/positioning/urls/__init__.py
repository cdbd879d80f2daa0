"""The addresses of self-positioning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import questionnaire, results, support

if TYPE_CHECKING:
    from django.urls import URLPattern

app_name = "positioning"

urlpatterns: list[URLPattern] = [
    *questionnaire.patterns,
    *results.patterns,
    *support.patterns,
]
