"""Fields that name a territory or an organisation, with or without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from alliage_web.actors.queries import identify as identify_organisation
from alliage_web.territories.queries import identify as identify_territory
from alliage_web.ui.forms import ComboboxWidget

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alliage_web.actors.queries import OrganisationSuggestion
    from alliage_web.territories.queries import Suggestion

_SHOWN = 4


class TerritoryWidget(ComboboxWidget):
    """Shows the name of the territory that the value names."""

    def __init__(self, *, levels: Sequence[str] = ()) -> None:
        self.query = "&".join(f"niveau={level}" for level in levels)
        self.found: dict[str, Suggestion] = {}
        super().__init__(endpoint="")

    def __deepcopy__(self, memo: dict[int, Any]) -> TerritoryWidget:
        # Each form has its own copy: what one person typed is not shown to another.
        copied: TerritoryWidget = super().__deepcopy__(memo)
        copied.found = {}
        return copied

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        # Addresses are not known yet when the class of a form is read.
        context["widget"]["endpoint"] = f"{reverse('territories:suggest')}?{self.query}"
        chosen = self.found.get(value) or (_named_by_key(value) if value else None)
        if chosen:
            context["widget"] |= {"text": chosen.name, "value": chosen.value}
        elif value:
            # What was typed means nothing yet: it is the text, not a value.
            context["widget"] |= {"text": value, "value": ""}
        return context


def _named_by_key(key: str) -> Suggestion | None:
    found = identify_territory(key) if "/" in key else []
    return found[0] if found else None


class OrganisationWidget(ComboboxWidget):
    """Shows the name of the organisation that the value names."""

    def __init__(self) -> None:
        super().__init__(endpoint="")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["endpoint"] = reverse("actors:suggest")
        found = identify_organisation(value) if value else []
        if len(found) == 1:
            context["widget"] |= {"text": found[0].name, "value": found[0].value}
        elif value:
            context["widget"] |= {"text": value, "value": ""}
        return context


class TerritoryField(forms.CharField):
    """One territory, as ``level/code``; empty if none is given."""

    def __init__(self, *, levels: Sequence[str] = (), **kwargs: Any) -> None:
        self.levels = tuple(levels)
        super().__init__(widget=TerritoryWidget(levels=levels), max_length=200, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        chosen = territory_named(text, self.levels)
        assert isinstance(self.widget, TerritoryWidget)
        self.widget.found |= {text: chosen, chosen.value: chosen}
        return chosen.value

    def chosen(self, key: str) -> Suggestion | None:
        """Give the territory of a key that was found by this field."""
        assert isinstance(self.widget, TerritoryWidget)
        return self.widget.found.get(key)


def territory_named(text: str, levels: Sequence[str] = ()) -> Suggestion:
    """Find the one territory that a text means, or say which ones it may mean."""
    found = identify_territory(text, levels=levels or None)
    by_value = {item.value: item for item in found}
    return by_value[_the_one(text, [(item.value, _told(item)) for item in found])]


class OrganisationField(forms.CharField):
    """One organisation, as its slug; empty if none is given."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=OrganisationWidget(), max_length=200, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        found = identify_organisation(text)
        return _the_one(text, [(item.value, _presented(item)) for item in found])


class TerritoriesWidget(forms.Widget):
    """The territories chosen, each with a box to drop it, and a combobox to add one."""

    template_name = "actors/forms/territories.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.found: dict[str, Suggestion] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> TerritoriesWidget:
        copied: TerritoriesWidget = super().__deepcopy__(memo)
        copied.found = {}
        return copied

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        chosen, typed = [], ""
        for item in value or []:
            place = self.found.get(item) or _named_by_key(item)
            if place:
                chosen.append((place.value, place.name, place.context))
            else:
                typed = item
        context["widget"] |= {
            "chosen": chosen,
            "adding": TerritoryWidget().get_context(
                f"{name}_add", typed, {"id": f"{context['widget']['attrs'].get('id', name)}_add"}
            )["widget"],
        }
        return context

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Mapping[str, Any], name: str
    ) -> list[str]:
        _files = files
        kept = data.getlist(name) if hasattr(data, "getlist") else list(data.get(name, []))
        added = data.get(f"{name}_add") or data.get(f"{name}_add_text") or ""
        return list(dict.fromkeys(filter(None, (*kept, added.strip()))))

    def id_for_label(self, id_: str) -> str:  # noqa: ARG002 - a group has no one input to point to
        return ""


class TerritoriesField(forms.Field):
    """Territories, as sorted ``level/code``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=TerritoriesWidget(), **kwargs)

    def clean(self, value: Any) -> tuple[str, ...]:
        texts: list[str] = super().clean(value) or []
        found = {text: territory_named(text) for text in texts}
        assert isinstance(self.widget, TerritoriesWidget)
        self.widget.found |= found
        return tuple(sorted({place.value for place in found.values()}))


def _told(item: Suggestion) -> str:
    context = item.context or str(item.level_label)
    return _("%(name)s, %(context)s, code %(code)s") % {
        "name": item.name,
        "context": context,
        "code": item.code,
    }


def _presented(item: OrganisationSuggestion) -> str:
    return f"{item.name} ({item.context})" if item.context else item.name


def _the_one(text: str, found: Iterable[tuple[str, str]]) -> str:
    candidates = list(found)
    if len(candidates) == 1:
        return candidates[0][0]
    if not candidates:
        raise forms.ValidationError(
            _("« %(text)s » n’a pas été trouvé. Vérifiez le nom, ou tapez un code."),
            params={"text": text},
            code="unknown",
        )
    shown = _(" ; ").join(told for _value, told in candidates[:_SHOWN])
    raise forms.ValidationError(
        _("« %(text)s » peut être : %(names)s. Précisez le nom ou tapez le code."),
        params={"text": text, "names": shown},
        code="ambiguous",
    )
