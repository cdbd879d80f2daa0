"""The addresses of a fund, of its budget and of its ledger."""

from __future__ import annotations

from django.urls import path

from alliage_web.fund.views import budget, funds, ledger

patterns = [
    path("fonds/<slug:code>/budget/", budget.budget, name="budget"),
    path("fonds/<slug:code>/budget/dotation/<str:statement>/", budget.declare, name="declare"),
    path("fonds/<slug:code>/budget/operation/<str:operation>/", budget.operate, name="operate"),
    path("fonds/<slug:code>/budget/cloture/", budget.close_year, name="close-year"),
    path("fonds/<slug:code>/budget/balance/", budget.trial_balance, name="trial-balance"),
    path("fonds/<slug:code>/ecritures/", ledger.listing, name="ledger"),
    path(
        "fonds/<slug:code>/ecritures/exporter/ecritures.<str:extension>",
        ledger.export,
        name="ledger-export",
    ),
    path("fonds/<slug:code>/ecritures/<int:number>/", ledger.posting, name="posting"),
    path(
        "fonds/<slug:code>/ecritures/<int:number>/annuler/",
        ledger.reverse_posting,
        name="reverse",
    ),
    path("fonds/", funds.index, name="index"),
    path("fonds/<slug:code>/", funds.detail, name="detail"),
    path("fonds/<slug:code>/journal/", funds.trail, name="trail"),
]
