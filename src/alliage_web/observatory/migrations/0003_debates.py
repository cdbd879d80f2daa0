"""Debates on releases, contributions and their reports."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("actors", "0001_initial"),
        ("observatory", "0002_releases"),
        ("territories", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Debate",
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
                ("title", models.CharField(max_length=200, verbose_name="titre")),
                ("presentation", models.TextField(blank=True, verbose_name="présentation")),
                (
                    "questions",
                    models.JSONField(default=list, verbose_name="questions mises en débat"),
                ),
                ("opens_on", models.DateField(verbose_name="ouvert du")),
                ("closes_on", models.DateField(help_text="jour compris", verbose_name="au")),
                ("synthesis", models.TextField(blank=True, verbose_name="synthèse")),
                (
                    "synthesised_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="synthèse écrite le"),
                ),
                (
                    "invented",
                    models.BooleanField(
                        default=False, verbose_name="inventé pour une démonstration"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(verbose_name="préparé le")),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="debates_opened",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debates",
                        to="observatory.release",
                        verbose_name="publication",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debates",
                        to="territories.territory",
                        verbose_name="territoire",
                    ),
                ),
            ],
            options={
                "verbose_name": "débat",
                "verbose_name_plural": "débats",
                "ordering": ("-opens_on", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("closes_on__gte", models.F("opens_on"))),
                        name="observatory_debate_dates",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("synthesis", ""), ("synthesised_at", None)),
                            models.Q(
                                models.Q(("synthesis", ""), _negated=True),
                                ("synthesised_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_debate_synthesis_dated",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contribution",
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
                (
                    "world",
                    models.CharField(
                        choices=[
                            ("local_authority", "Collectivité"),
                            ("company", "Entreprise"),
                            ("association", "Association"),
                            ("foundation", "Fondation"),
                            ("academic", "Monde académique"),
                            ("state_service", "Service de l’État"),
                            ("citizen", "Citoyens"),
                        ],
                        max_length=20,
                        verbose_name="monde",
                    ),
                ),
                (
                    "question",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="son rang, de 1 ; vide pour aucune",
                        null=True,
                        verbose_name="question",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="texte")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "En attente de modération"),
                            ("published", "Publiée"),
                            ("refused", "Non publiée"),
                            ("withdrawn", "Retirée par son auteur"),
                        ],
                        default="received",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="motif du refus")),
                ("received_at", models.DateTimeField(verbose_name="reçue le")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="décidée le"),
                ),
                (
                    "set_aside_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="écartée le"),
                ),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="contributions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributions",
                        to="actors.organisation",
                    ),
                ),
                (
                    "debate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributions",
                        to="observatory.debate",
                    ),
                ),
            ],
            options={
                "verbose_name": "contribution à un débat",
                "verbose_name_plural": "contributions aux débats",
                "ordering": ("debate", "received_at", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["received", "published", "refused", "withdrawn"])
                        ),
                        name="observatory_contribution_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "world__in",
                                [
                                    "local_authority",
                                    "company",
                                    "association",
                                    "foundation",
                                    "academic",
                                    "state_service",
                                    "citizen",
                                ],
                            )
                        ),
                        name="observatory_contribution_world_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "withdrawn"), ("text", "")),
                            models.Q(
                                models.Q(("state", "withdrawn"), _negated=True),
                                models.Q(("text", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_contribution_text_unless_withdrawn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), models.Q(("reason", ""), _negated=True)),
                            models.Q(models.Q(("state", "refused"), _negated=True), ("reason", "")),
                            _connector="OR",
                        ),
                        name="observatory_contribution_refused_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("set_aside_at__isnull", False),
                                ("state__in", ["refused", "withdrawn"]),
                            ),
                            models.Q(
                                ("set_aside_at", None), ("state__in", ["received", "published"])
                            ),
                            _connector="OR",
                        ),
                        name="observatory_contribution_set_aside_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("question", None), ("question__gte", 1), _connector="OR"
                        ),
                        name="observatory_contribution_question_from_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContributionReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.TextField(verbose_name="motif")),
                ("reported_at", models.DateTimeField(verbose_name="signalée le")),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="traitée le"),
                ),
                (
                    "contribution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="observatory.contribution",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contribution_reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "signalement d’une contribution",
                "verbose_name_plural": "signalements de contributions",
                "ordering": ("contribution", "reported_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("settled_at", None)),
                        fields=("contribution", "person"),
                        name="observatory_report_once_while_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="observatory_report_says_why",
                    ),
                ],
            },
        ),
    ]
