"""The trail of all the apps in words: events as their apps tell them, objects by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.views import words as people
from alliage_web.actors import queries as actors
from alliage_web.actors.models import Organisation
from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries import wording as alliances
from alliage_web.audit.queries import readable
from alliage_web.files import queries as files
from alliage_web.fund.models import Fund
from alliage_web.fund.queries import wording as funds
from alliage_web.fund.queries.raised import raised_named
from alliage_web.fund.queries.supports import supports_named
from alliage_web.knowledge.models import Entry
from alliage_web.knowledge.queries.sheet_proposals import sheets_named
from alliage_web.knowledge.views import sheet_wording as sheets
from alliage_web.knowledge.views import wording as knowledge
from alliage_web.observatory.queries import trail as observatory
from alliage_web.positioning.models import Charter
from alliage_web.positioning.queries import charters_wording as charters
from alliage_web.positioning.queries import results_wording as positioning
from alliage_web.territories.queries import by_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from alliage_web.audit.queries import HistoryLine, ReadableLine

#: The kinds of objects, by the beginning of their stable names.
FAMILIES: Mapping[str, Any] = {
    "alliance": _("Alliances"),
    "organisation": _("Acteurs"),
    "entry": _("Exemples et ressources"),
    "sheet": _("Fiches tirées des dossiers"),
    "territory": _("Territoires"),
    "fund": _("Fonds"),
    "support": _("Soutiens"),
    "person": _("Personnes"),
    "term": _("Référentiels"),
    "vintage": _("Millésimes du découpage"),
    "import": _("Imports"),
    "reference": _("Données livrées"),
    "platform": _("Plateforme"),
    "observatory": _("Observatoire"),
    "study": _("Études"),
    "wave": _("Vagues d’enquête"),
    "survey-question": _("Questions d’enquête"),
    "respondents": _("Fichiers de répondants"),
    "release": _("Publications de l’observatoire"),
    "debate": _("Débats"),
    "contribution": _("Contributions aux débats"),
    "positioning": _("Résultats de « Se situer »"),
    "result-group": _("Groupes de réponses"),
    "charter": _("Chartes"),
}
#: What no page but this one tells.
_OTHER_KINDS: Mapping[str, Any] = {
    "person.created": _("Compte créé par une commande"),
    "person.set-up": _("Compte remis en état par une commande"),
    "person.signed-up": _("Compte créé"),
    "person.signed-in": _("Connexion"),
    "person.password-changed": _("Mot de passe changé"),
    "person.address-changed": _("Adresse électronique changée"),
    "person.factor-added": _("Second facteur ajouté"),
    "person.factor-removed": _("Second facteur retiré"),
    "person.factors-forgotten": _("Seconds facteurs retirés"),
    "person.recovery-codes-renewed": _("Codes de secours renouvelés"),
    "person.provider-added": _("Fournisseur d’identité ajouté"),
    "person.provider-removed": _("Fournisseur d’identité retiré"),
    "person.renamed": _("Nom corrigé"),
    "person.warned": _("Message avant l’effacement d’un compte inutilisé"),
    "person.erased": _("Personne effacée"),
    "personal-data.removed": _("Données d’une personne retirées d’un texte"),
    "retention.applied": _("Durée de conservation appliquée"),
    "term.added": _("Terme ajouté"),
    "term.changed": _("Terme modifié"),
    "territories.vintage.loaded": _("Découpage officiel chargé"),
    "territories.perimeter.created": _("Périmètre dessiné"),
    "territories.perimeter.edited": _("Périmètre modifié"),
    "alliances.imported": _("Import d’alliances"),
    "reference.loaded": _("Référentiels et organisations chargés"),
    "platform.restored": _("Sauvegarde restaurée"),
}
_OTHER_FIELDS: Mapping[str, Any] = {
    **people.FIELDS,
    "by": _("Moyen"),
    "factor": _("Second facteur"),
    "provider": _("Fournisseur"),
    "label_fr": _("Libellé"),
    "label_en": _("Libellé en anglais"),
    "definition_fr": _("Définition"),
    "definition_en": _("Définition en anglais"),
    "communes": _("Communes"),
    "personal_data": _("Champs concernés"),
    "rows": _("Lignes"),
    "texts": _("Textes"),
    "trail": _("Valeurs du journal"),
    "rule": _("Règle"),
    "count": _("Nombre"),
    "kind": _("Type"),
    "description": _("Description"),
    **positioning.FIELDS,
    **charters.FIELDS,
}
_KINDS_BY_APP: tuple[tuple[Any, Mapping[str, Any]], ...] = (
    (_("Alliances"), alliances.EVENTS),
    (_("Acteurs"), actors.EVENTS),
    (_("Exemples et ressources"), {**knowledge.EVENTS, **sheets.EVENTS}),
    (_("Fonds"), funds.EVENTS),
    (_("Observatoire"), observatory.EVENTS),
    (_("Se situer"), {**positioning.EVENTS, **charters.EVENTS}),
    (_("Rôles et espaces de travail"), {**people.EVENTS, **files.EVENTS}),
    (_("Personnes, référentiels et plateforme"), _OTHER_KINDS),
)
_KINDS = {kind: label for _app, kinds in _KINDS_BY_APP for kind, label in kinds.items()}


def kind_choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Give the kinds of events, those of each app together."""
    return [(app, list(kinds.items())) for app, kinds in _KINDS_BY_APP]


