"""Visits, warnings, closing and renewals."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("fund", "0007_reports")]

    operations = []
