"""The ledger of a fund: tables, and triggers that hold its rules against any code.

Rows are only added. A movement makes its two accounts count it; an account that would fall below
zero, a closed year, a gap in the numbers refuse the whole. A restored backup writes movements, then
postings, then balances: triggers let a row pass when the rows that it names are not there yet, and
a balance that comes with an amount must be worth its movements.

A later migration that makes one of these tables again (as SQLite does for most changes) loses its
triggers, and stumbles over those of the other tables: it begins with ``remove`` and ends with
``install``.
"""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


# The accounts that grow by credits; the others grow by debits.
_CREDIT = "('endowment', 'recycled', 'contributions')"
_BUDGET = "('endowment', 'recycled', 'unallotted', 'available', 'reserved', 'committed', 'paid')"
_ENDING = "('available', 'reserved', 'committed')"

_ONLY_GROWS = "the ledger is append-only: reverse a posting instead of changing it"
_KEPT = "balances follow the movements: write a posting instead"
_NAMED = "the ledger names this row for ever: make another one"

_LAST_CLOSED = (
    "(SELECT MAX(p.year) FROM fund_posting p WHERE p.fund_id = NEW.fund_id AND p.year IS NOT NULL)"
)
_LAST_NUMBER = (
    "COALESCE((SELECT MAX(p.number) FROM fund_posting p WHERE p.fund_id = NEW.fund_id), 0)"
)


def _envelope_where(condition):
    return (
        "EXISTS (SELECT 1 FROM fund_envelope e JOIN fund_strand s ON s.id = e.strand_id "
        f"WHERE e.id IN (NEW.envelope_id, NEW.to_envelope_id) AND {condition})"
    )


def _posting_rules(booked_year):
    """Give what refuses a posting, each with its message."""
    yield (
        f"NEW.number <> {_LAST_NUMBER} + 1",
        "postings of a fund are numbered without a gap",
    )
    yield (
        f"{booked_year} <= {_LAST_CLOSED}",
        "this year is closed: date the posting in an open one",
    )
    yield (
        _envelope_where(f"e.year <= {_LAST_CLOSED}"),
        "this envelope is closed: name the one that carries it on",
    )
    yield (
        f"NEW.year <> {_LAST_CLOSED} + 1",
        "years are closed in order",
    )
    yield (
        "NEW.year IS NOT NULL AND EXISTS (SELECT 1 FROM fund_runningbalance b "
        "JOIN fund_envelope e ON e.id = b.envelope_id WHERE b.fund_id = NEW.fund_id "
        f"AND b.code IN {_ENDING} AND e.year <= NEW.year AND b.cents <> 0)",
        "this year still holds money: carry it forward before closing",
    )
    yield (
        _envelope_where("s.fund_id <> NEW.fund_id")
        + " OR EXISTS (SELECT 1 FROM fund_funder f WHERE f.id = NEW.funder_id "
        "AND f.fund_id <> NEW.fund_id)",
        "this envelope or this funder is of another fund",
    )
    yield (
        "EXISTS (SELECT 1 FROM fund_posting o WHERE o.id = NEW.reverses_id AND (o.fund_id <> "
        "NEW.fund_id OR o.kind <> NEW.kind OR o.cents <> NEW.cents OR o.reverses_id IS NOT NULL))",
        "a reversal repeats what it reverses",
    )


def _movement_rules():
    """Give what refuses a movement; rows that are not there yet (a restoration) refuse nothing."""
    yield (
        "EXISTS (SELECT 1 FROM fund_posting p WHERE p.id = NEW.posting_id AND (p.cents <> NEW.cents"
        " OR EXISTS (SELECT 1 FROM fund_posting q WHERE q.fund_id = p.fund_id "
        "AND q.number > p.number)))",
        "a movement is of the amount of its posting, and written with it",
    )
    yield (
        "EXISTS (SELECT 1 FROM fund_posting p JOIN fund_runningbalance b "
        "ON b.id IN (NEW.debit_id, NEW.credit_id) WHERE p.id = NEW.posting_id "
        "AND (b.fund_id <> p.fund_id OR b.file NOT IN ('', p.file) "
        "OR b.advance NOT IN ('', p.advance) OR (b.funder_id IS NOT NULL "
        "AND (p.funder_id IS NULL OR b.funder_id <> p.funder_id)) "
        "OR (b.envelope_id IS NOT NULL AND COALESCE(b.envelope_id <> p.envelope_id, TRUE) "
        "AND COALESCE(b.envelope_id <> p.to_envelope_id, TRUE))))",
        "a movement is between accounts of what its posting is about",
    )
    yield (
        "EXISTS (SELECT 1 FROM fund_runningbalance d, fund_runningbalance c WHERE "
        f"d.id = NEW.debit_id AND c.id = NEW.credit_id AND (d.code IN {_BUDGET}) "
        f"<> (c.code IN {_BUDGET}))",
        "each register balances alone",
    )


