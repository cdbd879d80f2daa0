"""The official codes of places and organisations: what is well formed, and what is wrong if not.

A code that is well formed may still belong to nobody: only the register that gives it can tell.
"""

from __future__ import annotations

import re
from enum import StrEnum

from stdnum import exceptions as stdnum_errors
from stdnum.fr import siren as stdnum_siren
from stdnum.fr import siret as stdnum_siret

_MAINLAND = r"(?:0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5])"
# 971 to 974 and 976 are departments; 975, 977, 978, 984 and 986 to 989 are other collectivities.
_OVERSEAS = r"(?:97[1-8]|98[46-9])"
_DEPARTMENT = re.compile(rf"{_MAINLAND}|{_OVERSEAS}")
_COMMUNE = re.compile(rf"{_MAINLAND}(?!000)\d{{3}}|{_OVERSEAS}(?!00)\d{{2}}")
# W, the department (2A and 2B of Corsica, 9 and a letter overseas), the registry, a number.
_RNA = re.compile(r"W(?:\d{2}|2[AB]|9[A-Z])\d{7}")
_SEPARATORS = re.compile(r"[\s.\u00a0\u202f-]+")


class CodeKind(StrEnum):
    """The codes that are checked here."""

    COMMUNE = "commune"
    DEPARTMENT = "department"
    SIREN = "SIREN"
    SIRET = "SIRET"
    RNA = "RNA"


class CodeProblem(StrEnum):
    """What is wrong with a code."""

    FORM = "form"
    LENGTH = "length"
    CHECKSUM = "checksum"


class InvalidCodeError(ValueError):
    """The text is not a well formed code.

    Attributes
    ----------
    kind
        The code that was expected.
    value
        The text that was given, without separators.
    problem
        What is wrong with it.
    """

    def __init__(self, kind: CodeKind, value: str, problem: CodeProblem, message: str) -> None:
        self.kind = kind
        self.value = value
        self.problem = problem
        super().__init__(message)


def commune_code(text: str) -> str:
    """Check the form of the INSEE code of a commune, and write it as INSEE does.

    Parameters
    ----------
    text : str
        Five characters: two digits of the department (2A and 2B in Corsica) and three of the
        commune, or three and two overseas. Spaces and lower case are accepted.

    Returns
    -------
    str
        The code in upper case. It may be that of no commune, or of a former one.

    Raises
    ------
    InvalidCodeError
        If the text has another form. A postal code often has the same form: it is not refused.

    Examples
    --------
    >>> commune_code("94080"), commune_code("2a004"), commune_code("97411")
    ('94080', '2A004', '97411')
    >>> commune_code("20004")
    Traceback (most recent call last):
        ...
    alliage.values.codes.InvalidCodeError: « 20004 » is not the INSEE code of a commune: ...
    """
    value = _bare(text)
    if _COMMUNE.fullmatch(value):
        return value
    problem = CodeProblem.FORM if len(value) == 5 else CodeProblem.LENGTH
    msg = (
        f"« {value} » is not the INSEE code of a commune: it takes five characters that start with "
        "the department, 01 to 95 (2A and 2B in Corsica, not 20), 971 to 978, 984 or 986 to 989. "
        "Write for example 94080, 2A004 or 97411."
    )
    raise InvalidCodeError(CodeKind.COMMUNE, value, problem, msg)


def department_code(text: str) -> str:
    """Check the form of the code of a department or of an overseas collectivity.

    Parameters
    ----------
    text : str
        Two characters, or three overseas.

    Returns
    -------
    str
        The code in upper case.

    Raises
    ------
    InvalidCodeError
        If the text has another form.

    Examples
    --------
    >>> department_code("94"), department_code("2b"), department_code("974")
    ('94', '2B', '974')
    """
    value = _bare(text)
    if _DEPARTMENT.fullmatch(value):
        return value
    problem = CodeProblem.FORM if len(value) in {2, 3} else CodeProblem.LENGTH
    msg = (
        f"« {value} » is not the code of a department. Write 01 to 95 (2A and 2B in Corsica), "
        "971 to 978, 984 or 986 to 989."
    )
    raise InvalidCodeError(CodeKind.DEPARTMENT, value, problem, msg)


