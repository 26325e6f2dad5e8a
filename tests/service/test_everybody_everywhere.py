"""Every route is asked by everybody about every record, and each answer is what its policy decides, or no answer at all.

The policies are those of services/documents/permission_cases.py, of which docs/permissions.md is the table: what each
may do is written down nowhere else. A route that asks about something for which there is no case here fails.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, cast
from uuid import UUID, uuid4

import httpx
import pytest
from litestar.routes import HTTPRoute

from chassis.auth import persona_id
from chassis.db import Database
from chassis.event_streams import EVENT_STREAM
from chassis.http import application
from chassis.internal import events
from chassis.pool import Connection, Pool
from chassis.runtime import verifier
from chassis.settings import Settings
from chassis.telemetry import CORRELATION_HEADER
from contracts.callers import Holding, News, Subject
from contracts.decisions import Decision
from contracts.values import Caller, Role
from services import documents, reference
from services.directory.appointment import HELD_IN
from services.directory.domain import kind_of
from services.directory.policy import Action as D
from services.directory.policy import Entering, Given, Place
from services.documents.files import inert_application
from services.documents.permission_cases import SUBJECTS
from services.documents.permissions import HIDDEN, told
from services.matching.policy import Action as M
from services.notifications.domain import subscription_id_of
from services.notifications.policy import Action as N
from services.requests.policy import Action as R
from services.requests.policy import Filing
from tests import builders
from tests.bench.recording import Recorded, Statement
from tests.builders import a_caller, headers
from tests.conftest import every_service, running_of
from tests.files import PDF
from tests.service.test_mass_assignment import BODIES, DOCUMENT
from tests.service.world import World, tell

NAMES = ("requests", "matching", "pledges", "notifications", "directory")
ORGANIZATIONS = ("KEN", "NOR", "FRA", "UNODC")
ACTORS = [
    *(f"{one}:{role}" for one in ORGANIZATIONS for role, kinds in HELD_IN.items() if kind_of(one) in kinds),
    f"UNODC:{Role.SERVICE}",
]
"""In each role there is: of the State whose most records are, of one that provides and donates, of one that has nothing
to do with either, of UNODC; and a service."""

ROUTES = [events, *reference.ROUTES, *documents.ROUTES]
"""Those of no single service."""

REVISION = {"If-Match": '"999999"'}
"""A revision that nothing has: whoever may make a move is told so, and the record stays as it is."""

DECIDE = {type(action): subject.decide for subject in SUBJECTS for action in (*subject.reads, *subject.acts)}
OF_NO_RECORD, OF_RECORDS = (
    {
        (subject.service, str(action))
        for subject in SUBJECTS
        if (subject.title == "What is asked of no record") is of_none
        for action in (*subject.reads, *subject.acts)
    }
    for of_none in (True, False)
)
OF_GIVEN = {("directory", str(action)) for action in (D.APPROVE, D.REFUSE, D.WITHDRAW, D.END)}
"""Asked of an appointment together with how many focal points its organization has."""

LISTS = {
    "/v1/requests": "request_id",
    "/v1/offerings": "offering_id",
    "/v1/matches": "match_id",
    "/v1/pledges": "pledge_id",
    "/v1/allocations": "allocation_id",
    "/v1/requirements": "requirement_id",
    "/v1/ledger/entries": "entry_id",
    "/v1/notifications": "notification_id",
    "/v1/webhooks": "webhook_id",
    "/v1/people": "person_id",
    "/v1/appointments": "appointment_id",
}
"""Lists whose entries are decided on one by one, and what names an entry."""

NAMED = {"scheme": "kinds", "move": "decline", "code": "SHERLOC-MNT", "organization": "KEN"}
"""What stands in a path and is everybody's to know."""

QUERIES = {"/internal/events": {"owner": "requests"}}
FILES = {"POST /v1/requests/{request_id}/attachments"}
"""Operations whose body is a file."""

A_FILE = {"Content-Type": "application/octet-stream", "File-Name": "note.pdf"}

