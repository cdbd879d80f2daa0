"""Reports, what they deliver to funds, indicators and reminders."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("fund", "0006_agreements")]

    operations = []
