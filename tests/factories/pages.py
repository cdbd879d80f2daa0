"""Reading a page as a person does."""

from __future__ import annotations

from typing import Any


def read(response: Any) -> str:
    """Return the page with plain spaces: texts hold French non-breaking ones."""
    page: str = response.content.decode()
    return page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
