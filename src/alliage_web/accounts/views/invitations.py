"""Inviting, and answering an invitation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from alliage_web.accounts import actions, permissions, queries
from alliage_web.accounts.actions import InvitationFault
from alliage_web.accounts.forms.roles import InviteForm
from alliage_web.accounts.models import Invitation, User
from alliage_web.accounts.queries.invitations import INVITATION_KEY
from alliage_web.accounts.refusals import report
from alliage_web.audit.actions import AlreadyDoneError

from . import words
from .roles import confirm
from .workspaces import crumbs_at, seen_place

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.accounts.queries import Place

_UNPROCESSABLE, _GONE, _FORBIDDEN = 422, 410, 403
#: Set in the session by the link of a message: the invitation that it opened.
_OPENED = "invitation_opened"


@login_required
def send(request: HttpRequest, name: str) -> HttpResponse:
    """Invite people to a place, all of those named or none."""
    assert isinstance(request.user, User)
    where = seen_place(request, name)
    gives = permissions.gives(request.user, where)
    if not gives:
        raise PermissionDenied
    form = InviteForm(
        request.POST if request.method == "POST" else None,
        where=where,
        gives=gives,
        today=timezone.localdate(),
    )
    if form.is_valid() and (done := _invite(request, where, form)):
        return done
    context = {
        "form": form,
        "where": where,
        "title": _("Inviter"),
        "lede": _(
            "Chaque personne reçoit un message avec un lien, valable quatorze jours. Elle accepte "
            "avec son compte, ou en crée un."
        ),
        "button": _("Envoyer les invitations"),
        "crumbs": crumbs_at(where, _("Inviter")),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "accounts/role_form.html", context, status=status)


def _invite(request: HttpRequest, where: Place, form: InviteForm) -> HttpResponse | None:
    """Send the invitations; None when the form now says what is at fault."""
    assert isinstance(request.user, User)
    try:
        issued = actions.invite(
            emails=form.cleaned_data["emails"],
            place=where.name,
            role_expires_at=form.end,
            message=form.cleaned_data["message"],
            submission=form.cleaned_data["submission"],
            by=request.user,
            at=timezone.now(),
            **form.offered,
        )
    except AlreadyDoneError:
        return redirect("workspaces:detail", where.name)
    except actions.InvitationsRefusedError as refusal:
        form.refuse(refusal.faults)
        return None
    except actions.TooManyInvitationsError as refusal:
        report(request, "too many invitations", person=request.user)
        form.refuse_too_many(refusal.left)
        return None
    _deliver(request, issued)
    return redirect("workspaces:detail", where.name)


def _deliver(request: HttpRequest, issued: list[actions.Issued]) -> None:
    failed = actions.deliver(issued, link=lambda token: _link(request, token))
    if left := len(issued) - len(failed):
        messages.success(
            request,
            ngettext(
                "%(count)s invitation est partie.", "%(count)s invitations sont parties.", left
            )
            % {"count": left},
        )
    if failed:
        messages.warning(
            request,
            _(
                "Le message n’a pas pu partir pour %(addresses)s. L’invitation attend ci-dessous : "
                "renvoyez-la dans une heure."
            )
            % {"addresses": ", ".join(one.email for one in failed)},
        )


def _link(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("accounts:invitation-link", args=[token]))


@login_required
def resend(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """Send an invitation again, with a new link."""
    assert isinstance(request.user, User)
    where, invitation = _changeable(request, name, pk)
    back = reverse("workspaces:detail", args=[where.name])
    if request.method != "POST":
        return confirm(
            request,
            title=_("Renvoyer l’invitation à %(email)s ?") % {"email": invitation.email},
            lines=[
                _("Un nouveau message part, avec un nouveau lien valable quatorze jours."),
                _("Le lien envoyé avant n’ouvre plus rien."),
            ],
            button=_("Renvoyer l’invitation"),
            back=back,
            crumbs=crumbs_at(where, _("Renvoyer")),
        )
    try:
        issued = actions.resend_invitation(
            invitation=invitation, by=request.user, at=timezone.now()
        )
    except actions.InvitationRefusedError as refusal:
        title, remedy = words.REFUSALS[refusal.why]
        messages.warning(request, f"{title}. {remedy}")
    else:
        _deliver(request, [issued])
    return redirect(back)


@login_required
def cancel(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    where, invitation = _changeable(request, name, pk)
    back = reverse("workspaces:detail", args=[where.name])
    if request.method != "POST":
        return confirm(
            request,
            title=_("Annuler l’invitation de %(email)s ?") % {"email": invitation.email},
            lines=[_("Le lien déjà envoyé n’ouvrira plus rien."), _("Vous pourrez réinviter.")],
            button=_("Annuler l’invitation"),
            back=back,
            crumbs=crumbs_at(where, _("Annuler une invitation")),
            is_dangerous=True,
        )
    done = actions.cancel_invitation(invitation=invitation, by=request.user, at=timezone.now())
    if done:
        messages.success(request, _("L’invitation est annulée."))
    else:
        messages.info(request, _("Rien n’a changé : cette invitation n’attendait plus."))
    return redirect(back)


def _changeable(request: HttpRequest, name: str, pk: int) -> tuple[Place, Invitation]:
    where = seen_place(request, name)
    gives = permissions.gives(request.user, where)
    if not gives:
        raise PermissionDenied
    invitation = get_object_or_404(Invitation, pk=pk, place=where.name)
    if invitation.role not in gives:
        raise PermissionDenied
    return where, invitation


@require_safe
@sensitive_variables("token")
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Open the link of a message: the secret leaves the address before anything is shown.

    Nothing is accepted here: programs open the links of messages too.
    """
    invitation = queries.invitation_of(token)
    if invitation is None:
        report(request, "an invitation that does not exist")
        return _refused(
            request,
            _("Ce lien n’ouvre aucune invitation"),
            _(
                "Il est incomplet, ou une invitation plus récente l’a remplacé. Ouvrez le dernier "
                "message reçu, et copiez l’adresse en entier."
            ),
            status=404,
        )
    _keep(request, invitation)
    return redirect("accounts:invitation")


