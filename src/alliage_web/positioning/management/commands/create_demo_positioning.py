"""Invent answers to the self-positioning of the demonstration."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage.positioning.doors import PAIRS
from alliage.positioning.questionnaire import questionnaire
from alliage.territories.levels import Level
from alliage_web.actors.models import SizeChoices
from alliage_web.positioning.actions.packets import form_packets, keep_invented
from alliage_web.positioning.actions.results import join_group, last_day, open_group
from alliage_web.positioning.models import WORLDS, SavedResult
from alliage_web.positioning.queries.results import digest_of
from alliage_web.territories.queries import communes_in, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

_PEOPLE = 400
#: Departments and how often somebody there answers; the first is served by an account of the demo.
_DEPARTMENTS = {"94": 0.3, "35": 0.2, "69": 0.2, "59": 0.15, "33": 0.1, "67": 0.05}
_COMMUNES = 6
_WORLD_SHARES = (0.22, 0.2, 0.26, 0.06, 0.08, 0.08, 0.1)
#: How much each world is drawn to each door, beyond chance: pure invention.
_DRAWN_TO = {
    "company": (0.9, 0.4, 0.2, 0.0),
    "local_authority": (0.0, 0.1, 0.2, 1.0),
    "association": (0.2, 0.6, 0.3, 0.3),
    "academic": (0.0, 0.0, 1.0, 0.2),
}
_DAYS = 150
_THREE = ("direction", "terrain", "conseil d’administration")


class Command(BaseCommand):
    help = (
        "Invent some 400 answers to the self-positioning, agreed to be counted together and marked "
        "invented, and a group of three side by side whose private links are printed once. Refused "
        "outside a demonstration. A second run changes nothing."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--seed", type=int, default=17, help="of the invention")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.ALLIAGE_DEMO or settings.PRODUCTION:
            msg = "Invented answers are refused outside a demonstration. Set ALLIAGE_MODE=demo."
            raise CommandError(msg)
        if SavedResult.objects.filter(invented=True).exists():
            self.stdout.write("There are invented answers, left as they are.")
            return
        places = _places()
        if not places:
            msg = "Run load_territories first: the answers come from communes."
            raise CommandError(msg)
        now = timezone.now()
        tokens = [secrets.token_urlsafe(32) for _one in _THREE]
        keep_invented(results=_invented(places, options["seed"], tokens, now), at=now)
        form_packets(day=timezone.localdate(now), at=now, invented=True, seed=str(options["seed"]))
        self._set_side_by_side(tokens, now)
        self.stdout.write(f"{_PEOPLE} invented answers are kept. Three of them, side by side:")
        for token in tokens:
            self.stdout.write(f"/se-situer/r/{token}/groupe/")

    def _set_side_by_side(self, tokens: Sequence[str], now: dt.datetime) -> None:
        first, *others = (
            SavedResult.objects.get(token_sha256=digest_of(token)) for token in tokens
        )
        group = open_group(
            result=first,
            name="Une équipe inventée",
            label=_THREE[0],
            token=secrets.token_urlsafe(32),
            at=now,
        )
        for one, label in zip(others, _THREE[1:], strict=True):
            join_group(result=one, group=group, label=label, at=now)


def _places() -> list[tuple[list[int], float]]:
    """Return the most populated communes of each department, and its share."""
    found = []
    for code, share in _DEPARTMENTS.items():
        department = resolve(Level.DEPARTMENT.value, code)
        if department is not None:
            rows = sorted(communes_in(department), key=lambda row: -(row.population or 0))
            found.append(([row.territory_id for row in rows[:_COMMUNES]], share))
    return [(communes, share) for communes, share in found if communes]


def _invented(
    places: Sequence[tuple[list[int], float]], seed: int, tokens: Sequence[str], now: dt.datetime
) -> list[SavedResult]:
    """Invent people: what a world prefers, how far each is, and a few who do not know."""
    drawn = np.random.Generator(np.random.PCG64(seed))
    asked = questionnaire()
    codes = [one.code for one in asked.behaviours]
    doors = [place for place, door in enumerate(asked.doors) for one in asked.of_door(door.code)]
    shares = np.array([share for _communes, share in places])
    found = []
    for rank in range(_PEOPLE):
        world = str(drawn.choice([code for code, _label in WORLDS], p=_WORLD_SHARES))
        size = str(drawn.choice(["", *SizeChoices.values], p=(0.15, 0.4, 0.3, 0.1, 0.05)))
        communes = places[int(drawn.choice(len(places), p=shares / shares.sum()))][0]
        wants = np.array(_DRAWN_TO.get(world, (0.3, 0.3, 0.3, 0.3))) + drawn.gumbel(0, 0.8, 4)
        far = drawn.normal(0, 1) + drawn.normal(0, 0.5, 4)[doors] + drawn.normal(0, 0.7, len(codes))
        harder = np.tile((0.6, 0.2, -0.2, -0.6), 4)
        levels = np.digitize(far + harder, (-0.4, 0.6, 1.6)).tolist()
        known = drawn.random(len(codes)) > 0.04
        at = now - dt.timedelta(days=int(drawn.integers(1, _DAYS)))
        token = tokens[rank] if rank < len(tokens) else secrets.token_urlsafe(32)
        found.append(
            SavedResult(
                token_sha256=digest_of(token),
                questionnaire_version=asked.version,
                answers={
                    "comparisons": [
                        _compared(float(wants[a] - wants[b] + drawn.logistic(0, 0.4)))
                        for a, b in PAIRS
                    ],
                    "levels": {
                        code: level
                        for code, level, one in zip(codes, levels, known, strict=True)
                        if one
                    },
                    "variants": {},
                    "proofs": [],
                    "domain": "",
                },
                world=world,
                size=size,
                territory_id=int(drawn.choice(communes)),
                consent_collective=True,
                consented_at=at,
                created_at=at,
                expires_on=last_day(at),
            )
        )
    return found


def _compared(difference: float) -> int:
    """Return the answer to a comparison: near enough, it is a tie."""
    if abs(difference) < 0.25:
        return 1
    return 0 if difference > 0 else 2
