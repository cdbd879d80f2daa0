"""Fields that a person has to fill in the end, and may leave empty until then."""

from __future__ import annotations

from typing import Any

from django import forms


class ChoiceLaterField(forms.ChoiceField):
    """A choice that is not said to be optional; what is missing is told when it counts."""

    def validate(self, value: Any) -> None:
        if value not in self.empty_values:
            super().validate(value)


class TextLaterField(forms.CharField):
    """A text that is not said to be optional."""

    def validate(self, value: Any) -> None:
        if value not in self.empty_values:
            super().validate(value)
