"""Collect the French source texts, keep their English translation, compile both catalogues.

Python alone: Babel reads the sources, so that GNU gettext is not needed. With ``--check``, nothing
is written and the command fails when a text has no translation or a compiled file is stale.

English is translated by hand in its catalogue. French is the language of the sources: its catalogue
is written here, and only holds the messages with a plural, for the French rule (« 0 alliance » is a
singular) that Django cannot guess for a source language.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import polib
from babel.messages.extract import extract, extract_from_dir
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "alliage_web"
PLURAL_RULES = {
    "en": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


@dataclass(slots=True)
class Message:
    """One text of the interface, wherever it stands."""

    context: str | None
    singular: str
    plural: str | None = None
    places: set[str] = field(default_factory=set)


def collect(sources: Path = SOURCES) -> list[Message]:
    """Return the messages of the Python modules and of the templates, in the order of files."""
    found: dict[tuple[str | None, str], Message] = {}
    for place, text, context in (*_in_modules(sources), *_in_templates(sources)):
        singular, plural = text if isinstance(text, tuple) else (text, None)
        if not singular:
            continue
        message = found.setdefault((context, singular), Message(context, singular))
        message.plural = message.plural or plural
        message.places.add(place)
    return sorted(found.values(), key=lambda m: (min(m.places), m.singular, m.context or ""))


def _in_modules(sources: Path) -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    for place, _line, text, _comments, context in extract_from_dir(
        sources, [("**.py", "python")], keywords=KEYWORDS
    ):
        yield place, text, context


def _in_templates(sources: Path) -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    for path in sorted(sources.rglob("templates/**/*.*")):
        if path.suffix not in {".html", ".txt"}:
            continue
        code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        # Django keeps the indentation of the template, which is not the one of a Python module.
        flat = "\n".join(line.lstrip() for line in code.splitlines())
        for _line, text, _comments, context in extract(
            "python", BytesIO(flat.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            yield path.relative_to(sources).as_posix(), text, context


def catalogue_path(language: str) -> Path:
    return SOURCES / "locale" / language / "LC_MESSAGES" / "django.po"


def _empty(language: str) -> polib.POFile:
    catalogue = polib.POFile(wrapwidth=98)
    catalogue.metadata = {
        "Project-Id-Version": "Alliage",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURAL_RULES[language],
    }
    return catalogue


def _entry(message: Message, **translation: object) -> polib.POEntry:
    return polib.POEntry(
        msgctxt=message.context,
        msgid=message.singular,
        msgid_plural=message.plural or "",
        occurrences=[(place, "") for place in sorted(message.places)],
        **translation,
    )


def english(messages: list[Message], known: polib.POFile) -> polib.POFile:
    """Bring the English catalogue to the sources: keep translations, add and drop messages."""
    translated = {(e.msgctxt, e.msgid, e.msgid_plural or None): e for e in known}
    catalogue = _empty("en")
    for message in messages:
        old = translated.get((message.context, message.singular, message.plural))
        if message.plural:
            forms = dict(old.msgstr_plural) if old else {0: "", 1: ""}
            catalogue.append(_entry(message, msgstr_plural=forms))
        else:
            catalogue.append(_entry(message, msgstr=old.msgstr if old else ""))
    return catalogue


def french(messages: list[Message]) -> polib.POFile:
    """Return the catalogue that gives its French rule to each message with a plural."""
    catalogue = _empty("fr")
    for message in messages:
        if message.plural:
            forms = {0: message.singular, 1: message.plural}
            catalogue.append(_entry(message, msgstr_plural=forms))
    return catalogue


def catalogues() -> dict[str, polib.POFile]:
    """Return what the files of the two languages must hold."""
    messages = collect()
    path = catalogue_path("en")
    known = polib.pofile(str(path)) if path.exists() else polib.POFile()
    return {"en": english(messages, known), "fr": french(messages)}


def untranslated(catalogue: polib.POFile) -> list[str]:
    return [entry.msgid for entry in catalogue if not entry.translated()]


def stale(language: str, catalogue: polib.POFile) -> bool:
    """Return whether the files of a language are not the ones of the sources."""
    source = catalogue_path(language)
    compiled = source.with_suffix(".mo")
    if not source.exists() or not compiled.exists():
        return True
    return (
        source.read_text(encoding="utf-8") != f"{catalogue}\n"
        or compiled.read_bytes() != catalogue.to_binary()
    )


def check() -> list[str]:
    """Return what is wrong with the catalogues, one sentence each."""
    current = catalogues()
    return [
        *(f"No English translation: {text!r}" for text in untranslated(current["en"])),
        *(
            f"The catalogue of {language!r} is stale: run make messages."
            for language, catalogue in current.items()
            if stale(language, catalogue)
        ),
    ]


def write() -> None:
    """Write and compile the catalogues."""
    for language, catalogue in catalogues().items():
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{catalogue}\n", encoding="utf-8")
        path.with_suffix(".mo").write_bytes(catalogue.to_binary())
        missing = len(untranslated(catalogue))
        print(f"{language}: {len(catalogue)} messages, {missing} without translation.")


def main(arguments: list[str]) -> int:
    from django.conf import settings

    settings.configure(USE_I18N=True)
    if "--check" not in arguments:
        write()
        return 0
    faults = check()
    for fault in faults[:20]:
        print(fault)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
