"""Which fragilities go together: the drawing, its words and its table."""

from __future__ import annotations

import html
import math
import textwrap
from typing import TYPE_CHECKING

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliage_web.ui.components import Column, DataTable
from alliage_web.ui.templatetags.ui import number

from .chart_layers import FONT, stand_in
from .charts import About, Drawing, in_page, on_paper
from .profiles import NOT_APPLICABLE, read_in
from .sentences import chance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.observatory.releases.values import Network, Tie
    from alliage_web.observatory.queries.releases import PublishedRelease

#: A tie drawn again in at least this share of the samples is drawn whole, else dashed.
STABLE = 0.8

_WIDE, _NARROW = (720, 540), (350, 350)


def network_drawing(
    network: Network,
    circle: Sequence[str],
    labels: Mapping[str, str],
    *,
    release: PublishedRelease,
    title: str,
) -> Drawing:
    """Draw the ties that stand out around a circle; on a narrow page, items are numbers.

    Parameters
    ----------
    network
        What is drawn.
    circle
        The items in the order of the circle, the same for every group.
    labels
        Their names.
    release
        Where it was read.
    title
        What is shown, of whom.
    """
    about = About(
        title=title,
        description=told(network, labels),
        subtitle=_("Un trait : deux fragilités liées plus que la moyenne, de façon établie"),
        synthetic=release.synthetic,
        source=read_in(release),
    )
    return Drawing(
        about,
        in_page(about, _svg_body(network, circle, labels, _WIDE, named=True), _WIDE),
        in_page(about, _svg_body(network, circle, labels, _NARROW, named=False), _NARROW),
    )


def network_for_document(network: Network, circle: Sequence[str], labels: Mapping[str, str]) -> str:
    """Return the drawing in colours of the day, for a printed document."""
    return on_paper(_svg_body(network, circle, labels, _WIDE, named=True), _WIDE)


def told(network: Network, labels: Mapping[str, str]) -> str:
    """Say which fragilities go together, no more surely than the survey does."""
    if not network.ties:
        return _(
            "Il y a trop peu de réponses pour dire quelles fragilités vont ensemble : il en faut "
            "au moins 100, pondération comprise, pour chaque paire."
        )
    drawn = drawn_ties(network)
    if not drawn:
        return _(
            "Aucune paire de fragilités n’est liée plus que la moyenne des %(total)s paires de "
            "façon établie."
        ) % {"total": number(len(network.ties))}
    strongest = [_("« %(pair)s »") % {"pair": pair(tie, labels)} for tie in drawn[:3]]
    return ngettext(
        "Sur %(total)s paires de fragilités, une est liée plus que la moyenne de façon établie : "
        "%(pairs)s.",
        "Sur %(total)s paires de fragilités, %(count)s sont liées plus que la moyenne de façon "
        "établie, d’abord %(pairs)s.",
        len(drawn),
    ) % {
        "total": number(len(network.ties)),
        "count": number(len(drawn)),
        "pairs": get_text_list(strongest, _("et")),
    }


def halo(network: Network) -> str:
    """Say whether marks rise together whatever the fragility, which colours every tie."""
    if not network.ties or network.reference is None:
        return ""
    positive = sum(tie.low is not None and tie.low > 0 for tie in network.ties)
    return _(
        "%(positive)s des %(total)s corrélations sont positives de façon établie, chacune prise "
        "seule, et leur moyenne est de %(mean)s : qui note haut une fragilité tend à noter haut "
        "les autres. C’est pourquoi un trait n’est tiré qu’au-dessus de cette moyenne."
    ) % {
        "positive": number(positive),
        "total": number(len(network.ties)),
        "mean": number(network.reference, 2),
    }


def base(network: Network) -> str:
    """Say how many people the pairs are known from."""
    if not network.ties or network.respondents is None:
        return ""
    count = number(network.respondents)
    return _("Base : au moins %(n)s répondants pour chaque paire.") % {"n": count}


def drawn_ties(network: Network) -> list[Tie]:
    """Return the ties that stand out, the strongest first."""
    return sorted((tie for tie in network.ties if tie.drawn), key=lambda tie: -tie.value)


