"""What a person may type to find a territory."""

from __future__ import annotations

from alliage.values.text import name_key

# Nobody looks for « Saint-Maur-des-Fossés » by typing « des » first.
_LINKS = frozenset({"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les",
                    "sous", "sur"})  # fmt: skip


def name_keys(name: str) -> tuple[str, ...]:
    """Return the folded name of a place, then its ends that start at a word.

    A search that matches the beginning of one of these keys has found the beginning of a word.

    Parameters
    ----------
    name : str
        Name of a place.

    Returns
    -------
    tuple of str
        Folded texts, the whole name first; ends that start with an article or a preposition are
        left out.

    Examples
    --------
    >>> name_keys("Saint-Maur-des-Fossés")
    ('saint maur des fosses', 'maur des fosses', 'fosses')
    """
    words = name_key(name).split()
    ends = (" ".join(words[rank:]) for rank in range(1, len(words)) if words[rank] not in _LINKS)
    return (" ".join(words), *dict.fromkeys(ends))
