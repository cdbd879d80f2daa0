from __future__ import annotations

from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from alliage_web.ui import views

app_name = "ui"
urlpatterns = [
    path("theme/", views.theme, name="theme"),
    # Without a token, as for the look: see the views.
    path("langue/", csrf_exempt(set_language), name="language"),
]
