"""Calls, applications by an alliance, and the triggers that keep what was sent as it was."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


#: What was sent and what was published stay as they were; who did it may be erased.
_FROZEN = {
    "fund_sentversion": ("application_id", "number", "content", "digest", "in_grace", "at"),
    "fund_formversion": ("fund_id", "code", "version", "text", "digest"),
}


def freeze(_apps, schema_editor):
    for table, columns in _FROZEN.items():
        rule = f"{table} is frozen: add a new version."
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"""
                CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  RAISE EXCEPTION '{rule}' USING ERRCODE = 'integrity_constraint_violation';
                END $$
            """)
            schema_editor.execute(
                f"CREATE TRIGGER {table}_row_guard BEFORE UPDATE OF {', '.join(columns)} ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {table}_guard()"
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_update_guard BEFORE UPDATE OF {', '.join(columns)}"
                f" ON {table} FOR EACH ROW BEGIN SELECT RAISE(ABORT, '{rule}'); END"
            )


def thaw(_apps, schema_editor):
    for table in _FROZEN:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {table}_guard() CASCADE")
        else:
            schema_editor.execute(f"DROP TRIGGER {table}_update_guard")


class Migration(migrations.Migration):
    dependencies = [
        ("actors", "0001_initial"),
        ("alliances", "0001_initial"),
        ("fund", "0003_supports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FormVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=60, verbose_name="identifiant")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("title_fr", models.CharField(max_length=200, verbose_name="titre")),
                ("title_en", models.CharField(max_length=200, verbose_name="titre en anglais")),
                ("text", models.TextField(verbose_name="fichier")),
                ("digest", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                ("created_at", models.DateTimeField(verbose_name="ajoutée le")),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="form_versions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="form_versions",
                        to="fund.fund",
                    ),
                ),
            ],
            options={
                "verbose_name": "version de formulaire",
                "verbose_name_plural": "versions de formulaires",
                "ordering": ("fund", "code", "-version", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("fund", "code", "version"), name="fund_form_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="fund_form_version_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewGrid",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=60, verbose_name="identifiant")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("title_fr", models.CharField(max_length=200, verbose_name="titre")),
                ("title_en", models.CharField(max_length=200, verbose_name="titre en anglais")),
                ("text", models.TextField(verbose_name="fichier")),
                ("digest", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                ("created_at", models.DateTimeField(verbose_name="ajoutée le")),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review_grids",
                        to="fund.fund",
                    ),
                ),
            ],
            options={
                "verbose_name": "grille d’instruction",
                "verbose_name_plural": "grilles d’instruction",
                "ordering": ("fund", "code", "-version", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("fund", "code", "version"), name="fund_grid_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="fund_grid_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60, verbose_name="identifiant")),
                ("title_fr", models.CharField(max_length=200, verbose_name="titre")),
                (
                    "title_en",
                    models.CharField(blank=True, max_length=200, verbose_name="titre en anglais"),
                ),
                ("summary_fr", models.TextField(verbose_name="présentation")),
                (
                    "summary_en",
                    models.TextField(blank=True, verbose_name="présentation en anglais"),
                ),
                (
                    "is_demonstration",
                    models.BooleanField(default=False, verbose_name="démonstration"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "en préparation"),
                            ("announced", "annoncé"),
                            ("open", "ouvert"),
                            ("closed", "clos"),
                            ("completed", "achevé"),
                            ("cancelled", "annulé"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="état",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("rolling", "au fil de l’eau"), ("dated", "à date limite")],
                        max_length=8,
                        verbose_name="rythme",
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        default="Europe/Paris", max_length=60, verbose_name="fuseau horaire"
                    ),
                ),
                ("opens", models.CharField(blank=True, max_length=16, verbose_name="ouverture")),
                ("closes", models.CharField(blank=True, max_length=16, verbose_name="date limite")),
                (
                    "grace_minutes",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="tolérance en minutes"
                    ),
                ),
                (
                    "grace_reason_fr",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="motif de la tolérance"
                    ),
                ),
                (
                    "grace_reason_en",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="motif de la tolérance en anglais"
                    ),
                ),
                (
                    "max_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="montant le plus élevé",
                    ),
                ),
                (
                    "min_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="montant le plus faible",
                    ),
                ),
                (
                    "max_share",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=5,
                        null=True,
                        verbose_name="part la plus élevée",
                    ),
                ),
                (
                    "min_own_share",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=5,
                        null=True,
                        verbose_name="part propre la plus faible",
                    ),
                ),
                (
                    "categories",
                    models.JSONField(
                        blank=True, default=list, verbose_name="catégories de dépenses admises"
                    ),
                ),
                ("rules", models.TextField(blank=True, verbose_name="règles d’éligibilité")),
                ("created_at", models.DateTimeField(verbose_name="créé le")),
                ("updated_at", models.DateTimeField(verbose_name="modifié le")),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="calls_created",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="fund.fund",
                    ),
                ),
                (
                    "strand",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="fund.strand",
                        verbose_name="volet",
                    ),
                ),
                (
                    "form",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="fund.formversion",
                        verbose_name="formulaire",
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="fund.reviewgrid",
                        verbose_name="grille d’instruction",
                    ),
                ),
            ],
            options={
                "verbose_name": "appel",
                "verbose_name_plural": "appels",
                "ordering": ("fund", "-created_at", "-pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("fund", "code"), name="fund_call_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["draft", "announced", "open", "closed", "completed", "cancelled"],
                            )
                        ),
                        name="fund_call_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closes", ""), ("kind", "rolling")),
                            models.Q(("kind", "dated"), models.Q(("closes", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="fund_call_dated_has_a_deadline",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closes__regex", "^(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2})?$"),
                            ("opens__regex", "^(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2})?$"),
                        ),
                        name="fund_call_clocks",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opens", ""),
                            ("closes", ""),
                            ("closes__gt", models.F("opens")),
                            _connector="OR",
                        ),
                        name="fund_call_closes_after_it_opens",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("grace_minutes", None),
                            models.Q(
                                ("grace_minutes__gt", 0),
                                models.Q(("closes", ""), _negated=True),
                                models.Q(("grace_reason_fr", ""), _negated=True),
                                models.Q(("grace_reason_en", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_call_grace_explained",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("max_share", None),
                                models.Q(("max_share__gte", 0), ("max_share__lte", 1)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("min_own_share", None),
                                models.Q(("min_own_share__gte", 0), ("min_own_share__lte", 1)),
                                _connector="OR",
                            ),
                        ),
                        name="fund_call_shares",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("max_amount", None), ("max_amount__gt", 0), _connector="OR"),
                            models.Q(("min_amount", None), ("min_amount__gt", 0), _connector="OR"),
                            models.Q(
                                ("max_amount", None),
                                ("min_amount", None),
                                ("max_amount__gte", models.F("min_amount")),
                                _connector="OR",
                            ),
                        ),
                        name="fund_call_amounts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_fr", ""), _negated=True),
                            models.Q(("summary_fr", ""), _negated=True),
                            models.Q(("zone", ""), _negated=True),
                        ),
                        name="fund_call_described",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Application",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reference",
                    models.SlugField(max_length=80, unique=True, verbose_name="numéro de dossier"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "brouillon"),
                            ("sent", "envoyé"),
                            ("to_complete", "à compléter"),
                            ("under_review", "en instruction"),
                            ("to_committee", "présenté au comité"),
                            ("adjourned", "ajourné"),
                            ("accepted_subject_to_documents", "accepté sous réserve de pièces"),
                            ("accepted", "accepté"),
                            ("refused", "refusé"),
                            ("ineligible", "inéligible"),
                            ("withdrawn", "retiré"),
                            ("lapsed", "caduc"),
                        ],
                        default="draft",
                        max_length=30,
                        verbose_name="état",
                    ),
                ),
                (
                    "shared",
                    models.JSONField(blank=True, default=dict, verbose_name="réponses communes"),
                ),
                (
                    "set_aside",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="réponses mises de côté"
                    ),
                ),
                ("begun_at", models.DateTimeField(verbose_name="commencé le")),
                ("updated_at", models.DateTimeField(verbose_name="modifié le")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="envoyé le")),
                (
                    "reason",
                    models.TextField(blank=True, verbose_name="motif du dernier changement d’état"),
                ),
                (
                    "complete_by",
                    models.DateField(
                        blank=True, null=True, verbose_name="à compléter avant la fin du"
                    ),
                ),
                (
                    "alliance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="alliances.alliance",
                    ),
                ),
                (
                    "begun_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="applications_begun",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "copied_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="copies",
                        to="fund.application",
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="fund.fund",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="fund.call",
                    ),
                ),
                (
                    "form",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="fund.formversion",
                    ),
                ),
                (
                    "sign_by",
                    models.DateField(
                        blank=True, null=True, verbose_name="convention à signer avant la fin du"
                    ),
                ),
                (
                    "asked_cents",
                    models.PositiveBigIntegerField(
                        blank=True, null=True, verbose_name="demandé au dernier envoi, en centimes"
                    ),
                ),
            ],
            options={
                "verbose_name": "dossier",
                "verbose_name_plural": "dossiers",
                "ordering": ("-begun_at", "-pk"),
                "indexes": [
                    models.Index(fields=["call", "state"], name="fund_application_of_call"),
                    models.Index(fields=["alliance"], name="fund_application_of_alliance"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "draft",
                                    "sent",
                                    "to_complete",
                                    "under_review",
                                    "to_committee",
                                    "adjourned",
                                    "accepted_subject_to_documents",
                                    "accepted",
                                    "refused",
                                    "ineligible",
                                    "withdrawn",
                                    "lapsed",
                                ],
                            )
                        ),
                        name="fund_application_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "lapsed", "withdrawn"]),
                            ("sent_at__isnull", False),
                            _connector="OR",
                        ),
                        name="fund_application_handled_was_sent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "to_complete"), _negated=True),
                            ("complete_by__isnull", False),
                            _connector="OR",
                        ),
                        name="fund_application_to_complete_has_a_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sent_at", None),
                            ("sent_at__gte", models.F("begun_at")),
                            _connector="OR",
                        ),
                        name="fund_application_sent_after_begun",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestedDocument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(max_length=300, verbose_name="pièce")),
                ("due_on", models.DateField(verbose_name="attendue avant la fin du")),
                ("file", models.UUIDField(blank=True, null=True, verbose_name="document")),
                (
                    "received_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="reçue le"),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requested_documents",
                        to="fund.application",
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "pièce demandée",
                "verbose_name_plural": "pièces demandées",
                "ordering": ("application", "due_on", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("label", ""), _negated=True),
                        name="fund_document_is_named",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleJudgement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=60, verbose_name="règle")),
                ("is_met", models.BooleanField(verbose_name="remplie")),
                ("reason", models.TextField(verbose_name="motif")),
                ("at", models.DateTimeField(verbose_name="dit le")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="judgements",
                        to="fund.application",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="rule_judgements",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "constat sur une règle",
                "verbose_name_plural": "constats sur des règles",
                "ordering": ("application", "rule", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("application", "rule"), name="fund_judgement_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="fund_judgement_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SentVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="envoi")),
                ("content", models.JSONField(verbose_name="contenu")),
                ("digest", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                (
                    "in_grace",
                    models.BooleanField(default=False, verbose_name="envoyé pendant la tolérance"),
                ),
                ("at", models.DateTimeField(verbose_name="envoyé le")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sent_versions",
                        to="fund.application",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="applications_sent",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "envoi d’un dossier",
                "verbose_name_plural": "envois de dossiers",
                "ordering": ("application", "number"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("application", "number"), name="fund_sent_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="fund_sent_version_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("party", models.SlugField(max_length=90, verbose_name="demandeur")),
                ("digest", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                ("at", models.DateTimeField(verbose_name="signé le")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sign_offs",
                        to="fund.application",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="application_sign_offs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "signature d’un dossier",
                "verbose_name_plural": "signatures de dossiers",
                "ordering": ("application", "at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Applicant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=90, verbose_name="identifiant")),
                ("is_lead", models.BooleanField(default=False, verbose_name="chef de file")),
                ("answers", models.JSONField(blank=True, default=dict, verbose_name="réponses")),
                (
                    "declined_reason",
                    models.TextField(blank=True, verbose_name="motif du refus de signer"),
                ),
                (
                    "declined_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="refus de signer le"),
                ),
                (
                    "declined_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="actors.organisation",
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="applicants",
                        to="fund.application",
                    ),
                ),
            ],
            options={
                "verbose_name": "demandeur",
                "verbose_name_plural": "demandeurs",
                "ordering": ("application", "-is_lead", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("application", "code"), name="fund_applicant_code_once"
                    ),
                    models.UniqueConstraint(
                        fields=("application", "organisation"), name="fund_applicant_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_lead", True)),
                        fields=("application",),
                        name="fund_applicant_one_lead",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("declined_at", None), ("declined_reason", "")),
                            models.Q(
                                ("declined_at__isnull", False),
                                models.Q(("declined_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_applicant_declines_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApplicationQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(verbose_name="question")),
                ("answer_by", models.DateField(verbose_name="à répondre avant la fin du")),
                ("asked_at", models.DateTimeField(verbose_name="posée le")),
                ("answer", models.TextField(blank=True, verbose_name="réponse")),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="répondue le"),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="application_answers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="fund.application",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="application_questions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "question à un dossier",
                "verbose_name_plural": "questions à des dossiers",
                "ordering": ("application", "asked_at", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="fund_question_is_written",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None)),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                ("answered_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="fund_question_answered_at",
                    ),
                ],
            },
        ),
        migrations.RunPython(freeze, thaw),
    ]
