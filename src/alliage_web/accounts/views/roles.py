"""Roles: mine, and those that I give, change and take back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage_web.accounts import actions, permissions, queries
from alliage_web.accounts.actions import NOT_DELEGATED, LastAdministratorError
from alliage_web.accounts.forms.roles import EndForm, GiveForm
from alliage_web.accounts.models import Membership, Role, RoleHolding, User
from alliage_web.accounts.refusals import report
from alliage_web.ui.components import Crumb

from . import words
from .workspaces import crumbs_at, seen_place

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.accounts.models import Delegation
    from alliage_web.accounts.queries import Place, Standing

_UNPROCESSABLE = 422
_INSTANT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class OwnLine:
    """A role of mine: where, for whom, until when, why, and who replaces me."""

    holding: RoleHolding
    title: str
    kind: str
    organisation: str
    since: str
    until: str
    given_by: str
    delegations: tuple[tuple[Delegation, str], ...]
    may_delegate: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class LentLine:
    """A role that somebody entrusts to me."""

    delegation: Delegation
    sentence: str


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    at = timezone.now()
    lines = [_own_line(one, request.user) for one in queries.own_standing(request.user, at)]
    context = {
        "lines": lines,
        "may_delegate": any(line.may_delegate for line in lines),
        "memberships": [
            (one, words.title_of(one.organisation), words.day(one.since))
            for one in request.user.belongs_to
        ],
        "lent": [lent_line(one) for one in queries.received_by(request.user, at)],
        "crumbs": [Crumb(_("Mon espace"), reverse("accounts:home")), Crumb(_("Mes rôles"))],
    }
    return render(request, "accounts/my_roles.html", context)


def _own_line(standing: Standing, user: User) -> OwnLine:
    holding = standing.holding
    return OwnLine(
        holding=holding,
        title=words.title_of(holding.place),
        kind=words.kind_label(holding.place),
        organisation=words.title_of(holding.organisation) if holding.organisation else "",
        since=words.day(holding.granted_at),
        until=words.last_day(holding.expires_at) if holding.expires_at else "",
        given_by=str(holding.granted_by or _("une commande de l’administration")),
        delegations=tuple(
            (
                one,
                _("%(name)s vous remplace du %(first)s au %(last)s.")
                % {
                    "name": one.delegate,
                    "first": words.day(one.starts_at),
                    "last": words.last_day(one.ends_at),
                },
            )
            for one in standing.delegations
        ),
        may_delegate=holding.role not in NOT_DELEGATED,
        is_open=permissions.may_see_place(user, holding.place),
    )


def lent_line(delegation: Delegation) -> LentLine:
    """Say whom a person replaces, in what and when."""
    holding = delegation.holding
    sentence = _("Vous remplacez %(name)s du %(first)s au %(last)s : « %(role)s », %(place)s.") % {
        "name": holding.user,
        "first": words.day(delegation.starts_at),
        "last": words.last_day(delegation.ends_at),
        "role": queries.role_label(holding.role),
        "place": words.title_of(holding.place),
    }
    return LentLine(delegation, sentence)


@login_required
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave one's own role."""
    assert isinstance(request.user, User)
    holding = get_object_or_404(RoleHolding, pk=pk, user=request.user)
    back = reverse("accounts:roles")
    if request.method == "POST":
        return _take(request, holding, back, done=_("Vous avez quitté ce rôle."))
    return confirm(
        request,
        title=_("Quitter le rôle « %(role)s » ?") % {"role": holding.get_role_display()},
        lines=[
            _("%(place)s : vous ne pourrez plus y faire ce que ce rôle permet, dès maintenant.")
            % {"place": words.title_of(holding.place)},
            _("Ce que vous avez écrit reste. Les remplacements que vous avez prévus s’arrêtent."),
            _("Pour le retrouver, il faudra qu’on vous le redonne."),
        ],
        button=_("Quitter ce rôle"),
        back=back,
        crumbs=[Crumb(_("Mes rôles"), back), Crumb(_("Quitter"))],
        is_dangerous=True,
    )


