"""Reports, what they deliver to funds, indicators and reminders."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_TABLE = "fund_reportdelivery"
#: What a funder received stays as it was; who delivered it may be erased.
_COLUMNS = '"obligation_id", "number", "report_id", "content", "digest", "at"'
_TOLD = "fund_reportdelivery is written once: deliver again."
_GUARDS = (
    (f"{_TABLE}_frozen", f"UPDATE OF {_COLUMNS}"),
    (f"{_TABLE}_kept", "DELETE"),
)


def freeze(_apps, schema_editor):
    for name, when in _GUARDS:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"""
                CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  RAISE EXCEPTION '{_TOLD}' USING ERRCODE = 'integrity_constraint_violation';
                END $$
            """)
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {_TABLE} FOR EACH ROW "
                f"EXECUTE FUNCTION {name}()"
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {_TABLE} FOR EACH ROW "
                f"BEGIN SELECT RAISE(ABORT, '{_TOLD}'); END"
            )


def thaw(_apps, schema_editor):
    for name, _when in _GUARDS:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {name}() CASCADE")
        else:
            schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("actors", "0001_initial"),
        ("alliances", "0001_initial"),
        ("fund", "0006_agreements"),
    ]

    operations = [
        migrations.CreateModel(
            name="Indicator",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("key", models.CharField(max_length=60, verbose_name="identifiant")),
                ("label", models.CharField(max_length=200, verbose_name="indicateur")),
                ("unit", models.CharField(max_length=60, verbose_name="unité")),
                (
                    "direction",
                    models.CharField(
                        choices=[
                            ("higher", "plus haut est mieux"),
                            ("lower", "plus bas est mieux"),
                        ],
                        max_length=6,
                        verbose_name="sens",
                    ),
                ),
                (
                    "baseline",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=18,
                        null=True,
                        verbose_name="valeur de départ",
                    ),
                ),
                (
                    "baseline_on",
                    models.DateField(blank=True, null=True, verbose_name="date du départ"),
                ),
                (
                    "baseline_source",
                    models.CharField(blank=True, max_length=300, verbose_name="source du départ"),
                ),
                (
                    "target",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="cible"),
                ),
                ("target_on", models.DateField(verbose_name="date de la cible")),
                (
                    "proposed_side",
                    models.CharField(
                        choices=[("fund", "le fonds"), ("receiver", "le bénéficiaire")],
                        max_length=8,
                        verbose_name="proposé par",
                    ),
                ),
                ("proposed_at", models.DateTimeField(verbose_name="proposé le")),
                (
                    "agreed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="convenu le"),
                ),
                (
                    "agreed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="indicators_agreed",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="indicators",
                        to="fund.agreement",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="indicators_proposed",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "indicateur",
                "verbose_name_plural": "indicateurs",
                "ordering": ("agreement", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement", "key"), name="fund_indicator_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("direction__in", ["higher", "lower"])),
                        name="fund_indicator_direction_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("proposed_side__in", ["fund", "receiver"])),
                        name="fund_indicator_side_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("baseline", None), ("baseline_on", None)),
                            models.Q(
                                ("baseline__isnull", False),
                                ("baseline_on__isnull", False),
                                models.Q(("baseline_source", ""), _negated=True),
                                ("target_on__gt", models.F("baseline_on")),
                            ),
                            _connector="OR",
                        ),
                        name="fund_indicator_baseline_with_date_and_source",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IndicatorMeasurement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField(verbose_name="le")),
                (
                    "value",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="valeur"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("measured", "mesuré"),
                            ("declared", "déclaré"),
                            ("estimated", "estimé"),
                        ],
                        max_length=10,
                        verbose_name="statut",
                    ),
                ),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                ("recorded_at", models.DateTimeField(verbose_name="enregistrée le")),
                (
                    "indicator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="measurements",
                        to="fund.indicator",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="indicator_measurements",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "mesure d’un indicateur",
                "verbose_name_plural": "mesures d’indicateurs",
                "ordering": ("indicator", "on", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("indicator", "on"), name="fund_measurement_once_a_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["measured", "declared", "estimated"]),
                            models.Q(("source", ""), _negated=True),
                        ),
                        name="fund_measurement_has_status_and_source",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "wanted",
                    models.BooleanField(
                        default=True, verbose_name="recevoir le rappel de la semaine"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("fr", "français"), ("en", "anglais")],
                        default="fr",
                        max_length=2,
                        verbose_name="langue",
                    ),
                ),
                ("chosen_at", models.DateTimeField(verbose_name="choisi le")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminder_choice",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "choix de rappel",
                "verbose_name_plural": "choix de rappel",
                "ordering": ("user",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("language__in", ["fr", "en"])),
                        name="fund_reminder_language_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderLetter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("week", models.CharField(max_length=8, verbose_name="semaine")),
                ("duties", models.PositiveIntegerField(verbose_name="rappels")),
                (
                    "taken_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="prise en charge le"),
                ),
                ("left_at", models.DateTimeField(blank=True, null=True, verbose_name="partie le")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminder_letters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "lettre de rappel",
                "verbose_name_plural": "lettres de rappel",
                "ordering": ("-week", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "week"), name="fund_reminder_once_a_week"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("title", models.CharField(max_length=200, verbose_name="titre")),
                ("period_first", models.DateField(verbose_name="du")),
                ("period_last", models.DateField(verbose_name="au")),
                ("created_at", models.DateTimeField(verbose_name="commencé le")),
                ("updated_at", models.DateTimeField(verbose_name="modifié le")),
                (
                    "alliance",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="alliances.alliance",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports_begun",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="actors.organisation",
                        verbose_name="qui rend compte",
                    ),
                ),
            ],
            options={
                "verbose_name": "rapport",
                "verbose_name_plural": "rapports",
                "ordering": ("-period_last", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("alliance", "period_first", "period_last"),
                        name="fund_report_once_a_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_first__lte", models.F("period_last"))),
                        name="fund_report_period_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("title", ""), _negated=True),
                        name="fund_report_has_a_title",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=60, verbose_name="promesse")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("done", "fait"),
                            ("partly", "fait en partie"),
                            ("not_done", "pas fait"),
                            ("not_known", "pas encore connu"),
                        ],
                        max_length=10,
                        verbose_name="ce qu’il en est",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="ce qu’on en dit")),
                (
                    "spent_cents",
                    models.PositiveBigIntegerField(
                        blank=True, null=True, verbose_name="dépensé, en centimes"
                    ),
                ),
                ("files", models.JSONField(blank=True, default=list, verbose_name="preuves")),
                ("updated_at", models.DateTimeField(verbose_name="modifiée le")),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="fund.report",
                    ),
                ),
            ],
            options={
                "verbose_name": "réponse d’un rapport",
                "verbose_name_plural": "réponses de rapports",
                "ordering": ("report", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("report", "key"), name="fund_report_answer_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome", ""),
                            ("outcome__in", ["done", "partly", "not_done", "not_known"]),
                            _connector="OR",
                        ),
                        name="fund_report_outcome_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportObligation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=70, verbose_name="identifiant")),
                (
                    "kind",
                    models.CharField(
                        choices=[("intermediate", "rapport d’étape"), ("final", "rapport final")],
                        max_length=12,
                        verbose_name="nature",
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=200, verbose_name="rapport")),
                ("period_first", models.DateField(blank=True, null=True, verbose_name="du")),
                ("period_last", models.DateField(blank=True, null=True, verbose_name="au")),
                (
                    "due_on",
                    models.DateField(blank=True, null=True, verbose_name="attendu avant la fin du"),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("instalment", "date de l’échéance qui l’attend"),
                            ("end_of_action", "six mois après l’année où l’action finit"),
                            ("decided", "fixée par le fonds"),
                            ("unknown", "à fixer"),
                        ],
                        max_length=14,
                        verbose_name="d’où vient la date",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("to_do", "à faire"),
                            ("delivered", "remis, à lire"),
                            ("to_complete", "à compléter"),
                            ("accepted", "accepté"),
                            ("waived", "n’est plus demandé"),
                        ],
                        default="to_do",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                (
                    "reason",
                    models.TextField(blank=True, verbose_name="motif de la dernière décision"),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="décidé le"),
                ),
                ("created_at", models.DateTimeField(verbose_name="demandé depuis le")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligations",
                        to="fund.agreement",
                    ),
                ),
                (
                    "condition",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligation",
                        to="fund.agreementcondition",
                        verbose_name="condition que son acceptation remplit",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports_decided",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="obligations",
                        to="fund.report",
                    ),
                ),
            ],
            options={
                "verbose_name": "rapport demandé",
                "verbose_name_plural": "rapports demandés",
                "ordering": (models.OrderBy(models.F("due_on"), nulls_last=True), "pk"),
                "indexes": [
                    models.Index(fields=["state", "due_on"], name="fund_obligation_waiting")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement", "code"), name="fund_obligation_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "final")),
                        fields=("agreement",),
                        name="fund_obligation_one_final_report",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["to_do", "delivered", "to_complete", "accepted", "waived"],
                            )
                        ),
                        name="fund_obligation_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["intermediate", "final"])),
                        name="fund_obligation_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("basis__in", ["instalment", "end_of_action", "decided", "unknown"])
                        ),
                        name="fund_obligation_basis_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["to_do", "waived"]),
                            ("report__isnull", False),
                            _connector="OR",
                        ),
                        name="fund_obligation_delivered_has_a_report",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["to_complete", "waived"]), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="fund_obligation_decided_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("period_first", None),
                            ("period_last", None),
                            ("period_first__lte", models.F("period_last")),
                            _connector="OR",
                        ),
                        name="fund_obligation_period_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("basis", "unknown"), ("due_on", None)),
                            models.Q(
                                ("due_on__isnull", False),
                                models.Q(("basis", "unknown"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_obligation_date_has_a_basis",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="remise")),
                ("content", models.JSONField(verbose_name="contenu")),
                ("digest", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                ("at", models.DateTimeField(verbose_name="remis le")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports_delivered",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="fund.report",
                    ),
                ),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="fund.reportobligation",
                    ),
                ),
            ],
            options={
                "verbose_name": "remise d’un rapport",
                "verbose_name_plural": "remises de rapports",
                "ordering": ("obligation", "number"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("obligation", "number"), name="fund_report_delivery_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number__gte", 1), models.Q(("digest", ""), _negated=True)
                        ),
                        name="fund_report_delivery_is_frozen",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=90, verbose_name="identifiant")),
                ("text", models.TextField(blank=True, verbose_name="ce que l’organisation a fait")),
                (
                    "signed_digest",
                    models.CharField(blank=True, max_length=64, verbose_name="empreinte signée"),
                ),
                (
                    "signed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="signée le"),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report_parts",
                        to="actors.organisation",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="fund.report",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="report_parts_signed",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "part d’un rapport",
                "verbose_name_plural": "parts de rapports",
                "ordering": ("report", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("report", "code"), name="fund_report_part_once"
                    ),
                    models.UniqueConstraint(
                        fields=("report", "organisation"),
                        name="fund_report_part_of_organisation_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_at", None), ("signed_digest", "")),
                            models.Q(
                                models.Q(("signed_digest", ""), _negated=True),
                                ("signed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="fund_report_part_signed_at",
                    ),
                ],
            },
        ),
        migrations.RunPython(freeze, thaw),
    ]
