from __future__ import annotations

from django.urls import path

from . import views

app_name = "vocabulary"

urlpatterns = [
    path("referentiels/", views.index, name="index"),
    path("referentiels/<str:scheme>/ajouter/", views.new, name="new"),
    path("referentiels/<str:scheme>/<str:code>/modifier/", views.edit, name="edit"),
    path("sources/", views.sources, name="sources"),
]
