"""Triggers that let rows be added and nothing else.

Two changes are let through: an event that is not in the chain enters it, and a personal value is
emptied. On SQLite, ``OR REPLACE`` removes rows without asking the triggers of removal: the triggers
of insertion and update look for what it would replace.

A later migration that makes one of these tables again (as SQLite does for most changes) loses its
triggers: it has to end with ``install``.
"""

from django.db import migrations

_EVENT = (
    "id",
    "at",
    "by",
    "on_behalf_of",
    "kind",
    "target",
    "submission",
    "changes",
    "request_id",
    "request_line",
)
_PERSONAL = ("id", "event_id", "field", "about", "commitment")
_EVENT_RULE = "audit_event is append-only: an event is neither changed nor removed."
_PERSONAL_RULE = (
    "audit_personalvalue is append-only: a personal value is emptied, never changed nor removed."
)


def _same(columns, operator):
    return " AND ".join(f'NEW."{column}" {operator} OLD."{column}"' for column in columns)


def _sqlite():
    enters = (
        "OLD.position IS NULL AND NEW.position IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM audit_event WHERE position = NEW.position) AND "
        + _same(_EVENT, "IS")
    )
    emptied = "OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.value IS NULL AND " + _same(
        _PERSONAL, "IS"
    )
    replaces_event = (
        "EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id) "
        "OR EXISTS (SELECT 1 FROM audit_event WHERE position = NEW.position) "
        "OR EXISTS (SELECT 1 FROM audit_event WHERE submission = NEW.submission)"
    )
    replaces_personal = (
        "EXISTS (SELECT 1 FROM audit_personalvalue WHERE id = NEW.id) OR EXISTS (SELECT 1 "
        "FROM audit_personalvalue WHERE event_id = NEW.event_id AND field = NEW.field)"
    )
    for table, moment, refused, rule in (
        ("audit_event", "DELETE", "1", _EVENT_RULE),
        ("audit_event", "UPDATE", f"NOT ({enters})", _EVENT_RULE),
        ("audit_event", "INSERT", replaces_event, _EVENT_RULE),
        ("audit_personalvalue", "DELETE", "1", _PERSONAL_RULE),
        ("audit_personalvalue", "UPDATE", f"NOT ({emptied})", _PERSONAL_RULE),
        ("audit_personalvalue", "INSERT", replaces_personal, _PERSONAL_RULE),
    ):
        name = f"{table}_{moment.lower()}_guard"
        yield (
            f"CREATE TRIGGER {name} BEFORE {moment} ON {table} FOR EACH ROW WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{rule}'); END"
        )


def _postgresql():
    for table, columns, allowed, rule in (
        (
            "audit_event",
            _EVENT,
            "OLD.position IS NULL AND NEW.position IS NOT NULL",
            _EVENT_RULE,
        ),
        (
            "audit_personalvalue",
            _PERSONAL,
            "OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.value IS NULL",
            _PERSONAL_RULE,
        ),
    ):
        same = _same(columns, "IS NOT DISTINCT FROM")
        yield f"""
            CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF TG_OP = 'UPDATE' THEN
                IF {allowed} AND {same} THEN RETURN NEW; END IF;
              END IF;
              RAISE EXCEPTION '{rule}' USING ERRCODE = 'integrity_constraint_violation';
            END $$
        """
        yield (
            f"CREATE TRIGGER {table}_row_guard BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_guard()"
        )
        yield (
            f"CREATE TRIGGER {table}_truncate_guard BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_guard()"
        )


def install(_apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in _postgresql() if vendor == "postgresql" else _sqlite():
        schema_editor.execute(statement)


def remove(_apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in ("audit_event", "audit_personalvalue"):
        if postgresql:
            schema_editor.execute(f"DROP FUNCTION {table}_guard() CASCADE")
        else:
            for moment in ("delete", "update", "insert"):
                schema_editor.execute(f"DROP TRIGGER {table}_{moment}_guard")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
