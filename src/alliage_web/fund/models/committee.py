"""The committee of a fund: its rules, meetings, agendas, who steps back, decisions, minutes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.fund.instruction.committee import (
    CastingVote,
    DecisionKind,
    MajorityBase,
    Mode,
    QuorumBase,
    Vote,
)
from alliage.fund.instruction.interests import RecusalReason


class DecisionChoices(models.TextChoices):
    """The decisions of the library, in the words of the pages."""

    ACCEPT = DecisionKind.ACCEPT.value, _("Accepter le montant demandé")
    ACCEPT_REDUCED = DecisionKind.ACCEPT_REDUCED.value, _("Accepter un montant réduit")
    ACCEPT_SUBJECT_TO_DOCUMENTS = (
        DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS.value,
        _("Accepter sous réserve de pièces"),
    )
    ADJOURN = DecisionKind.ADJOURN.value, _("Ajourner")
    REFUSE = DecisionKind.REFUSE.value, _("Refuser")


class VoteChoices(models.TextChoices):
    FOR = Vote.FOR.value, _("pour")
    AGAINST = Vote.AGAINST.value, _("contre")
    ABSTAIN = Vote.ABSTAIN.value, _("abstention")


class RecusalChoices(models.TextChoices):
    CONFLICT = RecusalReason.CONFLICT.value, _("intérêt connu")
    CHOICE = RecusalReason.CHOICE.value, _("choix de la personne")


class ShareChoices(models.TextChoices):
    """Shares that rules of committees use, kept exact."""

    NONE = "0", _("sans part")
    QUARTER = "1/4", _("un quart")
    THIRD = "1/3", _("un tiers")
    HALF = "1/2", _("la moitié")
    TWO_THIRDS = "2/3", _("deux tiers")
    THREE_QUARTERS = "3/4", _("trois quarts")
    ALL = "1", _("tous")


class QuorumBaseChoices(models.TextChoices):
    ENTITLED = QuorumBase.ENTITLED.value, _("tous les membres")
    ENTITLED_LESS_RECUSED = (
        QuorumBase.ENTITLED_LESS_RECUSED.value,
        _("les membres qui ne se déportent pas"),
    )


class ModeChoices(models.TextChoices):
    VOTE = Mode.VOTE.value, _("au vote")
    CONSENSUS = Mode.CONSENSUS.value, _("au consensus : personne ne s’oppose")


class MajorityBaseChoices(models.TextChoices):
    FOR_AND_AGAINST = (
        MajorityBase.FOR_AND_AGAINST.value,
        _("des pour et des contre, sans les abstentions"),
    )
    ALL_VOTERS = MajorityBase.ALL_VOTERS.value, _("de tous les votants, abstentions comprises")


class CastingVoteChoices(models.TextChoices):
    PRESIDING = CastingVote.PRESIDING.value, _("la voix de qui préside compte double")
    NONE = CastingVote.NONE.value, _("la proposition n’est pas adoptée")


class Committee(models.Model):
    """The rules of the committee of a fund. A fund without a row follows those of the library."""

    fund = models.OneToOneField("fund.Fund", models.CASCADE, related_name="committee")
    quorum_share = models.CharField(
        _("part des membres présents"),
        max_length=4,
        choices=ShareChoices.choices,
        default=ShareChoices.HALF,
    )
    quorum_strictly = models.BooleanField(_("strictement plus que cette part"), default=False)
    quorum_number = models.PositiveSmallIntegerField(_("nombre de présents au moins"), default=0)
    quorum_base = models.CharField(
        _("part prise sur"),
        max_length=25,
        choices=QuorumBaseChoices.choices,
        default=QuorumBaseChoices.ENTITLED,
    )
    mode = models.CharField(
        _("manière de décider"),
        max_length=10,
        choices=ModeChoices.choices,
        default=ModeChoices.VOTE,
    )
    majority = models.CharField(
        _("majorité"),
        max_length=4,
        choices=ShareChoices.choices,
        default=ShareChoices.HALF,
    )
    majority_base = models.CharField(
        _("majorité prise sur"),
        max_length=20,
        choices=MajorityBaseChoices.choices,
        default=MajorityBaseChoices.FOR_AND_AGAINST,
    )
    casting_vote = models.CharField(
        _("en cas de partage"),
        max_length=10,
        choices=CastingVoteChoices.choices,
        default=CastingVoteChoices.PRESIDING,
    )
    names_votes = models.BooleanField(_("votes nommés au procès-verbal"), default=False)
    updated_at = models.DateTimeField(_("modifié le"))

    class Meta:
        verbose_name = _("règles d’un comité")
        verbose_name_plural = _("règles des comités")
        ordering = ("fund", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(quorum_share__in=ShareChoices.values)
                & Q(majority__in=[
                    ShareChoices.HALF.value, ShareChoices.TWO_THIRDS.value,
                    ShareChoices.THREE_QUARTERS.value, ShareChoices.ALL.value,
                ]),
                name="fund_committee_shares_known",
            ),
            models.CheckConstraint(
                condition=~Q(quorum_share=ShareChoices.ALL.value, quorum_strictly=True),
                name="fund_committee_quorum_can_be_met",
            ),
            models.CheckConstraint(
                condition=Q(
                    quorum_base__in=QuorumBaseChoices.values, mode__in=ModeChoices.values,
                    majority_base__in=MajorityBaseChoices.values,
                    casting_vote__in=CastingVoteChoices.values,
                ),
                name="fund_committee_words_known",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.fund)


class Meeting(models.Model):
    """A meeting of the committee. Its number, in its fund, is for ever."""

    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="meetings")
    number = models.PositiveIntegerField(_("numéro"))
    held_on = models.DateField(_("date"))
    place = models.CharField(_("lieu"), max_length=200, blank=True)
    chair = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        verbose_name=_("préside"),
        null=True,
        blank=True,
        related_name="meetings_chaired",
    )
    guests = models.TextField(_("autres personnes présentes"), blank=True)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="meetings_planned"
    )
    created_at = models.DateTimeField(_("prévue le"))
    updated_at = models.DateTimeField(_("modifiée le"))

    class Meta:
        verbose_name = _("séance du comité")
        verbose_name_plural = _("séances du comité")
        ordering = ("fund", "-held_on", "-number")
        constraints = [
            models.UniqueConstraint(fields=["fund", "number"], name="fund_meeting_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="fund_meeting_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.fund} · {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("fund:meeting", args=[self.fund.code, self.number])

    @property
    def stable_name(self) -> str:
        """The name of this meeting in the trail."""
        return f"meeting:{self.fund.code}:{self.number}"


class Attendance(models.Model):
    """A person who may vote in a meeting: a member, or who replaces one that day."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendances")
    person = models.ForeignKey(
        "accounts.User", models.PROTECT, verbose_name=_("personne"), related_name="attendances"
    )
    replaces = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        verbose_name=_("remplace"),
        null=True,
        blank=True,
        related_name="+",
    )
    is_present = models.BooleanField(_("présent·e"), default=False)

    class Meta:
        verbose_name = _("présence au comité")
        verbose_name_plural = _("présences au comité")
        ordering = ("meeting", "pk")
        constraints = [
            models.UniqueConstraint(fields=["meeting", "person"], name="fund_attendance_once"),
            models.CheckConstraint(
                condition=Q(replaces=None) | ~Q(replaces=F("person")),
                name="fund_attendance_replaces_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting} · {self.person_id}"


class AgendaItem(models.Model):
    """An application on the agenda of a meeting, with what it asked for that day."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="items")
    application = models.ForeignKey("fund.Application", models.PROTECT, related_name="agenda_items")
    rank = models.PositiveSmallIntegerField(_("rang"))
    asked = models.DecimalField(_("montant demandé"), max_digits=14, decimal_places=2)
    no_decision = models.TextField(_("pourquoi sans décision"), blank=True)

    class Meta:
        verbose_name = _("dossier à l’ordre du jour")
        verbose_name_plural = _("dossiers à l’ordre du jour")
        ordering = ("meeting", "rank", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "application"], name="fund_agenda_item_once"
            ),
            models.CheckConstraint(condition=Q(asked__gt=0), name="fund_agenda_asks"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting} · {self.application}"

    def get_absolute_url(self) -> str:
        place = [self.meeting.fund.code, self.meeting.number, self.application.reference]
        return reverse("fund:agenda-item", args=place)


class CommitteeRecusal(models.Model):
    """A member steps back from an application: who, why, when."""

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="recusals")
    person = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        verbose_name=_("personne"),
        related_name="committee_recusals",
    )
    reason = models.CharField(_("motif"), max_length=10, choices=RecusalChoices.choices)
    explanation = models.TextField(_("explication"), blank=True)
    conflicts = models.JSONField(_("intérêts constatés"), default=list)
    recorded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("inscrit le"))

    class Meta:
        verbose_name = _("déport au comité")
        verbose_name_plural = _("déports au comité")
        ordering = ("item", "pk")
        constraints = [
            models.UniqueConstraint(fields=["item", "person"], name="fund_recusal_once"),
            models.CheckConstraint(
                condition=Q(reason=RecusalReason.CONFLICT.value)
                | (Q(reason=RecusalReason.CHOICE.value) & ~Q(explanation="")),
                name="fund_recusal_is_explained",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} · {self.person_id}"


_ACCEPTS = [
    DecisionKind.ACCEPT.value,
    DecisionKind.ACCEPT_REDUCED.value,
    DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS.value,
]


class Decision(models.Model):
    """What the committee decided of an item: never changed. Amounts go with their posting."""

    item = models.OneToOneField(AgendaItem, models.PROTECT, related_name="decision")
    kind = models.CharField(_("décision"), max_length=30, choices=DecisionChoices.choices)
    reasons = models.TextField(_("motifs"))
    amount = models.DecimalField(
        _("montant accordé"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    conditions = models.JSONField(_("conditions"), null=True, blank=True)
    documents = models.JSONField(_("pièces demandées"), null=True, blank=True)
    documents_due_on = models.DateField(
        _("pièces attendues avant la fin du"), null=True, blank=True
    )
    questions = models.JSONField(_("questions"), null=True, blank=True)
    resume_on = models.DateField(_("reprise le"), null=True, blank=True)
    legal_outcome = models.CharField(_("chemin juridique"), max_length=30, blank=True)
    legal_note = models.TextField(_("constat sur le chemin juridique"), blank=True)
    envelope = models.ForeignKey(
        "fund.Envelope", models.PROTECT, null=True, blank=True, related_name="+"
    )
    posting = models.ForeignKey(
        "fund.Posting", models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    presiding = models.ForeignKey(
        "accounts.User", models.PROTECT, verbose_name=_("préside"), related_name="+"
    )
    quorum_required = models.PositiveSmallIntegerField(_("présents nécessaires"))
    quorum_base = models.PositiveSmallIntegerField(_("membres comptés"))
    quorum_counted = models.PositiveSmallIntegerField(_("présents comptés"))
    in_favour = models.PositiveSmallIntegerField(_("pour"))
    against = models.PositiveSmallIntegerField(_("contre"))
    abstentions = models.PositiveSmallIntegerField(_("abstentions"))
    casting_vote = models.BooleanField(_("voix prépondérante"), default=False)
    votes = models.JSONField(_("votes nommés"), default=dict, blank=True)
    disclosures = models.JSONField(_("intérêts constatés"), default=list, blank=True)
    recorded_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="decisions_recorded"
    )
    decided_at = models.DateTimeField(_("inscrite le"))

    class Meta:
        verbose_name = _("décision du comité")
        verbose_name_plural = _("décisions du comité")
        ordering = ("item", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=_ACCEPTS, amount__isnull=False, amount__gt=0, posting__isnull=False,
                    envelope__isnull=False, conditions__isnull=False,
                )
                | (
                    ~Q(kind__in=_ACCEPTS)
                    & Q(amount=None, posting=None, envelope=None, conditions=None)
                ),
                name="fund_decision_accepts_with_money",
            ),
            models.CheckConstraint(
                condition=~Q(reasons="")
                & Q(quorum_counted__gte=F("quorum_required"), in_favour__gte=1),
                name="fund_decision_was_taken",
            ),
            models.CheckConstraint(
                condition=~Q(kind=DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS.value)
                | Q(documents__isnull=False, documents_due_on__isnull=False),
                name="fund_decision_documents_have_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(kind=DecisionKind.ADJOURN.value)
                | Q(questions__isnull=False, resume_on__isnull=False),
                name="fund_decision_adjourns_to_a_date",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DecisionChoices.values), name="fund_decision_kind_known"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.item} · {self.kind}"


class Minutes(models.Model):
    """The minutes of a meeting, closed: frozen, and known by their digest. People are numbers."""

    meeting = models.OneToOneField(Meeting, models.PROTECT, related_name="minutes")
    content = models.JSONField(_("contenu"))
    digest = models.CharField(_("empreinte SHA-256"), max_length=64)
    closed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="minutes_closed"
    )
    closed_at = models.DateTimeField(_("arrêté le"))

    class Meta:
        verbose_name = _("procès-verbal")
        verbose_name_plural = _("procès-verbaux")
        ordering = ("meeting", "pk")

    def __str__(self) -> str:
        return f"{self.meeting} · {self.digest[:12]}"
