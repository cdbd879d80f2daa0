"""Visits, and warnings that are set aside."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_ID = (
    "id",
    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
)


def _person(related_name, **more):
    return models.ForeignKey(
        null=True,
        on_delete=django.db.models.deletion.SET_NULL,
        related_name=related_name,
        to=settings.AUTH_USER_MODEL,
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("fund", "0007_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                _ID,
                (
                    "uuid",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant",
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="fund.agreement",
                    ),
                ),
                (
                    "manner",
                    models.CharField(
                        choices=[
                            ("on_site", "sur place"),
                            ("phone", "au téléphone"),
                            ("video", "en visioconférence"),
                        ],
                        max_length=10,
                        verbose_name="comment",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "prévue"),
                            ("made", "faite"),
                            ("cancelled", "annulée"),
                        ],
                        default="planned",
                        max_length=10,
                        verbose_name="état",
                    ),
                ),
                ("planned_on", models.DateField(verbose_name="prévue le")),
                ("made_on", models.DateField(blank=True, null=True, verbose_name="faite le")),
                ("participants", models.TextField(blank=True, verbose_name="qui a pris part")),
                ("account", models.TextField(blank=True, verbose_name="compte rendu partagé")),
                ("notes", models.TextField(blank=True, verbose_name="notes du fonds")),
                (
                    "shared_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="partagé le"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="motif de l’annulation")),
                ("recorded_by", _person("visits_recorded")),
                ("created_at", models.DateTimeField(verbose_name="inscrite le")),
                ("updated_at", models.DateTimeField(verbose_name="modifiée le")),
            ],
            options={
                "verbose_name": "visite",
                "verbose_name_plural": "visites",
                "ordering": ("agreement", "-planned_on", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("made_on__isnull", False), ("state", "made")),
                            models.Q(models.Q(("state", "made"), _negated=True), ("made_on", None)),
                            _connector="OR",
                        ),
                        name="fund_visit_made_has_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("shared_at", None),
                            models.Q(("state", "made"), models.Q(("account", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="fund_visit_shared_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "cancelled"), models.Q(("reason", ""), _negated=True)
                            ),
                            models.Q(
                                models.Q(("state", "cancelled"), _negated=True), ("reason", "")
                            ),
                            _connector="OR",
                        ),
                        name="fund_visit_cancelled_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("manner__in", ["on_site", "phone", "video"]),
                            ("state__in", ["planned", "made", "cancelled"]),
                        ),
                        name="fund_visit_words_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VisitFollowUp",
            fields=[
                _ID,
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follow_ups",
                        to="fund.visit",
                    ),
                ),
                ("what", models.CharField(max_length=300, verbose_name="quoi")),
                ("due_on", models.DateField(verbose_name="pour le")),
                (
                    "owed_by",
                    models.CharField(
                        choices=[("fund", "le fonds"), ("receiver", "le bénéficiaire")],
                        max_length=10,
                        verbose_name="qui",
                    ),
                ),
                ("done_on", models.DateField(blank=True, null=True, verbose_name="fait le")),
                ("done_by", _person("follow_ups_done", blank=True)),
            ],
            options={
                "verbose_name": "suite d’une visite",
                "verbose_name_plural": "suites de visites",
                "ordering": ("visit", "due_on", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("owed_by__in", ["fund", "receiver"]),
                            models.Q(("what", ""), _negated=True),
                        ),
                        name="fund_follow_up_said",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("done_by", None), ("done_on__isnull", False), _connector="OR"
                        ),
                        name="fund_follow_up_done_on",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WarningSetAside",
            fields=[
                _ID,
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="set_aside",
                        to="fund.agreement",
                    ),
                ),
                ("rule", models.SlugField(max_length=60, verbose_name="alerte")),
                ("reason", models.TextField(verbose_name="motif")),
                ("until", models.DateField(verbose_name="jusqu’au")),
                ("by", _person("warnings_set_aside")),
                ("at", models.DateTimeField(verbose_name="écartée le")),
            ],
            options={
                "verbose_name": "alerte écartée",
                "verbose_name_plural": "alertes écartées",
                "ordering": ("agreement", "rule", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rule", ""), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                        ),
                        name="fund_set_aside_with_a_reason",
                    ),
                ],
            },
        ),
    ]
