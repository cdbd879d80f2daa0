"""Charters: the list, one of them, beginning one, its title and its alliance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.positioning.charter import CharterState, guide
from alliage_web.accounts.models import User
from alliage_web.actors.queries import by_slug
from alliage_web.alliances import queries as alliances
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.positioning.actions import charters as actions
from alliage_web.positioning.documents.charter_document import charter_pdf, facts_of
from alliage_web.positioning.forms.charters import BeginCharterForm, PresentCharterForm
from alliage_web.positioning.models import CharterStateChoices
from alliage_web.positioning.permissions import charters as permissions
from alliage_web.positioning.queries import charters as queries
from alliage_web.positioning.queries import charters_wording as words

from .charter_parts import (
    TOO_LATE,
    again,
    base,
    crumbs,
    form_page,
    is_signing,
    may_read,
    no_charter,
    party_lines,
    read_version,
    readable,
    too_late,
    visitors_sign_in,
    write_version,
)

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from alliage_web.alliances.models import Alliance
    from alliage_web.positioning.models import CharterVersion

_PAGE_SIZE: Final = 20


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section on the page of a charter; without text it is still to be written."""

    code: str
    title: str
    text: str
    is_required: bool = False
    waiting: int = 0


# ---- Reading ------------------------------------------------------------------------------------


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    day = timezone.localdate()
    page = Paginator(queries.public_versions(), _PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": [queries.OwnCharter(one, one.state_on(day)) for one in page.object_list],
        "own": queries.own_charters(request.user, day),
        "may_begin": bool(queries.own_organisations(request.user)),
        "sections": [words.title_of(section) for section in guide().sections],
        "crumbs": crumbs(None, _("Chartes")),
    }
    return render(request, "positioning/charters.html", context)


