"""Files of respondents, and releases, which the database refuses to change once public."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_RELEASE = "observatory_release"
_PART = "observatory_releasepart"
#: What a public release says; who made it may be erased.
_CONTENT = (
    "uuid",
    "wave_id",
    "file_id",
    "number",
    "follows",
    "synthetic",
    "fingerprint",
    "specification",
    "report",
    "computed_at",
    "submitted_at",
    "published_at",
)
_WITHDRAWAL = ("withdrawn_at", "withdrawn_for")
_WRITTEN = ("release_id", "kind", "question", "breakdown", "group", "content", "sha256")
_PUBLIC = "OLD.state IN ('published', 'withdrawn')"
_BACK = (
    "(OLD.state = 'published' AND NEW.state NOT IN ('published', 'withdrawn')) "
    "OR (OLD.state = 'withdrawn' AND NEW.state <> 'withdrawn')"
)
_OF_PUBLIC = (
    "EXISTS (SELECT 1 FROM observatory_release r WHERE r.id = OLD.release_id "
    "AND r.state IN ('published', 'withdrawn'))"
)
_TOLD = "a published release never changes: publish another one, or withdraw it."
_TOLD_PART = "the parts of a release are written once: compute another release."


def _guards():
    """Give each trigger: its name, when, on which table, its condition and what it says."""
    yield f"{_RELEASE}_frozen", f"UPDATE OF {_quoted(_CONTENT)}", _RELEASE, _PUBLIC, _TOLD
    yield f"{_RELEASE}_onward", 'UPDATE OF "state"', _RELEASE, _BACK, _TOLD
    gone = "OLD.state = 'withdrawn'"
    yield f"{_RELEASE}_withdrawn", f"UPDATE OF {_quoted(_WITHDRAWAL)}", _RELEASE, gone, _TOLD
    yield f"{_RELEASE}_kept", "DELETE", _RELEASE, _PUBLIC, _TOLD
    yield f"{_PART}_frozen", f"UPDATE OF {_quoted(_WRITTEN)}", _PART, "1 = 1", _TOLD_PART
    yield f"{_PART}_kept", "DELETE", _PART, _OF_PUBLIC, _TOLD


def _quoted(columns):
    return ", ".join(f'"{column}"' for column in columns)


def freeze(_apps, schema_editor):
    for name, when, table, condition, told in _guards():
        if schema_editor.connection.vendor == "postgresql":
            # The condition may name another table: PostgreSQL takes it in the function only.
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
    for name, _when, _table, _condition, _told in _guards():
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {name}() CASCADE")
        else:
            schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("observatory", "0001_catalogue"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RespondentFile",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Reçu"),
                            ("described", "Décrit"),
                            ("destroyed", "Détruit"),
                        ],
                        default="received",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="nom du fichier")),
                (
                    "encoding",
                    models.CharField(default="utf-8", max_length=30, verbose_name="encodage"),
                ),
                ("size", models.PositiveBigIntegerField(verbose_name="taille en octets")),
                ("sha256", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                (
                    "keeps_received",
                    models.BooleanField(
                        help_text="non quand des colonnes en ont été écartées",
                        verbose_name="fichier d’origine gardé",
                    ),
                ),
                ("rows", models.PositiveIntegerField(verbose_name="répondants")),
                (
                    "columns",
                    models.JSONField(
                        help_text="nom, libellé, réponses prévues de chaque colonne ; aucune réponse",
                        verbose_name="colonnes",
                    ),
                ),
                (
                    "dropped",
                    models.JSONField(blank=True, default=list, verbose_name="colonnes écartées"),
                ),
                (
                    "mapping",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="pour chaque colonne, la question à laquelle elle répond",
                        verbose_name="correspondance",
                    ),
                ),
                (
                    "treatments",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="pour chaque sorte d’anomalie, ce qui en est fait",
                        verbose_name="traitements",
                    ),
                ),
                ("specification", models.TextField(blank=True, verbose_name="spécification")),
                (
                    "checks",
                    models.TextField(
                        blank=True,
                        help_text="noms des croisements en deux langues, et ce qui est cherché dans le fichier",
                        verbose_name="libellés et contrôles",
                    ),
                ),
                ("added_at", models.DateTimeField(verbose_name="reçu le")),
                ("destroy_on", models.DateField(verbose_name="à détruire le")),
                (
                    "destroyed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="détruit le"),
                ),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "destroyed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "wave",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="respondent_files",
                        to="observatory.wave",
                        verbose_name="vague",
                    ),
                ),
            ],
            options={
                "verbose_name": "fichier de répondants",
                "verbose_name_plural": "fichiers de répondants",
                "ordering": ("-added_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rows__gt", 0), ("size__gt", 0)),
                        name="observatory_file_not_empty",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="observatory_file_named",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["received", "described", "destroyed"])),
                        name="observatory_file_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("destroyed_at__gte", models.F("added_at")),
                                ("destroyed_at__isnull", False),
                                ("state", "destroyed"),
                            ),
                            models.Q(
                                models.Q(("state", "destroyed"), _negated=True),
                                ("destroyed_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_file_destroyed_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "described"), _negated=True),
                            models.Q(("specification", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="observatory_file_described_by",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "destroyed"), _negated=True),
                        fields=["destroy_on"],
                        name="observatory_file_to_destroy",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Release",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Brouillon"),
                            ("in_review", "En relecture"),
                            ("published", "Publiée"),
                            ("withdrawn", "Retirée"),
                            ("discarded", "Abandonnée"),
                        ],
                        default="draft",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                (
                    "number",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="dans la vague, donné à la publication",
                        null=True,
                        verbose_name="numéro",
                    ),
                ),
                (
                    "follows",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="la dernière publication de la vague contre laquelle celle-ci est protégée",
                        verbose_name="suit le numéro",
                    ),
                ),
                ("synthetic", models.BooleanField(verbose_name="données synthétiques")),
                ("fingerprint", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                ("specification", models.TextField(blank=True, verbose_name="spécification")),
                (
                    "report",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="anomalies trouvées et ce qui en a été fait",
                        verbose_name="rapport",
                    ),
                ),
                ("computed_at", models.DateTimeField(verbose_name="calculée le")),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="soumise le"),
                ),
                ("sent_back_for", models.TextField(blank=True, verbose_name="motif du renvoi")),
                (
                    "published_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="publiée le"),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="retirée le"),
                ),
                ("withdrawn_for", models.TextField(blank=True, verbose_name="motif du retrait")),
                (
                    "computed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="observatory.respondentfile",
                        verbose_name="fichier de répondants",
                    ),
                ),
                (
                    "wave",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="observatory.wave",
                        verbose_name="vague",
                    ),
                ),
            ],
            options={
                "verbose_name": "publication d’une vague",
                "verbose_name_plural": "publications des vagues",
                "ordering": ("wave_id", "-number", "-computed_at", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("number", None), _negated=True),
                        fields=("wave", "number"),
                        name="observatory_release_number_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["draft", "in_review", "published", "withdrawn", "discarded"],
                            )
                        ),
                        name="observatory_release_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("number__gt", 0),
                                ("published_at__isnull", False),
                                ("state__in", ["published", "withdrawn"]),
                            ),
                            models.Q(
                                models.Q(("state__in", ["published", "withdrawn"]), _negated=True),
                                ("number", None),
                                ("published_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_release_numbered_when_public",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "withdrawn"),
                                ("withdrawn_at__isnull", False),
                                models.Q(("withdrawn_for", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "withdrawn"), _negated=True),
                                ("withdrawn_at", None),
                                ("withdrawn_for", ""),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_release_withdrawn_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "in_review"), _negated=True),
                            ("submitted_at__isnull", False),
                            _connector="OR",
                        ),
                        name="observatory_release_review_after_submission",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleasePart",
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
                            ("head", "En-tête"),
                            ("table", "Tableau"),
                            (
                                "covariance",
                                "Covariances",
                            ),
                            ("ranking", "Classement"),
                            (
                                "network",
                                "Liens entre éléments",
                            ),
                        ],
                        max_length=12,
                        verbose_name="sorte",
                    ),
                ),
                ("question", models.CharField(blank=True, max_length=120, verbose_name="question")),
                (
                    "breakdown",
                    models.CharField(blank=True, max_length=120, verbose_name="croisement"),
                ),
                ("group", models.CharField(blank=True, max_length=200, verbose_name="groupe")),
                (
                    "content",
                    models.TextField(help_text="JSON canonique (RFC 8785)", verbose_name="contenu"),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="observatory.release",
                    ),
                ),
            ],
            options={
                "verbose_name": "partie d’une publication",
                "verbose_name_plural": "parties des publications",
                "ordering": ("release_id", "kind", "question", "breakdown", "group", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("release", "kind", "question", "breakdown", "group"),
                        name="observatory_part_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["head", "table", "covariance", "ranking", "network"])
                        ),
                        name="observatory_part_kind_known",
                    ),
                ],
            },
        ),
        migrations.RunPython(freeze, thaw),
    ]
