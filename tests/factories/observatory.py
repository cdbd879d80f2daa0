"""Studies, waves and questions, and what ships with the platform."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.factories.people import SINCE

from alliage.observatory.studies.catalogue import Catalogue, read_catalogue
from alliage.observatory.studies.figures import Figures, read_figures
from alliage.values.datafiles import data_directory
from alliage_web.observatory import actions
from alliage_web.observatory.models import (
    AskedQuestion,
    Programme,
    PublishedFigure,
    Question,
    Study,
    Wave,
)


@cache
def shipped() -> tuple[Catalogue, Figures]:
    """Read the files of the platform."""
    folder = data_directory() / "observatory"
    catalogue = read_catalogue(folder)
    return catalogue, read_figures(folder / "figures.yaml", catalogue)


def loaded() -> None:
    """Load the files of the platform."""
    catalogue, figures = shipped()
    actions.load_observatory(catalogue=catalogue, figures=figures, at=SINCE)


def study(code: str = "etude", **values: Any) -> Study:
    """Write a study of citizens, in a programme of its own."""
    programme, _ = Programme.objects.get_or_create(
        code="programme",
        defaults={
            "label_fr": "Programme",
            "label_en": "Programme",
            "first_year": 2018,
            "last_year": 2022,
            "aim_fr": "Observer.",
            "aim_en": "To observe.",
            "source": "proceedings_2022 l.1",
        },
    )
    told = {"population": "citizen", "label_fr": "Étude", "source": "proceedings_2022 l.1"}
    return Study.objects.create(programme=programme, code=code, **(told | values))


def wave(of: Study | None = None, code: str = "2022", **values: Any) -> Wave:
    """Write a wave of 2022."""
    told = {"year": 2022, "label_fr": f"Vague {code}", "source": "proceedings_2022 l.1"}
    return Wave.objects.create(study=of or study(), code=code, **(told | values))


def question(code: str = "utilite", **values: Any) -> Question:
    """Write a question with two answers."""
    told: dict[str, Any] = {
        "theme": "acting_together",
        "kind": "levels",
        "label_fr": "Utilité",
        "answers": [
            {"code": "yes", "label_fr": "Oui", "label_en": "Yes"},
            {"code": "no", "label_fr": "Non", "label_en": "No"},
        ],
        "source": "proceedings_2022 l.1",
    }
    return Question.objects.create(code=code, **(told | values))


def ask(where: Wave, what: Question, **values: Any) -> AskedQuestion:
    """Write that a wave asked a question, for the first time."""
    told = {"comparability": "first", "source": "proceedings_2022 l.1"}
    return AskedQuestion.objects.create(wave=where, question=what, **(told | values))


def figure(code: str = "chiffre", **values: Any) -> PublishedFigure:
    """Write a figure that a document states."""
    told: dict[str, Any] = {
        "theme": "acting_together",
        "label_fr": "Chiffre",
        "label_en": "Figure",
        "statistic": "proportion",
        "value": 50,
        "unit": "percent",
        "reading": "sure",
        "source": "proceedings_2022 l.1",
    }
    return PublishedFigure.objects.create(code=code, **(told | values))