def in_words(line: HistoryLine) -> ReadableLine:
    """Tell an event as the app that wrote it does."""
    tell = _TELLERS.get(line.kind.partition(".")[0], _plainly)
    return tell([line])[0]


def _plainly(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    return readable(lines, kinds=_KINDS, fields=_OTHER_FIELDS)


def _of_organisation(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    return readable(lines, kinds=actors.EVENTS, fields=actors.FIELD_LABELS)


def _of_file(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    return readable(lines, kinds=files.EVENTS, fields=files.FIELD_LABELS)


def _of_people(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    return readable(people.in_words(lines), kinds=people.EVENTS, fields=people.FIELDS)


_TELLERS: Mapping[str, Callable[[Iterable[HistoryLine]], list[ReadableLine]]] = {
    "alliance": alliances.history_in_words,
    "organisation": _of_organisation,
    "contact": _of_organisation,
    "entry": knowledge.history_in_words,
    "sheet": sheets.history_in_words,
    "fund": funds.history_in_words,
    "support": funds.history_in_words,
    "raised": funds.history_in_words,
    "observatory": observatory.told,
    "respondents": observatory.told,
    "release": observatory.told,
    "debate": observatory.told,
    "contribution": observatory.told,
    "file": _of_file,
    "role": _of_people,
    "member": _of_people,
    "invitation": _of_people,
    "delegation": _of_people,
}


@dataclass(frozen=True, slots=True)
class Named:
    """An object of the trail; without address when it is no more, or has no page."""

    title: str
    href: str = ""


def named(targets: Collection[str]) -> dict[str, Named]:
    """Name objects, in one query for each kind; what is no more keeps its stable name."""
    by_family: dict[str, list[str]] = {}
    for target in targets:
        family, _colon, name = target.partition(":")
        by_family.setdefault(family, []).append(name)
    found = {target: Named(str(FAMILIES.get(target, target))) for target in targets}
    for family, names in by_family.items():
        for one in _FINDERS.get(family, _nothing)(names):
            title = str(getattr(one, "display_title", one))
            page = getattr(one, "get_absolute_url", None)
            found[one.stable_name] = Named(title, page() if page else "")
    return found


def _nothing(_names: Collection[str]) -> Iterable[Any]:
    return ()


def _territories(names: Collection[str]) -> Iterable[Any]:
    pairs = [(level, code) for level, _slash, code in (name.partition("/") for name in names)]
    return by_codes(pairs).values()


def _people(names: Collection[str]) -> Iterable[Any]:
    return get_user_model().objects.filter(pk__in=[name for name in names if name.isdecimal()])


def _charters(names: Collection[str]) -> Iterable[Any]:
    return Charter.objects.filter(uuid__in=[name for name in names if _is_uuid(name)])


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


_FINDERS: Mapping[str, Callable[[Collection[str]], Iterable[Any]]] = {
    "alliance": lambda slugs: Alliance.objects.filter(slug__in=slugs),
    "organisation": lambda slugs: Organisation.objects.filter(slug__in=slugs),
    "entry": lambda slugs: Entry.objects.select_related("alliance").filter(slug__in=slugs),
    "sheet": sheets_named,
    "fund": lambda codes: Fund.objects.filter(code__in=codes),
    "support": supports_named,
    "raised": raised_named,
    "territory": _territories,
    "person": _people,
    "charter": _charters,
    **observatory.FINDERS,
}
