"""Writing a charter with others: its sections, proposals on them, its parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliage.positioning.charter import guide
from alliage_web.accounts.models import User
from alliage_web.actors.queries import by_slug
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.positioning.actions import charters as actions
from alliage_web.positioning.forms.charters import (
    CommentForm,
    ConfirmForm,
    InviteForm,
    SectionForm,
)
from alliage_web.positioning.permissions import charters as permissions
from alliage_web.positioning.queries import charters as queries
from alliage_web.positioning.queries import charters_wording as words

from .charter_parts import (
    CONFLICT,
    TOO_LATE,
    UNPROCESSABLE,
    again,
    base,
    crumbs,
    form_page,
    is_signing,
    party_lines,
    party_of,
    party_version,
    section_or_404,
    stake,
    too_late,
    write_version,
)

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, QueryDict

    from alliage.positioning.charter import Section
    from alliage_web.positioning.models import CharterVersion


@login_required
def section(request: HttpRequest, uuid: UUID, number: int, section: str) -> HttpResponse:
    """Write one section: why it matters, what to decide, how others word it, proposals."""
    found = party_version(request, uuid, number)
    asked = section_or_404(section)
    if not found.is_open:
        messages.info(request, _("Cette version ne s’écrit plus."))
        return redirect(found)
    if request.method != "POST":
        return _section_page(request, found, asked, _section_form(found, asked))
    if not request.user.has_perm(permissions.WRITE_CHARTER, found):
        raise PermissionDenied
    form = _section_form(found, asked, request.POST)
    if not form.is_valid():
        return _section_page(request, found, asked, form, status=UNPROCESSABLE)
    return _written(request, found, asked, form)


def _written(
    request: HttpRequest, version: CharterVersion, section: Section, form: SectionForm
) -> HttpResponse:
    """Keep a section; two people who write at once both see what the other wrote."""
    assert isinstance(request.user, User)
    try:
        actions.write_section(
            version=version,
            section=section,
            values=form.values(),
            seen=form.cleaned_data["seen"],
            by=request.user,
            at=timezone.now(),
            on=timezone.localdate(),
            cancelling=form.cleaned_data["cancelling"],
        )
    except actions.SectionChangedError as changed:
        now = changed.version
        again(form, now, section)
        return _section_page(request, now, section, form, status=CONFLICT, conflict=True)
    except actions.SignaturesAtStakeError as refused:
        again(form, refused.version, section)
        return _section_page(request, refused.version, section, form, status=CONFLICT)
    except TOO_LATE as refused:
        return too_late(request, version, refused)
    messages.success(request, _("La section est enregistrée."))
    return _next(version, section)


def _section_page(
    request: HttpRequest,
    version: CharterVersion,
    section: Section,
    form: SectionForm,
    *,
    status: int = 200,
    conflict: bool = False,
    proposal: CommentForm | None = None,
) -> HttpResponse:
    order = list(guide().sections)
    rank = order.index(section)
    own = queries.own_parties(request.user, version)
    context = {
        **base(version, version.state_on(timezone.localdate())),
        **stake(version if is_signing(version) else None),
        "form": form,
        "conflict": conflict,
        "present": version.sections.get(section.code, ""),
        "may_write": request.user.has_perm(permissions.WRITE_CHARTER, version),
        "section": section,
        "title": words.title_of(section),
        "why": words.why_of(section),
        "decide": words.decide_of(section),
        "examples": words.examples_of(section),
        "rank": rank + 1,
        "count": len(order),
        "before": order[rank - 1].code if rank else "",
        "after": order[rank + 1].code if rank + 1 < len(order) else "",
        "comments": queries.comments(version, section.code),
        "comment_form": proposal
        or CommentForm(
            organisations={row.organisation.slug: row.name for row in own},
            prefix="proposal",
            use_required_attribute=False,
        ),
        "crumbs": crumbs(version, words.title_of(section)),
    }
    return render(request, "positioning/charter_section.html", context, status=status)


def _section_form(
    version: CharterVersion, section: Section, data: QueryDict | None = None
) -> SectionForm:
    return SectionForm(
        data,
        section=section,
        initial={
            "text": version.sections.get(section.code, ""),
            "notice_days": version.notice_days,
            "review_on": version.review_on,
            "seen": queries.seen(version, section),
            "cancelling": is_signing(version),
        },
        use_required_attribute=False,
    )


def _next(version: CharterVersion, section: Section) -> HttpResponse:
    order = list(guide().sections)
    rank = order.index(section) + 1
    if rank == len(order):
        return redirect(version)
    return redirect(
        "positioning:charter-section", version.charter.uuid, version.number, order[rank].code
    )


@login_required
@require_POST
def comment(request: HttpRequest, uuid: UUID, number: int, section: str) -> HttpResponse:
    """Propose a change to a section for a party."""
    user = request.user
    assert isinstance(user, User)
    found = party_version(request, uuid, number)
    asked = section_or_404(section)
    own = [row for row in found.parties.all() if user.has_perm(permissions.ANSWER_CHARTER, row)]
    form = CommentForm(
        request.POST,
        organisations={row.organisation.slug: row.name for row in own},
        prefix="proposal",
        use_required_attribute=False,
    )
    if not form.is_valid():
        return _section_page(
            request,
            found,
            asked,
            _section_form(found, asked),
            status=UNPROCESSABLE,
            proposal=form,
        )
    party = next(row for row in own if row.organisation.slug == form.cleaned_data["organisation"])
    try:
        actions.comment(
            version=found,
            section=asked,
            organisation=party.organisation,
            text=form.cleaned_data["text"].replace("\r\n", "\n"),
            by=user,
            at=timezone.now(),
            on=timezone.localdate(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        messages.info(request, _("Cette proposition est déjà notée : elle ne l’est pas deux fois."))
    except TOO_LATE as refused:
        return too_late(request, found, refused)
    else:
        messages.success(request, _("La proposition est notée : les parties la lisent ici."))
    return redirect(_section_address(found, asked) + "#propositions")


@login_required
@require_POST
def settle(request: HttpRequest, uuid: UUID, number: int, proposal: int) -> HttpResponse:
    """Say that a proposal was dealt with."""
    user = request.user
    assert isinstance(user, User)
    found = write_version(request, uuid, number)
    row = queries.find_comment(found, proposal)
    asked = guide().section(row.section) if row else None
    if row is None or asked is None:
        raise Http404(_("Cette proposition n’existe pas dans cette charte."))
    actions.settle_comment(comment=row, by=user, at=timezone.now())
    messages.success(request, _("La proposition est notée comme traitée."))
    return redirect(_section_address(found, asked) + "#propositions")


@login_required
def parties(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Invite organisations, and see who is there."""
    found = write_version(request, uuid, number)
    if not found.is_open:
        messages.info(request, _("Cette version ne s’écrit plus."))
        return redirect(found)
    form = InviteForm(
        request.POST if request.method == "POST" else None,
        initial={"cancelling": is_signing(found)},
        use_required_attribute=False,
    )
    if request.method != "POST":
        return _parties_page(request, found, form)
    if not form.is_valid():
        return _parties_page(request, found, form, status=UNPROCESSABLE)
    return _invited(request, found, form)