def _sign(row):
    return f"CASE WHEN {row}.code IN {_CREDIT} THEN -1 ELSE 1 END"


def _same(columns, operator):
    return " AND ".join(f'NEW."{column}" {operator} OLD."{column}"' for column in columns)


_ACCOUNT = ("id", "fund_id", "code", "envelope_id", "file", "advance", "funder_id")


def _counts_one_movement(operator):
    """Tell an update of a trigger from another: it counts a movement that was not counted."""
    return (
        f"{_same(_ACCOUNT, operator)} AND NEW.last_movement > OLD.last_movement "
        "AND EXISTS (SELECT 1 FROM fund_movement m WHERE m.id = NEW.last_movement AND "
        f"((m.debit_id = NEW.id AND NEW.cents = OLD.cents + m.cents * {_sign('NEW')}) OR "
        f"(m.credit_id = NEW.id AND NEW.cents = OLD.cents - m.cents * {_sign('NEW')})))"
    )


_UNCOUNTED = (
    "NEW.cents <> COALESCE((SELECT SUM(CASE WHEN m.debit_id = NEW.id THEN m.cents ELSE -m.cents END"
    f") FROM fund_movement m WHERE m.debit_id = NEW.id OR m.credit_id = NEW.id), 0) * "
    f"{_sign('NEW')}"
)
#: Of what was paid to a file, money returned in a later year is written in that year.
_PAID_BELOW_ZERO = (
    "NEW.code = 'paid' AND (SELECT SUM(b.cents) FROM fund_runningbalance b "
    "JOIN fund_envelope e ON e.id = b.envelope_id JOIN fund_envelope mine ON mine.id = "
    "NEW.envelope_id WHERE b.fund_id = NEW.fund_id AND b.file = NEW.file AND b.code = 'paid' "
    "AND e.strand_id = mine.strand_id) < 0"
)
_PAID_RULE = "a file cannot give back more than it was paid"


def _count(side, operator):
    return (
        f"UPDATE fund_runningbalance SET cents = cents {operator} NEW.cents * "
        f"{_sign('fund_runningbalance')}, last_movement = NEW.id WHERE id = NEW.{side}_id"
    )


#: Rows whose columns below are named for ever by postings; the others may change.
_FOR_EVER = {
    "fund_envelope": ("id", "strand_id", "year"),
    "fund_strand": ("id", "fund_id", "code"),
    "fund_funder": ("id", "fund_id", "code"),
}
_REPLACED = {
    "fund_posting": (
        "EXISTS (SELECT 1 FROM fund_posting WHERE id = NEW.id OR (fund_id = NEW.fund_id AND "
        '(number = NEW.number OR "key" = NEW."key")) OR reverses_id = NEW.reverses_id)'
    ),
    "fund_movement": (
        "EXISTS (SELECT 1 FROM fund_movement WHERE id = NEW.id "
        "OR (posting_id = NEW.posting_id AND rank = NEW.rank))"
    ),
    "fund_runningbalance": (
        "EXISTS (SELECT 1 FROM fund_runningbalance WHERE id = NEW.id OR (fund_id = NEW.fund_id "
        "AND code = NEW.code AND COALESCE(envelope_id, 0) = COALESCE(NEW.envelope_id, 0) AND "
        "file = NEW.file AND advance = NEW.advance "
        "AND COALESCE(funder_id, 0) = COALESCE(NEW.funder_id, 0)))"
    ),
}


