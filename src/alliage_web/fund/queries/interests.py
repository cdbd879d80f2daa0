"""Conflicts of interest of people with applications, from what the platform knows, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from alliage.fund.instruction import interests as library
from alliage.fund.instruction.interests import (
    ConflictKind,
    FactKind,
    Facts,
    InterestRegister,
    LinkKind,
    Matter,
    Period,
    Severity,
    Standing,
    UnknownCode,
)
from alliage.values.dates import PartialDate
from alliage.values.french import partial_date
from alliage_web.accounts.queries import names_of, ties_of
from alliage_web.actors.queries import names_by_slug, parents_by_slug
from alliage_web.alliances.models import AmountStatusChoices
from alliage_web.alliances.queries import contents, facilitated_by
from alliage_web.fund.models import AnswerChoices, InterestStatement, Support

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.utils.functional import _StrPromise

    from alliage.fund.instruction.interests import Conflict, Disclosure, Step
    from alliage_web.accounts.models import User
    from alliage_web.accounts.queries import Ties
    from alliage_web.fund.models import Application

STANDINGS: Mapping[Standing, _StrPromise] = {
    Standing.BARRED: gettext_lazy("Intérêt qui empêche"),
    Standing.TO_DECLARE: gettext_lazy("Intérêt à déclarer"),
    Standing.NOTHING_KNOWN: gettext_lazy("Rien de connu"),
    Standing.NONE_FOUND: gettext_lazy("Aucun intérêt trouvé"),
}
_TAGS: Mapping[Standing, str] = {
    Standing.BARRED: "tag--danger",
    Standing.TO_DECLARE: "tag--warning",
    Standing.NOTHING_KNOWN: "",
    Standing.NONE_FOUND: "tag--ok",
}
KINDS: Mapping[ConflictKind, _StrPromise] = {
    ConflictKind.AUTHOR: gettext_lazy("A écrit, signé ou envoyé le dossier"),
    ConflictKind.APPLICANT: gettext_lazy("Lié·e à une organisation qui demande"),
    ConflictKind.PARTY: gettext_lazy("Lié·e à une partie prenante de l’alliance"),
    ConflictKind.CATALYST: gettext_lazy("Catalyse l’alliance"),
    ConflictKind.SAME_GROUP: gettext_lazy("Même groupe qu’une organisation du dossier"),
    ConflictKind.SAME_NETWORK: gettext_lazy("Même réseau qu’une organisation du dossier"),
    ConflictKind.FUNDING_GIVEN: gettext_lazy(
        "Son organisation a soutenu une organisation du dossier"
    ),
    ConflictKind.FUNDING_RECEIVED: gettext_lazy(
        "Son organisation a été soutenue par une organisation du dossier"
    ),
    ConflictKind.DECLARED: gettext_lazy("Intérêt déclaré par la personne"),
}
_STEPS: Mapping[FactKind, _StrPromise] = {
    FactKind.WROTE: gettext_lazy("%(subject)s a écrit, signé ou envoyé le dossier %(object)s"),
    FactKind.APPLIES: gettext_lazy("%(subject)s demande un soutien par le dossier %(object)s"),
    FactKind.MEMBER_OF: gettext_lazy("%(subject)s appartient à %(object)s ou agit pour elle"),
    FactKind.BELONGS_TO: gettext_lazy("%(subject)s dépend de %(object)s"),
    FactKind.PARTY_TO: gettext_lazy("%(subject)s est partie prenante de « %(object)s »"),
    FactKind.CATALYST_OF: gettext_lazy(
        "%(subject)s anime comme catalyseur un territoire où agit « %(object)s »"
    ),
    FactKind.FUNDED: gettext_lazy("%(subject)s a soutenu %(object)s"),
    FactKind.ACTS_FOR: gettext_lazy("%(subject)s remplace %(object)s"),
    FactKind.DECLARED: gettext_lazy("%(subject)s déclare un intérêt : « %(words)s »"),
}
_UNKNOWN: Mapping[UnknownCode, _StrPromise] = {
    UnknownCode.NO_MEMBERSHIP: gettext_lazy(
        "On ne sait d’aucune organisation à laquelle appartiendrait %(subject)s, et cette personne "
        "n’a rien déclaré sur ce dossier."
    ),
    UnknownCode.NO_ALLIANCE: gettext_lazy("Le dossier ne nomme pas d’alliance."),
    UnknownCode.NO_PARTY: gettext_lazy(
        "Aucune partie prenante de « %(subject)s » n’est inscrite sur la plateforme."
    ),
    UnknownCode.NO_DATE: gettext_lazy("La date d’un fait n’est pas connue : il compte encore."),
}


@dataclass(frozen=True, slots=True)
class ToldConflict:
    """A conflict in words, with the chain of facts that shows it."""

    label: str
    bars: bool
    in_force: bool
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldInterests:
    """Where a person stands before an application, in words."""

    person: User
    disclosure: Disclosure
    label: str
    tag: str
    conflicts: tuple[ToldConflict, ...]
    unknown: tuple[str, ...]

    @property
    def is_barred(self) -> bool:
        return self.disclosure.standing is Standing.BARRED


class Interests:
    """What is known of some people and some applications, read at once.

    People are known by « user:<key> », organisations and alliances by their stable names,
    applications by their references.
    """

    def __init__(self, people: Iterable[User], applications: Iterable[Application]) -> None:
        self._people = {person_id(person): person for person in people}
        self._applications = {one.reference: one for one in applications}
        self._matters = {ref: matter_of(one) for ref, one in self._applications.items()}
        self._ties = ties_of(person.pk for person in self._people.values())
        self._statements = list(
            InterestStatement.objects.filter(
                application__in=list(self._applications.values()),
            )
            .select_related("application")
            .order_by("pk")
        )
        memberships = tuple(_memberships(self._ties))
        parties = tuple(_parties(self._applications.values()))
        organisations = {
            *(one.organisation for one in memberships),
            *(one.organisation for one in parties),
            *(name for matter in self._matters.values() for name in matter.applicants),
        }
        self._register = InterestRegister(
            Facts(
                memberships=memberships,
                affiliations=tuple(_affiliations()),
                parties=parties,
                catalysts=tuple(_catalysts(self._people, self._applications.values())),
                fundings=tuple(_fundings(organisations)),
                delegations=tuple(_delegations(self._ties)),
                declared=tuple(_declared(self._statements)),
                statements=tuple(_stated(self._statements)),
            )
        )
        self._names: dict[str, str] | None = None

    @property
    def ties(self) -> Ties:
        return self._ties

    def disclosure(self, person: User, application: Application, *, on: dt.date) -> Disclosure:
        """Ask the library what ties a person to an application on a day."""
        return self._register.examine(
            person_id(person), self._matters[application.reference], on=on
        )

    def told(self, person: User, application: Application, *, on: dt.date) -> ToldInterests:
        """Say the same in words."""
        found = self.disclosure(person, application, on=on)
        return ToldInterests(
            person,
            found,
            str(STANDINGS[found.standing]),
            _TAGS[found.standing],
            tuple(self._conflict(one) for one in found.conflicts),
            tuple(
                str(_UNKNOWN[one.code]) % {"subject": self._name(one.subject)}
                for one in found.unknown
            ),
        )

    def _conflict(self, conflict: Conflict) -> ToldConflict:
        return ToldConflict(
            str(KINDS[conflict.kind]),
            conflict.severity is Severity.BARS,
            conflict.in_force,
            tuple(self._step(step) for step in conflict.chain),
        )

    def _step(self, step: Step) -> str:
        said = str(_STEPS[step.kind]) % {
            "subject": self._name(step.subject),
            "object": self._name(step.object),
            "words": self._explanation(step.fact),
        }
        period = _period(step.period)
        return f"{said} ({period})" if period else said

    def _explanation(self, fact: str) -> str:
        rows = (row for row in self._statements if statement_id(row) == fact)
        return next((row.explanation for row in rows), "")

    def _name(self, name: str) -> str:
        if self._names is None:
            self._names = self._read_names()
        return self._names.get(name, name.partition(":")[2] or name)

    def _read_names(self) -> dict[str, str]:
        slugs = {
            *(one.organisation.partition(":")[2] for one in self._ties.belongings),
            *(
                name.partition(":")[2]
                for matter in self._matters.values()
                for name in matter.applicants
            ),
            *parents_by_slug(),
            *parents_by_slug().values(),
            *(
                one["organisation"]
                for found in contents(
                    [one.alliance_id for one in self._applications.values()], sections=("parties",)
                ).values()
                for one in found.sections["parties"]
            ),
        }
        names = {f"organisation:{slug}": name for slug, name in names_by_slug(slugs).items()}
        names |= {
            one.alliance.stable_name: one.alliance.display_title
            for one in self._applications.values()
        }
        names |= {ref: ref for ref in self._applications}
        strangers = {one.principal for one in self._ties.replacements} | {
            one.delegate for one in self._ties.replacements
        }
        names |= {f"user:{key}": name for key, name in names_of(strangers).items()}
        return names | {key: str(person) for key, person in self._people.items()}


def person_id(person: User) -> str:
    """Name a person as the library does."""
    return f"user:{person.pk}"


def key_of_person(name: str) -> int:
    """Return the key of a person that the library names."""
    return int(name.partition(":")[2])


def statement_id(row: InterestStatement) -> str:
    return f"statement:{row.pk}"


def matter_of(application: Application) -> Matter:
    """Give what is to be reviewed or decided, as the library knows it."""
    parts = application.everyone
    authors = {
        application.begun_by_id,
        *application.sign_offs.order_by().values_list("by", flat=True),
        *application.sent_versions.order_by().values_list("by", flat=True),
    }
    return Matter(
        application.reference,
        application.alliance.stable_name,
        frozenset(part.organisation.stable_name for part in parts),
        frozenset(f"user:{key}" for key in authors if key),
        frozenset({application.fund.organisation.stable_name}),
    )


def _memberships(ties: Ties) -> Iterator[library.Membership]:
    for one in ties.belongings:
        yield library.Membership(
            one.id, f"user:{one.person}", one.organisation, _days(one.since, one.until)
        )


def _delegations(ties: Ties) -> Iterator[library.Delegation]:
    for one in ties.replacements:
        period = _days(one.since, one.until)
        yield library.Delegation(one.id, f"user:{one.delegate}", f"user:{one.principal}", period)


def _days(since: dt.datetime | None, until: dt.datetime | None) -> Period:
    return Period(
        timezone.localdate(since) if since else None, timezone.localdate(until) if until else None
    )


def _affiliations() -> Iterator[library.Affiliation]:
    for below, above in parents_by_slug().items():
        yield library.Affiliation(
            f"parent:{below}", f"organisation:{below}", f"organisation:{above}", LinkKind.PARENT
        )


def _parties(applications: Iterable[Application]) -> Iterator[library.PartyTo]:
    alliances = {one.alliance_id: one.alliance for one in applications}
    for key, found in contents(list(alliances), sections=("parties",)).items():
        name = alliances[key].stable_name
        for rank, row in enumerate(found.sections["parties"]):
            if row["organisation"]:
                period = Period.between(_partial(row["entered"]), _partial(row["left"]))
                party = f"organisation:{row['organisation']}"
                yield library.PartyTo(f"party:{name}:{rank}", name, party, period)


def _partial(text: str) -> PartialDate | None:
    return PartialDate.parse(text) if text else None


def _catalysts(
    people: Mapping[str, User], applications: Iterable[Application]
) -> Iterator[library.CatalystOf]:
    alliances = {one.alliance_id: one.alliance.stable_name for one in applications}
    for name, person in people.items():
        for key in sorted(facilitated_by(person) & alliances.keys()):
            yield library.CatalystOf(f"catalyst:{name}:{key}", alliances[key], name)


def _fundings(organisations: Iterable[str]) -> Iterator[library.Funding]:
    """Give what organisations gave one another: granted, and disputed by neither side."""
    slugs = [name.partition(":")[2] for name in organisations]
    rows = (
        Support.objects.filter(
            Q(giver__slug__in=slugs) | Q(receiver__slug__in=slugs),
            giver__isnull=False,
            receiver__isnull=False,
            status=AmountStatusChoices.GRANTED,
        )
        .exclude(giver_answer=AnswerChoices.DISPUTED)
        .exclude(receiver_answer=AnswerChoices.DISPUTED)
        .order_by("pk")
    )
    for pk, giver, receiver, first, last in rows.values_list(
        "pk", "giver__slug", "receiver__slug", "first", "last"
    ):
        yield library.Funding(
            f"support:{pk}",
            f"organisation:{giver}",
            f"organisation:{receiver}",
            Period.between(_partial(first), _partial(last or first)),
        )


def _declared(rows: Sequence[InterestStatement]) -> Iterator[library.DeclaredInterest]:
    for row in rows:
        if row.severity:
            yield library.DeclaredInterest(
                statement_id(row),
                f"user:{row.person_id}",
                row.application.reference,
                Severity(row.severity),
                Period(timezone.localdate(row.made_at)),
            )


def _stated(rows: Sequence[InterestStatement]) -> Iterator[library.NoInterestStatement]:
    for row in rows:
        if not row.severity:
            yield library.NoInterestStatement(
                statement_id(row),
                f"user:{row.person_id}",
                row.application.reference,
                timezone.localdate(row.made_at),
            )


def _period(period: Period) -> str:
    language = "en" if (get_language() or "").startswith("en") else "fr"
    first = partial_date(period.start, language=language) if period.start else ""
    last = partial_date(period.end, language=language) if period.end else ""
    if first and last:
        return _("du %(first)s au %(last)s") % {"first": first, "last": last}
    if first:
        return _("depuis le %(first)s") % {"first": first}
    return _("jusqu’au %(last)s") % {"last": last} if last else ""


def kept(disclosure: Disclosure) -> dict[str, Any]:
    """Give what is kept of a disclosure: kinds of conflicts, never the facts behind them."""
    return {
        "person": disclosure.person,
        "standing": disclosure.standing.value,
        "conflicts": [
            {"kind": one.kind.value, "severity": one.severity.value} for one in disclosure.conflicts
        ],
    }


def is_barred(person: User, application: Application, *, on: dt.date) -> bool:
    """Tell whether a conflict keeps a person from an application."""
    found = Interests([person], [application]).disclosure(person, application, on=on)
    return found.standing is Standing.BARRED
