"""The choices a person makes about the interface, kept in a cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponseBadRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

THEMES = ("light", "dark", "auto")
_YEAR = 365 * 24 * 3600


# Without a token: at worst another site changes a colour, and pages stay the same for everybody.
@csrf_exempt
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme and go back to the page."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        message = _(
            "L’apparence « %(theme)s » n’existe pas. Choisissez « light », « dark » ou « auto »."
        ) % {"theme": chosen[:40]}
        return HttpResponseBadRequest(message, content_type="text/plain; charset=utf-8")
    response = HttpResponseRedirect(_way_back(request))
    if chosen == "auto":
        response.delete_cookie("theme", samesite="Lax")
    else:
        response.set_cookie(
            "theme",
            chosen,
            max_age=_YEAR,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


def _way_back(request: HttpRequest) -> str:
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else "/"
