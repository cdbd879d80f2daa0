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
_NO_AMOUNT = _(
    "« %(value)s » n’est pas un montant. Écrivez des chiffres, comme 12 000 ou 1 250,50."
)


class EurosField(forms.CharField):
    """Euros to the cent; spaces between thousands, a comma or a point, « € » are accepted."""

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
        typed = re.sub(r"[\s€]", "", text).replace(",", ".")
        try:
            amount = euros(typed)
        except MoneyError as error:
            raise forms.ValidationError(
                _SENTENCES.get(error.problem, _NO_AMOUNT), params={"value": text}, code="amount"
            ) from error
        if amount < ZERO:
            raise forms.ValidationError(self.error_messages["negative"], code="negative")
        if amount == ZERO and not self.zero:
            raise forms.ValidationError(self.error_messages["zero"], code="zero")
        return amount
