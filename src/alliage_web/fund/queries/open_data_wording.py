"""The words of the interface for what keeps a grant out of a file, or a row out of the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.open_data.grants import GrantFault
from alliage.fund.open_data.three_sixty_giving import PackageFault

from .open_data import ImportFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage.fund.open_data.grants import Problem
    from alliage.fund.open_data.three_sixty_giving import GrantPackageError

    from .open_data import RowProblem

FAULTS: Mapping[GrantFault | ImportFault, _StrPromise] = {
    GrantFault.MISSING: gettext_lazy("cette information manque. Donnez-la."),
    GrantFault.MISSING_COLUMN: gettext_lazy("la colonne manque. Ajoutez-la, sous ce nom exact."),
    GrantFault.TYPE: gettext_lazy("la valeur n’est pas du bon type."),
    GrantFault.DATE: gettext_lazy(
        "ce n’est pas une date du calendrier. Écrivez-la comme 2026-03-14."
    ),
    GrantFault.PERIOD: gettext_lazy(
        "la fin vient avant le début, ou ce n’est pas une période. Écrivez-la comme "
        "2026-03-14/2027-03-14."
    ),
    GrantFault.AMOUNT: gettext_lazy(
        "ce n’est pas un montant en euros, de zéro ou plus, au centime. Écrivez par exemple "
        "1234.50."
    ),
    GrantFault.CURRENCY: gettext_lazy(
        "seuls les euros sont lus. Retirez cette aide, ou écrivez EUR si c’en sont."
    ),
    GrantFault.IDENTIFIER: gettext_lazy(
        "l’identifiant manque ou n’est pas valable : un SIRET a 14 chiffres et une clé juste, un "
        "numéro RNA commence par W."
    ),
    GrantFault.RECIPIENT: gettext_lazy(
        "une aide va à des organisations ou à une personne. Donnez l’une des deux."
    ),
    GrantFault.INDIVIDUAL: gettext_lazy(
        "elle va à une personne : ce qui la concerne n’est pas publié ici."
    ),
    GrantFault.SHARE: gettext_lazy(
        "les parts des bénéficiaires ne font pas le montant, ou n’ont pas la bonne forme."
    ),
    GrantFault.NOT_ALLOWED: gettext_lazy("ce mot n’est pas de ceux du format."),
    GrantFault.TOO_LONG: gettext_lazy("le texte est trop long."),
    GrantFault.REPEATED: gettext_lazy("une autre aide le porte déjà. Donnez à chacune le sien."),
    GrantFault.URL: gettext_lazy(
        "ce n’est pas une adresse web. Écrivez-la entière, depuis https://."
    ),
    GrantFault.SEVERAL: gettext_lazy("une seule valeur est lue ici. Gardez-en une."),
    GrantFault.BEYOND: gettext_lazy(
        "cette valeur est à droite des colonnes de l’en-tête. Retirez-la."
    ),
    ImportFault.INDIVIDUAL: gettext_lazy(
        "l’aide va à une personne : le livre n’en garde rien. Laissez-la de côté."
    ),
    ImportFault.NO_SHARE: gettext_lazy(
        "plusieurs bénéficiaires, sans la part de chacun. Donnez un montant à chacun."
    ),
    ImportFault.ZERO: gettext_lazy(
        "le montant est de zéro : il n’y a pas de soutien à inscrire. Corrigez-le, ou retirez "
        "l’aide."
    ),
    ImportFault.MIXED: gettext_lazy(
        "le montant mêle argent et nature, qui ne s’additionnent pas ici. Séparez-les en deux "
        "aides."
    ),
    ImportFault.SELF: gettext_lazy(
        "la même organisation donne et reçoit. Corrigez l’une des deux, ou retirez l’aide."
    ),
    ImportFault.CONTROL: gettext_lazy(
        "un texte contient un caractère nul, qu’aucune base ne garde. Retirez-le."
    ),
    ImportFault.LONG_NAME: gettext_lazy("le nom dépasse 200 caractères. Raccourcissez-le."),
}
#: What the open data call the columns of the book.
_FIELDS: Mapping[str, _StrPromise] = {
    "awarded_on": gettext_lazy("date de la décision"),
    "recipients": gettext_lazy("organisation qui reçoit"),
    "prefix": gettext_lazy("préfixe de l’éditeur"),
    "idAttribuant": gettext_lazy("SIRET de qui donne"),
    "idBeneficiaire": gettext_lazy("SIRET ou numéro RNA de qui reçoit"),
    "rnaBeneficiaire": gettext_lazy("numéro RNA de qui reçoit"),
    "dateConvention": gettext_lazy("date de la convention"),
    "conditionsVersement": gettext_lazy("conditions de versement"),
    "datesPeriodeVersement": gettext_lazy("période de versement"),
    "notificationUE": gettext_lazy("aide « de minimis », oui ou non"),
    "objet": gettext_lazy("ce qui est donné"),
    "nomBeneficiaire": gettext_lazy("nom de qui reçoit"),
}
PACKAGE_FAULTS: Mapping[PackageFault, _StrPromise] = {
    PackageFault.TOO_LARGE: gettext_lazy(
        "Le fichier pèse %(value)s octets, %(limit)s au plus sont lus. Partagez-le en plusieurs."
    ),
    PackageFault.ENCODING: gettext_lazy(
        "Le fichier n’est pas en UTF-8. Enregistrez-le en JSON, en UTF-8."
    ),
    PackageFault.NOT_JSON: gettext_lazy(
        "Le fichier n’est pas du JSON lisible. Exportez-le de nouveau depuis son logiciel."
    ),
    PackageFault.NO_GRANT: gettext_lazy(
        "Le fichier ne contient aucune aide : le standard demande une liste « grants » qui en a au "
        "moins une."
    ),
}


def field_in_words(field: str) -> str:
    """Name a field; one of a file that is not ours keeps the name that it has there."""
    return str(_FIELDS.get(field, field))


def fault_in_words(problem: Problem | RowProblem) -> str:
    """Say what is wrong and what to do, with what is written there and what may be."""
    said = str(FAULTS[problem.fault])
    if problem.fault in {GrantFault.NOT_ALLOWED, GrantFault.TOO_LONG} and problem.allowed:
        allowed = ", ".join(problem.allowed)
        said = _("%(said)s Permis : %(allowed)s.") % {"said": said, "allowed": allowed}
    return f"« {problem.value} » : {said}" if problem.value else said


def package_error_in_words(error: GrantPackageError) -> str:
    return str(PACKAGE_FAULTS[error.fault]) % {"value": error.value, "limit": error.limit}
