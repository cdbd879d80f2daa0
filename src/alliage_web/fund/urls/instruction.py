"""The addresses of the instruction and of the committee."""

from __future__ import annotations

from django.urls import path

from alliage_web.fund.views import committee, reviews

patterns = [
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
]