LACKING = {"/v1/allocations": {"work_package": "maintenance"}}
"""What a body's example leaves out and cannot do without."""

INTERNAL_BODIES = {"/internal/subjects": {"issuer": "https://issuer.example", "subject": "nobody"}}
LEAVE = {200, 201, 202, 204, 409, 412, 422, 428}
"""Answers to somebody who may: done, or not as the record stands."""

GUARDS = {"words": ("title", "need", "markers_justification", "in_place")}
"""Guarded fields that are told under other names."""

TOLD_WITHIN = {"/v1/requests/{request_id}/history": {"data", "comment"}}
"""Where what was said at the time stands among the guarded data: these guarded fields are told by it, and no others."""


class Question(NamedTuple):
    """What an operation asks of its policy, of which record, and what names that record in the path or the body."""

    action: StrEnum
    of: Any
    named: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one path; `action` is what it asks of its policy, unless it is for everybody or for services."""

    method: str
    path: str
    action: StrEnum | None
    internal: bool = False
    goes_on: bool = False
    """It answers with an event stream: what those tell, tests/service/test_followed.py asks."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names_a_record(self) -> str | None:
        """What its path calls the id of the record it is about."""
        return next((name for name in self._parameters if name not in NAMED), None)

    @property
    def _parameters(self) -> list[str]:
        return [part[1:-1].partition(":")[0] for part in self.path.split("/") if part.startswith("{")]

    def at(self, **ids: object) -> str:
        """The path with these ids; of those that are not given, one that nothing has."""
        ids = {name: ids.get(name, NAMED.get(name, uuid4())) for name in self._parameters}
        return "/".join(str(ids[part[1:-1]]) if part.startswith("{") else part for part in self.path.split("/"))


@dataclass(frozen=True)
class Case:
    """One way to ask an operation: about which ids, with which body, and what that asks of the policy, in its order."""

    operation: Operation
    questions: Callable[[Caller], Sequence[Question]]
    ids: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    def expected(self, caller: Caller) -> str:
        if self.operation.action is None:
            return "not-for-your-role" if self.operation.internal and caller.role is not Role.SERVICE else "yes"
        return told(self.decided(caller)[1]).partition(":")[0]

    def decided(self, caller: Caller) -> tuple[Question, Decision]:
        """The first no, else the last yes."""
        for question in (questions := self.questions(caller)):
            decision = DECIDE[type(question.action)](caller, question.action, question.of)
            if not decision.allowed or question is questions[-1]:
                return question, decision
        raise AssertionError(f"{self.operation} asks nothing")

    def with_nothing_for(self, named: str) -> tuple[Mapping[str, object], Any]:
        """Its ids and its body with an id that nothing has in the place of one of them."""
        ids = {name: given for name, given in self.ids.items() if name != named}
        return ids, {**self.body, named: str(uuid4())} if self.body and named in self.body else self.body


# -- the application, and what it asks of PostgreSQL ------------------------------------------------------------------


class Listening:
    """A pool whose connections write down what is asked of them."""

    def __init__(self, pool: Pool, statements: list[Statement]) -> None:
        self._pool = pool
        self.statements = statements
        self.transactions = 0

    async def take(self, *, within_seconds: float) -> Recorded:
        return Recorded(await self._pool.take(within_seconds=within_seconds), cast(Any, self))

    def give_back(self, connection: Recorded, *, sound: bool) -> None:
        self._pool.give_back(cast(Connection, connection._connection), sound=sound)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


@pytest.fixture
def statements(databases: Mapping[str, Database]) -> list[Statement]:
    """What the services ask of PostgreSQL, from all of them in its order."""
    asked: list[Statement] = []
    for database in databases.values():
        database._pool = cast(Pool, Listening(database._pool, asked))
    return asked


