"""Words that several pages say of organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.alliances.duplicates import Reason
from alliage_web.actors.models import Organisation

if TYPE_CHECKING:
    from .duplicates import Candidate

#: The kinds of event that the trail of an organisation holds.
EVENTS = {
    "organisation.created": gettext_lazy("Création de la fiche"),
    "organisation.changed": gettext_lazy("Modification"),
    "organisation.merged": gettext_lazy("Fusion : une autre fiche a rejoint celle-ci"),
    "contact.added": gettext_lazy("Contact ajouté"),
    "contact.changed": gettext_lazy("Contact modifié"),
    "contact.changed-by-person": gettext_lazy("Contact modifié par la personne elle-même"),
    "contact.removed": gettext_lazy("Contact retiré"),
    "contact.removed-by-person": gettext_lazy("Contact retiré par la personne elle-même"),
    "personal-data.removed": gettext_lazy("Données d’une personne retirées d’un texte"),
    "organisation.merged_into": gettext_lazy("Fusion : cette fiche en a rejoint une autre"),
}

#: The names of what a description holds.
FIELD_LABELS = {
    **{
        field.name: field.verbose_name
        for field in Organisation._meta.concrete_fields  # noqa: SLF001 - Django's introspection
        if hasattr(field, "verbose_name")
    },
    "world_reading": gettext_lazy("lecture du monde"),
    "seat": gettext_lazy("siège"),
    "territories": gettext_lazy("territoires d’action"),
    "parent": gettext_lazy("organisation dont elle dépend"),
    "domains": gettext_lazy("domaines"),
    "roles": gettext_lazy("rôles"),
    "is_catalyst": gettext_lazy("catalyseur"),
    "functions": gettext_lazy("fonctions de catalyse"),
    "functions_reading": gettext_lazy("lecture des fonctions"),
    "catalyst_territories": gettext_lazy("territoires couverts"),
    "catalyst_domains": gettext_lazy("domaines de catalyse"),
    "merged": gettext_lazy("fiche réunie"),
    "merged_into": gettext_lazy("fiche qui la remplace"),
    "contact": gettext_lazy("contact"),
    "consents": gettext_lazy("accords"),
    "personal_data": gettext_lazy("champs concernés"),
    "moved": gettext_lazy("rattachements déplacés"),
}


def reason_in_words(candidate: Candidate) -> str:
    """Say why a recorded organisation may be the one described."""
    sentences = {
        Reason.SAME_NAME: _("même nom, aux mots courants près : « %(name)s »"),
        Reason.SHARED_WORDS: _("presque les mêmes mots : « %(name)s »"),
        Reason.CLOSE_SPELLING: _("orthographe très proche : « %(name)s »"),
        Reason.INITIALS: _("l’un est le sigle de l’autre : « %(name)s »"),
    }
    return sentences[candidate.reason] % {"name": candidate.matched_name}
