"""A state of the explorer as what a page or a file shows: its table, its charts, its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from alliage.observatory.reading.claims import (
    UnquotableError,
    difference_claim,
    figure_claim,
    rank_claim,
)
from alliage.observatory.reading.differences import Basis, IncomparableError, Verdict
from alliage.observatory.releases.values import CellStatus
from alliage_web.observatory.models.catalogue import in_language
from alliage_web.observatory.queries import explorer, figures
from alliage_web.ui.components import Column, DataTable
from alliage_web.ui.templatetags.ui import number, percent

from . import sentences
from .charts import synthetic_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alliage.observatory.reading.differences import Difference
    from alliage.observatory.releases.values import Cell, Group, Measure
    from alliage_web.observatory.queries.explorer import Explored, Pick, WavePair
    from alliage_web.observatory.queries.figures import FigureRow
    from alliage_web.observatory.queries.releases import PublishedRelease


_SMALLEST_P = 0.001


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell as the page writes it.

    Attributes
    ----------
    text, margin
        The figure and its margin; or why it is not shown, and nothing.
    href
        The address that chooses it; empty if it cannot be.
    name
        What it is, read aloud.
    mark
        ``a`` or ``b`` if it was chosen.
    """

    text: str
    margin: str
    above: str
    status: str
    href: str
    name: str
    mark: str

    @property
    def is_shown(self) -> bool:
        """Whether there is a figure to read."""
        return bool(self.href)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the table."""

    label: str
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True, slots=True)
class ShownTable:
    """The table of a state.

    Attributes
    ----------
    columns
        The name and the letter of each group.
    bases, missing
        The people who answered, and those who did not, for each group.
    """

    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[ShownRow, ...]
    bases: tuple[str, ...]
    missing: tuple[str, ...]
    missing_label: str
    has_letters: bool
    has_hidden: bool
    has_nobody: bool
    has_caution: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """What is said of two figures, or why nothing is."""

    refusal: str = ""
    headline: str = ""
    sentence: str = ""
    notes: tuple[str, ...] = ()


def title_of(state: Explored) -> str:
    """Return the question, in the language of the page."""
    return in_language(*state.question.labels)


def wave_name(release: PublishedRelease) -> str:
    """Return the study and the wave of a release."""
    return f"{release.study_label}, {release.wave_label}"


def source_of(release: PublishedRelease) -> str:
    """Return the source of the figures of a release."""
    return _("Alliage, %(wave)s, publication n° %(number)s du %(date)s, empreinte %(mark)s") % {
        "wave": wave_name(release),
        "number": release.number,
        "date": date_format(release.published_at, "DATE_FORMAT"),
        "mark": release.fingerprint[:12],
    }


def kind_label(state: Explored, kind: explorer.Kind) -> str:
    """Return the name of a way to read a question."""
    measure = next(
        one for one in state.question.measures if explorer.kind_of(state.question, one) == kind
    )
    level = in_language(*measure.level_labels) if kind.level else ""
    if kind.statistic == "mean":
        return _("Notes moyennes")
    if kind.statistic == "net score":
        return _("Solde des réponses")
    if kind.statistic == "top box" and level:
        return _("Part des réponses %(level)s") % {"level": level}
    return (
        _("Part des réponses « %(level)s »") % {"level": level}
        if level
        else _("Parts des réponses")
    )


def label_of(state: Explored, measure: Measure) -> str:
    """Return the name of a row among those that are shown."""
    if state.kind.level or not measure.level:
        return sentences.item_label(measure)
    return sentences.row_label(measure)


def table_of(state: Explored) -> ShownTable:
    """Return the table as the page writes it."""
    groups = state.breakdown.groups
    cells = [cell for _measure, row in state.rows for cell in row]
    statuses = {cell.status for cell in cells}
    return ShownTable(
        caption=" · ".join(
            part
            for part in (
                title_of(state), kind_label(state, state.kind),
                in_language(*state.breakdown.labels), wave_name(state.release),
                synthetic_words() if state.head.synthetic else "",
            )
            if part
        ),
        columns=tuple((in_language(*group.labels), group.letter) for group in groups),
        rows=tuple(
            ShownRow(
                label_of(state, measure),
                tuple(
                    _shown(state, measure, group, cell)
                    for group, cell in zip(groups, row, strict=True)
                ),
            )
            for measure, row in state.rows
        ),
        bases=tuple(
            sentences.bases([row[place] for _measure, row in state.rows])
            for place in range(len(groups))
        ),
        missing=tuple(
            _missing(state, place, one) for place, one in enumerate(state.table.missing)
        ),
        missing_label=_("Sans aucune réponse")
        if state.question.kind == "battery"
        else _("Sans réponse"),
        has_letters=any(cell.above for cell in cells),
        has_hidden=CellStatus.HIDDEN in statuses,
        has_nobody=CellStatus.NOBODY in statuses,
        has_caution=CellStatus.CAUTION in statuses,
    )  # fmt: skip


def _missing(state: Explored, place: int, count: int | None) -> str:
    """Write how many did not answer; nobody counts them where only some people were asked."""
    if count is not None:
        return number(count)
    return _("n/a") if universe_of(state) else sentences.unseen_words(state.rows[0][1][place])


def _shown(state: Explored, measure: Measure, group: Group, cell: Cell) -> ShownCell:
    pick = state.pick(measure, group)
    if not cell.is_shown or cell.value is None:
        return ShownCell(sentences.unseen_words(cell), "", "", cell.status.value, "", "", "")
    margin = sentences.margin_of(cell)
    mark = "a" if pick == state.first else "b" if pick == state.second else ""
    return ShownCell(
        text=sentences.written(cell.value, measure.unit),
        margin=_("n/a") if margin is None else sentences.reach(margin, measure.unit),
        above=cell.above,
        status=cell.status.value,
        href=f"?{state.query(**_chosen_next(state, pick))}#comparer",
        name=_("choisir « %(row)s », %(group)s")
        % {"row": sentences.row_label(measure), "group": in_language(*group.labels)},
        mark=mark,
    )


def _chosen_next(state: Explored, pick: Pick) -> dict[str, str]:
    """Return what choosing a figure does: the first, then the second, then anew."""
    if state.first is None or state.second is not None or pick == state.first:
        return {"a": pick.code, "b": ""}
    return {"b": pick.code}


def independence_of(state: Explored) -> str:
    """Say whether the answers depend on the group, in a sentence."""
    p_value = state.table.p_value
    if p_value is None:
        return ""
    by = in_language(*state.breakdown.labels).lower()
    level = state.head.provenance.level
    told = {
        "by": by,
        "p": number(p_value, 3) if p_value >= _SMALLEST_P else f"< {number(_SMALLEST_P, 3)}",
    }
    if p_value <= 1 - level:
        text = _(
            "Les réponses ne sont pas réparties de la même façon selon les groupes (%(by)s ; test "
            "de Rao et Scott, p = %(p)s)."
        )
    else:
        text = _(
            "Rien n’établit que les réponses dépendent du groupe (%(by)s ; test de Rao et Scott, "
            "p = %(p)s)."
        )
    return (text % told).replace("= <", "<")


def letters_of(state: Explored) -> str:
    """Explain the letters of a table in a sentence."""
    how = state.head.provenance
    return _(
        "Une lettre dans une case nomme le groupe dont le chiffre, sur la même ligne, est "
        "établi comme plus bas : en capitale à %(level)s de confiance, en minuscule à %(loose)s, "
        "toutes les comparaisons de la ligne étant comptées."
    ) % {"level": percent(how.level), "loose": percent(how.loose)}


def quotation_of(state: Explored, pick: Pick) -> Compared:
    """Write the sentence that may be quoted of a figure, or why there is none."""
    release = explorer.release_of_pick(state, pick)
    try:
        claim = figure_claim(explorer.cell_of(state, pick))
    except IncomparableError as error:
        return Compared(refusal=sentences.refusal_sentence(error))
    except UnquotableError:
        return Compared(refusal=_("Ce chiffre n’est pas montré : il ne peut pas être cité."))
    assert release is not None
    return Compared(sentence=sentences.figure_sentence(claim, wave_name(release)))


def comparison_of(state: Explored, first: Pick, second: Pick) -> Compared:
    """Write what may be said of two figures, or why nothing is."""
    try:
        found = explorer.compared(state, first, second)
        claim = difference_claim(found)
    except IncomparableError as error:
        return Compared(refusal=sentences.refusal_sentence(error))
    except UnquotableError:
        return Compared(refusal=_("L’un des chiffres n’est pas montré : il ne peut pas être cité."))
    waves = [explorer.release_of_pick(state, pick) for pick in (first, second)]
    names = [wave_name(one) for one in waves if one is not None]
    if found.verdict is Verdict.LOWER:
        names.reverse()
    return Compared(
        headline=_headline(found),
        sentence=sentences.difference_sentence(claim, (names[0], names[1])),
        notes=_notes(found),
    )


def _headline(found: Difference) -> str:
    if found.verdict is Verdict.NOT_ESTABLISHED:
        return _("Différence non établie")
    if found.holds_when_picked:
        return _("Différence établie")
    return _("Différence établie seulement si elle était seule prévue")


def _notes(found: Difference) -> tuple[str, ...]:
    notes = [sentences.basis_sentence(found), sentences.detectable_sentence(found)]
    if found.basis is not Basis.INDEPENDENT:
        notes.append(
            _(
                "Une lettre du tableau tient compte de toutes les comparaisons de sa ligne ; "
                "ici, une seule est faite, et l’on dit si elle résiste au choix."
            )
        )
    return tuple(notes)


def rank_quotation(state: Explored) -> str:
    """Write the sentence that may be quoted of the rank of the item chosen; or nothing."""
    ranking = state.ranking
    if ranking is None:
        return ""
    base = state.cells[state.column].respondents
    try:
        claim = rank_claim(state.head, ranking, state.measure.item, respondents=base)
    except UnquotableError:
        return ""
    return sentences.rank_sentence(claim, wave_name(state.release))


def metadata(state: Explored, address: str) -> Mapping[str, str]:
    """Return what a file says of itself."""
    return {
        "source": source_of(state.release),
        "question": title_of(state),
        "wording": in_language(*state.question.wording),
        "population": state.head.population,
        "universe": universe_of(state) or _("ensemble"),
        "confidence": percent(state.head.provenance.level),
        "standard_error": state.head.provenance.standard_error,
        "fingerprint": state.release.fingerprint,
        "version": state.head.provenance.version,
        "address": address,
        "synthetic": str(state.head.synthetic).lower(),
    }


def cells_of(state: Explored) -> Iterator[tuple[Measure, Group, Cell]]:
    """Give every cell of the question by the breakdown, all its rows."""
    for measure, row in zip(state.question.measures, state.table.rows, strict=True):
        for group, cell in zip(state.breakdown.groups, row, strict=True):
            yield measure, group, cell


def universe_of(state: Explored) -> str:
    """Return to whom the question was put; empty for everybody."""
    return in_language(*state.question.universe)


def wording_of(state: Explored) -> str:
    """Return what was asked, word for word where it is known."""
    return in_language(*state.question.wording)


def waves_of(state: Explored) -> DataTable | None:
    """Return the figures of two waves side by side; a change only where it is compared."""
    other = state.other
    if other is None or not state.pairs:
        return None
    unit = state.rows[0][0].unit

    def words(cell: Cell) -> str:
        if not cell.is_shown or cell.value is None:
            return sentences.unseen_words(cell)
        return sentences.written(cell.value, unit)

    def change(pair: WavePair) -> str:
        if pair.difference is None:
            return _("n/a")
        reach = sentences.reach((pair.difference.high - pair.difference.low) / 2, unit)
        gap = sentences.reach(pair.difference.value, unit)
        told = {"gap": gap, "margin": reach}
        if pair.is_established(len(state.pairs)):
            return _("%(gap)s (± %(margin)s), établi") % told
        return _("%(gap)s (± %(margin)s), non établi") % told

    return DataTable(
        caption=_("Les deux vagues, %(group)s") % {"group": in_language(*state.group.labels)},
        columns=(
            Column(_("Ligne")),
            Column(other.wave_label, numeric=True),
            Column(state.release.wave_label, numeric=True),
            Column(_("Écart entre la seconde et la première"), numeric=True),
        ),
        rows=tuple(
            (label_of(state, pair.measure), words(pair.there), words(pair.here), change(pair))
            for pair in state.pairs
        ),
    )


def documents_beside(state: Explored) -> tuple[FigureRow, ...]:
    """Return what documents state on the same question, of the same people."""
    variables = set(state.breakdown.code.split(" × "))
    stated = figures.figures_of_question(
        state.question.code, population=state.head.population, item=state.measure.item
    )
    return tuple(one for one in stated if {name for name, _level in one.group} <= variables)


def file_name(state: Explored) -> str:
    """Return the name of a file of a state; that of invented data says so."""
    parts = [
        state.release.study, state.release.wave, state.question.code, state.breakdown.code,
        "synthetique" if state.head.synthetic else "",
    ]  # fmt: skip
    return "-".join(re.sub(r"[^a-z0-9_]+", "_", part.lower()) for part in parts if part)
