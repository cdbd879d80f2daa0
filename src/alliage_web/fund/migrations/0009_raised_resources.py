"""What alliances raised besides, and the facts that the legal rules need."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fund", "0008_follow_up"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RaisedResource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=60, verbose_name="référence")),
                (
                    "eur",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, verbose_name="montant en euros"
                    ),
                ),
                ("description", models.CharField(max_length=300, verbose_name="ce qui est levé")),
                (
                    "reading",
                    models.CharField(
                        choices=[
                            ("stated", "dit par la source"),
                            ("derived", "déduit"),
                            ("external", "complément extérieur"),
                        ],
                        max_length=10,
                        verbose_name="lecture",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="à savoir")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "alliance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="raised_resources",
                        to="alliances.alliance",
                        verbose_name="alliance",
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="raised_resources",
                        to="fund.fund",
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("none", "sans réponse"),
                            ("confirmed", "confirmé"),
                            ("disputed", "contesté"),
                        ],
                        default="confirmed",
                        max_length=10,
                        verbose_name="réponse du fonds",
                    ),
                ),
                (
                    "nature",
                    models.CharField(
                        choices=[("cash", "Argent"), ("in_kind", "Nature"), ("time", "Temps")],
                        default="cash",
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("history", "documents publics"),
                            ("officer", "saisi par le fonds"),
                            ("giver", "déclaré par qui donne"),
                            ("receiver", "déclaré par qui reçoit"),
                            ("360giving", "fichier 360Giving"),
                            ("scdl", "fichier SCDL"),
                            ("agreement", "convention signée"),
                        ],
                        default="history",
                        max_length=10,
                        verbose_name="origine",
                    ),
                ),
                ("remark", models.TextField(blank=True, verbose_name="remarque du fonds")),
                (
                    "removed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="retirée le"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("granted", "accordé"), ("conditional", "sous condition")],
                        default="granted",
                        max_length=15,
                        verbose_name="statut",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                (
                    "year",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="année"),
                ),
            ],
            options={
                "verbose_name": "ressource levée",
                "verbose_name_plural": "ressources levées",
                "ordering": ("fund", "code", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("fund", "code"), name="fund_raised_once"),
                    models.CheckConstraint(
                        condition=models.Q(("eur__gt", 0)), name="fund_raised_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer__in", ["none", "confirmed", "disputed"]),
                            ("nature__in", ("cash", "in_kind", "time")),
                            ("origin__in", ("history", "officer", "receiver")),
                            ("reading__in", ["stated", "derived", "external"]),
                            ("status__in", ["granted", "conditional"]),
                        ),
                        name="fund_raised_words_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("year", None),
                            models.Q(("year__gte", 1900), ("year__lte", 2200)),
                            _connector="OR",
                        ),
                        name="fund_raised_year",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "receiver"), ("answer", "confirmed"), _connector="OR"
                        ),
                        name="fund_raised_own_is_confirmed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", ""), _negated=True),
                            models.Q(("description", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                        ),
                        name="fund_raised_said",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", "disputed"), _negated=True),
                            models.Q(("remark", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="fund_raised_dispute_said",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "receiver_kind",
                    models.CharField(blank=True, max_length=60, verbose_name="nature juridique"),
                ),
                (
                    "beneficiary_kind",
                    models.CharField(
                        blank=True, max_length=60, verbose_name="pour qui l’action est menée"
                    ),
                ),
                (
                    "passed_on",
                    models.BooleanField(null=True, verbose_name="l’argent est reversé"),
                ),
                (
                    "general_interest",
                    models.BooleanField(null=True, verbose_name="intérêt général"),
                ),
                (
                    "public_resources",
                    models.BooleanField(null=True, verbose_name="argent public"),
                ),
                (
                    "economic_activity",
                    models.BooleanField(null=True, verbose_name="activité économique"),
                ),
                (
                    "ministerial_derogation",
                    models.BooleanField(null=True, verbose_name="dérogation ministérielle"),
                ),
                (
                    "granted_before_cents",
                    models.PositiveBigIntegerField(
                        blank=True,
                        null=True,
                        verbose_name="déjà accordé pour l’année, en centimes",
                    ),
                ),
                (
                    "de_minimis",
                    models.JSONField(
                        blank=True, null=True, verbose_name="aides « de minimis » déclarées"
                    ),
                ),
                ("source", models.TextField(verbose_name="d’où on le tient")),
                ("stated_at", models.DateTimeField(verbose_name="établi le")),
                (
                    "applicant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="legal_statements",
                        to="fund.applicant",
                    ),
                ),
                (
                    "stated_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="legal_statements",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "constat juridique sur un dossier",
                "verbose_name_plural": "constats juridiques sur des dossiers",
                "ordering": ("applicant", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True),
                        name="fund_legal_has_a_source",
                    )
                ],
            },
        ),
    ]
