"""The minutes of a meeting: one frozen content, a page and a PDF that say the same words.

The content names people by their numbers. Their names are read when it is shown: a person who
asked to be erased is no longer named, and the digest stays the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext as _

from alliage.fund.instruction.interests import ConflictKind, Standing
from alliage.values.french import partial_date
from alliage_web.accounts.queries import names_of
from alliage_web.fund.models import Application, DecisionChoices, VoteChoices
from alliage_web.fund.models.committee import (
    CastingVoteChoices,
    MajorityBaseChoices,
    ModeChoices,
    QuorumBaseChoices,
    ShareChoices,
)
from alliage_web.fund.queries.application_wording import is_english, money
from alliage_web.fund.queries.interests import KINDS, STANDINGS
from alliage_web.ui.printing import print_pdf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alliage_web.fund.models import Minutes

_TEMPLATE = Path(__file__).parents[1] / "typst" / "minutes.typ"


def minutes_pdf(minutes: Minutes) -> bytes:
    """Print closed minutes, in French: the page carries the digest of their content."""
    with translation.override("fr"):
        told = told_minutes(minutes)
    return print_pdf(_TEMPLATE, it=told)


def told_minutes(minutes: Minutes) -> dict[str, Any]:
    """Say closed minutes in words: facts of the meeting, then each item of the agenda."""
    content, meeting = minutes.content, minutes.meeting
    names = _Names(content)
    said = content["meeting"]
    present = sorted(said["present"], key=names)
    absent = sorted(set(said["entitled"]) - set(said["present"]), key=names)
    asked = {one["application"]: one["asked"] for one in said["agenda"]}
    return {
        "eyebrow": meeting.fund.name,
        "title": _("Procès-verbal de la séance n° %(number)s du comité")
        % {"number": meeting.number},
        "facts": [
            [_("Date"), _day(said["held_on"])],
            *([[_("Lieu"), meeting.place]] if meeting.place else []),
            [_("Préside"), names(said["chair"])],
            [_("Présents"), _listed(map(names, present))],
            [_("Absents"), _listed(map(names, absent)) or _("personne")],
            *([[_("Sans voix"), _listed(said["guests"])]] if said["guests"] else []),
            [_("Règles appliquées"), _rules(content["rules"])],
        ],
        "summary": list(_overview(content, names)),
        "items": [
            *(_decided(one, names, asked[one["application"]]) for one in content["decisions"]),
            *(
                {
                    "title": names.application(reference),
                    "outcome": _("Sans décision"),
                    "parts": [[_("Pourquoi"), [reason]]],
                }
                for reference, reason in content["without_decision"].items()
            ),
        ],
        "closing": _("Arrêté le %(day)s.") % {"day": _day(minutes.closed_at.date().isoformat())},
        "footer": _("%(title)s. Empreinte du contenu (SHA-256) : %(digest)s")
        % {
            "title": _("%(fund)s, séance n° %(number)s")
            % {"fund": meeting.fund.name, "number": meeting.number},
            "digest": minutes.digest,
        },
    }


class _Names:
    """The names of people and of applications, read once."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        meeting = content["meeting"]
        found = {*meeting["entitled"], *meeting["present"], meeting["chair"]}
        for one in content["decisions"]:
            found |= {one["presiding"], *one["votes"]}
            found |= {each["person"] for each in (*one["recusals"], *one["disclosures"])}
        keys = [int(name.partition(":")[2]) for name in found]
        self._people = {f"user:{key}": name for key, name in names_of(keys).items()}
        references = [one["application"] for one in meeting["agenda"]]
        rows = Application.objects.filter(reference__in=references).select_related("alliance")
        self._applications = {
            row.reference: f"{row.reference}, {row.alliance.display_title}" for row in rows
        }

    def __call__(self, person: str) -> str:
        return self._people.get(person, person)

    def application(self, reference: str) -> str:
        return self._applications.get(reference, reference)


