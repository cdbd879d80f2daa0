"""Finding every address and every form of the platform, and sending them rough input.

Nothing here names a route or a form: routes come from the URL resolver, what their addresses need
from the rows that exist, forms from the pages that show them. What another app adds is found too,
once ``sample`` makes an object that its addresses can name.
"""

from __future__ import annotations

import traceback
from collections import defaultdict
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, partial
from html.parser import HTMLParser
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, TestCase
from django.urls import (
    NoReverseMatch,
    Resolver404,
    resolve,
    reverse,
)
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import StopTest, UnsatisfiedAssumption
from tests.factories import passkeys, rough_input
from tests.factories.alliances import alliance, event, party, place
from tests.factories.knowledge import draft, published
from tests.factories.late_files import late_files
from tests.factories.people import give, somebody
from tests.factories.routes import (
    PLACES,
    Case,
    Route,
    cases,
    name_of,
    refusals_unlogged,
    routes,
    sample_objects,
)

from alliage_web.accounts.actions import invite
from alliage_web.accounts.models import PLATFORM, Membership, Role
from alliage_web.actors.actions.contacts import ContactDetails, add_contact, link_of
from alliage_web.actors.models import Organisation
from alliage_web.knowledge.actions import submit_entry
from alliage_web.vocabulary.models import Scheme, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from django.http.response import HttpResponseBase

    from alliage_web.accounts.models import User

    #: For a part of an address, values that no row holds as they are.
    Parts = Mapping[str, list[str]]

#: Words of addresses that no row holds.
_WORDS = ("csv", "xlsx", "pdf", "json", "alliance", "organisation", "territory", "fund", "platform")
_MOST_TRIES = 150
#: Addresses of one route that are enough.
_ENOUGH = 2
_LARGEST_SEED = 200_000
#: Routes that lead nowhere until a setting names a provider of identities.
WITHOUT_SETTING = frozenset({"openid_connect_callback", "openid_connect_login"})
#: Pages whose form shows once something was chosen in the address.
UNDER_A_QUERY = ("/acteurs/acteur/fusionner/?other=autre-acteur",)
#: What a page that refuses a form holds: the summary of its errors.
_REFUSED = b"error-summary"
#: What Hypothesis raises to lead its own way.
_OF_HYPOTHESIS = (StopTest, UnsatisfiedAssumption)
#: Forms that every page shows: they are tried once, on their own.
_ON_EVERY_PAGE = frozenset({"/preferences/langue/", "/preferences/theme/", "/compte/deconnexion/"})
#: Tables whose rows tell of a visit, not of a write.
_OF_VISITS = frozenset({"django_session"})
#: How the statements begin that write no row.
_READING = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Sample:
    """The person who made the objects, and the parts of addresses that no row holds as they are."""

    author: User
    cases: list[Case]
    parts: Mapping[str, list[str]]


def sample() -> Sample:
    """Make an object of every kind that addresses and forms name."""
    at = timezone.now()
    author = somebody("Camille", (Role.ADMINISTRATOR, PLATFORM))
    # As an account that has signed in: allauth writes its address when it is first asked for.
    EmailAddress.objects.create(user=author, email=author.email, primary=True, verified=True)
    samples = sample_objects(author)
    # Money, reviews and applications are for those whose work they are, not for administrators.
    for role in (Role.FUND_OFFICER, Role.REVIEWER):
        give(author, role, name_of("fund"))
    give(author, Role.RESEARCHER, "observatory")
    Membership.objects.create(user=author, organisation=name_of("organisation"), since=at)
    Term.objects.bulk_create(
        Term(scheme=scheme, code=scheme.value, label_fr=str(scheme.label), label_en=scheme.value)
        for scheme in Scheme
        if scheme != Scheme.CATALYST_FUNCTION
    )
    acting = Organisation.objects.get(slug="acteur")
    told = alliance(
        "Passerelles",
        by=author,
        territories=[place("94080")],
        parties=[party("Les Ponts", organisation="acteur"), party("Des habitants", "citizen")],
        timeline=[event("2019-03", "Première rencontre")],
    )
    published("Un exemple", alliance=told.code)
    other = somebody("Sacha", member_of=["organisation:acteur"])
    submit_entry(entry=draft("Un exemple à relire", by=other), by=other, at=at)
    contact = add_contact(
        organisation=acting, details=ContactDetails("Ines", email="ines@example.org"),
        consents={}, account=None, by=author, at=at,
    )  # fmt: skip
    (invited,) = invite(
        emails=["nour@example.org"], role=Role.EDITOR, place=PLATFORM, by=author, at=at
    )
    invite(emails=[author.email], role=Role.EDITOR, place=PLATFORM, by=author, at=at)
    give(other, Role.EDITOR)
    Authenticator.objects.create(
        user=author, type=Authenticator.Type.WEBAUTHN, data=passkeys.registered("téléphone")
    )
    names = [name_of(kind) for kind in PLACES]
    tokens = [invited.token, link_of(contact)]
    late = late_files(author)
    addressed = [
        Case(route.name, route, reverse(route.name, kwargs=late[route.name]))
        for route in routes()
        if route.name in late
    ]
    parts = {"place": names, "name": names, "token": tokens, "organisation": ["acteur"]}
    return Sample(author, [*addressed, *cases(samples)], parts)


