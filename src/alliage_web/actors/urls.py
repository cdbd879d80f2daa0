from __future__ import annotations

from django.urls import path

from . import views

app_name = "actors"

urlpatterns = [
    path("acteurs/", views.index, name="index"),
    path("acteurs/nouveau/", views.new, name="new"),
    path("acteurs/suggestions/", views.suggest, name="suggest"),
    path("acteurs/liste.csv", views.export, name="export"),
    path("acteurs/<slug:slug>/modifier/", views.edit, name="edit"),
    path("acteurs/<slug:slug>/historique/", views.history, name="history"),
    path("acteurs/<slug:slug>/fusionner/", views.merge, name="merge"),
    path("catalyseurs/", views.catalysts, name="catalysts"),
]
