"""How Django's forms are written: our templates for fields, errors and widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.renderers import DjangoTemplates

if TYPE_CHECKING:
    from collections.abc import Mapping


class Renderer(DjangoTemplates):
    """Set by ``FORM_RENDERER``: labels above, hints, and errors linked to their field."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"


class ComboboxWidget(forms.TextInput):
    """A text input that suggests; the chosen value is sent under the field's name.

    Without JavaScript only the typed text is sent, and the form must resolve it:
    ``value_from_datadict`` gives the chosen value if there is one, else the text.
    """

    template_name = "ui/forms/combobox.html"

    def __init__(
        self, *, endpoint: str, text: str = "", attrs: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(attrs=dict(attrs or {}))
        self.endpoint = endpoint
        self.text = text

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the endpoint and the text of the value to the widget's context."""
        context = super().get_context(name, value, attrs)
        context["widget"] |= {"endpoint": self.endpoint, "text": self.text or (value or "")}
        return context

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Mapping[str, Any], name: str
    ) -> Any:
        """Prefer the chosen value to the typed text, unless another text was typed over it."""
        _ = files
        typed = data.get(f"{name}_text")
        # Only without JavaScript is the text that was shown sent back: the chosen value then stays
        # in the form when the person types another text.
        if data.get(f"{name}_shown", typed) != typed:
            return typed
        return data.get(name) or typed
