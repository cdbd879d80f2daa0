"""The book of supports of a fund, who gave what to whom, and its portfolio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliage.fund.support.supports import SupportError
from alliage_web.accounts.models import User
from alliage_web.alliances.models import LeverChoices
from alliage_web.alliances.queries import parents
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.files.queries import documents_of
from alliage_web.fund import permissions, queries
from alliage_web.fund.actions import supports as actions
from alliage_web.fund.documents.open_data import portfolio_workbook
from alliage_web.fund.forms.supports import (
    NO_ORGANISATION,
    AnswerForm,
    BookFiltersForm,
    SupportForm,
    initial_of,
    problem_in_words,
)
from alliage_web.fund.models import AnswerChoices, OriginChoices
from alliage_web.fund.queries import supports as book
from alliage_web.fund.queries.acting import organisations_acted_for
from alliage_web.fund.queries.agreements import find_agreement
from alliage_web.fund.queries.breakdown import files_of
from alliage_web.fund.queries.portfolio import portfolio as portfolio_of
from alliage_web.fund.queries.support_wording import history_of_support
from alliage_web.territories.models import SizeClassChoices
from alliage_web.ui.components import Cell, Column, Crumb, DataTable
from alliage_web.ui.maps import FranceMap, MapPoint, apart
from alliage_web.ui.templatetags.ui import euros, number

from .portfolio_groups import breakdown_lines

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from alliage.fund.support.supports import Totals, YearView
    from alliage_web.fund.models import Agreement, Fund, Support
    from alliage_web.fund.queries.portfolio import Portfolio

PER_PAGE = 50
#: A matrix of more columns than this is read by nobody.
_MOST_COLUMNS = 30
_CONFLICT, _UNPROCESSABLE = 409, 422


@dataclass(frozen=True, slots=True)
class SplitLine:
    """What some supports add up to, under a label; ``href`` leads to them."""

    label: str
    totals: Totals
    href: str = ""
    note: str = ""


@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    """Show the book of a fund: its lines, and what those that are shown add up to."""
    fund = find_fund(code)
    seen = book.all_supports().filter(_visible(request, fund), fund=fund)
    every = seen.exclude(book.MADE_UP)
    form = BookFiltersForm(request.GET, book.choices_of(every))
    chosen = form.filters()
    # Read once: the totals need every line, and the page shows some of them.
    rows = list(chosen.applied(every, parents=parents()))
    sums = book.sums_of(rows)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "fund": fund,
        "form": form,
        "page": page,
        "sums": sums,
        "made_up": list(seen.filter(book.MADE_UP)),
        "levers": _lever_lines(sums.levers, fund, request.GET.dict()),
        "years": _year_lines(sums.years),
        "is_filtered": not chosen.is_empty,
        "may_write": _writes(request, fund),
        "may_tell": bool(organisations_acted_for(request.user)),
        "crumbs": crumbs(fund, _("Soutiens")),
    }
    return render(request, "fund/supports.html", context)


def _visible(request: HttpRequest, fund: Fund) -> Any:
    sees_all = request.user.has_perm(permissions.SEE_WORKSPACE, fund)
    return book.visible(request.user, sees_all=sees_all)


def _writes(request: HttpRequest, fund: Fund) -> bool:
    return request.user.has_perm(permissions.WRITE_SUPPORTS, fund)


def _lever_lines(levers: Any, fund: Fund, query: dict[str, Any]) -> list[SplitLine]:
    address = reverse("fund:supports", args=[fund.code])
    kept = {name: value for name, value in query.items() if name not in {"page", "levier"}}
    return [
        SplitLine(
            str(LeverChoices(lever).label),
            totals,
            f"{address}?{urlencode({**kept, 'levier': lever.value})}",
        )
        for lever, totals in levers.items()
    ]


def _year_lines(view: YearView) -> list[SplitLine]:
    """Give the years, then what no source splits between years, then what none dates."""
    lines = [SplitLine(str(year), totals) for year, totals in view.years.items()]
    for (first, last), totals in view.not_split.items():
        label = (
            _("%(first)s à %(last)s") % {"first": first, "last": last}
            if last
            else _("depuis %(first)s") % {"first": first}
        )
        note = _("répartition par année inconnue")
        lines.append(SplitLine(label, totals, note=note))
    undated = view.undated
    if any(
        (undated.granted.valued, undated.granted.not_valued, undated.conditional.valued,
         undated.conditional.not_valued)
    ):  # fmt: skip
        lines.append(SplitLine(_("Sans date"), undated, note=_("aucune source ne donne de date")))
    return lines


@require_safe
def reciprocity(request: HttpRequest, code: str) -> HttpResponse:
    """Show who gave what to whom, both ways."""
    fund = find_fund(code)
    rows = book.all_supports().filter(_visible(request, fund), ~book.MADE_UP, fund=fund)
    table = book.reciprocity_of(rows)
    context = {
        "fund": fund,
        "table": table,
        "fits": len(table.receivers) <= _MOST_COLUMNS,
        "page": Paginator(table.exchanges, PER_PAGE).get_page(request.GET.get("page")),
        "crumbs": crumbs(fund, _("Réciprocité")),
    }
    return render(request, "fund/supports_reciprocity.html", context)


@require_safe
def detail(request: HttpRequest, code: str, uuid: UUID) -> HttpResponse:
    return _show(request, *_found(request, code, uuid))


def _found(request: HttpRequest, code: str, uuid: UUID) -> tuple[Fund, Support]:
    fund = find_fund(code)
    support = book.find_support(fund, uuid)
    seen = (
        support is not None
        and book.all_supports().filter(_visible(request, fund), pk=support.pk).exists()
    )
    if support is None or not seen:
        raise Http404(_("Ce soutien n’est pas au livre, ou vous n’y avez pas accès."))
    return fund, support


def _sides(request: HttpRequest, support: Support) -> list[str]:
    """Give the sides for which a person may answer."""
    both = {"giver": support.giver, "receiver": support.receiver}
    return [
        side
        for side, organisation in both.items()
        if organisation and request.user.has_perm(permissions.TELL_SUPPORTS, organisation)
    ]


def _may_change(request: HttpRequest, fund: Fund, support: Support) -> bool:
    """Tell whether a person keeps the book, or declared this support for their organisation.

    What an agreement wrote follows the agreement: it is amended, not rewritten.
    """
    if support.origin == OriginChoices.AGREEMENT:
        return False
    declared = {OriginChoices.GIVER: "giver", OriginChoices.RECEIVER: "receiver"}
    side = declared.get(OriginChoices(support.origin), "")
    return _writes(request, fund) or side in _sides(request, support)


def _show(
    request: HttpRequest,
    fund: Fund,
    support: Support,
    form: AnswerForm | None = None,
    *,
    status: int = 200,
    conflict: bool = False,
) -> HttpResponse:
    sides = _sides(request, support)
    version = actions.version_of(support)
    context = {
        "fund": fund,
        "support": support,
        "details": book.all_supports().filter(_visible(request, fund), part_of=support.pk),
        "is_public": book.is_public(support),
        "may_change": _may_change(request, fund, support),
        "agreement": _agreement_of(request, fund, support),
        "may_see_document": request.user.has_perm(permissions.SEE_WORKSPACE, fund),
        "side": sides[0] if sides else "",
        "form": form
        or (AnswerForm(initial={"version": version, "side": sides[0]}) if sides else None),
        "conflict": conflict,
        "history": history_of_support(support) if request.user.is_authenticated else None,
        "crumbs": crumbs(fund, _("Soutien"), book_too=True),
    }
    return render(request, "fund/support.html", context, status=status)


def _agreement_of(request: HttpRequest, fund: Fund, support: Support) -> Agreement | None:
    """Return the agreement that wrote a support, to whoever may read it."""
    if support.origin != OriginChoices.AGREEMENT:
        return None
    agreement = find_agreement(fund, support.code.rpartition(":")[2])
    reads = request.user.has_perm(permissions.SEE_AGREEMENTS, fund) or (
        agreement is not None
        and request.user.has_perm(permissions.RECEIVE_AGREEMENTS, agreement.receiver)
    )
    return agreement if reads else None


@login_required
@require_POST
def answer(request: HttpRequest, code: str, uuid: UUID) -> HttpResponse:
    """Confirm or dispute a support, for one of its sides."""
    assert isinstance(request.user, User)
    fund, support = _found(request, code, uuid)
    form = AnswerForm(request.POST)
    if request.POST.get("side") not in _sides(request, support):
        raise PermissionDenied
    if not form.is_valid():
        return _show(request, fund, support, form, status=_UNPROCESSABLE)
    data = form.cleaned_data
    try:
        actions.answer_support(
            support=support,
            side=data["side"],
            answer=AnswerChoices(data["answer"]),
            remark=data["remark"].replace("\r\n", "\n"),
            version=data["version"],
            by=request.user,
            at=timezone.now(),
        )
    except actions.SupportChangedError as changed:
        again = request.POST.copy()
        again["version"] = actions.version_of(changed.support)
        return _show(
            request, fund, changed.support, AnswerForm(again), status=_CONFLICT, conflict=True
        )
    messages.success(request, _("Votre réponse est enregistrée."))
    return redirect(support)


@login_required
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Add a support; who speaks for no organisation is told how to, and writes nothing."""
    fund = find_fund(code)
    form = _form(request, fund, None)
    if request.method != "POST" or not form.is_valid():
        return _edit_page(request, fund, None, form)
    assert isinstance(request.user, User)
    try:
        support = actions.add_support(
            fund=fund,
            values=form.values(),
            origin=_origin(form),
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError as done:
        messages.info(request, _("Ce soutien est déjà inscrit : il ne l’est pas deux fois."))
        return redirect("fund:support", fund.code, done.target.rpartition(":")[2])
    except SupportError as error:
        form.add_error(None, problem_in_words(error))
        return _edit_page(request, fund, None, form)
    messages.success(request, _("Le soutien est inscrit au livre."))
    return redirect(support)


@login_required
def edit(request: HttpRequest, code: str, uuid: UUID) -> HttpResponse:
    fund, support = _found(request, code, uuid)
    if not _may_change(request, fund, support):
        raise PermissionDenied
    form = _form(request, fund, support)
    if request.method != "POST" or not form.is_valid():
        return _edit_page(request, fund, support, form)
    assert isinstance(request.user, User)
    try:
        actions.change_support(
            support=support,
            values=form.values(),
            version=form.cleaned_data["version"],
            origin=_origin(form, support),
            by=request.user,
            at=timezone.now(),
        )
    except actions.SupportChangedError as changed:
        return _edit_conflict(request, fund, changed.support)
    except SupportError as error:
        form.add_error(None, problem_in_words(error))
        return _edit_page(request, fund, support, form)
    messages.success(request, _("Le soutien est enregistré."))
    return redirect(support)


def _form(request: HttpRequest, fund: Fund, support: Support | None) -> SupportForm:
    writes = _writes(request, fund)
    initial = initial_of(support) if support else {}
    if support:
        initial["version"] = actions.version_of(support)
    wholes = book.all_supports().filter(fund=fund, part_of=None)
    # A detail would stop an amendment that lessens its whole.
    wholes = wholes.exclude(origin=OriginChoices.AGREEMENT)
    if support:
        wholes = wholes.exclude(pk=support.pk)
    return SupportForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        place=fund.stable_name,
        documents=documents_of(fund.stable_name) if writes else (),
        wholes=wholes if writes else (),
        own=None if writes else organisations_acted_for(request.user),
        present=support,
    )


