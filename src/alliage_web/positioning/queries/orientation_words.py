"""The sentences of an orientation: why a line is there, what to check, what is not known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from alliage.positioning.orientation import Check, Help, Why
from alliage.positioning.questionnaire import questionnaire
from alliage_web.actors.models import WorldChoices
from alliage_web.alliances.models import LeverChoices, StageChoices
from alliage_web.territories.models import SizeClassChoices
from alliage_web.ui.templatetags.ui import number, partial_date
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from alliage.knowledge.comparable import Situation
    from alliage.positioning.orientation import Choice, Nearest, SupportBody, Told, Wish
    from alliage_web.actors.models import Organisation
    from alliage_web.fund.models import Call
    from alliage_web.positioning.models import SupportSite

_WORLDS = dict(WorldChoices.choices)
_SIZES = dict(SizeClassChoices.choices)
_STAGES = dict(StageChoices.choices)

HELPS = {
    Help.GUIDANCE: gettext_lazy("orientation"),
    Help.SUPPORT: gettext_lazy("accompagnement"),
    Help.INCUBATION: gettext_lazy("incubation"),
    Help.ENGINEERING: gettext_lazy("ingénierie"),
    Help.FUNDING: gettext_lazy("financement"),
    Help.NETWORK: gettext_lazy("réseau"),
}


#: What the facts of a line show as « non précisé ».
_NOT_STATED = frozenset(
    {Check.AUDIENCE_NOT_STATED, Check.PERIMETER_NOT_STATED, Check.CONDITIONS_NOT_STATED}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One recommendation, and why it is there. Empty texts are not shown."""

    title: str
    why: str
    url: str = ""
    summary: str = ""
    checks: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    #: What comes from outside the documents and was not verified: sentence, publisher, address.
    unverified: tuple[tuple[str, str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an orientation; ``told`` says how it was chosen, or why it is empty."""

    code: str
    title: str
    told: str
    lines: tuple[Line, ...] = ()


def english() -> bool:
    return (get_language() or "").startswith("en")


def in_language(record: Any, name: str) -> str:
    """Return a text of a record in the language of the page; empty if it is not stated."""
    return getattr(record, f"{name}_en" if english() else f"{name}_fr") or ""


def door_names(codes: Iterable[str]) -> str:
    """Quote the names of doors."""
    names = {door.code: in_language(door, "name") for door in questionnaire().doors}
    return _together([_("« %(name)s »") % {"name": names[code]} for code in codes])


def domain_labels(codes: Collection[str]) -> dict[str, str]:
    """Return the labels of domains; nothing is asked for none."""
    if not codes:
        return {}
    terms = by_scheme(Scheme.DOMAIN)[Scheme.DOMAIN]
    return {term.code: term.label for term in terms if term.code in codes}


def place_told(name: str, *, known: bool) -> str:
    """Say what the lack of a place changes."""
    if known:
        return ""
    if name:
        return _(
            "La position de « %(name)s » n’est pas connue au millésime en vigueur : ce qui suit ne "
            "tient pas compte des distances. Essayez la commune qui l’a remplacée, ou une voisine."
        ) % {"name": name}
    return _(
        "Sans commune connue, ce qui suit vaut pour toute la France, sans distance ni taille de "
        "territoire."
    )


# Examples and resources


def no_door_examples() -> str:
    return _(
        "Aucune porte n’est désignée : un exemple pris au hasard ne vous aiderait pas. Parlez-en "
        "d’abord avec l’un des interlocuteurs ci-dessous."
    )


def no_door_resources() -> str:
    return _("Sans porte désignée, aucun outil n’est mis en avant. Tous sont dans la base.")


def no_example(doors: Iterable[str]) -> str:
    return _(
        "Aucun exemple publié n’est classé sous %(doors)s : le vôtre peut être le premier."
    ) % {"doors": door_names(doors)}


def no_resource(doors: Iterable[str]) -> str:
    return _("Aucun outil ni publication n’est encore classé sous %(doors)s.") % {
        "doors": door_names(doors)
    }


def examples_told(wish: Wish, chosen: Sequence[Situation]) -> str:
    """Say in which circle the examples were found: that of the need, then that of the size."""
    return " ".join(filter(None, (_need_told(wish, chosen), _size_told(wish, chosen))))


def _need_told(wish: Wish, chosen: Sequence[Situation]) -> str:
    if not wish.domains:
        return ""
    same = sum(bool(wish.domains & one.domains) for one in chosen)
    names = _together([label.lower() for label in domain_labels(wish.domains).values()])
    if same == len(chosen):
        return _("Même besoin que le vôtre : %(needs)s.") % {"needs": names}
    if same:
        return _(
            "Un seul répond à votre besoin (%(needs)s) : le cercle a été élargi à d’autres besoins."
        ) % {"needs": names}
    return _(
        "Aucun exemple publié de cette porte ne répond à votre besoin (%(needs)s) : le cercle a "
        "été élargi à d’autres besoins."
    ) % {"needs": names}


def _size_told(wish: Wish, chosen: Sequence[Situation]) -> str:
    if not wish.size:
        return _(
            "Choisis d’après votre porte. Sans la taille de votre territoire, rien ne dit qu’ils "
            "viennent d’un territoire comparable."
        )
    same = sum(wish.size in one.sizes for one in chosen)
    size = _size(wish.size)
    if same == len(chosen):
        return _("Même porte, et territoire de même taille que le vôtre : %(size)s.") % {
            "size": size
        }
    if same:
        return _(
            "Même porte que vous. Un seul vient d’un territoire de votre taille (%(size)s) : le "
            "cercle a été élargi aux autres tailles."
        ) % {"size": size}
    return _(
        "Aucun exemple de cette porte ne vient d’un territoire de votre taille (%(size)s) : le "
        "cercle a été élargi aux autres tailles."
    ) % {"size": size}


def why_example(why: Iterable[Told[Why]], domains: Mapping[str, str]) -> str:
    """Say in one sentence why an example was chosen."""
    said = []
    for one in why:
        if one.code is Why.DOOR:
            said.append(_("il avance par %(doors)s") % {"doors": door_names(one.values)})
        elif one.code is Why.DOMAIN:
            names = _together([domains.get(code, code).lower() for code in one.values])
            said.append(_("il répond au même besoin (%(domains)s)") % {"domains": names})
        elif one.code is Why.SAME_SIZE:
            size = _size(one.values[0])
            said.append(_("son territoire a la taille du vôtre (%(size)s)") % {"size": size})
        elif one.code is Why.WORLD:
            world = _world(one.values[0])
            said.append(_("votre monde y prend part (%(world)s)") % {"world": world})
    return _sentence(said)


def resources_told(*, acts: bool) -> str:
    if acts:
        return _("Vous agissez déjà : les outils viennent avant les publications.")
    return _("Vous découvrez cette porte : ce qui la raconte vient avant les outils.")


def why_resource(kind: str, doors: Sequence[str]) -> str:
    if kind == "tool":
        return _("Un outil classé sous %(doors)s.") % {"doors": door_names(doors)}
    return _("Une publication classée sous %(doors)s.") % {"doors": door_names(doors)}


def checks(given: Iterable[Told[Check]]) -> tuple[str, ...]:
    """Say what is to be checked, one sentence each; what is not stated is one thing to ask."""
    given = tuple(given)
    told = [_check(one) for one in given if one.code not in _NOT_STATED]
    if len(told) < len(given):
        told.insert(0, _("Ce qui est « non précisé » : demandez-le avant de vous engager."))
    return tuple(told)


def _check(one: Told[Check]) -> str:
    sizes = _together([_size(code) for code in one.values if code in _SIZES])
    worlds = _together([_world(code) for code in one.values if code in _WORLDS])
    stage = str(_STAGES.get(one.values[0], "")).lower() if one.values else ""
    return {
        Check.OTHER_SIZE: _("L’échelle : son territoire est d’une autre taille (%(sizes)s)."),
        Check.SIZE_UNKNOWN: _(
            "L’échelle : la taille de son territoire n’est pas connue, ou il couvre un "
            "département ou plus."
        ),
        Check.WORLD_ABSENT: _("Les acteurs : votre monde n’y prend pas part. Y sont : %(worlds)s."),
        Check.WORLDS_BESIDE: _("Les acteurs : avez-vous aussi, près de vous, %(worlds)s ?"),
        Check.WORLDS_UNKNOWN: _("Les acteurs : on ne sait pas qui y a pris part."),
        Check.FURTHER: _("L’étape : il en est plus loin que vous (%(stage)s)."),
        Check.OTHER_DOMAIN: _("Le besoin : il n’a aucun domaine en commun avec le vôtre."),
        Check.TO_VERIFY: _("Ce qui vient d’une source extérieure, que personne n’a vérifié."),
    }[one.code] % {"sizes": sizes, "worlds": worlds, "stage": stage}


# Distances


def catalysts_without_place() -> str:
    return _("Dites votre commune pour voir les catalyseurs les plus proches d’elle.")


def sites_without_place() -> str:
    return _("Dites votre commune pour voir les points de contact les plus proches d’elle.")


def no_site_loaded() -> str:
    return _("Aucun point de contact n’est chargé sur cette plateforme : on ne sait donc pas.")


def no_catalyst() -> str:
    return _("Aucun catalyseur de l’annuaire n’a de lieu connu : on ne peut pas mesurer.")


def no_catalyst_on_theme() -> str:
    return _("Près de vous, aucun catalyseur ne dit travailler sur ce thème : voici les autres.")


def near_told(near: Nearest[Any]) -> str:
    """Say in which circle things were found, and which were empty."""
    if near.circle is None:
        return _("Aucun à moins de %(empty)s km : le plus proche est à %(km)s km.") % {
            "empty": number(near.empty),
            "km": number(round(near.found[0][0])),
        }
    if near.empty is None:
        return _("À moins de %(circle)s km, à vol d’oiseau.") % {"circle": number(near.circle)}
    return _(
        "Aucun à moins de %(empty)s km : le cercle a été élargi à %(circle)s km, à vol d’oiseau."
    ) % {"empty": number(near.empty), "circle": number(near.circle)}


def why_catalyst(
    distance: float, place: str, *, functions: Sequence[str], themes: Sequence[str], covered: str
) -> str:
    """Say in one sentence why a catalyst is shown."""
    said = []
    if covered:
        said.append(_("il couvre votre territoire (%(place)s)") % {"place": covered})
    said.append(_("il est à %(km)s (%(place)s)") % {"km": _km(distance), "place": place})
    if themes:
        names = _together([name.lower() for name in themes])
        said.append(_("il travaille sur votre besoin (%(needs)s)") % {"needs": names})
    if functions:
        names = _together([name.lower() for name in functions])
        said.append(_("ce qu’il fait sert votre porte (%(functions)s)") % {"functions": names})
    return _sentence(said)


def checks_of_catalyst(*, known: bool) -> tuple[str, ...]:
    if known:
        return ()
    return (_("Ce qu’il fait : ses fonctions ne sont pas renseignées."),)


def why_site(site: SupportSite, distance: float, *, is_there: bool) -> str:
    """Say in one sentence why a site is shown."""
    if is_there:
        return _("Dans votre commune, un site de « %(network)s » reçoit et oriente.") % {
            "network": site.network
        }
    return _("À %(km)s, un site de « %(network)s » reçoit et oriente.") % {
        "km": _km(distance),
        "network": site.network,
    }


def checks_of_site(site: SupportSite) -> tuple[str, ...]:
    return (
        _("Adresse et horaires : la liste est à jour au %(day)s.")
        % {"day": partial_date(site.as_of)},
    )


def address(site: SupportSite) -> str:
    """Return an address on one line."""
    town = " ".join(text for text in (site.postal_code, site.town) if text)
    return ", ".join(text for text in (site.address, town) if text)


def _km(distance: float) -> str:
    if distance < 1:
        return _("moins de 1 km")
    return _("%(km)s km") % {"km": number(round(distance))}


# Support bodies


def bodies_told(*, has_door: bool) -> str:
    if has_door:
        return _(
            "Cités par les documents de référence. Leur rapport avec les portes est une lecture "
            "d’Alliage."
        )
    return _("Sans porte désignée, commencez par qui écoute et oriente.")


def no_body() -> str:
    return _("Les documents de référence ne citent personne pour cette porte et ce monde.")


def funders_told(*, has_lines: bool) -> str:
    if has_lines:
        return _(
            "Les appels ouverts, puis qui paie de l’ingénierie ou investit, puis qui a déjà "
            "soutenu des alliances. Rien ne dit que votre demande sera retenue."
        )
    return _("Aucun financeur n’est connu pour cette porte et ce monde.")


def call_line(call: Call) -> Line:
    """Tell a call that is open."""
    if call.closes:
        day = partial_date(dt.datetime.fromisoformat(call.closes).date())
        told = _("Cet appel de « %(fund)s » est ouvert jusqu’au %(day)s.")
    else:
        day = ""
        told = _("Cet appel de « %(fund)s » est ouvert, sans date de fin annoncée.")
    return Line(
        title=(english() and call.title_en) or call.title_fr,
        url=call.get_absolute_url(),
        why=told % {"fund": call.fund.name, "day": day},
        checks=(_("Qui peut déposer, et pour quel territoire : c’est dans ses règles."),),
    )


def given_by_levers(levers: Counter[str]) -> str:
    """Say how many supports somebody gave, by lever."""
    labels = dict(LeverChoices.choices)
    named = ", ".join(
        f"{str(labels[lever]).lower()} ({number(count)})" for lever, count in levers.most_common()
    )
    count = levers.total()
    return ngettext(
        "%(count)d soutien rapporté par des sources publiques : %(levers)s",
        "%(count)d soutiens rapportés par des sources publiques : %(levers)s",
        count,
    ) % {"count": count, "levers": named}


def giver_line(giver: Organisation, given: str, *, has_door: bool) -> Line:
    """Tell somebody by what they gave."""
    return Line(
        title=giver.name,
        url=giver.get_absolute_url(),
        why=_("Il a déjà soutenu des alliances qui avancent par votre porte.")
        if has_door
        else _("Il a déjà soutenu des alliances."),
        facts=((_("Déjà donné"), given),),
        checks=(_("Ce qu’il a donné hier ne dit pas ce qu’il donne aujourd’hui."),),
    )


def body_line(
    choice: Choice[SupportBody],
    names: Mapping[str, str],
    places: Mapping[tuple[str, str], str],
) -> Line:
    """Tell a support body, what is not stated included."""
    body = choice.item
    unknown = _("non précisé")
    return Line(
        title=in_language(body, "name"),
        url=body.url or "",
        summary=in_language(body, "does"),
        why=_why_body(choice.why, places),
        checks=checks(choice.checks),
        facts=(
            (_("Pour qui"), _together([_world(one) for one in body.worlds or ()]) or unknown),
            (_("Où"), in_language(body, "where") or _where(body) or unknown),
            (_("Conditions"), in_language(body, "conditions") or unknown),
        ),
        tags=tuple(str(HELPS[one]) for one in body.helps),
        unverified=tuple(
            (in_language(one, "fact"), one.publisher, one.url) for one in body.complements
        ),
        links=tuple((slug, names[slug]) for slug in body.organisations if slug in names),
        source=body.source,
    )


def _where(body: SupportBody) -> str:
    if body.perimeter is None:
        return ""
    return ", ".join(body.perimeter.codes) or _("toute la France")


def _why_body(why: Iterable[Told[Why]], places: Mapping[tuple[str, str], str]) -> str:
    said = []
    for one in why:
        if one.code is Why.DOOR:
            said.append(_("il sert %(doors)s") % {"doors": door_names(one.values)})
        elif one.code is Why.WORLD:
            said.append(
                _("il s’adresse à votre monde (%(world)s)") % {"world": _world(one.values[0])}
            )
        elif one.code is Why.EVERYWHERE:
            said.append(_("il intervient dans toute la France"))
        elif one.code is Why.HERE:
            level, _slash, code = one.values[0].partition("/")
            said.append(
                _("il intervient chez vous (%(place)s)")
                % {"place": places.get((level, code), code)}
            )
    return _sentence(said) or _("Cité parmi les solutions d’accompagnement.")


# Words


def _world(code: str) -> str:
    return str(_WORLDS[code]).lower()


def _size(code: str) -> str:
    return str(_SIZES[code])


def _sentence(said: Sequence[str]) -> str:
    return f"{capfirst(_together(said))}." if said else ""


def _together(said: Sequence[str]) -> str:
    """Join with commas, and « et » before the last."""
    if len(said) < 2:
        return "".join(said)
    return _("%(first)s et %(last)s") % {"first": ", ".join(said[:-1]), "last": said[-1]}
