"""Changing the words of the referentials."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from alliage_web.audit.forms import OnceForm

from .models import Term

_TEXTS = ("label_fr", "label_en", "definition_fr", "definition_en")


class TermForm(forms.ModelForm[Term]):
    class Meta:
        model = Term
        fields = _TEXTS
        widgets = {
            "definition_fr": forms.Textarea(attrs={"rows": 3}),
            "definition_en": forms.Textarea(attrs={"rows": 3}),
        }


class NewTermForm(OnceForm):
    label_fr = forms.CharField(label=_("Libellé français"), max_length=200)
    label_en = forms.CharField(label=_("Libellé anglais"), max_length=200)
    definition_fr = forms.CharField(
        label=_("Définition française"), widget=forms.Textarea(attrs={"rows": 3})
    )
    definition_en = forms.CharField(
        label=_("Définition anglaise"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=300,
        help_text=_("D’où vient ce terme : un document, une adresse, une décision et sa date."),
    )

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in (*_TEXTS, "source")}
