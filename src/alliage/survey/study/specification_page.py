"""The page that documents the specification of a survey, made from its model."""

from __future__ import annotations

import inspect
import re
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from alliage.survey.data.questionnaire import Question, SeveralAnswers
from alliage.survey.study.specification import (
    Asked,
    Bases,
    Calibrated,
    Compared,
    Data,
    Drawn,
    Estimated,
    Followed,
    Protection,
    Ranked,
    Replicates,
    Specification,
    Tabulated,
)

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_BEFORE = """\
# Specification of a survey

Generated from `src/alliage/survey/study/specification.py` by
`python -m alliage.survey.study.specification_page > docs/reference/survey-specification.md`;
a test fails when this page is stale.

A specification is a YAML file that says, once, what the data are, how they were drawn, how they are
weighted, and what is wanted of them. The commands of `alliage survey` and
`alliage.survey.open_study` read it. A complete one, which runs with its invented data:
[survey-example/specification.yaml](survey-example/specification.yaml).

- Files that it names (`questionnaire`, `margins_file`) stand beside it.
- A key that does not exist, a name that is not in the data, a level that the column does not have:
  each is told with its line, what is allowed and the nearest name. Nothing is computed before all
  of it is right. A refusal of the data themselves names the line of the part that asked.
- Levels are written as the data do. YAML reads a bare `No`, `Yes`, `On` or `Off` as true or false:
  put such words in quotes.
- Variables that are crossed are joined by ` * `: `region * sex`; so are their levels: `North * F`.
- Where a list is due, one name alone will do.

The shortest one:

```yaml
title: My survey
design: {weights: weight}
tables:
  - name: All
    questions: [q1]
    breakdowns: [region]
```
"""

_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("The file", "", Specification),
    ("`data`", "", Data),
    ("`data`, `variables`, each by its column", "", Question),
    ("`data`, `sets`, each by its name", "", SeveralAnswers),
    ("`design`", "What the rules mean: [variance](../algorithms/survey-variance.md).", Drawn),
    ("`design`, `replicates`", "", Replicates),
    (
        "`calibrations`, a list",
        "One for each of the weights. See [calibration](../algorithms/survey-calibration.md).",
        Calibrated,
    ),
    (
        "`base_rule`, in the file or in a table",
        "The thresholds are a choice of whoever publishes, not a norm.",
        Bases,
    ),
    ("`tables`, a list", "See [tables](../algorithms/survey-tables.md).", Tabulated),
    ("`tables`, `questions`, a list", "", Asked),
    (
        "`estimates`, a list",
        "Shown by `table`, and named by `comparisons`, `trends` and `ranks`.",
        Estimated,
    ),
    (
        "`comparisons`, a list",
        (
            "See [comparisons](../algorithms/survey-comparisons.md). Waves that share people are "
            "rows of one file, with the people as clusters."
        ),
        Compared,
    ),
    ("`trends`, a list", "See [trends](../algorithms/survey-trends.md).", Followed),
    ("`ranks`, a list", "See [ranking](../algorithms/survey-ranking.md).", Ranked),
    ("`protection`", "See [disclosure](../algorithms/survey-disclosure.md).", Protection),
)


def document() -> str:
    """Return the page.

    Examples
    --------
    >>> document().count("| `max_design_effect` |")
    1
    """
    parts = [_BEFORE]
    for title, sentence, model in _SECTIONS:
        parts.append(f"\n## {title}\n")
        if sentence:
            parts.append(f"\n{sentence}\n")
        parts.append("\n| key | if not given | meaning |\n| --- | --- | --- |\n")
        meanings = _meanings(model)
        parts += [
            f"| `{name}` | {_default(field)} | {meanings[name]}{_allowed(field)} |\n"
            for name, field in model.model_fields.items()
        ]
    return "".join(parts)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=False)
    if value in (None, (), {}, "", PydanticUndefined):
        return ""
    if isinstance(value, StrEnum | str):
        return f"`{value!s}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{item or 'nothing'}`" for item in value)
    return f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    """Return what may be written, where it is one of a few words."""
    words = list(dict.fromkeys(_words(field.annotation)))
    return f" One of {', '.join(f'`{word}`' for word in words)}." if words else ""


def _words(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [word.value for word in annotation]
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    return [word for part in get_args(annotation) for word in _words(part)]


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return what the docstrings of a model, and of those it is a kind of, say of its keys."""
    found: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, BaseModel) and "Attributes\n" in (part.__doc__ or ""):
            found |= _attributes(inspect.cleandoc(part.__doc__ or ""))
    return found


def _attributes(docstring: str) -> dict[str, str]:
    lines = docstring.splitlines()
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines[lines.index("Attributes") + 2 :]:
        if re.match(r"\S", line):
            names = line.split(", ")
            found |= dict.fromkeys(names, "")
        else:
            text = line.strip().replace("``", "`")
            found |= {name: f"{found[name]} {text}".strip() for name in names}
    return found


if __name__ == "__main__":
    sys.stdout.write(document())
