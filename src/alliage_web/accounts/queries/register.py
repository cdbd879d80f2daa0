"""The register of the processing of personal data, which is published and followed.

It is data (``data/governance/processing.yaml``): what a person is given, what an erasure erases and
what the retention job removes are read here, whichever app owns the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import yaml
from django.apps import apps
from django.utils.translation import get_language

from alliage.values.datafiles import data_directory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model

#: What becomes of a field when the person is erased.
FieldFate = Literal["delete", "blank", "pseudonym", "keep", "trail"]
RuleAction = Literal["delete", "empty_folder", "erase_unused", "app"]

_TEXTS = (
    *("name", "purpose", "legal_basis", "people", "data", "recipients", "retention", "source"),
    *("transfers", "security"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """How a row is known to tell of a person.

    ``person``: a path leads to their account. ``address``: a field holds a verified address of
    theirs. ``named``: a field holds their number, written as ``form`` says. ``session``: the row is
    a session that they opened.
    """

    kind: Literal["person", "address", "named", "session"]
    field: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A table, and the rows of it that tell of a person in one way."""

    name: str
    """The label of the model, such as ``accounts.User``."""
    label: str
    link: Link
    deletes: bool
    """Whether an erasure deletes the row; it keeps it otherwise, and ``why`` says for what."""
    why: str
    fates: Mapping[str, FieldFate]
    hidden: frozenset[str]
    """Secrets: never shown, not even to the person."""
    trail: str
    """The word before the key of the row, in the name under which the trail tells of it."""

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.name)

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that the register names, the one that leads to the person included."""
        first = self.link.field.partition("__")[0]
        return (*self.fates, *(() if first in {"pk", *self.fates} else (first,)))

    @property
    def shown(self) -> tuple[str, ...]:
        """The fields that the person is given."""
        return tuple(name for name in self.fates if name not in self.hidden)


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """When something goes by itself."""

    code: str
    processing: str
    sentence: str
    action: RuleAction
    days: int
    name: str = ""
    """The label of the model whose rows go."""
    since: str = ""
    """The field that holds the moment from which the days are counted."""
    trail: str = ""
    folder: str = ""
    warn_days: int = 0
    """How long before an account goes its person is told."""
    months: int = 0
    """How long something is kept at most, where each thing has a date of its own."""


@dataclass(frozen=True, slots=True)
class Processing:
    """A line of the register of the processing of personal data."""

    code: str
    name: str
    purpose: str
    legal_basis: str
    people: str
    data: str
    recipients: str
    retention: str
    source: str
    transfers: str
    security: str
    tables: tuple[PersonalTable, ...]
    rules: tuple[RetentionRule, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields concerned, such as ``accounts.User.email``."""
        told = (f"{table.name}.{field}" for table in self.tables for field in table.fields)
        return tuple(dict.fromkeys(told))


@dataclass(frozen=True, slots=True)
class DerivedTable:
    """A table made from others, which an erasure makes again."""

    name: str
    made_from: str


def processing_register() -> tuple[Processing, ...]:
    """Return the register in the language of the page."""
    language = _language()
    rules = retention_rules()
    return tuple(_processing(line, rules, language) for line in _read()["processing"])


def personal_tables() -> tuple[PersonalTable, ...]:
    """Return every table that tells of people, in the order of the register."""
    return tuple(table for line in processing_register() for table in line.tables)


def retention_rules() -> tuple[RetentionRule, ...]:
    """Return the rules in the order in which the job applies them."""
    language = _language()
    return tuple(
        RetentionRule(
            code=line["code"],
            processing=line["processing"],
            sentence=line[f"sentence_{language}"],
            action=line["action"],
            days=line["days"],
            name=line.get("model", ""),
            since=line.get("since", ""),
            trail=line.get("trail", ""),
            folder=line.get("folder", ""),
            warn_days=line.get("warn_days", 0),
            months=line.get("months", 0),
        )
        for line in _read()["rules"]
    )


def derived_tables() -> tuple[DerivedTable, ...]:
    """Return the tables that are made from others."""
    language = _language()
    return tuple(
        DerivedTable(line["model"], line[f"from_{language}"]) for line in _read()["derived"]
    )


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "fr"


@cache
def _read() -> Any:
    path = data_directory() / "governance" / "processing.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _processing(
    line: Mapping[str, Any], rules: tuple[RetentionRule, ...], language: str
) -> Processing:
    return Processing(
        code=line["code"],
        tables=tuple(_table(table, language) for table in line["tables"]),
        rules=tuple(rule for rule in rules if rule.processing == line["code"]),
        **{text: line[f"{text}_{language}"] for text in _TEXTS},
    )


def _table(line: Mapping[str, Any], language: str) -> PersonalTable:
    return PersonalTable(
        name=line["model"],
        label=line[f"label_{language}"],
        link=_link(line),
        deletes=line["rows"] == "delete",
        why=line.get(f"why_{language}", ""),
        fates=dict(line["fields"]),
        hidden=frozenset(line.get("hidden", ())),
        trail=line.get("trail", ""),
    )


def _link(line: Mapping[str, Any]) -> Link:
    if "named" in line:
        return Link("named", line["named"]["field"], line["named"]["as"])
    if "address" in line:
        return Link("address", line["address"])
    return Link("session", line["session"]) if "session" in line else Link("person", line["person"])