@pytest.fixture
async def world(
    settings: Settings, databases: Mapping[str, Database], statements: list[Statement]
) -> AsyncIterator[World]:
    running = running_of(settings, databases, *NAMES)
    app = application(running, verifier(settings, running[0].callers), routes=ROUTES, settings=settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        made = World(client, running)
        await tell(made)
        yield made


def operations() -> Iterator[Operation]:
    """All of them, what makes new records last: the others find what the world was told."""
    found = []
    for route in inert_application(every_service()).routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                opt = handler.opt
                if method != "OPTIONS":
                    goes_on = handler.media_type == EVENT_STREAM
                    internal = bool(opt.get("internal"))
                    found.append(Operation(method, route.path_format, opt.get("action"), internal, goes_on))
    yield from sorted(found, key=lambda one: (one.method != "GET", one.names_a_record is None, one.path))


# -- the cases --------------------------------------------------------------------------------------------------------


def cases(world: World, operation: Operation) -> Iterator[Case]:
    """Every way to ask an operation that its policy may answer differently."""
    body = BODIES.get((operation.method, operation.path))
    if operation.path in LACKING and body:
        body = {**body, **LACKING[operation.path]}
    action, name = operation.action, operation.names_a_record
    if action is None:
        yield Case(operation, lambda _: (), body=INTERNAL_BODIES.get(operation.path))
    elif made := NEW.get(named(action)):
        yield from made(world, operation, body or {})
    elif name is not None:
        for record_id, record in world.records[name].items():
            of = Given(record, world.focal_points[record.organization]) if named(action) in OF_GIVEN else record
            ids = {name: record_id, "consent_id": next(iter(getattr(record, "consents", ())), uuid4())}
            yield Case(operation, asking(Question(action, of, name)), ids, body)
    else:
        assert named(action) in OF_NO_RECORD, f"{operation}: say in NEW of what it asks {action}"
        assert named(action) not in OF_RECORDS or operation.path in LISTS, f"{operation}: say in LISTS what it lists"
        yield Case(operation, asking(Question(action, None)), body=body)


def named(action: StrEnum) -> tuple[str, str]:
    """An action with its service: two of one name are equal, whosever they are."""
    return type(action).__module__.split(".")[1], str(action)


def asking(*questions: Question) -> Callable[[Caller], Sequence[Question]]:
    return lambda _: questions


def filing(_: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for state in (None, "KEN", "NOR"):
        for submit in (True, False):
            question = Question(R.FILE, Filing(state, submit))
            yield Case(operation, asking(question), body={**body, "state": state, "submit": submit})


def proposal(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for line in world.lines:
        for offering_id, offering in world.records["offering_id"].items():
            questions = asking(
                Question(M.PROPOSE, None),
                Question(M.PROPOSE, line, "line_id"),
                Question(M.PROPOSE, offering, "offering_id"),
            )
            named = {"line_id": str(line.line_id), "offering_id": str(offering_id)}
            yield Case(operation, questions, body={**body, **named})


def entering(_: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for organization in ("KEN", "NOR"):
        for keeps in ({}, {"person_id": str(persona_id("KEN:official"))}):
            question = Question(D.ENTER, Entering(organization, keeps_id=bool(keeps)))
            yield Case(operation, asking(question), body={**body, "organization": organization, **keeps})


def appointing(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for person_id, person in world.records["person_id"].items():
        of = person.organization
        for role in (role for role, kinds in HELD_IN.items() if kind_of(of) in kinds):
            place = Place(person_id, of, role, world.focal_points[of])
            questions = asking(Question(D.SHOW_PERSON, person, "person_id"), Question(D.APPOINT, place))
            named = {"person_id": str(person_id), "organization": of, "role": role}
            yield Case(operation, questions, body={**body, **named})


def own_subscription(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    assert operation.action is not None
    action, known = operation.action, world.records["subscription_id"]
    yield Case(operation, lambda caller: [Question(action, known.get(subscription_id_of(caller)))], body=body or None)


NEW: Mapping[tuple[str, str], Callable[[World, Operation, Mapping[str, Any]], Iterator[Case]]] = {
    named(R.FILE): filing,
    named(M.PROPOSE): proposal,
    named(D.ENTER): entering,
    named(D.APPOINT): appointing,
    named(N.SHOW_SUBSCRIPTION): own_subscription,
    named(N.REGISTER_SUBSCRIPTION): own_subscription,
}
"""What is asked of something that is not there yet, or is named by the body or by who asks."""


# -- asking -----------------------------------------------------------------------------------------------------------


async def ask(
    world: World, operation: Operation, who: Mapping[str, str], ids: Mapping[str, object] = {}, body: Any = None
) -> httpx.Response:
    """As somebody with these headers."""
    moves = operation.names_a_record and operation.method != "GET"
    is_file = str(operation) in FILES
    return await world.client.request(
        operation.method,
        operation.at(**ids),
        **({"content": PDF} if is_file else {"json": body}),
        params={"limit": 100} if operation.path in LISTS and operation.method == "GET" else QUERIES.get(operation.path),
        headers={**who, "Idempotency-Key": str(uuid4()), **(REVISION if moves else {}), **(A_FILE if is_file else {})},
    )


def said(answer: httpx.Response) -> str:
    """An answer in the words of the permissions' page."""
    if answer.status_code in LEAVE:
        return "yes"
    slug = answer.json()["slug"]
    if answer.status_code == 403:
        return str(slug)
    return HIDDEN if (answer.status_code, slug) == (404, "not-found") else f"{answer.status_code} {slug}"


def values(body: Any, name: str) -> list[Any]:
    """What an answer holds under a name, at any depth; nothing that is empty."""
    found = []
    if isinstance(body, dict):
        found += [value for key, value in body.items() if key == name and value not in (None, "", [], {})]
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return found + [value for one in inner for value in values(one, name)]


def comparable(answer: httpx.Response) -> tuple[int, Any, Any]:
    """Status, body and headers, without what is another's at every call."""
    body = {name: value for name, value in answer.json().items() if name != "correlation_id"}
    headers = {name: value for name, value in answer.headers.items() if name != CORRELATION_HEADER.lower()}
    return answer.status_code, body, headers


def asked_of(statements: Sequence[Statement]) -> list[tuple[str, str]]:
    return [(statement.method, statement.query) for statement in statements]


# -- what is to hold --------------------------------------------------------------------------------------------------


def test_what_is_asked_is_all_there_is() -> None:
    documented = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}

    assert documented <= {(operation.method, operation.path) for operation in operations()}
    assert len(documented) > 80


async def test_everybody_is_answered_everywhere_as_the_policy_decides(world: World) -> None:
    who = {actor: headers(actor) for actor in ACTORS}
    wrong, asked = [], 0
    for operation in (one for one in operations() if not one.goes_on):
        of_operation = list(cases(world, operation))
        assert of_operation, f"{operation}: there is no record in the world that it could be asked about"
        for case in of_operation:
            answers = {}
            for actor in ACTORS:
                answer = answers[actor] = await ask(world, operation, who[actor], case.ids, case.body)
                expected = case.expected(a_caller(actor))
                answered = said(answer) if operation.action or answer.status_code in {401, 403} else "yes"
                if answered != expected:
                    wrong.append(f"{operation} {case.ids} by {actor}: {answered}, and the policy says {expected}")
            wrong += [f"{operation} {case.ids}: {one}" for one in misshown(world, case, answers)]
            asked += len(ACTORS)

    assert [] == wrong[:30], len(wrong)
    assert asked > 5_000


def misshown(world: World, case: Case, answers: Mapping[str, httpx.Response]) -> Iterator[str]:
    """Guarded fields that are shown and are not to be, or the other way round; and lists with another's entries."""
    if case.operation.method != "GET" or case.operation.action is None:
        return
    told_of = {actor: answer for actor, answer in answers.items() if answer.status_code == 200}
    shown = {actor: answer.json() for actor, answer in told_of.items() if "json" in answer.headers["Content-Type"]}
    if case.operation.path in LISTS:
        for actor, body in shown.items():
            yield from (f"{actor}: {one}" for one in misplaced(world, case.operation, a_caller(actor), body))
        return
    given = {actor: case.decided(a_caller(actor))[1].fields for actor in shown}
    within = TOLD_WITHIN.get(case.operation.path)
    for guarded in sorted({str(name) for fields in given.values() for name in fields if not within or name in within}):
        names = GUARDS.get(guarded, (guarded,))
        told_to = {actor for actor, body in shown.items() if any(values(body, name) for name in names)}
        may_know = {actor for actor, fields in given.items() if guarded in fields}
        if told_to - may_know or (told_to and may_know - told_to):
            yield f"{guarded} is told to {sorted(told_to)}, and the policy says to {sorted(may_know)}"


def misplaced(world: World, operation: Operation, caller: Caller, body: Any) -> Iterator[str]:
    name = LISTS[operation.path]
    assert operation.action is not None
    decide = DECIDE[type(operation.action)]
    (entries,) = (value for value in body.values() if isinstance(value, list))
    found = {UUID(entry[name]) for entry in entries}
    meant = {
        record_id
        for record_id, record in world.records[name].items()
        if decide(caller, operation.action, record).allowed
    }
    if found != meant:
        yield f"{len(found - meant)} too many, {len(meant - found)} too few"


async def test_nobody_and_who_was_somebody_are_answered_nothing_that_is_not_everybodys(world: World) -> None:
    assert builders.issuer is not None
    over = builders.issuer.token(persona_id("KEN:focal_point"), lifetime_seconds=-60)
    nobodies = {
        "token-missing": {},
        "token-invalid": {"Authorization": f"Bearer {over}"},
        "not-appointed": {"Authorization": f"Bearer {of_who_was(world, 'KEN:focal_point')}"},
    }
    wrong = []
    for operation in operations():
        is_public = operation.action is None and not operation.internal
        for slug, who in nobodies.items():
            answer = await ask(world, operation, who, body=BODIES.get((operation.method, operation.path)))
            refused = answer.status_code in {401, 403} and answer.json()["slug"] == slug
            if refused is is_public:
                wrong.append((str(operation), slug, answer.text))

    assert [] == wrong


def of_who_was(world: World, appointment: str) -> str:
    """A token that is good, of somebody whose appointments are over, by their last day and by somebody's word."""
    assert builders.issuer is not None
    was, person_id = a_caller(appointment), uuid4()
    held = {"person_id": person_id, "organization": was.organization, "role": was.role, "version": 1}
    early, later = date(2026, 1, 1), date(2026, 2, 1)
    holdings = [
        Holding(appointment_id=uuid4(), starts=early, ends=later, **held),
        Holding(appointment_id=uuid4(), starts=early, ended=True, **held),
    ]
    callers = world.running[0].callers
    callers.hear(News(holdings=holdings, people=[], after="0.0", more=False), asked_at=float("inf"))
    callers.remember(Subject(issuer=builders.issuer.issuer, subject=str(person_id)), person_id)
    return builders.issuer.token(person_id)


async def test_what_is_not_ones_own_to_know_and_what_is_not_there_cannot_be_told_apart(
    world: World, statements: list[Statement]
) -> None:
    who = {actor: headers(actor) for actor in ACTORS}
    wrong, compared = [], 0
    for operation in operations():
        if operation.action is None or operation.goes_on:
            continue
        for case in cases(world, operation):
            for actor in ACTORS:
                question, decision = case.decided(a_caller(actor))
                if not decision.hidden or not question.named:
                    continue
                seen = []
                for ids, body in ((case.ids, case.body), case.with_nothing_for(question.named)):
                    statements.clear()
                    answer = await ask(world, operation, who[actor], ids, body)
                    seen.append((*comparable(answer), asked_of(statements)))
                assert seen[0][3], "something is asked of PostgreSQL"
                if seen[0] != seen[1]:
                    wrong.append((str(operation), actor, *seen))
                compared += 1

    assert [] == wrong[:10], len(wrong)
    assert compared > 2_000
