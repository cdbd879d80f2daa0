from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from alliage_web.ui import views

app_name = "ui"
urlpatterns = [
    path("theme/", views.theme, name="theme"),
    path("langue/", set_language, name="language"),
]
