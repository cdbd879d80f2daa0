"""Results: on the device, kept under a private link, compared, and side by side in a group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliage.alliances.vocabulary import World
from alliage.positioning.questionnaire import questionnaire
from alliage.positioning.scoring import score
from alliage_web.accounts.queries import organisations_of
from alliage_web.actors.queries import ids_by_slug, names_by_slug
from alliage_web.positioning.actions import results as actions
from alliage_web.positioning.documents import result_words as words
from alliage_web.positioning.documents.result_sheet import result_sheet
from alliage_web.positioning.forms.questionnaire import (
    AroundForm,
    EarlierForm,
    JoinGroupForm,
    KeepForm,
    OpenGroupForm,
    RenewLinkForm,
)
from alliage_web.positioning.queries import results as queries
from alliage_web.positioning.queries.filling import UnreadableFillingError, answers
from alliage_web.positioning.queries.orientation import orientation
from alliage_web.territories.queries import resolve
from alliage_web.ui.components import Crumb
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import term

from . import device
from .device import private

if TYPE_CHECKING:
    import datetime as dt

    from django.http import HttpRequest

    from alliage.positioning.scoring import Answers, Positioning
    from alliage_web.positioning.forms.questionnaire import LinkForm
    from alliage_web.positioning.models import ResultGroup, SavedResult
    from alliage_web.positioning.queries.filling import Filling
    from alliage_web.territories.models import Territory

_UNPROCESSABLE, _TOO_MANY = 422, 429
#: The limit of links made from one place of the network, in ``ACCOUNT_RATE_LIMITS``.
_LIMIT = "positioning_link"


# On the device


@private
@require_safe
def result(request: HttpRequest) -> HttpResponse:
    """Show what the answers of the device say; nothing is kept."""
    try:
        filling = device.read(request)
    except UnreadableFillingError as refusal:
        return device.start_again(request, refusal.why)
    context = {
        **_said_on_device(filling),
        "next_number": filling.next_number,
        "crumbs": _crumbs(_("Résultat")),
    }
    return device.write(request, render(request, "positioning/result.html", context), filling)


@private
@require_safe
def result_file(request: HttpRequest) -> HttpResponse:
    """Give the result of the device on a sheet."""
    try:
        filling = device.read(request)
    except UnreadableFillingError as refusal:
        return device.start_again(request, refusal.why)
    return _printed(_said_on_device(filling), timezone.localdate())


@private
@require_http_methods(["GET", "HEAD", "POST"])
def around(request: HttpRequest) -> HttpResponse:
    """Change what the orientation starts from; what was answered stays."""
    try:
        filling = device.read(request)
    except UnreadableFillingError as refusal:
        return device.start_again(request, refusal.why)
    form = AroundForm(
        request.POST if request.method == "POST" else None,
        initial={"domain": filling.domain, "territory": filling.territory},
    )
    if form.is_valid():
        told = replace(filling, **form.cleaned_data)
        onward = redirect(f"{reverse('positioning:result')}#orientation")
        return device.write(request, onward, told)
    context = {"form": form, "crumbs": _crumbs(_("Autour de vous"))}
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "positioning/around.html", context, status=status)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the answers of the device under a private link."""
    try:
        filling = device.read(request)
    except UnreadableFillingError as refusal:
        return device.start_again(request, refusal.why)
    day = timezone.localdate()
    group = queries.group_of(filling.group, day) if filling.group else None
    form = KeepForm(
        request.POST if request.method == "POST" else None,
        organisations=names_by_slug(
            name.partition(":")[2] for name in organisations_of(request.user)
        ),
        group_name=group.name if group else "",
        use_required_attribute=False,
    )
    status = _UNPROCESSABLE if form.errors else 200
    if form.is_valid():
        if _may_make_a_link(request, form):
            return _keep(request, form, filling, group)
        status = _TOO_MANY
    context = {
        "form": form,
        "group": group,
        "months": actions.MONTHS_KEPT,
        "last_day": actions.last_day(timezone.now()),
        "crumbs": _crumbs(_("Garder ce résultat")),
    }
    return render(request, "positioning/keep.html", context, status=status)


