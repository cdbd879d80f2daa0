"""Programmes, studies, waves, questions, and the figures that documents state."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Disagreement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9_]*\\Z",
                                "Écrivez des minuscules sans accent, des chiffres et « _ ».",
                            )
                        ],
                        verbose_name="identifiant",
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
                ("title_fr", models.CharField(max_length=200, verbose_name="titre")),
                ("title_en", models.CharField(max_length=200, verbose_name="titre en anglais")),
                ("statements", models.JSONField(verbose_name="énoncés")),
                ("reading_fr", models.TextField(verbose_name="notre lecture")),
                ("reading_en", models.TextField(verbose_name="notre lecture, en anglais")),
            ],
            options={
                "verbose_name": "désaccord entre documents",
                "verbose_name_plural": "désaccords entre documents",
                "ordering": ("order", "code"),
            },
        ),
        migrations.CreateModel(
            name="Programme",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9_]*\\Z",
                                "Écrivez des minuscules sans accent, des chiffres et « _ ».",
                            )
                        ],
                        verbose_name="identifiant",
                    ),
                ),
                ("label_fr", models.CharField(max_length=200, verbose_name="nom")),
                ("label_en", models.CharField(max_length=200, verbose_name="nom en anglais")),
                ("first_year", models.PositiveSmallIntegerField(verbose_name="première année")),
                ("last_year", models.PositiveSmallIntegerField(verbose_name="dernière année")),
                ("aim_fr", models.TextField(verbose_name="objet")),
                ("aim_en", models.TextField(verbose_name="objet en anglais")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
            ],
            options={
                "verbose_name": "programme d’études",
                "verbose_name_plural": "programmes d’études",
                "ordering": ("first_year", "code"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_year__gte", models.F("first_year"))),
                        name="observatory_programme_years",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9_]*\\Z",
                                "Écrivez des minuscules sans accent, des chiffres et « _ ».",
                            )
                        ],
                        verbose_name="identifiant",
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[
                            ("territory_health", "santé du territoire"),
                            ("fragility", "fragilités"),
                            ("acting_together", "jouer collectif"),
                            ("alliance_effect", "effets des alliances"),
                            ("impact", "impacts du travail ensemble"),
                            ("maturity", "maturité des alliances"),
                            ("levers", "leviers à activer"),
                            ("engagement", "engagement"),
                            ("sdg", "objectifs de développement durable"),
                            ("territory", "ce qu’est un territoire"),
                            ("study", "l’étude elle-même"),
                        ],
                        max_length=20,
                        verbose_name="thème",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("levels", "une réponse"),
                            ("choices", "plusieurs réponses"),
                            ("battery", "plusieurs points, une même échelle"),
                        ],
                        max_length=8,
                        verbose_name="forme",
                    ),
                ),
                ("ordered", models.BooleanField(default=False, verbose_name="réponses ordonnées")),
                ("label_fr", models.CharField(max_length=200, verbose_name="nom court")),
                (
                    "label_en",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="nom court en anglais"
                    ),
                ),
                ("about_fr", models.TextField(blank=True, verbose_name="présentation")),
                ("about_en", models.TextField(blank=True, verbose_name="présentation en anglais")),
                (
                    "lowest",
                    models.SmallIntegerField(
                        blank=True, null=True, verbose_name="note la plus basse"
                    ),
                ),
                (
                    "highest",
                    models.SmallIntegerField(
                        blank=True, null=True, verbose_name="note la plus haute"
                    ),
                ),
                (
                    "items",
                    models.JSONField(
                        blank=True, default=list, verbose_name="points de la question"
                    ),
                ),
                ("answers", models.JSONField(blank=True, default=list, verbose_name="réponses")),
                (
                    "no_answer",
                    models.JSONField(
                        blank=True, default=list, verbose_name="réponses qui n’en sont pas"
                    ),
                ),
                (
                    "complete",
                    models.BooleanField(default=True, verbose_name="questionnaire connu en entier"),
                ),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
            ],
            options={
                "verbose_name": "question",
                "verbose_name_plural": "questions",
                "ordering": ("order", "code"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "theme__in",
                                [
                                    "territory_health",
                                    "fragility",
                                    "acting_together",
                                    "alliance_effect",
                                    "impact",
                                    "maturity",
                                    "levers",
                                    "engagement",
                                    "sdg",
                                    "territory",
                                    "study",
                                ],
                            )
                        ),
                        name="observatory_question_theme",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["levels", "choices", "battery"])),
                        name="observatory_question_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("highest__isnull", True), ("lowest__isnull", True)),
                            models.Q(
                                ("highest__gt", models.F("lowest")),
                                ("highest__isnull", False),
                                ("lowest__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_question_scale",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Study",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9_]*\\Z",
                                "Écrivez des minuscules sans accent, des chiffres et « _ ».",
                            )
                        ],
                        verbose_name="identifiant",
                    ),
                ),
                (
                    "population",
                    models.CharField(
                        choices=[
                            ("citizen", "citoyens"),
                            ("local_elected", "élus locaux"),
                            ("company", "entreprises"),
                            ("association", "associations"),
                            ("foundation", "fondations"),
                            ("academic", "acteurs académiques"),
                        ],
                        max_length=20,
                        verbose_name="population",
                    ),
                ),
                ("label_fr", models.CharField(max_length=200, verbose_name="nom")),
                (
                    "label_en",
                    models.CharField(blank=True, max_length=200, verbose_name="nom en anglais"),
                ),
                ("summary_fr", models.TextField(blank=True, verbose_name="présentation")),
                (
                    "summary_en",
                    models.TextField(blank=True, verbose_name="présentation en anglais"),
                ),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="studies",
                        to="observatory.programme",
                        verbose_name="programme",
                    ),
                ),
            ],
            options={
                "verbose_name": "étude",
                "verbose_name_plural": "études",
                "ordering": ("programme__first_year", "code"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "population__in",
                                [
                                    "citizen",
                                    "local_elected",
                                    "company",
                                    "association",
                                    "foundation",
                                    "academic",
                                ],
                            )
                        ),
                        name="observatory_study_population",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Wave",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9_]*\\Z",
                                "Écrivez des minuscules sans accent, des chiffres et « _ ».",
                            )
                        ],
                        verbose_name="identifiant",
                    ),
                ),
                (
                    "year",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="année"),
                ),
                ("label_fr", models.CharField(max_length=200, verbose_name="nom")),
                (
                    "label_en",
                    models.CharField(blank=True, max_length=200, verbose_name="nom en anglais"),
                ),
                (
                    "synthetic",
                    models.BooleanField(default=False, verbose_name="répondants inventés"),
                ),
                (
                    "fieldwork_first",
                    models.DateField(blank=True, null=True, verbose_name="début du terrain"),
                ),
                (
                    "fieldwork_last",
                    models.DateField(blank=True, null=True, verbose_name="fin du terrain"),
                ),
                (
                    "fieldwork_precision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("day", "au jour près"),
                            ("month", "au mois près"),
                            ("year", "à l’année près"),
                        ],
                        max_length=5,
                        verbose_name="précision des dates",
                    ),
                ),
                (
                    "fieldwork_said_fr",
                    models.TextField(blank=True, verbose_name="ce que les documents en disent"),
                ),
                (
                    "fieldwork_said_en",
                    models.TextField(
                        blank=True, verbose_name="ce que les documents en disent, en anglais"
                    ),
                ),
                (
                    "sample_size",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="personnes interrogées"
                    ),
                ),
                ("design_fr", models.TextField(blank=True, verbose_name="plan de sondage")),
                (
                    "design_en",
                    models.TextField(blank=True, verbose_name="plan de sondage en anglais"),
                ),
                ("weighting_fr", models.TextField(blank=True, verbose_name="redressement")),
                (
                    "weighting_en",
                    models.TextField(blank=True, verbose_name="redressement en anglais"),
                ),
                (
                    "institute",
                    models.CharField(blank=True, max_length=200, verbose_name="institut"),
                ),
                ("note_fr", models.TextField(blank=True, verbose_name="remarques")),
                ("note_en", models.TextField(blank=True, verbose_name="remarques en anglais")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waves",
                        to="observatory.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "vague",
                "verbose_name_plural": "vagues",
                "ordering": ("study", "year", "synthetic", "code"),
                "constraints": [
                    models.UniqueConstraint(fields=("study", "code"), name="observatory_wave_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sample_size__isnull", True), ("sample_size__gte", 1), _connector="OR"
                        ),
                        name="observatory_wave_sample",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("fieldwork_first__isnull", True),
                                ("fieldwork_last__isnull", True),
                                ("fieldwork_precision", ""),
                            ),
                            models.Q(
                                ("fieldwork_first__isnull", False),
                                ("fieldwork_last__gte", models.F("fieldwork_first")),
                                ("fieldwork_last__isnull", False),
                                ("fieldwork_precision__in", ["day", "month", "year"]),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_wave_fieldwork",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PublishedFigure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9_]*\\Z",
                                "Écrivez des minuscules sans accent, des chiffres et « _ ».",
                            )
                        ],
                        verbose_name="identifiant",
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
                (
                    "theme",
                    models.CharField(
                        choices=[
                            ("territory_health", "santé du territoire"),
                            ("fragility", "fragilités"),
                            ("acting_together", "jouer collectif"),
                            ("alliance_effect", "effets des alliances"),
                            ("impact", "impacts du travail ensemble"),
                            ("maturity", "maturité des alliances"),
                            ("levers", "leviers à activer"),
                            ("engagement", "engagement"),
                            ("sdg", "objectifs de développement durable"),
                            ("territory", "ce qu’est un territoire"),
                            ("study", "l’étude elle-même"),
                        ],
                        max_length=20,
                        verbose_name="thème",
                    ),
                ),
                (
                    "population",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("citizen", "citoyens"),
                            ("local_elected", "élus locaux"),
                            ("company", "entreprises"),
                            ("association", "associations"),
                            ("foundation", "fondations"),
                            ("academic", "acteurs académiques"),
                        ],
                        max_length=20,
                        verbose_name="population",
                    ),
                ),
                ("label_fr", models.CharField(max_length=300, verbose_name="intitulé")),
                ("label_en", models.CharField(max_length=300, verbose_name="intitulé en anglais")),
                (
                    "statistic",
                    models.CharField(
                        choices=[
                            ("proportion", "part des réponses"),
                            ("mean", "note moyenne"),
                            ("rank", "rang"),
                            ("gap", "écart de notes"),
                            ("change", "évolution"),
                            ("weight", "poids dans la population"),
                            ("regions", "nombre de régions"),
                            ("order", "ordre des réponses"),
                            ("count", "dénombrement"),
                        ],
                        max_length=10,
                        verbose_name="grandeur",
                    ),
                ),
                (
                    "item",
                    models.CharField(
                        blank=True, max_length=60, verbose_name="point de la question"
                    ),
                ),
                ("level", models.CharField(blank=True, max_length=60, verbose_name="réponse")),
                ("group", models.JSONField(blank=True, default=dict, verbose_name="groupe")),
                (
                    "value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        verbose_name="valeur",
                    ),
                ),
                (
                    "low",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        verbose_name="borne basse",
                    ),
                ),
                (
                    "high",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        verbose_name="borne haute",
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="réponses dans l’ordre"
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("percent", "%"),
                            ("mark", "sur 10"),
                            ("points", "points"),
                            ("rank", "rang"),
                            ("regions", "régions"),
                            ("code", "réponse"),
                            ("people", "répondants"),
                            ("millions", "millions de personnes"),
                            ("pages", "pages"),
                            ("studies", "études"),
                            ("examples", "exemples"),
                            ("debates", "débats"),
                            ("networks", "réseaux"),
                        ],
                        max_length=10,
                        verbose_name="unité",
                    ),
                ),
                (
                    "operator",
                    models.CharField(
                        choices=[
                            ("exact", "exactement"),
                            ("about", "environ"),
                            ("more_than", "plus de"),
                            ("at_least", "au moins"),
                            ("at_most", "jusqu’à"),
                            ("almost", "presque"),
                        ],
                        default="exact",
                        max_length=10,
                        verbose_name="précision de l’énoncé",
                    ),
                ),
                (
                    "reading",
                    models.CharField(
                        choices=[
                            ("sure", "lecture sûre"),
                            ("probable", "lecture probable"),
                            ("derived", "déduit"),
                            ("doubtful", "lecture douteuse"),
                            ("illegible", "illisible"),
                        ],
                        max_length=10,
                        verbose_name="qualité de la lecture",
                    ),
                ),
                ("note_fr", models.TextField(blank=True, verbose_name="remarque")),
                ("note_en", models.TextField(blank=True, verbose_name="remarque en anglais")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "withheld",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("illegible", "illisible dans les documents"),
                            ("doubtful", "lecture trop incertaine"),
                            ("contradictory", "documents contradictoires"),
                            ("ambiguous", "sujet ou population incertains"),
                        ],
                        max_length=15,
                        verbose_name="motif de non-publication",
                    ),
                ),
                (
                    "withheld_reason_fr",
                    models.TextField(blank=True, verbose_name="pourquoi il n’est pas publié"),
                ),
                (
                    "withheld_reason_en",
                    models.TextField(
                        blank=True, verbose_name="pourquoi il n’est pas publié, en anglais"
                    ),
                ),
                (
                    "disagreements",
                    models.ManyToManyField(
                        blank=True,
                        related_name="figures",
                        to="observatory.disagreement",
                        verbose_name="désaccords",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="figures",
                        to="observatory.question",
                    ),
                ),
                (
                    "wave",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="figures",
                        to="observatory.wave",
                    ),
                ),
            ],
            options={
                "verbose_name": "chiffre publié",
                "verbose_name_plural": "chiffres publiés",
                "ordering": ("order", "code"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("high__isnull", True), ("low__isnull", True)),
                            models.Q(
                                ("high__gte", models.F("low")),
                                ("high__isnull", False),
                                ("low__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_figure_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withheld", ""), _negated=True),
                            models.Q(
                                ("reading__in", ["sure", "probable", "derived"]),
                                models.Q(
                                    ("value__isnull", False),
                                    ("low__isnull", False),
                                    models.Q(("answer", ""), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_figure_published",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withheld", ""), ("withheld_reason_fr", "")),
                            models.Q(
                                (
                                    "withheld__in",
                                    ["illegible", "doubtful", "contradictory", "ambiguous"],
                                ),
                                models.Q(("withheld_reason_fr", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_figure_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AskedQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
                (
                    "number",
                    models.CharField(
                        blank=True, max_length=20, verbose_name="numéro dans le questionnaire"
                    ),
                ),
                ("wording_fr", models.TextField(blank=True, verbose_name="formulation")),
                ("wording_en", models.TextField(blank=True, verbose_name="formulation en anglais")),
                (
                    "universe_fr",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="personnes interrogées"
                    ),
                ),
                (
                    "universe_en",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="personnes interrogées, en anglais"
                    ),
                ),
                (
                    "items",
                    models.JSONField(
                        blank=True, default=list, verbose_name="points propres à cette vague"
                    ),
                ),
                (
                    "answers",
                    models.JSONField(
                        blank=True, default=list, verbose_name="réponses propres à cette vague"
                    ),
                ),
                (
                    "comparability",
                    models.CharField(
                        choices=[
                            ("first", "première vague connue qui la pose"),
                            ("comparable", "comparable à la vague précédente"),
                            ("broken", "la série est rompue"),
                            ("unknown", "comparaison impossible à établir"),
                        ],
                        max_length=10,
                        verbose_name="comparaison avec la vague précédente",
                    ),
                ),
                (
                    "breaks",
                    models.JSONField(blank=True, default=list, verbose_name="ce qui a changé"),
                ),
                ("reason_fr", models.TextField(blank=True, verbose_name="explication")),
                ("reason_en", models.TextField(blank=True, verbose_name="explication en anglais")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked",
                        to="observatory.question",
                        verbose_name="question",
                    ),
                ),
                (
                    "wave",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked",
                        to="observatory.wave",
                    ),
                ),
            ],
            options={
                "verbose_name": "question posée",
                "verbose_name_plural": "questions posées",
                "ordering": ("wave", "order", "question__order", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("wave", "question"), name="observatory_asked_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("comparability", "broken"),
                                models.Q(("breaks", []), _negated=True),
                                models.Q(("reason_fr", ""), _negated=True),
                            ),
                            models.Q(
                                ("comparability__in", ["first", "comparable", "unknown"]),
                                ("breaks", []),
                            ),
                            _connector="OR",
                        ),
                        name="observatory_asked_reason",
                    ),
                ],
            },
        ),
    ]
