"""The addresses of agreements, payments and repayable advances."""

from __future__ import annotations

from django.urls import path

from alliage_web.fund.views import advances, agreements, payments, simulation

patterns = [
    path("fonds/avances/simuler/", simulation.simulation, name="advances-simulation"),
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