def _keep(
    request: HttpRequest, form: KeepForm, filling: Filling, group: ResultGroup | None
) -> HttpResponse:
    chosen = form.cleaned_data.get("organisation", "")
    territory = _territory(filling)
    now = timezone.now()
    kept_one = actions.keep_result(
        filling=filling,
        token=form.token,
        at=now,
        territory_id=territory.pk if territory else None,
        organisation_id=ids_by_slug([chosen])[chosen] if chosen else None,
        consent_collective=form.cleaned_data["consent_collective"],
    )
    messages.success(
        request,
        _("Votre résultat est gardé. Notez l’adresse de cette page : elle seule le retrouve."),
    )
    if group and form.cleaned_data["join"]:
        try:
            actions.join_group(
                result=kept_one, group=group, label=form.cleaned_data["label"], at=now
            )
        except actions.GroupFullError:
            messages.warning(request, _full())
    return redirect("positioning:kept", form.token)


# Under a private link


@private
@require_safe
def kept(request: HttpRequest, token: str) -> HttpResponse:
    """Show a result that was kept."""
    saved = queries.result_of(token, timezone.localdate())
    if saved is None:
        return _gone(request)
    context = {
        **_said_in(saved),
        "saved": saved,
        "token": token,
        "link": request.build_absolute_uri(reverse("positioning:kept", args=[token])),
        "other_version": saved.questionnaire_version != questionnaire().version,
        "crumbs": _crumbs(_("Votre résultat gardé")),
    }
    return render(request, "positioning/kept.html", context)


@private
@require_safe
def kept_file(request: HttpRequest, token: str) -> HttpResponse:
    """Give a result that was kept on a sheet."""
    saved = queries.result_of(token, timezone.localdate())
    if saved is None:
        return _gone(request)
    return _printed(_said_in(saved), timezone.localdate(saved.created_at))


@private
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """Erase a result, after asking."""
    saved = queries.result_of(token, timezone.localdate())
    if saved is None:
        return _gone(request)
    if request.method == "POST":
        actions.erase_result(result=saved, at=timezone.now())
        messages.success(request, _("Votre résultat est effacé. Son lien n’ouvre plus rien."))
        return redirect("positioning:index")
    context = {"token": token, "saved": saved, "crumbs": _crumbs(_("Effacer"))}
    return render(request, "positioning/erase.html", context)


@private
@require_POST
def consent(request: HttpRequest, token: str) -> HttpResponse:
    """Agree to be counted with others, or no more."""
    saved = queries.result_of(token, timezone.localdate())
    if saved is None:
        return _gone(request)
    agreed = request.POST.get("agreed") == "yes"
    actions.set_consent(result=saved, agreed=agreed, at=timezone.now())
    messages.success(
        request,
        _("Vos réponses comptent dans les vues d’ensemble.")
        if agreed
        else _("Vos réponses ne comptent plus dans les vues d’ensemble."),
    )
    return redirect("positioning:kept", token)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, token: str) -> HttpResponse:
    """Compare a result with what the same person answered before."""
    day = timezone.localdate()
    saved = queries.result_of(token, day)
    if saved is None:
        return _gone(request)
    form = EarlierForm(
        request.POST if request.method == "POST" else None, use_required_attribute=False
    )
    if form.is_valid():
        earlier = queries.result_of(form.token, day)
        if earlier is None:
            form.add_error("address", _no_result())
        elif earlier.pk == saved.pk:
            form.add_error("address", _("C’est le lien de cette page. Collez celui d’avant."))
        else:
            actions.set_earlier(result=saved, earlier=earlier, at=timezone.now())
            return redirect("positioning:compare", token)
    before = saved.earlier
    context: dict[str, Any] = {
        "form": form,
        "token": token,
        "before": before,
        "crumbs": _crumbs(_("Comparer"), token),
    }
    if before is not None:
        # Whichever link was pasted in which page, time goes from left to right.
        pair = sorted((before, saved), key=lambda one: one.created_at)
        context |= _side_by_side(pair, [_on(one) for one in pair])
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "positioning/compare.html", context, status=status)


# In a group


