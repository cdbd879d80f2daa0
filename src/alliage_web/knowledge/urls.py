from __future__ import annotations

from django.urls import path
from django.http import HttpResponse

app_name = "knowledge"

def x(*a, **k): return HttpResponse("")
urlpatterns = [path("exemples/<slug:slug>/", x, name="detail"), path("exemples/", x, name="index"), path("ressources/", x, name="library"),path("exemples/nouveau/", x, name="new"),]
