"""Organisations of every world, and the catalysts among them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliage.alliances.vocabulary import OrganisationRole, OrganisationSize, Profile, World
from alliage_web.vocabulary.models import ReadingChoices

#: The source of what a demonstration makes up: it stands in no public list and in no count.
INVENTED = "Inventé pour la démonstration"


class WorldChoices(models.TextChoices):
    LOCAL_AUTHORITY = World.LOCAL_AUTHORITY.value, _("Collectivité")
    COMPANY = World.COMPANY.value, _("Entreprise")
    ASSOCIATION = World.ASSOCIATION.value, _("Association")
    FOUNDATION = World.FOUNDATION.value, _("Fondation")
    ACADEMIC = World.ACADEMIC.value, _("Monde académique")
    STATE_SERVICE = World.STATE_SERVICE.value, _("Service de l’État")
    CITIZEN = World.CITIZEN.value, _("Citoyens")
    OTHER = World.OTHER.value, _("Autre monde")


class ProfileChoices(models.TextChoices):
    CITIZEN = Profile.CITIZEN.value, _("Citoyens et initiatives citoyennes")
    LOCAL_ELECTED = Profile.LOCAL_ELECTED.value, _("Élus locaux")
    LOCAL_AUTHORITY = Profile.LOCAL_AUTHORITY.value, _("Collectivité territoriale")
    STATE_SERVICE = Profile.STATE_SERVICE.value, _("Service de l’État")
    COMPANY = Profile.COMPANY.value, _("Entreprise")
    ASSOCIATION = Profile.ASSOCIATION.value, _("Association ou structure d’intérêt général")
    FOUNDATION = Profile.FOUNDATION.value, _("Fondation")
    ACADEMIC = Profile.ACADEMIC.value, _("Recherche et enseignement")
    INVESTOR = Profile.INVESTOR.value, _("Investisseur")
    SUPPORT_BODY = Profile.SUPPORT_BODY.value, _("Accompagnateur")
    CATALYST = Profile.CATALYST.value, _("Catalyseur territorial")
    SOCIAL_PROTECTION_GROUP = (
        Profile.SOCIAL_PROTECTION_GROUP.value,
        _("Groupe de protection sociale"),
    )
    FAITH_COMMUNITY = Profile.FAITH_COMMUNITY.value, _("Communauté religieuse")
    NETWORK_HEAD = Profile.NETWORK_HEAD.value, _("Tête de réseau")


class RoleChoices(models.TextChoices):
    FUNDER = OrganisationRole.FUNDER.value, _("Financeur")
    PROJECT_HOLDER = OrganisationRole.PROJECT_HOLDER.value, _("Porteur de projet")
    NETWORK_HEAD = OrganisationRole.NETWORK_HEAD.value, _("Tête de réseau")
    CATALYST = OrganisationRole.CATALYST.value, _("Catalyseur")
    EXPERT = OrganisationRole.EXPERT.value, _("Expert")
    OBSERVER = OrganisationRole.OBSERVER.value, _("Observation et études")
    PUBLIC_AUTHORITY = OrganisationRole.PUBLIC_AUTHORITY.value, _("Autorité publique")
    PUBLISHER = OrganisationRole.PUBLISHER.value, _("Éditeur")


class SizeChoices(models.TextChoices):
    VERY_SMALL = OrganisationSize.VERY_SMALL.value, _("Très petite (moins de 10 salariés)")
    SMALL_MEDIUM = OrganisationSize.SMALL_MEDIUM.value, _("Petite ou moyenne (10 à 249)")
    INTERMEDIATE = OrganisationSize.INTERMEDIATE.value, _("Intermédiaire (250 à 4 999)")
    LARGE = OrganisationSize.LARGE.value, _("Grande (5 000 et plus)")


class Organisation(models.Model):
    """An organisation. Unknown is empty, never guessed."""

    slug = models.SlugField(_("adresse"), max_length=90, unique=True)
    name = models.CharField(_("nom"), max_length=200)
    name_key = models.CharField(_("nom plié"), max_length=200, editable=False)
    search_key = models.TextField(
        _("texte cherché"),
        editable=False,
        help_text=_("nom, sigle, autres noms, identifiants pliés"),
    )
    acronym = models.CharField(_("sigle"), max_length=40, blank=True)
    aliases = models.JSONField(_("autres noms"), default=list, blank=True)
    world = models.CharField(_("monde"), max_length=20, choices=WorldChoices.choices)
    world_reading = models.CharField(
        max_length=10, choices=ReadingChoices.choices, default=ReadingChoices.STATED
    )
    profile = models.CharField(_("profil"), max_length=30, choices=ProfileChoices.choices)
    legal_form = models.CharField(_("forme juridique"), max_length=120, blank=True)
    siren = models.CharField(_("SIREN"), max_length=9, null=True, blank=True)
    siret = models.CharField(_("SIRET du siège"), max_length=14, null=True, blank=True)
    rna = models.CharField(_("numéro RNA"), max_length=10, null=True, blank=True)
    size = models.CharField(_("taille"), max_length=10, choices=SizeChoices.choices, blank=True)
    seat = models.ForeignKey(
        "territories.Territory", models.PROTECT, null=True, blank=True, related_name="seats"
    )
    territories = models.ManyToManyField(
        "territories.Territory",
        verbose_name=_("territoires d’action"),
        related_name="organisations",
        blank=True,
    )
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children"
    )
    domains = models.ManyToManyField(
        "vocabulary.Term", verbose_name=_("domaines"), related_name="organisations", blank=True
    )
    website = models.URLField(_("site internet"), blank=True)
    summary_fr = models.TextField(_("présentation"), blank=True)
    summary_en = models.TextField(_("présentation en anglais"), blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="organisations"
    )
    created_at = models.DateTimeField(_("créée le"))
    updated_at = models.DateTimeField(_("modifiée le"))

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ("name_key", "pk")
        constraints = [
            *(
                models.UniqueConstraint(
                    fields=[field],
                    condition=models.Q(merged_into=None),
                    name=f"actors_{field}_unique",
                )
                for field in ("siren", "siret", "rna")
            ),
            models.CheckConstraint(
                condition=models.Q(world__in=WorldChoices.values), name="actors_world_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(siren="") & ~models.Q(siret="") & ~models.Q(rna=""),
                name="actors_unknown_identifier_is_null",
            ),
        ]
        indexes = [models.Index(fields=["name_key"], name="actors_name_key")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("site:organisation", args=[self.slug])

    @property
    def stable_name(self) -> str:
        """The name of this organisation in the trail and in the roles held there."""
        return f"organisation:{self.slug}"

    @property
    def summary(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.summary_en) or self.summary_fr


class HeldRole(models.Model):
    """An organisation plays a role in the field."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="roles")
    role = models.CharField(_("rôle"), max_length=20, choices=RoleChoices.choices)

    class Meta:
        verbose_name = _("rôle")
        verbose_name_plural = _("rôles")
        ordering = ("organisation", "role", "pk")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "role"], name="actors_role_once")
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class Catalyst(models.Model):
    """What an organisation does as a territorial catalyst."""

    organisation = models.OneToOneField(Organisation, models.CASCADE, related_name="catalyst")
    functions = models.ManyToManyField(
        "vocabulary.Term", verbose_name=_("fonctions"), related_name="+", blank=True
    )
    functions_reading = models.CharField(
        max_length=10, choices=ReadingChoices.choices, default=ReadingChoices.DERIVED
    )
    territories = models.ManyToManyField(
        "territories.Territory",
        verbose_name=_("territoires couverts"),
        related_name="catalysts",
        blank=True,
    )
    domains = models.ManyToManyField(
        "vocabulary.Term", verbose_name=_("domaines"), related_name="catalysts", blank=True
    )

    class Meta:
        verbose_name = _("catalyseur")
        verbose_name_plural = _("catalyseurs")
        ordering = ("organisation__name_key", "pk")

    def __str__(self) -> str:
        return self.organisation.name


