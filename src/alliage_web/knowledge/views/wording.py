"""Sentences that several pages of the knowledge base say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alliage.knowledge.comparable import DifferenceCode, ReasonCode
from alliage_web.alliances.models import StageChoices
from alliage_web.audit.queries import readable
from alliage_web.knowledge.models import EntryKind, EntryState
from alliage_web.ui.components import Crumb
from alliage_web.ui.templatetags.ui import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alliage.knowledge.comparable import Comparable, Difference, Reason
    from alliage_web.audit.queries import HistoryLine, ReadableLine
    from alliage_web.knowledge.models import Entry
    from alliage_web.knowledge.queries import Found, Labels

_CRUMB_WORDS = 8
_SIZE = ReasonCode.OTHER_SIZE

EVENTS = {
    "entry.created": gettext_lazy("Écriture du brouillon"),
    "entry.changed": gettext_lazy("Modification"),
    "entry.loaded": gettext_lazy("Chargement depuis les fichiers"),
    "entry.submitted": gettext_lazy("Envoi à la relecture"),
    "entry.withdrawn": gettext_lazy("Reprise par la personne qui écrit"),
    "entry.sent_back": gettext_lazy("Renvoi avec une remarque"),
    "entry.published": gettext_lazy("Publication"),
    "personal-data.removed": gettext_lazy("Données d’une personne retirées d’un texte"),
    "entry.unpublished": gettext_lazy("Retrait de la publication"),
    "entry.sheet_published": gettext_lazy("Publication d’une fiche tirée du dossier"),
}
FIELDS = {
    "kind": gettext_lazy("Type"),
    "title": gettext_lazy("Titre"),
    "title_en": gettext_lazy("Titre en anglais"),
    "summary": gettext_lazy("Résumé"),
    "summary_en": gettext_lazy("Résumé en anglais"),
    "body": gettext_lazy("Texte"),
    "date": gettext_lazy("Date"),
    "date_end": gettext_lazy("Date de fin"),
    "place": gettext_lazy("Lieu"),
    "publisher": gettext_lazy("Éditeur"),
    "url": gettext_lazy("Adresse internet"),
    "alliance": gettext_lazy("Alliance racontée"),
    "territories": gettext_lazy("Territoires"),
    "terms": gettext_lazy("Classement"),
    "source": gettext_lazy("Sources"),
    "note": gettext_lazy("Note complémentaire"),
    "state": gettext_lazy("État"),
    "review_note": gettext_lazy("Remarque"),
    "personal_data": gettext_lazy("Champs concernés"),
    "sheet": gettext_lazy("Fiche"),
}


def crumb(entry: Entry, *, is_last: bool = False) -> Crumb:
    """Name an entry in the breadcrumb, in few words."""
    title = Truncator(entry.display_title).words(_CRUMB_WORDS)
    return Crumb(title, "" if is_last else entry.get_absolute_url())


def history_in_words(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    """Tell what was written on an entry, states and types by their names."""
    named = [replace(line, changes=_named_values(line.changes)) for line in lines]
    return readable(named, kinds=EVENTS, fields=FIELDS)


def _named_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    names = {"state": dict(EntryState.choices), "kind": dict(EntryKind.choices)}
    return {
        field: [names[field].get(value, value) for value in pair] if field in names else pair
        for field, pair in changes.items()
    }


def results_summary(found: Found, *, resources: bool) -> str:
    """Say how many were found."""
    total, text = len(found), found.text
    if total and text and not found.has_words and not found.is_too_common:
        # Each has its reason, but none has the words: that is what has to be said first.
        return _("Rien avec les mots « %(text)s »") % {"text": text}
    if resources and text:
        said = ngettext(
            "%(count)s ressource pour « %(text)s »",
            "%(count)s ressources pour « %(text)s »",
            total,
        )
    elif resources:
        said = ngettext("%(count)s ressource", "%(count)s ressources", total)
    elif text:
        said = ngettext(
            "%(count)s exemple pour « %(text)s »", "%(count)s exemples pour « %(text)s »", total
        )
    else:
        said = ngettext("%(count)s exemple", "%(count)s exemples", total)
    return said % {"count": number(total), "text": text}


def reasons(found: Comparable, labels: Labels) -> str:
    """Say in a sentence why an example is comparable and why it is different."""
    shared = [_reason(item, labels) for item in found.reasons if item.code != _SIZE]
    size = [_reason(item, labels) for item in found.reasons if item.code == _SIZE]
    sentences = []
    if shared:
        sentences.append(_("Comparable : %(shared)s.") % {"shared": _(" ; ").join(shared)})
    if size:
        sentences.append(_("Différent : %(size)s.") % {"size": size[0]})
    return " ".join(sentences)


def _reason(reason: Reason, labels: Labels) -> str:
    if reason.code is ReasonCode.SHARED_DOMAINS:
        return _("même besoin (%(names)s)") % {"names": _named(labels["domaine"], reason.values)}
    if reason.code is ReasonCode.SHARED_OBJECTIVES:
        return _("même objectif (%(names)s)") % {"names": _named(labels["objectif"], reason.values)}
    if reason.code is ReasonCode.CLOSE_TEXT:
        return _("récit parmi les plus proches")
    return _("la taille du territoire (%(there)s, et non %(here)s)") % {
        "there": _sizes(labels["taille"], reason.values),
        "here": _sizes(labels["taille"], reason.here),
    }


def differences(found: Comparable, labels: Labels) -> str:
    """Say what else is not the same, to be checked before copying."""
    parts = [_difference(item, labels["monde"]) for item in found.differences]
    if not parts:
        return ""
    return _("À vérifier avant de s’en inspirer : %(parts)s.") % {"parts": _(" ; ").join(parts)}


def _difference(difference: Difference, worlds: Mapping[str, str]) -> str:
    if difference.code is DifferenceCode.WORLDS_ADDED:
        return _("avec en plus : %(names)s") % {"names": _named(worlds, difference.values)}
    if difference.code is DifferenceCode.WORLDS_MISSING:
        return _("sans : %(names)s") % {"names": _named(worlds, difference.values)}
    return _("étape : %(there)s, et non %(here)s") % {
        "there": _stage(difference.values[0]),
        "here": _stage(difference.here[0]),
    }


def _named(labels: Mapping[str, str], codes: Iterable[str]) -> str:
    return ", ".join(_lowered(labels.get(code, code)) for code in codes)


def _sizes(labels: Mapping[str, str], codes: Iterable[str]) -> str:
    # The sizes in the order of the vocabulary, not of their codes.
    wanted = set(codes)
    return _(" ou ").join(label for code, label in labels.items() if code in wanted)


def _stage(code: str) -> str:
    return _lowered(str(StageChoices(code).label))


def _lowered(label: str) -> str:
    """Put a label inside a sentence; an acronym keeps its capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
