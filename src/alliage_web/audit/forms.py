"""A form that counts once, however often it is sent."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms


class OnceForm(forms.Form):
    """Base of the forms that create: a token drawn with the empty form travels with it."""

    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Drawn once per form: the field's initial would be drawn again at each reading.
        self.initial.setdefault("submission", uuid4())