@require_safe
@visitors_sign_in
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show the version in force, else the latest that the reader may read."""
    found = queries.find_version(uuid)
    if found is None:
        raise Http404(no_charter())
    if not may_read(request, found):
        # Who left, or whose text was given up, reads the last version that is theirs.
        theirs = [one for one in queries.other_versions(found) if may_read(request, one)]
        if theirs:
            return redirect(theirs[0])
    return _page(request, readable(request, found))


@require_safe
@visitors_sign_in
def version(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    return _page(request, read_version(request, uuid, number))


def _page(request: HttpRequest, version: CharterVersion) -> HttpResponse:
    day = timezone.localdate()
    state = version.state_on(day)
    may_write = version.is_open and request.user.has_perm(permissions.WRITE_CHARTER, version)
    every = queries.other_versions(version)
    others = [one for one in every if may_read(request, one)]
    # The trail tells of every version: it is for who may read the last.
    latest = max([version, *every], key=lambda one: one.number)
    is_party = request.user.has_perm(permissions.READ_CHARTER, version)
    open_one = next((one for one in others if one.is_open), None)
    context = {
        **base(version, state),
        "sections": _sections(version),
        "next_section": _next_section(version),
        "signed_count": len(queries.signed(version)),
        "facts": facts_of(version),
        "parties": party_lines(request, version, state),
        "may_write": may_write,
        "may_present": request.user.has_perm(permissions.WRITE_CHARTER, version),
        "may_amend": state is CharterState.IN_FORCE
        and open_one is None
        and request.user.has_perm(permissions.WRITE_CHARTER, version),
        "missing": [(one, words.told(one)) for one in queries.missing_of(version, day)]
        if may_write and state is CharterState.DRAFT
        else [],
        "is_party": is_party,
        "is_public": queries.is_public(version),
        "others": [(one, CharterStateChoices(one.state_on(day)).label) for one in others],
        "amendment": open_one,
        "history": queries.history_of_charter(version.charter)
        if is_party and request.user.has_perm(permissions.READ_CHARTER, latest)
        else None,
        "crumbs": crumbs(version),
    }
    return render(request, "positioning/charter.html", context)


@require_safe
@visitors_sign_in
def printed(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Give a version on paper: with its signatures, or as a project."""
    found = read_version(request, uuid, number)
    name = f"charte-{found.charter.uuid}-v{found.number}.pdf"
    return HttpResponse(
        charter_pdf(found, day=timezone.localdate()),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _next_section(version: CharterVersion) -> str:
    """Return the first section that is still to be written, else the first of all."""
    lacking = [one for one in queries.missing_of(version, timezone.localdate()) if one.section]
    return lacking[0].section if lacking else guide().sections[0].code


def _sections(version: CharterVersion) -> list[SectionLine]:
    if version.content:
        return [
            SectionLine(one["code"], one["title"], one["text"])
            for one in version.content["sections"]
        ]
    waiting = queries.waiting_comments(version)
    return [
        SectionLine(
            one.code,
            words.title_of(one),
            version.sections.get(one.code, ""),
            is_required=one.required,
            waiting=waiting.get(one.code, 0),
        )
        for one in guide().sections
    ]


# ---- Writing ------------------------------------------------------------------------------------


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Begin a charter for an organisation for which the person acts."""
    user = request.user
    assert isinstance(user, User)
    organisations = queries.own_organisations(user)
    if not organisations:
        context = {"crumbs": crumbs(None, _("Commencer une charte"))}
        return render(request, "positioning/charter_nobody.html", context)
    form = BeginCharterForm(
        request.POST if request.method == "POST" else None,
        organisations=organisations,
        alliances=_attachable(user),
        initial={
            "title": request.GET.get("titre", "")[:160],
            "alliance": request.GET.get("alliance", ""),
        },
        use_required_attribute=False,
    )
    if request.method == "POST" and form.is_valid():
        made = _begun(request, user, form)
        if made is not None:
            return made
    return form_page(
        request,
        form,
        title=_("Commencer une charte"),
        lede=_(
            "Elle est à vous et aux organisations que vous inviterez. Personne d’autre ne la lit "
            "avant que toutes aient signé."
        ),
        button=_("Commencer"),
        back=reverse("positioning:charters"),
        crumbs=crumbs(None, _("Commencer une charte")),
    )


def _begun(request: HttpRequest, user: User, form: BeginCharterForm) -> HttpResponse | None:
    data = form.cleaned_data
    organisation = by_slug(data["organisation"])
    chosen = data.get("alliance", "")
    alliance = alliances.find(chosen) if chosen else None
    assert organisation is not None, "the choices are organisations of the directory"
    if not queries.may_speak_for(user, organisation.stable_name, alliance):
        form.add_error(
            "alliance" if "alliance" in form.fields else "organisation",
            _(
                "Vous agissez pour %(name)s dans une alliance seulement : choisissez cette "
                "alliance, ou demandez à rejoindre l’organisation."
            )
            % {"name": organisation.name},
        )
        return None
    try:
        charter = actions.begin_charter(
            title=data["title"],
            organisation=organisation,
            alliance=alliance,
            by=user,
            at=timezone.now(),
            submission=data["submission"],
        )
    except AlreadyDoneError as done:
        messages.info(request, _("Cette charte est déjà commencée : elle ne l’est pas deux fois."))
        return redirect("positioning:charter", done.target.partition(":")[2])
    messages.success(
        request, _("La charte est commencée. Invitez les autres parties, puis écrivez-la.")
    )
    return redirect("positioning:charter-parties", charter.uuid, 1)


def _attachable(user: User) -> list[Alliance]:
    return [
        one for one in queries.own_alliances(user) if user.has_perm(permissions.ATTACH_CHARTER, one)
    ]


@login_required
def present(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Change the title, until the charter is first in force, and the alliance."""
    user = request.user
    assert isinstance(user, User)
    found = write_version(request, uuid, number)
    charter = found.charter
    offered = _attachable(user)
    if charter.alliance is not None and charter.alliance not in offered:
        offered.append(charter.alliance)
    form = PresentCharterForm(
        request.POST if request.method == "POST" else None,
        alliances=offered,
        titled=found.is_open and found.number == 1,
        initial={
            "title": charter.title,
            "alliance": charter.alliance.slug if charter.alliance else "",
            "cancelling": is_signing(found),
        },
        use_required_attribute=False,
    )
    at_stake = found if is_signing(found) and "title" in form.fields else None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        chosen = {one.slug: one for one in offered}.get(data.get("alliance", ""))
        try:
            actions.present_charter(
                version=found,
                title=data.get("title", charter.title),
                alliance=chosen if "alliance" in form.fields else charter.alliance,
                by=user,
                at=timezone.now(),
                on=timezone.localdate(),
                cancelling=data["cancelling"],
            )
        except actions.SignaturesAtStakeError as refused:
            form, at_stake = again(form, refused.version), refused.version
        except TOO_LATE as refused:
            return too_late(request, found, refused)
        else:
            messages.success(request, _("La charte est enregistrée."))
            return redirect(found)
    return form_page(
        request,
        form,
        title=_("Titre et alliance"),
        lede=charter.title,
        button=_("Enregistrer"),
        back=found.get_absolute_url(),
        crumbs=crumbs(found, _("Titre et alliance")),
        at_stake=at_stake,
        conflict=request.method == "POST" and at_stake is not None and not form.errors,
    )
