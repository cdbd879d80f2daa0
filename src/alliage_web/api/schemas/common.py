"""What several answers are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Generic, Self, TypeVar, cast

from django.utils.translation import gettext_lazy
from ninja import P, PathEx, Schema
from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from alliage.alliances.vocabulary import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

#: Descriptions follow the language of the reader: they are put in words when they are sent.
_: Callable[[str], str] = cast("Callable[[str], str]", gettext_lazy)

Item = TypeVar("Item")


def _plain(value: Decimal) -> str:
    """Write a decimal without exponent nor useless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


#: A text, or null where nothing is known.
Known = Annotated[str | None, BeforeValidator(lambda value: str(value) if value else None)]
#: A text that is always there; texts of the interface come in the language of the reader.
Text = Annotated[str, BeforeValidator(str)]
#: An exact decimal number, written as text so that no program rounds it.
Exact = Annotated[Decimal, PlainSerializer(_plain, return_type=str)]
#: One line that a person types. PostgreSQL refuses a text with a null character.
Typed = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
#: The code of a term, of a territory or of another thing that has one.
Code = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
#: The part of an address that names a thing.
Slug = PathEx[str, P(description=_("dernière partie de l’adresse de la page"))]


def absolute(context: Any, path: str) -> str:
    """Give the whole address of a page or of another answer."""
    request: HttpRequest = context["request"]
    return request.build_absolute_uri(path)


class Figure(Schema):
    """A number with what it needs to be read."""

    value: int | float | None = Field(description=_("null quand le chiffre n’est pas connu"))
    unit: Text
    as_of: Known = Field(description=_("date ou année du chiffre"))
    source: Known = Field(description=_("d’où vient le chiffre"))
    reading: Reading = Field(
        description=_("dit par la source, déduit par un calcul, ou complément extérieur")
    )


class TermRef(Schema):
    """A term under which something stands."""

    scheme: Text
    code: Text
    label: Text


class Classification(TermRef):
    """A term under which a source, or we, put something."""

    reading: Reading
    reason: Known = Field(description=_("pourquoi, quand le classement est déduit"))
    source: Known


class Links(Schema):
    """Where the other pages of a list are."""

    self: str
    first: str
    previous: str | None
    next: str | None
    last: str


class Listing(Schema, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    total: int = Field(description=_("nombre de réponses, toutes pages réunies"))
    page: int
    page_size: int
    links: Links


class WrongValue(Schema):
    """A value that cannot be read."""

    field: str
    detail: str
    allowed: list[str] | None = Field(
        None, description=_("les valeurs possibles, quand elles sont en nombre fini")
    )


class Problem(Schema):
    """What went wrong and how to mend it, as RFC 9457 writes it."""

    type: str
    title: str
    status: int
    detail: str
    fix: str = Field(description=_("ce qu’il faut changer dans la demande"))
    errors: list[WrongValue] = Field(description=_("les valeurs refusées, une à une"))


class Asked(Schema):
    """The parameters of a route. Others are refused: a misspelt filter would keep everything."""

    @model_validator(mode="after")
    def _every_parameter_is_known(self, info: ValidationInfo) -> Self:
        query = (info.context or {})["request"].GET
        known = type(self).model_fields
        for name in query:
            if name not in known:
                raise _unknown(name, sorted(known))
        return self


def _unknown(name: str, known: list[str]) -> PydanticCustomError:
    return PydanticCustomError(
        "unknown_parameter",
        "This parameter does not exist. Remove it or correct its name",
        {"field": name, "allowed": known},
    )


class Paging(Asked):
    """Which page of a list is asked for."""

    page: int = Field(1, ge=1, le=1_000_000, description=_("numéro de la page"))
    page_size: int = Field(24, ge=1, le=100, description=_("réponses dans une page"))
