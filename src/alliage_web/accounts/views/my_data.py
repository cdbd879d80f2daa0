"""What is kept about a person: reading it, taking it away, correcting it, erasing it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliage_web.accounts.actions.erasing import AlreadyErasedError, erase_person
from alliage_web.accounts.actions.naming import rename_person
from alliage_web.accounts.actions.roles import LastAdministratorError
from alliage_web.accounts.forms.my_data import ErasureForm, NameForm, PeopleForm
from alliage_web.accounts.models import User
from alliage_web.accounts.permissions.own import ERASE_PEOPLE
from alliage_web.accounts.queries.erasure import preview_of
from alliage_web.accounts.queries.my_data import data_about, data_document
from alliage_web.accounts.queries.people import people_named
from alliage_web.ui.components import Cell, Column, Crumb, DataTable, Definition

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.accounts.queries.my_data import Datum, PersonalRow, TableData
    from alliage_web.accounts.queries.register import Processing

_LONGEST_CELL = 160

#: What an event was, by the last word of its kind, where no page of its own says it better.
_DONE = {
    "accepted": gettext_lazy("acceptation"),
    "added": gettext_lazy("ajout"),
    "changed": gettext_lazy("modification"),
    "created": gettext_lazy("création"),
    "given": gettext_lazy("rôle donné"),
    "joined": gettext_lazy("arrivée d’un membre"),
    "left": gettext_lazy("départ"),
    "merged": gettext_lazy("fusion"),
    "removed": gettext_lazy("retrait"),
    "renamed": gettext_lazy("changement de nom"),
    "sent": gettext_lazy("envoi"),
    "signed-in": gettext_lazy("connexion"),
    "signed-up": gettext_lazy("création du compte"),
    "taken": gettext_lazy("rôle retiré"),
    "updated": gettext_lazy("modification"),
    "warned": gettext_lazy("message avant effacement"),
}


@dataclass(frozen=True, slots=True)
class ShownTable:
    """The rows of a table, in the form that suits them."""

    label: str
    more: int
    links: tuple[PersonalRow, ...] = ()
    definitions: tuple[Definition, ...] = ()
    table: DataTable | None = None


@dataclass(frozen=True, slots=True)
class ShownProcessing:
    processing: Processing
    tables: tuple[ShownTable, ...]


@require_safe
@login_required
def my_data(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    return _page(request, NameForm(instance=request.user))


@require_POST
@login_required
def rename(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    # A copy: the form writes on it before it is known to be right.
    form = NameForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return _page(request, form, status=422)
    rename_person(
        user=request.user, name=form.cleaned_data["name"], by=request.user, at=timezone.now()
    )
    messages.success(request, _("Votre nom est enregistré."))
    return redirect("accounts:my-data")


def _page(request: HttpRequest, form: NameForm, *, status: int = 200) -> HttpResponse:
    assert isinstance(request.user, User)
    told = data_about(request.user)
    context = {
        "form": form,
        "told": [
            ShownProcessing(found.processing, tuple(map(_shown, found.tables)))
            for found in told
            if found.tables
        ],
        "nothing": [
            found.processing for found in told if found.processing.tables and not found.tables
        ],
        "crumbs": [_home(), Crumb(_("Mes données"))],
    }
    return render(request, "accounts/my_data.html", context, status=status)


@require_safe
@login_required
def my_data_file(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    at = timezone.now()
    response = JsonResponse(
        data_document(request.user, at=at),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    name = f"mes-donnees-alliage-{timezone.localtime(at):%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def erase_me(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    response = _erase(request, request.user, own=True)
    if response.status_code == _DONE_STATUS:
        # The session went with the rest: this leaves the browser without its cookie.
        logout(request)
        messages.success(
            request,
            _("Votre compte est effacé. Un dernier message le confirme à votre adresse."),
        )
    return response


@require_http_methods(["GET", "POST"])
@login_required
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    if not request.user.has_perm(ERASE_PEOPLE):
        raise PermissionDenied
    if pk == request.user.pk:
        return redirect("accounts:erase-me")
    person = User.objects.filter(pk=pk, erased_at=None).first()
    if person is None:
        raise Http404(_("Cette personne n’a pas de compte, ou elle est déjà effacée."))
    response: HttpResponse = _erase_other(request, person)
    return response


@reauthentication_required  # type: ignore[untyped-decorator]
def _erase_other(request: HttpRequest, person: User) -> HttpResponse:
    response = _erase(request, person, own=False)
    if response.status_code == _DONE_STATUS:
        messages.success(
            request,
            _("Cette personne est effacée. Les textes qui la nomment encore vous sont envoyés."),
        )
    return response


@require_safe
@login_required
def people(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(ERASE_PEOPLE):
        raise PermissionDenied
    form = PeopleForm(request.GET)
    asked = form.cleaned_data["q"] if form.is_valid() else ""
    context = {
        "form": form,
        "asked": asked,
        "people": people_named(asked),
        "crumbs": [_home(), Crumb(_("Personnes"))],
    }
    return render(request, "accounts/my_data_people.html", context)


_DONE_STATUS = 302


def _erase(request: HttpRequest, person: User, *, own: bool) -> HttpResponse:
    """Show what an erasure would do, or do it and send elsewhere."""
    assert isinstance(request.user, User)
    form = ErasureForm(request.POST or None, person=person, own=own)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            erase_person(user=person, by=request.user, at=timezone.now())
        except LastAdministratorError:
            form.add_error(None, str(_LAST_ADMINISTRATOR))
        except AlreadyErasedError:
            return redirect("accounts:people")
        else:
            return redirect("site:home" if own else "accounts:people")
    if form.is_bound:
        status = 422
    context = {
        "form": form,
        "own": own,
        "preview": preview_of(person),
        "last_administrator": _LAST_ADMINISTRATOR,
        "crumbs": [
            _home(),
            Crumb(_("Mes données"), reverse("accounts:my-data"))
            if own
            else Crumb(_("Personnes"), reverse("accounts:people")),
            Crumb(_("Effacer")),
        ],
    }
    return render(request, "accounts/my_data_erase.html", context, status=status)


_LAST_ADMINISTRATOR = gettext_lazy(
    "Plus personne n’administrerait la plateforme. Donnez d’abord ce rôle à quelqu’un, sans date "
    "de fin, puis recommencez."
)


def _home() -> Crumb:
    return Crumb(_("Mon espace"), reverse("accounts:home"))


def _shown(found: TableData) -> ShownTable:
    label = found.table.label
    # What says that a row is about the person would repeat their name on each line.
    said = found.table.link.field if found.table.link.kind != "address" else ""
    rows = tuple(
        replace(row, data=tuple(datum for datum in row.data if datum.name != said))
        for row in found.rows
    )
    if found.is_list:
        return ShownTable(label, found.more, links=rows)
    if len(rows) == 1:
        return ShownTable(
            label,
            found.more,
            definitions=tuple(
                Definition(term=datum.label.capitalize(), text=_cell(datum))
                for datum in rows[0].data
            ),
        )
    return ShownTable(label, found.more, table=_table(label, rows))


def _table(label: str, rows: tuple[PersonalRow, ...]) -> DataTable:
    # A column with nothing in it tells nothing.
    kept = [
        number for number in range(len(rows[0].data)) if any(row.data[number].text for row in rows)
    ]
    return DataTable(
        caption=label,
        columns=tuple(Column(rows[0].data[number].label.capitalize()) for number in kept),
        rows=tuple(
            tuple(
                Cell(_cell(row.data[number]), row.url if number == kept[0] else "")
                for number in kept
            )
            for row in rows
        ),
    )


def _cell(datum: Datum) -> str:
    if datum.name == "kind":
        done = _DONE.get(datum.text.rpartition(".")[2])
        return f"{done} ({datum.text})" if done else datum.text
    return Truncator(datum.text).chars(_LONGEST_CELL)
