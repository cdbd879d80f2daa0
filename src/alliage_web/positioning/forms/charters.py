"""Forms of charters: beginning one, writing a section, inviting, signing, leaving, amending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.positioning.charter import LONGEST_NOTICE, Asked
from alliage_web.actors.forms import OrganisationField
from alliage_web.audit.forms import OnceForm
from alliage_web.positioning.actions.charters import SectionValues, SignatureValues

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from alliage.positioning.charter import Section
    from alliage_web.alliances.models import Alliance

_LONGEST_SECTION = 8000
_LONGEST_COMMENT = 2000


class _Cancelling(forms.Form):
    """Says that the page told what a change costs: signatures already given are cancelled."""

    cancelling = forms.BooleanField(widget=forms.HiddenInput, required=False)


def _title() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Titre"),
        max_length=160,
        help_text=gettext_lazy("Le nom de l’alliance, ou de ce que vous faites ensemble."),
        error_messages={"required": gettext_lazy("Donnez un titre à la charte.")},
    )


def _alliance() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("Alliance"),
        required=False,
        help_text=gettext_lazy(
            "Facultatif : sa page montrera la charte à qui peut la lire. Qui y agit pour une "
            "partie pourra écrire et signer pour elle."
        ),
    )


def _offer(form: forms.Form, alliances: Iterable[Alliance]) -> None:
    field = form.fields["alliance"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("", _("Aucune")), *((one.slug, one.display_title) for one in alliances)]
    if len(field.choices) == 1:
        del form.fields["alliance"]


class BeginCharterForm(OnceForm):
    """A title, the first party, and the alliance if there is one."""

    title = _title()
    organisation = forms.ChoiceField(
        label=gettext_lazy("Au nom de"),
        help_text=gettext_lazy("La première partie : celle pour laquelle vous agissez."),
        error_messages={"required": gettext_lazy("Dites au nom de quelle organisation.")},
    )
    alliance = _alliance()

    def __init__(
        self,
        *args: Any,
        organisations: Mapping[str, str],
        alliances: Iterable[Alliance],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ChoiceField)
        first = [] if len(organisations) == 1 else [("", _("—"))]
        field.choices = [*first, *organisations.items()]
        _offer(self, alliances)


class PresentCharterForm(_Cancelling):
    """The title, while no version was in force, and the alliance."""

    title = _title()
    alliance = _alliance()

    def __init__(
        self, *args: Any, alliances: Iterable[Alliance], titled: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, alliances)
        if not titled:
            del self.fields["title"]


class SectionForm(_Cancelling):
    """The text of a section, with the number or the day that it asks."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    text = forms.CharField(
        label=gettext_lazy("Votre texte"),
        widget=forms.Textarea(attrs={"rows": 10}),
        max_length=_LONGEST_SECTION,
        required=False,
        error_messages={"required": gettext_lazy("Écrivez cette section, ou passez à une autre.")},
        help_text=gettext_lazy("Vos mots, pas les nôtres : les exemples ne sont pas des modèles."),
    )
    notice_days = forms.IntegerField(
        label=gettext_lazy("Préavis, en jours"),
        min_value=0,
        max_value=LONGEST_NOTICE,
        required=False,
        error_messages={"required": gettext_lazy("Dites combien de jours avant l’on prévient.")},
        help_text=gettext_lazy("0 si l’on peut partir le jour même."),
    )
    review_on = forms.DateField(
        label=gettext_lazy("À relire le"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
        error_messages={"required": gettext_lazy("Dites quel jour la charte sera relue.")},
        help_text=gettext_lazy("Un jour à venir : dans un an, par exemple."),
    )

    def __init__(self, *args: Any, section: Section, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for asked in Asked:
            if section.asks is not asked:
                del self.fields[asked.value]
        if section.required:
            self.fields["text"].required = True
        if section.required and section.asks:
            self.fields[section.asks.value].required = True

    def clean_review_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["review_on"]
        if day is not None and day <= timezone.localdate():
            raise forms.ValidationError(_("Ce jour est passé : choisissez un jour à venir."))
        return day

    def values(self) -> SectionValues:
        data = self.cleaned_data
        return SectionValues(
            text=data["text"].replace("\r\n", "\n").strip(),
            notice_days=data.get("notice_days"),
            review_on=data.get("review_on"),
        )


class CommentForm(OnceForm):
    """What a party proposes; ``organisations`` are those for which the person acts."""

    organisation = forms.ChoiceField(label=gettext_lazy("Au nom de"))
    text = forms.CharField(
        label=gettext_lazy("Votre proposition"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=_LONGEST_COMMENT,
        help_text=gettext_lazy("Ce qui vous gêne, et comment vous l’écririez."),
        error_messages={"required": gettext_lazy("Écrivez ce que vous proposez.")},
    )

    def __init__(self, *args: Any, organisations: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(organisations.items())
        if len(organisations) == 1:
            field.widget = forms.HiddenInput()
            self.initial.setdefault("organisation", next(iter(organisations)))


class InviteForm(_Cancelling):
    """An organisation of the directory."""

    organisation = OrganisationField(
        label=gettext_lazy("Organisation à inviter"),
        help_text=gettext_lazy("Son nom, tel qu’il est dans l’annuaire des acteurs."),
        error_messages={"required": gettext_lazy("Dites quelle organisation inviter.")},
    )


class ConfirmForm(_Cancelling):
    """Nothing to say but yes."""


class SignForm(OnceForm):
    """Who signs, as what, and whether the charter may be public."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    signatory = forms.CharField(label=gettext_lazy("Vos prénom et nom"), max_length=120)
    capacity = forms.CharField(
        label=gettext_lazy("Votre qualité"),
        max_length=120,
        help_text=gettext_lazy("Par exemple : maire, présidente, directeur du site."),
    )
    commits = forms.BooleanField(
        label=gettext_lazy("J’ai lu ce texte, et je peux engager cette organisation."),
        error_messages={
            "required": gettext_lazy("Cochez cette case pour signer : sinon, ne signez pas.")
        },
    )
    agrees_public = forms.BooleanField(
        label=gettext_lazy("La charte peut être publique, avec mon nom et ma qualité."),
        required=False,
        help_text=gettext_lazy(
            "Elle ne le devient que si toutes les parties le choisissent. Vous pourrez changer "
            "d’avis."
        ),
    )

    def values(self) -> SignatureValues:
        data = self.cleaned_data
        return SignatureValues(
            signatory=data["signatory"],
            capacity=data["capacity"],
            agrees_public=data["agrees_public"],
        )


class LeaveForm(forms.Form):
    """Why a party leaves, if it wishes to say so."""

    why = forms.CharField(
        label=gettext_lazy("Pourquoi"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=_LONGEST_COMMENT,
        required=False,
        help_text=gettext_lazy("Facultatif. Lu des seules parties."),
    )
    sure = forms.BooleanField(
        label=gettext_lazy("Je peux engager cette organisation, et elle quitte la charte."),
        error_messages={"required": gettext_lazy("Cochez cette case pour annoncer le départ.")},
    )


class AmendForm(OnceForm):
    """Why the charter is written again."""

    reason = forms.CharField(
        label=gettext_lazy("Motif de l’avenant"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=_LONGEST_COMMENT,
        help_text=gettext_lazy("Ce qui a changé, ou qui arrive. Les parties le reçoivent."),
        error_messages={"required": gettext_lazy("Dites pourquoi la charte doit changer.")},
    )
