"""Collect the French source texts, keep their English translation, compile it.

Python alone: Babel reads the sources, so that GNU gettext is not needed. With ``--check``, nothing
is written and the command fails when a text has no translation or the compiled file is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polib
from babel.messages.extract import extract_from_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "alliage_web"
CATALOGUE = SOURCES / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def _django_template(path: Path) -> Iterator[tuple[str | None, str, str | None]]:
    """Give (context, message, plural) of a Django template, as Django itself reads it."""
    from django.utils.translation.template import templatize

    code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    from io import BytesIO

    from babel.messages.extract import extract

    for _line, message, _comments, context in extract(
        "python", BytesIO(code.encode()), keywords=KEYWORDS
    ):
        yield from _parts(message, context)


def _parts(
    message: str | tuple[str, ...], context: str | None
) -> Iterator[tuple[str | None, str, str | None]]:
    if isinstance(message, tuple):
        yield context, message[0], message[1]
    elif message:
        yield context, message, None


def collect() -> dict[tuple[str | None, str], tuple[str | None, set[str]]]:
    """Return, for each message, its plural and the files where it stands."""
    found: dict[tuple[str | None, str], tuple[str | None, set[str]]] = {}

    def add(context: str | None, message: str, plural: str | None, where: str) -> None:
        known_plural, places = found.setdefault((context, message), (plural, set()))
        places.add(where)
        found[context, message] = (known_plural or plural, places)

    for name, _line, message, _comments, context in extract_from_dir(
        SOURCES, [("**.py", "python")], keywords=KEYWORDS
    ):
        for part in _parts(message, context):
            add(*part, where=name)
    for path in sorted(SOURCES.rglob("templates/**/*.*")):
        if path.suffix in {".html", ".txt"}:
            for part in _django_template(path):
                add(*part, where=str(path.relative_to(SOURCES)))
    return found


def update(catalogue: polib.POFile) -> None:
    """Bring the catalogue to the sources: keep translations, add and drop messages."""
    known = {(entry.msgctxt, entry.msgid): entry for entry in catalogue}
    catalogue.clear()
    for (context, message), (plural, places) in sorted(
        collect().items(), key=lambda item: (min(item[1][1]), item[0][1])
    ):
        entry = known.get((context, message)) or polib.POEntry(msgid=message, msgctxt=context)
        if plural and not entry.msgid_plural:
            entry.msgid_plural, entry.msgstr = plural, ""
            entry.msgstr_plural = {0: "", 1: ""}
        entry.occurrences = [(place, "") for place in sorted(places)]
        entry.flags = []
        catalogue.append(entry)


def untranslated(catalogue: polib.POFile) -> list[str]:
    return [entry.msgid for entry in catalogue if not entry.translated()]


def main(arguments: list[str]) -> int:
    import django
    from django.conf import settings

    settings.configure(USE_I18N=True)
    django.setup()
    before = CATALOGUE.read_text(encoding="utf-8") if CATALOGUE.exists() else ""
    catalogue = polib.pofile(str(CATALOGUE), wrapwidth=98) if before else polib.POFile(wrapwidth=98)
    catalogue.metadata = {
        "Project-Id-Version": "Alliage",
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    update(catalogue)
    missing = untranslated(catalogue)
    compiled = CATALOGUE.with_suffix(".mo")
    if "--check" in arguments:
        stale = str(catalogue) + "\n" != before and str(catalogue) != before
        stale |= not compiled.exists() or compiled.read_bytes() != catalogue.to_binary()
        for message in missing[:20]:
            print(f"No English translation: {message!r}")
        if stale:
            print("The English catalogue is stale: run make messages.")
        return int(bool(missing) or stale)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(CATALOGUE))
    compiled.write_bytes(catalogue.to_binary())
    print(f"{len(catalogue)} messages, {len(missing)} without translation.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
