"""E-mail addresses inside texts."""

from __future__ import annotations

import re
from typing import Any, Final

#: What stands in the place of an address.
MASK: Final = "[adresse électronique]"

# Bounded, so that a long text without any address is read in a time that its length bounds.
_ADDRESS = re.compile(r"[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}")


def without_addresses(value: Any) -> Any:
    """Replace every e-mail address in a JSON value by ``MASK``, names of fields excepted.

    Parameters
    ----------
    value : JSON value
        A text, a number, a boolean, None, or lists and dictionaries of them.

    Returns
    -------
    JSON value
        The same where no text holds an address.

    Examples
    --------
    >>> without_addresses({"note": [None, "Écrire à lou@example.org."]})
    {'note': [None, 'Écrire à [adresse électronique].']}
    """
    if isinstance(value, str):
        return _ADDRESS.sub(MASK, value) if "@" in value else value
    if isinstance(value, list | tuple):
        return [without_addresses(item) for item in value]
    if isinstance(value, dict):
        return {name: without_addresses(item) for name, item in value.items()}
    return value
