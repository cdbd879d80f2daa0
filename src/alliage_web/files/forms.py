"""The form that adds a document: the file is checked by its name and by its content."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.safekeeping.uploads import EXTENSIONS, UploadError, UploadFault, check_upload
from alliage_web.audit.forms import OnceForm

from .queries import weight_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.files.uploadedfile import UploadedFile
    from django.utils.functional import _StrPromise

    from alliage.safekeeping.uploads import Upload

FAULTS: Mapping[UploadFault, _StrPromise] = {
    UploadFault.NO_NAME: gettext_lazy(
        "Ce fichier n’a pas de nom. Donnez-lui-en un, par exemple « compte-rendu.pdf »."
    ),
    UploadFault.NAME_TOO_LONG: gettext_lazy(
        "Le nom du fichier a %(value)s caractères ; %(limit)s au plus sont gardés. "
        "Raccourcissez-le."
    ),
    UploadFault.NAME_PATH: gettext_lazy(
        "« %(name)s » est un chemin sur un disque. Renommez le fichier, sans barre oblique."
    ),
    UploadFault.NAME_CHARACTER: gettext_lazy(
        "Le nom du fichier contient un caractère invisible (%(value)s) qui peut tromper. Renommez "
        "le fichier en tapant son nom au clavier."
    ),
    UploadFault.NAME_RESERVED: gettext_lazy(
        "« %(name)s » est un nom que certains ordinateurs refusent. Renommez le fichier."
    ),
    UploadFault.NAME_DOUBLE: gettext_lazy(
        "« %(name)s » a deux extensions, dont « .%(value)s », celle d’un programme ou d’une page "
        "web. Renommez le fichier avec une seule extension."
    ),
    UploadFault.TYPE: gettext_lazy(
        "« %(name)s » n’est pas d’un type accepté. Enregistrez-le sous l’un de ceux-ci : %(limit)s."
    ),
    UploadFault.EMPTY: gettext_lazy(
        "« %(name)s » est vide. Ouvrez-le, enregistrez-le de nouveau, ou choisissez un autre "
        "fichier."
    ),
    UploadFault.TOO_LARGE: gettext_lazy(
        "« %(name)s » pèse %(value)s ; %(limit)s au plus sont acceptés. Réduisez ses images "
        "ou partagez-le en plusieurs fichiers. Le reste de votre saisie est gardé."
    ),
    UploadFault.CONTENT: gettext_lazy(
        "Le contenu de « %(name)s » n’est pas celui d’un fichier « .%(limit)s ». Renommer un "
        "fichier ne change pas son contenu : ouvrez-le et enregistrez-le dans ce format."
    ),
    UploadFault.DAMAGED: gettext_lazy(
        "« %(name)s » est abîmé ou incomplet. Ouvrez-le, enregistrez-le de nouveau, puis envoyez "
        "cette copie."
    ),
    UploadFault.MACROS: gettext_lazy(
        "« %(name)s » contient un programme (des macros). Enregistrez-le dans un format sans "
        "macros, ou en PDF."
    ),
    UploadFault.PASSWORD: gettext_lazy(
        "« %(name)s » est protégé par un mot de passe : son contenu ne peut pas être vérifié. "
        "Enregistrez-le sans mot de passe ; ici, seules les personnes de l’espace le lisent."
    ),
    UploadFault.UNPACKS_TOO_LARGE: gettext_lazy(
        "Une fois déplié, « %(name)s » serait démesuré. Partagez-le en plusieurs fichiers, ou "
        "enregistrez-le en PDF."
    ),
    UploadFault.TOO_MANY_PARTS: gettext_lazy(
        "« %(name)s » contient %(value)s éléments ; %(limit)s au plus sont acceptés. Partagez-le "
        "en plusieurs fichiers, ou enregistrez-le en PDF."
    ),
    UploadFault.ENTITIES: gettext_lazy(
        "« %(name)s » contient des déclarations XML qu’aucune suite bureautique n’écrit. Ouvrez-le "
        "avec une suite bureautique et enregistrez-le de nouveau."
    ),
    UploadFault.ENCODING: gettext_lazy(
        "« %(name)s » n’est pas un texte lisible. Enregistrez-le en UTF-8."
    ),
}


def fault_in_words(error: UploadError) -> str:
    """Say why a document is refused, and how to mend it."""
    value, limit = error.value, error.limit
    if error.fault is UploadFault.TOO_LARGE:
        value, limit = weight_in_words(int(str(value))), weight_in_words(int(str(limit)))
    return str(FAULTS[error.fault]) % {"name": error.name, "value": value, "limit": limit}


class AddFileForm(OnceForm):
    """``upload`` is what the check accepted."""

    file = forms.FileField(
        label=gettext_lazy("Fichier"),
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("Choisissez un fichier sur votre ordinateur.")},
    )
    title = forms.CharField(
        label=gettext_lazy("Titre"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Ce que lisent les autres à la place du nom du fichier."),
    )
    upload: Upload
    too_large = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["file"]
        field.widget.attrs["accept"] = ",".join(f".{extension}" for extension in EXTENSIONS)
        field.help_text = _("%(types)s ; %(size)s au plus, sans macros ni mot de passe.") % {
            "types": _("PDF, image, texte, tableur, présentation ou document bureautique"),
            "size": weight_in_words(settings.ALLIAGE_FILE_MAX_BYTES),
        }

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            self.upload = _checked(file, max_bytes=settings.ALLIAGE_FILE_MAX_BYTES)
        except UploadError as error:
            self.too_large = error.fault is UploadFault.TOO_LARGE
            raise ValidationError(fault_in_words(error), code=error.fault.value) from error
        return file


def _checked(file: UploadedFile[bytes], *, max_bytes: int) -> Upload:
    name, size = file.name or "", file.size or 0
    if size > max_bytes:
        # What is beyond the limit was not kept: there is nothing to look into.
        raise UploadError(UploadFault.TOO_LARGE, name=name, value=size, limit=max_bytes)
    return check_upload(name, cast("IO[bytes]", file.file), max_bytes=max_bytes)