@require_safe
@login_required
def open_own(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an invitation from one's own space: the address is known to be theirs."""
    assert isinstance(request.user, User)
    waiting = queries.waiting_for(request.user, timezone.now())
    invitation = next((one for one in waiting if one.pk == pk), None)
    if invitation is None:
        raise Http404
    _keep(request, invitation)
    return redirect("accounts:invitation")


def _keep(request: HttpRequest, invitation: Invitation) -> None:
    """Remember which invitation was opened; one that waits also lets an account be made."""
    request.session[_OPENED] = invitation.pk
    if actions.why_refused(invitation, None, timezone.now()) is None:
        request.session[INVITATION_KEY] = invitation.pk


def _forget(request: HttpRequest) -> None:
    for key in (_OPENED, INVITATION_KEY):
        request.session.pop(key, None)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest) -> HttpResponse:
    """Show what is offered and by whom; with POST, accept it."""
    invitation = queries.invitation_numbered(request.session.get(_OPENED))
    if invitation is None:
        return _refused(
            request,
            _("Aucune invitation n’est ouverte"),
            _("Ouvrez le lien du message que vous avez reçu, dans ce navigateur."),
            status=404,
        )
    user = request.user if isinstance(request.user, User) else None
    at = timezone.now()
    if user is not None and invitation.accepted_by_id == user.pk:
        return _already_accepted(request, invitation)
    if why := actions.why_refused(invitation, user, at):
        return _refuse(request, invitation, why)
    if request.method != "POST" or user is None:
        return _show(request, invitation)
    try:
        accepted = actions.accept_invitation(invitation=invitation, by=user, at=at)
    except actions.InvitationRefusedError as refusal:
        return _refuse(request, invitation, refusal.why)
    _forget(request)
    messages.success(
        request,
        _("Bienvenue. Vous êtes maintenant : %(thing)s.") % {"thing": words.thing(accepted.role)},
    )
    return redirect("workspaces:detail", accepted.place)


def _already_accepted(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    _forget(request)
    messages.info(request, _("Vous aviez déjà accepté cette invitation."))
    if permissions.may_see_place(request.user, invitation.place):
        return redirect("workspaces:detail", invitation.place)
    return redirect("accounts:home")


def _show(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    here = reverse("accounts:invitation")
    context = {
        "invitation": invitation,
        "title": words.title_of(invitation.place),
        "kind_label": words.kind_label(invitation.place),
        "thing": words.thing(invitation.role),
        "purpose": words.PURPOSES[invitation.role],
        "organisation": words.title_of(invitation.organisation) if invitation.organisation else "",
        "inviter": invitation.invited_by or _("l’administration de la plateforme"),
        "until": words.last_day(invitation.role_expires_at) if invitation.role_expires_at else "",
        "valid_until": words.last_day(invitation.expires_at),
        "here": here,
    }
    return render(request, "accounts/invitation.html", context)


def _refuse(request: HttpRequest, invitation: Invitation, why: InvitationFault) -> HttpResponse:
    report(request, f"an invitation that is refused: {why}", person=request.user)
    if why == InvitationFault.ADDRESS:
        return render(
            request,
            "accounts/invitation_address.html",
            {"masked": _masked(invitation.email), "inviter": invitation.invited_by},
            status=_FORBIDDEN,
        )
    # What opens nothing must not let an account be made either.
    _forget(request)
    title, remedy = words.REFUSALS[why]
    return _refused(request, title, remedy, status=_GONE)


def _refused(request: HttpRequest, title: str, remedy: str, *, status: int) -> HttpResponse:
    context = {"title": title, "remedy": remedy}
    return render(request, "accounts/invitation_refused.html", context, status=status)


def _masked(email: str) -> str:
    """Show enough of an address for its owner to know it, and no more to others."""
    local, _at, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"