def department_of_commune(code: str) -> str:
    """Return the code of the department that the INSEE code of a commune starts with.

    Parameters
    ----------
    code : str
        INSEE code of a commune.

    Returns
    -------
    str
        Code of the department, or of the overseas collectivity.

    Examples
    --------
    >>> department_of_commune("94080"), department_of_commune("2A004")
    ('94', '2A')
    >>> department_of_commune("97411")
    '974'
    """
    value = commune_code(code)
    return value[:3] if value.startswith(("97", "98")) else value[:2]


def is_overseas_collectivity(department: str) -> bool:
    """Tell an overseas collectivity from a department by its code.

    Parameters
    ----------
    department : str
        Code of a department, or of a collectivity that takes the place of one.

    Returns
    -------
    bool
        True for Saint-Pierre-et-Miquelon, French Polynesia and the like.

    Examples
    --------
    >>> is_overseas_collectivity("987"), is_overseas_collectivity("974")
    (True, False)
    """
    return department in {"975", "977", "978", "984", "986", "987", "988", "989"}


def siren(text: str) -> str:
    """Check a SIREN: nine digits, the last being a check digit (Luhn).

    Parameters
    ----------
    text : str
        The number; spaces, points and hyphens are accepted.

    Returns
    -------
    str
        The nine digits.

    Raises
    ------
    InvalidCodeError
        If it has another form, or if its check digit is wrong.

    Examples
    --------
    >>> siren("217 500 016")
    '217500016'
    >>> siren("217500017")
    Traceback (most recent call last):
        ...
    alliage.values.codes.InvalidCodeError: « 217500017 » is not a SIREN: its check digit is wrong...
    """
    value = _digits(CodeKind.SIREN, text, 9)
    if not stdnum_siren.is_valid(value):
        raise _wrong_checksum(CodeKind.SIREN, value)
    return value


def siret(text: str) -> str:
    """Check a SIRET: the SIREN of an organisation and five digits for one of its places.

    Parameters
    ----------
    text : str
        The number; spaces, points and hyphens are accepted.

    Returns
    -------
    str
        The fourteen digits.

    Raises
    ------
    InvalidCodeError
        If it has another form, or if its check digit is wrong.

    Notes
    -----
    The places of La Poste (SIREN 356 000 000), its head office excepted, follow another rule: the
    sum of their fourteen digits is a multiple of five.

    Examples
    --------
    >>> siret("732 829 320 00074"), siret("35600000049837")
    ('73282932000074', '35600000049837')
    """
    value = _digits(CodeKind.SIRET, text, 14)
    try:
        stdnum_siret.validate(value)
    except stdnum_errors.ValidationError as error:
        raise _wrong_checksum(CodeKind.SIRET, value) from error
    return value


def rna(text: str) -> str:
    """Check the form of the number of an association in the Répertoire national (RNA).

    Parameters
    ----------
    text : str
        W and nine characters; spaces and lower case are accepted.

    Returns
    -------
    str
        The number, in upper case.

    Raises
    ------
    InvalidCodeError
        If it has another form.

    Notes
    -----
    There is no check digit. The associations of Bas-Rhin, Haut-Rhin and Moselle follow local law:
    they are written in the register of a court, have no RNA number, and are known by their SIREN.

    Examples
    --------
    >>> rna("w751 234567"), rna("W2A1000123")
    ('W751234567', 'W2A1000123')
    """
    value = _bare(text)
    if _RNA.fullmatch(value):
        return value
    problem = CodeProblem.FORM if len(value) == 10 else CodeProblem.LENGTH
    msg = (
        f"« {value} » is not an RNA number: it takes W and nine characters, as in W751234567. "
        "Copy it from the receipt of the prefecture. An association of Alsace or Moselle has none: "
        "give its SIREN instead."
    )
    raise InvalidCodeError(CodeKind.RNA, value, problem, msg)


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", text).upper()


def _digits(kind: CodeKind, text: str, length: int) -> str:
    value = _bare(text)
    if not (value.isascii() and value.isdigit()):
        problem, fact = CodeProblem.FORM, "it has characters that are not digits"
    elif len(value) != length:
        problem, fact = CodeProblem.LENGTH, f"it has {len(value)} digits"
    else:
        return value
    msg = f"« {value} » is not a {kind}: {fact}. Write its {length} digits."
    raise InvalidCodeError(kind, value, problem, msg)


def _wrong_checksum(kind: CodeKind, value: str) -> InvalidCodeError:
    msg = (
        f"« {value} » is not a {kind}: its check digit is wrong, so at least one digit differs "
        "from the register. Copy it again from a notice of INSEE."
    )
    return InvalidCodeError(kind, value, CodeProblem.CHECKSUM, msg)
