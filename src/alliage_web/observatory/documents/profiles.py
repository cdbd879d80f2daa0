"""Profiles in words, tables and charts: the page and the printed sheet say the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliage.observatory.reading import profiles
from alliage.observatory.reading.claims import UnquotableError, rank_claim
from alliage.observatory.reading.differences import Basis, Verdict
from alliage.observatory.releases.values import CellStatus, Unit
from alliage_web.observatory.queries.profiles import labelled
from alliage_web.ui.components import Cell as TableCell
from alliage_web.ui.components import Column, DataTable
from alliage_web.ui.templatetags.ui import number, percent

from .charts import About, Intervals, Mark, RankBar, Ranks, Scale
from .sentences import chance, rank_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alliage.observatory.reading.profiles import Answer, Gap, GroupAnswer
    from alliage.observatory.releases.values import Cell
    from alliage_web.observatory.queries.profiles import (
        FragilityProfile,
        GroupProfile,
        QuestionAnswers,
    )
    from alliage_web.observatory.queries.releases import PublishedRelease

#: What stands for a figure that is kept back, and for one that does not exist.
HIDDEN, NOT_APPLICABLE = "s", "n/a"
#: How many fragilities that may come first a sentence still names.
NAMED = 6


# Figures in words


def figure(cell: Cell, unit: Unit) -> str:
    """Write a figure: a mark with a decimal, a share in hundredths, or why it is not shown."""
    if cell.value is None:
        return NOT_APPLICABLE if cell.status is CellStatus.NOBODY else HIDDEN
    return _written(cell.value, unit)


def interval(cell: Cell, unit: Unit) -> str:
    """Write the interval of a figure."""
    if cell.low is None or cell.high is None:
        return NOT_APPLICABLE if cell.status is CellStatus.NOBODY else HIDDEN
    return _between(_written(cell.low, unit), _written(cell.high, unit))


def gap(one: Gap | None, unit: Unit) -> str:
    """Write a gap to everybody with its interval."""
    if one is None:
        return NOT_APPLICABLE
    value, low, high = (_signed(bound, unit) for bound in (one.value, one.low, one.high))
    return _("%(value)s (%(interval)s)") % {"value": value, "interval": _between(low, high)}


def verdict(one: Gap | None) -> str:
    """Say whether a gap is established."""
    if one is None:
        return NOT_APPLICABLE
    words = {
        Verdict.HIGHER: _("plus haut"),
        Verdict.LOWER: _("plus bas"),
        Verdict.NOT_ESTABLISHED: _("non établi"),
    }
    return words[one.verdict]


def ranks(best: int, worst: int) -> str:
    """Write the ranks that an item may have."""
    if best == worst:
        return number(best)
    return _between(number(best), number(worst))


def _between(low: str, high: str) -> str:
    return _("%(low)s à %(high)s") % {"low": low, "high": high}


def _written(value: float, unit: Unit) -> str:
    return number(value, 1) if unit is Unit.SCORE else percent(value)


def _signed(value: float, unit: Unit) -> str:
    # A gap is small beside the figures: it has one more decimal than they have.
    shown = round(value, 2) if unit is Unit.SCORE else round(100 * value, 1)
    digits = number(abs(shown), 2 if unit is Unit.SCORE else 1)
    return f"+{digits}" if shown > 0 else f"−{digits}" if shown < 0 else digits


# Sentences


def opening(profile: GroupProfile) -> str:
    """Say which fragilities come first, no more surely than the survey does."""
    ranking = profile.ranking
    if ranking is None or not ranking.items:
        return _(
            "La publication ne montre pas le classement des fragilités de ce groupe : il y a trop "
            "peu de réponses, ou elles en révéleraient d’autres."
        )
    names = {one.item: labelled(one.measure.labels) for one in profile.standings}
    first = [names.get(one.item, one.item) for one in profiles.candidates(ranking)]
    level = percent(ranking.level)
    if profiles.are_settled(ranking):
        return _(
            "Les trois premières fragilités sont %(items)s : aucune autre ne peut en être, au "
            "niveau de confiance de %(level)s."
        ) % {"items": get_text_list(first, _("et")), "level": level}
    said = _(
        "L’enquête ne permet pas de désigner les trois premières fragilités : %(count)s des "
        "%(total)s peuvent en être, au niveau de confiance de %(level)s."
    ) % {"count": number(len(first)), "total": number(len(ranking.items)), "level": level}
    if len(first) > NAMED:
        return said
    return f"{said} " + _("Ce sont %(items)s.") % {"items": get_text_list(first, _("et"))}


def quotation(profile: GroupProfile) -> str:
    """Write what may be quoted of the rank of the first fragility; empty where nothing may."""
    if profile.ranking is None or not profile.standings:
        return ""
    first = profile.standings[0]
    try:
        claim = rank_claim(
            profile.head, profile.ranking, first.item, respondents=first.mean.respondents
        )
    except UnquotableError:
        return ""
    return rank_sentence(claim, str(profile.release))


def compared(profile: GroupProfile) -> str:
    """Say how many marks surely differ from those of everybody."""
    gaps = [one.gap for one in profile.standings if one.gap is not None]
    if not gaps:
        return ""
    higher = sum(one.verdict is Verdict.HIGHER for one in gaps)
    lower = sum(one.verdict is Verdict.LOWER for one in gaps)
    if not higher + lower:
        said = _(
            "Aucune des %(total)s notes ne diffère de façon établie de celle de l’ensemble des "
            "régions."
        ) % {"total": number(len(gaps))}
    else:
        said = _(
            "Par rapport à l’ensemble des régions, sur %(total)s notes, %(higher)s sont plus "
            "hautes et %(lower)s plus basses de façon établie ; pour les autres, l’écart n’est pas "
            "établi."
        ) % {"total": number(len(gaps)), "higher": number(higher), "lower": number(lower)}
    return f"{said} {paired(gaps)}"


def spread(profile: FragilityProfile) -> str:
    """Say in which regions a fragility is surely marked higher or lower than by everybody."""
    gaps = [one for one in profile.regions if one.gap is not None]
    if not gaps:
        return ""
    higher = _names(gaps, Verdict.HIGHER)
    lower = _names(gaps, Verdict.LOWER)
    sentences = []
    if higher:
        sentences.append(
            ngettext(
                "Une région la note plus haut que l’ensemble, de façon établie : %(names)s.",
                "%(count)s régions la notent plus haut que l’ensemble, de façon établie : "
                "%(names)s.",
                len(higher),
            )
            % {"count": number(len(higher)), "names": get_text_list(higher, _("et"))}
        )
    if lower:
        sentences.append(
            ngettext(
                "Une région la note plus bas que l’ensemble, de façon établie : %(names)s.",
                "%(count)s régions la notent plus bas que l’ensemble, de façon établie : "
                "%(names)s.",
                len(lower),
            )
            % {"count": number(len(lower)), "names": get_text_list(lower, _("et"))}
        )
    if not sentences:
        sentences.append(
            _("Aucune région ne la note plus haut ou plus bas que l’ensemble de façon établie.")
        )
    return " ".join(sentences)


def _names(answers: Iterable[GroupAnswer], which: Verdict) -> list[str]:
    return [labelled(one.group.labels) for one in answers if one.gap and one.gap.verdict is which]


def paired(gaps: Sequence[Gap | None]) -> str:
    """Say where the error of gaps comes from."""
    if any(one is not None and one.basis is Basis.WIDEST for one in gaps):
        return _(
            "La publication ne dit pas comment le groupe varie avec l’ensemble dont il fait "
            "partie : l’erreur la plus large a été retenue."
        )
    return _("L’erreur de l’écart tient compte de ce que le groupe fait partie de l’ensemble.")


def read_in(release: PublishedRelease) -> str:
    """Say where the figures come from."""
    return _("Source : %(release)s, publication n° %(number)s, empreinte %(fingerprint)s.") % {
        "release": release,
        "number": release.number,
        "fingerprint": release.fingerprint[:12],
    }


def margins_of(profile: GroupProfile | FragilityProfile) -> str:
    """Say what the intervals of a profile are."""
    return _(
        "Intervalles à %(level)s : ceux des notes valent un par un, ceux des rangs et ceux des "
        "écarts valent tous ensemble. « s » : chiffre non montré, car trop peu de personnes ont "
        "répondu ou parce qu’il en révélerait un autre. « n/a » : sans objet."
    ) % {"level": percent(profile.head.provenance.level)}


# Tables


def fragility_table(profile: GroupProfile, *, linked: Mapping[str, str]) -> DataTable:
    """Return the fragilities of a group, by rank."""
    with_gaps = bool(profile.group.code)
    return DataTable(
        caption=_("Les fragilités, de la note la plus haute à la plus basse"),
        columns=(
            Column(_("Fragilité")),
            Column(_("Note sur 10"), numeric=True),
            Column(_("Intervalle"), numeric=True),
            Column(_("Répondants"), numeric=True),
            Column(_("Rang"), numeric=True),
            Column(_("Rangs possibles"), numeric=True),
            Column(_("Probabilité d’être dans les trois premières"), numeric=True),
            *((Column(_("Écart à l’ensemble"), numeric=True), Column(_("Lecture")))
              if with_gaps else ()),
        ),
        rows=tuple(
            (
                TableCell(labelled(one.measure.labels), linked.get(one.item, "")),
                figure(one.mean, one.measure.unit),
                interval(one.mean, one.measure.unit),
                _base(one.mean),
                number(one.rank.rank) if one.rank else HIDDEN,
                ranks(one.rank.best, one.rank.worst) if one.rank else HIDDEN,
                chance(one.rank.top) if one.rank else HIDDEN,
                *((gap(one.gap, one.measure.unit), verdict(one.gap)) if with_gaps else ()),
            )
            for one in profile.standings
        ),
        source=read_in(profile.release),
        note=margins_of(profile),
    )  # fmt: skip


def region_table(profile: FragilityProfile, *, linked: Mapping[str, str]) -> DataTable:
    """Return a fragility in each region."""
    unit = profile.measure.unit
    everybody = profile.everybody
    rank = profile.rank
    return DataTable(
        caption=_("La note de cette fragilité par région"),
        columns=(
            Column(_("Région")),
            Column(_("Note sur 10"), numeric=True),
            Column(_("Intervalle"), numeric=True),
            Column(_("Répondants"), numeric=True),
            Column(_("Rang dans la région"), numeric=True),
            Column(_("Rangs possibles"), numeric=True),
            Column(_("Écart à l’ensemble"), numeric=True),
            Column(_("Lecture")),
        ),
        rows=(
            (
                _("Ensemble"),
                figure(everybody, unit),
                interval(everybody, unit),
                _base(everybody),
                number(rank.rank) if rank else HIDDEN,
                ranks(rank.best, rank.worst) if rank else HIDDEN,
                NOT_APPLICABLE,
                NOT_APPLICABLE,
            ),
            *(
                (
                    TableCell(labelled(one.group.labels), linked.get(one.group.code, "")),
                    figure(one.cell, unit),
                    interval(one.cell, unit),
                    _base(one.cell),
                    *_ranks_of(profile, one.group.code),
                    gap(one.gap, unit),
                    verdict(one.gap),
                )
                for one in profile.regions
            ),
        ),
        source=read_in(profile.release),
        note=margins_of(profile),
    )


def answer_table(asked: QuestionAnswers, profile: GroupProfile) -> DataTable:
    """Return a question in a group."""
    with_gaps = bool(profile.group.code)
    return DataTable(
        caption=_("%(question)s : les réponses")
        % {"question": labelled(asked.question.labels)},
        columns=(
            Column(_("Réponse")),
            Column(_("Valeur"), numeric=True),
            Column(_("Intervalle"), numeric=True),
            Column(_("Répondants"), numeric=True),
            *((Column(_("Écart à l’ensemble, en points"), numeric=True), Column(_("Lecture")))
              if with_gaps else ()),
        ),
        rows=tuple(
            (
                labelled(one.measure.labels),
                figure(one.cell, one.measure.unit),
                interval(one.cell, one.measure.unit),
                _base(one.cell),
                *((gap(one.gap, one.measure.unit), verdict(one.gap)) if with_gaps else ()),
            )
            for one in asked.answers
        ),
        source=read_in(profile.release),
    )  # fmt: skip


def _base(cell: Cell) -> str:
    return number(cell.respondents) if cell.respondents is not None else HIDDEN


def _ranks_of(profile: FragilityProfile, group: str) -> tuple[str, str]:
    rank = profile.ranks.get(group)
    if rank is None:
        return HIDDEN, HIDDEN
    return number(rank.rank), ranks(rank.best, rank.worst)


# Charts


def rank_chart(profile: GroupProfile, title: str) -> Ranks | None:
    """Draw the ranks that each fragility may have."""
    bars = tuple(
        RankBar(
            label=labelled(one.measure.labels),
            rank=one.rank.rank,
            best=one.rank.best,
            worst=one.rank.worst,
            text=ranks(one.rank.best, one.rank.worst),
        )
        for one in profile.standings
        if one.rank
    )
    if not bars:
        return None
    return Ranks(
        about=_about(
            profile.release,
            title,
            _("Rang de chaque fragilité et rangs que l’enquête laisse possibles."),
        ),
        bars=bars,
    )


def gap_chart(profile: GroupProfile, title: str) -> Intervals | None:
    """Draw the gaps of a group to everybody, with their intervals."""
    marks = tuple(
        Mark(
            label=labelled(one.measure.labels),
            value=one.gap.value if one.gap else None,
            low=one.gap.low if one.gap else None,
            high=one.gap.high if one.gap else None,
            text=_signed(one.gap.value, one.measure.unit) if one.gap else HIDDEN,
            strong=bool(one.gap and one.gap.verdict is not Verdict.NOT_ESTABLISHED),
        )
        for one in profile.standings
    )
    ends = [bound for mark in marks for bound in (mark.low, mark.high) if bound is not None]
    if not ends:
        return None
    reach = math.ceil(2 * max(map(abs, ends))) / 2
    return Intervals(
        about=_about(
            profile.release,
            title,
            _("Écart de chaque note à celle de l’ensemble, avec son intervalle."),
            _("En points de note ; en losange et en couleur, les écarts établis"),
        ),
        marks=marks,
        domain=(-reach, reach),
        scale=Scale.NUMBER,
        reference=(0.0, _("Ensemble")),
    )


def region_chart(profile: FragilityProfile, title: str) -> Intervals:
    """Draw a fragility in each region, with its intervals."""
    marks = tuple(
        Mark(
            label=labelled(one.group.labels),
            value=one.cell.value,
            low=one.cell.low,
            high=one.cell.high,
            text=figure(one.cell, profile.measure.unit),
            caution=one.cell.status is CellStatus.CAUTION,
            strong=bool(one.gap and one.gap.verdict is not Verdict.NOT_ESTABLISHED),
        )
        for one in profile.regions
    )
    value = profile.everybody.value
    return Intervals(
        about=_about(
            profile.release,
            title,
            _("Note moyenne de cette fragilité dans chaque région, avec son intervalle."),
            _(
                "Note de 1 à 10 ; en losange et en couleur, les régions dont l’écart à l’ensemble "
                "est établi"
            ),
        ),
        marks=marks,
        domain=_ends(marks, profile.measure.bounds),
        scale=Scale.NUMBER,
        reference=None
        if value is None
        else (value, _("Ensemble : %(value)s") % {"value": number(value, 1)}),
    )


def answer_chart(asked: QuestionAnswers, profile: GroupProfile) -> Intervals | None:
    """Draw the answers to a question in a group, with their intervals."""
    shares = [one for one in asked.answers if one.measure.unit is Unit.SHARE]
    if not shares:
        return None
    return Intervals(
        about=_about(
            profile.release,
            labelled(asked.question.labels),
            _("Part de chaque réponse, avec son intervalle."),
        ),
        marks=tuple(_share(one) for one in shares),
        domain=(0.0, 1.0),
        bars=True,
    )


def _share(one: Answer) -> Mark:
    return Mark(
        label=labelled(one.measure.labels),
        value=one.cell.value,
        low=one.cell.low,
        high=one.cell.high,
        text=figure(one.cell, one.measure.unit),
        caution=one.cell.status is CellStatus.CAUTION,
    )


def _ends(marks: Sequence[Mark], bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of an axis of marks: whole numbers around what is drawn."""
    drawn = [bound for mark in marks for bound in (mark.low, mark.high) if bound is not None]
    if not drawn:
        return bounds
    return float(math.floor(min(drawn))), float(math.ceil(max(drawn)))


def _about(release: PublishedRelease, title: str, description: str, subtitle: str = "") -> About:
    return About(
        title=title,
        description=description,
        subtitle=subtitle,
        synthetic=release.synthetic,
        source=read_in(release),
    )
