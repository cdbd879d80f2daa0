"""The facts that the legal rules need of an application, established by an officer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions.legal_facts import state_legal_facts
from alliage_web.fund.forms.legal_facts import EstablishedFactsForm, facts_initial
from alliage_web.fund.queries.application_facts import legal_paths
from alliage_web.fund.queries.applications import Content
from alliage_web.ui.components import Crumb

from .application_standing import path_in_words
from .applications import application_or_404, crumbs

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_UNPROCESSABLE = 422


@login_required
def establish(request: HttpRequest, reference: str, party: str) -> HttpResponse:
    """Say what is known of paying an applicant; each earlier statement stays in the trail."""
    application = application_or_404(request, reference)
    if not request.user.has_perm(permissions.HANDLE_APPLICATION, application):
        raise PermissionDenied
    content = Content(application)
    part = content.part(party)
    if part is None:
        raise Http404(_("Cette organisation ne demande pas dans ce dossier."))
    last = content.legal_statements.get(part.pk)
    form = EstablishedFactsForm(
        request.POST if request.method == "POST" else None,
        initial=facts_initial(last) | {"source": last.source} if last else {},
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            state_legal_facts(
                application=application,
                party=party,
                facts=form.facts,
                source=form.cleaned_data["source"],
                by=request.user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            return redirect(application)
        messages.success(
            request, _("Les faits sont enregistrés. Le chemin juridique est relu avec eux.")
        )
        return redirect(f"{application.get_absolute_url()}#chemin")
    paths = legal_paths(content, timezone.localdate())
    context = {
        "application": application,
        "organisation": part.organisation,
        "last": last,
        "path": next((path_in_words(one, content) for one in paths if one.applicant == part), None),
        "form": form,
        "crumbs": crumbs(application, Crumb(_("Faits juridiques"))),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/application_legal_facts.html", context, status=status)
