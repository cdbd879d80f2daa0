"""The addresses of supports, of the portfolio and of open data."""

from __future__ import annotations

from django.urls import path

from alliage_web.fund.views import open_data, portfolio_groups, raised, supports

patterns = [
    path("fonds/<slug:code>/soutiens/", supports.index, name="supports"),
    path("fonds/<slug:code>/soutiens/nouveau/", supports.new, name="support-new"),
    path("fonds/<slug:code>/soutiens/<uuid:uuid>/", supports.detail, name="support"),
    path("fonds/<slug:code>/soutiens/<uuid:uuid>/modifier/", supports.edit, name="support-edit"),
    path("fonds/<slug:code>/soutiens/<uuid:uuid>/reponse/", supports.answer, name="support-answer"),
    path("fonds/<slug:code>/ressources/", raised.index, name="raised"),
    path("fonds/<slug:code>/ressources/nouvelle/", raised.new, name="raised-new"),
    path("fonds/<slug:code>/ressources/<slug:raised>/", raised.detail, name="raised-resource"),
    path("fonds/<slug:code>/ressources/<slug:raised>/modifier/", raised.edit, name="raised-edit"),
    path(
        "fonds/<slug:code>/ressources/<slug:raised>/retirer/", raised.remove, name="raised-remove"
    ),
    path(
        "fonds/<slug:code>/ressources/<slug:raised>/reponse/", raised.answer, name="raised-answer"
    ),
    path("fonds/<slug:code>/reciprocite/", supports.reciprocity, name="reciprocity"),
    path("fonds/<slug:code>/portefeuille/", supports.portfolio, name="portfolio"),
    path(
        "fonds/<slug:code>/portefeuille/<slug:dimension>/<slug:value>/",
        portfolio_groups.group,
        name="portfolio-group",
    ),
    path("fonds/<slug:code>/portefeuille.xlsx", supports.portfolio_file, name="portfolio-file"),
    path("fonds/<slug:code>/donnees-ouvertes/", open_data.index, name="open-data"),
    path(
        "fonds/<slug:code>/donnees-ouvertes/aides.json", open_data.grants_json, name="grants-json"
    ),
    path(
        "fonds/<slug:code>/donnees-ouvertes/subventions.csv",
        open_data.grants_csv,
        name="grants-csv",
    ),
    path("fonds/<slug:code>/donnees-ouvertes/importer/", open_data.upload, name="grants-import"),
    path(
        "fonds/<slug:code>/donnees-ouvertes/importer/confirmer/",
        open_data.confirm,
        name="grants-import-confirm",
    ),
]
