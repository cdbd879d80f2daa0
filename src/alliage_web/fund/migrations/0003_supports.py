"""The book of supports."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("actors", "0001_initial"),
        ("alliances", "0001_initial"),
        ("files", "0001_initial"),
        ("fund", "0002_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="Support",
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
                ("code", models.CharField(max_length=300, verbose_name="référence dans sa source")),
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
                        max_length=10,
                        verbose_name="origine",
                    ),
                ),
                (
                    "giver_name",
                    models.CharField(blank=True, max_length=200, verbose_name="nom de qui donne"),
                ),
                ("giver_identifier", models.CharField(blank=True, max_length=100)),
                (
                    "receiver_name",
                    models.CharField(blank=True, max_length=200, verbose_name="nom de qui reçoit"),
                ),
                ("receiver_identifier", models.CharField(blank=True, max_length=100)),
                (
                    "lever",
                    models.CharField(
                        choices=[
                            ("data", "Données"),
                            ("tools_resources", "Outils & Ressources"),
                            ("networks", "Réseaux"),
                            ("engineering_input", "Apport en ingénierie"),
                            ("governance_dialogue", "Dialogue de gouvernance"),
                            ("direct_funding", "Financement direct"),
                            ("promotion", "Valorisation"),
                        ],
                        max_length=20,
                        verbose_name="levier",
                    ),
                ),
                ("description", models.TextField(verbose_name="ce qui est donné")),
                (
                    "status",
                    models.CharField(
                        choices=[("granted", "accordé"), ("conditional", "sous condition")],
                        max_length=15,
                        verbose_name="statut",
                    ),
                ),
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
                ("first", models.CharField(blank=True, max_length=10, verbose_name="début")),
                ("last", models.CharField(blank=True, max_length=10, verbose_name="fin")),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("cash", "Argent"),
                            ("in_kind", "Nature"),
                            ("time", "Temps"),
                            ("not_valued", "Non valorisé"),
                        ],
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="montant en euros",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("market_price", "Prix du marché d’un équivalent"),
                            ("replacement_cost", "Ce que celui qui reçoit aurait payé autrement"),
                            ("cost_to_giver", "Coût de revient pour celui qui donne"),
                            ("declared", "Montant déclaré, sans méthode connue"),
                        ],
                        max_length=20,
                        verbose_name="méthode",
                    ),
                ),
                (
                    "hours",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=9, null=True, verbose_name="heures"
                    ),
                ),
                (
                    "rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=8,
                        null=True,
                        verbose_name="taux horaire",
                    ),
                ),
                (
                    "rate_source",
                    models.CharField(blank=True, max_length=300, verbose_name="source du taux"),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_stated", "aucune source ne donne de montant"),
                            ("not_measurable", "ne se mesure pas en euros"),
                            ("to_be_valued", "reste à valoriser"),
                        ],
                        max_length=20,
                        verbose_name="pourquoi sans montant",
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=300, verbose_name="source")),
                ("note", models.TextField(blank=True, verbose_name="à savoir")),
                (
                    "giver_answer",
                    models.CharField(
                        choices=[
                            ("none", "sans réponse"),
                            ("confirmed", "confirmé"),
                            ("disputed", "contesté"),
                        ],
                        default="none",
                        max_length=10,
                        verbose_name="réponse de qui donne",
                    ),
                ),
                (
                    "giver_remark",
                    models.TextField(blank=True, verbose_name="remarque de qui donne"),
                ),
                (
                    "receiver_answer",
                    models.CharField(
                        choices=[
                            ("none", "sans réponse"),
                            ("confirmed", "confirmé"),
                            ("disputed", "contesté"),
                        ],
                        default="none",
                        max_length=10,
                        verbose_name="réponse de qui reçoit",
                    ),
                ),
                (
                    "receiver_remark",
                    models.TextField(blank=True, verbose_name="remarque de qui reçoit"),
                ),
                ("awarded_on", models.DateField(blank=True, null=True, verbose_name="décision du")),
                (
                    "decision_reference",
                    models.CharField(
                        blank=True, max_length=100, verbose_name="référence de la décision"
                    ),
                ),
                (
                    "agreed_on",
                    models.DateField(blank=True, null=True, verbose_name="convention du"),
                ),
                (
                    "payment_conditions",
                    models.CharField(
                        blank=True, max_length=256, verbose_name="conditions de versement"
                    ),
                ),
                ("paid_from", models.DateField(blank=True, null=True, verbose_name="versé du")),
                (
                    "paid_until",
                    models.DateField(blank=True, null=True, verbose_name="versé jusqu’au"),
                ),
                (
                    "de_minimis",
                    models.BooleanField(blank=True, null=True, verbose_name="aide « de minimis »"),
                ),
                ("created_at", models.DateTimeField(verbose_name="inscrit le")),
                ("updated_at", models.DateTimeField(verbose_name="modifié le")),
                (
                    "alliance",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supports_received",
                        to="alliances.alliance",
                        verbose_name="alliance",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="files.storedfile",
                        verbose_name="pièce",
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supports",
                        to="fund.fund",
                    ),
                ),
                (
                    "giver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supports_given",
                        to="actors.organisation",
                        verbose_name="qui donne",
                    ),
                ),
                (
                    "part_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="details",
                        to="fund.support",
                        verbose_name="détail de",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supports_received",
                        to="actors.organisation",
                        verbose_name="qui reçoit",
                    ),
                ),
            ],
            options={
                "verbose_name": "soutien du livre",
                "verbose_name_plural": "livre des soutiens",
                "ordering": ("fund", "-first", "pk"),
                "indexes": [
                    models.Index(fields=["fund", "lever"], name="fund_support_lever"),
                    models.Index(fields=["fund", "giver"], name="fund_support_giver"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("fund", "code"), name="fund_support_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", ""), _negated=True),
                            models.Q(("description", ""), _negated=True),
                        ),
                        name="fund_support_said",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("giver__isnull", False),
                                ("giver_identifier", ""),
                                ("giver_name", ""),
                            ),
                            models.Q(("giver", None), models.Q(("giver_name", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="fund_support_one_giver",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("receiver__isnull", False),
                                ("receiver_identifier", ""),
                                ("receiver_name", ""),
                            ),
                            models.Q(
                                ("receiver", None),
                                models.Q(
                                    models.Q(("receiver_name", ""), _negated=True),
                                    ("alliance__isnull", False),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="fund_support_receiver",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("giver", None),
                            ("receiver", None),
                            models.Q(("giver", models.F("receiver")), _negated=True),
                            _connector="OR",
                        ),
                        name="fund_support_not_to_oneself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first__regex", "^(\\d{4}(-\\d{2}(-\\d{2})?)?)?$"),
                            ("last__regex", "^(\\d{4}(-\\d{2}(-\\d{2})?)?)?$"),
                        ),
                        name="fund_support_dates",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last", ""),
                            models.Q(
                                models.Q(("first", ""), _negated=True),
                                (
                                    "last__gte",
                                    django.db.models.functions.text.Left(models.F("first"), 4),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="fund_support_ends_after_it_began",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("nature", "cash"),
                                ("reason", ""),
                                ("amount__gt", 0),
                                ("amount__isnull", False),
                                ("method", ""),
                                ("hours", None),
                                ("rate", None),
                                ("rate_source", ""),
                            ),
                            models.Q(
                                ("nature", "in_kind"),
                                ("reason", ""),
                                ("amount__gt", 0),
                                ("amount__isnull", False),
                                (
                                    "method__in",
                                    [
                                        "market_price",
                                        "replacement_cost",
                                        "cost_to_giver",
                                        "declared",
                                    ],
                                ),
                                ("hours", None),
                                ("rate", None),
                                ("rate_source", ""),
                            ),
                            models.Q(
                                ("hours__gt", 0),
                                ("nature", "time"),
                                ("rate__gt", 0),
                                ("reason", ""),
                                ("hours__isnull", False),
                                ("rate__isnull", False),
                                ("amount__gt", 0),
                                ("amount__isnull", False),
                                models.Q(("rate_source", ""), _negated=True),
                                ("method", ""),
                            ),
                            models.Q(
                                ("amount", None),
                                ("nature", "not_valued"),
                                ("reason__in", ["not_stated", "not_measurable", "to_be_valued"]),
                                ("method", ""),
                                ("hours", None),
                                ("rate", None),
                                ("rate_source", ""),
                            ),
                            _connector="OR",
                        ),
                        name="fund_support_valued_as_its_nature",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("part_of", None),
                            models.Q(("part_of", models.F("pk")), _negated=True),
                            _connector="OR",
                        ),
                        name="fund_support_not_in_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_until", None),
                            models.Q(
                                ("paid_from__isnull", False),
                                ("paid_until__gte", models.F("paid_from")),
                            ),
                            _connector="OR",
                        ),
                        name="fund_support_payment_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("giver_answer__in", ["none", "confirmed", "disputed"]),
                            (
                                "lever__in",
                                [
                                    "data",
                                    "tools_resources",
                                    "networks",
                                    "engineering_input",
                                    "governance_dialogue",
                                    "direct_funding",
                                    "promotion",
                                ],
                            ),
                            (
                                "origin__in",
                                [
                                    "history",
                                    "officer",
                                    "giver",
                                    "receiver",
                                    "360giving",
                                    "scdl",
                                    "agreement",
                                ],
                            ),
                            ("reading__in", ["stated", "derived", "external"]),
                            ("receiver_answer__in", ["none", "confirmed", "disputed"]),
                            ("status__in", ["granted", "conditional"]),
                        ),
                        name="fund_support_words_known",
                    ),
                ],
            },
        ),
    ]
