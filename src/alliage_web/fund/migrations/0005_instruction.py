"""The instruction of applications and the committee."""

from __future__ import annotations

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fund", "0004_applications"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Meeting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="numéro")),
                ("held_on", models.DateField(verbose_name="date")),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="lieu")),
                ("guests", models.TextField(blank=True, verbose_name="autres personnes présentes")),
                ("created_at", models.DateTimeField(verbose_name="prévue le")),
                ("updated_at", models.DateTimeField(verbose_name="modifiée le")),
                (
                    "chair",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="meetings_chaired",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="préside",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="meetings_planned",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="meetings",
                        to="fund.fund",
                    ),
                ),
            ],
            options={
                "verbose_name": "séance du comité",
                "verbose_name_plural": "séances du comité",
                "ordering": ("fund", "-held_on", "-number"),
                "constraints": [
                    models.UniqueConstraint(fields=("fund", "number"), name="fund_meeting_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="fund_meeting_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attendance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_present", models.BooleanField(default=False, verbose_name="présent·e")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attendances",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="personne",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="remplace",
                    ),
                ),
                (
                    "meeting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attendances",
                        to="fund.meeting",
                    ),
                ),
            ],
            options={
                "verbose_name": "présence au comité",
                "verbose_name_plural": "présences au comité",
                "ordering": ("meeting", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("meeting", "person"), name="fund_attendance_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replaces", None),
                            models.Q(("replaces", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="fund_attendance_replaces_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgendaItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField(verbose_name="rang")),
                (
                    "asked",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, verbose_name="montant demandé"
                    ),
                ),
                (
                    "no_decision",
                    models.TextField(blank=True, verbose_name="pourquoi sans décision"),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agenda_items",
                        to="fund.application",
                    ),
                ),
                (
                    "meeting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="fund.meeting",
                    ),
                ),
            ],
            options={
                "verbose_name": "dossier à l’ordre du jour",
                "verbose_name_plural": "dossiers à l’ordre du jour",
                "ordering": ("meeting", "rank", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("meeting", "application"), name="fund_agenda_item_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("asked__gt", 0)), name="fund_agenda_asks"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Minutes",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.JSONField(verbose_name="contenu")),
                ("digest", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                ("closed_at", models.DateTimeField(verbose_name="arrêté le")),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="minutes_closed",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "meeting",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="minutes",
                        to="fund.meeting",
                    ),
                ),
            ],
            options={
                "verbose_name": "procès-verbal",
                "verbose_name_plural": "procès-verbaux",
                "ordering": ("meeting", "pk"),
            },
        ),
        migrations.CreateModel(
            name="ReviewerProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(default=4, verbose_name="avis à la fois"),
                ),
                (
                    "competences",
                    models.JSONField(blank=True, default=dict, verbose_name="compétences"),
                ),
                ("updated_at", models.DateTimeField(verbose_name="modifié le")),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviewer_profiles",
                        to="fund.fund",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviewer_profiles",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "profil d’instruction",
                "verbose_name_plural": "profils d’instruction",
                "ordering": ("fund", "person", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("fund", "person"), name="fund_reviewer_profile_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewPanel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(default=1, verbose_name="rang")),
                ("opened_at", models.DateTimeField(verbose_name="ouverte le")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review_panels",
                        to="fund.application",
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="panels",
                        to="fund.reviewgrid",
                    ),
                ),
            ],
            options={
                "verbose_name": "instruction",
                "verbose_name_plural": "instructions",
                "ordering": ("application", "number"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("application", "number"), name="fund_panel_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="fund_panel_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uuid",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, unique=True, verbose_name="identifiant"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=1, verbose_name="tour")),
                ("assigned_at", models.DateTimeField(verbose_name="confié le")),
                ("disclosure", models.JSONField(default=dict, verbose_name="intérêts constatés")),
                ("notes", models.JSONField(blank=True, default=dict, verbose_name="notes")),
                (
                    "opinion",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("favourable", "favorable"),
                            ("reserved", "réservé"),
                            ("unfavourable", "défavorable"),
                        ],
                        max_length=12,
                        verbose_name="avis",
                    ),
                ),
                (
                    "saved_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="enregistré le"),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="remis le")),
                (
                    "digest",
                    models.CharField(blank=True, max_length=64, verbose_name="empreinte SHA-256"),
                ),
                ("left_at", models.DateTimeField(blank=True, null=True, verbose_name="quitté le")),
                (
                    "left_why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("conflict", "déport après un intérêt connu"),
                            ("choice", "déport volontaire"),
                            ("released", "désignation retirée par le fonds"),
                        ],
                        max_length=10,
                        verbose_name="pourquoi",
                    ),
                ),
                ("left_explanation", models.TextField(blank=True, verbose_name="explication")),
                (
                    "assigned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reviews_assigned",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="instruit par",
                    ),
                ),
                (
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="fund.reviewpanel",
                    ),
                ),
            ],
            options={
                "verbose_name": "avis d’instruction",
                "verbose_name_plural": "avis d’instruction",
                "ordering": ("panel", "round", "assigned_at", "pk"),
                "indexes": [
                    models.Index(fields=["reviewer", "sent_at"], name="fund_review_of_person")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("left_at", None)),
                        fields=("panel", "reviewer"),
                        name="fund_review_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("digest", ""), ("sent_at", None)),
                            models.Q(
                                ("sent_at__isnull", False),
                                models.Q(("digest", ""), _negated=True),
                                models.Q(("opinion", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_review_sent_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("left_at", None), ("left_why", "")),
                            models.Q(
                                ("left_at__isnull", False),
                                ("left_why__in", ["conflict", "choice", "released"]),
                            ),
                            _connector="OR",
                        ),
                        name="fund_review_left_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("left_at", None), ("sent_at", None), _connector="OR"),
                        name="fund_review_sent_stays",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opinion", ""),
                            ("opinion__in", ["favourable", "reserved", "unfavourable"]),
                            _connector="OR",
                        ),
                        name="fund_review_opinion_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("round__gte", 1), ("round__lte", 2)),
                        name="fund_review_round",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("saved_at", None),
                            ("saved_at__gte", models.F("assigned_at")),
                            _connector="OR",
                        ),
                        name="fund_review_saved_after_assigned",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Committee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "quorum_share",
                    models.CharField(
                        choices=[
                            ("0", "sans part"),
                            ("1/4", "un quart"),
                            ("1/3", "un tiers"),
                            ("1/2", "la moitié"),
                            ("2/3", "deux tiers"),
                            ("3/4", "trois quarts"),
                            ("1", "tous"),
                        ],
                        default="1/2",
                        max_length=4,
                        verbose_name="part des membres présents",
                    ),
                ),
                (
                    "quorum_strictly",
                    models.BooleanField(
                        default=False, verbose_name="strictement plus que cette part"
                    ),
                ),
                (
                    "quorum_number",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="nombre de présents au moins"
                    ),
                ),
                (
                    "quorum_base",
                    models.CharField(
                        choices=[
                            ("entitled", "tous les membres"),
                            ("entitled_less_recused", "les membres qui ne se déportent pas"),
                        ],
                        default="entitled",
                        max_length=25,
                        verbose_name="part prise sur",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("vote", "au vote"),
                            ("consensus", "au consensus : personne ne s’oppose"),
                        ],
                        default="vote",
                        max_length=10,
                        verbose_name="manière de décider",
                    ),
                ),
                (
                    "majority",
                    models.CharField(
                        choices=[
                            ("0", "sans part"),
                            ("1/4", "un quart"),
                            ("1/3", "un tiers"),
                            ("1/2", "la moitié"),
                            ("2/3", "deux tiers"),
                            ("3/4", "trois quarts"),
                            ("1", "tous"),
                        ],
                        default="1/2",
                        max_length=4,
                        verbose_name="majorité",
                    ),
                ),
                (
                    "majority_base",
                    models.CharField(
                        choices=[
                            ("for_and_against", "des pour et des contre, sans les abstentions"),
                            ("all_voters", "de tous les votants, abstentions comprises"),
                        ],
                        default="for_and_against",
                        max_length=20,
                        verbose_name="majorité prise sur",
                    ),
                ),
                (
                    "casting_vote",
                    models.CharField(
                        choices=[
                            ("presiding", "la voix de qui préside compte double"),
                            ("none", "la proposition n’est pas adoptée"),
                        ],
                        default="presiding",
                        max_length=10,
                        verbose_name="en cas de partage",
                    ),
                ),
                (
                    "names_votes",
                    models.BooleanField(
                        default=False, verbose_name="votes nommés au procès-verbal"
                    ),
                ),
                ("updated_at", models.DateTimeField(verbose_name="modifié le")),
                (
                    "fund",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="committee",
                        to="fund.fund",
                    ),
                ),
            ],
            options={
                "verbose_name": "règles d’un comité",
                "verbose_name_plural": "règles des comités",
                "ordering": ("fund", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quorum_share__in", ["0", "1/4", "1/3", "1/2", "2/3", "3/4", "1"]),
                            ("majority__in", ["1/2", "2/3", "3/4", "1"]),
                        ),
                        name="fund_committee_shares_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quorum_share", "1"), ("quorum_strictly", True), _negated=True
                        ),
                        name="fund_committee_quorum_can_be_met",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("casting_vote__in", ["presiding", "none"]),
                            ("majority_base__in", ["for_and_against", "all_voters"]),
                            ("mode__in", ["vote", "consensus"]),
                            ("quorum_base__in", ["entitled", "entitled_less_recused"]),
                        ),
                        name="fund_committee_words_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommitteeRecusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[("conflict", "intérêt connu"), ("choice", "choix de la personne")],
                        max_length=10,
                        verbose_name="motif",
                    ),
                ),
                ("explanation", models.TextField(blank=True, verbose_name="explication")),
                ("conflicts", models.JSONField(default=list, verbose_name="intérêts constatés")),
                ("at", models.DateTimeField(verbose_name="inscrit le")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recusals",
                        to="fund.agendaitem",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="committee_recusals",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="personne",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "déport au comité",
                "verbose_name_plural": "déports au comité",
                "ordering": ("item", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("item", "person"), name="fund_recusal_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason", "conflict"),
                            models.Q(
                                ("reason", "choice"), models.Q(("explanation", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="fund_recusal_is_explained",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("accept", "Accepter le montant demandé"),
                            ("accept_reduced", "Accepter un montant réduit"),
                            ("accept_subject_to_documents", "Accepter sous réserve de pièces"),
                            ("adjourn", "Ajourner"),
                            ("refuse", "Refuser"),
                        ],
                        max_length=30,
                        verbose_name="décision",
                    ),
                ),
                ("reasons", models.TextField(verbose_name="motifs")),
                (
                    "amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="montant accordé",
                    ),
                ),
                ("conditions", models.JSONField(blank=True, null=True, verbose_name="conditions")),
                (
                    "documents",
                    models.JSONField(blank=True, null=True, verbose_name="pièces demandées"),
                ),
                (
                    "documents_due_on",
                    models.DateField(
                        blank=True, null=True, verbose_name="pièces attendues avant la fin du"
                    ),
                ),
                ("questions", models.JSONField(blank=True, null=True, verbose_name="questions")),
                ("resume_on", models.DateField(blank=True, null=True, verbose_name="reprise le")),
                (
                    "legal_outcome",
                    models.CharField(blank=True, max_length=30, verbose_name="chemin juridique"),
                ),
                (
                    "legal_note",
                    models.TextField(blank=True, verbose_name="constat sur le chemin juridique"),
                ),
                (
                    "quorum_required",
                    models.PositiveSmallIntegerField(verbose_name="présents nécessaires"),
                ),
                ("quorum_base", models.PositiveSmallIntegerField(verbose_name="membres comptés")),
                (
                    "quorum_counted",
                    models.PositiveSmallIntegerField(verbose_name="présents comptés"),
                ),
                ("in_favour", models.PositiveSmallIntegerField(verbose_name="pour")),
                ("against", models.PositiveSmallIntegerField(verbose_name="contre")),
                ("abstentions", models.PositiveSmallIntegerField(verbose_name="abstentions")),
                (
                    "casting_vote",
                    models.BooleanField(default=False, verbose_name="voix prépondérante"),
                ),
                ("votes", models.JSONField(blank=True, default=dict, verbose_name="votes nommés")),
                (
                    "disclosures",
                    models.JSONField(blank=True, default=list, verbose_name="intérêts constatés"),
                ),
                ("decided_at", models.DateTimeField(verbose_name="inscrite le")),
                (
                    "envelope",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fund.envelope",
                    ),
                ),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="fund.agendaitem",
                    ),
                ),
                (
                    "posting",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="fund.posting",
                    ),
                ),
                (
                    "presiding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="préside",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="decisions_recorded",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "décision du comité",
                "verbose_name_plural": "décisions du comité",
                "ordering": ("item", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount__gt", 0),
                                ("amount__isnull", False),
                                ("conditions__isnull", False),
                                ("envelope__isnull", False),
                                (
                                    "kind__in",
                                    ["accept", "accept_reduced", "accept_subject_to_documents"],
                                ),
                                ("posting__isnull", False),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "kind__in",
                                        ["accept", "accept_reduced", "accept_subject_to_documents"],
                                    ),
                                    _negated=True,
                                ),
                                ("amount", None),
                                ("conditions", None),
                                ("envelope", None),
                                ("posting", None),
                            ),
                            _connector="OR",
                        ),
                        name="fund_decision_accepts_with_money",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reasons", ""), _negated=True),
                            ("in_favour__gte", 1),
                            ("quorum_counted__gte", models.F("quorum_required")),
                        ),
                        name="fund_decision_was_taken",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "accept_subject_to_documents"), _negated=True),
                            models.Q(
                                ("documents__isnull", False), ("documents_due_on__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="fund_decision_documents_have_a_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "adjourn"), _negated=True),
                            models.Q(("questions__isnull", False), ("resume_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="fund_decision_adjourns_to_a_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "accept",
                                    "accept_reduced",
                                    "accept_subject_to_documents",
                                    "adjourn",
                                    "refuse",
                                ],
                            )
                        ),
                        name="fund_decision_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InterestStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("bars", "Cet intérêt m’empêche d’instruire, de débattre et de voter"),
                            ("to_declare", "À écrire au procès-verbal, sans m’empêcher"),
                        ],
                        help_text="vide: la personne déclare n’avoir aucun intérêt",
                        max_length=12,
                        verbose_name="ce que l’intérêt demande",
                    ),
                ),
                ("explanation", models.TextField(blank=True, verbose_name="explication")),
                ("made_at", models.DateTimeField(verbose_name="déclaré le")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interest_statements",
                        to="fund.application",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interest_statements",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "déclaration d’intérêt",
                "verbose_name_plural": "déclarations d’intérêt",
                "ordering": ("application", "made_at", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("severity", ""),
                            models.Q(
                                ("severity__in", ["bars", "to_declare"]),
                                models.Q(("explanation", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_interest_is_explained",
                    )
                ],
            },
        ),
    ]
