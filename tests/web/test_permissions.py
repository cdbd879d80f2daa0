"""Who may open what: every route, every role, own and other objects, as the table says.

``docs/reference/permissions.md`` is the table. ``ALLIAGE_WRITE_DOCS=1 pytest`` writes what is
observed, for a person to read before it is committed; without it the test compares.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter, defaultdict
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.template import Template
from django.test import Client
from django.utils import timezone, translation
from tests.factories.people import entrust, fresh, somebody
from tests.factories.routes import (
    ELSEWHERE,
    PLACES,
    cases,
    name_of,
    refusals_unlogged,
    sample_objects,
)

from alliage_web.accounts.models import HELD_AT, Role, User
from alliage_web.accounts.permissions import grants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.http import HttpRequest
    from pytest_django.fixtures import Settings
    from tests.factories.people import Holding
    from tests.factories.routes import Case, Samples

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine, pytest.mark.long]

TABLE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "permissions.md"
METHODS = ("GET", "POST")
NOBODY = ("visitor", "signed in")
#: Those who hold something at the place of the object that is asked for, or made it.
PEOPLE = ("author", "member", *(role.value.replace("_", " ") for role in Role))


def _holdings(role: Role, places: Mapping[str, str]) -> list[Holding]:
    """Give a role at each place where it is held; of some kinds there is no other place."""
    held: list[Holding] = []
    for kind in HELD_AT[role]:
        if kind not in places:
            continue
        if role is Role.PARTY_MEMBER:
            held.append((role, name_of(kind, places), name_of("organisation", places)))
        else:
            held.append((role, name_of(kind, places)))
    return held


def _everything(places: Mapping[str, str]) -> list[Holding]:
    return [held for role in Role for held in _holdings(role, places)]


@pytest.fixture
def author() -> User:
    return somebody("Author")


@pytest.fixture
def samples(author: User) -> Samples:
    return sample_objects(author)


@pytest.fixture
def people(author: User) -> dict[str, User | None]:
    """One person a column, and those of whom something is asserted for every address."""
    found: dict[str, User | None] = {"visitor": None, "signed in": somebody("Signed in")}
    found["author"] = author
    found["member"] = somebody("Member", member_of=[name_of("organisation")])
    for role in Role:
        name = role.value.replace("_", " ")
        found[name] = somebody(name, *_holdings(role, PLACES))
    found["elsewhere"] = somebody(
        "Elsewhere",
        *_everything(ELSEWHERE),
        member_of=[name_of("organisation", ELSEWHERE)],
    )
    found["ended"] = somebody(
        "Ended", *_everything(PLACES), until=timezone.now() - dt.timedelta(seconds=1)
    )
    holder = found["holder"] = somebody(
        "Holder", *_everything(PLACES), member_of=[name_of("organisation")]
    )
    delegate = found["delegate"] = somebody("Delegate", member_of=[name_of("organisation")])
    for holding in holder.role_holdings.all():
        entrust(holding, delegate)
    return found


_ANSWERS = {
    **dict.fromkeys((200, 201, 204, 301, 302, 400, 409, 410, 422), "yes"),
    401: "sign in",
    403: "no",
    404: "hidden",
    405: "not taken",
}


class _Asking:
    """Asks as one person after another; what is written is undone, the sessions included."""

    def __init__(self, people: Mapping[str, User | None]) -> None:
        # One client for all: each has its own copy of the middleware, which is long to make.
        self.client = Client()
        self.sessions: dict[str, str] = {}
        self.name = "visitor"
        self.loaded: dict[str, User] = {}
        for name, user in people.items():
            if user:
                loaded = self.loaded[name] = fresh(user)
                # Read here, and kept by the copies.
                for read in ("own_holdings", "delegations_received", "belongs_to"):
                    getattr(loaded, read)
                self.client.force_login(user)
                self.sessions[name] = self.client.session.session_key or ""
                self.client.cookies.clear()

    def person(self, _request: HttpRequest) -> User | AnonymousUser:
        """Give who asks, with the roles that were read once: to read them takes a third of all.

        That each request reads them is for the tests of roles and of signing in.
        """
        loaded = self.loaded.get(self.name)
        return copy(loaded) if loaded else AnonymousUser()

    def ask(self, name: str, method: str, address: str) -> str:
        self.name = name
        self.client.cookies.clear()
        if name in self.sessions:
            self.client.cookies[django_settings.SESSION_COOKIE_NAME] = self.sessions[name]
        with transaction.atomic():
            response = self.client.generic(
                method, address, content_type="application/x-www-form-urlencoded"
            )
            if response.streaming:
                response.getvalue()
            transaction.set_rollback(True)
        if response.status_code == 302 and response["Location"].startswith(_sign_in_address()):
            return "sign in"
        return _ANSWERS[response.status_code]


def _sign_in_address() -> str:
    from django.shortcuts import resolve_url

    return resolve_url(django_settings.LOGIN_URL)


@dataclass(frozen=True, slots=True)
class Line:
    """How an address answers to everyone, with one method."""

    case: Case
    method: str
    answers: Mapping[str, str]

    @property
    def opens_for(self) -> frozenset[str]:
        return frozenset(name for name, answer in self.answers.items() if answer == "yes")


@pytest.fixture
def lines(
    people: dict[str, User | None],
    samples: Samples,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Line]:
    settings.ACCOUNT_RATE_LIMITS = False
    # What matters here is whether a page opens: other tests draw it, which takes most of the time.
    monkeypatch.setattr(Template, "_render", lambda *_: "")
    asking = _Asking(people)
    monkeypatch.setattr("django.contrib.auth.get_user", asking.person)
    with refusals_unlogged():
        return [
            Line(case, method, _answers(asking, people, method, case.address))
            for case in list(cases(samples))
            for method in METHODS
        ]


def _answers(
    asking: _Asking, people: Mapping[str, User | None], method: str, address: str
) -> dict[str, str]:
    """Ask as everybody, unless who holds everything is answered as who holds nothing.

    A role never takes a right away (see ``test_rights_model.py``): what the two are answered, each
    role alone is too, and who made the object when that opens it. ``ALLIAGE_EVERY_ROLE=1`` asks as
    everybody all the same.
    """
    found: dict[str, str] = {}
    if not os.environ.get("ALLIAGE_EVERY_ROLE"):
        for least in NOBODY:
            for name in {least, "holder"} - found.keys():
                found[name] = asking.ask(name, method, address)
            if found[least] == found["holder"] == "yes":
                return dict.fromkeys(people, "yes") | found
        found["author"] = asking.ask("author", method, address)
        if found["signed in"] == found["holder"] == found["author"]:
            return dict.fromkeys(people, found["signed in"]) | found
    return found | {name: asking.ask(name, method, address) for name in people if name not in found}


def test_every_route_opens_for_whom_the_table_says(lines: list[Line]) -> None:
    for line in lines:
        _check(line)
    for got, posted in zip(lines[::2], lines[1::2], strict=True):
        assert got.case == posted.case
        if "not taken" not in got.answers.values():
            more = posted.opens_for - got.opens_for
            assert not more, f"{got.case.title} may be sent, not opened, by {', '.join(more)}."
    with translation.override("en"):
        written = _document(lines)
    if os.environ.get("ALLIAGE_WRITE_DOCS"):
        TABLE.write_text(written, encoding="utf-8")
    covered = len({line.case.route for line in lines})
    people = len(lines[0].answers)
    print(f"{covered} routes, {len(lines)} requests x {people} people")  # noqa: T201
    assert TABLE.read_text(encoding="utf-8") == written


def _check(line: Line) -> None:
    """What is held elsewhere or has ended gives nothing; what is lent gives what it is."""
    answers, named = line.answers, f"{line.method} {line.case.title}"
    assert answers["elsewhere"] == answers["signed in"], f"{named}: a role held elsewhere counts"
    assert answers["ended"] == answers["signed in"], f"{named}: a role that ended counts"
    assert answers["delegate"] == answers["holder"], f"{named}: a role that is lent counts less"
    refused = answers["visitor"] in {"no", "hidden", "sign in"}
    assert refused or answers["signed in"] == answers["visitor"], f"{named}: signing in closes it"


def _document(lines: list[Line]) -> str:
    by_title: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_title[line.case.title].append(line)
    parts = [HEAD % _figures(lines), _permissions(), RULES]
    rows = [row for found in by_title.values() for row in _rows(found)]
    public = [row for row in rows if row.visitor == "yes"]
    signed_in = [row for row in rows if row.visitor != "yes" and row.signed_in == "yes"]
    some = [row for row in rows if row.visitor != "yes" and row.signed_in != "yes"]
    parts += ["## Open to everyone\n", *(f"- {row.named}" for row in public), ""]
    parts += ["## Open to who is signed in\n", *(f"- {row.named}" for row in signed_in), ""]
    parts += ["## Open to some\n", "| address | visitor | signed in | opens for |"]
    parts += ["| --- | --- | --- | --- |", *(row.line for row in some)]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True, slots=True)
class Row:
    """An address in the table, with the methods that answer alike."""

    title: str
    methods: tuple[str, ...]
    visitor: str
    signed_in: str
    others: str

    @property
    def named(self) -> str:
        return f"`{self.title}` {', '.join(self.methods)}" + (
            f"; {self.others}" if self.others and self.signed_in == "yes" else ""
        )

    @property
    def line(self) -> str:
        return f"| {self.named} | {self.visitor} | {self.signed_in} | {self.others or 'nobody'} |"


def _rows(lines: list[Line]) -> Iterator[Row]:
    alike: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for line in lines:
        answers = line.answers
        if answers["signed in"] == "not taken":
            continue
        alike[answers["visitor"], answers["signed in"], _others(answers)].append(line.method)
    for (visitor, signed_in, others), methods in alike.items():
        yield Row(lines[0].case.title, tuple(methods), visitor, signed_in, others)


def _others(answers: Mapping[str, str]) -> str:
    """Name those to whom it answers otherwise than to somebody who only signed in."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in PEOPLE:
        if answers[name] != answers["signed in"]:
            found[answers[name]].append(name)
    opened = ", ".join(found.pop("yes", []))
    return "; ".join(
        filter(None, [opened, *(f"{a}: {', '.join(who)}" for a, who in found.items())])
    )


