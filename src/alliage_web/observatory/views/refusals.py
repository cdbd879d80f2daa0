"""Why a file of respondents, or what is asked of it, is refused, in the words of the interface."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from alliage.observatory.respondents.anomalies import UntreatedError
from alliage.observatory.respondents.coding import CodingError
from alliage.survey import SurveyError
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.observatory.queries.anomaly_wording import anomaly_whole
from alliage_web.observatory.queries.respondent_files import MissingRowsError, OtherFileError
from alliage_web.observatory.queries.wording import (
    coding_in_words,
    problem_in_words,
    refusal_in_words,
)

#: What the library and the queries refuse about respondents and specifications.
REFUSALS: Final = (
    CodingError,
    InvalidFilesError,
    MissingRowsError,
    OtherFileError,
    SurveyError,
    UntreatedError,
)


def sentences_of(
    error: CodingError
    | InvalidFilesError
    | MissingRowsError
    | OtherFileError
    | SurveyError
    | UntreatedError,
) -> list[str]:
    """Return a sentence for each thing that is wrong, with its row and column where known."""
    if isinstance(error, CodingError):
        return [coding_in_words(fault) for fault in error.faults]
    if isinstance(error, InvalidFilesError):
        return [problem_in_words(problem) for problem in error.problems]
    if isinstance(error, UntreatedError):
        return [anomaly_whole(one) for one in error.anomalies]
    if isinstance(error, MissingRowsError):
        return [
            _(
                "Le fichier des répondants n’est plus dans le stockage. Restaurez-le d’une "
                "sauvegarde, ou déposez-le de nouveau."
            )
        ]
    if isinstance(error, SurveyError):
        return [refusal_in_words(error)]
    return [
        _(
            "`%(key)s` nomme « %(name)s ». Ici une spécification ne nomme aucun autre fichier : "
            "écrivez-en le contenu."
        )
        % {"key": error.key, "name": error.name}
    ]
