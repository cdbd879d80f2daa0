"""The map of perceived and recorded dynamics, and the same figures as a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alliage.observatory.reading.dynamics import Dynamics
from alliage.values import french
from alliage.values.cells import write_csv
from alliage_web.observatory.queries.dynamics_wording import LABELS, MEANINGS, NOT_COMPARED, STYLES
from alliage_web.ui.components import Cell, Column, DataTable
from alliage_web.ui.maps import FranceMap, LegendEntry, MapArea, MapLegend

if TYPE_CHECKING:
    from collections.abc import Callable

    from alliage_web.observatory.queries.dynamics import RegionalDynamics, RegionLine


def said_of(line: RegionLine) -> str:
    """Say what can be said of a region."""
    if line.gap is None:
        return _("non comparée")
    if not line.gap.surveyed:
        return _("masquée") if _is_hidden(line) else _("non enquêtée")
    return str(LABELS[line.gap.dynamics])


def map_of(found: RegionalDynamics) -> FranceMap:
    """Draw the regions of the studies, those about which nothing is told in their own colour."""
    counts = Counter(_style(line) for line in found.lines)
    entries = [
        LegendEntry(css_class=STYLES[one], label=f"{LABELS[one]} : {MEANINGS[one]}")
        for one in Dynamics
        if counts[STYLES[one]] or one is Dynamics.UNDECIDED
    ]
    if counts[NOT_COMPARED]:
        entries.append(LegendEntry(css_class=NOT_COMPARED, label=_("sans chiffre montré")))
    synthetic = found.release is not None and found.release.synthetic
    title = _("Dynamiques perçues et recensées, par région")
    return FranceMap(
        id="carte-dynamiques",
        title=_("%(title)s (données synthétiques)") % {"title": title} if synthetic else title,
        description=_("Chaque région porte ce que l’on peut dire de l’écart entre les deux."),
        base="regions",
        areas=tuple(
            MapArea(
                code=code,
                level="regions",
                label=line.name,
                text=said_of(line),
                css_class=_style(line),
            )
            for line in found.lines
            for code in line.region.official
        ),
        legend=MapLegend(title=_("Ce que l’on peut dire"), entries=tuple(entries)),
        table=DataTable(
            caption=_("Ce que l’on peut dire de chaque région"),
            columns=(Column(_("Région")), Column(_("Dynamique"))),
            rows=tuple((Cell(line.name), Cell(said_of(line))) for line in found.lines),
        ),
        source=_source(found),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A region in the table of the page, written; bounds are empty where there are none."""

    line: RegionLine
    said: str
    gap: str = ""
    gap_bounds: str = ""
    smoothed: str = ""
    smoothed_bounds: str = ""
    unaware: str = ""
    unaware_bounds: str = ""
    rate: str = ""
    rate_bounds: str = ""
    deciding: str = ""
    needed: str = ""


def row_of(line: RegionLine) -> Row:
    """Write the figures of a region."""
    gap, seen = line.gap, line.perception
    written: dict[str, str] = {}
    if gap is not None:
        written["rate"] = _number(100 * gap.recorded.value)
        written["rate_bounds"] = _bounds(100 * gap.recorded.low, 100 * gap.recorded.high, _number)
        if gap.surveyed:
            written["gap"] = signed(gap.gap.value)
            written["gap_bounds"] = _bounds(gap.gap.low, gap.gap.high, signed)
            written["deciding"] = _people(line.deciding)
            written["needed"] = _people(line.needed)
            written["smoothed"] = _percent(gap.perceived.value)
            written["smoothed_bounds"] = _bounds(gap.perceived.low, gap.perceived.high, _percent)
    if seen is not None and seen.opinion is not None:
        written["unaware"] = _percent(1 - seen.opinion.awareness)
        written["unaware_bounds"] = _bounds(seen.opinion.low, seen.opinion.high, _percent)
    return Row(line, said_of(line), **written)


def _people(count: int | None) -> str:
    return _("aucun ne suffit") if count is None else french.number(count, 0, language=_language())


def signed(value: float) -> str:
    """Write a gap with its sign."""
    text = french.number(value, 2, language=_language())
    return f"+{text}" if round(value, 2) > 0 else text


def _bounds(low: float, high: float, written: Callable[[float], str]) -> str:
    return f"{written(low)} ; {written(high)}"


def _number(value: float) -> str:
    return french.number(value, 2, language=_language())


def _percent(value: float) -> str:
    return french.percent(value, 0, language=_language())


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "fr"


def dynamics_csv(found: RegionalDynamics) -> str:
    """Return both sides of each region as CSV; what is not known is empty."""
    columns = (
        *("region", "synthetic", "release", "fingerprint", "dynamics", "surveyed"),
        *("alliances_known", "alliances_active", "population", "per_million"),
        *("per_million_low", "per_million_high", "perceived_share", "respondents", "effective"),
        *("dont_know_unweighted", "bound_low", "bound_high", "gap", "gap_low", "gap_high"),
        *("probability_positive", "respondents_needed", "respondents_to_decide"),
    )
    return write_csv([columns, *(_row(found, line) for line in found.lines)])


def _row(found: RegionalDynamics, line: RegionLine) -> tuple[str, ...]:
    release, gap, seen = found.release, line.gap, line.perception
    opinion = seen.opinion if seen else None
    return (
        line.region.code,
        "" if release is None else "yes" if release.synthetic else "no",
        str(release.uuid) if release else "",
        release.fingerprint if release else "",
        gap.dynamics.value if gap else "",
        "" if gap is None else "yes" if gap.surveyed else "no",
        str(line.known),
        str(line.active),
        _told(line.population),
        *((_told(100 * one) for one in (gap.recorded.value, gap.recorded.low, gap.recorded.high))
          if gap else ("", "", "")),
        _told(seen.perceived.share if seen else None),
        _told(seen.respondents if seen else None),
        _told(seen.perceived.effective if seen and seen.respondents else None),
        _told(1 - opinion.awareness if opinion else None),
        _told(opinion.low if opinion else None),
        _told(opinion.high if opinion else None),
        *((_told(one) for one in (gap.gap.value, gap.gap.low, gap.gap.high))
          if gap else ("", "", "")),
        _told(gap.positive if gap else None),
        _told(line.needed),
        _told(line.deciding),
    )  # fmt: skip


def _told(number: float | None) -> str:
    return "" if number is None else f"{number:.4f}".rstrip("0").rstrip(".")


def _style(line: RegionLine) -> str:
    if line.gap is None or not line.gap.surveyed:
        return NOT_COMPARED
    return STYLES[line.gap.dynamics]


def _is_hidden(line: RegionLine) -> bool:
    return line.perception is not None and line.perception.is_hidden


def _source(found: RegionalDynamics) -> str:
    if found.release is None:
        return _("Alliances de la plateforme ; aucune enquête.")
    return _("%(release)s, publication %(number)d ; alliances de la plateforme.") % {
        "release": found.release,
        "number": found.release.number,
    }
