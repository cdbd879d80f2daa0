"""The contacts of an organisation: managed by its people, and by the contacts themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alliage_web.accounts.models import User
from alliage_web.actors.actions.contact_messages import send_link
from alliage_web.actors.actions.contacts import (
    ContactLinkError,
    SameContactError,
    add_contact,
    change_contact,
    open_link,
    remove_contact,
)
from alliage_web.actors.forms.contacts import ContactForm, OwnContactForm
from alliage_web.actors.queries.contacts import contact_of, standing_consents
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.ui.components import Crumb

from .writing import found

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.actors.models import Contact, Organisation


@require_http_methods(["GET", "POST"])
@login_required
def contact_new(request: HttpRequest, slug: str) -> HttpResponse:
    organisation = _managed(request, slug)
    form = ContactForm(request.POST or None)
    if form.is_bound and form.is_valid():
        response = _add(request, organisation, form)
        if response:
            return response
    return _form(request, organisation, form, title=_("Ajouter un contact"))


def _add(
    request: HttpRequest, organisation: Organisation, form: ContactForm
) -> HttpResponse | None:
    assert isinstance(request.user, User)
    try:
        contact = add_contact(
            organisation=organisation,
            details=form.details,
            consents=form.agreed_to,
            account=request.user if form.is_own else None,
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return _back(organisation)
    except SameContactError:
        form.refuse_twin()
        return None
    if not form.is_own and _tell(request, contact):
        messages.success(
            request,
            _("Le contact est enregistré. Cette personne reçoit un message qui le lui dit."),
        )
    else:
        messages.success(request, _("Le contact est enregistré."))
    return _back(organisation)


@require_http_methods(["GET", "POST"])
@login_required
def contact_edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    organisation = _managed(request, slug)
    contact = _contact(organisation, pk)
    assert isinstance(request.user, User)
    own = contact.account_id == request.user.pk
    form = ContactForm(
        request.POST or None, contact=contact, agreed=standing_consents(contact), own=own
    )
    if form.is_bound and form.is_valid():
        try:
            changed = change_contact(
                contact=contact,
                details=form.details,
                consents=form.agreed_to,
                by=request.user,
                at=timezone.now(),
            )
        except SameContactError:
            form.refuse_twin()
        else:
            if changed.email != contact.email and not own:
                _tell(request, changed)
            messages.success(request, _("Les modifications sont enregistrées."))
            return _back(organisation)
    return _form(
        request, organisation, form, title=_("Modifier %(name)s") % {"name": contact.name},
        contact=contact,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@login_required
def contact_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    organisation = _managed(request, slug)
    contact = _contact(organisation, pk)
    assert isinstance(request.user, User)
    if request.method == "POST":
        remove_contact(contact=contact, by=request.user, at=timezone.now())
        messages.success(request, _("Le contact est retiré, avec ses accords."))
        return _back(organisation)
    context = {
        "contact": contact,
        "back": organisation.get_absolute_url(),
        "crumbs": _crumbs(organisation, _("Retirer un contact")),
    }
    return render(request, "actors/contact_remove.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def contact_own(request: HttpRequest, token: str) -> HttpResponse:
    """Show a contact to themselves; a GET changes nothing: programs open the links of messages."""
    try:
        contact = open_link(token)
    except ContactLinkError:
        return render(request, "actors/contact_gone.html", status=404)
    agreed = standing_consents(contact)
    form = OwnContactForm(request.POST or None, contact=contact, agreed=agreed)
    if form.is_bound and form.is_valid():
        try:
            changed = change_contact(
                contact=contact,
                details=form.details,
                consents=form.agreed_to,
                by=None,
                at=timezone.now(),
            )
        except SameContactError:
            form.refuse_twin()
        else:
            moved = changed.email != contact.email and _tell(request, changed)
            context = {"contact": changed, "moved": moved, "emptied": not changed.email}
            return render(request, "actors/contact_saved.html", context)
    context = {"contact": contact, "form": form, "token": token, "consents": _told(contact)}
    return render(request, "actors/contact_own.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def contact_own_remove(request: HttpRequest, token: str) -> HttpResponse:
    try:
        contact = open_link(token)
    except ContactLinkError:
        return render(request, "actors/contact_gone.html", status=404)
    if request.method == "POST":
        remove_contact(contact=contact, by=None, at=timezone.now())
        return render(request, "actors/contact_removed.html")
    context = {
        "contact": contact,
        "back": reverse("actors:contact-own", args=[token]),
        "crumbs": [],
    }
    return render(request, "actors/contact_remove.html", context)


def _managed(request: HttpRequest, slug: str) -> Organisation:
    organisation = found(slug)
    if not request.user.has_perm("actors.manage_contacts", organisation):
        raise PermissionDenied
    return organisation


def _contact(organisation: Organisation, pk: int) -> Contact:
    contact = contact_of(organisation, pk)
    if contact is None:
        raise Http404(_("Ce contact n’existe pas, ou plus. Revenez à la fiche de l’organisation."))
    return contact


def _tell(request: HttpRequest, contact: Contact) -> bool:
    return send_link(
        contact,
        address=lambda token: request.build_absolute_uri(
            reverse("actors:contact-own", args=[token])
        ),
    )


def _told(contact: Contact) -> list[tuple[str, str, object, object]]:
    """Give every consent ever given: to what, how, when, and until when."""
    return [
        (
            str(consent.get_purpose_display()),
            str(consent.get_how_display()),
            consent.given_at,
            consent.withdrawn_at,
        )
        for consent in contact.consents.order_by("given_at", "pk")
    ]


def _back(organisation: Organisation) -> HttpResponse:
    return redirect(f"{organisation.get_absolute_url()}#contacts")


def _crumbs(organisation: Organisation, title: str) -> list[Crumb]:
    return [
        Crumb(_("Acteurs"), reverse("actors:index")),
        Crumb(organisation.name, organisation.get_absolute_url()),
        Crumb(title),
    ]


def _form(
    request: HttpRequest,
    organisation: Organisation,
    form: ContactForm,
    *,
    title: str,
    contact: Contact | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "contact": contact,
        "organisation": organisation,
        "crumbs": _crumbs(organisation, title),
    }
    status = 422 if form.is_bound else 200
    return render(request, "actors/contact_form.html", context, status=status)