@private
@require_http_methods(["GET", "HEAD", "POST"])
def group(request: HttpRequest, token: str) -> HttpResponse:
    """Show a group to one of its members, or open one, or join one."""
    day = timezone.localdate()
    saved = queries.result_of(token, day)
    if saved is None:
        return _gone(request)
    which = request.POST.get("which") if request.method == "POST" else None
    opening = OpenGroupForm(
        request.POST if which == "open" else None, auto_id="open_%s", use_required_attribute=False
    )
    joining = JoinGroupForm(
        request.POST if which == "join" else None, auto_id="join_%s", use_required_attribute=False
    )
    status = 200
    if opening.is_valid():
        if _may_make_a_link(request, opening):
            actions.open_group(
                result=saved,
                name=opening.cleaned_data["name"],
                label=opening.cleaned_data["label"],
                token=opening.token,
                at=timezone.now(),
            )
            return _to_group(token, opening.token)
        status = _TOO_MANY
    if joining.is_valid() and _joined(request, joining, saved, day):
        return redirect("positioning:group", token)
    if status == 200 and (opening.errors or joining.errors):
        status = _UNPROCESSABLE
    if saved.group is None:
        context = {
            "opening": opening,
            "joining": joining,
            "token": token,
            "crumbs": _crumbs(_("Répondre à plusieurs"), token),
        }
        return render(request, "positioning/group_new.html", context, status=status)
    everybody = queries.members(saved.group, day)
    context = {
        "group": saved.group,
        "token": token,
        "link": _link_to_give(request, saved.group),
        "renewing": RenewLinkForm(),
        "alone": len(everybody) < 2,
        "crumbs": _crumbs(saved.group.name, token),
        **_side_by_side(
            everybody, [_label(one, rank, saved) for rank, one in enumerate(everybody)]
        ),
    }
    return render(request, "positioning/group.html", context, status=status)


def _to_group(token: str, secret: str) -> HttpResponse:
    """Lead a member to the group, with the secret of its link, which is kept nowhere else."""
    address = reverse("positioning:group", args=[token])
    return redirect(f"{address}?{urlencode({'lien': secret})}")


def _link_to_give(request: HttpRequest, found: ResultGroup) -> str:
    """Return the address to give to others, if this page was given its secret."""
    secret = request.GET.get("lien", "")
    if queries.digest_of(secret) != found.token_sha256:
        return ""
    return request.build_absolute_uri(reverse("positioning:join", args=[secret]))


def _joined(request: HttpRequest, form: JoinGroupForm, saved: SavedResult, day: dt.date) -> bool:
    found = queries.group_of(form.token, day)
    if found is None:
        form.add_error(
            "address", _("Aucun groupe n’a ce lien. Vérifiez qu’il est entier, ou redemandez-le.")
        )
        return False
    try:
        actions.join_group(
            result=saved, group=found, label=form.cleaned_data["label"], at=timezone.now()
        )
    except actions.GroupFullError:
        form.add_error("address", _full())
        return False
    messages.success(request, _("Vos réponses sont à côté de celles du groupe."))
    return True


@private
@require_POST
def renew_link(request: HttpRequest, token: str) -> HttpResponse:
    """Make another link for a group, in the place of the former one."""
    saved = queries.result_of(token, timezone.localdate())
    if saved is None:
        return _gone(request)
    form = RenewLinkForm(request.POST)
    if saved.group is None:
        return redirect("positioning:group", token)
    if not form.is_valid() or not _may_make_a_link(request, form):
        for error in (*form.non_field_errors(), *form.errors.get("link", ())):
            messages.error(request, error)
        return redirect("positioning:group", token)
    actions.renew_link(group=saved.group, token=form.token, at=timezone.now())
    messages.success(request, _("Le groupe a un nouveau lien ; l’ancien n’ouvre plus rien."))
    return _to_group(token, form.token)


@private
@require_POST
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Take one's answers out of a group."""
    saved = queries.result_of(token, timezone.localdate())
    if saved is None:
        return _gone(request)
    actions.leave_group(result=saved, at=timezone.now())
    messages.success(request, _("Vos réponses ne sont plus dans le groupe."))
    return redirect("positioning:kept", token)


