"""Descriptions of a survey in DDI-Codebook 2.5, as archives exchange them.

What is written and read: the title, and for each variable its name, label, scale, universe,
levels, codes for missing answers, and the questions with several answers. Ranges of valid and
invalid values are read.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from alliage.survey.data.questionnaire import (
    Question,
    Questionnaire,
    Range,
    SeveralAnswers,
    codes_within,
)
from alliage.survey.data.table import Scale
from alliage.survey.errors import SurveyError, SurveyProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage.survey.data.table import Table

#: The namespace of DDI-Codebook 2.5.
NAMESPACE = "ddi:codebook:2_5"

_NATURES = {Scale.NOMINAL: "nominal", Scale.ORDINAL: "ordinal", Scale.NUMERIC: "ratio"}
_SCALES = {
    "nominal": Scale.NOMINAL,
    "ordinal": Scale.ORDINAL,
    "interval": Scale.NUMERIC,
    "ratio": Scale.NUMERIC,
}

#: What programs write for an empty cell of numbers.
_EMPTY = re.compile(r"\.[a-z]?")

#: A longer range of invalid values is no list of codes.
_MOST_CODES = 1_000


def write_ddi(table: Table, title: str) -> str:
    """Write the description of a table as DDI-Codebook 2.5.

    Parameters
    ----------
    table : Table
        The rows, of which nothing is written, and their description.
    title : str
        The name of the survey.

    Returns
    -------
    str
        An XML document.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey.data.table import Table, Variable
    >>> table = Table.of(pl.DataFrame({"q1": [1, 2]})).describe({"q1": Variable(label="Age?")})
    >>> print(write_ddi(table, "Wave 1").splitlines()[-5].strip())
    <labl>Age?</labl>
    """
    root = Element("codeBook", {"xmlns": NAMESPACE, "version": "2.5"})
    citation = SubElement(SubElement(root, "stdyDscr"), "citation")
    SubElement(SubElement(citation, "titlStmt"), "titl").text = title
    data = SubElement(root, "dataDscr")
    for name, several in table.sets.items():
        members = " ".join(_identifier(table, column) for column in several.variables)
        group = SubElement(data, "varGrp", {"name": name, "type": "multipleResp", "var": members})
        SubElement(group, "labl").text = several.label or name
        SubElement(group, "notes", {"type": "counted"}).text = _code(several.counted)
    for name in table.frame.columns:
        _write_variable(data, table, name)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _write_variable(data: Element, table: Table, name: str) -> None:
    known = table.variables.get(name)
    scale = None if known is None else known.scale
    options = {"ID": _identifier(table, name), "name": name}
    if scale is not None:
        options["nature"] = _NATURES[scale]
        options["intrvl"] = "contin" if scale is Scale.NUMERIC else "discrete"
    variable = SubElement(data, "var", options)
    SubElement(variable, "labl").text = (known.label if known else "") or name
    if known is not None:
        if known.universe:
            SubElement(variable, "universe").text = known.universe
        for level, sentence in known.labels.items():
            if level not in known.missing:
                _write_category(variable, _code(level), sentence, missing=False)
        for level, reason in known.reasons.items():
            _write_category(variable, _code(level), reason or _code(level), missing=True)
    numeric = table.frame.schema[name].is_numeric()
    SubElement(variable, "varFormat", {"type": "numeric" if numeric else "character"})


def _write_category(variable: Element, code: str, sentence: str, *, missing: bool) -> None:
    category = SubElement(variable, "catgry", {"missing": "Y"} if missing else {})
    SubElement(category, "catValu").text = code
    SubElement(category, "labl").text = sentence


def _identifier(table: Table, name: str) -> str:
    return f"V{table.frame.columns.index(name) + 1}"


def _code(level: object) -> str:
    return str(level).lower() if isinstance(level, bool) else str(level)


def read_ddi(path: str | Path) -> Questionnaire:
    """Read the description of a survey from DDI-Codebook.

    Parameters
    ----------
    path : str or Path
        An XML file, in the namespace of DDI-Codebook 2.5 or 2.1, or in none.

    Returns
    -------
    Questionnaire
        To be given to `alliage.survey.read` with the data.

    Raises
    ------
    SurveyError
        ``FORMAT`` if it is not XML, holds no variable, or a range of values that has no meaning.
    """
    path = Path(path)
    try:
        root: Element = ElementTree.fromstring(path.read_bytes())
    except (ElementTree.ParseError, DefusedXmlException, OSError, ValueError) as error:
        msg = f"« {path.name} » is not a DDI document: {error}. Export it again as DDI-Codebook."
        raise SurveyError(SurveyProblem.FORMAT, msg, file=path.name) from error
    # Versions differ by their namespace alone in what is read here.
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    variables = {name: each for each in root.iter("var") if (name := each.get("name", ""))}
    if not variables:
        msg = f"« {path.name} » describes no variable. Export the data description (dataDscr) too."
        raise SurveyError(SurveyProblem.FORMAT, msg, file=path.name)
    names = {each.get("ID", ""): name for name, each in variables.items()}
    return Questionnaire(
        title=_text(root, "stdyDscr/citation/titlStmt/titl") or path.stem,
        variables={name: _question(name, each) for name, each in variables.items()},
        sets=_sets(root, names),
    )


def _question(name: str, variable: Element) -> Question:
    form = variable.find("varFormat")
    numeric = form is None or form.get("type") != "character"
    same = _number if numeric else str
    codes, ranges = _invalid(name, variable, numeric=numeric)
    missing = {code: code for code in map(same, codes) if code}
    levels: dict[str, str] = {}
    for category in variable.iter("catgry"):
        written = _text(category, "catValu")
        code = same(written)
        if not code:
            continue
        sentence = _text(category, "labl") or written
        if code in missing:
            missing[code] = sentence
        elif category.get("missing") == "Y" or _is_in(ranges, code):
            missing[written] = sentence
        else:
            levels[written] = sentence
    return Question(
        label=_text(variable, "labl") or name,
        levels=levels,
        missing=missing,
        missing_ranges=ranges,
        valid_ranges=_ranges(name, variable, "valrng/*") if numeric else (),
        scale=_SCALES.get(variable.get("nature", "")),
        universe=_text(variable, "universe"),
    )


def _number(code: str) -> str:
    """Write a whole number in one way; the marks of an empty cell (a point, ``.a``) are nothing."""
    if _EMPTY.fullmatch(code):
        return ""
    try:
        number = float(code)
    except ValueError:
        return code
    return str(int(number)) if number.is_integer() else code


def _invalid(name: str, variable: Element, *, numeric: bool) -> tuple[list[str], tuple[Range, ...]]:
    """Return the codes that a variable declares invalid, and the ranges that cannot be listed."""
    codes = [item.get("VALUE", "") for item in variable.iterfind("invalrng/item")]
    ranges = _ranges(name, variable, "invalrng/range")
    for span in ranges:
        codes += map(str, _listed(span))
    others = tuple(span for span in ranges if not _listed(span))
    if others and not numeric:
        msg = (
            f"The invalid values of « {name} », which holds texts, go {others[0]}: they cannot be "
            "listed. Write each of them as an `item` of its `invalrng`."
        )
        raise SurveyError(SurveyProblem.FORMAT, msg, column=name)
    return codes, others


def _listed(span: Range) -> range:
    """Return the codes of a range of whole numbers that has two ends, and is not too long."""
    low, high = span.min, span.max
    if low is None or high is None or not (low.is_integer() and high.is_integer()):
        return range(0)
    codes = range(int(low), int(high) + 1)
    return codes if len(codes) <= _MOST_CODES else range(0)


def _ranges(name: str, variable: Element, path: str) -> tuple[Range, ...]:
    """Return the ranges that a variable declares; an item is one, and one without ends is none."""
    found: list[Range] = []
    for span in variable.iterfind(path):
        try:
            low, high = _end(span, "min", math.inf), _end(span, "max", -math.inf)
            if low is not None or high is not None:
                found.append(Range(min=low, max=high))
        except ValueError as error:
            said = ", ".join(f"{key} « {value} »" for key, value in span.items())
            msg = (
                f"« {name} » has a range of values that holds no number: {said}. Give its ends as "
                f"numbers, the lowest as `min`, or take it out of its `{path.partition('/')[0]}`."
            )
            raise SurveyError(SurveyProblem.FORMAT, msg, column=name) from error
    return tuple(found)


def _end(span: Element, side: str, inside: float) -> float | None:
    """Return an end of a range, itself inside; ``None`` if there is none on this side."""
    end = _number(span.get(side, span.get("VALUE", "")))
    beyond = _number(span.get(f"{side}Exclusive", ""))
    return float(end) if end else math.nextafter(float(beyond), inside) if beyond else None


def _is_in(ranges: Sequence[Range], code: str) -> bool:
    try:
        return bool(codes_within(ranges, [float(code)]))
    except ValueError:
        return False


def _sets(root: Element, names: dict[str, str]) -> dict[str, SeveralAnswers]:
    sets: dict[str, SeveralAnswers] = {}
    for group in root.iter("varGrp"):
        members = tuple(names[key] for key in group.get("var", "").split() if key in names)
        if group.get("type") == "multipleResp" and len(members) > 1:
            name = group.get("name") or group.get("ID") or f"set{len(sets) + 1}"
            counted = _text(group, "notes[@type='counted']") or "1"
            sets[name] = SeveralAnswers(
                label=_text(group, "labl") or name,
                variables=members,
                counted=int(counted) if counted.lstrip("-").isdigit() else counted,
            )
    return sets


def _text(element: Element, path: str) -> str:
    return " ".join((element.findtext(path) or "").split())
