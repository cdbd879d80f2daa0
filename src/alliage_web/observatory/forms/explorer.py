"""What can be chosen in the explorer, from the state that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage_web.observatory.documents.explored import kind_label, label_of, wave_name
from alliage_web.observatory.documents.explored_charts import chart_name, charts_of
from alliage_web.observatory.models import Population
from alliage_web.observatory.models.catalogue import in_language
from alliage_web.observatory.queries.explorer import wave_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage_web.observatory.queries.explorer import Explored

    Choices = list[tuple[str, str]]


class ExplorerForm(forms.Form):
    """The choices of the explorer, sent as the address of the page."""

    # « Everybody » is the empty code of a breakdown: a browser would hold it for no answer.
    use_required_attribute = False

    vague = forms.ChoiceField(label=gettext_lazy("Population et vague"))
    question = forms.ChoiceField(label=gettext_lazy("Question"))
    par = forms.ChoiceField(label=gettext_lazy("Selon"))
    grandeur = forms.ChoiceField(label=gettext_lazy("Chiffres du tableau"))
    graphique = forms.ChoiceField(label=gettext_lazy("Graphique"))
    mesure = forms.ChoiceField(label=gettext_lazy("Ligne"))
    groupe = forms.ChoiceField(label=gettext_lazy("Groupe"))
    avec = forms.ChoiceField(label=gettext_lazy("Autre vague"))
    a = forms.CharField(widget=forms.HiddenInput, required=False)
    b = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, state: Explored) -> None:
        super().__init__(
            initial={
                "vague": wave_key(state.release),
                "question": state.question.code,
                "par": state.breakdown.code,
                "grandeur": state.kind.code,
                "graphique": chart_name(state),
                "mesure": state.measure.code,
                "groupe": state.group.code,
                "avec": wave_key(state.other) if state.other else "",
                "a": state.first.code if state.first else "",
                "b": state.second.code if state.second else "",
            }
        )
        self._offer("vague", _waves(state))
        self._offer("question", [(one.code, in_language(*one.labels))
                                 for one in state.head.questions])  # fmt: skip
        self._offer("par", [(one.code, in_language(*one.labels)) for one in state.head.breakdowns])
        self._offer("grandeur", [(one.code, kind_label(state, one)) for one in state.kinds])
        self._offer("graphique", list(charts_of(state).items()))
        # A row is chosen for a chart that draws one, and for the rank of an item.
        by_row = chart_name(state) == "groupes" or state.question.kind == "battery"
        rows = [(one.code, label_of(state, one)) for one, _cells in state.rows]
        self._offer("mesure", rows if by_row else [])
        by_group = chart_name(state) in {"lignes", "rangs", "vagues"} or (
            chart_name(state) == "reponses" and state.question.kind == "battery"
        )
        groups = [(one.code, in_language(*one.labels)) for one in state.breakdown.groups]
        self._offer("groupe", groups if by_group else [])
        others = [(wave_key(one), wave_name(one)) for one in state.others]
        self._offer("avec", [("", _("aucune")), *others] if others else [])

    def _offer(self, name: str, choices: Sequence[object]) -> None:
        """Offer choices; a field that leaves none is not shown."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)  # type: ignore[arg-type]
        if len(choices) < 2 and name != "vague":
            del self.fields[name]


def _waves(state: Explored) -> list[tuple[str, Choices]]:
    """Gather the waves by the people who were asked."""
    groups: dict[str, Choices] = {}
    for one in state.waves:
        people = str(Population(one.population).label).capitalize()
        groups.setdefault(people, []).append((wave_key(one), wave_name(one)))
    return list(groups.items())