def tie_table(
    network: Network, labels: Mapping[str, str], *, release: PublishedRelease, whole: bool = True
) -> DataTable:
    """Return every pair of fragilities, or those drawn, the strongest first."""
    ties = sorted(network.ties, key=lambda tie: -tie.value) if whole else drawn_ties(network)
    return DataTable(
        caption=_("Toutes les paires de fragilités") if whole else _("Les paires liées"),
        columns=(
            Column(_("Paire")),
            Column(_("Corrélation"), numeric=True),
            Column(_("Intervalle"), numeric=True),
            Column(_("Liée plus que la moyenne")),
            Column(_("Stabilité"), numeric=True),
        ),
        rows=tuple(
            (
                pair(tie, labels),
                number(tie.value, 2),
                NOT_APPLICABLE
                if tie.low is None or tie.high is None
                else _("%(low)s à %(high)s")
                % {"low": number(tie.low, 2), "high": number(tie.high, 2)},
                _("oui") if tie.drawn else _("non établi"),
                NOT_APPLICABLE if tie.stability is None else chance(tie.stability),
            )
            for tie in ties
        ),
        source=read_in(release),
        note=_(
            "Stabilité : part des échantillons de même plan, tirés à nouveau par le calcul, où la "
            "même règle tire le trait. Chaque intervalle vaut seul ; la règle tient compte de "
            "toutes les paires."
        ),
    )


def pair(tie: Tie, labels: Mapping[str, str]) -> str:
    """Name the two fragilities of a tie."""
    one, other = (labels.get(code, code) for code in tie.items)
    return _("%(one)s et %(other)s") % {"one": one, "other": other}


def _svg_body(
    network: Network,
    circle: Sequence[str],
    labels: Mapping[str, str],
    size: tuple[int, int],
    *,
    named: bool,
) -> str:
    width, height = size
    middle = width / 2, height / 2
    radius = min(width, height) / 2 - (64 if named else 20)
    places = {code: _around(middle, radius, rank, len(circle)) for rank, code in enumerate(circle)}
    parts = [
        _tie(tie, places[tie.items[0]], places[tie.items[1]], middle, network.reference or 0.0)
        # The strongest last, above the others.
        for tie in reversed(drawn_ties(network))
        if tie.items[0] in places and tie.items[1] in places
    ]
    held = {code for tie in network.ties if tie.drawn for code in tie.items}
    for rank, code in enumerate(circle):
        x, y = places[code]
        parts.append(
            _named_node((x, y), middle, labels.get(code, code), tied=code in held)
            if named
            else _numbered_node((x, y), rank + 1, tied=code in held)
        )
    return "".join(parts)


def _around(
    middle: tuple[float, float], radius: float, rank: int, count: int
) -> tuple[float, float]:
    angle = 2 * math.pi * rank / count - math.pi / 2
    return middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)


def _tie(
    tie: Tie,
    one: tuple[float, float],
    other: tuple[float, float],
    middle: tuple[float, float],
    reference: float,
) -> str:
    # Ties bend towards the middle, so that neighbours are told from the circle.
    bend = [((a + b) / 2 + c) / 2 for a, b, c in zip(one, other, middle, strict=True)]
    width = 1.5 + 8 * min(max(tie.value - reference, 0.0), 0.5) / 0.5
    stable = tie.stability is not None and tie.stability >= STABLE
    dash = "" if stable else ' stroke-dasharray="7 5"'
    return (
        f'<path d="M{one[0]:.1f} {one[1]:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {other[0]:.1f}'
        f' {other[1]:.1f}" fill="none" stroke="{stand_in("accent-2")}" stroke-width="{width:.2f}"'
        f' stroke-opacity="0.75"{dash}/>'
    )


def _dot(place: tuple[float, float], radius: float, *, tied: bool) -> str:
    fill, stroke = ("accent-2", "accent-2") if tied else ("surface", "line-strong")
    return (
        f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius}"'
        f' fill="{stand_in(fill)}" stroke="{stand_in(stroke)}" stroke-width="2"/>'
    )


def _named_node(
    place: tuple[float, float], middle: tuple[float, float], label: str, *, tied: bool
) -> str:
    x, y = place
    across, down = x - middle[0], y - middle[1]
    lines = textwrap.wrap(label, 22, break_long_words=False) or [label]
    beside = abs(across) > 0.05 * abs(down) + 1
    anchor = ("start" if across > 0 else "end") if beside else "middle"
    shift = (14 if across > 0 else -14) if beside else 0
    if beside:
        first = y + 5 - 9 * (len(lines) - 1)
    else:
        first = y + 24 if down > 0 else y - 14 - 18 * (len(lines) - 1)
    texts = "".join(
        f'<text x="{x + shift:.1f}" y="{first + 18 * rank:.1f}" text-anchor="{anchor}"'
        f' font-family="{FONT}" font-size="15" fill="{stand_in("ink")}">{html.escape(line)}</text>'
        for rank, line in enumerate(lines)
    )
    return _dot(place, 6, tied=tied) + texts


def _numbered_node(place: tuple[float, float], rank: int, *, tied: bool) -> str:
    x, y = place
    ink = "surface" if tied else "ink"
    return (
        f"{_dot(place, 13, tied=tied)}"
        f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" font-family="{FONT}"'
        f' font-size="14" font-weight="600" fill="{stand_in(ink)}">{rank}</text>'
    )
