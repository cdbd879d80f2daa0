"""The design system: how every page looks. It has no table of its own."""

from __future__ import annotations

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "alliage_web.ui"
    label = "ui"