def _origin(form: SupportForm, support: Support | None = None) -> OriginChoices:
    """Tell who declares: the fund, which takes up what it changes, or one of the sides."""
    if form.own is not None:
        gives = f"organisation:{form.cleaned_data['giver']}" in form.own
        return OriginChoices.GIVER if gives else OriginChoices.RECEIVER
    if support is None or support.origin in {OriginChoices.GIVER, OriginChoices.RECEIVER}:
        return OriginChoices.OFFICER
    return OriginChoices(support.origin)


def _edit_conflict(request: HttpRequest, fund: Fund, present: Support) -> HttpResponse:
    """Keep what the person wrote in the form, beside what somebody else wrote meanwhile."""
    data = request.POST.copy()
    data["version"] = actions.version_of(present)
    request.POST = data  # type: ignore[assignment]
    return _edit_page(request, fund, present, _form(request, fund, present), conflict=True)


def _edit_page(
    request: HttpRequest,
    fund: Fund,
    support: Support | None,
    form: SupportForm,
    *,
    conflict: bool = False,
) -> HttpResponse:
    title = _("Modifier le soutien") if support else _("Inscrire un soutien")
    context = {
        "fund": fund,
        "support": support,
        "form": form,
        "title": title,
        "conflict": conflict,
        "speaks_for_none": NO_ORGANISATION if form.own is not None and not form.own else "",
        "taken_up": support is not None
        and form.own is None
        and support.origin in {OriginChoices.GIVER, OriginChoices.RECEIVER},
        "crumbs": crumbs(fund, title, book_too=True),
    }
    status = _CONFLICT if conflict else _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/support_form.html", context, status=status)


