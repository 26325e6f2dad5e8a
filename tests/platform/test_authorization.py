"""Every operation is called by every kind of caller on every record, and answers as the policy decides.

The policies are those of services/documents/permission_cases.py, which /docs/permissions shows. A route about a record
without a case here fails.
"""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.db.database import Database
from chassis.db.pool import Connection, Pool
from chassis.http.application import application
from chassis.runtime import verifier
from chassis.settings import Settings
from chassis.telemetry import CORRELATION_HEADER
from contracts.callers import CallerChanges, HeldAppointment, KnownSubject, Subject
from contracts.decisions import Decision
from contracts.values import Caller
from services.documents.permissions import HIDDEN
from tests import builders, soak
from tests.bench.recording import Recorded, Statement
from tests.builders import a_caller, headers
from tests.conftest import Within, running_of
from tests.personas import persona_id
from tests.platform.bodies import (
    A_FILE,
    BODIES,
    DOCUMENT,
    FILES,
    GUARDS,
    LEAVE,
    LISTS,
    QUERIES,
    REVISED,
    SHOWN_WITHIN,
    TABLES,
)
from tests.platform.operations import ACTORS, DECIDE, NAMES, REVISION, ROUTES, Case, Operation, cases, operations
from tests.platform.world import World, fill

pytestmark = pytest.mark.timeout(400)

# -- the application, and its statements to PostgreSQL ----------------------------------------------------------------


class RecordingPool:
    """A pool whose connections record their statements."""

    def __init__(self, pool: Pool, statements: list[Statement]) -> None:
        self._pool = pool
        self.statements = statements
        self.transactions = 0

    async def acquire(self, **given: Any) -> Recorded:
        return Recorded(await self._pool.acquire(**given), cast(Any, self))

    def release(self, connection: Recorded, *, sound: bool) -> None:
        self._pool.release(cast(Connection, connection._connection), sound=sound)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


@pytest.fixture
def statements(databases: Mapping[str, Database]) -> list[Statement]:
    """The statements that all services send to PostgreSQL, in their order."""
    asked: list[Statement] = []
    for database in databases.values():
        database._pool = cast(Pool, RecordingPool(database._pool, asked))
    return asked


