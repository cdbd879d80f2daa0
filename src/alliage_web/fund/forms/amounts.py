"""An amount in euros as a person types it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from alliage.values.money import ZERO, MoneyError, MoneyProblem, euros

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage.values.money import Euros

_SENTENCES: Mapping[MoneyProblem, _StrPromise] = {
    MoneyProblem.DECIMALS: _(
        "« %(value)s » a plus de deux décimales. Écrivez un montant au centime, comme 1 250,50."
    ),
    MoneyProblem.TOO_LARGE: _("« %(value)s » dépasse ce qu’un montant peut valoir ici."),
}
_OTHER_CURRENCY = _(
    "« %(value)s » n’est pas en euros. Convertissez-le, et écrivez des chiffres, comme 1 250,50."
)
#: A sign or a code of three letters, as currencies are written.
_CURRENCY = re.compile(r"[$£¥]|(?<![a-z])[a-z]{3}(?![a-z])", re.IGNORECASE)
_NO_AMOUNT = _(
    "« %(value)s » n’est pas un montant. Écrivez des chiffres, comme 12 000 ou 1 250,50."
)


class EurosField(forms.CharField):
    """Euros to the cent; spaces between thousands, a comma or a point, « € » and « EUR » too."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})
    default_error_messages: ClassVar[dict[str, Any]] = {
        "negative": _("Écrivez un montant de zéro ou plus."),
        "zero": _("Écrivez un montant au-dessus de zéro."),
    }

    def __init__(self, *, zero: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 30)
        super().__init__(**kwargs)
        self.zero = zero

    def clean(self, value: Any) -> Euros | None:
        text: str = super().clean(value)
        if not text:
            return None
        typed = re.sub(r"[\s€]|EUR", "", text).replace(",", ".")
        try:
            amount = euros(typed)
        except MoneyError as error:
            other = _OTHER_CURRENCY if _CURRENCY.search(typed) else _NO_AMOUNT
            raise forms.ValidationError(
                _SENTENCES.get(error.problem, other), params={"value": text}, code="amount"
            ) from error
        if amount < ZERO:
            message = self.error_messages["negative" if self.zero else "zero"]
            raise forms.ValidationError(message, code="negative")
        if amount == ZERO and not self.zero:
            raise forms.ValidationError(self.error_messages["zero"], code="zero")
        return amount
