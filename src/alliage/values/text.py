"""Text folded to what people compare when they search for a name."""

from __future__ import annotations

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})
_SAINTS = (
    (re.compile(r"\bste\b"), "sainte"),
    (re.compile(r"\bst\b"), "saint"),
)


def fold(text: str) -> str:
    """Lower case, no accent, no ligature, one space between words of letters and digits.

    Examples
    --------
    >>> fold("Saint-Germain-lès-Arpajon")
    'saint germain les arpajon'
    >>> fold("L'Œuvre d’ici")
    'l oeuvre d ici'
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"[^0-9a-z]+", " ", bare.casefold()).strip()


def name_key(text: str) -> str:
    """Fold a place or organisation name, and write « st » and « ste » in full.

    Examples
    --------
    >>> name_key("st mandé") == name_key("Saint-Mandé")
    True
    """
    key = fold(text)
    for pattern, replacement in _SAINTS:
        key = pattern.sub(replacement, key)
    return key


def slug(text: str, *, limit: int = 80) -> str:
    """Make an address part of a title, cut at a word.

    Examples
    --------
    >>> slug("Déconfin’Action – animation estivale 2020")
    'deconfin-action-animation-estivale-2020'
    """
    words = fold(text).split()
    kept: list[str] = []
    for word in words:
        if kept and len("-".join([*kept, word])) > limit:
            break
        kept.append(word)
    return "-".join(kept)[:limit]
