"""Forms of an import of grants: the file, then the confirmation of what it would add."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.values.tables import MAX_BYTES
from alliage_web.alliances.models import LeverChoices

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

_SALT = "fund.import"
_MEBIBYTE = 1024 * 1024


class GrantFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Fichier"),
        help_text=gettext_lazy(
            "360Giving en JSON, ou SCDL « Subventions » en CSV ou XLSX. 5 Mo au plus."
        ),
        widget=forms.FileInput(attrs={"accept": ".json,.csv,.xlsx,.txt"}),
        error_messages={"empty": gettext_lazy("Ce fichier est vide. Choisissez-en un autre.")},
    )
    lever = forms.ChoiceField(
        label=gettext_lazy("Levier de ces aides"),
        choices=LeverChoices.choices,
        initial=LeverChoices.DIRECT_FUNDING,
        help_text=gettext_lazy(
            "Ces formats ne disent pas le levier : il vaut pour tout le fichier."
        ),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse by its size a file that nothing has read yet."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError(
                _(
                    "Ce fichier pèse %(size)s Mo ; %(limit)s Mo au plus sont lus. Partagez-le en "
                    "plusieurs."
                ),
                params={
                    "size": f"{(file.size or 0) / _MEBIBYTE:.1f}".replace(".", ","),
                    "limit": MAX_BYTES // _MEBIBYTE,
                },
            )
        return file


@dataclass(frozen=True, slots=True)
class WaitingGrants:
    """A file that was previewed: where it is kept, whose it is, and what was seen of it."""

    file: str
    name: str
    fund: str
    user: int
    lever: str
    seen: str
    submission: str

    def sign(self) -> str:
        """Write it so that a page can carry it and nobody can change it."""
        return signing.dumps(asdict(self), salt=_SALT, compress=True)


class ConfirmGrantsForm(forms.Form):
    """The confirmation of a preview: ``cleaned_data["token"]`` is the file that waits."""

    token = forms.CharField(widget=forms.HiddenInput)

    def clean_token(self) -> WaitingGrants:
        try:
            return WaitingGrants(**signing.loads(self.cleaned_data["token"], salt=_SALT))
        except (signing.BadSignature, TypeError) as error:
            raise ValidationError(
                _("Cet aperçu n’est plus valable. Envoyez le fichier à nouveau.")
            ) from error
