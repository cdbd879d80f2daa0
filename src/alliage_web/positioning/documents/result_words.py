"""What a result says, in sentences: the page and the sheet tell the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from alliage.positioning.questionnaire import LEVELS, questionnaire
from alliage.positioning.scoring import Doubt, gaps
from alliage_web.positioning.queries.validation import is_tool_validated
from alliage_web.ui.components import Column, DataTable
from alliage_web.ui.templatetags.ui import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.alliances.vocabulary import World
    from alliage.positioning.questionnaire import Behaviour, Door
    from alliage.positioning.scoring import Answers, Gap, Positioning, Recommendation
    from alliage.positioning.steps import Reach


@dataclass(frozen=True, slots=True)
class ToldDoor:
    """A door that fits, and what to do in it."""

    code: str
    name: str
    intention: str
    chances: str
    step: str
    """The step in a sentence, its name included, or why it is not known."""
    action: str
    """The next action; empty where there is none."""
    blocking: str
    """The question of the behaviour that keeps from the next step."""
    today: str
    aim: str


@dataclass(frozen=True, slots=True)
class ToldResult:
    """A result, the answer first."""

    title: str
    lede: str
    to_do: str
    """What to do where no door is named."""
    doors: tuple[ToldDoor, ...]
    warm_up: str
    contradictions: tuple[str, ...]
    partial: str
    table: DataTable
    note: str
    status: str


def told(found: Positioning, answers: Answers, *, world: World | None = None) -> ToldResult:
    """Tell a result to who answered from a world."""
    names = {door.code: door for door in questionnaire().doors}
    doors = tuple(_door(one, names[one.door], answers, world) for one in found.recommendations)
    title, lede, to_do = _head(found, [one.name for one in doors])
    return ToldResult(
        title=title,
        lede=lede,
        to_do=to_do,
        doors=doors,
        warm_up=_said(found.warm_up),
        contradictions=tuple(
            _capital(one.reason_en if english() else one.reason_fr) for one in found.contradictions
        ),
        partial=_partial(found),
        table=_every_door(found, answers),
        note=_(
            "Les chances disent laquelle des quatre portes vous préférez, d’après six "
            "comparaisons. Elles ne disent pas ce que vous y réussirez, et ne vous classent parmi "
            "personne."
        ),
        status=tool_status(),
    )


def told_context(hours: int | None, partner: str) -> tuple[tuple[str, str], ...]:
    """Return what somebody said for what comes next, each with its label; nothing if not said."""
    said = []
    if hours is not None:
        told = ngettext("%(hours)d heure par mois", "%(hours)d heures par mois", hours)
        said.append((_("Temps disponible"), told % {"hours": hours}))
    if partner:
        said.append((_("Partenaire à rencontrer, et ce que vous lui apportez"), partner))
    return tuple(said)


def tool_status() -> str:
    """Return what the tool is worth: a tool for dialogue, until every check of it passes."""
    if is_tool_validated():
        return _("Outil dont tous les contrôles passent")
    asked = questionnaire()
    return _capital(asked.status_en if english() else asked.status_fr)


def english() -> bool:
    """Tell whether the page is in English."""
    return (get_language() or "").startswith("en")


def door_name(door: Door) -> str:
    return door.name_en if english() else door.name_fr


def step_name(level: int) -> str:
    """Return the name of a step."""
    step = questionnaire().steps[level]
    return step.name_en if english() else step.name_fr


def anchor(behaviour: Behaviour, level: int) -> str:
    """Return the fact that a level is."""
    return _capital((behaviour.anchors_en if english() else behaviour.anchors_fr)[level])


def question_of(behaviour: Behaviour, world: World | None = None) -> str:
    """Return a behaviour as a world is asked it."""
    wording = behaviour.wording(world)
    return wording.en if english() else wording.fr


@dataclass(frozen=True, slots=True)
class ToldGap:
    """A behaviour as several people see it, or one person at two dates."""

    door: str
    question: str
    levels: tuple[str, ...]
    width: int

    @property
    def distance(self) -> str:
        if not self.width:
            return ""
        return ngettext("%(n)d niveau d’écart", "%(n)d niveaux d’écart", self.width) % {
            "n": self.width
        }


def told_gaps(several: Sequence[Answers]) -> tuple[list[ToldGap], list[ToldGap]]:
    """Return the behaviours seen differently, the widest first, and the others."""
    names = {door.code: door_name(door) for door in questionnaire().doors}
    every = [
        (
            one,
            ToldGap(
                names[one.behaviour.door],
                question_of(one.behaviour),
                _levels(one, several),
                one.width,
            ),
        )
        for one in gaps(several, questionnaire())
    ]
    differ = [gap for one, gap in every if _differs(one)]
    return differ, [gap for one, gap in every if not _differs(one)]


def chances(probability: float) -> str:
    """Tell a probability in figures and in words."""
    figure = percent(probability)
    tenths = round(probability * 10)
    if tenths == 0:
        return _("%(percent)s, moins d’une chance sur 10") % {"percent": figure}
    words = ngettext("environ %(n)d chance sur 10", "environ %(n)d chances sur 10", tenths)
    return f"{figure}, {words % {'n': tenths}}"


def _differs(gap: Gap) -> bool:
    """Tell whether people differ; who does not know differs from who knows."""
    return len(set(gap.levels)) > 1


def _levels(gap: Gap, several: Sequence[Answers]) -> tuple[str, ...]:
    return tuple(
        _("Ne sait pas, ou sans réponse") if level is None else _with_proof(gap, level, answers)
        for level, answers in zip(gap.levels, several, strict=True)
    )


def _with_proof(gap: Gap, level: int, answers: Answers) -> str:
    fact = anchor(gap.behaviour, level)
    if gap.behaviour.code not in answers.proofs:
        return fact
    return _("%(fact)s (un écrit le montre)") % {"fact": fact}


def _head(found: Positioning, names: Sequence[str]) -> tuple[str, str, str]:
    """Return the title, the sentence that answers, and what to do where no door is named."""
    if not found.answered:
        return (
            _("Rien ne peut encore être dit"),
            _("Aucune question n’a reçu de réponse. Une porte au hasard ne vous aiderait pas."),
            _(
                "Répondez aux six premières comparaisons : elles suffisent pour proposer une "
                "porte. Ou parlez-en une heure avec un catalyseur."
            ),
        )
    if not names:
        return _no_door(found)
    chance = chances(found.recommendations[0].probability)
    if len(names) == 1:
        sure = (
            _("Elle se détache : %(chances)s.")
            if found.is_clear
            else _("Elle se détache, %(chances)s, mais des réponses se contredisent.")
        )
        return _("Votre porte : %(door)s") % {"door": names[0]}, sure % {"chances": chance}, ""
    listed = " ; ".join(
        _("%(door)s, %(chances)s") % {"door": name, "chances": chances(one.probability)}
        for name, one in zip(names, found.recommendations, strict=True)
    )
    title = (
        _("Deux portes possibles : %(first)s, ou %(second)s")
        % {"first": names[0], "second": names[1]}
        if len(names) == 2
        else _("%(count)d portes possibles") % {"count": len(names)}
    )
    lede = _("Vos réponses ne les départagent pas : %(doors)s.") % {"doors": listed}
    return title, lede, ""


def _no_door(found: Positioning) -> tuple[str, str, str]:
    again = _(
        "Reprenez les six comparaisons en pensant à une seule action, celle qui compte le plus "
        "pour vous cette année. Ou parlez-en une heure avec un catalyseur : il en a l’habitude."
    )
    title = _("Aucune porte ne se dégage")
    if Doubt.CIRCULAR in found.doubts:
        lede = _(
            "Vos comparaisons tournent en rond : vous préférez une intention à une autre, celle-ci "
            "à une troisième, et la troisième à la première. Choisir pour vous serait tirer au "
            "sort."
        )
        return title, lede, again
    ties, missing = found.preferences.ties, found.preferences.missing
    lede = _(
        "Sur six comparaisons, %(ties)d « autant » et %(missing)d sans réponse : c’est trop pour "
        "préférer une porte. Choisir pour vous serait tirer au sort."
    ) % {"ties": ties, "missing": missing}
    if missing == 0:
        again = _(
            "Les quatre intentions comptent donc à peu près autant pour vous : commencez par la "
            "porte où une action est déjà engagée, dans la table ci-dessous."
        )
    return title, lede, again


def _door(one: Recommendation, door: Door, answers: Answers, world: World | None) -> ToldDoor:
    blocking = one.reach.blocking
    known = answers.levels.get(blocking.code) if blocking else None
    level = one.reach.level
    return ToldDoor(
        code=door.code,
        name=door_name(door),
        intention=_capital(door.intention_en if english() else door.intention_fr),
        chances=chances(one.probability),
        step=_step(one.reach),
        action=_said(one.action),
        blocking=question_of(blocking, world) if blocking else "",
        today=anchor(blocking, known) if blocking and known is not None else "",
        aim=anchor(blocking, level + 1) if blocking and level is not None else "",
    )


def _step(reach: Reach) -> str:
    if reach.level is None:
        return _(
            "Étape non connue : %(known)d réponses sur 4, il en faut 3. Répondre aux questions "
            "passées la donnerait."
        ) % {"known": reach.known}
    said = _("Étape %(number)d sur 4 : %(name)s.") % {
        "number": reach.level + 1,
        "name": step_name(reach.level),
    }
    if reach.level < LEVELS - 1:
        return said
    return (
        said + " " + _("C’est la dernière : ce que vous faites peut servir d’exemple à d’autres.")
    )


def _partial(found: Positioning) -> str:
    left = found.asked - found.answered
    if not left or not found.answered:
        return ""
    return ngettext(
        "Une question sur %(asked)d est sans réponse : ce qui suit ne dit rien d’elle.",
        "%(left)d questions sur %(asked)d sont sans réponse : ce qui suit ne dit rien d’elles.",
        left,
    ) % {"left": left, "asked": found.asked}


def _every_door(found: Positioning, answers: Answers) -> DataTable:
    asked = questionnaire()
    says = found.preferences.says_something
    return DataTable(
        caption=_("Vos étapes dans les quatre portes"),
        columns=(
            Column(_("Porte")),
            Column(_("Étape")),
            Column(_("Chances"), numeric=True),
            Column(_("Faits connus")),
        ),
        rows=tuple(
            (
                door_name(door),
                _short_step(found.reaches[door.code]),
                percent(probability) if says else _("non départagée"),
                _known(door, answers),
            )
            for door, probability in zip(asked.doors, found.preferences.probabilities, strict=True)
        ),
        note=_(
            "Une étape est atteinte quand trois des quatre faits demandés y sont. Elle dit ce qui "
            "se fait, jamais où vous êtes par rapport à d’autres."
        ),
    )


def _known(door: Door, answers: Answers) -> str:
    """Tell how many facts are known in a door, and of how many something written can be shown."""
    codes = {one.code for one in questionnaire().of_door(door.code)}
    known, proved = len(codes & set(answers.levels)), len(codes & answers.proofs)
    if not proved:
        return _("%(known)d sur 4") % {"known": known}
    return _("%(known)d sur 4, dont %(proved)d par un écrit") % {"known": known, "proved": proved}


def _short_step(reach: Reach) -> str:
    if reach.level is None:
        return _("non connue")
    return _("%(number)d, %(name)s") % {"number": reach.level + 1, "name": step_name(reach.level)}


def steps_of(reaches: Mapping[str, Reach]) -> dict[str, str]:
    """Return the step in each door, in a few words."""
    return {code: _short_step(one) for code, one in reaches.items()}


def doors_of(found: Positioning) -> str:
    """Return the doors that a result names, with their chances, in a line."""
    names = {door.code: door_name(door) for door in questionnaire().doors}
    if not found.recommendations:
        return _("aucune ne se dégage")
    return " ; ".join(
        f"{names[one.door]} ({percent(one.probability)})" for one in found.recommendations
    )


def _said(pair: tuple[str, str] | None) -> str:
    return "" if pair is None else pair[1 if english() else 0]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
