"""Rewriting the passages of a sheet, answering about it, and taking a name out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.knowledge.consent import ConsentDecision
from alliage.knowledge.live_sheet import Rubric
from alliage_web.audit.forms import OnceForm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.knowledge.live_sheet import LiveSheet, Passage

_LONGEST_TEXT = 8_000
_LONGEST_REMARK = 2_000
_SHORT = 90
#: What is a code of a vocabulary, or the name of a party: rewriting it here would tell lies.
_NOT_WRITTEN = frozenset({Rubric.OBJECTIVE, Rubric.PARTY})


class ReadForm(OnceForm):
    """A form about one content, known by its digest: another content asks to read again."""

    read = forms.CharField(widget=forms.HiddenInput, max_length=64)


class PassagesForm(ReadForm):
    """Every passage that a person may rewrite; one that is emptied goes."""

    def __init__(self, *args: Any, sheet: LiveSheet, digest: str, **kwargs: Any) -> None:
        super().__init__(*args, initial={"read": digest}, **kwargs)
        self.sheet = sheet
        for passage in written(sheet):
            long = len(passage.text) > _SHORT
            self.fields[name_of(passage)] = forms.CharField(
                label=passage.label or "",
                initial=passage.text,
                required=passage.rubric is Rubric.TITLE,
                max_length=200 if passage.rubric is Rubric.TITLE else _LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 5 if long else 2}),
                help_text=source_in_words(passage),
                error_messages={"required": _("Une fiche a un titre : donnez-lui-en un.")},
            )

    @property
    def texts(self) -> dict[str, str]:
        """What the person wrote, by passage; for a valid form only."""
        return {
            passage.code: self.cleaned_data[name_of(passage)].replace("\r\n", "\n")
            for passage in written(self.sheet)
        }


def written(sheet: LiveSheet) -> list[Passage]:
    """Return the passages of which a person may rewrite the text."""
    return [each for each in sheet.passages if each.rubric not in _NOT_WRITTEN]


def name_of(passage: Passage) -> str:
    return f"text-{passage.code}"


def source_in_words(passage: Passage) -> str:
    """Say where a passage comes from, and whether a person rewrote it since."""
    place = f", {passage.source.place}" if passage.source.place else ""
    said = _("Source : %(origin)s%(place)s") % {"origin": passage.source.origin, "place": place}
    return _("%(source)s. Texte corrigé depuis.") % {"source": said} if passage.edited else said


class AnswerForm(ReadForm):
    """What a party says of the sheet that names it. A refusal and a change are explained."""

    decision = forms.ChoiceField(
        choices=[(each.value, each.value) for each in ConsentDecision],
        widget=forms.HiddenInput,
    )
    passage = forms.ChoiceField(
        label=gettext_lazy("Le passage à changer"), required=False, choices=()
    )
    remark = forms.CharField(
        label=gettext_lazy("Votre remarque"),
        required=False,
        max_length=_LONGEST_REMARK,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    _EXPLAINED = (ConsentDecision.REFUSE, ConsentDecision.ASK_CHANGE)

    def __init__(
        self,
        *args: Any,
        decision: ConsentDecision,
        passages: Iterable[tuple[str, str]] = (),
        digest: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            *args,
            initial={"read": digest, "decision": decision.value},
            auto_id=f"id_{decision.value}_%s",
            **kwargs,
        )
        self.answers = decision
        if decision is ConsentDecision.ASK_CHANGE:
            choices = [("", _("La fiche entière")), *passages]
            self.fields["passage"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["passage"]
        if decision is ConsentDecision.GIVE:
            del self.fields["remark"]
        elif decision in self._EXPLAINED:
            field = self.fields["remark"]
            field.required = True
            field.label = (
                _("Pourquoi vous refusez")
                if decision is ConsentDecision.REFUSE
                else _("Ce qui doit changer")
            )
            field.error_messages["required"] = _("Dites-le en une phrase au moins.")


class TakeOutForm(ReadForm):
    """The other names of a party, which go with the one that the sheet gives."""

    names = forms.CharField(
        label=gettext_lazy("Autres noms à ôter"),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Un par ligne : un sigle, un ancien nom, le nom d’un dirigeant ou d’une dirigeante."
        ),
    )

    @property
    def all_names(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["names"].splitlines() if line.strip()]
