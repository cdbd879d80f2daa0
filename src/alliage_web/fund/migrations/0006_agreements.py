"""Agreements, what they pay and when, and repayable advances."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


#: What is written once stays; who wrote it may be erased.
_WRITTEN_ONCE = {
    "fund_agreementmovement": (
        "agreement_id",
        "instalment",
        "kind",
        "key",
        "cents",
        "on",
        "order_id",
    ),
    "fund_agreementsignature": ("version_id", "party", "signed_on", "document", "sha256"),
    "fund_advancestatement": ("advance_id", "fact", "yes", "on", "evidence", "document"),
    "fund_advancesettlement": ("advance_id", "kind", "key", "cents", "on", "reason"),
}
#: Terms that went to signature, until they are recalled.
_TERMS = ("agreement_id", "number", "objective", "clauses", "cents", "reason")
_INSTALMENT = ("version_id", "code", "title", "cents", "held_back_cents", "due_on")
_FROZEN = "OLD.frozen_at IS NOT NULL AND NEW.frozen_at IS NOT NULL"
_OF_FROZEN = (
    "EXISTS (SELECT 1 FROM fund_agreementversion v WHERE v.id = OLD.version_id "
    "AND v.frozen_at IS NOT NULL)"
)


def _guards():
    """Give each trigger: its name, when, on which table, its condition and what it says."""
    for table, columns in _WRITTEN_ONCE.items():
        told = f"{table} is written once: add another row."
        yield f"{table}_frozen", f"UPDATE OF {_quoted(columns)}", table, "1 = 1", told
        yield f"{table}_kept", "DELETE", table, "1 = 1", told
    told = "terms that went to signature are frozen: recall them, or write an amendment."
    table = "fund_agreementversion"
    yield f"{table}_frozen", f"UPDATE OF {_quoted(_TERMS)}", table, _FROZEN, told
    yield f"{table}_kept", "DELETE", table, "OLD.frozen_at IS NOT NULL", told
    table = "fund_agreementinstalment"
    yield f"{table}_frozen", f"UPDATE OF {_quoted(_INSTALMENT)}", table, _OF_FROZEN, told
    yield f"{table}_kept", "DELETE", table, _OF_FROZEN, told


def _quoted(columns):
    return ", ".join(f'"{column}"' for column in columns)


def freeze(_apps, schema_editor):
    for name, when, table, condition, told in _guards():
        if schema_editor.connection.vendor == "postgresql":
            # The condition names another table: PostgreSQL takes it in the function only.
            schema_editor.execute(f"""
                CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF {condition} THEN
                    RAISE EXCEPTION '{told}' USING ERRCODE = 'integrity_constraint_violation';
                  END IF;
                  RETURN {"OLD" if when == "DELETE" else "NEW"};
                END $$
            """)
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW "
                f"EXECUTE FUNCTION {name}()"
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{told}'); END"
            )


def thaw(_apps, schema_editor):
    for name, _when, table, _condition, _told in _guards():
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {name}() CASCADE")
        else:
            schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("actors", "0001_initial"),
        ("alliances", "0001_initial"),
        ("fund", "0005_instruction"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agreement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.SlugField(max_length=60, verbose_name="numéro")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grant", "Subvention ou prestation"),
                            ("advance", "Avance remboursable"),
                        ],
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="année de l’enveloppe")),
                (
                    "payer_kind",
                    models.CharField(max_length=60, verbose_name="nature juridique du payeur"),
                ),
                (
                    "receiver_kind",
                    models.CharField(
                        max_length=60, verbose_name="nature juridique du bénéficiaire"
                    ),
                ),
                (
                    "beneficiary_kind",
                    models.CharField(
                        blank=True, max_length=60, verbose_name="pour qui l’action est menée"
                    ),
                ),
                ("passed_on", models.BooleanField(null=True, verbose_name="l’argent est reversé")),
                (
                    "general_interest",
                    models.BooleanField(null=True, verbose_name="intérêt général"),
                ),
                ("public_resources", models.BooleanField(null=True, verbose_name="argent public")),
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
                        blank=True, null=True, verbose_name="déjà accordé pour l’année, en centimes"
                    ),
                ),
                (
                    "de_minimis",
                    models.JSONField(
                        blank=True, null=True, verbose_name="aides « de minimis » déclarées"
                    ),
                ),
                (
                    "legal_path",
                    models.JSONField(
                        blank=True, null=True, verbose_name="chemin juridique à l’envoi"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "préparée"),
                            ("out_for_signature", "à la signature"),
                            ("signed", "signée"),
                            ("amended", "modifiée par avenant"),
                            ("suspended", "suspendue"),
                            ("ended", "terminée"),
                            ("terminated", "résiliée"),
                            ("abandoned", "abandonnée avant signature"),
                        ],
                        default="prepared",
                        max_length=20,
                        verbose_name="état",
                    ),
                ),
                (
                    "reason",
                    models.TextField(blank=True, verbose_name="motif du dernier changement d’état"),
                ),
                ("created_at", models.DateTimeField(verbose_name="préparée le")),
                ("updated_at", models.DateTimeField(verbose_name="modifiée le")),
                (
                    "alliance",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="alliances.alliance",
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="fund.application",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="agreements_prepared",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="fund.fund",
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="actors.organisation",
                        verbose_name="payeur",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements_received",
                        to="actors.organisation",
                        verbose_name="bénéficiaire",
                    ),
                ),
                (
                    "strand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="fund.strand",
                        verbose_name="volet",
                    ),
                ),
                (
                    "lever",
                    models.CharField(
                        choices=[
                            ("direct_funding", "Financement de l’action"),
                            ("engineering_input", "Ingénierie de l’alliance"),
                        ],
                        default="direct_funding",
                        max_length=20,
                        verbose_name="levier",
                    ),
                ),
                (
                    "notice_given_on",
                    models.DateField(blank=True, null=True, verbose_name="préavis donné le"),
                ),
                (
                    "activity_checked_on",
                    models.DateField(
                        blank=True, null=True, verbose_name="activité du bénéficiaire vérifiée le"
                    ),
                ),
                (
                    "activity_source",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="source de la vérification"
                    ),
                ),
                (
                    "ceased_on",
                    models.DateField(blank=True, null=True, verbose_name="activité cessée le"),
                ),
            ],
            options={
                "verbose_name": "convention",
                "verbose_name_plural": "conventions",
                "ordering": ("-created_at", "-pk"),
                "indexes": [models.Index(fields=["fund", "state"], name="fund_agreement_of_fund")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("fund", "reference"), name="fund_agreement_reference_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "abandoned"), _negated=True),
                        fields=("application",),
                        name="fund_agreement_one_of_an_application",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "prepared",
                                    "out_for_signature",
                                    "signed",
                                    "amended",
                                    "suspended",
                                    "ended",
                                    "terminated",
                                    "abandoned",
                                ],
                            )
                        ),
                        name="fund_agreement_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["grant", "advance"])),
                        name="fund_agreement_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("payer", models.F("receiver")), _negated=True),
                        name="fund_agreement_between_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["prepared", "abandoned"]),
                            ("legal_path__isnull", False),
                            _connector="OR",
                        ),
                        name="fund_agreement_sent_after_its_legal_path",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lever__in", ["direct_funding", "engineering_input"])),
                        name="fund_agreement_lever_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("activity_checked_on", None),
                            ("activity_source", ""),
                            ("ceased_on", None),
                        )
                        | (
                            models.Q(("activity_checked_on__isnull", False))
                            & models.Q(("activity_source", ""), _negated=True)
                        ),
                        name="fund_agreement_activity_checked_somewhere",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="application",
            name="renews",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="renewals",
                to="fund.agreement",
                verbose_name="renouvelle la convention",
            ),
        ),
        migrations.CreateModel(
            name="AgreementCondition",
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
                            ("report_accepted", "rapport accepté"),
                            ("milestone_reached", "étape atteinte"),
                            ("document_received", "pièce reçue"),
                        ],
                        max_length=20,
                        verbose_name="nature",
                    ),
                ),
                ("code", models.SlugField(max_length=60, verbose_name="identifiant")),
                ("label", models.CharField(max_length=200, verbose_name="condition")),
                ("met_on", models.DateField(blank=True, null=True, verbose_name="remplie le")),
                ("evidence", models.CharField(blank=True, max_length=500, verbose_name="preuve")),
                ("document", models.UUIDField(blank=True, null=True, verbose_name="document")),
                (
                    "recorded_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="constatée le"),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conditions",
                        to="fund.agreement",
                    ),
                ),
                (
                    "recorded_by",
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
                "verbose_name": "condition d’une convention",
                "verbose_name_plural": "conditions de conventions",
                "ordering": ("agreement", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement", "kind", "code"), name="fund_condition_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["report_accepted", "milestone_reached", "document_received"],
                            )
                        ),
                        name="fund_condition_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("evidence", ""), ("met_on", None), ("recorded_at", None)),
                            models.Q(
                                ("met_on__isnull", False),
                                ("recorded_at__isnull", False),
                                models.Q(("evidence", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_condition_met_with_evidence",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="version")),
                ("objective", models.TextField(verbose_name="objet")),
                ("clauses", models.TextField(blank=True, verbose_name="engagements et conditions")),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                ("reason", models.TextField(blank=True, verbose_name="motif de l’avenant")),
                ("frozen_at", models.DateTimeField(blank=True, null=True, verbose_name="figée le")),
                (
                    "digest",
                    models.CharField(blank=True, max_length=64, verbose_name="empreinte SHA-256"),
                ),
                (
                    "in_force_on",
                    models.DateField(blank=True, null=True, verbose_name="en vigueur depuis le"),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="fund.agreement",
                    ),
                ),
                (
                    "release",
                    models.ManyToManyField(
                        related_name="releases",
                        to="fund.agreementcondition",
                        verbose_name="libère la retenue",
                    ),
                ),
                (
                    "ends_on",
                    models.DateField(blank=True, null=True, verbose_name="fin de l’action"),
                ),
            ],
            options={
                "verbose_name": "version d’une convention",
                "verbose_name_plural": "versions de conventions",
                "ordering": ("agreement", "number"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement", "number"), name="fund_agreement_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number", 1),
                            models.Q(("number__gt", 1), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="fund_agreement_amendment_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)),
                        name="fund_agreement_amount_above_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("digest", ""), ("frozen_at", None), ("in_force_on", None)),
                            models.Q(
                                ("frozen_at__isnull", False),
                                models.Q(("digest", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_agreement_version_frozen_with_its_digest",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementSignature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "party",
                    models.CharField(
                        choices=[("payer", "pour le payeur"), ("receiver", "pour le bénéficiaire")],
                        max_length=10,
                        verbose_name="partie",
                    ),
                ),
                ("signatory", models.CharField(max_length=120, verbose_name="signataire")),
                ("function", models.CharField(blank=True, max_length=120, verbose_name="qualité")),
                ("signed_on", models.DateField(verbose_name="signée le")),
                ("document", models.UUIDField(verbose_name="document signé")),
                (
                    "sha256",
                    models.CharField(max_length=64, verbose_name="empreinte du document signé"),
                ),
                ("recorded_at", models.DateTimeField(verbose_name="enregistrée le")),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="fund.agreementversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "signature d’une convention",
                "verbose_name_plural": "signatures de conventions",
                "ordering": ("version", "party"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "party"), name="fund_agreement_signed_once_a_party"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("party__in", ["payer", "receiver"])),
                        name="fund_signature_party_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256", ""), _negated=True),
                        name="fund_signature_has_its_document",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementInstalment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField(verbose_name="rang")),
                ("code", models.SlugField(max_length=20, verbose_name="identifiant")),
                ("title", models.CharField(max_length=120, verbose_name="échéance")),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                (
                    "held_back_cents",
                    models.PositiveBigIntegerField(default=0, verbose_name="retenue en centimes"),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="à partir du")),
                (
                    "conditions",
                    models.ManyToManyField(
                        related_name="instalments",
                        to="fund.agreementcondition",
                        verbose_name="conditions",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="instalments",
                        to="fund.agreementversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "échéance",
                "verbose_name_plural": "échéances",
                "ordering": ("version", "rank"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "code"), name="fund_instalment_code_once"
                    ),
                    models.UniqueConstraint(
                        fields=("version", "rank"), name="fund_instalment_rank_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cents__gt", 0), ("held_back_cents__lte", models.F("cents"))
                        ),
                        name="fund_instalment_amounts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("instalment", models.SlugField(max_length=20, verbose_name="échéance")),
                ("key", models.CharField(max_length=60, unique=True, verbose_name="clé")),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                ("execute_on", models.DateField(verbose_name="à exécuter le")),
                ("reason", models.CharField(max_length=140, verbose_name="motif lu sur le relevé")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ordered", "ordonné"),
                            ("paid", "payé"),
                            ("partly_paid", "payé en partie"),
                            ("rejected", "rejeté par la banque"),
                        ],
                        default="ordered",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("ordered_at", models.DateTimeField(verbose_name="ordonné le")),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="réglé le"),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="fund.agreement",
                    ),
                ),
                (
                    "ordered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="payments_ordered",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="payments_settled",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "ordre de paiement",
                "verbose_name_plural": "ordres de paiement",
                "ordering": ("execute_on", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)), name="fund_order_amount_above_zero"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at", None), ("state", "ordered")),
                            models.Q(
                                models.Q(("state", "ordered"), _negated=True),
                                ("settled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="fund_order_settled_at",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["ordered", "paid", "partly_paid", "rejected"])
                        ),
                        name="fund_order_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settled_by", None),
                            ("ordered_by", None),
                            models.Q(("settled_by", models.F("ordered_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="fund_order_paid_by_another",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "ordered")),
                        fields=("agreement", "instalment"),
                        name="fund_order_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementMovement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("instalment", models.SlugField(max_length=20, verbose_name="échéance")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("payment", "versement"),
                            ("bank_rejection", "retour après rejet de la banque"),
                            ("undue", "restitution"),
                        ],
                        max_length=20,
                        verbose_name="nature",
                    ),
                ),
                ("key", models.CharField(max_length=60, verbose_name="clé")),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                ("on", models.DateField(verbose_name="le")),
                ("recorded_at", models.DateTimeField(verbose_name="enregistré le")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="fund.agreement",
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
                (
                    "order",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movement",
                        to="fund.paymentorder",
                    ),
                ),
            ],
            options={
                "verbose_name": "mouvement d’une convention",
                "verbose_name_plural": "mouvements de conventions",
                "ordering": ("agreement", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement", "key"), name="fund_agreement_movement_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)),
                        name="fund_agreement_movement_above_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["payment", "bank_rejection", "undue"])),
                        name="fund_agreement_movement_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "payment"), ("order__isnull", False)),
                            models.Q(models.Q(("kind", "payment"), _negated=True), ("order", None)),
                            _connector="OR",
                        ),
                        name="fund_agreement_payment_was_ordered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RepayableAdvance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("criteria", models.TextField(verbose_name="critères de succès")),
                (
                    "check_after_months",
                    models.PositiveSmallIntegerField(
                        default=12, verbose_name="mois avant la vérification"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "préparée"),
                            ("criteria_fixed", "critères de succès fixés d’avance"),
                            ("roadmap_to_approve", "feuille de route à approuver"),
                            ("roadmap_approved", "feuille de route approuvée"),
                            ("success_declared", "succès déclaré des deux côtés"),
                            ("checked", "succès vérifié à douze mois"),
                            ("due", "remboursement dû"),
                            ("repaid", "remboursée"),
                            ("waived", "remboursement non dû"),
                            ("written_off", "passée en perte"),
                            ("abandoned", "abandonnée avant versement"),
                        ],
                        default="prepared",
                        max_length=20,
                        verbose_name="état",
                    ),
                ),
                (
                    "agreement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="advance",
                        to="fund.agreement",
                    ),
                ),
            ],
            options={
                "verbose_name": "avance remboursable",
                "verbose_name_plural": "avances remboursables",
                "ordering": ("agreement",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "prepared",
                                    "criteria_fixed",
                                    "roadmap_to_approve",
                                    "roadmap_approved",
                                    "success_declared",
                                    "checked",
                                    "due",
                                    "repaid",
                                    "waived",
                                    "written_off",
                                    "abandoned",
                                ],
                            )
                        ),
                        name="fund_advance_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("check_after_months__gte", 1), ("check_after_months__lte", 60)
                        ),
                        name="fund_advance_check_within_five_years",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdvanceStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "fact",
                    models.CharField(
                        choices=[
                            ("criteria", "critères de succès fixés"),
                            ("roadmap", "feuille de route approuvée par le porteur"),
                            ("holder_declaration", "déclaration du porteur"),
                            ("fund_declaration", "déclaration du fonds"),
                            ("check", "vérification à douze mois"),
                            ("ruling", "décision du comité"),
                        ],
                        max_length=20,
                        verbose_name="fait",
                    ),
                ),
                ("yes", models.BooleanField(verbose_name="oui")),
                ("on", models.DateField(verbose_name="le")),
                ("evidence", models.CharField(max_length=500, verbose_name="preuve ou motif")),
                ("document", models.UUIDField(blank=True, null=True, verbose_name="document")),
                ("recorded_at", models.DateTimeField(verbose_name="enregistré le")),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "advance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="statements",
                        to="fund.repayableadvance",
                    ),
                ),
            ],
            options={
                "verbose_name": "déclaration sur une avance",
                "verbose_name_plural": "déclarations sur des avances",
                "ordering": ("advance", "recorded_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("advance", "fact"), name="fund_advance_fact_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "fact__in",
                                [
                                    "criteria",
                                    "roadmap",
                                    "holder_declaration",
                                    "fund_declaration",
                                    "check",
                                    "ruling",
                                ],
                            )
                        ),
                        name="fund_advance_fact_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("evidence", ""), _negated=True),
                        name="fund_advance_fact_has_evidence",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdvanceSettlement",
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
                            ("repayment", "remboursement"),
                            ("waiver", "remboursement non dû"),
                            ("write_off", "perte"),
                        ],
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                ("key", models.CharField(max_length=60, verbose_name="clé")),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                ("on", models.DateField(verbose_name="le")),
                ("reason", models.CharField(max_length=500, verbose_name="motif")),
                ("recorded_at", models.DateTimeField(verbose_name="enregistré le")),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "advance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="fund.repayableadvance",
                    ),
                ),
            ],
            options={
                "verbose_name": "règlement d’une avance",
                "verbose_name_plural": "règlements d’avances",
                "ordering": ("advance", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("advance", "key"), name="fund_settlement_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["repayment", "waiver", "write_off"])),
                        name="fund_settlement_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cents__gt", 0), models.Q(("reason", ""), _negated=True)
                        ),
                        name="fund_settlement_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdvanceInstalment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField(verbose_name="rang")),
                ("due_on", models.DateField(verbose_name="attendu le")),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                (
                    "advance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schedule",
                        to="fund.repayableadvance",
                    ),
                ),
            ],
            options={
                "verbose_name": "échéance de remboursement",
                "verbose_name_plural": "échéances de remboursement",
                "ordering": ("advance", "rank"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("advance", "rank"), name="fund_repayment_rank_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)),
                        name="fund_repayment_amount_above_zero",
                    ),
                ],
            },
        ),
        migrations.RunPython(freeze, thaw),
    ]
