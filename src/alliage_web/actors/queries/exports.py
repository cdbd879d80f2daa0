"""Organisations as the rows of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from .descriptions import description_of, with_relations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from alliage_web.actors.models import Organisation

_BETWEEN = " | "
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Lines:
    """A file: the names of its columns, then its rows, all texts."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[str, ...]]


def export_rows(organisations: QuerySet[Organisation]) -> Lines:
    """Return organisations as rows; lists are joined by « | », unknown is empty."""
    columns = (
        *(_("nom"), _("sigle"), _("autres noms"), _("monde"), _("profil")),
        *(_("forme juridique"), _("SIREN"), _("SIRET"), _("RNA"), _("taille")),
        *(_("siège"), _("code du siège"), _("territoires d’action"), _("dépend de")),
        *(_("domaines"), _("rôles"), _("catalyseur"), _("fonctions de catalyse")),
        *(_("site internet"), _("présentation"), _("source"), _("adresse")),
    )
    return Lines(columns, _rows(organisations))


def _rows(organisations: QuerySet[Organisation]) -> Iterator[tuple[str, ...]]:
    for row in with_relations(organisations).iterator(chunk_size=_BATCH):
        told = description_of(row)
        catalyst = row.catalyst if told.is_catalyst else None
        yield (
            *(row.name, row.acronym, _BETWEEN.join(row.aliases), row.get_world_display()),
            *(row.get_profile_display(), row.legal_form),
            *(row.siren or "", row.siret or "", row.rna or ""),
            row.get_size_display() if row.size else "",
            row.seat.name if row.seat else "",
            told.seat or "",
            _BETWEEN.join(told.territories),
            row.parent.name if row.parent else "",
            _BETWEEN.join(term.label for term in row.domains.all()),
            _BETWEEN.join(held.get_role_display() for held in row.roles.all()),
            _("oui") if told.is_catalyst else _("non"),
            _BETWEEN.join(term.label for term in catalyst.functions.all()) if catalyst else "",
            *(row.website, row.summary, row.source, row.get_absolute_url()),
        )
