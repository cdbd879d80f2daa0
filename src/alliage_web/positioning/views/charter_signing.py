"""Charters from the signature on: opening to it, signing, publicity, leaving, amending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliage.positioning.charter import CharterState, leaves_on
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.positioning.actions import charters as actions
from alliage_web.positioning.documents.charter_document import facts_of
from alliage_web.positioning.forms.charters import AmendForm, ConfirmForm, LeaveForm, SignForm
from alliage_web.positioning.permissions import charters as permissions
from alliage_web.positioning.queries import charters as queries
from alliage_web.positioning.queries import charters_wording as words

from .charter_parts import (
    TOO_LATE,
    UNPROCESSABLE,
    crumbs,
    form_page,
    no_charter,
    party_of,
    party_version,
    too_late,
    write_version,
)

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from alliage_web.positioning.models import CharterParty, CharterVersion


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ready(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Freeze a complete text and ask for signatures, or say what it lacks."""
    user = request.user
    assert isinstance(user, User)
    found = write_version(request, uuid, number)
    missing = queries.missing_of(found, timezone.localdate())
    if request.method == "POST":
        try:
            actions.open_for_signature(
                version=found, by=user, at=timezone.now(), on=timezone.localdate()
            )
        except actions.NotReadyError as refused:
            missing = refused.missing
        except TOO_LATE as refused:
            return too_late(request, found, refused)
        else:
            messages.success(
                request, _("La charte est à la signature : les parties en sont prévenues.")
            )
            return redirect(found)
    context = {
        "charter": found.charter,
        "version": found,
        "content": queries.content_of(found),
        "facts": facts_of(found),
        "parties": found.parties.all(),
        "missing": [(one, words.told(one)) for one in missing],
        "waiting": sum(queries.waiting_comments(found).values()),
        "crumbs": crumbs(found, _("Ouvrir à la signature")),
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "positioning/charter_open.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, uuid: UUID, number: int, party: str) -> HttpResponse:
    """Sign for a party what stands on the page, and nothing else."""
    user = request.user
    assert isinstance(user, User)
    found, row = _answered(request, uuid, number, party)
    if queries.signature_of(row) is not None:
        messages.info(request, _("%(name)s a déjà signé.") % {"name": row.name})
        return redirect(found)
    if found.state != CharterState.SIGNING.value and request.method != "POST":
        messages.info(request, _("Cette version n’est pas à la signature."))
        return redirect(found)
    form = SignForm(
        request.POST if request.method == "POST" else None,
        initial={"digest": found.digest, "signatory": user.name},
        use_required_attribute=False,
    )
    if request.method == "POST" and form.is_valid():
        try:
            signed = actions.sign(
                party=row,
                digest=form.cleaned_data["digest"],
                values=form.values(),
                by=user,
                at=timezone.now(),
                on=timezone.localdate(),
                submission=form.cleaned_data["submission"],
            )
        except (AlreadyDoneError, actions.AlreadySignedError):
            messages.info(request, _("%(name)s a déjà signé.") % {"name": row.name})
            return redirect(found)
        except actions.TextChangedError:
            messages.error(
                request,
                _(
                    "Le texte a changé depuis que vous l’avez lu : rien n’est signé. Relisez-le, "
                    "puis signez."
                ),
            )
            return redirect(found)
        except TOO_LATE as refused:
            return too_late(request, found, refused)
        messages.success(
            request,
            _("Vous avez signé pour %(name)s. Toutes ont signé : la charte est en vigueur.")
            % {"name": row.name}
            if signed.state == CharterState.IN_FORCE.value
            else _("Vous avez signé pour %(name)s.") % {"name": row.name},
        )
        return redirect(found)
    context = {
        "charter": found.charter,
        "version": found,
        "party": row,
        "content": queries.content_of(found),
        "facts": facts_of(found),
        "form": form,
        "crumbs": crumbs(found, _("Signer")),
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "positioning/charter_sign.html", context, status=status)


@login_required
@require_POST
def publicity(request: HttpRequest, uuid: UUID, number: int, party: str) -> HttpResponse:
    """Say again whether the charter may be public."""
    user = request.user
    assert isinstance(user, User)
    found, row = _answered(request, uuid, number, party)
    signature = queries.signature_of(row)
    if signature is None:
        messages.info(request, _("Ce choix se fait en signant."))
        return redirect(found)
    actions.set_publicity(
        party=row, agrees=request.POST.get("agrees") == "yes", by=user, at=timezone.now()
    )
    messages.success(request, _("Votre choix est enregistré."))
    return redirect(found)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, uuid: UUID, number: int, party: str) -> HttpResponse:
    """Announce that a party leaves, by the rule of the charter."""
    user = request.user
    assert isinstance(user, User)
    found, row = _answered(request, uuid, number, party)
    day = timezone.localdate()
    if found.state_on(day) is not CharterState.IN_FORCE:
        messages.info(request, _("On ne quitte qu’une charte en vigueur."))
        return redirect(found)
    if row.leaves_on is not None:
        messages.info(request, _("Le départ est déjà annoncé."))
        return redirect(found)
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            after = actions.leave(
                party=row,
                why=form.cleaned_data["why"].replace("\r\n", "\n"),
                by=user,
                at=timezone.now(),
                on=day,
            )
        except actions.AlreadyLeavingError:
            messages.info(request, _("Le départ est déjà annoncé."))
            return redirect(found)
        except TOO_LATE as refused:
            return too_late(request, found, refused)
        messages.success(
            request,
            _("Le départ est annoncé aux parties. La charte se termine le %(day)s.")
            % {"day": date_format(after.ends_on, "j F Y")}
            if after.ends_on
            else _("Le départ est annoncé aux parties."),
        )
        return redirect(found)
    last = leaves_on(day, found.notice_days or 0)
    return form_page(
        request,
        form,
        title=_("%(name)s quitte la charte") % {"name": row.name},
        lede=_(
            "Selon la règle de sortie (%(notice)s), le départ annoncé aujourd’hui prend effet le "
            "%(day)s. Les parties en sont prévenues ; la charte continue entre elles tant "
            "qu’elles viennent de deux mondes au moins."
        )
        % {
            "notice": words.notice_told(found.notice_days or 0),
            "day": date_format(last, "j F Y"),
        },
        button=_("Annoncer le départ"),
        back=found.get_absolute_url(),
        crumbs=crumbs(found, _("Quitter la charte")),
        danger=True,
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Begin an amendment to the version in force."""
    user = request.user
    assert isinstance(user, User)
    found = queries.find_version(uuid)
    if found is None or not user.has_perm(permissions.READ_CHARTER, found):
        raise Http404(no_charter())
    if not user.has_perm(permissions.WRITE_CHARTER, found):
        raise PermissionDenied
    if found.state_on(timezone.localdate()) is not CharterState.IN_FORCE:
        messages.info(request, _("Un avenant part d’une charte en vigueur."))
        return redirect(found)
    form = AmendForm(
        request.POST if request.method == "POST" else None, use_required_attribute=False
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.amend(
                version=found,
                reason=form.cleaned_data["reason"].replace("\r\n", "\n"),
                by=user,
                at=timezone.now(),
                on=timezone.localdate(),
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            messages.info(request, _("Cet avenant est déjà commencé."))
            return redirect(queries.open_version(found.charter) or found)
        except TOO_LATE as refused:
            return too_late(request, found, refused)
        messages.success(
            request,
            _("L’avenant part du texte en vigueur, qui le reste tant que toutes n’ont pas signé."),
        )
        return redirect(made)
    return form_page(
        request,
        form,
        title=_("Proposer un avenant"),
        lede=_(
            "Une nouvelle version, écrite à partir de celle en vigueur, que toutes les parties "
            "signent. D’ici là, rien ne change."
        ),
        button=_("Commencer l’avenant"),
        back=found.get_absolute_url(),
        crumbs=crumbs(found, _("Proposer un avenant")),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def abandon(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Give up a project."""
    user = request.user
    assert isinstance(user, User)
    found = write_version(request, uuid, number)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.abandon(version=found, by=user, at=timezone.now())
        except TOO_LATE as refused:
            return too_late(request, found, refused)
        messages.success(request, _("Le projet est abandonné : les parties en sont prévenues."))
        return redirect(found)
    if not found.is_open:
        messages.info(request, _("On n’abandonne qu’un projet qui n’est pas encore signé."))
        return redirect(found)
    return form_page(
        request,
        form,
        title=_("Abandonner ce projet"),
        lede=_(
            "Il ne sera plus écrit ni signé ; les signatures déjà données sont effacées. Les "
            "parties le lisent encore."
        ),
        button=_("Abandonner le projet"),
        back=found.get_absolute_url(),
        crumbs=crumbs(found, _("Abandonner")),
        danger=True,
    )


def _answered(
    request: HttpRequest, uuid: UUID, number: int, party: str
) -> tuple[CharterVersion, CharterParty]:
    """Return a version and the party for which the person acts, or answer that there is none."""
    found = party_version(request, uuid, number)
    row = party_of(found, party)
    if not request.user.has_perm(permissions.ANSWER_CHARTER, row):
        raise Http404(
            _("Vous n’agissez pas pour cette partie : demandez à qui agit pour elle de répondre.")
        )
    return found, row
