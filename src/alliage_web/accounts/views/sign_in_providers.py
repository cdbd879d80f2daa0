"""Signing in with an account held elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2LoginView
from django.http import Http404
from django.views.decorators.cache import never_cache

from alliage_web.accounts.oidc import EXCHANGE_ERRORS, Callback, ProviderAdapter

from .sign_in import leave_for

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@never_cache
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Ask for a confirmation on GET, go to the provider on POST."""
    response = _exchange(request, provider_id, OAuth2LoginView)
    address = response.get("Location", "")
    return leave_for(request, address) if urlsplit(address).netloc else response


@never_cache
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _exchange(request, provider_id, Callback)


def _exchange(request: HttpRequest, provider_id: str, view: Any) -> HttpResponse:
    adapter = ProviderAdapter(request, provider_id)
    try:
        provider = adapter.get_provider()
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    try:
        response: HttpResponse = view.adapter_view(adapter)(request)
    except EXCHANGE_ERRORS as error:
        return render_authentication_error(request, provider, exception=error)  # type: ignore[no-any-return]
    return response
