"""The addresses of charters."""

from __future__ import annotations

from django.urls import path

from alliage_web.positioning.views import charter_signing, charter_writing, charters

_CHARTER = "chartes/<uuid:uuid>/"
_VERSION = f"{_CHARTER}v<int:number>/"
_SECTION = f"{_VERSION}sections/<slug:section>/"
_PARTY = f"{_VERSION}parties/<slug:party>/"

patterns = [
    path("chartes/", charters.index, name="charters"),
    path("chartes/nouvelle/", charters.new, name="charter-new"),
    path(_CHARTER, charters.detail, name="charter"),
    path(f"{_CHARTER}avenant/", charter_signing.amend, name="charter-amend"),
    path(_VERSION, charters.version, name="charter-version"),
    path(f"{_VERSION}charte.pdf", charters.printed, name="charter-file"),
    path(f"{_VERSION}presentation/", charters.present, name="charter-present"),
    path(_SECTION, charter_writing.section, name="charter-section"),
    path(f"{_SECTION}propositions/", charter_writing.comment, name="charter-comment"),
    path(
        f"{_VERSION}propositions/<int:proposal>/traitee/",
        charter_writing.settle,
        name="charter-settle",
    ),
    path(f"{_VERSION}parties/", charter_writing.parties, name="charter-parties"),
    path(f"{_VERSION}ouvrir/", charter_signing.ready, name="charter-open"),
    path(f"{_VERSION}abandonner/", charter_signing.abandon, name="charter-abandon"),
    path(f"{_PARTY}sortir/", charter_writing.remove, name="charter-remove"),
    path(f"{_PARTY}signer/", charter_signing.sign, name="charter-sign"),
    path(f"{_PARTY}publicite/", charter_signing.publicity, name="charter-publicity"),
    path(f"{_PARTY}quitter/", charter_signing.leave, name="charter-leave"),
]
