"""Many writers of one record queue without blocking other database access, over HTTP."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import asyncpg
import httpx
import pytest

from chassis.db.database import POOL_MAX, RESERVED_FRACTION, Database
from chassis.db.keyed_locks import KeyedLocks
from contracts.matching import Capacity
from contracts.refusals import Unavailable
from services.matching.matches.model import MatchStatus
from services.pledges.funds import balance_locks
from tests.builders import a_request, headers
from tests.matching.builders import SPRING, an_offering, terms
from tests.matching.matches.steps import given_matches, taken_of
from tests.matching.steps import CEB
from tests.pledges.ledger.steps import locked
from tests.pledges.steps import FINANCE, Client, funded, prepared, usd

pytestmark = [pytest.mark.all_schemas, pytest.mark.usefixtures("patient")]

WRITERS = 60
READERS = 20
READ_SECONDS_MAX = 20.0
"""Far less than the writers wait for the lock, so that only reads that do not wait for it are answered in time."""

ALLOCATION = {"fund": "SHERLOC-MNT", "money": usd(100), "work_package": "translation", "allocated_on": "2026-05-01"}


async def contended(
    looking: asyncpg.Connection,
    writing: Sequence[Coroutine[Any, Any, httpx.Response]],
    client: Client,
    who: str,
    path: str,
) -> Sequence[asyncio.Task[httpx.Response]]:
    """Start all writers; check that one of them waits for the lock and that reads are answered meanwhile."""
    tasks = [asyncio.create_task(one) for one in writing]
    while not (waiting := await _waiting(looking)):
        await asyncio.sleep(0.01)
    await _read(client, who, path)
    waiting = await _waiting(looking)
    assert 1 == waiting, f"{waiting} connections wait for one lock"
    return tasks


async def _read(client: Client, who: str, path: str) -> None:
    started = time.monotonic()
    answers = await asyncio.gather(*(client.get(path, headers=headers(who)) for _ in range(READERS)))

    assert [200] * READERS == [answer.status_code for answer in answers], answers[0].text
    assert time.monotonic() - started < READ_SECONDS_MAX


async def _waiting(looking: asyncpg.Connection) -> int:
    return int(
        await looking.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
    )


async def test_other_funds_are_read_and_allocated_while_one_fund_is_busy(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database], database_url: str
) -> None:
    api, db = await prepared(await client_of("pledges")), databases["pledges"]
    await funded(api, 100_000)
    await funded(api, 1_000, "SHERLOC-DEV")

    async with locked(database_url, "SELECT FROM pledges.balance WHERE fund = 'SHERLOC-MNT' FOR UPDATE") as looking:
        writing = (api.post("/v1/allocations", json=ALLOCATION, headers=headers(FINANCE)) for _ in range(WRITERS))
        tasks = [asyncio.create_task(one) for one in writing]
        [busy] = balance_locks.of_fund("SHERLOC-MNT")
        while busy not in db._locks._locks or db._locks._locks[busy].users < WRITERS:
            await asyncio.sleep(0.01)
        await _read(api, FINANCE, "/v1/funds/SHERLOC-DEV")
        elsewhere = ALLOCATION | {"fund": "SHERLOC-DEV"}
        answer = await api.post("/v1/allocations", json=elsewhere, headers=headers(FINANCE))
        assert 201 == answer.status_code, answer.text
        assert 0 == await _waiting(looking)
        assert len(db._pool._reads) <= 1, "writers that wait for the fund hold no connection"

    answers = await asyncio.gather(*tasks)
    assert {201} == {answer.status_code for answer in answers}, [answer.text for answer in answers][-1]
    fund = (await api.get("/v1/funds/SHERLOC-MNT", headers=headers(FINANCE))).json()
    assert 100_000 - WRITERS * 100 == fund["available_usd_minor"]


async def test_other_requests_are_read_and_filed_while_one_has_many_writers(
    client_of: Callable[..., Awaitable[Client]], database_url: str
) -> None:
    api = await client_of("requests")
    draft = (await api.post("/v1/requests", json=a_request(submit=False), headers=headers())).json()
    path = f"/v1/requests/{draft['request_id']}/submit"

    async with locked(database_url, "SELECT FROM requests.request FOR UPDATE") as looking:
        writing = [api.post(path, json={}, headers=headers(revision=draft["revision"])) for _ in range(WRITERS)]
        tasks = await contended(looking, writing, api, "KEN:focal_point", "/v1/requests")
        filed = await api.post("/v1/requests", json=a_request(), headers=headers())
        assert 201 == filed.status_code, filed.text

    answers = await asyncio.gather(*tasks)
    assert [200] + [412] * (WRITERS - 1) == sorted(answer.status_code for answer in answers)


async def test_other_matches_are_read_while_many_confirm_those_of_one_offering(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database], database_url: str
) -> None:
    api, db = await client_of("matching"), databases["matching"]
    offering = an_offering(terms=terms(capacity=(Capacity(period=SPRING, units=10),)))
    matches = await given_matches(db, offering, MatchStatus.ACCEPTED, 20)

    async with locked(database_url, "SELECT FROM matching.capacity FOR UPDATE") as looking:
        writing = [
            api.post(f"/v1/matches/{one.match_id}/confirm", json={}, headers=headers(CEB, revision=one.revision))
            for one in matches
        ]
        tasks = await contended(looking, writing, api, "UNODC:coordinator", "/v1/matches")

    answers = await asyncio.gather(*tasks)
    assert [200] * 10 == sorted(answer.status_code for answer in answers)[:10]
    assert 10 == await taken_of(db, offering.offering_id)


async def test_exhausted_connections_are_overload_and_leave_reads_their_own(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.db.database.ACQUIRE_SECONDS", 2.0)
    api, pool = await client_of("requests"), databases["requests"]._pool
    share = POOL_MAX - POOL_MAX // RESERVED_FRACTION
    held = [await pool.acquire(within_seconds=30) for _ in range(share)]
    try:
        answer = await api.post("/v1/requests", json=a_request(), headers=headers())
        assert (503, "overloaded") == (answer.status_code, answer.json()["slug"])
        assert "2" == answer.headers["Retry-After"]
        assert 200 == (await api.get("/v1/requests", headers=headers())).status_code
    finally:
        for connection in held:
            pool.release(connection, sound=True)
    assert 201 == (await api.post("/v1/requests", json=a_request(), headers=headers())).status_code


async def test_lock_that_is_not_had_in_time_is_overload(
    client_of: Callable[..., Awaitable[Client]], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.db.keyed_locks.WAIT_SECONDS_MAX", 0.3)
    monkeypatch.setattr("chassis.db.database.LOCK_SECONDS_MAX", 0.3)
    api = await client_of("requests")
    draft = (await api.post("/v1/requests", json=a_request(submit=False), headers=headers())).json()
    path, given = f"/v1/requests/{draft['request_id']}/submit", {"revision": draft["revision"]}

    async with locked(database_url, "SELECT FROM requests.request FOR UPDATE"):
        answers = await asyncio.gather(*(api.post(path, json={}, headers=headers(**given)) for _ in range(2)))

    for answer in answers:
        assert (503, "overloaded") == (answer.status_code, answer.json()["slug"])
        assert answer.headers["Retry-After"]


async def test_keyed_lock_is_had_in_order_and_by_so_many_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.db.keyed_locks.WAITING_MAX", 3)
    locks, order = KeyedLocks(), list[int]()

    async def hold(number: int, *keys: str) -> None:
        async with locks.hold(*keys):
            order.append(number)
            await asyncio.sleep(0.01)

    outcomes = await asyncio.gather(*(hold(n, *"ab"[:: 1 if n % 2 else -1]) for n in range(6)), return_exceptions=True)

    assert [0, 1, 2, 3] == order
    assert [Unavailable, Unavailable] == [type(outcome) for outcome in outcomes[4:]]
    async with locks.hold("a"):
        pass
    assert {} == locks._locks
