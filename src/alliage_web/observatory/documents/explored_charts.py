"""The charts of a state of the explorer: those that fit its table, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from alliage.observatory.releases.values import CellStatus, Unit
from alliage_web.observatory.models.catalogue import in_language
from alliage_web.observatory.queries.explorer import has_marks
from alliage_web.ui.templatetags.ui import percent

from . import sentences
from .charts import (
    About,
    Answers,
    Change,
    Diverging,
    Intervals,
    Mark,
    RankBar,
    Ranks,
    Scale,
    Slopes,
)
from .explored import kind_label, label_of, source_of, title_of, universe_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage.observatory.releases.values import Cell, Group, Measure
    from alliage_web.observatory.queries.explorer import Explored

    from .charts import Drawable

#: Codes of answers that are no opinion: they stand off the scale.
_NO_OPINION = frozenset({"dont_know", "no_answer", "refused"})
_FEWEST_ANSWERS = 2


def charts_of(state: Explored) -> dict[str, str]:
    """Return the charts that fit a state, the most fitting first."""
    found: dict[str, str] = {}
    many_groups = len(state.breakdown.groups) > 1
    if any(pair.difference for pair in state.pairs):
        found["vagues"] = _("d’une vague à l’autre")
    if _is_scale(state) and (many_groups or state.question.kind == "battery"):
        found["reponses"] = _("réponses de part et d’autre du milieu")
    if many_groups:
        found["groupes"] = _("un chiffre, par groupe")
    if len(state.rows) > 1:
        found["lignes"] = _("tous les chiffres d’un groupe")
    if state.ranking is not None and state.ranking.items:
        found["rangs"] = _("rangs possibles")
    return found or {"lignes": _("tous les chiffres d’un groupe")}


def _is_scale(state: Explored) -> bool:
    """Tell ordered answers, of a question or of a battery, from marks and from choices."""
    question = state.question
    answers = {
        one.level
        for one in question.measures
        if one.statistic == "proportion" and one.level not in _NO_OPINION
    }
    return (
        question.kind != "choices"
        and question.ordered
        and not has_marks(question)
        and state.kind.statistic == "proportion"
        and len(answers) >= _FEWEST_ANSWERS
    )


def chart_name(state: Explored) -> str:
    """Return the chart that is drawn: the one that was asked, if it fits."""
    offered = charts_of(state)
    return state.chart if state.chart in offered else next(iter(offered))


def chart_of(state: Explored, *, address: str = "") -> Drawable | None:
    """Return the chart that was asked, or the one that fits; none where nothing can be drawn."""
    makers = {
        "vagues": _slopes,
        "reponses": _answers,
        "groupes": _groups,
        "lignes": _lines,
        "rangs": _ranks,
    }
    return makers[chart_name(state)](state, address)


def _about(state: Explored, title: str, subtitle: str, description: str, address: str) -> About:
    people = sentences.people(state.head.population)
    bases = sentences.bases(_cells_of(state))
    return About(
        title=title,
        subtitle=" · ".join(
            part
            for part in (
                _("Réponses %(people)s") % {"people": people},
                subtitle,
                _("base : %(count)s répondants") % {"count": bases},
                universe_of(state),
            )
            if part
        ),
        description=f"{description} {_('Les mêmes chiffres sont dans le tableau.')}",
        source=_("Source : %(source)s.") % {"source": source_of(state.release)},
        address=address,
        fingerprint="",
        synthetic=state.head.synthetic,
    )


def _cells_of(state: Explored) -> list[Cell]:
    """Return the cells that a chart is drawn from: a row, a column, or the whole table."""
    name = chart_name(state)
    if name == "groupes":
        return list(state.cells)
    if name == "reponses" and state.question.kind != "battery":
        return [cell for _measure, cells in state.rows for cell in cells]
    return [cells[state.column] for _measure, cells in state.rows]


def _mark(label: str, cell: Cell, unit: Unit, *, strong: bool = False) -> Mark:
    if not cell.is_shown or cell.value is None:
        return Mark(label=label, value=None, text=sentences.unseen_words(cell))
    return Mark(
        label=label,
        value=cell.value,
        low=cell.low,
        high=cell.high,
        text=sentences.written(cell.value, unit),
        caution=cell.status is CellStatus.CAUTION,
        strong=strong,
    )


def _scale(unit: Unit) -> Scale:
    return Scale.NUMBER if unit is Unit.SCORE else Scale.SHARE


def _domain(marks: Sequence[Mark], measure: Measure, *, zero: bool) -> tuple[float, float]:
    """Return the ends of an axis: shares start at zero, marks are shown where they are."""
    low = min((one.low if one.low is not None else one.value or 0 for one in marks
               if one.value is not None), default=measure.bounds[0])  # fmt: skip
    high = max((one.high if one.high is not None else one.value or 0 for one in marks
                if one.value is not None), default=measure.bounds[1])  # fmt: skip
    step = 0.5 if measure.unit is Unit.SCORE else 0.1
    low = measure.bounds[0] if zero else max(measure.bounds[0], (low // step) * step)
    high = min(measure.bounds[1], -(-high // step) * step)
    return (low, high) if high > low else measure.bounds


def _groups(state: Explored, address: str) -> Drawable:
    measure = state.measure
    label = sentences.row_label(measure)
    pairs = list(zip(state.breakdown.groups, state.cells, strict=True))
    whole = next((cell for group, cell in pairs if not group.code), None)
    marks = tuple(
        _mark(in_language(*group.labels), cell, measure.unit, strong=not group.code)
        for group, cell in pairs
    )
    reference = None
    if whole is not None and whole.value is not None:
        words = sentences.written(whole.value, measure.unit)
        reference = (whole.value, _("Ensemble : %(value)s") % {"value": words})
    by = in_language(*state.breakdown.labels)
    return Intervals(
        about=_about(
            state,
            _("%(question)s : « %(row)s »") % {"question": title_of(state), "row": label},
            _("par groupe, avec leur marge d’erreur (%(by)s)") % {"by": by},
            _("Un point et son intervalle pour chaque groupe."),
            address,
        ),
        marks=marks,
        domain=_domain(marks, measure, zero=False),
        scale=_scale(measure.unit),
        reference=reference,
    )


def _lines(state: Explored, address: str) -> Drawable:
    unit = state.rows[0][0].unit
    marks = tuple(
        _mark(label_of(state, measure), cells[state.column], unit) for measure, cells in state.rows
    )
    bars = unit is Unit.SHARE
    return Intervals(
        about=_about(
            state, title_of(state), _of_kind(state),
            _("Un point ou une barre, et son intervalle, pour chaque ligne du tableau."), address,
        ),
        marks=marks,
        domain=_domain(marks, state.rows[0][0], zero=bars),
        scale=_scale(unit),
        bars=bars,
    )  # fmt: skip


def _of_kind(state: Explored) -> str:
    return f"{kind_label(state, state.kind)} ({_of_group(state.group)})"


def _of_group(group: Group) -> str:
    return in_language(*group.labels)


def _answers(state: Explored, address: str) -> Drawable:
    battery = state.question.kind == "battery"
    bars = _bars_of_items(state) if battery else _bars_of_groups(state)
    levels = sorted(
        {
            one.level: in_language(*one.level_labels)
            for one in state.question.measures
            if one.statistic == "proportion"
        }.items(),
        key=lambda level: level[0] in _NO_OPINION,
    )
    return Diverging(
        about=_about(
            state, title_of(state),
            _of_group(state.group) if battery else in_language(*state.breakdown.labels),
            _("Une barre par ligne, faite des parts de chaque réponse, de part et d’autre du "
              "milieu de l’échelle. Les marges d’erreur sont dans le tableau."), address,
        ),
        levels=tuple(label for _code, label in levels),
        rows=tuple(
            _bar(label, [cells[code] for code, _label in levels if code in cells], len(levels))
            for label, cells in bars
        ),
        apart=sum(code in _NO_OPINION for code, _label in levels),
    )  # fmt: skip


def _bars_of_groups(state: Explored) -> list[tuple[str, dict[str, Cell]]]:
    return [
        (
            in_language(*group.labels),
            {measure.level: cells[place] for measure, cells in state.rows},
        )
        for place, group in enumerate(state.breakdown.groups)
    ]


def _bars_of_items(state: Explored) -> list[tuple[str, dict[str, Cell]]]:
    """Return the answers to each item, of the group that was chosen."""
    bars: dict[str, tuple[str, dict[str, Cell]]] = {}
    for measure, cells in zip(state.question.measures, state.table.rows, strict=True):
        if measure.statistic == "proportion":
            _label, held = bars.setdefault(measure.item, (sentences.item_label(measure), {}))
            held[measure.level] = cells[state.column]
    return list(bars.values())


def _bar(label: str, cells: Sequence[Cell], levels: int) -> Answers:
    values = tuple(cell.value for cell in cells if cell.is_shown and cell.value is not None)
    unseen = next((cell for cell in cells if not cell.is_shown), None)
    return Answers(
        label=label,
        # Where one answer is kept back the others would tell it: the bar is not drawn.
        shares=values if len(values) == levels else None,
        text=sentences.unseen_words(unseen) if unseen else _("n/a"),
    )


def _ranks(state: Explored, address: str) -> Drawable | None:
    ranking = state.ranking
    if ranking is None:
        return None
    names = {one.item: sentences.item_label(one) for one, _cells in state.rows}
    return Ranks(
        about=_about(
            state, title_of(state),
            _("rangs possibles à %(level)s, tous ensemble (%(group)s)")
            % {"level": percent(ranking.level), "group": _of_group(state.group)},
            _("Pour chaque ligne, le rang estimé et l’étendue des rangs possibles."), address,
        ),
        bars=tuple(
            RankBar(
                label=names.get(one.item, one.item), rank=one.rank, best=one.best, worst=one.worst,
                text=_ranks_words(one.best, one.worst),
            )
            for one in ranking.items
        ),
    )  # fmt: skip


def _ranks_words(best: int, worst: int) -> str:
    if best == worst:
        return sentences.ordinal(best)
    return _("%(best)s à %(worst)s") % {"best": best, "worst": worst}


def _slopes(state: Explored, address: str) -> Drawable | None:
    other = state.other
    if other is None:
        return None
    before, after = (
        (other, state.release)
        if (other.year or 0) <= (state.release.year or 0)
        else (state.release, other)
    )
    older = other is before
    unit = state.rows[0][0].unit
    return Slopes(
        about=_about(
            state, title_of(state), _of_group(state.group),
            _("Une ligne par chiffre, d’une vague à l’autre : pleine si le changement est établi, "
              "tiretée sinon."), address,
        ),
        waves=(before.wave_label, after.wave_label),
        changes=tuple(
            Change(
                label=label_of(state, pair.measure),
                before=_mark("", pair.there if older else pair.here, unit),
                after=_mark("", pair.here if older else pair.there, unit),
                established=pair.is_established(len(state.pairs)),
            )
            for pair in state.pairs
        ),
        scale=_scale(unit),
    )  # fmt: skip