@require_safe
def portfolio(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a fund gave, with what it stands beside; every figure leads to its supports."""
    fund = find_fund(code)
    found = portfolio_of(fund)
    sees_ledger = request.user.has_perm(permissions.SEE_BUDGET, fund)
    files = files_of(fund) if sees_ledger else None
    giver = {"donneur": fund.organisation.slug}
    address = reverse("fund:supports", args=[fund.code])
    context = {
        "fund": fund,
        "found": found,
        "book_url": f"{address}?{urlencode(giver)}",
        "granted_url": f"{address}?{urlencode({**giver, 'statut': 'granted', 'nature': 'cash'})}",
        "conditional_url": f"{address}?{urlencode({**giver, 'statut': 'conditional'})}",
        "levers": _lever_lines(found.sums.levers, fund, giver),
        "years": _year_lines(found.sums.years),
        "alliances": [
            SplitLine(
                line.party.name,
                line.totals,
                f"{address}?{urlencode({**giver, 'receveur': f'alliance:{line.party.code}'})}",
                ", ".join(line.parts),
            )
            for line in found.alliances
        ],
        "breakdowns": breakdown_lines(fund, found.rows, files),
        "sees_ledger": sees_ledger,
        "map": _map(found),
        "crumbs": crumbs(fund, _("Portefeuille")),
    }
    return render(request, "fund/portfolio.html", context)


@require_safe
def portfolio_file(request: HttpRequest, code: str) -> HttpResponse:  # noqa: ARG001
    fund = find_fund(code)
    return portfolio_workbook(fund, portfolio_of(fund))


def _map(found: Portfolio) -> FranceMap | None:
    """Place the alliances that received, each at its first territory, with its size class."""
    shown = {line.party.url: line for line in found.alliances}
    points = [point for point in found.points if point.url in shown]
    if not points:
        return None
    return FranceMap(
        id="carte-portefeuille",
        title=_("Où sont les alliances soutenues"),
        description=_("Un point par alliance, à son premier territoire."),
        points=apart(
            [
                MapPoint(
                    x=point.x,
                    y=point.y,
                    label=point.title,
                    href=point.url,
                    text=f"{point.place} · {_amount(shown[point.url].totals)}",
                )
                for point in points
            ]
        ),
        table=DataTable(
            caption=_("Alliances soutenues, par taille de territoire"),
            columns=(
                Column(_("Alliance")),
                Column(_("Territoire")),
                Column(_("Classe de taille")),
                Column(_("Habitants"), numeric=True),
                Column(_("Argent accordé"), numeric=True),
            ),
            rows=tuple(_place_rows(found)),
            source=_("INSEE, populations de référence de l’édition en vigueur"),
        ),
        source=_("Fond de carte IGN et INSEE, Licence Ouverte 2.0"),
    )


def _place_rows(found: Portfolio) -> list[tuple[Cell | str, ...]]:
    rows: list[tuple[Cell | str, ...]] = []
    for line in found.alliances:
        places = found.places.get(line.party.code, ())
        first = places[0] if places else None
        size = SizeClassChoices(first.size_class).label if first and first.size_class else ""
        rows.append(
            (
                Cell(line.party.name, line.party.url),
                first.name if first else _("non connu"),
                str(size or _("non connue")),
                number(first.population if first else None),
                _amount(line.totals),
            )
        )
    return rows


def _amount(totals: Totals) -> str:
    return euros(totals.granted.cash)


def find_fund(code: str) -> Fund:
    fund = queries.find(code)
    if fund is None:
        raise Http404(_("Aucun fonds n’a cette adresse. Cherchez-le dans la liste des fonds."))
    return fund


def crumbs(fund: Fund, *last: str, book_too: bool = False) -> list[Crumb]:
    steps = [Crumb(_("Fonds"), reverse("fund:index")), Crumb(fund.name, fund.get_absolute_url())]
    if book_too:
        steps.append(Crumb(_("Soutiens"), reverse("fund:supports", args=[fund.code])))
    return [*steps, *(Crumb(step) for step in last)]
