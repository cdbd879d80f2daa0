"""Finding an address or a name in the texts of the platform, whichever table holds them.

People are also named in what others wrote: the story of an alliance, the note of a reviewer. No
foreign key leads there, so that every text of every table is read.
"""
# ruff: noqa: SLF001 - ``_meta`` and ``_base_manager`` are Django's documented introspection

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from .register import derived_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from django.db.models import Field, Model, QuerySet

#: Letters that every database finds whatever their capitals, and that no escape hides.
_PLAIN = re.compile(r"[A-Za-z0-9.@_+-]+")
_TEXTS = (models.CharField, models.TextField, models.JSONField)
#: Apps that hold what the program says, what only one person says of themselves, the trail, or the
#: index of the search, whose tables differ between databases.
_APART = frozenset(
    {
        *("account", "audit", "auth", "contenttypes", "mfa", "modelsearch", "sessions"),
        *("socialaccount", "usersessions"),
    }
)
_PEOPLE = "accounts.User"
#: Shorter fields hold codes and numbers.
_LONGEST_CODE = 20
#: An assertion is a part of a divergence, which is a part of an alliance.
_FARTHEST_OWNER = 4


@dataclass(frozen=True, slots=True)
class Trace:
    """A text that holds an address or a name."""

    row: Model
    field: str
    """The name of the field in its model."""
    extract: str
    """Some words around it."""

    @property
    def label(self) -> str:
        """What the field is called in the interface."""
        return str(getattr(self.row._meta.get_field(self.field), "verbose_name", self.field))

    @property
    def kind(self) -> str:
        return str(self.row._meta.verbose_name)

    @property
    def owner(self) -> Model:
        """The object whose page shows this text: the row itself, or the one it is a part of."""
        return owner_of(self.row)


def addresses_in_texts(addresses: Iterable[str]) -> list[Trace]:
    """Return the texts that hold one of these addresses, table by table, in the order of the keys.

    Capitals do not count; a longer address that holds it does not either: « lou@example.org » is
    not found in « marilou@example.org ». Tables that the register says are made from others are not
    read, nor accounts and the trail, of which an erasure takes care by itself.
    """
    return _traces(list(filter(None, addresses)), str)


def names_in_texts(name: str) -> list[Trace]:
    """Return the texts that hold a name, in either order of its words, accents and capitals aside.

    They may tell of somebody else who has the same name.
    """
    first, _space, last = name.strip().rpartition(" ")
    forms = {name.strip(), f"{last} {first}".strip()}
    return _traces(sorted(filter(None, forms)), _flat)


def whole(words: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern that finds these words where nothing lengthens them."""
    told = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w.+%'-])(?:{told})(?![\w@-]|\.\w)", re.IGNORECASE)


def _traces(words: list[str], reads: Callable[[str], str]) -> list[Trace]:
    if not words:
        return []
    pattern = whole([reads(word) for word in words])
    return [
        trace for model in free_text_models() for trace in _in_table(model, words, pattern, reads)
    ]


def _flat(text: str) -> str:
    """Write a text without accents or capitals, letter for letter."""
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] for letter in text)


def free_text_models() -> list[type[Model]]:
    """Return the models that hold texts which people write."""
    made = {table.name for table in derived_tables()} | {_PEOPLE}
    return [
        model
        for model in apps.get_models()
        if model._meta.label not in made
        and model._meta.app_label not in _APART
        and model._meta.managed
        and any(text_fields(model))
    ]


def text_fields(model: type[Model]) -> Iterator[Field[Any, Any]]:
    """Give the fields of a model in which a person may have been named."""
    for field in model._meta.concrete_fields:
        if not isinstance(field, _TEXTS) or field.choices or field.primary_key:
            continue
        if field.max_length is None or field.max_length > _LONGEST_CODE:
            yield field


def owner_of(row: Model) -> Model:
    """Return the object that a row is a part of: it has a name in the trail, or stands alone."""
    near = [row]
    for _step in range(_FARTHEST_OWNER):
        for found in near:
            if hasattr(found, "stable_name"):
                return found
        near = [parent for found in near for parent in _parents(found)]
    return row


def _parents(row: Model) -> Iterator[Model]:
    """Give what a row points to; whoever wrote it does not contain it."""
    for field in row._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and field.related_model._meta.label != _PEOPLE:
            parent = getattr(row, field.name)
            if parent is not None:
                yield parent


def _in_table(
    model: type[Model], words: list[str], pattern: re.Pattern[str], reads: Callable[[str], str]
) -> Iterator[Trace]:
    fields = list(text_fields(model))
    for row in _candidates(model, fields, words).order_by("pk"):
        for field in fields:
            text = as_text(getattr(row, field.attname))
            found = pattern.search(reads(text))
            if found:
                yield Trace(row, field.name, _around(text, found))


def _candidates(
    model: type[Model], fields: list[Field[Any, Any]], words: list[str]
) -> QuerySet[Model]:
    """Give the rows that may hold a word: their texts are then read letter by letter.

    The database is asked for a part of the word that it finds for sure: SQLite knows no capitals
    with accents, and writes letters with accents as escapes in a JSON column.
    """
    rows = model._base_manager.all()
    told = Q(pk__in=())
    parts = {max(_PLAIN.findall(word), key=len, default="") for word in words}
    for number, field in enumerate(fields):
        name = field.name
        if isinstance(field, models.JSONField):
            name = f"text_{number}"
            rows = rows.annotate(**{name: Cast(field.name, models.TextField())})
        for part in parts:
            told |= Q(**{f"{name}__icontains": part})
    return rows.filter(told)


def as_text(value: object) -> str:
    """Write a value so that a word can be looked for in it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _around(text: str, found: re.Match[str]) -> str:
    start, end = max(0, found.start() - 60), found.end() + 60
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
