"""What the pages of charters share: who reads what, what a change costs, who the parties are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliage.positioning.charter import CharterState, guide
from alliage.values.lives import DecisionRefusedError
from alliage_web.positioning.actions import charters as actions
from alliage_web.positioning.models import CharterParty, CharterSignature, CharterStateChoices
from alliage_web.positioning.permissions import charters as permissions
from alliage_web.positioning.queries import charters as queries
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest

    from alliage.positioning.charter import Section
    from alliage_web.positioning.models import CharterVersion

UNPROCESSABLE, CONFLICT = 422, 409
#: What the state of a charter refuses: it changed since the page was shown.
TOO_LATE: Final = (actions.CharterEndedError, DecisionRefusedError)


@dataclass(frozen=True, slots=True)
class PartyLine:
    """A party on the page of a charter, and what the reader may do for it."""

    party: CharterParty
    signature: CharterSignature | None
    is_own: bool
    has_left: bool
    may_sign: bool
    may_leave: bool
    may_remove: bool


class _SignInFirstError(Exception):
    """A visitor asks for what parties read."""


def visitors_sign_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Lead to sign in a visitor who asks for a charter that is not public."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except _SignInFirstError:
            return redirect_to_login(request.get_full_path())

    return asked


def read_version(request: HttpRequest, uuid: UUID, number: int) -> CharterVersion:
    """Return a version that the person may read, or answer that there is none."""
    found = queries.find_version(uuid, number)
    if found is None:
        raise Http404(no_charter())
    return readable(request, found)


def readable(request: HttpRequest, version: CharterVersion) -> CharterVersion:
    if may_read(request, version):
        return version
    if not request.user.is_authenticated:
        raise _SignInFirstError
    raise Http404(no_charter())


def may_read(request: HttpRequest, version: CharterVersion) -> bool:
    return queries.is_public(version) or request.user.has_perm(permissions.READ_CHARTER, version)


def party_version(request: HttpRequest, uuid: UUID, number: int) -> CharterVersion:
    """Return a version of which the person acts for a party; what is public is not enough."""
    found = queries.find_version(uuid, number)
    if found is None or not request.user.has_perm(permissions.READ_CHARTER, found):
        raise Http404(no_charter())
    return found


def write_version(request: HttpRequest, uuid: UUID, number: int) -> CharterVersion:
    """Return a version that the person may write, or refuse."""
    found = party_version(request, uuid, number)
    if not request.user.has_perm(permissions.WRITE_CHARTER, found):
        raise PermissionDenied
    return found


def party_of(version: CharterVersion, code: str) -> CharterParty:
    found = next((row for row in party_rows(version) if row.code == code), None)
    if found is None:
        raise Http404(_("Cette organisation n’est pas partie à cette version de la charte."))
    return found


def section_or_404(code: str) -> Section:
    found = guide().section(code)
    if found is None:
        raise Http404(_("La charte n’a pas de section à cette adresse."))
    return found


def is_signing(version: CharterVersion) -> bool:
    return version.state == CharterState.SIGNING.value


def base(version: CharterVersion, state: CharterState) -> dict[str, Any]:
    return {
        "charter": version.charter,
        "version": version,
        "state": state.value,
        "state_label": CharterStateChoices(state.value).label,
    }


def stake(version: CharterVersion | None) -> dict[str, Any]:
    """Say what a change costs while a version is out for signature."""
    if version is None:
        return {}
    names = [row.name for row in queries.signed(version)]
    text = (
        ngettext(
            "%(count)d partie a signé : %(names)s. Changer le texte annule sa signature et "
            "prévient toutes les parties.",
            "%(count)d parties ont signé : %(names)s. Changer le texte annule leurs signatures et "
            "prévient toutes les parties.",
            len(names),
        )
        % {"count": len(names), "names": ", ".join(names)}
        if names
        else _(
            "Personne n’a encore signé. Changer le texte en refait un projet, et prévient toutes "
            "les parties."
        )
    )
    return {"at_stake": text}


def too_late(request: HttpRequest, version: CharterVersion, refused: Exception) -> HttpResponse:
    """Say that a decision came too late, and show where the charter stands."""
    messages.error(
        request,
        _("La charte est terminée : écrivez-en une autre.")
        if isinstance(refused, actions.CharterEndedError)
        else _("Ce n’est plus possible : l’état de la charte a changé. Le voici."),
    )
    return redirect(version)


def form_page(
    request: HttpRequest,
    form: Any,
    *,
    title: str,
    lede: str,
    button: str,
    back: str,
    crumbs: list[Crumb],
    at_stake: CharterVersion | None = None,
    conflict: bool = False,
    danger: bool = False,
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "lede": lede,
        "button": button,
        "back": back,
        "crumbs": crumbs,
        "danger": danger,
        **stake(at_stake),
    }
    status = CONFLICT if conflict else UNPROCESSABLE if form.errors else 200
    return render(request, "positioning/charter_form.html", context, status=status)


def crumbs(version: CharterVersion | None, *last: str) -> list[Crumb]:
    """Return the way to a page of charters."""
    steps = [Crumb(_("Se situer"), reverse("positioning:index"))]
    if version is None:
        return [*steps, *(Crumb(step) for step in last)]
    steps.append(Crumb(_("Chartes"), reverse("positioning:charters")))
    here = version.get_absolute_url() if last else ""
    return [*steps, Crumb(version.charter.title, here), *(Crumb(step) for step in last)]


def no_charter() -> str:
    return _("Aucune charte n’a cette adresse, ou elle n’est lue que de ses parties.")


def party_lines(
    request: HttpRequest, version: CharterVersion, state: CharterState
) -> list[PartyLine]:
    day = timezone.localdate()
    own = {row.pk for row in queries.own_parties(request.user, version)}
    removable = _removable(version) if own and version.is_open else frozenset()
    found = []
    for row in party_rows(version):
        is_own, signature = row.pk in own, queries.signature_of(row)
        found.append(
            PartyLine(
                party=row,
                signature=signature,
                is_own=is_own,
                has_left=row.leaves_on is not None and row.leaves_on <= day,
                may_sign=is_own and state is CharterState.SIGNING and signature is None,
                may_leave=is_own and state is CharterState.IN_FORCE and row.leaves_on is None,
                may_remove=row.pk in removable,
            )
        )
    return found


def _removable(version: CharterVersion) -> frozenset[int]:
    """Return the parties that may be taken out: not those bound by what is in force."""
    rows = list(version.parties.all())
    held = queries.in_force(version.charter)
    bound = (
        {row.organisation_id for row in held.parties.all() if row.leaves_on is None}
        if held is not None
        else set()
    )
    free = [row.pk for row in rows if row.organisation_id not in bound]
    return frozenset(free if len(rows) > 1 else ())


def party_rows(version: CharterVersion) -> list[CharterParty]:
    rows = list(version.parties.all())
    for row in rows:
        row.version = version
    return rows


def again(form: Any, version: CharterVersion, section: Section | None = None) -> Any:
    """Give a form back as it was filled, knowing what its person knows now."""
    data = form.data.copy()
    data["cancelling"] = "on" if is_signing(version) else ""
    if section is not None:
        data["seen"] = queries.seen(version, section)
    form.data = data
    return form
