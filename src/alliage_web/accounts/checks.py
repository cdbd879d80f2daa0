"""A demonstration is never production: its database says that it is one, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import OperationalError, connection

from alliage_web.audit.queries import history

from .models import User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.checks import CheckMessage

#: Under this name the trail says that demonstration accounts were made: nobody can erase it.
MARK: Final = "platform:demonstration"
#: Where the demonstration accounts have their addresses; no message reaches them.
DOMAIN: Final = "@demo.example"


def is_marked() -> bool:
    """Tell whether the trail says that this is the database of a demonstration."""
    return bool(history(MARK, limit=1))


def is_demonstration() -> bool:
    """Tell whether demonstration accounts are, or were, in this database."""
    return is_marked() or User.objects.filter(email__endswith=DOMAIN).exists()


@register(Tags.database)
def refuse_demonstration(
    databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Refuse that production serves the database of a demonstration.

    The passwords of its accounts were printed on a screen. The check runs before tables are
    changed and before the server starts.
    """
    if not settings.PRODUCTION or not databases or not _has_tables() or not is_demonstration():
        return []
    return [
        Error(
            "This database is that of a demonstration: passwords of its accounts were printed.",
            hint=(
                "Give production an empty database (DATABASE_URL or ALLIAGE_VAR), then run "
                "alliage-web migrate: docs/how-to/deploy.md."
            ),
            id="alliage.E001",
        )
    ]


def _has_tables() -> bool:
    try:
        return User._meta.db_table in connection.introspection.table_names()  # noqa: SLF001
    except OperationalError:
        # A database that does not answer says so elsewhere, with its own words.
        return False