def _sqlite_triggers():
    """Give the triggers of SQLite: name, moment and table, condition, what is done."""
    booked_year = "CAST(strftime('%Y', NEW.booked_on) AS INTEGER)"
    for table, replaced in _REPLACED.items():
        yield f"{table}_delete_guard", f"BEFORE DELETE ON {table}", "1", _raise(_ONLY_GROWS)
        # « OR REPLACE » removes rows without asking the trigger above.
        yield f"{table}_insert_guard", f"BEFORE INSERT ON {table}", replaced, _raise(_ONLY_GROWS)
    for table in ("fund_posting", "fund_movement"):
        yield f"{table}_update_guard", f"BEFORE UPDATE ON {table}", "1", _raise(_ONLY_GROWS)
    for table, columns in _FOR_EVER.items():
        changed = f"NOT ({_same(columns, 'IS')})"
        yield f"{table}_update_guard", f"BEFORE UPDATE ON {table}", changed, _raise(_NAMED)
    for table, rules in (
        ("fund_posting", _posting_rules(booked_year)),
        ("fund_movement", _movement_rules()),
    ):
        for rank, (refused, message) in enumerate(rules):
            yield f"{table}_rule_{rank}", f"BEFORE INSERT ON {table}", refused, _raise(message)
    both = f"{_count('debit', '+')}; {_count('credit', '-')};"
    yield "fund_movement_counted", "AFTER INSERT ON fund_movement", "1", both
    table = "fund_runningbalance"
    counted = f"NOT ({_counts_one_movement('IS')})"
    yield f"{table}_update_guard", f"BEFORE UPDATE ON {table}", counted, _raise(_KEPT)
    yield f"{table}_counted", f"BEFORE INSERT ON {table}", _UNCOUNTED, _raise(_KEPT)
    yield f"{table}_paid", f"AFTER UPDATE ON {table}", _PAID_BELOW_ZERO, _raise(_PAID_RULE)


def _raise(message):
    return f"SELECT RAISE(ABORT, '{message}');"


def _sqlite():
    for name, moment, condition, done in _sqlite_triggers():
        yield f"CREATE TRIGGER {name} {moment} FOR EACH ROW WHEN {condition} BEGIN {done} END"


def _refusals(rules):
    return "\n".join(
        f"IF ({refused}) THEN {_exception(message)} END IF;" for refused, message in rules
    )


def _exception(message):
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"


