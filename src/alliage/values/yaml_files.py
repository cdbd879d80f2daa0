"""YAML files read strictly: every problem is found at once, and named by file and place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from pydantic_core import ErrorDetails

ModelT = TypeVar("ModelT", bound=BaseModel)

_SHOWN = 60


class Problem(StrEnum):
    """A kind of problem: its code, and its sentence with the names of the values that fill it.

    The formats define theirs: who shows problems in another language finds its words by the code.
    """

    sentence: str

    def __new__(cls, code: str, sentence: str) -> Self:
        problem = str.__new__(cls, code)
        problem._value_ = code
        problem.sentence = sentence
        return problem


class RecordProblem(Problem):
    """What can be wrong with any record.

    ``UNREADABLE`` and ``NOT_YAML`` give as ``fact`` the words of the system or of the parser. The
    values of ``UNSUITED`` have the ``type`` of the error of pydantic, with its context.
    """

    UNREADABLE = "unreadable", "cannot be read: %(fact)s. Give a file in UTF-8 that exists."
    NOT_YAML = "not_yaml", "not YAML: %(fact)s. Correct this line."
    REPEATED_KEY = (
        "repeated_key",
        "not YAML: « %(key)s » is written twice. Keep one. Correct this line.",
    )
    MISSING = "missing", "is missing. Add it."
    UNKNOWN_FIELD = (
        "unknown_field",
        "is not a field of this record. Remove it, or correct its spelling.",
    )
    NOT_ALLOWED = "not_allowed", "« %(given)s » is not allowed. Write %(expected)s."
    UNSUITED = "unsuited", "« %(given)s » cannot be used: %(fact)s. Correct the value."


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a record; ``within`` leads to it from where it is found."""

    problem: Problem
    values: Mapping[str, str] = field(default_factory=dict)
    within: tuple[str | int, ...] = ()

    @property
    def message(self) -> str:
        return self.problem.sentence % self.values


class FaultyRecordError(ValueError):
    """What a validator of a record raises; ``faults`` has one entry at least.

    Examples
    --------
    >>> raise FaultyRecordError(Fault(RecordProblem.NOT_ALLOWED, {"given": "b", "expected": "a"}))
    Traceback (most recent call last):
        ...
    alliage.values.yaml_files.FaultyRecordError: « b » is not allowed. Write a.
    """

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(" ".join(fault.message for fault in faults))


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """What is wrong in a file, where, and what to do about it.

    ``fault`` is the same for who says it in other words; None where only the sentence is known.
    """

    file: str
    place: str
    message: str
    fault: Fault | None = field(default=None, compare=False)

    @classmethod
    def of(cls, file: str, place: str, fault: Fault) -> Self:
        return cls(file, place, fault.message, fault)

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
    SafeLoader = yaml.SafeLoader
else:
    # The same loader in C, seven times faster, where PyYAML was built with it.
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _RepeatedKeyError(yaml.constructor.ConstructorError):
    """``key`` stands twice in one mapping."""

    def __init__(self, key: str, mark: yaml.Mark) -> None:
        self.key = key
        super().__init__(problem=f"« {key} » is written twice. Keep one", problem_mark=mark)


class _NoDuplicateLoader(SafeLoader):
    """PyYAML keeps the last of two equal keys in silence: a fact would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise _RepeatedKeyError(str(key.value), key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


# What looks like a date is read by the model, which tells one that does not exist; a key is a text.
_NoDuplicateLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda _loader, node: node.value)


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
        fault = Fault(RecordProblem.UNREADABLE, {"fact": str(error)})
        raise InvalidFilesError([FileProblem.of(path.name, "file", fault)]) from error
    except yaml.YAMLError as error:
        raise InvalidFilesError([_yaml_problem(path, error)]) from error
    try:
        # JSON has one way to write a text, a number and a list: strict mode then accepts the
        # codes and amounts of a file, and still refuses a number where a text is due.
        written = json.dumps(content, default=str)
    except (TypeError, ValueError) as error:
        fault = Fault(RecordProblem.NOT_YAML, {"fact": str(error)})
        raise InvalidFilesError([FileProblem.of(path.name, "file", fault)]) from error
    try:
        return model.model_validate_json(written, strict=True)
    except ValidationError as error:
        problems = [
            problem
            for details in error.errors(include_url=False)
            for problem in _problems(path.name, details)
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
    if isinstance(error, _RepeatedKeyError):
        fault = Fault(RecordProblem.REPEATED_KEY, {"key": error.key})
    else:
        fact = getattr(error, "problem", None) or str(error)
        fault = Fault(RecordProblem.NOT_YAML, {"fact": fact})
    return FileProblem.of(path.name, where, fault)


def _problems(file: str, details: ErrorDetails) -> list[FileProblem]:
    error = details.get("ctx", {}).get("error")
    if isinstance(error, FaultyRecordError):
        return [
            FileProblem.of(file, place((*details["loc"], *fault.within)), fault)
            for fault in error.faults
        ]
    if details["type"] == "value_error":
        return [FileProblem(file, place(details["loc"]), str(error))]
    return [FileProblem.of(file, place(details["loc"]), _fault(details))]


def _fault(details: ErrorDetails) -> Fault:
    kind = details["type"]
    if kind == "missing":
        return Fault(RecordProblem.MISSING)
    if kind == "extra_forbidden":
        return Fault(RecordProblem.UNKNOWN_FIELD)
    given = _shown(details["input"])
    context = {name: str(value) for name, value in details.get("ctx", {}).items()}
    if kind in {"enum", "literal_error"}:
        return Fault(
            RecordProblem.NOT_ALLOWED, {"given": given, "expected": context.get("expected", "")}
        )
    fact = details["msg"].lower()
    return Fault(RecordProblem.UNSUITED, {**context, "type": kind, "given": given, "fact": fact})


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
