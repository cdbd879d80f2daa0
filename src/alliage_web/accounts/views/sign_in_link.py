"""Signing in by a link received by e-mail.

The link opens a page with one button, since programs that check messages open the links in them.
The button goes through the same stages as a password: a second factor is still asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.internal import flows
from allauth.account.internal.flows.email_verification import verify_email_indirectly
from allauth.account.mixins import NextRedirectMixin, RedirectAuthenticatedUserMixin
from allauth.account.models import EmailAddress, Login
from allauth.core import ratelimit
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.generic.base import TemplateView
from django.views.generic.edit import FormView

from alliage_web.accounts.actions.addresses import vouch_for_address
from alliage_web.accounts.actions.sign_in_links import (
    LIFETIME,
    LinkRefusedError,
    issue_link,
    read_link,
    use_link,
)
from alliage_web.accounts.forms.sign_in import LinkRequestForm
from alliage_web.accounts.queries.addresses import person_at
from alliage_web.accounts.refusals import report

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.accounts.models import User

    _LinkForm = FormView[LinkRequestForm]
else:
    _LinkForm = FormView

_MINUTES = int(LIFETIME.total_seconds() // 60)


class RequestLink(RedirectAuthenticatedUserMixin, NextRedirectMixin, _LinkForm):
    """Ask for a link: the answer is the same whether the address is known or not."""

    form_class = LinkRequestForm
    template_name = "account/link_request.html"

    def form_valid(self, form: LinkRequestForm) -> HttpResponse:
        email = form.cleaned_data["email"].lower()
        too_many: HttpResponse | None = ratelimit.consume_or_429(
            self.request, action="request_login_code", key=email
        )
        if too_many:
            return too_many
        if person := person_at(email):
            self._send(person)
        else:
            report(self.request, "link asked for an unknown address", address=email)
            flows.signup.send_unknown_account_mail(self.request, email)
        return super().form_valid(form)

    def _send(self, person: User) -> None:
        token = issue_link(user=person, at=timezone.now())
        page = self.passthrough_next_url(reverse("account_sign_in_link", args=[token]))
        get_adapter(self.request).send_mail(
            "account/email/sign_in_link",
            person.email,
            {"link": self.request.build_absolute_uri(page), "minutes": _MINUTES},
        )

    def get_success_url(self) -> str:
        return reverse("account_link_sent")

    def get_authenticated_redirect_url(self) -> str:
        return self.get_next_url() or reverse("accounts:home")


class LinkSent(TemplateView):
    template_name = "account/link_sent.html"
    extra_context = {"minutes": _MINUTES}


@method_decorator(never_cache, name="dispatch")
class OpenLink(NextRedirectMixin, View):
    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            person = read_link(token=token, at=timezone.now())
        except LinkRefusedError as error:
            return self._refuse(request, error)
        return render(
            request, "account/link_open.html", {"person": person} | self.get_context_data()
        )

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            person = use_link(token=token, at=timezone.now())
        except LinkRefusedError as error:
            return self._refuse(request, error)
        if request.user.is_authenticated:
            flows.logout.logout(request, show_message=False)
        _trust_address(request, person)
        flows.login.record_authentication(request, person, method="link")
        login = Login(user=person, email=person.email, redirect_url=self.get_next_url())
        response: HttpResponse = flows.login.perform_login(request, login)
        return response

    @staticmethod
    def _refuse(request: HttpRequest, error: LinkRefusedError) -> HttpResponse:
        report(request, f"sign-in link {error.why}", person=error.person)
        return render(request, "account/link_refused.html", {"why": error.why}, status=410)

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return {"next_url": self.get_next_url()} | more


def _trust_address(request: HttpRequest, person: User) -> None:
    """Hold the address for verified: the link was sent there and nowhere else.

    An address that was not verified before may have been signed up by somebody else: the password
    that was chosen then is forgotten.
    """
    if EmailAddress.objects.filter(user=person, email=person.email, verified=True).exists():
        return
    if not EmailAddress.objects.filter(user=person, email=person.email).exists():
        vouch_for_address(user=person)
        return
    person.set_unusable_password()
    person.save(update_fields=["password"])
    verify_email_indirectly(request, person, person.email)
