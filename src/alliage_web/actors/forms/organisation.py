"""Describing an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.alliances.vocabulary import WORLD_OF_PROFILE, OrganisationRole, Profile
from alliage.values import codes
from alliage_web.actors.models import (
    ProfileChoices,
    RoleChoices,
    SizeChoices,
    WorldChoices,
)
from alliage_web.actors.queries import FIELDS, Description, same_identifier
from alliage_web.audit.forms import OnceForm
from alliage_web.audit.queries import target_of
from alliage_web.vocabulary.models import ReadingChoices, Scheme
from alliage_web.vocabulary.queries import by_scheme

from .fields import OrganisationField, TerritoriesField, TerritoryField

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alliage.values.codes import InvalidCodeError
    from alliage_web.actors.queries import Twin

_IDENTIFIERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("siren", codes.siren),
    ("siret", codes.siret),
    ("rna", codes.rna),
)
_LONGEST_NAME = 200


class OrganisationForm(OnceForm):
    name = forms.CharField(label=gettext_lazy("Nom"), max_length=_LONGEST_NAME)
    acronym = forms.CharField(label=gettext_lazy("Sigle"), max_length=40, required=False)
    aliases = forms.CharField(
        label=gettext_lazy("Autres noms"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Un par ligne : ancien nom, nom d’usage, traduction."),
    )
    profile = forms.ChoiceField(
        label=gettext_lazy("Profil"),
        choices=[("", gettext_lazy("Choisissez un profil")), *ProfileChoices.choices],
    )
    world = forms.ChoiceField(
        label=gettext_lazy("Monde"),
        required=False,
        choices=[("", gettext_lazy("Celui du profil")), *WorldChoices.choices],
        help_text=gettext_lazy("À préciser quand le profil ne suffit pas à le dire."),
    )
    legal_form = forms.CharField(
        label=gettext_lazy("Forme juridique"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Par exemple : association loi 1901, SCIC, commune."),
    )
    size = forms.ChoiceField(
        label=gettext_lazy("Taille"),
        required=False,
        choices=[("", gettext_lazy("Non connue")), *SizeChoices.choices],
    )
    siren = forms.CharField(
        label=gettext_lazy("SIREN"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("9 chiffres. La clé est vérifiée."),
    )
    siret = forms.CharField(
        label=gettext_lazy("SIRET du siège"),
        required=False,
        max_length=25,
        help_text=gettext_lazy("14 chiffres, qui commencent par le SIREN. La clé est vérifiée."),
    )
    rna = forms.CharField(
        label=gettext_lazy("Numéro RNA"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Pour une association : W et 9 caractères. La forme est vérifiée."),
    )
    seat = TerritoryField(
        label=gettext_lazy("Territoire du siège"),
        required=False,
        help_text=gettext_lazy("Commune, intercommunalité, département… par son nom ou son code."),
    )
    territories = TerritoriesField(
        label=gettext_lazy("Territoires d’action"),
        required=False,
        help_text=gettext_lazy("Tapez « France » pour une action nationale."),
    )
    parent = OrganisationField(label=gettext_lazy("Organisation dont elle dépend"), required=False)
    domains = forms.MultipleChoiceField(
        label=gettext_lazy("Domaines"), required=False, widget=forms.CheckboxSelectMultiple
    )
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Rôles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (code, label) for code, label in RoleChoices.choices if code != RoleChoices.CATALYST
        ],
    )
    is_catalyst = forms.BooleanField(
        label=gettext_lazy("Cette organisation est un catalyseur de territoire"), required=False
    )
    functions = forms.MultipleChoiceField(
        label=gettext_lazy("Fonctions de catalyse"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    catalyst_territories = TerritoriesField(
        label=gettext_lazy("Territoires couverts"), required=False
    )
    catalyst_domains = forms.MultipleChoiceField(
        label=gettext_lazy("Domaines de catalyse"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    website = forms.URLField(
        label=gettext_lazy("Site internet"), required=False, assume_scheme="https"
    )
    summary_fr = forms.CharField(
        label=gettext_lazy("Présentation"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    summary_en = forms.CharField(
        label=gettext_lazy("Présentation en anglais"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Document, page ou personne de qui vous tenez ces informations."),
    )

    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        before: Description | None = None,
        besides: int = 0,
        version: str = "",
        **kwargs: Any,
    ) -> None:
        """``before`` describes the organisation that is changed, whose key is ``besides``."""
        self.before = before
        self.besides = besides
        if before:
            kwargs["initial"] = _initial(before) | {"version": version}
        super().__init__(*args, **kwargs)
        terms = by_scheme(Scheme.DOMAIN, Scheme.CATALYST_FUNCTION)
        for name, scheme in (
            ("domains", Scheme.DOMAIN),
            ("catalyst_domains", Scheme.DOMAIN),
            ("functions", Scheme.CATALYST_FUNCTION),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(term.code, term.label) for term in terms[scheme]]

    def clean_aliases(self) -> tuple[str, ...]:
        lines = [line.strip() for line in self.cleaned_data["aliases"].splitlines()]
        aliases = tuple(dict.fromkeys(filter(None, lines)))
        too_long = [alias for alias in aliases if len(alias) > _LONGEST_NAME]
        if too_long:
            raise forms.ValidationError(
                _("« %(name)s… » a plus de 200 caractères. Raccourcissez ce nom."),
                params={"name": too_long[0][:40]},
            )
        return aliases

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, check in _IDENTIFIERS:
            self._check_identifier(name, check)
        self._check_siret_against_siren()
        if not self.errors:
            self.add_twins(same_identifier(self.description, besides=self.besides))
        return cleaned

    def add_twins(self, twins: Iterable[Twin]) -> None:
        """Refuse identifiers that other organisations have."""
        for twin in twins:
            message = format_html(
                _(
                    'Cet identifiant est déjà celui de <a href="{}">{}</a>. Complétez sa fiche, ou '
                    "corrigez l’identifiant."
                ),
                twin.organisation.get_absolute_url(),
                twin.organisation.name,
            )
            self.add_error(twin.field, message)

    def _check_identifier(self, name: str, check: Callable[[str], str]) -> None:
        text = self.cleaned_data.get(name)
        if not text:
            self.cleaned_data[name] = None
            return
        try:
            self.cleaned_data[name] = check(text)
        except codes.InvalidCodeError as error:
            self.add_error(name, _problem(error))

    def _check_siret_against_siren(self) -> None:
        siren, siret = self.cleaned_data.get("siren"), self.cleaned_data.get("siret")
        if siret and siren and not siret.startswith(siren):
            message = _(
                "Le SIRET %(siret)s ne commence pas par le SIREN %(siren)s. Corrigez l’un des deux."
            )
            self.add_error("siret", message % {"siret": siret, "siren": siren})
        elif siret and not siren and "siren" not in self.errors:
            self.cleaned_data["siren"] = siret[:9]

    @property
    def description(self) -> Description:
        """What the person says of the organisation; for a valid form only."""
        data = self.cleaned_data
        world, reading = self._world()
        catalyst = self._catalyst() if data["is_catalyst"] else {}
        roles = {*data["roles"], *([OrganisationRole.CATALYST.value] if catalyst else [])}
        return Description(
            name=data["name"],
            acronym=data["acronym"],
            aliases=data["aliases"],
            world=world,
            world_reading=reading,
            profile=data["profile"],
            legal_form=data["legal_form"],
            siren=data["siren"],
            siret=data["siret"],
            rna=data["rna"],
            size=data["size"],
            seat=data["seat"] or None,
            territories=data["territories"],
            parent=data["parent"] or None,
            domains=tuple(sorted(data["domains"])),
            roles=tuple(sorted(roles)),
            website=data["website"],
            summary_fr=data["summary_fr"],
            summary_en=data["summary_en"],
            source=data["source"],
            **catalyst,
        )

    def _world(self) -> tuple[str, str]:
        """Give the world and how it is known: said by the person, or derived from the profile."""
        given = self.cleaned_data["world"]
        if self.before and given == self.before.world:
            return given, self.before.world_reading
        if given:
            return given, ReadingChoices.STATED.value
        derived = WORLD_OF_PROFILE[Profile(self.cleaned_data["profile"])]
        return derived.value, ReadingChoices.DERIVED.value

    def _catalyst(self) -> dict[str, Any]:
        data = self.cleaned_data
        functions = tuple(sorted(data["functions"]))
        unchanged = self.before and self.before.is_catalyst and self.before.functions == functions
        return {
            "is_catalyst": True,
            "functions": functions,
            "functions_reading": self.before.functions_reading
            if self.before and unchanged
            else ReadingChoices.STATED.value,
            "catalyst_territories": data["catalyst_territories"],
            "catalyst_domains": tuple(sorted(data["catalyst_domains"])),
        }

    @property
    def already_made(self) -> str:
        """The slug of what this very form made when it was sent before, if it was."""
        self.is_valid()
        token = self.cleaned_data.get("submission")
        target = target_of(token) if token else None
        return (target or "").removeprefix("organisation:")

    def keep_errors_of(self, *names: str) -> None:
        """Forget the errors of the other fields: the person is still filling the form."""
        for name in [name for name in self.errors if name not in names]:
            del self.errors[name]


def _initial(before: Description) -> dict[str, Any]:
    asked = OrganisationForm.base_fields.keys()
    initial = {name: getattr(before, name) for name in FIELDS if name in asked}
    return initial | {
        "aliases": "\n".join(before.aliases),
        "seat": before.seat or "",
        "parent": before.parent or "",
    }


def _problem(error: InvalidCodeError) -> str:
    """Say in the language of the person what the library says in English."""
    messages = {
        codes.CodeProblem.FORM: _(
            "« %(value)s » n’a pas la forme d’un numéro %(name)s. Recopiez-le depuis un document "
            "officiel."
        ),
        codes.CodeProblem.LENGTH: _(
            "« %(value)s » compte %(length)s caractères. Un SIREN en a 9, un SIRET 14, un numéro "
            "RNA 10."
        ),
        codes.CodeProblem.CHECKSUM: _(
            "La clé de « %(value)s » est fausse : un chiffre au moins diffère du répertoire. "
            "Recopiez le numéro %(name)s depuis un avis de l’INSEE."
        ),
    }
    return messages[error.problem] % {
        "value": error.value,
        "name": error.kind.value,
        "length": len(error.value),
    }
