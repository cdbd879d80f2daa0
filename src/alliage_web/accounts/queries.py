"""Who holds which role, and what is done with personal data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml
from django.utils.translation import get_language

from alliage.values.datafiles import data_directory

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User


def roles_of(user: User | AnonymousUser) -> frozenset[str]:
    """Return the codes of the roles that a person holds; read once per request."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    return user.role_codes


@dataclass(frozen=True, slots=True)
class Processing:
    """A line of the register of the processing of personal data."""

    code: str
    name: str
    purpose: str
    legal_basis: str
    data: str
    retention: str
    fields: tuple[str, ...]


def processing_register() -> list[Processing]:
    """Return the register in the language of the page."""
    path = data_directory() / "governance" / "processing.yaml"
    language = "en" if (get_language() or "").startswith("en") else "fr"
    lines = yaml.safe_load(path.read_text(encoding="utf-8"))["processing"]
    texts = ("name", "purpose", "legal_basis", "data", "retention")
    return [
        Processing(
            code=line["code"],
            fields=tuple(line["fields"]),
            **{text: line[f"{text}_{language}"] for text in texts},
        )
        for line in lines
    ]
