from __future__ import annotations

from django.urls import path

from .views import detail, listing, sheets, writing

app_name = "knowledge"

urlpatterns = [
    path("exemples/", listing.index, name="index"),
    path("ressources/", listing.library, name="library"),
    path("exemples/nouveau/", writing.new, name="new"),
    path("exemples/mes-brouillons/", writing.drafts, name="drafts"),
    path("exemples/a-relire/", writing.reviews, name="reviews"),
    path("exemples/<slug:slug>/", detail.detail, name="detail"),
    path("exemples/<slug:slug>/historique/", detail.history, name="history"),
    path("exemples/<slug:slug>/modifier/", writing.edit, name="edit"),
    path("exemples/<slug:slug>/soumettre/", writing.submit, name="submit"),
    path("exemples/<slug:slug>/reprendre/", writing.withdraw, name="withdraw"),
    path("exemples/<slug:slug>/publier/", writing.publish, name="publish"),
    path("exemples/<slug:slug>/renvoyer/", writing.send_back, name="send-back"),
    path("exemples/<slug:slug>/depublier/", writing.unpublish, name="unpublish"),
    path("exemples/<slug:slug>/fiche/", sheets.sheet, name="sheet"),
    path("exemples/<slug:slug>/fiche.pdf", sheets.sheet_pdf, name="sheet-pdf"),
]
