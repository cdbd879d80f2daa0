"""A small geography, a few terms and people, and organisations made through the actions."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from alliage.values.text import name_key
from alliage_web.accounts.models import Role, RoleHolding, User
from alliage_web.actors import actions
from alliage_web.actors.queries import Description
from alliage_web.territories.models import SearchKey, Snapshot, Territory, Vintage
from alliage_web.vocabulary.models import ReadingChoices, Scheme, SchemeNote, SourceDocument, Term

if TYPE_CHECKING:
    from alliage_web.actors.models import Organisation

AT = dt.datetime(2026, 1, 15, 9, 0, tzinfo=dt.UTC)

# Level, code, name, groupings, latitude, longitude, x, y.
_PLACES: tuple[tuple[str, str, str, dict[str, str], float, float, float, float], ...] = (
    ("country", "FR", "France", {}, 46.5, 2.5, 600, 500),
    ("region", "11", "Île-de-France", {}, 48.7, 2.5, 650, 250),
    ("region", "24", "Centre-Val de Loire", {}, 47.5, 1.7, 600, 330),
    ("department", "94", "Val-de-Marne", {"region": "11"}, 48.77, 2.47, 655, 245),
    ("department", "93", "Seine-Saint-Denis", {"region": "11"}, 48.91, 2.47, 655, 235),
    ("department", "45", "Loiret", {"region": "24"}, 47.9, 2.3, 640, 320),
    (
        *("ept", "200057941", "Paris Est Marne et Bois", {"department": "94", "region": "11"}),
        *(48.82, 2.49, 657.0, 240.0),
    ),
    *(
        ("commune", code, name, {"department": code[:2], "region": region, **more}, *where)
        for code, name, region, more, where in (
            ("94080", "Vincennes", "11", {"ept": "200057941"}, (48.8474, 2.4376, 655.0, 236.0)),
            ("94067", "Saint-Mandé", "11", {"ept": "200057941"}, (48.8424, 2.4190, 654.0, 236.5)),
            ("93048", "Montreuil", "11", {}, (48.8638, 2.4483, 655.5, 235.0)),
            ("45208", "Montargis", "24", {}, (47.9970, 2.7330, 660.0, 300.0)),
        )
    ),
)


def geography() -> Vintage:
    """Write a current vintage of eleven territories that the autocomplete finds by name."""
    vintage = Vintage.objects.create(
        year=2026,
        is_current=True,
        geography_source="essai",
        population_source="essai",
        attribution="essai",
    )
    known: dict[str, Territory] = {}
    for level, code, name, within, latitude, longitude, x, y in _PLACES:
        territory = Territory.objects.create(level=level, code=code, name=name)
        known[code] = territory
        Snapshot.objects.create(
            vintage=vintage,
            territory=territory,
            name=name,
            name_key=name_key(name),
            latitude=latitude,
            longitude=longitude,
            x=x,
            y=y,
            **{field: known[parent] for field, parent in within.items()},
        )
        for key in {name_key(name), code.lower()}:
            SearchKey.objects.create(
                vintage=vintage, territory=territory, level=level, key=key, is_whole=True
            )
    return vintage


def vocabulary() -> None:
    """Write two domains, two external functions and a source."""
    for order, (scheme, code, label, reading) in enumerate(
        (
            (Scheme.DOMAIN, "health", "Santé", ReadingChoices.STATED),
            (Scheme.DOMAIN, "education", "Éducation", ReadingChoices.STATED),
            (Scheme.CATALYST_FUNCTION, "support", "Accompagnement", ReadingChoices.EXTERNAL),
            (Scheme.CATALYST_FUNCTION, "place", "Gestion d’un lieu", ReadingChoices.EXTERNAL),
        )
    ):
        Term.objects.create(
            scheme=scheme,
            code=code,
            label_fr=label,
            label_en=code.capitalize(),
            definition_fr=f"Sens du mot {label}.",
            order=order,
            reading=reading,
            source="X01",
        )
    SchemeNote.objects.create(
        scheme=Scheme.CATALYST_FUNCTION,
        label_fr="Fonctions des catalyseurs",
        label_en="Functions of catalysts",
        source="X01",
        note_fr="Noms venus de l’extérieur.",
    )
    SourceDocument.objects.create(
        code="X01",
        label_fr="Les catalyseurs",
        label_en="Catalysts",
        publisher="associations.gouv.fr",
        kind="external",
        url="https://example.org/catalyseurs",
    )
    SourceDocument.objects.create(
        code="sheet_pemb",
        label_fr="Fiche PEMB entière",
        label_en="Whole PEMB sheet",
        short_fr="Fiche PEMB",
        short_en="PEMB sheet",
        publisher="Fonds",
        published="2022",
        kind="case_sheet",
    )


def person(name: str = "Lou", *roles: Role) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.org", "phrase", name=name)
    for role in roles:
        RoleHolding.objects.create(user=user, role=role, granted_at=AT)
    return user


def editor(name: str = "Dominique") -> User:
    return person(name, Role.EDITOR)


def described(name: str, **more: Any) -> Description:
    values: dict[str, Any] = {"world": "association", "profile": "association"} | more
    return Description(name=name, **values)


def organisation(name: str, *, by: User | None = None, **more: Any) -> Organisation:
    return actions.create_organisation(description=described(name, **more), by=by, at=AT)


def catalyst(name: str, **more: Any) -> Organisation:
    values: dict[str, Any] = {"is_catalyst": True, "roles": ("catalyst",)} | more
    return organisation(name, **values)
