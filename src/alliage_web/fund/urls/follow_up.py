"""The addresses of visits, warnings, closing and renewals."""

from __future__ import annotations

from django.urls import path

from alliage_web.fund.views import follow_up

_AGREEMENT = "fonds/<slug:code>/conventions/<slug:reference>"
_VISIT = f"{_AGREEMENT}/visites/<uuid:uuid>"

patterns = [
    path("fonds/<slug:code>/suivi/", follow_up.index, name="follow-up"),
    path(f"{_AGREEMENT}/alertes/<slug:rule>/", follow_up.warning, name="warning"),
    path(f"{_AGREEMENT}/activite/", follow_up.activity, name="agreement-activity"),
    path(f"{_AGREEMENT}/visites/nouvelle/", follow_up.visit_new, name="visit-new"),
    path(f"{_VISIT}/", follow_up.visit, name="visit"),
    path(f"{_VISIT}/suites/", follow_up.follow_up_add, name="visit-follow-up"),
    path(f"{_VISIT}/suites/<int:pk>/", follow_up.follow_up_done, name="visit-follow-up-done"),
    path(f"{_VISIT}/documents/", follow_up.visit_attach, name="visit-attach"),
    path(f"{_VISIT}/documents/<uuid:document>/", follow_up.visit_document, name="visit-document"),
    path(f"{_VISIT}/<slug:verb>/", follow_up.visit_act, name="visit-act"),
    path(f"{_AGREEMENT}/cloture/", follow_up.closing, name="closing"),
    path(f"{_AGREEMENT}/cloture/compte.pdf", follow_up.account_file, name="final-account"),
    path(f"{_AGREEMENT}/renouveler/", follow_up.renewal, name="renewal"),
    path("dossiers/<slug:reference>/date-de-signature/", follow_up.sign_by,
         name="application-sign-by"),
]  # fmt: skip
