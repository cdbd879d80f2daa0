"""YAML files read strictly: every problem is found at once, and named by file and place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

ModelT = TypeVar("ModelT", bound=BaseModel)

_SHOWN = 60


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """What is wrong in a file, where, and what to do about it."""

    file: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.message}"


class InvalidFilesError(ValueError):
    """One file or several cannot be used; ``problems`` lists everything that was found.

    Examples
    --------
    >>> raise InvalidFilesError([FileProblem("a.yaml", "title", "is missing. Add it.")])
    Traceback (most recent call last):
        ...
    alliage.values.yaml_files.InvalidFilesError: 1 problem found, nothing was loaded:
    - a.yaml: title: is missing. Add it.
    """

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f"{count} problem{'s' if count > 1 else ''} found, nothing was loaded:"]
        super().__init__("\n- ".join([*lines, *map(str, self.problems)]))


if TYPE_CHECKING:
    _SafeLoader = yaml.SafeLoader
else:
    # The same loader in C, seven times faster, where PyYAML was built with it.
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _NoDuplicateLoader(_SafeLoader):
    """PyYAML keeps the last of two equal keys in silence: a fact would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"« {key.value} » is written twice. Keep one",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read_record(path: Path, model: type[ModelT]) -> ModelT:
    """Read a YAML file as one record of ``model``.

    Parameters
    ----------
    path : Path
        The file, in UTF-8.
    model : type[ModelT]
        The pydantic model that the content has to follow, in strict mode: a number is never
        read as a text, nor a text as a number.

    Returns
    -------
    ModelT
        The checked record.

    Raises
    ------
    InvalidFilesError
        If the file is missing, is not YAML, or does not follow the model; every problem is
        listed.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_NoDuplicateLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot be read: {error}. Give a file in UTF-8 that exists."
        raise InvalidFilesError([FileProblem(path.name, "file", message)]) from error
    except yaml.YAMLError as error:
        raise InvalidFilesError([_yaml_problem(path, error)]) from error
    try:
        # JSON has one way to write a text, a number and a list: strict mode then accepts the
        # codes and amounts of a file, and still refuses a number where a text is due.
        return model.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        problems = [
            FileProblem(path.name, place(details["loc"]), _message(details))
            for details in error.errors(include_url=False)
        ]
        raise InvalidFilesError(problems) from error


def place(location: Sequence[str | int]) -> str:
    """Name a place inside a record as a person reads it; entries of a list count from 1.

    Examples
    --------
    >>> place(("parties", 3, "role"))
    'parties, entry 4, role'
    >>> place(())
    'whole record'
    """
    words = [f"entry {part + 1}" if isinstance(part, int) else part for part in location]
    return ", ".join(words) or "whole record"


def _yaml_problem(path: Path, error: yaml.YAMLError) -> FileProblem:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "file"
    fact = getattr(error, "problem", None) or str(error)
    return FileProblem(path.name, where, f"not YAML: {fact}. Correct this line.")


def _message(details: ErrorDetails) -> str:
    kind, given = details["type"], _shown(details["input"])
    if kind == "missing":
        return "is missing. Add it."
    if kind == "extra_forbidden":
        return "is not a field of this record. Remove it, or correct its spelling."
    if kind in {"enum", "literal_error"}:
        return f"{given} is not allowed. Write {details['ctx']['expected']}."
    if kind == "value_error":
        return str(details["ctx"]["error"])
    return f"{given} cannot be used: {details['msg'].lower()}. Correct the value."


def _shown(value: object) -> str:
    text = str(value)
    return f"« {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'} »"