def _function(name, body):
    return f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
        {body}
        END $$
    """


def _trigger(name, moment, function, each="ROW"):
    return f"CREATE TRIGGER {name} {moment} FOR EACH {each} EXECUTE FUNCTION {function}()"


def _postgresql():
    booked_year = "EXTRACT(YEAR FROM NEW.booked_on)::int"
    yield _function("fund_only_grows", _exception(_ONLY_GROWS))
    for table in _REPLACED:
        moment = "DELETE" if table == "fund_runningbalance" else "UPDATE OR DELETE"
        yield _trigger(f"{table}_guard", f"BEFORE {moment} ON {table}", "fund_only_grows")
        yield _trigger(
            f"{table}_truncate_guard", f"BEFORE TRUNCATE ON {table}", "fund_only_grows", "STATEMENT"
        )
    for table, columns in _FOR_EVER.items():
        changed = f"NOT ({_same(columns, 'IS NOT DISTINCT FROM')})"
        yield _function(f"{table}_named", _refusals([(changed, _NAMED)]) + " RETURN NEW;")
        yield _trigger(f"{table}_update_guard", f"BEFORE UPDATE ON {table}", f"{table}_named")
    # Postings of one fund are written one after the other, whoever writes them.
    alone = "PERFORM 1 FROM fund_fund WHERE id = NEW.fund_id FOR NO KEY UPDATE;"
    rules = _refusals(_posting_rules(booked_year))
    yield _function("fund_posting_ruled", f"{alone}\n{rules}\nRETURN NEW;")
    yield _trigger("fund_posting_rules", "BEFORE INSERT ON fund_posting", "fund_posting_ruled")
    yield _function("fund_movement_ruled", _refusals(_movement_rules()) + " RETURN NEW;")
    yield _trigger("fund_movement_rules", "BEFORE INSERT ON fund_movement", "fund_movement_ruled")
    both = f"{_count('debit', '+')}; {_count('credit', '-')}; RETURN NULL;"
    yield _function("fund_movement_counting", both)
    yield _trigger(
        "fund_movement_counted", "AFTER INSERT ON fund_movement", "fund_movement_counting"
    )
    table = "fund_runningbalance"
    counted = f"NOT ({_counts_one_movement('IS NOT DISTINCT FROM')})"
    yield _function(f"{table}_kept", _refusals([(counted, _KEPT)]) + " RETURN NEW;")
    yield _trigger(f"{table}_update_guard", f"BEFORE UPDATE ON {table}", f"{table}_kept")
    yield _function(f"{table}_new", _refusals([(_UNCOUNTED, _KEPT)]) + " RETURN NEW;")
    yield _trigger(f"{table}_counted", f"BEFORE INSERT ON {table}", f"{table}_new")
    yield _function(f"{table}_net", _refusals([(_PAID_BELOW_ZERO, _PAID_RULE)]) + " RETURN NULL;")
    yield _trigger(f"{table}_paid", f"AFTER UPDATE ON {table}", f"{table}_net")


_FUNCTIONS = (
    "fund_only_grows",
    *(f"{table}_named" for table in _FOR_EVER),
    "fund_posting_ruled",
    "fund_movement_ruled",
    "fund_movement_counting",
    "fund_runningbalance_kept",
    "fund_runningbalance_new",
    "fund_runningbalance_net",
)


def install(_apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in _postgresql() if vendor == "postgresql" else _sqlite():
        schema_editor.execute(statement)


def remove(_apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in _FUNCTIONS:
            schema_editor.execute(f"DROP FUNCTION {name}() CASCADE")
        return
    for name, _moment, _condition, _done in _sqlite_triggers():
        schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("actors", "0001_initial"),
        ("fund", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Strand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60, verbose_name="identifiant")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
                ("name_fr", models.CharField(max_length=200, verbose_name="nom")),
                (
                    "name_en",
                    models.CharField(blank=True, max_length=200, verbose_name="nom en anglais"),
                ),
                ("source", models.CharField(blank=True, max_length=300, verbose_name="source")),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="strands",
                        to="fund.fund",
                    ),
                ),
            ],
            options={
                "verbose_name": "volet",
                "verbose_name_plural": "volets",
                "ordering": ("fund_id", "order", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("fund", "code"), name="fund_strand_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Envelope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="année")),
                (
                    "strand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="envelopes",
                        to="fund.strand",
                    ),
                ),
            ],
            options={
                "verbose_name": "enveloppe",
                "verbose_name_plural": "enveloppes",
                "ordering": ("year", "strand_id", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("strand", "year"), name="fund_envelope_once"),
                    models.CheckConstraint(
                        condition=models.Q(("year__gte", 1900), ("year__lte", 2200)),
                        name="fund_envelope_year",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Funder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=90, verbose_name="identifiant")),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="funders",
                        to="fund.fund",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="actors.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "financeur",
                "verbose_name_plural": "financeurs",
                "ordering": ("fund_id", "code"),
                "constraints": [
                    models.UniqueConstraint(fields=("fund", "code"), name="fund_funder_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="numéro")),
                ("key", models.CharField(max_length=150, verbose_name="clé")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("endowment_increase", "Hausse de la dotation en vigueur"),
                            ("endowment_decrease", "Baisse de la dotation en vigueur"),
                            ("promise", "Contribution promise"),
                            ("promise_decrease", "Promesse réduite"),
                            ("call", "Appel de fonds"),
                            ("receipt", "Contribution reçue"),
                            ("allotment", "Dotation d’une enveloppe"),
                            ("allotment_withdrawal", "Retrait d’une enveloppe"),
                            ("transfer", "Virement entre enveloppes"),
                            ("award", "Attribution"),
                            ("award_release", "Attribution levée"),
                            ("commitment", "Engagement"),
                            ("decommitment", "Désengagement"),
                            ("payment", "Versement"),
                            ("return", "Trop-perçu rendu"),
                            ("advance_payment", "Versement d’une avance"),
                            ("repayment", "Remboursement d’une avance"),
                            ("waiver", "Remise d’une avance"),
                            ("write_off", "Avance perdue"),
                            ("carry_available", "Report du disponible"),
                            ("carry_reserved", "Report du réservé"),
                            ("carry_committed", "Report de l’engagé"),
                            ("year_closing", "Clôture d’une année"),
                        ],
                        max_length=30,
                        verbose_name="opération",
                    ),
                ),
                ("booked_on", models.DateField(verbose_name="date")),
                ("reason", models.CharField(max_length=500, verbose_name="motif")),
                ("reference", models.CharField(blank=True, max_length=300, verbose_name="pièce")),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                ("file", models.CharField(blank=True, max_length=80, verbose_name="dossier")),
                ("advance", models.CharField(blank=True, max_length=80, verbose_name="avance")),
                ("year", models.PositiveSmallIntegerField(null=True, verbose_name="année close")),
                ("written_at", models.DateTimeField(verbose_name="écrite le")),
                (
                    "envelope",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fund.envelope",
                        verbose_name="enveloppe",
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="fund.fund",
                    ),
                ),
                (
                    "funder",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fund.funder",
                        verbose_name="financeur",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversal",
                        to="fund.posting",
                        verbose_name="annule",
                    ),
                ),
                (
                    "to_envelope",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fund.envelope",
                        verbose_name="enveloppe qui reçoit",
                    ),
                ),
            ],
            options={
                "verbose_name": "écriture",
                "verbose_name_plural": "écritures",
                "ordering": ("fund_id", "number"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("year__isnull", False)),
                        fields=["fund", "year"],
                        name="fund_posting_closings",
                    ),
                    models.Index(fields=["fund", "file", "number"], name="fund_posting_file"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("fund", "number"), name="fund_posting_number_once"
                    ),
                    models.UniqueConstraint(fields=("fund", "key"), name="fund_posting_key_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "endowment_increase",
                                    "endowment_decrease",
                                    "promise",
                                    "promise_decrease",
                                    "call",
                                    "receipt",
                                    "allotment",
                                    "allotment_withdrawal",
                                    "transfer",
                                    "award",
                                    "award_release",
                                    "commitment",
                                    "decommitment",
                                    "payment",
                                    "return",
                                    "advance_payment",
                                    "repayment",
                                    "waiver",
                                    "write_off",
                                    "carry_available",
                                    "carry_reserved",
                                    "carry_committed",
                                    "year_closing",
                                ],
                            )
                        ),
                        name="fund_posting_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cents", 0), ("kind", "year_closing"), ("year__isnull", False)
                            ),
                            models.Q(
                                models.Q(("kind", "year_closing"), _negated=True),
                                ("cents__gt", 0),
                                ("year__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_posting_has_an_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                        ),
                        name="fund_posting_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EndowmentChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("statement", models.CharField(max_length=10, verbose_name="date de l’énoncé")),
                ("decided_by", models.CharField(max_length=200, verbose_name="décidé par")),
                ("claim_fr", models.CharField(max_length=300, verbose_name="énoncé")),
                (
                    "claim_en",
                    models.CharField(blank=True, max_length=300, verbose_name="énoncé en anglais"),
                ),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "posting",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endowment_choice",
                        to="fund.posting",
                        verbose_name="écriture",
                    ),
                ),
            ],
            options={
                "verbose_name": "choix de la dotation en vigueur",
                "verbose_name_plural": "choix de la dotation en vigueur",
                "ordering": ("posting_id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)),
                        name="fund_endowment_choice_is_positive",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RunningBalance",
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
                        choices=[
                            ("endowment", "Dotation en vigueur"),
                            ("recycled", "Avances revenues"),
                            ("unallotted", "Hors enveloppe"),
                            ("available", "Disponible"),
                            ("reserved", "Réservé"),
                            ("committed", "Engagé, reste à verser"),
                            ("paid", "Versé"),
                            ("contributions", "Contributions promises"),
                            ("to_call", "Contributions à appeler"),
                            ("to_receive", "Contributions à recevoir"),
                            ("cash", "Banque"),
                            ("grants", "Subventions versées"),
                            ("advances", "Avances à recouvrer"),
                            ("waived", "Avances remises"),
                            ("written_off", "Avances perdues"),
                        ],
                        max_length=20,
                        verbose_name="compte",
                    ),
                ),
                ("file", models.CharField(blank=True, max_length=80, verbose_name="dossier")),
                ("advance", models.CharField(blank=True, max_length=80, verbose_name="avance")),
                ("cents", models.BigIntegerField(default=0, verbose_name="solde en centimes")),
                (
                    "last_movement",
                    models.PositiveBigIntegerField(default=0, verbose_name="dernier mouvement"),
                ),
                (
                    "envelope",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fund.envelope",
                        verbose_name="enveloppe",
                    ),
                ),
                (
                    "fund",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balances",
                        to="fund.fund",
                    ),
                ),
                (
                    "funder",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fund.funder",
                        verbose_name="financeur",
                    ),
                ),
            ],
            options={
                "verbose_name": "solde",
                "verbose_name_plural": "soldes",
                "ordering": ("pk",),
                "indexes": [
                    models.Index(fields=["fund", "file", "code"], name="fund_balance_file")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("fund"),
                        models.F("code"),
                        django.db.models.functions.comparison.Coalesce(
                            models.F("envelope"), models.Value(0)
                        ),
                        models.F("file"),
                        models.F("advance"),
                        django.db.models.functions.comparison.Coalesce(
                            models.F("funder"), models.Value(0)
                        ),
                        name="fund_balance_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cents__gte", 0), ("code__in", ("paid", "cash")), _connector="OR"
                        ),
                        name="fund_balance_not_below_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pk__in", ()),
                            models.Q(
                                ("code", "endowment"),
                                ("envelope__isnull", True),
                                ("file", ""),
                                ("advance", ""),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "recycled"),
                                ("envelope__isnull", True),
                                models.Q(("file", ""), _negated=True),
                                models.Q(("advance", ""), _negated=True),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "unallotted"),
                                ("envelope__isnull", True),
                                ("file", ""),
                                ("advance", ""),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "available"),
                                ("envelope__isnull", False),
                                ("file", ""),
                                ("advance", ""),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "reserved"),
                                ("envelope__isnull", False),
                                models.Q(("file", ""), _negated=True),
                                ("advance", ""),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "committed"),
                                ("envelope__isnull", False),
                                models.Q(("file", ""), _negated=True),
                                ("advance", ""),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "paid"),
                                ("envelope__isnull", False),
                                models.Q(("file", ""), _negated=True),
                                ("advance", ""),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "contributions"),
                                ("envelope__isnull", True),
                                ("file", ""),
                                ("advance", ""),
                                ("funder__isnull", False),
                            ),
                            models.Q(
                                ("code", "to_call"),
                                ("envelope__isnull", True),
                                ("file", ""),
                                ("advance", ""),
                                ("funder__isnull", False),
                            ),
                            models.Q(
                                ("code", "to_receive"),
                                ("envelope__isnull", True),
                                ("file", ""),
                                ("advance", ""),
                                ("funder__isnull", False),
                            ),
                            models.Q(
                                ("code", "cash"),
                                ("envelope__isnull", True),
                                ("file", ""),
                                ("advance", ""),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "grants"),
                                ("envelope__isnull", True),
                                models.Q(("file", ""), _negated=True),
                                ("advance", ""),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "advances"),
                                ("envelope__isnull", True),
                                models.Q(("file", ""), _negated=True),
                                models.Q(("advance", ""), _negated=True),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "waived"),
                                ("envelope__isnull", True),
                                models.Q(("file", ""), _negated=True),
                                models.Q(("advance", ""), _negated=True),
                                ("funder__isnull", True),
                            ),
                            models.Q(
                                ("code", "written_off"),
                                ("envelope__isnull", True),
                                models.Q(("file", ""), _negated=True),
                                models.Q(("advance", ""), _negated=True),
                                ("funder__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="fund_balance_follows_the_chart",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Movement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField(verbose_name="rang")),
                ("cents", models.PositiveBigIntegerField(verbose_name="montant en centimes")),
                (
                    "posting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="fund.posting",
                    ),
                ),
                (
                    "credit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="fund.runningbalance",
                        verbose_name="crédit",
                    ),
                ),
                (
                    "debit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debits",
                        to="fund.runningbalance",
                        verbose_name="débit",
                    ),
                ),
            ],
            options={
                "verbose_name": "mouvement",
                "verbose_name_plural": "mouvements",
                "ordering": ("posting_id", "rank"),
                "constraints": [
                    models.UniqueConstraint(fields=("posting", "rank"), name="fund_movement_once"),
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)), name="fund_movement_above_zero"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("debit", models.F("credit")), _negated=True),
                        name="fund_movement_between_two",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