def _figures(lines: list[Line]) -> dict[str, int]:
    routes = {line.case.route for line in lines}
    return {
        "routes": len(routes),
        "addresses": len({line.case.title for line in lines}),
        "people": len(lines[0].answers),
        "columns": len(NOBODY) + len(PEOPLE),
        "answers": len(lines) * len(lines[0].answers),
    }


def _permissions() -> str:
    written = ["| permission | about | lets | who |", "| --- | --- | --- | --- |"]
    for granted in sorted(grants(), key=lambda item: (item.about, item.permission)):
        who = "; ".join(str(ground.sentence) for ground in granted.grounds)
        written.append(f"| `{granted.permission}` | {granted.about} | {granted.label} | {who} |")
    return "\n".join(written) + "\n"


HEAD = """\
# Who may see and do what

A test makes this page from the code and fails when it is out of date: a permission or an address
without a line here fails the check. To write it again:
`ALLIAGE_WRITE_DOCS=1 .venv/bin/pytest tests/web/test_permissions.py`.

The test asks the %(routes)d routes of the platform and of its API, as %(addresses)d addresses, with
GET and with POST, as %(people)d people: a visitor, somebody who only signed in, who made the
object, a member of its organisation, each of the ten roles held at the place of the object, and
four people of whom something is checked at every address: %(answers)d answers. Where who holds
everything is answered as who holds nothing, the others are not asked: a role never takes a right
away, which another test proves. `ALLIAGE_EVERY_ROLE=1` asks as all of them.

## Permissions

A permission is granted on any one of its grounds. A role counts where it is held.
"""
RULES = """\
A catalyst facilitates the alliances of which one territory at least lies wholly within the
territory where the role is held. The catalyst of a department facilitates the alliance of one of
its communes; the catalyst of a commune does not facilitate that of the whole department.

## How to read what follows

What is held elsewhere gives nothing. At each address, a person who holds every role at other places
and belongs to another organisation, and a person whose every role ended a second ago, are answered
as somebody who only signed in. A person who replaces another is answered as that other. No form may
be sent by more people than may open it.

- **yes**: the page or file opens, or sends to another page; a form is read, and may be refused for
  what it holds.
- **sign in**: sent to the sign-in page, then back.
- **no**: refused, said so (403).
- **hidden**: answers as if the object did not exist (404).

Roles are held at the place of the object. *Author* is who made the object; *member* belongs to the
organisation asked for, which takes part in the alliance.
"""


def test_every_permission_names_something_that_somebody_may() -> None:
    permissions = Counter(granted.permission for granted in grants())
    assert len(permissions) > 20
    assert all(granted.grounds and str(granted.label) for granted in grants())
