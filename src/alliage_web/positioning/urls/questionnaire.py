"""The addresses of the questionnaire."""

from __future__ import annotations

from django.urls import path

from alliage_web.positioning.views import questionnaire

patterns = [
    path("", questionnaire.index, name="index"),
    path("question/<int:number>/", questionnaire.question, name="question"),
    path("effacer/", questionnaire.erase_from_device, name="erase-from-device"),
]