def _invited(request: HttpRequest, version: CharterVersion, form: InviteForm) -> HttpResponse:
    assert isinstance(request.user, User)
    organisation = by_slug(form.cleaned_data["organisation"])
    assert organisation is not None, "the field gives an organisation that exists"
    try:
        actions.invite_party(
            version=version,
            organisation=organisation,
            by=request.user,
            at=timezone.now(),
            on=timezone.localdate(),
            cancelling=form.cleaned_data["cancelling"],
        )
    except actions.AlreadyPartyError:
        form.add_error("organisation", _("Cette organisation est déjà partie à la charte."))
    except actions.TooManyPartiesError:
        form.add_error(
            "organisation",
            _("La charte a déjà %(count)d parties, son maximum.") % {"count": actions.MOST_PARTIES},
        )
    except actions.SignaturesAtStakeError as refused:
        again(form, refused.version)
        return _parties_page(request, refused.version, form, status=CONFLICT)
    except TOO_LATE as refused:
        return too_late(request, version, refused)
    else:
        messages.success(
            request, _("%(name)s est invitée dans la charte.") % {"name": organisation.name}
        )
        return redirect("positioning:charter-parties", version.charter.uuid, version.number)
    return _parties_page(request, version, form, status=UNPROCESSABLE)


def _parties_page(
    request: HttpRequest, version: CharterVersion, form: InviteForm, *, status: int = 200
) -> HttpResponse:
    state = version.state_on(timezone.localdate())
    at = timezone.now()
    context = {
        **base(version, state),
        **stake(version if is_signing(version) else None),
        "form": form,
        "parties": [
            (line, bool(queries.people_of_party(line.party, at)))
            for line in party_lines(request, version, state)
        ],
        "first_section": guide().sections[0].code,
        "crumbs": crumbs(version, _("Parties")),
    }
    return render(request, "positioning/charter_parties.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, uuid: UUID, number: int, party: str) -> HttpResponse:
    """Take a party out of a project: it declines, or it was a mistake."""
    user = request.user
    assert isinstance(user, User)
    found = write_version(request, uuid, number)
    row = party_of(found, party)
    own = user.has_perm(permissions.ANSWER_CHARTER, row)
    form = ConfirmForm(
        request.POST if request.method == "POST" else None,
        initial={"cancelling": is_signing(found)},
    )
    at_stake = found if is_signing(found) else None
    conflict = False
    if request.method == "POST" and form.is_valid():
        try:
            actions.remove_party(
                version=found,
                party=row,
                by=user,
                at=timezone.now(),
                on=timezone.localdate(),
                cancelling=form.cleaned_data["cancelling"],
            )
        except actions.BoundPartyError:
            messages.error(
                request,
                _(
                    "%(name)s est liée par la charte en vigueur : elle la quitte par sa règle de "
                    "sortie, pas par un avenant."
                )
                % {"name": row.name},
            )
            return redirect(found)
        except actions.LastPartyError:
            messages.error(
                request, _("C’est la seule partie : abandonnez plutôt le projet de charte.")
            )
            return redirect(found)
        except actions.SignaturesAtStakeError as refused:
            form, at_stake, conflict = again(form, refused.version), refused.version, True
        except TOO_LATE as refused:
            return too_late(request, found, refused)
        else:
            messages.success(request, _("%(name)s n’est plus dans le projet.") % {"name": row.name})
            return redirect("positioning:charters" if own else found)
    return form_page(
        request,
        form,
        title=_("Ne pas faire partie de la charte") if own else _("Retirer une partie du projet"),
        lede=_(
            "%(name)s sort du projet. Les autres parties en sont prévenues, et peuvent continuer "
            "à l’écrire."
        )
        % {"name": row.name},
        button=_("Sortir %(name)s du projet") % {"name": row.name},
        back=found.get_absolute_url(),
        crumbs=crumbs(found, _("Sortir du projet")),
        at_stake=at_stake,
        conflict=conflict,
        danger=True,
    )


def _section_address(version: CharterVersion, section: Section) -> str:
    return reverse(
        "positioning:charter-section",
        args=[version.charter.uuid, version.number, section.code],
    )
