"""Signing in, and a person's own space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.shortcuts import render

from .forms import SignInForm
from .models import Role
from .queries import roles_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class SignInView(LoginView):
    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


@login_required
def home(request: HttpRequest) -> HttpResponse:
    held = roles_of(request.user)
    roles = [label for code, label in Role.choices if code in held]
    return render(request, "accounts/home.html", {"roles": roles})
