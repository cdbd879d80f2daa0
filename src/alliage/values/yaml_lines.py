"""The lines of a YAML file at which its problems stand."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import yaml

from alliage.values.yaml_files import FileProblem, SafeLoader, place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAMES = ("code", "id")


def with_lines(path: Path, problems: Iterable[FileProblem]) -> list[FileProblem]:
    """Add to the place of each problem its line, and the codes of what holds it.

    Parameters
    ----------
    path : Path
        The file that was read.
    problems : iterable of FileProblem
        What is wrong in it. A place that the file does not have, such as a missing field, is
        looked for in what should hold it.

    Returns
    -------
    list of FileProblem
        As given where a problem already tells its line, or the file is no YAML.
    """
    lines = _lines(path)
    if lines is None:
        return list(problems)
    return [
        problem
        if problem.place.startswith("line ")
        else dataclasses.replace(problem, place=f"{_line(problem.place, lines)}, {problem.place}")
        for problem in problems
    ]


def written_at(path: Path, where: str) -> str:
    """Return a place of a file with its line, as `with_lines` writes it."""
    lines = _lines(path)
    return where if lines is None else f"{_line(where, lines)}, {where}"


def _lines(path: Path) -> dict[str, str] | None:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=SafeLoader)
        lines: dict[str, str] = {place(()): "line 1"}
        if root is not None:
            _mark(root, (), (), lines)
    # A part that holds itself has no end.
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return None
    return lines


def _line(known: str, lines: dict[str, str]) -> str:
    while known and known not in lines:
        known = known.rpartition(", ")[0]
    return lines[known or place(())]


def _mark(
    node: yaml.Node, where: tuple[str | int, ...], names: tuple[str, ...], lines: dict[str, str]
) -> None:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            inside = (*names, *_name(item))
            lines[place((*where, index))] = _shown(item, inside)
            _mark(item, (*where, index), inside, lines)
    elif isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            lines[place((*where, key.value))] = _shown(key, names)
            _mark(item, (*where, key.value), names, lines)


def _name(node: yaml.Node) -> tuple[str, ...]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in _NAMES and isinstance(value, yaml.ScalarNode):
                return (str(value.value),)
    return ()


def _shown(node: yaml.Node, names: tuple[str, ...]) -> str:
    line = f"line {node.start_mark.line + 1}"
    return f"{line} ({' › '.join(names)})" if names else line
