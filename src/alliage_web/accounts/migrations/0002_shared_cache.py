"""The table of the cache that all processes share: it counts the attempts to sign in."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def remove(apps, schema_editor):
    schema_editor.execute("DROP TABLE shared_cache")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        # Tables of others come before most of ours: Django renders each model again at each of
        # their changes, and there are few models yet.
        (
            "modelsearch",
            "0004_rename_modelsear_autocom_476c89_gin_modelsearch_autocom_ea8581_gin_and_more",
        ),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        ("usersessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(create, remove)]
