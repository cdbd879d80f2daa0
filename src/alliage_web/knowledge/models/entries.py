"""The knowledge base: inspiring examples, tools, publications, events; and the search index."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from modelsearch import index

from alliage.knowledge.publication import PublicationState


class EntryKind(models.TextChoices):
    EXAMPLE = "example", _("Exemple inspirant")
    TOOL = "tool", _("Outil")
    PUBLICATION = "publication", _("Publication")
    EVENT = "event", _("Événement")


class EntryState(models.TextChoices):
    DRAFT = PublicationState.DRAFT.value, _("Brouillon")
    IN_REVIEW = PublicationState.IN_REVIEW.value, _("En relecture")
    PUBLISHED = PublicationState.PUBLISHED.value, _("Publié")


class Entry(models.Model):
    """A dated, typed entry of the knowledge base. An example tells an alliance."""

    kind = models.CharField(_("type"), max_length=15, choices=EntryKind.choices)
    slug = models.SlugField(_("adresse"), max_length=90, unique=True)
    title = models.CharField(_("titre"), max_length=200)
    title_en = models.CharField(_("titre anglais"), max_length=200, blank=True)
    summary = models.TextField(_("résumé"))
    summary_en = models.TextField(_("résumé anglais"), blank=True)
    body = models.TextField(_("texte"), blank=True, help_text=_("Markdown"))
    date = models.CharField(_("date"), max_length=10, blank=True)
    date_end = models.CharField(_("date de fin"), max_length=10, blank=True)
    place = models.CharField(_("lieu"), max_length=200, blank=True)
    publisher = models.CharField(_("éditeur"), max_length=200, blank=True)
    url = models.URLField(_("adresse internet"), max_length=400, blank=True)
    alliance = models.ForeignKey(
        "alliances.Alliance", models.PROTECT, null=True, blank=True, related_name="entries"
    )
    territories = models.ManyToManyField(
        "territories.Territory", related_name="entries", blank=True
    )
    terms = models.ManyToManyField("vocabulary.Term", related_name="entries", blank=True)
    source = models.TextField(_("sources"), blank=True)
    note = models.TextField(_("note"), blank=True)
    state = models.CharField(
        _("état"), max_length=10, choices=EntryState.choices, default=EntryState.DRAFT
    )
    author = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="entries_written"
    )
    reviewer = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="entries_reviewed"
    )
    review_note = models.TextField(_("remarque de relecture"), blank=True)
    created_at = models.DateTimeField(_("créé le"))
    updated_at = models.DateTimeField(_("modifié le"))
    published_at = models.DateTimeField(_("publié le"), null=True, blank=True)

    class Meta:
        verbose_name = _("entrée de la base")
        verbose_name_plural = _("entrées de la base")
        ordering = ("-published_at", "title", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=EntryKind.values), name="knowledge_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EntryState.values), name="knowledge_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="published") | models.Q(published_at__isnull=False),
                name="knowledge_published_has_moment",
            ),
        ]
        indexes = [models.Index(fields=["state", "kind"], name="knowledge_state_kind")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("knowledge:detail", args=[self.slug])

    @property
    def stable_name(self) -> str:
        """The name of this entry in the trail."""
        return f"entry:{self.slug}"

    @property
    def display_title(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.title_en) or self.title

    @property
    def display_summary(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.summary_en) or self.summary


class CaseSheet(models.Model):
    """What a « retour d’expérience » sheet adds to the facts of its alliance."""

    alliance = models.OneToOneField("alliances.Alliance", models.CASCADE, related_name="case_sheet")
    boilerplate_version = models.CharField(_("version des textes communs"), max_length=20)
    content = models.JSONField(_("contenu"))

    class Meta:
        verbose_name = _("fiche retour d’expérience")
        verbose_name_plural = _("fiches retour d’expérience")
        ordering = ("alliance", "pk")

    def __str__(self) -> str:
        return str(self.alliance)


class DocumentKind(models.TextChoices):
    """What a search may find: the kinds of entries, and what other apps describe."""

    EXAMPLE = EntryKind.EXAMPLE.value, _("Exemple inspirant")
    TOOL = EntryKind.TOOL.value, _("Outil")
    PUBLICATION = EntryKind.PUBLICATION.value, _("Publication")
    EVENT = EntryKind.EVENT.value, _("Événement")
    ALLIANCE = "alliance", _("Alliance")
    ORGANISATION = "organisation", _("Organisation")


#: Between the stems of two lines of a text: a line is found again without reading its words.
LINE = " \n "


class SearchDocument(index.Indexed, models.Model):  # type: ignore[misc]
    """What the search knows of a public page. It is derived, and can be made again at any time."""

    # The actions of this app index explicitly: the signals of modelsearch swallow errors.
    search_auto_update = False
    search_fields = [index.SearchField("title"), index.SearchField("body")]

    target = models.CharField(_("objet"), max_length=150, unique=True)
    kind = models.CharField(_("nature"), max_length=15, choices=DocumentKind.choices)
    url = models.CharField(_("adresse"), max_length=200)
    heading = models.CharField(_("titre"), max_length=200)
    heading_en = models.CharField(_("titre anglais"), max_length=200, blank=True)
    summary = models.TextField(_("résumé"), blank=True)
    summary_en = models.TextField(_("résumé anglais"), blank=True)
    text = models.TextField(_("texte cherché"))
    passage = models.TextField(_("passage dont le sens est lu"), blank=True)
    heading_stems = models.TextField(_("radicaux du titre"))
    stems = models.TextField(_("radicaux du titre et du texte"))
    facets = models.JSONField(_("facettes"), default=list)
    date = models.CharField(_("date"), max_length=10, blank=True)
    sort_key = models.CharField(_("titre plié"), max_length=200)
    digest = models.CharField(_("empreinte"), max_length=64)
    passage_digest = models.CharField(_("empreinte du passage"), max_length=64, blank=True)
    vector = models.BinaryField(_("sens du passage"), null=True)

    class Meta:
        verbose_name = _("document cherché")
        verbose_name_plural = _("documents cherchés")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=DocumentKind.values),
                name="knowledge_document_kind_known",
            )
        ]

    def __str__(self) -> str:
        return self.heading

    def title(self) -> str:
        """Give the index its column of titles, which it knows by this name."""
        return self.heading_stems

    def body(self) -> str:
        return self.stems

    @property
    def display_heading(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.heading_en) or self.heading

    @property
    def display_summary(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.summary_en) or self.summary


class SearchWord(models.Model):
    """A word of the indexed texts, from which slips of typing are corrected."""

    word = models.CharField(_("mot"), max_length=80, unique=True)
    documents = models.PositiveIntegerField(_("nombre de documents"))

    class Meta:
        verbose_name = _("mot indexé")
        verbose_name_plural = _("mots indexés")
        ordering = ("word", "pk")

    def __str__(self) -> str:
        return self.word


class SearchState(models.Model):
    """The one row that says which state the index is in: a new version at each change."""

    version = models.UUIDField(_("version"))
    embedder = models.CharField(_("modèle de sens"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("état de l’index")
        verbose_name_plural = _("états de l’index")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="knowledge_one_search_state")
        ]

    def __str__(self) -> str:
        return str(self.version)