@private
@require_safe
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Say what a group is to who has its link, and how to enter it. Answers are not shown here."""
    day = timezone.localdate()
    found = queries.group_of(token, day)
    if found is None:
        return _gone(request)
    context = {
        "group": found,
        "count": len(queries.members(found, day)),
        "token": token,
        "link": request.build_absolute_uri(reverse("positioning:join", args=[token])),
        "crumbs": _crumbs(found.name),
    }
    return render(request, "positioning/join.html", context)


# Parts of pages


def _said_on_device(filling: Filling) -> dict[str, Any]:
    return _said(
        answers(filling),
        world=filling.world,
        territory=_territory(filling),
        domain=filling.domain,
        context=words.told_context(filling.hours, filling.partner),
    )


def _said_in(saved: SavedResult) -> dict[str, Any]:
    return _said(
        queries.answers_of(saved),
        world=World(saved.world),
        territory=saved.territory,
        domain=queries.domain_of(saved),
        context=words.told_context(saved.hours, saved.wished_partner),
    )


def _said(
    given: Answers,
    *,
    world: World,
    territory: Territory | None,
    domain: str,
    context: tuple[tuple[str, str], ...],
) -> dict[str, Any]:
    """Return what a result says: the page and the sheet tell the same."""
    found = score(given, questionnaire())
    need = term(Scheme.DOMAIN, domain) if domain else None
    return {
        "told": words.told(found, given, world=world),
        "orientation": orientation(
            found, territory=territory, world=world, domain=need.code if need else ""
        ),
        "version": found.version,
        "world": world.value,
        "territory": territory,
        "need": need,
        "context": context,
    }


def _side_by_side(several: list[SavedResult], labels: list[str]) -> dict[str, Any]:
    given = [queries.answers_of(one) for one in several]
    found = [score(one, questionnaire()) for one in given]
    differ, same = words.told_gaps(given)
    return {
        "labels": labels,
        "doors": [words.doors_of(one) for one in found],
        "steps": _steps(found),
        "differ": [(gap, list(zip(labels, gap.levels, strict=True))) for gap in differ],
        "same": same,
        "versions": len({one.questionnaire_version for one in several}) > 1,
    }


def _steps(found: list[Positioning]) -> list[tuple[str, list[str]]]:
    """Return, for each door, the step of each."""
    each = [words.steps_of(one.reaches) for one in found]
    return [
        (words.door_name(door), [steps[door.code] for steps in each])
        for door in questionnaire().doors
    ]


def _label(one: SavedResult, rank: int, own: SavedResult) -> str:
    name = one.label or _("Réponse %(number)d") % {"number": rank + 1}
    return _("%(name)s (vous)") % {"name": name} if one.pk == own.pk else name


def _on(one: SavedResult) -> str:
    return _("Le %(day)s") % {"day": date_format(timezone.localtime(one.created_at), "j F Y")}


def _territory(filling: Filling) -> Territory | None:
    level, _slash, code = filling.territory.partition("/")
    return resolve(level, code) if code else None


def _printed(said: dict[str, Any], day: dt.date) -> HttpResponse:
    return HttpResponse(
        result_sheet(
            said["told"],
            said["orientation"],
            context=said["context"],
            version=said["version"],
            day=day,
        ),
        content_type="application/pdf",
        headers={"Content-Disposition": 'attachment; filename="se-situer.pdf"'},
    )


def _may_make_a_link(request: HttpRequest, form: LinkForm) -> bool:
    """Count the links made from one place of the network; too many, and the form says so."""
    if ratelimit.consume(request, action=_LIMIT):
        return True
    form.add_error(
        None,
        _(
            "Trop de liens ont été faits depuis votre réseau en une heure. Vos réponses ne sont "
            "pas perdues : réessayez dans une heure."
        ),
    )
    return False


def _gone(request: HttpRequest) -> HttpResponse:
    """Say that a link opens nothing: it is not whole, or what it opened was erased."""
    return render(request, "positioning/link_gone.html", status=404)


def _no_result() -> str:
    return _("Aucun résultat n’a ce lien. Vérifiez qu’il est entier ; il a pu être effacé.")


def _full() -> str:
    return _("Le groupe a déjà %(count)d réponses, son maximum : ouvrez-en un autre.") % {
        "count": actions.LARGEST_GROUP
    }


def _crumbs(title: str, token: str = "") -> list[Crumb]:
    first = Crumb(_("Se situer"), reverse("positioning:index"))
    if not token:
        return [first, Crumb(title)]
    return [
        first,
        Crumb(_("Votre résultat gardé"), reverse("positioning:kept", args=[token])),
        Crumb(title),
    ]
