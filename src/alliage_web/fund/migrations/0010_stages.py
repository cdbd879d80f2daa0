"""The stages through which files pass."""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models


def tell_what_is_known(apps, schema_editor):
    """Give each file its stage: what was sent stands there since it was last written, at least."""
    from alliage.fund.follow_up.stages import stage_of
    from alliage.fund.states import AgreementState, ApplicationState

    application_model = apps.get_model("fund", "Application")
    agreement_model = apps.get_model("fund", "Agreement")
    stay_model = apps.get_model("fund", "FileStay")
    followed = {
        row.application_id: row
        for row in agreement_model.objects.exclude(state=AgreementState.ABANDONED.value)
        if row.application_id
    }
    files = [(row, followed.get(row.pk)) for row in application_model.objects.exclude(sent_at=None)]
    files += [(None, row) for row in agreement_model.objects.filter(application=None)]
    for application, agreement in files:
        stage = stage_of(
            ApplicationState(application.state) if application else None,
            AgreementState(agreement.state) if agreement else None,
            is_paid=agreement is not None and _is_paid(agreement),
        )
        file = application or agreement
        if stage is not None:
            stay_model.objects.create(
                fund_id=file.fund_id,
                file=file.reference,
                application=application,
                agreement=agreement,
                stage=stage.value,
                entered_at=max(row.updated_at for row in (application, agreement) if row),
            )
    for application in application_model.objects.exclude(sent_at=None):
        sent = application.sent_versions.order_by("-number").first()
        budget = sent and sent.content.get("budget")
        if budget:
            application.asked_cents = int(Decimal(budget["asked"]) * 100)
            application.save(update_fields=["asked_cents"])


def _is_paid(agreement):
    version = agreement.versions.exclude(in_force_on=None).order_by("-number").first()
    paid = sum(
        row.cents if row.kind == "payment" else -row.cents for row in agreement.movements.all()
    )
    return version is not None and paid >= version.cents


class Migration(migrations.Migration):
    dependencies = [("fund", "0009_raised_resources")]

    operations = [
        migrations.CreateModel(
            name="FileStay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file", models.CharField(max_length=80, verbose_name="dossier")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("received", "reçu"),
                            ("to_complete", "à compléter"),
                            ("review", "en instruction"),
                            ("committee", "au comité"),
                            ("adjourned", "ajourné"),
                            ("documents", "pièces attendues"),
                            ("to_agree", "convention à préparer"),
                            ("to_sign", "à signer"),
                            ("to_pay", "à verser"),
                            ("suspended", "suspendu"),
                            ("to_close", "versé, à clore"),
                            ("closed", "clos"),
                            ("refused", "refusé"),
                            ("ineligible", "inéligible"),
                            ("withdrawn", "retiré"),
                            ("lapsed", "caduc"),
                            ("terminated", "résilié"),
                            ("abandoned", "abandonné"),
                        ],
                        max_length=20,
                        verbose_name="étape",
                    ),
                ),
                ("entered_at", models.DateTimeField(verbose_name="depuis le")),
                ("left_at", models.DateTimeField(blank=True, null=True, verbose_name="jusqu’au")),
                (
                    "days",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="durée en jours"
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stays",
                        to="fund.agreement",
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stays",
                        to="fund.application",
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stays",
                        to="fund.fund",
                    ),
                ),
            ],
            options={
                "verbose_name": "passage d’un dossier par une étape",
                "verbose_name_plural": "passages de dossiers par des étapes",
                "ordering": ("entered_at", "pk"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("left_at", None)),
                        fields=["fund", "stage", "entered_at"],
                        name="fund_stay_going_on",
                    ),
                    models.Index(
                        condition=models.Q(("left_at__isnull", False)),
                        fields=["fund", "stage", "days"],
                        name="fund_stay_ended",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("left_at", None)),
                        fields=("fund", "file"),
                        name="fund_file_stands_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "stage__in",
                                [
                                    "received",
                                    "to_complete",
                                    "review",
                                    "committee",
                                    "adjourned",
                                    "documents",
                                    "to_agree",
                                    "to_sign",
                                    "to_pay",
                                    "suspended",
                                    "to_close",
                                    "closed",
                                    "refused",
                                    "ineligible",
                                    "withdrawn",
                                    "lapsed",
                                    "terminated",
                                    "abandoned",
                                ],
                            )
                        ),
                        name="fund_stay_stage_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("application__isnull", False),
                            ("agreement__isnull", False),
                            _connector="OR",
                        ),
                        name="fund_stay_of_a_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("days", None), ("left_at", None)),
                            models.Q(
                                ("days__isnull", False),
                                ("left_at__gte", models.F("entered_at")),
                                ("left_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="fund_stay_ends_after_it_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StageTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("received", "reçu"),
                            ("to_complete", "à compléter"),
                            ("review", "en instruction"),
                            ("committee", "au comité"),
                            ("adjourned", "ajourné"),
                            ("documents", "pièces attendues"),
                            ("to_agree", "convention à préparer"),
                            ("to_sign", "à signer"),
                            ("to_pay", "à verser"),
                            ("suspended", "suspendu"),
                            ("to_close", "versé, à clore"),
                        ],
                        max_length=20,
                        verbose_name="étape",
                    ),
                ),
                ("days", models.PositiveSmallIntegerField(verbose_name="jours")),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stage_targets",
                        to="fund.fund",
                    ),
                ),
            ],
            options={
                "verbose_name": "délai que le fonds se donne",
                "verbose_name_plural": "délais que le fonds se donne",
                "ordering": ("fund", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("fund", "stage"), name="fund_target_once_a_stage"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "stage__in",
                                [
                                    "received",
                                    "to_complete",
                                    "review",
                                    "committee",
                                    "adjourned",
                                    "documents",
                                    "to_agree",
                                    "to_sign",
                                    "to_pay",
                                    "suspended",
                                    "to_close",
                                ],
                            )
                        ),
                        name="fund_target_stage_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days__gt", 0)), name="fund_target_above_zero"
                    ),
                ],
            },
        ),
        migrations.RunPython(tell_what_is_known, migrations.RunPython.noop),
    ]
