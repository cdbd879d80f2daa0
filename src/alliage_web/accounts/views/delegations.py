"""Being replaced while away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage_web.accounts import actions, queries
from alliage_web.accounts.actions import DelegationRefusedError
from alliage_web.accounts.forms.roles import DelegateForm
from alliage_web.accounts.models import Delegation, User
from alliage_web.ui.components import Crumb

from . import words
from .roles import confirm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.accounts.models import RoleHolding

_UNPROCESSABLE = 422


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Entrust one of one's roles to somebody, between two days."""
    assert isinstance(request.user, User)
    at = timezone.now()
    form = DelegateForm(
        request.POST if request.method == "POST" else None,
        holdings=[(one, _named(one)) for one in request.user.own_holdings],
        people=queries.known_to(request.user, at),
        today=timezone.localdate(),
        initial={"first_day": timezone.localdate(), **_chosen(request)},
    )
    if form.is_valid():
        try:
            delegation = actions.delegate_role(by=request.user, at=at, **form.chosen)
        except DelegationRefusedError as refusal:
            field, sentence = words.DELEGATION_FAULTS[refusal.why]
            form.add_error(
                "person" if field == "email" and form["person"].value() else field, sentence
            )
        else:
            messages.success(
                request,
                _("C’est noté : %(name)s vous remplace du %(first)s au %(last)s.")
                % {
                    "name": delegation.delegate,
                    "first": words.day(delegation.starts_at),
                    "last": words.last_day(delegation.ends_at),
                },
            )
            return redirect("accounts:roles")
    roles = reverse("accounts:roles")
    context = {
        "form": form,
        "nothing_to_entrust": not form.has_roles,
        "crumbs": [
            Crumb(_("Mon espace"), reverse("accounts:home")),
            Crumb(_("Mes rôles"), roles),
            Crumb(_("Me faire remplacer")),
        ],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "accounts/delegation.html", context, status=status)


def _chosen(request: HttpRequest) -> dict[str, str]:
    return {"holding": request.GET["role"]} if "role" in request.GET else {}


def _named(holding: RoleHolding) -> str:
    parts = [holding.get_role_display(), words.title_of(holding.place)]
    if holding.organisation:
        parts.append(
            _("pour %(organisation)s") % {"organisation": words.title_of(holding.organisation)}
        )
    return ", ".join(parts)


@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a replacement: whoever entrusted and whoever replaces may."""
    assert isinstance(request.user, User)
    delegations = Delegation.objects.select_related("holding__user", "delegate")
    delegation = delegations.filter(pk=pk).first()
    if delegation is None or request.user.pk not in {
        delegation.delegate_id,
        delegation.holding.user_id,
    }:
        raise Http404
    back = reverse("accounts:roles")
    if request.method != "POST":
        return confirm(
            request,
            title=_("Arrêter ce remplacement ?"),
            lines=[
                _("%(delegate)s ne remplacera plus %(holder)s, dès maintenant.")
                % {"delegate": delegation.delegate, "holder": delegation.holding.user},
                _("Ce qui a été écrit reste."),
            ],
            button=_("Arrêter le remplacement"),
            back=back,
            crumbs=[Crumb(_("Mes rôles"), back), Crumb(_("Arrêter un remplacement"))],
            is_dangerous=True,
        )
    if actions.end_delegation(delegation=delegation, by=request.user, at=timezone.now()):
        messages.success(request, _("Le remplacement est arrêté."))
    else:
        messages.info(request, _("Rien n’a changé : ce remplacement était fini."))
    return redirect(back)