# Addresses


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a route that opens."""

    route: Route
    path: str
    parts: Mapping[str, Any] = field(default_factory=dict)


def _open(route: Route, client: Client, made: Sample) -> Iterator[tuple[Address, HttpResponseBase]]:
    """Find addresses of a route that open: the samples of the permissions, else by trying rows."""
    known = dict.fromkeys(case.address for case in made.cases if case.route.name == route.name)
    found = list(islice(_opened(route, client, known), _ENOUGH))
    # To name rows at random is long: only for a route that no sample opens.
    yield from found or islice(
        _opened(route, client, islice(_tried(route, made.parts), _MOST_TRIES)), 1
    )


def _opened(
    route: Route, client: Client, paths: Iterable[str]
) -> Iterator[tuple[Address, HttpResponseBase]]:
    """Give the addresses that open, among some of a route."""
    for path in paths:
        response = _answer(client, path)
        if response.status_code != 404 or not route.parameters:
            yield Address(route, path, resolve(path).kwargs), response


def _tried(route: Route, parts: Parts) -> Iterator[str]:
    """Give addresses of a route made of the values that rows hold."""
    for values in _choices(route.parameters, parts):
        with suppress(NoReverseMatch):
            yield reverse(route.name, kwargs=dict(zip(route.parameters, values, strict=True)))


def _choices(names: tuple[str, ...], parts: Parts) -> Iterator[tuple[str, ...]]:
    """Give what the parts of an address may be: first what stands together in a row."""
    if len(names) > 1:
        for model in apps.get_models():
            if set(names) <= {column.name for column in model._meta.concrete_fields}:
                rows = model._default_manager.order_by("pk").values_list(*names)[:20]
                yield from (tuple(map(str, row)) for row in rows)
    yield from product(*(_values(name, parts) for name in names))


def _again(client: Client) -> Client:
    """Give a client with the same cookies: to sign out must end one request only."""
    other = Client()
    # Its middleware, which is long to make, keeps nothing of a request.
    other.handler = client.handler
    other.cookies = deepcopy(client.cookies)
    return other


def _answer(client: Client, path: str) -> HttpResponseBase:
    """Ask for an address; one that takes a form only is sent an empty one."""
    client = _again(client)
    with undone():
        response = client.get(path)
        if response.status_code == 405:
            response = client.post(path)
    return response


def _values(name: str, parts: Parts) -> list[str]:
    """Give the values that a part of an address may have: those of the columns of that name."""
    found: dict[str, None] = dict.fromkeys(parts.get(name, ()))
    for model in apps.get_models():
        names = {column.name for column in model._meta.concrete_fields}
        column = name if name in names else ("pk" if name.endswith(("id", "pk", "key")) else "")
        if column:
            rows = model._default_manager.order_by("pk").values_list(column, flat=True)
            found |= dict.fromkeys(str(value) for value in rows[:20] if value not in (None, ""))
    known = list(found)
    return [*known, *(word for word in _WORDS if word not in found)]


# Forms


@dataclass(frozen=True, slots=True)
class Form:
    """A form that a page shows: where it is sent, by whom, what it holds."""

    path: str
    method: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Whether no page shows it: its route may not even take one.
    is_bare: bool = False

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """What makes it another form: its route and the names of its fields."""
        return route_of(self.path), self.method, tuple(sorted({name for name, _ in self.fields}))


class _Forms(HTMLParser):
    """Read the forms of a page as a browser would send them."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.found: list[dict[str, Any]] = []
        self.inside: dict[str, Any] | None = None
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            path = urljoin(self.path, said.get("action", "") or self.path)
            self.inside = {
                "path": path, "method": said.get("method", "get").lower(), "fields": [],
                "files": [], "choices": defaultdict(list),
            }  # fmt: skip
            self.found.append(self.inside)
        elif self.inside is not None:
            self._in_form(tag, said)

    def _in_form(self, tag: str, said: dict[str, str]) -> None:
        assert self.inside is not None
        name = said.get("name", "")
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            self.inside["choices"][self.select].append(said.get("value", ""))
        elif tag == "textarea":
            self.area = name
            self.inside["fields"].append((name, ""))
        elif tag in {"input", "button"} and name:
            self._input(said, name)

    def _input(self, said: dict[str, str], name: str) -> None:
        assert self.inside is not None
        if said.get("type") == "file":
            self.inside["files"].append(name)
        elif said.get("type") in {"checkbox", "radio"}:
            self.inside["choices"][name].append(said.get("value", "on"))
        else:
            self.inside["fields"].append((name, said.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self.area and self.inside:
            self.inside["fields"][-1] = (self.area, data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""


def forms_of(path: str, content: bytes) -> list[Form]:
    """Read the forms of a page."""
    reader = _Forms(path)
    reader.feed(content.decode("utf-8", "replace"))
    return [
        Form(
            path=urlsplit(item["path"]).path,
            method=item["method"],
            fields=(
                *item["fields"],
                *((name, values[0]) for name, values in item["choices"].items() if values),
            ),
            files=tuple(item["files"]),
            choices={name: tuple(values) for name, values in item["choices"].items()},
        )
        for item in reader.found
    ]


def route_of(path: str) -> str:
    """Name the route of an address, or give the address when no route has it."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


@dataclass(slots=True)
class Platform:
    """All that can be asked of the platform by one person."""

    client: Client
    parts: Parts
    opened: list[Address] = field(default_factory=list)
    unreached: list[Route] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    #: Files that the platform itself gives: what an importer is made to read.
    seeds: list[bytes] = field(default_factory=list)

    @property
    def posts(self) -> list[Form]:
        """The forms that write, and a bare one for each route that shows none and takes one."""
        return [form for form in self.forms if form.method == "post"]

    @property
    def gets(self) -> list[Form]:
        """Each address that opens, with the parameters that the forms of its page name."""
        names: dict[str, set[str]] = defaultdict(set)
        for form in self.forms:
            if form.method == "get":
                names[form.path] |= {name for name, _ in form.fields} | set(form.choices)
        usual = {"q", "page", "next", "sort", "tri", "format", "date", "from", "to"}
        return [
            Form(
                address.path,
                "get",
                tuple((name, "") for name in sorted(names[address.path] | usual)),
            )
            for address in self.opened
        ]


def explore(made: Sample, only: str = "") -> Platform:
    """Open every address as a person, or those whose name begins so, and read the forms there."""
    client = Client()
    client.force_login(made.author)
    platform = Platform(client, made.parts)
    pages = []
    for route in (route for route in routes() if route.name.startswith(only)):
        opened = list(_open(route, client, made))
        pages += opened
        if not opened and route.name not in WITHOUT_SETTING:
            platform.unreached.append(route)
    platform.opened = [address for address, _response in pages]
    pages += [
        (Address(Route(route_of(urlsplit(path).path), ()), path), _answer(client, path))
        for path in UNDER_A_QUERY
        if route_of(urlsplit(path).path).startswith(only)
    ]
    _read(platform, pages)
    return platform


def visit(platform: Platform) -> Platform:
    """Open the same addresses without signing in."""
    visitor = Platform(Client(), platform.parts, opened=platform.opened, seeds=platform.seeds)
    pages = [(address, _answer(visitor.client, address.path)) for address in platform.opened]
    _read(visitor, pages)
    return visitor


def _read(platform: Platform, pages: Iterable[tuple[Address, HttpResponseBase]]) -> None:
    """Read the forms of pages; a route that no form leads to has a bare one."""
    known: set[Any] = set()
    for address, response in pages:
        content = _content(response)
        if response.get("Content-Type", "").startswith("text/html"):
            for form in forms_of(address.path, content):
                if form.key not in known:
                    known.add(form.key)
                    platform.forms.append(form)
        elif "attachment" in response.get("Content-Disposition", ""):
            platform.seeds += [content] if len(content) < _LARGEST_SEED else []
    shown = {route_of(form.path) for form in platform.posts}
    fields = (("submission", ""), ("version", ""))
    for address, _response in pages:
        if address.route.name not in shown:
            shown.add(address.route.name)
            platform.forms.append(Form(address.path, "post", fields, is_bare=True))


def _content(response: HttpResponseBase) -> bytes:
    if isinstance(response, StreamingHttpResponse):
        return b"".join(response)
    return response.content if isinstance(response, HttpResponse) else b""


# Sending


def submissions(form: Form, seeds: list[bytes]) -> st.SearchStrategy[rough_input.Body]:
    """Draw what is sent to a form: some of its fields spoiled, left out or repeated."""

    @st.composite
    def draw_one(draw: st.DrawFn) -> rough_input.Body:
        # The simplest example comes first: it is the form as its page shows it.
        if draw(st.integers(0, 19)) == 19:
            return draw(rough_input.bodies)
        names = list(dict.fromkeys(name for name, _ in form.fields))
        spoiled = draw(st.sets(st.sampled_from(names), max_size=4)) if names else set()
        pairs: list[tuple[str, str]] = []
        for name, value in form.fields:
            pairs += draw(_spoiled(form, name)) if name in spoiled else [(name, value)]
        pairs += draw(st.lists(st.tuples(rough_input.short_texts, rough_input.texts), max_size=1))
        sent = [
            (name, file)
            for name in form.files
            for file in draw(st.lists(rough_input.files(seeds), min_size=0, max_size=2))
        ]
        return rough_input.encode(pairs, sent)

    return draw_one()


def _spoiled(form: Form, name: str) -> st.SearchStrategy[list[tuple[str, str]]]:
    known = st.sampled_from(form.choices[name]) if form.choices.get(name) else st.just("")
    value = st.one_of(rough_input.texts, rough_input.texts, known)
    return st.lists(value, max_size=3).map(lambda values: [(name, item) for item in values])


def queries(form: Form) -> st.SearchStrategy[str]:
    """Draw the query of an address."""
    names = st.sampled_from(sorted({name for name, _ in form.fields})) | rough_input.short_texts
    pairs = st.lists(st.tuples(names, rough_input.short_texts), max_size=5)
    encoded = pairs.map(lambda found: rough_input.encode(found).content.decode())
    return encoded | st.sampled_from(("%", "%ff", "a=%00", "&&&", "=", "page=" + "9" * 40))


def paths(route: Route, known: Parts) -> st.SearchStrategy[str]:
    """Draw addresses of a route whose parts are rough, or known of another object."""

    def build(values: list[str]) -> str:
        # A surrogate cannot stand in an address: what comes out of one is a replacement sign.
        given = [value.encode("utf-8", "replace").decode() for value in values]
        try:
            return reverse(route.name, kwargs=dict(zip(route.parameters, given, strict=True)))
        except NoReverseMatch:
            return "/" + "/".join(quote(value) for value in given)

    count = len(route.parameters)
    part = rough_input.short_texts | st.one_of(
        [st.sampled_from(known[name]) for name in route.parameters]
    )
    # An empty part would make the address of another page.
    return st.lists(part, min_size=count, max_size=count).filter(all).map(build)


@dataclass(slots=True)
class Tally:
    """What was sent, and what came of it."""

    requests: int = 0
    uploads: int = 0
    accepted: int = 0
    refused: int = 0
    #: Whether an error is kept in the list rather than raised: the rest is then tried too.
    is_patient: bool = False
    errors: list[str] = field(default_factory=list)

    @contextmanager
    def watching(self, asked: str) -> Iterator[None]:
        """Undo what is written within, and note or raise what goes wrong."""
        try:
            with undone():
                yield
        except Exception as error:
            if not self.is_patient or isinstance(error, _OF_HYPOTHESIS):
                raise
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            self.errors.append(f"{asked} {type(error).__name__} {where} {str(error)[:300]!a}")


@contextmanager
def undone() -> Iterator[None]:
    """Undo what is written within, rate limits included; what waits for a commit is done before."""
    caches["default"].clear()
    with refusals_unlogged(), transaction.atomic():
        with TestCase.captureOnCommitCallbacks(execute=True):
            yield
        transaction.set_rollback(True)


def send(platform: Platform, form: Form, body: rough_input.Body, tally: Tally) -> list[Form]:
    """Send a body to a form; give the forms of the page that answers."""
    tally.requests += 1
    tally.uploads += body.content.count(b"filename=")
    with _changes() as changed:
        response = _again(platform.client).generic(
            "POST", form.path, body.content, content_type=body.media_type
        )
        return _judge(response, f"POST {form.path}", changed, tally)


def ask(platform: Platform, path: str, query: str, tally: Tally) -> None:
    """Ask for an address; an address that is only asked for writes nothing."""
    tally.requests += 1
    with _changes() as changed:
        response = _again(platform.client).get(path, QUERY_STRING=query)
        _judge(response, f"GET {path}", changed, tally)


def _judge(response: Any, asked: str, changed: Callable[[], set[str]], tally: Tally) -> list[Form]:
    status = response.status_code
    assert status < 500, f"{asked} answered {status}"
    content = _content(response)
    is_refused = status >= 400 or _REFUSED in content
    tally.refused += is_refused
    tally.accepted += not is_refused
    if is_refused or asked.startswith("GET"):
        tables = sorted(changed())
        assert not tables, f"{asked} answered {status} and wrote in {tables}"
    if status == 200 and response.get("Content-Type", "").startswith("text/html"):
        return forms_of(response.wsgi_request.path, content)
    return []


@contextmanager
def _changes() -> Iterator[Callable[[], set[str]]]:
    """Give what names the tables that have more rows, or fewer, than when this began.

    To count the rows of every table is as long as a request, and most requests only read: they are
    counted just before the first statement that may write.
    """
    before: dict[str, int] = {}

    def watch(execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
        if not before and not str(sql).startswith(_READING):
            before.update(_rows())
        return execute(sql, *rest)

    def changed() -> set[str]:
        now = _rows() if before else {}
        return {table for table, count in now.items() if before[table] != count}

    with connection.execute_wrapper(watch):
        yield changed


def _rows() -> dict[str, int]:
    """Count the rows of every table, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_counting())
        return dict(cursor.fetchall())


@cache
def _counting() -> str:
    tables = set(connection.introspection.django_table_names()) - _OF_VISITS
    # Names of our own tables, which cannot be parameters.
    parts = (f"SELECT '{table}', COUNT(*) FROM \"{table}\"" for table in sorted(tables))  # noqa: S608
    return " UNION ALL ".join(parts)


# Many requests in a row


#: No shrinking: it would send a form hundreds of times more.
_BOUNDED = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def fuzz_forms(platform: Platform, forms: list[Form], requests: int, tally: Tally) -> None:
    """Send rough input to forms; a page that answers with another form is followed."""
    shown = [form for form in forms if not form.is_bare]
    for form in forms:
        # As its page shows it, then spoiled.
        count = 1 if form.is_bare else max(2, requests // len(shown))
        _each(count, st.data(), partial(_fuzz_form, platform, form, tally))


def _fuzz_form(platform: Platform, form: Form, tally: Tally, data: st.DataObject) -> None:
    body = data.draw(submissions(form, platform.seeds))
    with tally.watching(f"{form.path} {body.content[:600]!r}"):
        for other in send(platform, form, body, tally):
            if other.method == "post" and other.path not in {form.path, *_ON_EVERY_PAGE}:
                following = data.draw(submissions(other, platform.seeds))
                send(platform, other, following, tally)


def fuzz_queries(platform: Platform, requests: int, tally: Tally) -> None:
    """Ask for the addresses that open with rough parameters; for some of them if they are more."""
    forms = platform.gets
    step = -(-len(forms) // requests)
    for form in forms[::step]:
        count = max(1, requests // len(forms))
        _each(count, queries(form), partial(_fuzz_address, platform, tally, form.path))


def fuzz_addresses(platform: Platform, requests: int, tally: Tally) -> None:
    """Ask for addresses of every route whose parts are rough."""
    found = [route for route in routes() if route.parameters]
    count = max(1, requests // len(found))
    names = {name for route in found for name in route.parameters}
    known = {name: _values(name, platform.parts) for name in names}
    for route in found:
        drawn = paths(route, known)
        _each(count, drawn, lambda path: _fuzz_address(platform, tally, path, ""))


def _fuzz_address(platform: Platform, tally: Tally, path: str, query: str) -> None:
    with tally.watching(f"{path!a} {query[:300]!a}"):
        ask(platform, path, query, tally)


def _each(count: int, drawn: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Check as many examples, the same at each run and others on each database.

    Hypothesis gives them by position, and wants a function.
    """

    def checked(example: Any) -> None:
        check(example)

    settings(_BOUNDED, max_examples=count)(seed(connection.vendor)(given(drawn)(checked)))()


def quiet_settings(folder: Path) -> dict[str, Any]:
    """Give the settings under which a person explores: nothing kept, nothing written elsewhere."""
    return {
        "MEDIA_ROOT": folder / "media",
        "STATIC_ROOT": folder,
        "WHITENOISE_USE_FINDERS": False,
        "EMAIL_FILE_PATH": folder / "mail",
        "CACHES": {
            name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
            if name == "default"
            else {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
            for name in django_settings.CACHES
        },
        "ALLIAGE_SEMANTIC": False,
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    }
