"""Forms of the questionnaire: who answers, one question, keeping a result, groups."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.core import signing
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from alliage.alliances.vocabulary import World
from alliage.positioning.questionnaire import NumberAsked, questionnaire
from alliage.territories.levels import Level
from alliage_web.actors.forms import TerritoryField
from alliage_web.actors.models import SizeChoices
from alliage_web.positioning.models import WORLDS
from alliage_web.positioning.queries.filling import GIVEN, PASSED, UNSEEN, Filling, Question
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

#: The bytes of the secret of a link: 256 bits.
_SECRET_BYTES = 32
_LINK_SALT = "alliage.positioning.link"
_FORM_LASTS = 24 * 3600


class AroundForm(forms.Form):
    """What the orientation starts from, beside the answers: it changes nothing of the result."""

    domain = forms.ChoiceField(
        label=gettext_lazy("Le besoin qui vous occupe"),
        required=False,
        help_text=gettext_lazy("Pour proposer des exemples qui répondent au même besoin."),
    )
    territory = TerritoryField(
        label=gettext_lazy("Votre commune"),
        levels=[Level.COMMUNE.value],
        required=False,
        help_text=gettext_lazy(
            "Pour proposer des exemples et des catalyseurs proches. Sans elle, le résultat est le "
            "même, sans proximité."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["domain"]
        assert isinstance(field, forms.ChoiceField)
        needs = [(term.code, term.label) for term in terms(Scheme.DOMAIN)]
        field.choices = [("", _("Aucun en particulier")), *needs]


class WhoForm(AroundForm):
    """Who answers: the world words the questions, the rest serves the orientation."""

    field_order = ("world", "size", "domain", "territory")
    world = forms.ChoiceField(
        label=gettext_lazy("Vous répondez depuis le monde…"),
        choices=WORLDS,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Les questions sont écrites pour lui."),
        error_messages={
            "required": gettext_lazy("Dites de quel monde vous répondez : une réponse suffit.")
        },
    )
    size = forms.ChoiceField(
        label=gettext_lazy("Taille de votre organisation"),
        choices=[("", gettext_lazy("Je ne sais pas, ou sans objet")), *SizeChoices.choices],
        required=False,
    )
    #: The secret of a group, for whoever came by its link.
    group = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    @property
    def who(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "world": World(data["world"]),
            "size": data["size"],
            "domain": data["domain"],
            "territory": data["territory"],
            "group": data["group"],
        }


class QuestionForm(forms.Form):
    """One question, with what was answered to it already."""

    def __init__(
        self, data: QueryDict | None = None, *, question: Question, filling: Filling
    ) -> None:
        self.question, self.filling = question, filling
        behaviour = question.behaviour
        known = {
            "answer": self._given(),
            "proved": behaviour is not None and behaviour.code in filling.proofs,
        }
        super().__init__(data, initial=known, use_required_attribute=False)
        self.fields["answer"] = self._field()
        if behaviour is not None:
            self.fields["proved"] = forms.BooleanField(
                label=_("Un écrit peut le montrer"), required=False
            )

    def filled(self) -> Filling:
        """Return the questionnaire with this answer."""
        given = self.cleaned_data["answer"]
        asked, behaviour = self.question.context, self.question.behaviour
        if behaviour is not None:
            told = self.filling.marked(self.question, given)
            return told.proved(behaviour, proved=self.cleaned_data["proved"])
        if asked is None:
            return self.filling.marked(self.question, given)
        said = given not in {None, ""}
        told = self.filling.marked(self.question, GIVEN if said else PASSED)
        if isinstance(asked, NumberAsked):
            return replace(told, hours=given)
        return replace(told, partner=given.replace("\r\n", "\n"))

    def _given(self) -> Any:
        asked = self.question.context
        if asked is None:
            mark = self.filling.marks[self.question.place]
            return "" if mark == UNSEEN else mark
        return self.filling.hours if isinstance(asked, NumberAsked) else self.filling.partner

    def _field(self) -> forms.Field:
        asked = self.question.context
        if asked is None:
            return forms.ChoiceField(
                label=self.title,
                choices=self._choices(),
                widget=forms.RadioSelect,
                error_messages={
                    "required": _(
                        "Choisissez une réponse. Si aucune ne va, la dernière permet de passer."
                    ),
                    "invalid_choice": _("Cette réponse n’est pas proposée. Choisissez-en une."),
                },
            )
        if isinstance(asked, NumberAsked):
            return forms.IntegerField(
                label=self.title,
                min_value=asked.lowest,
                max_value=asked.highest,
                required=False,
                help_text=_("Un nombre entier. Laissez vide si vous ne savez pas."),
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        return forms.CharField(
            label=self.title,
            max_length=asked.longest,
            required=False,
            help_text=_(
                "%(count)s caractères au plus, sans nom de personne. Laissez vide pour passer."
            )
            % {"count": asked.longest},
            widget=forms.Textarea(attrs={"rows": 5}),
        )

    @property
    def title(self) -> str:
        """The question."""
        if self.question.doors:
            return _("Laquelle de ces deux intentions est plutôt la vôtre ?")
        if self.question.behaviour:
            wording = self.question.behaviour.wording(self.filling.world)
            return wording.en if _english() else wording.fr
        assert self.question.context is not None
        asked = self.question.context
        return asked.wording_en if _english() else asked.wording_fr

    def _choices(self) -> list[tuple[str, str]]:
        if self.question.doors:
            names = {one.code: one for one in questionnaire().doors}
            first, second = (
                names[code].intention_en if _english() else names[code].intention_fr
                for code in self.question.doors
            )
            compared = [("0", _capital(first)), ("2", _capital(second))]
            shown = compared[::-1] if self.question.turned else compared
            return [
                shown[0],
                ("1", _("Autant l’une que l’autre")),
                shown[1],
                (PASSED, _("Je ne sais pas : passer")),
            ]
        assert self.question.behaviour is not None
        behaviour = self.question.behaviour
        anchors = behaviour.anchors_en if _english() else behaviour.anchors_fr
        return [
            *((str(level), _capital(text)) for level, text in enumerate(anchors)),
            (PASSED, _("Je ne sais pas, ou sans objet")),
        ]


class LinkForm(forms.Form):
    """Base of the forms that make a link: its secret is drawn with the form, and travels signed.

    So a form sent twice makes one thing, and nobody chooses the secret of a link. ``site`` is a
    field that people do not see: programs that fill everything fill it.
    """

    link = forms.CharField(widget=forms.HiddenInput, max_length=400, required=False)
    site = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drawn = secrets.token_urlsafe(_SECRET_BYTES)
        self.initial.setdefault("link", signing.dumps(drawn, salt=_LINK_SALT))

    @property
    def token(self) -> str:
        """The secret of the link."""
        secret: str = self.cleaned_data["link"]
        return secret

    def clean_link(self) -> str:
        try:
            return str(
                signing.loads(self.cleaned_data["link"], salt=_LINK_SALT, max_age=_FORM_LASTS)
            )
        except (signing.BadSignature, ValueError) as error:
            raise forms.ValidationError(
                _("Cette page a été ouverte il y a trop longtemps. Rechargez-la, puis recommencez.")
            ) from error

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("site"):
            raise forms.ValidationError(
                _(
                    "Un champ qui doit rester vide a été rempli. Rechargez la page, puis "
                    "recommencez."
                )
            )
        return data


class KeepForm(LinkForm):
    """What becomes of a result that is kept; ``organisations`` are those of who is signed in."""

    consent_collective = forms.BooleanField(
        label=gettext_lazy("Compter mes réponses, sans mon lien, dans des vues d’ensemble"),
        required=False,
        help_text=gettext_lazy(
            "Lues par les catalyseurs de votre territoire et par la recherche, par paquets de "
            "douze personnes. Vous pouvez changer d’avis à tout moment depuis votre lien."
        ),
    )
    organisation = forms.ChoiceField(
        label=gettext_lazy("Au nom d’une organisation"),
        required=False,
        help_text=gettext_lazy(
            "Elle n’est montrée nulle part : elle relie vos réponses dans le temps."
        ),
    )
    join = forms.BooleanField(required=False)
    label = forms.CharField(
        label=gettext_lazy("Votre repère dans le groupe"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Par exemple « direction » ou « bénévole ». Pas de nom."),
    )

    def __init__(
        self,
        *args: Any,
        organisations: Mapping[str, str],
        group_name: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ChoiceField)
        if organisations:
            field.choices = [("", _("Non, en mon nom")), *organisations.items()]
        else:
            del self.fields["organisation"]
        if group_name:
            self.fields["join"].label = _(
                "Montrer toutes mes réponses aux autres membres de « %(name)s »"
            ) % {"name": group_name}
            self.fields["join"].help_text = _(
                "Et voir les leurs, côte à côte. Vous pouvez en sortir à tout moment."
            )
        else:
            del self.fields["join"], self.fields["label"]


class OpenGroupForm(LinkForm):
    """A group, named by whoever opens it."""

    name = forms.CharField(
        label=gettext_lazy("Nom du groupe"),
        max_length=120,
        help_text=gettext_lazy("Celui de l’organisation ou de l’équipe. Qui a le lien le lit."),
        error_messages={"required": gettext_lazy("Donnez un nom au groupe.")},
    )
    label = forms.CharField(
        label=gettext_lazy("Votre repère dans le groupe"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Par exemple « direction » ou « bénévole ». Pas de nom."),
    )


class RenewLinkForm(LinkForm):
    """Another link for a group whose first one was lost, or given to too many."""


class JoinGroupForm(forms.Form):
    """A group that somebody else opened, by its link."""

    address = forms.CharField(
        label=gettext_lazy("Lien du groupe"),
        max_length=500,
        error_messages={"required": gettext_lazy("Collez le lien que l’on vous a donné.")},
    )
    label = forms.CharField(
        label=gettext_lazy("Votre repère dans le groupe"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Par exemple « direction » ou « bénévole ». Pas de nom."),
    )

    @property
    def token(self) -> str:
        return secret_in(self.cleaned_data["address"])


class EarlierForm(forms.Form):
    """The private link of what one answered before."""

    address = forms.CharField(
        label=gettext_lazy("Lien privé de vos réponses d’avant"),
        max_length=500,
        error_messages={"required": gettext_lazy("Collez le lien de vos réponses d’avant.")},
    )

    @property
    def token(self) -> str:
        return secret_in(self.cleaned_data["address"])


def secret_in(address: str) -> str:
    """Return the last part of an address: the secret of a link, alone or in its address."""
    path = address.strip().partition("?")[0].partition("#")[0]
    return path.rstrip("/").rpartition("/")[2]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _english() -> bool:
    return (get_language() or "").startswith("en")
