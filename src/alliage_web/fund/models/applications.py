"""Applications: what the parties of an alliance write together, sign and send."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from alliage.fund.states import APPLICATION, ApplicationState


class ApplicationStateChoices(models.TextChoices):
    """The states of the library, in the words of the pages."""

    DRAFT = ApplicationState.DRAFT.value, _("brouillon")
    SENT = ApplicationState.SENT.value, _("envoyé")
    TO_COMPLETE = ApplicationState.TO_COMPLETE.value, _("à compléter")
    UNDER_REVIEW = ApplicationState.UNDER_REVIEW.value, _("en instruction")
    TO_COMMITTEE = ApplicationState.TO_COMMITTEE.value, _("présenté au comité")
    ADJOURNED = ApplicationState.ADJOURNED.value, _("ajourné")
    ACCEPTED_SUBJECT_TO_DOCUMENTS = (
        ApplicationState.ACCEPTED_SUBJECT_TO_DOCUMENTS.value,
        _("accepté sous réserve de pièces"),
    )
    ACCEPTED = ApplicationState.ACCEPTED.value, _("accepté")
    REFUSED = ApplicationState.REFUSED.value, _("refusé")
    INELIGIBLE = ApplicationState.INELIGIBLE.value, _("inéligible")
    WITHDRAWN = ApplicationState.WITHDRAWN.value, _("retiré")
    LAPSED = ApplicationState.LAPSED.value, _("caduc")


class Application(models.Model):
    """What an alliance asks of a fund, with the version of the form with which it was begun.

    Answers are kept as they were typed: `alliage.fund.applications.answers` reads them.
    """

    reference = models.SlugField(_("numéro de dossier"), max_length=80, unique=True)
    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="applications")
    call = models.ForeignKey("fund.Call", models.PROTECT, related_name="applications")
    form = models.ForeignKey("fund.FormVersion", models.PROTECT, related_name="applications")
    alliance = models.ForeignKey("alliances.Alliance", models.PROTECT, related_name="applications")
    state = models.CharField(
        _("état"),
        max_length=30,
        choices=ApplicationStateChoices.choices,
        default=APPLICATION.initial.value,
    )
    shared = models.JSONField(_("réponses communes"), default=dict, blank=True)
    set_aside = models.JSONField(_("réponses mises de côté"), default=dict, blank=True)
    copied_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="copies"
    )
    renews = models.ForeignKey(
        "fund.Agreement",
        models.PROTECT,
        verbose_name=_("renouvelle la convention"),
        null=True,
        blank=True,
        related_name="renewals",
    )
    begun_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="applications_begun"
    )
    begun_at = models.DateTimeField(_("commencé le"))
    updated_at = models.DateTimeField(_("modifié le"))
    sent_at = models.DateTimeField(_("envoyé le"), null=True, blank=True)
    reason = models.TextField(_("motif du dernier changement d’état"), blank=True)
    complete_by = models.DateField(_("à compléter avant la fin du"), null=True, blank=True)
    asked_cents = models.PositiveBigIntegerField(
        _("demandé au dernier envoi, en centimes"), null=True, blank=True
    )
    sign_by = models.DateField(_("convention à signer avant la fin du"), null=True, blank=True)

    class Meta:
        verbose_name = _("dossier")
        verbose_name_plural = _("dossiers")
        ordering = ("-begun_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ApplicationStateChoices.values),
                name="fund_application_state_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        ApplicationState.DRAFT.value,
                        ApplicationState.LAPSED.value,
                        ApplicationState.WITHDRAWN.value,
                    ]
                )
                | Q(sent_at__isnull=False),
                name="fund_application_handled_was_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state=ApplicationState.TO_COMPLETE.value)
                | Q(complete_by__isnull=False),
                name="fund_application_to_complete_has_a_date",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(sent_at__gte=F("begun_at")),
                name="fund_application_sent_after_begun",
            ),
        ]
        indexes = [
            models.Index(fields=["call", "state"], name="fund_application_of_call"),
            models.Index(fields=["alliance"], name="fund_application_of_alliance"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("fund:application", args=[self.reference])

    @property
    def stable_name(self) -> str:
        """The name of this application in the trail, and the place of its documents."""
        return f"application:{self.reference}"

    @cached_property
    def everyone(self) -> tuple[Applicant, ...]:
        """Who applies, the lead first, each with its organisation."""
        rows = self.applicants.select_related("organisation")
        return tuple(sorted(rows, key=lambda row: (not row.is_lead, row.pk)))

    @property
    def was_sent(self) -> bool:
        """Whether the fund has it: what is taken back is its authors' again."""
        return self.sent_at is not None and self.state != ApplicationState.DRAFT.value


