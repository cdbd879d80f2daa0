"""The addresses of the studies, of their questions and of the figures of documents."""

from __future__ import annotations

from django.urls import path

from alliage_web.observatory.views import catalogue, catalogue_writing, figures

_WAVE = "etudes/<slug:study>/<slug:wave>/"

patterns = [
    path("", catalogue.index, name="index"),
    path("etudes/", catalogue.studies, name="studies"),
    path("etudes/ajouter/", catalogue_writing.add_study, name="study-new"),
    path("etudes/<slug:study>/", catalogue.study, name="study"),
    path("etudes/<slug:study>/modifier/", catalogue_writing.edit_study, name="study-edit"),
    path("etudes/<slug:study>/ajouter/", catalogue_writing.add_wave, name="wave-new"),
    path(_WAVE, catalogue.wave, name="wave"),
    path(f"{_WAVE}modifier/", catalogue_writing.edit_wave, name="wave-edit"),
    path(f"{_WAVE}questionnaire.xml", catalogue.questionnaire, name="questionnaire"),
    path(
        f"{_WAVE}questionnaire/importer/",
        catalogue_writing.import_questionnaire,
        name="questionnaire-import",
    ),
    path(f"{_WAVE}questions/ajouter/", catalogue_writing.ask, name="asked-new"),
    path(
        f"{_WAVE}questions/<slug:question>/modifier/",
        catalogue_writing.edit_asked,
        name="asked-edit",
    ),
    path("questions/", catalogue.questions, name="questions"),
    path("questions/ajouter/", catalogue_writing.add_question, name="question-new"),
    path("questions/<slug:question>/", catalogue.question, name="question"),
    path(
        "questions/<slug:question>/modifier/",
        catalogue_writing.edit_question,
        name="question-edit",
    ),
    path("chiffres/", figures.listing, name="figures"),
    path("chiffres/desaccords/", figures.disagreements, name="disagreements"),
    path("chiffres/exporter/chiffres.<str:extension>", figures.export, name="figures-export"),
    path("chiffres/<slug:figure>/", figures.detail, name="figure"),
]
