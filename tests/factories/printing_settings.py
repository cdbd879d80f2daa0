"""The settings of the platform without its tables, for the site of one address that prints."""

from __future__ import annotations

from alliage_web.config.settings import *  # noqa: F403

# The one that a check asks for; the others read tables or files of the platform.
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
ROOT_URLCONF = "tests.factories.printing_site"