def _day(text: str) -> str:
    return partial_date(text, language="en" if is_english() else "fr")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _rules(rules: Mapping[str, Any]) -> str:
    quorum = rules["quorum"]
    return _(
        "quorum : %(share)s, sur %(base)s ; %(mode)s ; majorité : %(majority)s, prise sur "
        "l’ensemble %(majority_base)s ; en cas de partage, %(casting)s."
    ) % {
        "share": _share(quorum),
        "base": QuorumBaseChoices(quorum["base"]).label,
        "mode": ModeChoices(rules["mode"]).label,
        "majority": ShareChoices(rules["majority"]).label,
        "majority_base": MajorityBaseChoices(rules["majority_base"]).label,
        "casting": CastingVoteChoices(rules["casting_vote"]).label,
    }


def _share(quorum: Mapping[str, Any]) -> str:
    share = str(ShareChoices(quorum["share"]).label)
    if quorum["strictly_more"]:
        share = _("plus que %(share)s") % {"share": share}
    if quorum["number"]:
        share = _("%(share)s et %(number)s membres au moins") % {
            "share": share,
            "number": quorum["number"],
        }
    return share


def _overview(content: Mapping[str, Any], names: _Names) -> Iterator[list[str]]:
    """Give a line for each application: the decision, and the amount granted."""
    for one in content["decisions"]:
        motion = one["motion"]
        yield [
            names.application(one["application"]),
            str(DecisionChoices(motion["kind"]).label),
            money(motion["amount"]) if "amount" in motion else "–",
        ]
    for reference in content["without_decision"]:
        yield [names.application(reference), _("Sans décision"), "–"]


def _decided(one: Mapping[str, Any], names: _Names, asked: str) -> dict[str, Any]:
    motion, tally, quorum = one["motion"], one["tally"], one["quorum"]
    parts: list[list[Any]] = [[_("Demandé"), [money(asked)]]]
    if "amount" in motion:
        parts.append([_("Accordé"), [money(motion["amount"])]])
    parts.append([_("Motifs"), _paragraphs(motion["reasons"])])
    if "conditions" in motion:
        parts.append([_("Conditions"), motion["conditions"] or [_("aucune")]])
    if "documents" in motion:
        due = _("attendues avant la fin du %(day)s") % {"day": _day(motion["documents_due_on"])}
        parts.append([_("Pièces demandées"), [*motion["documents"], due]])
    if "questions" in motion:
        resume = _("reprise le %(day)s") % {"day": _day(motion["resume_on"])}
        parts.append([_("Questions"), [*motion["questions"], resume]])
    parts += [
        [_("Préside"), [names(one["presiding"])]],
        [
            _("Quorum"),
            [
                _("%(counted)s comptés, %(required)s nécessaires sur %(base)s")
                % {
                    "counted": quorum["counted"],
                    "required": quorum["required"],
                    "base": quorum["base"],
                }
            ],
        ],
        [_("Voix"), _votes(one, tally, names)],
        [
            _("Déports"),
            [_recusal(each, names) for each in one["recusals"]] or [_("aucun")],
        ],
    ]
    if one["disclosures"]:
        parts.append([_("Intérêts constatés"), [_told(each, names) for each in one["disclosures"]]])
    return {
        "title": names.application(one["application"]),
        "outcome": str(DecisionChoices(motion["kind"]).label),
        "parts": parts,
    }


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.splitlines() if part.strip()]


def _votes(one: Mapping[str, Any], tally: Mapping[str, Any], names: _Names) -> list[str]:
    said = [
        _("%(for)s pour, %(against)s contre, %(abstain)s abstention(s)")
        % {"for": tally["for"], "against": tally["against"], "abstain": tally["abstain"]}
    ]
    if tally["casting_vote"]:
        said.append(_("La voix de qui préside a compté double."))
    said += [
        f"{names(person)} : {VoteChoices(vote).label}" for person, vote in one["votes"].items()
    ]
    return said


def _recusal(one: Mapping[str, Any], names: _Names) -> str:
    why = [str(KINDS[ConflictKind(kind)]).lower() for kind in dict.fromkeys(one["conflicts"])]
    if one["explanation"]:
        why.append(one["explanation"])
    return f"{names(one['person'])} : {' ; '.join(why)}"


def _told(one: Mapping[str, Any], names: _Names) -> str:
    kinds = [str(KINDS[ConflictKind(kind)]).lower() for kind in dict.fromkeys(one["conflicts"])]
    said = _listed(kinds) or str(STANDINGS[Standing(one["standing"])]).lower()
    return f"{names(one['person'])} : {said}"