@pytest.fixture
async def empty_world(
    settings: Settings, databases: Mapping[str, Database], statements: list[Statement]
) -> AsyncIterator[World]:
    within = Within()
    running = running_of(settings, databases, *NAMES, within=within)
    app = within.app = application(running, verifier(settings, running[0].callers), routes=ROUTES, settings=settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield World(client, running)


@pytest.fixture
async def world(empty_world: World) -> World:
    await fill(empty_world)
    return empty_world


PAST_THE_POLICY = {
    # A coordinator's table has columns that a State's table lacks.
    (400, "columns-missing"),
    # No service of this process follows the directory, from which it would know who is a coordinator.
    (400, "not-a-coordinator"),
    # No delivery of the world is complete.
    (400, "practice-delivery-unknown"),
}
"""Refusals of callers whom the policy has allowed."""


# -- calls ------------------------------------------------------------------------------------------------------------


def is_paged(path: str) -> bool:
    return any(one.get("name") == "limit" for one in DOCUMENT["paths"][path]["get"]["parameters"])


async def ask(
    world: World,
    operation: Operation,
    who: Mapping[str, str],
    ids: Mapping[str, object] = {},
    body: Any = None,
    query: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Call an operation with these headers."""
    moves = str(operation) in REVISED or (operation.names_a_record and operation.method != "GET")
    file, table = FILES.get(str(operation)), TABLES.get(str(operation))
    lists = operation.path in LISTS and operation.method == "GET" and is_paged(operation.path)
    return await world.client.request(
        operation.method,
        operation.at(**ids),
        **({"content": file} if file else {"content": table} if table else {"json": body}),
        params=query
        or ({"limit": 100} if lists else QUERIES.get(operation.path) if operation.method == "GET" else None),
        headers={
            **who,
            "Idempotency-Key": str(uuid4()),
            **(REVISION if moves else {}),
            **(A_FILE if file else {"Content-Type": "text/csv"} if table else {}),
        },
    )


def is_public(operation: Operation) -> bool:
    """Check whether everybody gets the same answer."""
    return operation.action is None and not operation.internal


def said(answer: httpx.Response) -> str:
    """Return the response in the terms of the permissions page."""
    if answer.status_code in LEAVE:
        return "yes"
    slug = answer.json()["slug"]
    if answer.status_code == 403:
        return str(slug)
    if (answer.status_code, slug) in PAST_THE_POLICY:
        return "yes"
    if (answer.status_code, slug) == (404, "fund-opened-later"):
        # The world's fund was created today: callers without the whole ledger read it from tomorrow on.
        return "yes"
    return HIDDEN if (answer.status_code, slug) == (404, "not-found") else f"{answer.status_code} {slug}"


def values(body: Any, name: str) -> list[Any]:
    """Return the values that an answer has under a name, at any depth, except empty ones."""
    found = []
    if isinstance(body, dict):
        found += [value for key, value in body.items() if key == name and value not in (None, "", [], {})]
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return found + [value for one in inner for value in values(one, name)]


def comparable(answer: httpx.Response) -> tuple[int, Any, Any]:
    """Return status, body and headers, without what differs in every call."""
    body = {name: value for name, value in answer.json().items() if name != "correlation_id"}
    headers = {name: value for name, value in answer.headers.items() if name != CORRELATION_HEADER.lower()}
    return answer.status_code, body, headers


def few_cases(world: World, operation: Operation) -> Iterator[Case]:
    """Yield two cases of a read, or one of a command, for each combination of decisions; in a soak, all cases."""
    most = soak.cases(2 if operation.method == "GET" else 1, soak=sys.maxsize)
    decided_before: Counter[Hashable] = Counter()
    for case in cases(world, operation):
        decided = tuple(decided_for_all(case)) if operation.action else ()
        decided_before[decided] += 1
        if decided_before[decided] <= most:
            yield case


def decided_for_all(case: Case) -> Iterator[tuple[StrEnum, str, Decision]]:
    """Yield, for each actor in turn, the action asked, the name of the record's id, and the decision."""
    for actor in ACTORS:
        question, decision = case.decided(a_caller(actor))
        yield question.action, question.named, decision


def hidden_from(case: Case, turn: int) -> Iterator[tuple[str, str]]:
    """Yield actors for whom a named record is absent, with its name: every 32nd in turn, in a soak all."""
    each = soak.cases(32, soak=1)
    questions = [(actor, *case.decided(a_caller(actor))) for actor in ACTORS]
    hidden = [(actor, question.named) for actor, question, decision in questions if decision.hidden and question.named]
    yield from hidden[turn % each :: each] or hidden[:1]


def asked_of(statements: Sequence[Statement]) -> list[tuple[str, str]]:
    return [(statement.method, statement.query) for statement in statements]


# -- tests ------------------------------------------------------------------------------------------------------------


def test_all_documented_operations_are_called() -> None:
    documented = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}

    assert documented <= {(operation.method, operation.path) for operation in operations()}
    assert len(documented) > 80


@pytest.mark.thinned
async def test_every_caller_is_answered_as_the_policy_decides(world: World) -> None:
    """Each case is asked by every 32nd caller in turn, in a soak by all."""
    wrong, asked, turn = [], 0, 0
    for operation in (one for one in operations() if not one.goes_on):
        of_operation = list(few_cases(world, operation))
        assert of_operation, f"{operation}: there is no record in the world that it could be asked about"
        each = soak.cases(32, soak=1)
        for case in of_operation:
            turn, answers, actors = turn + 1, {}, ACTORS[turn % each :: each]
            for actor in actors:
                answer = answers[actor] = await ask(world, operation, headers(actor), case.ids, case.body, case.query)
                expected = case.expected(a_caller(actor))
                answered = said(answer) if operation.action or answer.status_code in {401, 403} else "yes"
                if answered != expected:
                    wrong.append(f"{operation} {case.ids} by {actor}: {answered}, and the policy says {expected}")
            wrong += [f"{operation} {case.ids}: {one}" for one in visibility_errors(world, case, answers)]
            asked += len(actors)

    assert [] == wrong[:30], len(wrong)
    assert asked > soak.cases(500, soak=5_000), asked


def visibility_errors(world: World, case: Case, answers: Mapping[str, httpx.Response]) -> Iterator[str]:
    """Yield guarded fields that are wrongly shown or wrongly absent, and entries of lists that belong to others."""
    if case.operation.method != "GET" or case.operation.action is None:
        return
    reported_of = {actor: answer for actor, answer in answers.items() if answer.status_code == 200}
    shown = {actor: answer.json() for actor, answer in reported_of.items() if "json" in answer.headers["Content-Type"]}
    if case.operation.path in LISTS:
        for actor, body in shown.items():
            yield from (f"{actor}: {one}" for one in foreign_entries(world, case.operation, a_caller(actor), body))
        return
    given = {actor: case.decided(a_caller(actor))[1].fields for actor in shown}
    within = SHOWN_WITHIN.get(case.operation.path)
    for guarded in sorted({str(name) for fields in given.values() for name in fields if not within or name in within}):
        names = GUARDS.get(guarded, (guarded,))
        shown_to = {actor for actor, body in shown.items() if any(values(body, name) for name in names)}
        may_know = {actor for actor, fields in given.items() if guarded in fields}
        if shown_to - may_know or (shown_to and may_know - shown_to):
            yield f"{guarded} is shown to {sorted(shown_to)}, and the policy says to {sorted(may_know)}"


def foreign_entries(world: World, operation: Operation, caller: Caller, body: Any) -> Iterator[str]:
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


async def test_unauthenticated_and_former_callers_read_only_public_operations(empty_world: World) -> None:
    assert builders.issuer is not None
    over = builders.issuer.token(persona_id("KEN:focal_point"), lifetime_seconds=-60)
    nobodies = {
        "token-missing": {},
        "token-invalid": {"Authorization": f"Bearer {over}"},
        "not-appointed": {"Authorization": f"Bearer {former_token(empty_world, 'KEN:focal_point')}"},
    }
    wrong = []
    for operation in operations():
        for slug, who in nobodies.items():
            answer = await ask(empty_world, operation, who, body=BODIES.get((operation.method, operation.path)))
            refused = answer.status_code in {401, 403} and answer.json()["slug"] == slug
            if refused is is_public(operation):
                wrong.append((str(operation), slug, answer.text))

    assert [] == wrong


def former_token(world: World, appointment: str) -> str:
    """Return a valid token of a person whose appointments have ended or expired."""
    assert builders.issuer is not None
    was, person_id = a_caller(appointment), uuid4()
    held = {"person_id": person_id, "organization": was.organization, "role": was.role, "version": 1}
    early, later = date(2026, 1, 1), date(2026, 2, 1)
    holdings = [
        HeldAppointment(appointment_id=uuid4(), starts=early, ends=later, **held),
        HeldAppointment(appointment_id=uuid4(), starts=early, ended=True, **held),
    ]
    callers = world.running[0].callers
    callers.apply(CallerChanges(holdings=holdings, people=[], after="0.0", more=False), asked_at=float("inf"))
    callers.cache_people(
        Subject(issuer=builders.issuer.issuer, subject=str(person_id)), KnownSubject(person_id=person_id)
    )
    return builders.issuer.token(person_id)


@pytest.mark.thinned
async def test_forbidden_and_absent_answers_are_identical(world: World, statements: list[Statement]) -> None:
    # The first statement of a day waits until the beginning of the day is final, for every caller and donor.
    await world.client.get("/v1/statements/NOR", headers=headers("UNODC:finance_officer"))
    wrong, compared = [], 0
    for operation in operations():
        if operation.action is None or operation.goes_on:
            continue
        for turn, case in enumerate(few_cases(world, operation)):
            for actor, named in hidden_from(case, turn):
                seen = []
                for ids, body, query in ((case.ids, case.body, case.query), case.with_nothing_for(named)):
                    statements.clear()
                    answer = await ask(world, operation, headers(actor), ids, body, query)
                    seen.append((*comparable(answer), asked_of(statements)))
                assert seen[0][3], "some statements were sent to PostgreSQL"
                if seen[0] != seen[1]:
                    wrong.append((str(operation), actor, *seen))
                compared += 1

    assert [] == wrong[:10], len(wrong)
    assert compared > soak.cases(150, soak=2_000), compared
