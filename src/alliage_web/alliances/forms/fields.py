"""Fields of alliances: dates known in part, places, and the alliance that another is part of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alliage.values.dates import PartialDate, PartialDateError, Precision, parse_words
from alliage.values.french import partial_date
from alliage_web.actors.forms import TerritoryField
from alliage_web.alliances.queries import find_by_code, suggest
from alliage_web.territories.queries import read_commune_codes, resolve
from alliage_web.ui.forms import ComboboxWidget

if TYPE_CHECKING:
    from decimal import Decimal

_COMMUNE = re.compile(r"(?i)(?:commune/)?(\d{5}|2[ab]\d{3})")


def written(date: str, precision: str = "") -> str:
    """Write a date as a person would type it, so that `parse_words` reads it back."""
    if not date:
        return ""
    language = "en" if (get_language() or "").startswith("en") else "fr"
    if precision == Precision.APPROXIMATE:
        about = "about" if language == "en" else "vers"
        return f"{about} {partial_date(date, language=language)}"
    return partial_date(date, precision or None, language=language)


class MomentField(forms.CharField):
    """A date as people write it: gives the date and how precisely it is known."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 60)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        return self.moment(text) if text else None

    def moment(self, text: str) -> tuple[PartialDate, Precision]:
        try:
            return parse_words(text)
        except PartialDateError as error:
            raise forms.ValidationError(
                _(
                    "« %(text)s » n’est pas une date. Écrivez une année (2014), un mois (2014-09 "
                    "ou septembre 2014), un jour, une saison (été 2020) ou « vers 2018 »."
                ),
                params={"text": text},
                code="not_a_date",
            ) from error


class PartialDateField(MomentField):
    """A date that is exact as far as it goes: gives its text, ``2014`` or ``2014-09``."""

    def clean(self, value: Any) -> str:
        found = super().clean(value)
        if found is None:
            return ""
        date, precision = found
        if precision is not date.precision:
            raise forms.ValidationError(
                _(
                    "« %(text)s » est trop imprécis ici. Écrivez une année (%(year)s), un mois ou "
                    "un jour."
                ),
                params={"text": value, "year": date.year},
                code="loose",
            )
        return str(date)


def shown_number(value: Decimal | None) -> str:
    """Write a number as a person types it: no final zero, the mark of the language."""
    if value is None:
        return ""
    english = (get_language() or "").startswith("en")
    return f"{value.normalize():f}".replace(".", "." if english else ",")


class NumberField(forms.DecimalField):
    """A number with spaces between thousands if one likes, and a comma or a point."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Any:
        text = re.sub(r"\s", "", str(value or "")).replace(",", ".")
        return super().to_python(text)


class PlaceField(TerritoryField):
    """One territory; the code of a commune that is no more leads to the one that took its place."""

    def clean(self, value: Any) -> str:
        code = _COMMUNE.fullmatch((value or "").strip())
        if code:
            reading = read_commune_codes([code[1].upper()])[code[1].upper()]
            if reading.successors:
                names = ", ".join(f"{place.name} ({place.code})" for place in reading.successors)
                raise forms.ValidationError(
                    _("%(code)s n’est plus le code d’une commune. Écrivez : %(names)s."),
                    params={"code": code[1], "names": names},
                    code="retired",
                )
        level, slash, named = (value or "").strip().partition("/")
        if slash and resolve(level, named):
            # It may be gone from the vintage in force: an alliance that acted there keeps it.
            return f"{level}/{named}"
        return super().clean(value)


class AllianceWidget(ComboboxWidget):
    """Shows the title of the alliance that the value names."""

    def __init__(self) -> None:
        super().__init__(endpoint=reverse_lazy("alliances:suggest"))  # type: ignore[arg-type]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        found = find_by_code(value) if value else None
        context["widget"] |= (
            {"text": found.display_title} if found else {"text": value or "", "value": ""}
        )
        return context


class AllianceField(forms.CharField):
    """Another alliance, as its identifier; empty if none is given."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=AllianceWidget(), max_length=200, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text or find_by_code(text):
            return text
        found = suggest(text, limit=5)
        if len(found) == 1:
            return found[0].code
        titles = " ; ".join(item.title for item in found)
        raise forms.ValidationError(
            _("« %(text)s » peut être : %(titles)s. Choisissez-en une dans la liste.")
            if found
            else _("« %(text)s » n’est le titre d’aucune alliance. Choisissez-la dans la liste."),
            params={"text": text, "titles": titles},
            code="ambiguous" if found else "unknown",
        )
