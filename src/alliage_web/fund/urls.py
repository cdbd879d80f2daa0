from __future__ import annotations

from django.urls import path

from .application_urls import patterns as application_patterns
from .views import (
    advances,
    agreements,
    budget,
    committee,
    funds,
    ledger,
    open_data,
    payments,
    reviews,
    simulation,
    supports,
)

app_name = "fund"

urlpatterns = [
    *application_patterns,
    path("avis/", reviews.own, name="reviews"),
    path("avis/<uuid:uuid>/", reviews.review, name="review"),
    path("avis/<uuid:uuid>/deport/", reviews.step_back, name="review-step-back"),
    path("avis/<uuid:uuid>/reprendre/", reviews.release, name="review-release"),
    path("dossiers/<slug:reference>/instruction/", reviews.instruction_of, name="instruction-of"),
    path("dossiers/<slug:reference>/interets/", reviews.interests, name="interests"),
    path("fonds/<slug:code>/instruction/", reviews.index, name="instruction"),
    path(
        "fonds/<slug:code>/instruction/repartition/", reviews.proposal, name="instruction-proposal"
    ),
    path(
        "fonds/<slug:code>/instruction/profils/<int:person>/",
        reviews.profile,
        name="reviewer-profile",
    ),
    path("fonds/<slug:code>/comite/", committee.index, name="committee"),
    path("fonds/<slug:code>/comite/regles/", committee.rules, name="committee-rules"),
    path("fonds/<slug:code>/comite/nouvelle/", committee.plan, name="meeting-new"),
    path("fonds/<slug:code>/comite/simuler/", committee.simulate, name="committee-simulation"),
    path("fonds/<slug:code>/comite/<int:number>/", committee.meeting, name="meeting"),
    path(
        "fonds/<slug:code>/comite/<int:number>/ordre-du-jour/",
        committee.agenda,
        name="meeting-agenda",
    ),
    path(
        "fonds/<slug:code>/comite/<int:number>/presences/",
        committee.attendance,
        name="meeting-attendance",
    ),
    path("fonds/<slug:code>/comite/<int:number>/proces-verbal/", committee.minutes, name="minutes"),
    path(
        "fonds/<slug:code>/comite/<int:number>/proces-verbal.pdf",
        committee.minutes_file,
        name="minutes-file",
    ),
    path(
        "fonds/<slug:code>/comite/<int:number>/dossiers/<slug:reference>/",
        committee.item,
        name="agenda-item",
    ),
    path(
        "fonds/<slug:code>/comite/<int:number>/dossiers/<slug:reference>/deport/<int:person>/",
        committee.recuse,
        name="committee-recuse",
    ),
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
    path("fonds/avances/simuler/", simulation.simulation, name="advances-simulation"),
    path("fonds/<slug:code>/", funds.detail, name="detail"),
    path("fonds/<slug:code>/journal/", funds.trail, name="trail"),
    path("fonds/<slug:code>/soutiens/", supports.index, name="supports"),
    path("fonds/<slug:code>/soutiens/nouveau/", supports.new, name="support-new"),
    path("fonds/<slug:code>/soutiens/<uuid:uuid>/", supports.detail, name="support"),
    path("fonds/<slug:code>/soutiens/<uuid:uuid>/modifier/", supports.edit, name="support-edit"),
    path("fonds/<slug:code>/soutiens/<uuid:uuid>/reponse/", supports.answer, name="support-answer"),
    path("fonds/<slug:code>/reciprocite/", supports.reciprocity, name="reciprocity"),
    path("fonds/<slug:code>/portefeuille/", supports.portfolio, name="portfolio"),
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
    # Agreements, their payments, and repayable advances.
    path("fonds/<slug:code>/conventions/", agreements.index, name="agreements"),
    path("fonds/<slug:code>/conventions/nouvelle/", agreements.new, name="agreement-new"),
    path("fonds/<slug:code>/conventions/ordres/", payments.waiting, name="payment-orders"),
    path(
        "fonds/<slug:code>/conventions/ordres/ordres.csv",
        payments.orders_csv,
        name="payment-orders-csv",
    ),
    path(
        "fonds/<slug:code>/conventions/ordres/virements.xml",
        payments.orders_file,
        name="payment-orders-file",
    ),
    path("fonds/<slug:code>/avances/", advances.index, name="advances"),
    path("fonds/<slug:code>/conventions/<slug:reference>/", agreements.detail, name="agreement"),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/modifier/",
        agreements.edit,
        name="agreement-edit",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/envoyer/",
        agreements.send,
        name="agreement-send",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/rappeler/",
        agreements.recall,
        name="agreement-recall",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/signer/",
        agreements.sign,
        name="agreement-sign",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/decision/<slug:verb>/",
        agreements.decide,
        name="agreement-decide",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/convention-v<int:number>.pdf",
        agreements.pdf,
        name="agreement-pdf",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/documents/<uuid:uuid>/",
        agreements.download,
        name="agreement-document",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/conditions/<int:pk>/",
        payments.condition,
        name="agreement-condition",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/echeances/<slug:instalment>/ordonner/",
        payments.order,
        name="payment-order",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/echeances/<slug:instalment>/retour/",
        payments.give_back,
        name="payment-return",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/ordres/<slug:key>/",
        payments.confirm,
        name="payment-confirm",
    ),
    path("fonds/<slug:code>/conventions/<slug:reference>/avance/", advances.detail, name="advance"),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/avance/faits/<slug:name>/",
        advances.fact,
        name="advance-fact",
    ),
    path(
        "fonds/<slug:code>/conventions/<slug:reference>/avance/<slug:verb>/",
        advances.act,
        name="advance-act",
    ),
]