class Applicant(models.Model):
    """An organisation that applies, with its own answers. The code is for ever: signatures hold it.

    It is the address of the organisation on the day it joined, which a merger may change.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="applicants")
    code = models.SlugField(_("identifiant"), max_length=90)
    organisation = models.ForeignKey(
        "actors.Organisation", models.PROTECT, related_name="applications"
    )
    is_lead = models.BooleanField(_("chef de file"), default=False)
    answers = models.JSONField(_("réponses"), default=dict, blank=True)
    declined_reason = models.TextField(_("motif du refus de signer"), blank=True)
    declined_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    declined_at = models.DateTimeField(_("refus de signer le"), null=True, blank=True)

    class Meta:
        verbose_name = _("demandeur")
        verbose_name_plural = _("demandeurs")
        ordering = ("application", "-is_lead", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "code"], name="fund_applicant_code_once"
            ),
            models.UniqueConstraint(
                fields=["application", "organisation"], name="fund_applicant_once"
            ),
            models.UniqueConstraint(
                fields=["application"], condition=Q(is_lead=True), name="fund_applicant_one_lead"
            ),
            models.CheckConstraint(
                condition=Q(declined_at=None, declined_reason="")
                | (Q(declined_at__isnull=False) & ~Q(declined_reason="")),
                name="fund_applicant_declines_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)


class SignOff(models.Model):
    """The agreement of an applicant with its part, known by its digest: never changed."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="sign_offs")
    party = models.SlugField(_("demandeur"), max_length=90)
    digest = models.CharField(_("empreinte SHA-256"), max_length=64)
    by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="application_sign_offs"
    )
    at = models.DateTimeField(_("signé le"))

    class Meta:
        verbose_name = _("signature d’un dossier")
        verbose_name_plural = _("signatures de dossiers")
        ordering = ("application", "at", "pk")

    def __str__(self) -> str:
        return f"{self.party} {self.at:%Y-%m-%d}"


class SentVersion(models.Model):
    """An application as it was sent: frozen, and known by its digest."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="sent_versions")
    number = models.PositiveSmallIntegerField(_("envoi"))
    content = models.JSONField(_("contenu"))
    digest = models.CharField(_("empreinte SHA-256"), max_length=64)
    in_grace = models.BooleanField(_("envoyé pendant la tolérance"), default=False)
    by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="applications_sent"
    )
    at = models.DateTimeField(_("envoyé le"))

    class Meta:
        verbose_name = _("envoi d’un dossier")
        verbose_name_plural = _("envois de dossiers")
        ordering = ("application", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "number"], name="fund_sent_version_once"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="fund_sent_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.number}"


class RuleJudgement(models.Model):
    """What an officer found of a rule that the platform could not tell, with why."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="judgements")
    rule = models.CharField(_("règle"), max_length=60)
    is_met = models.BooleanField(_("remplie"))
    reason = models.TextField(_("motif"))
    by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="rule_judgements"
    )
    at = models.DateTimeField(_("dit le"))

    class Meta:
        verbose_name = _("constat sur une règle")
        verbose_name_plural = _("constats sur des règles")
        ordering = ("application", "rule", "pk")
        constraints = [
            models.UniqueConstraint(fields=["application", "rule"], name="fund_judgement_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="fund_judgement_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.rule}"


class ApplicationQuestion(models.Model):
    """A question of an officer to the applicants, with the day by which it is to be answered."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="questions")
    text = models.TextField(_("question"))
    answer_by = models.DateField(_("à répondre avant la fin du"))
    asked_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="application_questions"
    )
    asked_at = models.DateTimeField(_("posée le"))
    answer = models.TextField(_("réponse"), blank=True)
    answered_by = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="application_answers",
    )
    answered_at = models.DateTimeField(_("répondue le"), null=True, blank=True)

    class Meta:
        verbose_name = _("question à un dossier")
        verbose_name_plural = _("questions à des dossiers")
        ordering = ("application", "asked_at", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="fund_question_is_written"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="fund_question_answered_at",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_late(self) -> bool:
        """Tell whether the answer came, or is still waited for, after its day."""
        return timezone.localdate(self.answered_at) > self.answer_by


class RequestedDocument(models.Model):
    """A document without which an accepted application is not, with the day it is due."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="requested_documents")
    label = models.CharField(_("pièce"), max_length=300)
    due_on = models.DateField(_("attendue avant la fin du"))
    file = models.UUIDField(_("document"), null=True, blank=True)
    received_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    received_at = models.DateTimeField(_("reçue le"), null=True, blank=True)

    class Meta:
        verbose_name = _("pièce demandée")
        verbose_name_plural = _("pièces demandées")
        ordering = ("application", "due_on", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(label=""), name="fund_document_is_named"),
        ]

    def __str__(self) -> str:
        return self.label
