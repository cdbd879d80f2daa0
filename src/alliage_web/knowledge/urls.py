from __future__ import annotations

from django.urls import path

from .views import consents, detail, listing, proposals, sheets, writing

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
    path("fiches/", proposals.index, name="proposals"),
    path(
        "fiches/nouvelle/<slug:code>/<slug:reference>/",
        proposals.new_from_agreement,
        name="proposal-of-agreement",
    ),
    path(
        "fiches/nouvelle/<slug:reference>/",
        proposals.new_from_application,
        name="proposal-of-application",
    ),
    path("fiches/<uuid:uuid>/", proposals.detail, name="proposal"),
    path("fiches/<uuid:uuid>/page/", proposals.page, name="proposal-page"),
    path("fiches/<uuid:uuid>/fiche.pdf", proposals.pdf, name="proposal-pdf"),
    path("fiches/<uuid:uuid>/corriger/", proposals.edit, name="proposal-edit"),
    path("fiches/<uuid:uuid>/decider/<slug:verb>/", proposals.decide, name="proposal-decide"),
    path("fiches/<uuid:uuid>/accords/<str:party>/", consents.answer, name="consent"),
    path(
        "fiches/<uuid:uuid>/accords/<str:party>/sans-nom/",
        proposals.take_out,
        name="consent-take-out",
    ),
]
