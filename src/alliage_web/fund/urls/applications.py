"""The addresses of calls and of applications."""

from __future__ import annotations

from django.urls import path

from alliage_web.fund.views import (
    application_files,
    application_handling,
    applications,
    calls,
    grids,
    legal_facts,
)

patterns = [
    path("fonds/<slug:code>/appels/", calls.index, name="calls"),
    path("fonds/<slug:code>/appels/nouveau/", calls.new, name="call-new"),
    path("fonds/<slug:code>/appels/<slug:call>/", calls.detail, name="call"),
    path("fonds/<slug:code>/appels/<slug:call>/modifier/", calls.edit, name="call-edit"),
    path("fonds/<slug:code>/appels/<slug:call>/apercu/", calls.preview, name="call-preview"),
    path(
        "fonds/<slug:code>/appels/<slug:call>/decision/<slug:verb>/",
        calls.decide,
        name="call-decision",
    ),
    path(
        "fonds/<slug:code>/appels/<slug:call>/dossiers/",
        calls.received,
        name="call-applications",
    ),
    path("fonds/<slug:code>/appels/<slug:call>/postuler/", applications.begin, name="apply"),
    path("fonds/<slug:code>/formulaires/", calls.forms, name="forms"),
    path("fonds/<slug:code>/formulaires/nouveau/", calls.form_new, name="form-new"),
    path(
        "fonds/<slug:code>/formulaires/<slug:form>/<int:version>/",
        calls.form_version,
        name="form-version",
    ),
    path("fonds/<slug:code>/grilles/", grids.index, name="grids"),
    path("fonds/<slug:code>/grilles/nouvelle/", grids.new, name="grid-new"),
    path("fonds/<slug:code>/grilles/<slug:grid>/<int:version>/", grids.detail, name="grid-version"),
    path("fonds/<slug:code>/appels/<slug:call>/grille/", grids.choose, name="call-grid"),
    path("dossiers/", applications.mine, name="applications"),
    path("dossiers/<slug:reference>/", applications.detail, name="application"),
    path("dossiers/<slug:reference>/lire/", applications.read, name="application-read"),
    path(
        "dossiers/<slug:reference>/remplir/<slug:section>/",
        applications.section,
        name="application-section",
    ),
    path(
        "dossiers/<slug:reference>/remplir/<slug:section>/<slug:party>/",
        applications.section,
        name="application-part",
    ),
    path(
        "dossiers/<slug:reference>/budget/<slug:question>/",
        application_files.budget,
        name="application-budget",
    ),
    path(
        "dossiers/<slug:reference>/pieces/<slug:question>/<slug:party>/",
        application_files.attach,
        name="application-attach",
    ),
    path(
        "dossiers/<slug:reference>/pieces/<slug:question>/<slug:party>/<uuid:uuid>/retirer/",
        application_files.detach,
        name="application-detach",
    ),
    path(
        "dossiers/<slug:reference>/documents/<uuid:uuid>/",
        application_files.download,
        name="application-file",
    ),
    path(
        "dossiers/<slug:reference>/demandes/<int:pk>/",
        application_files.requested,
        name="application-document",
    ),
    path(
        "dossiers/<slug:reference>/demandeurs/",
        applications.applicants,
        name="application-applicants",
    ),
    path(
        "dossiers/<slug:reference>/signer/<slug:party>/",
        applications.sign,
        name="application-sign",
    ),
    path("dossiers/<slug:reference>/envoyer/", applications.send, name="application-send"),
    path(
        "dossiers/<slug:reference>/reprendre/",
        applications.change_state,
        {"verb": "reprendre"},
        name="application-take-back",
    ),
    path(
        "dossiers/<slug:reference>/retirer/",
        applications.change_state,
        {"verb": "retirer"},
        name="application-withdraw",
    ),
    path("dossiers/<slug:reference>/copier/", applications.copy, name="application-copy"),
    path("dossiers/<slug:reference>/version/", applications.version, name="application-version"),
    path(
        "dossiers/<slug:reference>/decision/<slug:verb>/",
        application_handling.decide,
        name="application-decision",
    ),
    path(
        "dossiers/<slug:reference>/regles/<slug:rule>/",
        application_handling.judge,
        name="application-rule",
    ),
    path(
        "dossiers/<slug:reference>/droit/<slug:party>/",
        legal_facts.establish,
        name="application-legal",
    ),
    path("dossiers/<slug:reference>/questions/", application_handling.ask, name="application-ask"),
    path(
        "dossiers/<slug:reference>/questions/<int:pk>/",
        applications.answer,
        name="application-answer",
    ),
]