class ConsentPurpose(models.TextChoices):
    """What a contact may agree to, each on its own."""

    LISTED = "listed", _("être visible de tous sur la page de l’organisation")
    WRITTEN_TO = "written_to", _("être joignable par les personnes connectées à la plateforme")
    NEWS = "news", _("recevoir des nouvelles de la plateforme")


class ConsentHow(models.TextChoices):
    """How a consent was obtained."""

    PLATFORM = "platform", _("dit par la personne sur la plateforme")
    WRITING = "writing", _("dit par écrit")
    ORALLY = "orally", _("dit de vive voix")
    PUBLIC_SOURCE = "public_source", _("publié par la personne ou son organisation")


class Contact(models.Model):
    """A person to turn to in an organisation, who may have no account.

    Nothing of a contact is public without a consent.
    """

    #: The fields that the register of personal data must hold.
    PERSONAL: ClassVar[tuple[str, ...]] = ("name", "function", "email", "phone")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="contacts")
    name = models.CharField(_("nom"), max_length=120)
    function = models.CharField(_("fonction"), max_length=120, blank=True)
    email = models.EmailField(_("adresse électronique"), blank=True)
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    account = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        verbose_name=_("compte"),
        null=True,
        blank=True,
        related_name="contacts",
    )
    created_by = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        verbose_name=_("ajouté par"),
        null=True,
        related_name="contacts_added",
    )
    created_at = models.DateTimeField(_("ajouté le"))
    renewed_at = models.DateTimeField(_("confirmé le"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("organisation", "name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=~models.Q(email=""),
                name="actors_contact_address_once",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="actors_contact_named"),
        ]
        indexes = [models.Index(fields=["email"], name="actors_contact_email")]

    def __str__(self) -> str:
        return self.name

    @property
    def trail_name(self) -> str:
        """The name under which the trail keeps what tells of this person."""
        return f"contact:{self.pk}"


class Consent(models.Model):
    """A contact agreed to something, and may have changed their mind since."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consents")
    purpose = models.CharField(_("usage accepté"), max_length=20, choices=ConsentPurpose.choices)
    how = models.CharField(_("obtenu"), max_length=20, choices=ConsentHow.choices)
    given_at = models.DateTimeField(_("donné le"))
    recorded_by = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        verbose_name=_("noté par"),
        null=True,
        related_name="consents_recorded",
    )
    withdrawn_at = models.DateTimeField(_("retiré le"), null=True, blank=True)

    class Meta:
        verbose_name = _("consentement")
        verbose_name_plural = _("consentements")
        ordering = ("contact", "purpose", "-given_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "purpose"],
                condition=models.Q(withdrawn_at=None),
                name="actors_consent_given_once",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None)
                | models.Q(withdrawn_at__gte=models.F("given_at")),
                name="actors_consent_withdrawn_after",
            ),
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()
