"""Results that were kept: found by their private link, scored, and set side by side."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from alliage.positioning.doors import Preference
from alliage.positioning.questionnaire import LEVELS, questionnaire
from alliage.positioning.scoring import Answers, Positioning, score
from alliage_web.positioning.models import ResultGroup, SavedResult

if TYPE_CHECKING:
    import datetime as dt

    from django.db.models import QuerySet


def digest_of(token: str) -> str:
    """Return what is kept of the secret of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def result_of(token: str, day: dt.date) -> SavedResult | None:
    """Return the result that a private link opens; None when it opens none, or none any more."""
    return (
        SavedResult.objects.filter(token_sha256=digest_of(token), expires_on__gt=day)
        .select_related("territory", "group", "earlier", "organisation")
        .first()
    )


def group_of(token: str, day: dt.date) -> ResultGroup | None:
    """Return the group that a link leads to; None when it leads to none, or none any more."""
    return ResultGroup.objects.filter(token_sha256=digest_of(token), expires_on__gt=day).first()


def members(group: ResultGroup, day: dt.date) -> list[SavedResult]:
    """Return the results of a group, the first that came first."""
    return list(group.results.filter(expires_on__gt=day).order_by("created_at", "pk"))


def agreed_to_count(day: dt.date) -> QuerySet[SavedResult]:
    """Return the results of those who agreed to be counted with others, invented ones included."""
    return SavedResult.objects.filter(consent_collective=True, expires_on__gt=day)


def answers_of(result: SavedResult) -> Answers:
    """Return the answers of a result.

    Answers to another version of the questionnaire are read for the questions that it still asks:
    whoever shows them says so.
    """
    asked = questionnaire()
    codes = {one.code for one in asked.behaviours}
    given = result.answers
    levels = {
        code: level
        for code, level in given["levels"].items()
        if code in codes and 0 <= level < LEVELS
    }
    return Answers(
        comparisons={
            pair: Preference(answer)
            for pair, answer in zip(asked.comparisons, given["comparisons"], strict=False)
            if answer != Preference.NOT_ANSWERED
        },
        levels=levels,
        proofs=frozenset(given.get("proofs", ())) & set(levels),
    )


def domain_of(result: SavedResult) -> str:
    """Return the code of the need that somebody had in mind; empty if they said none."""
    return str(result.answers.get("domain", ""))


def positioning_of(result: SavedResult) -> Positioning:
    """Return what a result says."""
    return score(answers_of(result), questionnaire())
