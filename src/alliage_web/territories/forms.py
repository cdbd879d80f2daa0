"""The form of a perimeter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.territories.levels import Level
from alliage_web.audit.forms import OnceForm
from alliage_web.ui.forms import ComboboxWidget

from . import queries
from .models import Perimeter, Territory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .queries import CodeReading

MOST_COMMUNES = 5_000
_SHOWN_ERRORS = 20
_LOOKS_LIKE_A_CODE = re.compile(r"\d[\dABab]\d{3}")
_SEPARATORS = re.compile(r"[\s;,|]+")


class PerimeterForm(OnceForm):
    """A perimeter: its name, what it is, and its communes as INSEE codes, one a line."""

    name = forms.CharField(label=gettext_lazy("Nom du périmètre"), max_length=120, strip=True)
    kind = forms.ChoiceField(label=gettext_lazy("Nature"), choices=Perimeter.Kind.choices)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("À quoi sert ce périmètre, qui l’a choisi, depuis quand."),
    )
    add = forms.CharField(
        label=gettext_lazy("Ajouter une commune"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Nom, code postal ou code INSEE, puis « Ajouter »."),
    )
    codes = forms.CharField(
        label=gettext_lazy("Communes du périmètre"),
        error_messages={
            "required": gettext_lazy("Aucune commune n’est indiquée. Ajoutez-en au moins une.")
        },
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Un code INSEE par ligne ; ce qui suit le code est ignoré. Vous pouvez coller une "
            "colonne d’un tableur. Pour retirer une commune, effacez sa ligne."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["add"].widget = ComboboxWidget(
            endpoint=reverse("territories:suggest", query={"niveau": Level.COMMUNE.value})
        )

    def clean_codes(self) -> list[Territory]:
        """Return the communes, each once; name the line and the remedy of each code that is not."""
        lines = list(codes_by_line(self.cleaned_data["codes"]))
        readings = queries.read_commune_codes(code for _line, code in lines)
        communes = {
            reading.commune.pk: reading.commune
            for _line, code in lines
            if (reading := readings[code]).commune
        }
        problems = [
            _problem(line, readings[code]) for line, code in lines if not readings[code].commune
        ]
        if len(problems) > _SHOWN_ERRORS:
            more = _("… et %(count)s autres lignes à corriger.") % {
                "count": len(problems) - _SHOWN_ERRORS
            }
            problems = [*problems[:_SHOWN_ERRORS], more]
        if len(lines) > MOST_COMMUNES:
            problems = [
                _(
                    "%(count)s codes sont indiqués, pour %(most)s au plus. Partagez le périmètre "
                    "en plusieurs."
                )
                % {"count": len(lines), "most": MOST_COMMUNES}
            ]
        if problems:
            raise ValidationError([ValidationError(problem) for problem in problems])
        return list(communes.values())

    def perimeter_values(self) -> dict[str, Any]:
        """Return what the actions take."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "kind": data["kind"],
            "description": data["description"],
            "communes": data["codes"],
        }


def codes_by_line(text: str) -> Iterator[tuple[int, str]]:
    """Read codes from a pasted text, with the number of their line.

    A line holds one code, then whatever follows it in the table it was copied from; a line made of
    nothing but codes gives them all.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        words = [word for word in _SEPARATORS.split(line.strip()) if word]
        if words and all(_LOOKS_LIKE_A_CODE.fullmatch(word) for word in words):
            for word in words:
                yield number, word
        elif words:
            yield number, words[0]


def _problem(line: int, reading: CodeReading) -> str:
    said = {"line": line, "code": reading.code[:40]}
    if reading.is_malformed:
        return (
            _(
                "Ligne %(line)s : « %(code)s » n’est pas un code INSEE. Écrivez cinq caractères "
                "qui commencent par le département, par exemple 94080 ou 2A004."
            )
            % said
        )
    if reading.successors:
        places = ", ".join(f"{place.name} ({place.code})" for place in reading.successors)
        return _(
            "Ligne %(line)s : %(code)s n’est plus le code d’une commune. Écrivez plutôt : "
            "%(places)s."
        ) % {**said, "places": places}
    return (
        _(
            "Ligne %(line)s : aucune commune ne porte le code INSEE %(code)s. Si c’est un code "
            "postal, cherchez la commune par son nom."
        )
        % said
    )
