"""What the forms of raised resources and of legal facts need."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("fund", "0008_follow_up")]

    operations = []