@login_required
def leave_organisation(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    membership = get_object_or_404(Membership, pk=pk, user=request.user)
    back = reverse("accounts:roles")
    title = words.title_of(membership.organisation)
    if request.method == "POST":
        actions.leave_organisation(membership=membership, by=request.user, at=timezone.now())
        messages.success(request, _("Vous n’êtes plus membre de %(title)s.") % {"title": title})
        return redirect(back)
    return confirm(
        request,
        title=_("Quitter %(title)s ?") % {"title": title},
        lines=[
            _("Vous ne verrez plus l’espace de cette organisation."),
            _("Les rôles que vous tenez en son nom dans des alliances s’arrêtent aussi."),
            _("Pour revenir, il faudra qu’un membre vous invite."),
        ],
        button=_("Quitter cette organisation"),
        back=back,
        crumbs=[Crumb(_("Mes rôles"), back), Crumb(_("Quitter"))],
        is_dangerous=True,
    )


@login_required
def give(request: HttpRequest, name: str) -> HttpResponse:
    """Give a role to an existing account: administrators only, the others invite."""
    assert isinstance(request.user, User)
    where = seen_place(request, name)
    gives = permissions.gives(request.user, where)
    if not gives or not permissions.is_administrator.test(request.user):
        raise PermissionDenied
    form = GiveForm(
        request.POST if request.method == "POST" else None,
        where=where,
        gives=gives,
        today=timezone.localdate(),
    )
    if form.is_valid():
        return _give(request, where, form)
    context = {
        "form": form,
        "where": where,
        "title": _("Donner un rôle"),
        "lede": _("La personne a déjà un compte : le rôle lui est donné tout de suite."),
        "button": _("Donner ce rôle"),
        "crumbs": crumbs_at(where, _("Donner un rôle")),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "accounts/role_form.html", context, status=status)


def _give(request: HttpRequest, where: Place, form: GiveForm) -> HttpResponse:
    assert isinstance(request.user, User)
    assert form.person is not None
    offered, by, at = form.offered, request.user, timezone.now()
    try:
        if offered["role"]:
            actions.give_role(
                user=form.person,
                role=Role(offered["role"]),
                place=where.name,
                organisation=offered["organisation"],
                expires_at=form.end,
                by=by,
                at=at,
            )
        else:
            actions.join_organisation(user=form.person, organisation=where.name, by=by, at=at)
    except LastAdministratorError:
        return _refuse_last(request, where)
    messages.success(
        request,
        _("%(name)s : « %(thing)s », c’est fait.")
        % {"name": form.person, "thing": words.thing(offered["role"])},
    )
    return redirect("workspaces:detail", where.name)


@login_required
def change_end(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """Give a role an end, another end, or none."""
    assert isinstance(request.user, User)
    where = seen_place(request, name)
    holding = _changeable(request, where, pk)
    initial = {}
    if holding.expires_at:
        last = timezone.localtime(holding.expires_at - _INSTANT).date()
        initial = {"last_day": last}
    form = EndForm(
        request.POST if request.method == "POST" else None,
        today=timezone.localdate(),
        initial=initial,
    )
    if form.is_valid():
        return _change_end(request, where, holding, form)
    context = {
        "form": form,
        "where": where,
        "title": _("Jusqu’à quand %(name)s tient le rôle « %(role)s » ?")
        % {"name": holding.user, "role": holding.get_role_display()},
        "lede": _(
            "Après ce jour, le rôle ne permet plus rien, sans que vous ayez à le retirer. Il peut "
            "être prolongé à tout moment."
        ),
        "button": _("Enregistrer"),
        "crumbs": crumbs_at(where, _("Date de fin")),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "accounts/role_form.html", context, status=status)


def _change_end(
    request: HttpRequest, where: Place, holding: RoleHolding, form: EndForm
) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        actions.change_role_end(
            holding=holding, expires_at=form.end, by=request.user, at=timezone.now()
        )
    except LastAdministratorError:
        return _refuse_last(request, where)
    except actions.RoleRefusedError:
        messages.info(request, _("Rien n’a changé : ce rôle a été retiré entre-temps."))
    else:
        messages.success(request, _("La date de fin est enregistrée."))
    return redirect("workspaces:detail", where.name)


@login_required
def take(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """Take a role back."""
    where = seen_place(request, name)
    holding = _changeable(request, where, pk)
    back = reverse("workspaces:detail", args=[where.name])
    if request.method == "POST":
        return _take(request, holding, back, done=_("Le rôle est retiré."))
    return confirm(
        request,
        title=_("Retirer à %(name)s le rôle « %(role)s » ?")
        % {"name": holding.user, "role": holding.get_role_display()},
        lines=[
            _("Dès maintenant, cette personne ne pourra plus faire ce que ce rôle permet ici."),
            _("Ce qu’elle a écrit reste. Les remplacements qu’elle a prévus s’arrêtent."),
        ],
        button=_("Retirer ce rôle"),
        back=back,
        crumbs=crumbs_at(where, _("Retirer un rôle")),
        is_dangerous=True,
    )


@login_required
def remove_member(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """End somebody's belonging to an organisation."""
    assert isinstance(request.user, User)
    where = seen_place(request, name)
    if permissions.MEMBER not in permissions.gives(request.user, where):
        raise PermissionDenied
    members = Membership.objects.select_related("user")
    membership = get_object_or_404(members, pk=pk, organisation=where.name)
    back = reverse("workspaces:detail", args=[where.name])
    if request.method == "POST":
        actions.leave_organisation(membership=membership, by=request.user, at=timezone.now())
        messages.success(
            request,
            _("%(name)s n’est plus membre de %(title)s.")
            % {"name": membership.user, "title": where.title},
        )
        return redirect(back)
    return confirm(
        request,
        title=_("Retirer %(name)s des membres ?") % {"name": membership.user},
        lines=[
            _("Cette personne ne verra plus l’espace de %(title)s.") % {"title": where.title},
            _("Les rôles qu’elle tient en son nom dans des alliances s’arrêtent aussi."),
        ],
        button=_("Retirer des membres"),
        back=back,
        crumbs=crumbs_at(where, _("Retirer un membre")),
        is_dangerous=True,
    )


def confirm(
    request: HttpRequest,
    *,
    title: str,
    lines: list[str],
    button: str,
    back: str,
    crumbs: list[Crumb],
    is_dangerous: bool = False,
) -> HttpResponse:
    """Ask before acting, and say what follows."""
    context: dict[str, Any] = {
        "title": title,
        "lines": lines,
        "button": button,
        "back": back,
        "crumbs": crumbs,
        "is_dangerous": is_dangerous,
    }
    return render(request, "accounts/confirm.html", context)


def _changeable(request: HttpRequest, where: Place, pk: int) -> RoleHolding:
    holdings = RoleHolding.objects.select_related("user")
    holding = get_object_or_404(holdings, pk=pk, place=where.name)
    if holding.role not in permissions.gives(request.user, where):
        raise PermissionDenied
    return holding


def _take(request: HttpRequest, holding: RoleHolding, back: str, *, done: str) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        taken = actions.take_role(holding=holding, by=request.user, at=timezone.now())
    except LastAdministratorError:
        report(request, "the last administrator cannot be removed", person=holding.user)
        messages.error(request, _last_words())
        return redirect(back)
    if taken:
        messages.success(request, done)
    else:
        messages.info(request, _("Rien n’a changé : ce rôle a été retiré entre-temps."))
    return redirect(back)


def _refuse_last(request: HttpRequest, where: Place) -> HttpResponse:
    report(request, "the last administrator cannot be given an end")
    messages.error(request, _last_words())
    return redirect("workspaces:detail", where.name)


def _last_words() -> str:
    return _(
        "Rien n’a changé : c’est la dernière personne qui administre la plateforme sans date de "
        "fin. Donnez d’abord ce rôle à quelqu’un d’autre."
    )
