"""The page of an organisation: who it is, where it acts, with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from alliage_web.actors import queries as actors
from alliage_web.actors.queries.contacts import contacts_seen_by
from alliage_web.alliances.queries import alliances_of
from alliage_web.fund.queries.supports import supports_of_organisation
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.actors.models import Organisation


def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    profile = actors.profile(slug)
    if profile is None:
        raise Http404(
            _("Aucune organisation « %(slug)s ». Cherchez-la dans l’annuaire.") % {"slug": slug}
        )
    organisation = profile.organisation
    if organisation.slug != slug:
        return redirect(organisation, permanent=True)
    context = {
        "profile": profile,
        "organisation": organisation,
        "identifiers": _identifiers(organisation),
        "contacts": contacts_seen_by(request.user, organisation),
        "may_manage_contacts": request.user.has_perm("actors.manage_contacts", organisation),
        "memberships": alliances_of(organisation.pk),
        "supports": supports_of_organisation(organisation.pk, request.user),
        "may_change": request.user.has_perm("actors.change_organisation", organisation),
        "may_see_workspace": request.user.has_perm("actors.see_workspace", organisation),
        "may_merge": request.user.has_perm("actors.merge_organisation", organisation),
        "crumbs": [Crumb(_("Acteurs"), reverse("actors:index")), Crumb(organisation.name)],
    }
    return render(request, "site/organisation.html", context)


def _identifiers(organisation: Organisation) -> list[tuple[str, str, str]]:
    """Give each identifier with its number and how it was checked; unknown is empty."""
    checked = _("clé vérifiée")
    return [
        (_("SIREN"), _spaced(organisation.siren), checked),
        (_("SIRET du siège"), _spaced(organisation.siret), checked),
        # An RNA number has no check digit: only its form can be told right or wrong.
        (_("Numéro RNA"), organisation.rna or "", _("forme vérifiée")),
    ]


def _spaced(number: str | None) -> str:
    """Write an identifier as people read it: 217 500 016 00019."""
    if not number:
        return ""
    groups = [number[:3], number[3:6], number[6:9], number[9:]]
    return "\N{NARROW NO-BREAK SPACE}".join(filter(None, groups))
