"""The answers that stay on the device of who answers, in a cookie that the server signs."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from alliage_web.positioning.queries.filling import (
    DAYS_ON_DEVICE,
    Unreadable,
    UnreadableFillingError,
    as_cookie,
    from_cookie,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from alliage_web.positioning.queries.filling import Filling

    View = Callable[..., HttpResponse]

COOKIE = "se-situer"


def read(request: HttpRequest) -> Filling:
    """Return the answers of the device.

    Raises
    ------
    UnreadableFillingError
        It has none that may be read.
    """
    return from_cookie(request.COOKIES.get(COOKIE))


def read_or_none(request: HttpRequest) -> Filling | None:
    """Return the answers of the device, if it has any that may be read."""
    try:
        return read(request)
    except UnreadableFillingError:
        return None


def write(request: HttpRequest, response: HttpResponse, filling: Filling) -> HttpResponse:
    """Have the device keep the answers, thirty days from now."""
    response.set_cookie(
        COOKIE,
        as_cookie(filling),
        max_age=DAYS_ON_DEVICE * 24 * 3600,
        path=reverse("positioning:index"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def forget(response: HttpResponse) -> HttpResponse:
    """Have the device forget the answers."""
    response.delete_cookie(COOKIE, path=reverse("positioning:index"), samesite="Lax")
    return response


def start_again(request: HttpRequest, why: Unreadable) -> HttpResponse:
    """Lead to the beginning, and say why."""
    messages.info(request, _in_words(why))
    return forget(redirect("positioning:index"))


def _in_words(why: Unreadable) -> str:
    if why is Unreadable.EXPIRED:
        return _(
            "Vos réponses avaient plus de trente jours : cet appareil ne les garde plus. "
            "Recommencez ci-dessous."
        )
    if why is Unreadable.OTHER_VERSION:
        return _(
            "Le questionnaire a changé depuis vos réponses : elles ne se lisent plus. Recommencez "
            "ci-dessous."
        )
    if why is Unreadable.ALTERED:
        return _(
            "Les réponses de cet appareil ont été abîmées : rien n’en est lu, pour ne rien "
            "inventer. Recommencez ci-dessous."
        )
    return _(
        "Cet appareil ne garde pas de réponses. Elles restent trente jours sur celui où vous avez "
        "répondu. Commencez ci-dessous."
    )


def unshared(view: View) -> View:
    """Have a page kept nowhere: it may show what the device of one person holds.

    The cookie of the forms is always given, since a page that gives one is shown to nobody else.
    """
    shown: View = never_cache(ensure_csrf_cookie(view))
    return shown


def private(view: View) -> View:
    """Have a page kept nowhere and listed nowhere: it is of one person."""

    @unshared
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        # No other site ever learns the address; ours must, to check its own forms.
        response["Referrer-Policy"] = "same-origin"
        return response

    return shown
