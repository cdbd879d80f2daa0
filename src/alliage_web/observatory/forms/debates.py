"""Forms of debates: opening one, contributing, moderating, reporting, the synthesis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.observatory.debate_states import GIVES_REASON, ContributionDecision
from alliage_web.actors.forms import TerritoryField
from alliage_web.actors.queries import ids_by_slug
from alliage_web.audit.forms import OnceForm
from alliage_web.observatory.actions.debates import ContributionValues, DebateValues
from alliage_web.observatory.models.debates import WORLDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage_web.observatory.models import Debate
    from alliage_web.observatory.queries.releases import PublishedRelease

_MOST_QUESTIONS = 10
_LONGEST_QUESTION = 300


def _day(text: Any, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=text, widget=widget, help_text=hint)


def _text(
    text: Any, *, rows: int, most: int, required: bool = True, hint: Any = ""
) -> forms.CharField:
    return forms.CharField(
        label=text,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=most,
        required=required,
        help_text=hint,
    )


class DebateForm(OnceForm):
    """A debate; ``debate`` is the one that is corrected, of which release and place are fixed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    release = forms.ChoiceField(
        label=gettext_lazy("La publication mise en débat"),
        error_messages={"required": gettext_lazy("Dites de quelle publication on débat.")},
    )
    territory = TerritoryField(
        label=gettext_lazy("Le territoire du débat"),
        help_text=gettext_lazy("Un pays, une région, un département, une intercommunalité…"),
        error_messages={"required": gettext_lazy("Dites sur quel territoire porte le débat.")},
    )
    title = forms.CharField(label=gettext_lazy("Titre"), max_length=200)
    presentation = _text(
        gettext_lazy("Présentation"),
        rows=5,
        most=5000,
        required=False,
        hint=gettext_lazy("Pourquoi ce débat, et ce qu’il deviendra. Markdown possible."),
    )
    questions = _text(
        gettext_lazy("Questions mises en débat"),
        rows=4,
        most=4000,
        hint=gettext_lazy("Une par ligne, dix au plus."),
    )
    opens_on = _day(gettext_lazy("Ouvert à partir du"))
    closes_on = _day(gettext_lazy("Jusqu’au"), gettext_lazy("Ce jour compris."))

    def __init__(
        self,
        *args: Any,
        releases: Sequence[PublishedRelease] = (),
        debate: Debate | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.debate = debate
        if debate is not None:
            del self.fields["release"], self.fields["territory"]
            return
        field = self.fields["release"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("—")),
            *((str(one.uuid), _told(one)) for one in releases),
        ]

    def clean_questions(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["questions"].splitlines()]
        questions = [line for line in lines if line]
        if len(questions) > _MOST_QUESTIONS:
            raise forms.ValidationError(
                _("%(count)d questions : c’est trop. Gardez-en %(most)d au plus."),
                params={"count": len(questions), "most": _MOST_QUESTIONS},
            )
        if any(len(question) > _LONGEST_QUESTION for question in questions):
            raise forms.ValidationError(
                _("Une question dépasse %(most)d caractères. Raccourcissez-la."),
                params={"most": _LONGEST_QUESTION},
            )
        return questions

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        opens, closes = data.get("opens_on"), data.get("closes_on")
        if opens and closes and closes < opens:
            self.add_error(
                "closes_on",
                _("Le débat finirait avant de commencer. Choisissez un jour à partir du premier."),
            )
        return data

    def values(self) -> DebateValues:
        data = self.cleaned_data
        return DebateValues(
            title=data["title"],
            presentation=data["presentation"].replace("\r\n", "\n"),
            questions=data["questions"],
            opens_on=data["opens_on"],
            closes_on=data["closes_on"],
        )


def _told(release: PublishedRelease) -> str:
    text = _("%(release)s, publication %(number)d") % {
        "release": release,
        "number": release.number,
    }
    return f"{text} ({_('synthétique')})" if release.synthetic else text


def initial_of(debate: Debate) -> dict[str, Any]:
    """Give a debate as a person would type it."""
    return {
        "title": debate.title,
        "presentation": debate.presentation,
        "questions": "\n".join(debate.questions),
        "opens_on": debate.opens_on,
        "closes_on": debate.closes_on,
        "version": debate.version,
    }


class ContributionForm(OnceForm):
    """What a person writes; ``organisations`` are theirs, names by addresses."""

    question = forms.TypedChoiceField(
        label=gettext_lazy("Question"),
        required=False,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
    )
    text = _text(gettext_lazy("Votre contribution"), rows=8, most=4000)
    world = forms.ChoiceField(
        label=gettext_lazy("Vous parlez depuis le monde…"),
        choices=WORLDS,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Dites de quel monde vous parlez.")},
    )
    organisation = forms.ChoiceField(
        label=gettext_lazy("Au nom d’une organisation"),
        required=False,
        help_text=gettext_lazy("Son nom sera public. Le vôtre ne l’est jamais."),
    )

    def __init__(
        self,
        *args: Any,
        questions: Sequence[str],
        organisations: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offer(questions)
        organisation = self.fields["organisation"]
        assert isinstance(organisation, forms.ChoiceField)
        if organisations:
            organisation.choices = [
                ("", _("Non, à titre personnel")),
                *organisations.items(),
            ]
        else:
            del self.fields["organisation"]

    def offer(self, questions: Sequence[str]) -> None:
        """Let one of these questions be answered, or none in particular."""
        field = self.fields["question"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [
            *((str(rank), text) for rank, text in enumerate(questions, start=1)),
            ("", _("Aucune en particulier")),
        ]

    def values(self) -> ContributionValues:
        data = self.cleaned_data
        chosen = data.get("organisation", "")
        return ContributionValues(
            world=data["world"],
            organisation_id=ids_by_slug([chosen])[chosen] if chosen else None,
            question=data["question"],
            text=data["text"].replace("\r\n", "\n"),
        )


class ContributionDecisionForm(forms.Form):
    """What a moderator decides; leaving a reported contribution as it is has no reason."""

    KEEP = "keep"

    decision = forms.ChoiceField(
        choices=[
            *((one.value, one.value) for one in ContributionDecision),
            (KEEP, KEEP),
        ]
    )
    reason = _text(
        gettext_lazy("Motif"),
        rows=2,
        most=1000,
        required=False,
        hint=gettext_lazy("L’auteur et la modération le lisent. Obligatoire pour ne pas publier."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("decision") in GIVES_REASON and not data.get("reason"):
            self.add_error(
                "reason", _("Dites à l’auteur pourquoi sa contribution n’est pas publiée.")
            )
        return data


class ContributionReportForm(forms.Form):
    """Why a contribution should be read again."""

    reason = _text(
        gettext_lazy("Ce qui ne va pas"),
        rows=4,
        most=1000,
        hint=gettext_lazy("Lu de la modération seule."),
    )


class SynthesisForm(forms.Form):
    """What came out of the debate; empty to remove it."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    text = _text(
        gettext_lazy("Synthèse"),
        rows=14,
        most=20_000,
        required=False,
        hint=gettext_lazy(
            "Publique, sur la page du débat et sur celle de la publication. Markdown possible ; "
            "videz-la pour la retirer."
        ),
    )
