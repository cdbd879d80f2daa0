from __future__ import annotations

from django.urls import path

from . import views
from .views import contacts

app_name = "actors"

urlpatterns = [
    path("acteurs/", views.index, name="index"),
    path("acteurs/nouveau/", views.new, name="new"),
    path("acteurs/suggestions/", views.suggest, name="suggest"),
    path("acteurs/liste.csv", views.export, name="export"),
    path("acteurs/<slug:slug>/modifier/", views.edit, name="edit"),
    path("acteurs/<slug:slug>/historique/", views.history, name="history"),
    path("acteurs/<slug:slug>/fusionner/", views.merge, name="merge"),
    path("acteurs/<slug:slug>/contacts/nouveau/", contacts.contact_new, name="contact-new"),
    path("acteurs/<slug:slug>/contacts/<int:pk>/", contacts.contact_edit, name="contact-edit"),
    path(
        "acteurs/<slug:slug>/contacts/<int:pk>/retirer/",
        contacts.contact_remove,
        name="contact-remove",
    ),
    path("contacts/<str:token>/", contacts.contact_own, name="contact-own"),
    path("contacts/<str:token>/retirer/", contacts.contact_own_remove, name="contact-own-remove"),
    path("catalyseurs/", views.catalysts, name="catalysts"),
]
