"""Sheets drafted from a live file, and what those that they name answer."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.knowledge.consent import ConsentState, ProposalState


class ProposalStateChoices(models.TextChoices):
    """The states of the library, in the words of the pages."""

    DRAFT = ProposalState.DRAFT.value, _("en préparation")
    ASKED = ProposalState.ASKED.value, _("accords demandés")
    IN_REVIEW = ProposalState.IN_REVIEW.value, _("en relecture")
    PUBLISHED = ProposalState.PUBLISHED.value, _("publiée")
    REPLACED = ProposalState.REPLACED.value, _("remplacée")
    ABANDONED = ProposalState.ABANDONED.value, _("abandonnée")


class ConsentStateChoices(models.TextChoices):
    WAITING = ConsentState.WAITING.value, _("sans réponse")
    GIVEN = ConsentState.GIVEN.value, _("d’accord")
    REFUSED = ConsentState.REFUSED.value, _("refuse")
    CHANGE_ASKED = ConsentState.CHANGE_ASKED.value, _("demande un changement")
    WITHDRAWN = ConsentState.WITHDRAWN.value, _("a retiré son accord")
    REMOVED = ConsentState.REMOVED.value, _("n’est plus nommée")


_OPEN = [ProposalState.DRAFT.value, ProposalState.ASKED.value, ProposalState.IN_REVIEW.value]
_EXPLAINED = [ConsentState.REFUSED.value, ConsentState.CHANGE_ASKED.value]


class SheetProposal(models.Model):
    """A sheet made from the file of an alliance at a fund: its whole content, and where it stands.

    The digest is that of the content: consents are given to it.
    """

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="sheet_proposals")
    alliance = models.ForeignKey(
        "alliances.Alliance", models.PROTECT, related_name="sheet_proposals"
    )
    agreement = models.ForeignKey(
        "fund.Agreement", models.PROTECT, null=True, blank=True, related_name="sheet_proposals"
    )
    application = models.ForeignKey(
        "fund.Application", models.PROTECT, null=True, blank=True, related_name="sheet_proposals"
    )
    entry = models.ForeignKey(
        "knowledge.Entry", models.PROTECT, null=True, blank=True, related_name="sheet_proposals"
    )
    content = models.JSONField(_("contenu"))
    digest = models.CharField(_("empreinte SHA-256"), max_length=64)
    state = models.CharField(
        _("état"),
        max_length=10,
        choices=ProposalStateChoices.choices,
        default=ProposalState.DRAFT.value,
    )
    note = models.TextField(_("remarque"), blank=True)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="sheets_prepared"
    )
    created_at = models.DateTimeField(_("préparée le"))
    updated_at = models.DateTimeField(_("modifiée le"))
    asked_at = models.DateTimeField(_("accords demandés le"), null=True, blank=True)
    published_at = models.DateTimeField(_("publiée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("fiche tirée d’un dossier")
        verbose_name_plural = _("fiches tirées de dossiers")
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ProposalStateChoices.values),
                name="knowledge_proposal_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(digest=""), name="knowledge_proposal_has_its_digest"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ProposalState.DRAFT.value, ProposalState.ABANDONED.value])
                | Q(asked_at__isnull=False),
                name="knowledge_proposal_goes_on_after_asking",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.PUBLISHED.value)
                | Q(entry__isnull=False, published_at__isnull=False),
                name="knowledge_proposal_published_in_an_entry",
            ),
            models.UniqueConstraint(
                fields=["alliance", "fund"],
                condition=Q(state__in=_OPEN),
                name="knowledge_one_open_proposal",
            ),
            models.UniqueConstraint(
                fields=["alliance"],
                condition=Q(state=ProposalState.PUBLISHED.value),
                name="knowledge_one_published_proposal",
            ),
        ]
        indexes = [models.Index(fields=["fund", "state"], name="knowledge_proposal_of_fund")]

    def __str__(self) -> str:
        return f"{self.alliance} · {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return reverse("knowledge:proposal", args=[self.uuid])

    @property
    def stable_name(self) -> str:
        """The name of this sheet in the trail."""
        return f"sheet:{self.uuid}"


class SheetConsent(models.Model):
    """What a party that a sheet names answers; the fund is a party. Silence is no answer.

    ``digest`` is that of the content that the answer is about.
    """

    FUND: ClassVar[str] = "fund"

    proposal = models.ForeignKey(SheetProposal, models.CASCADE, related_name="consents")
    party = models.CharField(_("passage qui nomme"), max_length=120)
    name = models.CharField(_("nom dans la fiche"), max_length=200)
    organisation = models.ForeignKey(
        "actors.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sheet_consents",
    )
    state = models.CharField(
        _("réponse"),
        max_length=15,
        choices=ConsentStateChoices.choices,
        default=ConsentState.WAITING.value,
    )
    digest = models.CharField(_("empreinte du contenu lu"), max_length=64, blank=True)
    remark = models.TextField(_("remarque"), blank=True)
    passage = models.CharField(_("passage visé"), max_length=120, blank=True)
    told_digest = models.CharField(_("contenu annoncé"), max_length=64, blank=True)
    answered_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="sheet_answers"
    )
    answered_at = models.DateTimeField(_("répondu le"), null=True, blank=True)

    class Meta:
        verbose_name = _("accord sur une fiche")
        verbose_name_plural = _("accords sur des fiches")
        ordering = ("proposal", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "party"], name="knowledge_consent_once_a_party"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ConsentStateChoices.values),
                name="knowledge_consent_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ConsentState.WAITING.value, ConsentState.REMOVED.value])
                | (Q(answered_at__isnull=False) & ~Q(digest="")),
                name="knowledge_consent_is_to_a_content",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_EXPLAINED) | ~Q(remark=""),
                name="knowledge_consent_refused_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.get_state_display()}"

    @property
    def is_fund(self) -> bool:
        return self.party == self.FUND
