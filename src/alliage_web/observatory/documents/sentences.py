"""Claims as sentences that may be quoted: each names of whom, when, how sure, and what is invented.

The words are chosen here; how strong they are comes from ``alliage.observatory.reading.claims``. No
sentence says why: there is no word for a cause in any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from alliage.observatory.reading.claims import Evidence
from alliage.observatory.reading.differences import Basis, Obstacle
from alliage.observatory.releases.values import CellStatus, Unit
from alliage.values.french import NO_BREAK
from alliage_web.observatory.models.catalogue import in_language
from alliage_web.ui.templatetags.ui import number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.functional import _StrPromise

    from alliage.observatory.reading.claims import DifferenceClaim, FigureClaim, RankClaim
    from alliage.observatory.reading.differences import Difference, IncomparableError
    from alliage.observatory.releases.values import Cell, Head, MarginFit, Measure, Question

#: A share of draws beyond which only a bound is written.
_NEARLY_SURE = 0.995
#: « de qui » : the people of each study.
PEOPLE: Mapping[str, _StrPromise] = {
    "citizen": gettext_lazy("des citoyens"),
    "local_elected": gettext_lazy("des élus locaux"),
    "company": gettext_lazy("des entreprises"),
    "association": gettext_lazy("des associations"),
    "foundation": gettext_lazy("des fondations"),
    "academic": gettext_lazy("des acteurs académiques"),
}

_OBSTACLES: Mapping[Obstacle, _StrPromise] = {
    Obstacle.NO_FIGURE: gettext_lazy(
        "L’un des chiffres n’est pas, ou n’est plus, publié. Choisissez-en un dans un tableau."
    ),
    Obstacle.HIDDEN: gettext_lazy(
        "L’un des chiffres est masqué : trop peu de personnes y ont répondu, ou il en révélerait "
        "un autre. Choisissez un groupe plus large."
    ),
    Obstacle.NOBODY: gettext_lazy(
        "Personne de l’un des groupes n’a été interrogé, ou n’a répondu. Choisissez-en un autre."
    ),
    Obstacle.SAME_FIGURE: gettext_lazy("C’est deux fois le même chiffre. Choisissez-en deux."),
    Obstacle.SCALE: gettext_lazy(
        "Les deux chiffres ne sont pas sur la même échelle : une part ne se compare pas à une note."
    ),
    Obstacle.NO_ERROR: gettext_lazy(
        "L’un des chiffres n’a pas de marge d’erreur : rien ne permet de dire si l’écart tient au "
        "hasard."
    ),
    Obstacle.OTHER_STUDY: gettext_lazy(
        "Les deux chiffres viennent de deux études : rien ne dit qu’elles ont posé la même "
        "question. Comparez deux vagues d’une même étude."
    ),
    Obstacle.SAME_WAVE: gettext_lazy(
        "Les deux publications portent sur les mêmes personnes. Choisissez deux chiffres de l’une."
    ),
    Obstacle.OTHER_MEASURE: gettext_lazy(
        "D’une vague à l’autre, seul le même chiffre de la même question se compare."
    ),
    Obstacle.SYNTHETIC: gettext_lazy(
        "L’un des chiffres vient de répondants inventés, l’autre de vraies personnes."
    ),
}


def people(population: str) -> str:
    """Return whose answers they are, as the complement of a noun."""
    return str(PEOPLE.get(population, population))


def written(value: float, unit: Unit) -> str:
    """Write a figure in its unit: a percentage, a mark to the tenth, signed points."""
    if unit is Unit.SHARE:
        return percent(value)
    if unit is Unit.SCORE:
        return number(value, 1)
    return f"{'+' if value > 0 else ''}{points(value)}"


def points(share: float) -> str:
    """Write a difference of shares in points."""
    shown = round(abs(share) * 100, 1)
    # French writes « 1,7 point », English « 0.5 points ».
    english = (get_language() or "").startswith("en")
    count = (1 if shown == 1 else 2) if english else int(shown)
    text = ngettext("%(number)s point", "%(number)s points", count)
    return text % {"number": number(share * 100, 1)}


def reach(margin: float, unit: Unit) -> str:
    """Write a margin of error, or a difference, in the unit of what it is about."""
    return number(margin, 2) if unit is Unit.SCORE else points(margin)


def margin_labels(fit: MarginFit, head: Head) -> tuple[str, str]:
    """Name a margin and its category by the labels of the release; a code without one stays."""
    cuts = {one.code: one for one in head.breakdowns if one.code}
    variables, levels = fit.margin.split(" × "), fit.category.split(", ")
    named = [in_language(*cuts[one].labels) if one in cuts else one for one in variables]
    if len(levels) != len(variables):
        return " × ".join(named), fit.category
    known = [
        {one.code: in_language(*one.labels) for one in cuts[name].groups} if name in cuts else {}
        for name in variables
    ]
    told = [labels.get(code, code) for labels, code in zip(known, levels, strict=True)]
    return " × ".join(named), ", ".join(told)


def row_label(measure: Measure) -> str:
    """Return the name of a figure, enough by itself."""
    return in_language(*measure.labels)


def item_label(measure: Measure) -> str:
    """Return the name of a row among those of one level: the item alone."""
    return in_language(*measure.item_labels) or row_label(measure)


def chance(share: float) -> str:
    """Write a probability found by draws, which proves neither 0 nor 1."""
    if share > _NEARLY_SURE:
        return _("plus de %(share)s") % {"share": percent(0.99)}
    if share < 1 - _NEARLY_SURE:
        return _("moins de %(share)s") % {"share": percent(0.01)}
    return percent(share)


def base(question: Question, respondents: int) -> str:
    """Write the base of a figure, and to whom the question was put if not to everybody."""
    count = _("%(base)s répondants") % {"base": number(respondents)}
    universe = in_language(*question.universe)
    return f"{count} ({universe})" if universe else count


def margin_of(cell: Cell) -> float | None:
    """Return the longer half of an interval: what « ± » is followed by."""
    if cell.value is None or cell.low is None or cell.high is None:
        return None
    return max(cell.high - cell.value, cell.value - cell.low)


def bases(cells: Sequence[Cell]) -> str:
    """Write the bases of the figures of a column; why none is told where none is."""
    known = [one.respondents for one in cells if one.is_shown and one.respondents is not None]
    if not known:
        return unseen_words(cells[0])
    low, high = min(known), max(known)
    return number(low) if low == high else f"{number(low)}–{number(high)}"


def figure_sentence(claim: FigureClaim, wave: str) -> str:
    """Write what may be quoted of a figure; ``wave`` is the name of the study and of its wave."""
    measure = claim.measure
    told = {
        "value": written(claim.value, measure.unit),
        "people": people(claim.context.population) + _group(claim),
        "measure": row_label(measure),
        "question": in_language(*claim.question.labels),
        "low": number(measure.bounds[0]),
        "high": number(measure.bounds[1]),
    }
    if measure.unit is Unit.SCORE:
        text = _(
            "La note moyenne %(people)s pour « %(measure)s » (« %(question)s ») est de %(value)s "
            "sur une échelle de %(low)s à %(high)s"
        )
    elif measure.unit is Unit.SHARE:
        text = _("%(value)s %(people)s répondent « %(measure)s » à « %(question)s »")
    else:
        text = _(
            "Le solde de « %(measure)s » (« %(question)s ») est de %(value)s, réponses %(people)s"
        )
    return _joined(
        text % told
        + " "
        + _("(marge d’erreur ± %(margin)s, confiance %(level)s ; base %(base)s ; %(wave)s).")
        % {
            "margin": reach(claim.margin, measure.unit),
            "level": percent(claim.context.level),
            "base": base(claim.question, claim.respondents),
            "wave": wave,
        },
        _caution(claim),
        _synthetic(claim),
    )


def difference_sentence(claim: DifferenceClaim, waves: tuple[str, str]) -> str:
    """Write what may be quoted of two figures; ``waves`` are those of the two, in their order."""
    one, other = claim.first, claim.second
    told = {
        "first": _subject(one, other, waves[0]),
        "second": _subject(other, one, waves[1]),
        "gap": reach(claim.value, one.measure.unit),
        "margin": reach(claim.margin, one.measure.unit),
        "level": percent(one.context.level),
        "count": number(claim.picked_from),
    }
    if claim.evidence is Evidence.ESTABLISHED:
        verdict = _(
            "Le premier chiffre est plus élevé que le second : l’écart, de %(gap)s (± %(margin)s, "
            "confiance %(level)s), est établi, même choisi parmi les comparaisons possibles de ce "
            "tableau (%(count)s)."
        )
    elif claim.evidence is Evidence.ALONE:
        verdict = _(
            "L’écart, de %(gap)s (± %(margin)s, confiance %(level)s), n’est établi que si cette "
            "comparaison était décidée avant de voir le tableau ; choisi parmi les comparaisons "
            "possibles (%(count)s), il ne l’est pas."
        )
    else:
        verdict = _(
            "L’écart, de %(gap)s (± %(margin)s, confiance %(level)s), n’est pas établi : il peut "
            "tenir au hasard de l’échantillon."
        )
    return _joined(
        _("%(first)s ; %(second)s.") % told,
        verdict % told,
        _("Réponses %(people)s ; %(waves)s.")
        % {
            "people": people(one.context.population),
            "waves": " ; ".join(dict.fromkeys(waves)),
        },
        _caution(one) or _caution(other),
        _synthetic(one),
    )


def rank_sentence(claim: RankClaim, wave: str) -> str:
    """Write what may be quoted of the rank of an item."""
    told = {
        "item": in_language(*claim.item),
        "question": in_language(*claim.question.labels),
        "people": people(claim.context.population)
        + (f" ({in_language(*claim.group.labels)})" if claim.group.code else ""),
        "best": ordinal(claim.best),
        "worst": ordinal(claim.worst),
        "rank": ordinal(claim.rank),
        "count": number(claim.count),
        "level": percent(claim.level),
        "base": base(claim.question, claim.respondents),
        "top": chance(claim.top),
        "wave": wave,
    }
    if claim.evidence is Evidence.ESTABLISHED:
        text = _("« %(item)s » est au %(rank)s rang sur %(count)s de « %(question)s »")
    else:
        text = _(
            "« %(item)s » se situe entre le %(best)s et le %(worst)s rang sur %(count)s de "
            "« %(question)s » (estimation : %(rank)s)"
        )
    end = _(
        ", réponses %(people)s (confiance %(level)s pour l’ensemble des rangs ; probabilité d’être "
        "parmi les trois premiers : %(top)s ; base %(base)s ; %(wave)s)."
    )
    return _joined(text % told + end % told, _synthetic(claim))


def ordinal(rank: int) -> str:
    """Write a rank."""
    if (get_language() or "").startswith("en"):
        ending = (
            "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
        )
        return f"{rank}{ending}"
    return "1er" if rank == 1 else f"{rank}e"


def refusal_sentence(error: IncomparableError) -> str:
    """Say why two figures are not compared, and what to do."""
    if error.obstacle is Obstacle.BROKEN_SERIES:
        return _("Les deux vagues ne se comparent pas : %(why)s") % {
            "why": error.values.get("why", "")
        }
    return str(_OBSTACLES[error.obstacle])


def basis_sentence(found: Difference) -> str:
    """Say where the error of a difference comes from."""
    if found.basis is Basis.COVARIANCE:
        return _(
            "La marge tient compte de ce que les deux chiffres ont en commun : mêmes répondants, "
            "groupes qui se recouvrent, redressement."
        )
    if found.basis is Basis.INDEPENDENT:
        return _(
            "Les deux vagues ont interrogé des personnes différentes : leurs erreurs sont "
            "indépendantes."
        )
    return _(
        "Les deux chiffres viennent de deux tableaux : ce qu’ils ont en commun n’est pas publié. "
        "La marge est la plus large possible ; une vraie différence peut lui échapper."
    )


def detectable_sentence(found: Difference) -> str:
    """Say which difference would have been seen."""
    return _(
        "Avec ces bases, un écart réel de %(gap)s aurait été établi huit fois sur dix ; un plus "
        "petit peut exister sans se voir."
    ) % {"gap": reach(found.detectable, found.first.measure.unit)}


def unseen_words(cell: Cell) -> str:
    """Return what stands in the place of a figure that is not shown."""
    return _("n/a") if cell.status is CellStatus.NOBODY else _("s")


def _group(claim: FigureClaim) -> str:
    return f" ({in_language(*claim.group.labels)})" if claim.group.code else ""


def _subject(one: FigureClaim, other: FigureClaim, wave: str) -> str:
    """Name a figure by what tells it from the other, with its margin and its base."""
    name = f"«{NO_BREAK}{row_label(one.measure)}{NO_BREAK}»"
    parts = [
        in_language(*one.question.labels),
        in_language(*one.group.labels),
        wave if one.context.wave != other.context.wave else "",
    ]
    return _("%(name)s (%(parts)s) : %(value)s, ± %(margin)s, base %(base)s") % {
        "name": name,
        "parts": ", ".join(part for part in parts if part),
        "value": written(one.value, one.measure.unit),
        "margin": reach(one.margin, one.measure.unit),
        "base": base(one.question, one.respondents),
    }


def _caution(claim: FigureClaim) -> str:
    return _("Base faible : à lire avec prudence.") if claim.caution else ""


def _synthetic(claim: FigureClaim | RankClaim) -> str:
    return _("Données synthétiques : répondants inventés.") if claim.context.synthetic else ""


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
