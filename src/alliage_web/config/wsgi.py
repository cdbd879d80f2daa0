"""The application that a WSGI server loads."""

from __future__ import annotations

import os

from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")

application = get_wsgi_application()

# Whatever the server that loads this, production never serves the database of a demonstration.
for _message in run_checks(tags=[Tags.database], databases=["default"]):
    if _message.is_serious():
        _refusal = f"{_message.msg} {_message.hint}"
        raise ImproperlyConfigured(_refusal)
