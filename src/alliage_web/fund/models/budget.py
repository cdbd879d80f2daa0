"""What the money of a fund is kept by: strands, envelopes, funders, and the endowment in force."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

FIRST_YEAR, LAST_YEAR = 1900, 2200


class Strand(models.Model):
    """A strand of investment of a fund (« volet »). Its code is for ever: postings name it."""

    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="strands")
    code = models.SlugField(_("identifiant"), max_length=60)
    order = models.PositiveSmallIntegerField(_("rang"), default=0)
    name_fr = models.CharField(_("nom"), max_length=200)
    name_en = models.CharField(_("nom en anglais"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("volet")
        verbose_name_plural = _("volets")
        ordering = ("fund_id", "order", "pk")
        constraints = [models.UniqueConstraint(fields=["fund", "code"], name="fund_strand_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.name_en) or self.name_fr


class Envelope(models.Model):
    """The money of a strand for a year. A trigger refuses every change."""

    strand = models.ForeignKey(Strand, models.PROTECT, related_name="envelopes")
    year = models.PositiveSmallIntegerField(_("année"))

    class Meta:
        verbose_name = _("enveloppe")
        verbose_name_plural = _("enveloppes")
        ordering = ("year", "strand_id", "pk")
        constraints = [
            models.UniqueConstraint(fields=["strand", "year"], name="fund_envelope_once"),
            models.CheckConstraint(
                condition=models.Q(year__gte=FIRST_YEAR, year__lte=LAST_YEAR),
                name="fund_envelope_year",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.strand} {self.year}"


class Funder(models.Model):
    """An organisation that gives to a fund. Its code is for ever; its organisation may be merged.

    The code is the address of the organisation on the day it was added.
    """

    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="funders")
    code = models.SlugField(_("identifiant"), max_length=90)
    organisation = models.ForeignKey(
        "actors.Organisation", models.PROTECT, verbose_name=_("organisation"), related_name="+"
    )

    class Meta:
        verbose_name = _("financeur")
        verbose_name_plural = _("financeurs")
        ordering = ("fund_id", "code")
        constraints = [models.UniqueConstraint(fields=["fund", "code"], name="fund_funder_once")]

    def __str__(self) -> str:
        return str(self.organisation)


class EndowmentChoice(models.Model):
    """A statement that was declared in force: a decision, with what the statement said that day.

    Statements are loaded again from files, decisions are not: the words are copied.
    """

    posting = models.OneToOneField(
        "fund.Posting", models.PROTECT, verbose_name=_("écriture"), related_name="endowment_choice"
    )
    statement = models.CharField(_("date de l’énoncé"), max_length=10)
    decided_by = models.CharField(_("décidé par"), max_length=200)
    claim_fr = models.CharField(_("énoncé"), max_length=300)
    claim_en = models.CharField(_("énoncé en anglais"), max_length=300, blank=True)
    cents = models.PositiveBigIntegerField(_("montant en centimes"))
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("choix de la dotation en vigueur")
        verbose_name_plural = _("choix de la dotation en vigueur")
        ordering = ("posting_id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cents__gt=0), name="fund_endowment_choice_is_positive"
            )
        ]

    def __str__(self) -> str:
        return self.claim

    @property
    def claim(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.claim_en) or self.claim_fr
