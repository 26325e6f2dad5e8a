"""Adoption of a plan presents all of its matches, or none."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.context import Context
from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.requests import ConsentWithdrawn, RequestHeld, RequestOpened, RequestSubmitted
from contracts.values import Period
from services.matching.matches import store as match_store
from services.matching.matches import suggestions
from services.matching.matches.model import SHOWN
from services.matching.rounds import adoption
from services.matching.wiring import SERVICE
from tests.builders import AHEAD, NOON, a_caller, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings import steps as offerings
from tests.matching.rounds.steps import UNIT, end, offered, planned, served, shown, wanted
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Owner, attempt, ids, matches_of, move, opened
from tests.soak import cases

Client = httpx.AsyncClient


async def journal(db: Database) -> list[Any]:
    async with db.transaction() as tx:
        return await tx.fetch(
            "SELECT event_id, type, event::json ->> 'causationid' AS cause FROM journal ORDER BY position"
        )


async def test_adopted_plan_is_presented_with_its_cause(api: Client, db: Database, owner: Owner) -> None:
    offering = await offered(api, units=2)
    requests = [await opened(owner, a_submission(state=state)) for state in ("KEN", "NER")]
    found = await planned(api, db, seconds=5)

    adopted = await end(api, found, "adopt")

    assert (200, "adopted", 2) == (adopted.status_code, *(adopted.json()[n] for n in ("status", "presented")))
    for request in requests:
        (match,) = await matches_of(api, request)
        assert ("presented", offering["offering_id"]) == (match["status"], match["offering_id"])
    facts = await journal(db)
    (cause,) = [str(row["event_id"]) for row in facts if row["type"] == "matching.round.adopted.v1"]
    assert [cause] * 2 == [row["cause"] for row in facts if row["type"] == "matching.match.presented.v1"]
    reported = await api.get("/v1/matches", headers=headers(KENYA))
    assert ["presented"] == [match["status"] for match in reported.json()["matches"]]


async def test_adopted_departure_has_its_reason(api: Client, db: Database, owner: Owner) -> None:
    """The best offering of both States is the same, so that one of them gets the second best."""
    best, second = await offered(api), await offered(api, topics=["electronic_evidence"])
    requests = [await opened(owner, a_submission(state=state)) for state in ("KEN", "NER")]
    found = await planned(api, db, seconds=5)
    assert {best["offering_id"], second["offering_id"]} == {ids[0] for ids in served(found).values()}

    assert 200 == (await end(api, found, "adopt")).status_code

    shown_ones = [m for request in requests for m in await matches_of(api, request) if m["status"] == "presented"]
    assert {best["offering_id"]: None, second["offering_id"]: "allocation_round"} == {
        match["offering_id"]: match["departure"] for match in shown_ones
    }


async def test_expired_match_is_nominated_again(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    request = await opened(owner)
    async with db.transaction() as tx:
        await suggestions.expire(tx, await match_store.of_request(tx, request.request_id), because=None, now=NOON)
    found = await planned(api, db, seconds=5)

    assert 200 == (await end(api, found, "adopt")).status_code

    (match,) = await matches_of(api, request)
    assert ("presented", "nominated") == (match["status"], match["origin"])


async def a_line_comes_back(api: Client, owner: Owner, request: RequestSubmitted, _: Mapping[str, Any]) -> None:
    line = a_contract_line(request.lines[0].line_id, group_size=30)
    later = a_submission(line, request_id=request.request_id, state=request.state, submitted_at=NOON + timedelta(1))
    await owner.publish(later)
    await owner.publish(RequestOpened(**ids(request), priority="high", opened_at=NOON))


async def a_request_is_held(api: Client, owner: Owner, request: RequestSubmitted, _: Mapping[str, Any]) -> None:
    await owner.publish(RequestHeld(**ids(request), reason="other", held_at=NOON))


async def an_offering_is_suspended(api: Client, owner: Owner, _: RequestSubmitted, offering: Mapping[str, Any]) -> None:
    await offerings.move(api, offering, "suspend", COORDINATOR)


async def a_match_is_let_go(api: Client, owner: Owner, request: RequestSubmitted, _: Mapping[str, Any]) -> None:
    await move(api, (await matches_of(api, request))[0], "not-pursue", COORDINATOR, reason="other")


async def it_is_presented_by_itself(api: Client, owner: Owner, request: RequestSubmitted, _: Mapping[str, Any]) -> None:
    await move(api, (await matches_of(api, request))[0], "present", COORDINATOR)


async def its_unit_is_promised(api: Client, owner: Owner, request: RequestSubmitted, _: Mapping[str, Any]) -> None:
    other = await opened(owner, a_submission(state="PER"))
    await move(api, (await matches_of(api, other))[0], "present", COORDINATOR)


@pytest.mark.parametrize(
    "change",
    [
        a_line_comes_back,
        a_request_is_held,
        an_offering_is_suspended,
        a_match_is_let_go,
        it_is_presented_by_itself,
        its_unit_is_promised,
    ],
    ids=lambda change: change.__name__,
)
async def test_changes_since_planning_prevent_adoption(
    api: Client, db: Database, owner: Owner, change: Callable[..., Awaitable[None]]
) -> None:
    offering = await offered(api)
    await offered(api, kinds=["witness_protection"])
    request = await opened(owner)
    untouched = await wanted(owner, "NER", kind="witness_protection")
    found = await planned(api, db, seconds=5)
    assert {str(request.lines[0].line_id), str(untouched)} == set(served(found))
    await change(api, owner, request, offering)
    before = await journal(db)

    answer = await end(api, found, "adopt")

    assert (409, "round-outdated") == (answer.status_code, answer.json()["slug"])
    assert {"line_ids": [str(request.lines[0].line_id)], "lines": 1} == answer.json()["details"]
    assert before == await journal(db)
    assert "planned" == (await shown(api, found["round_id"]))["status"]


async def test_withdrawn_consent_prevents_adoption(api: Client, db: Database, owner: Owner) -> None:
    await offered(api, NORWAY)
    request = await opened(owner)
    found = await planned(api, db, seconds=5)
    withdrawn = ConsentWithdrawn(
        **ids(request), consent_id=request.request_id, circulation="objected", withdrawn_at=NOON
    )
    await owner.publish(withdrawn)

    assert "round-outdated" == (await end(api, found, "adopt")).json()["slug"]


async def test_plan_over_capacity_cannot_be_adopted(api: Client, db: Database, owner: Owner) -> None:
    offering = await offered(api)
    for state in ("KEN", "NER"):
        await wanted(owner, state)
    room = {"offering_id": offering["offering_id"], "from": f"{AHEAD}-01-01", "left": 2}
    found = await planned(api, db, seconds=5, rooms=[room])

    answer = await end(api, found, "adopt")

    assert 2 == found["deliveries"]
    assert (409, "round-outdated", 2) == (answer.status_code, answer.json()["slug"], answer.json()["details"]["lines"])


async def test_round_ends_once_by_current_revision(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    await wanted(owner)
    found = await planned(api, db, seconds=5)

    assert 412 == (await end(api, found | {"revision": 1}, "adopt")).status_code
    adopted = (await end(api, found, "adopt")).json()
    for again in ("adopt", "discard"):
        assert "round-status" == (await end(api, adopted, again)).json()["slug"]


async def test_adoption_is_in_the_journal(api: Client, db: Database, owner: Owner, database_url: str) -> None:
    await offered(api)
    await wanted(owner)
    adopted = await planned(api, db, seconds=5)
    await end(api, adopted, "adopt")
    await end(api, await planned(api, db, seconds=5), "discard")
    await planned(api, db, pinned=[{"line_id": str(UUID(int=1)), "offering_id": str(UUID(int=2))}])
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("SET LOCAL entraide.role = 'owner'")
            await tx.execute("UPDATE round SET seed = seed + 1")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()


async def test_match_takes_its_unit_in_the_planned_period(
    api: Client, db: Database, owner: Owner, database_url: str
) -> None:
    """A line that fits both periods is served in the second, and leaves the first to a line that fits only that."""
    halves = [(f"{AHEAD}-01-01", f"{AHEAD}-06-30"), (f"{AHEAD}-07-01", f"{AHEAD}-12-31")]
    capacity = [{"from": starts, "until": ends, "units": 1} for starts, ends in halves]
    await offerings.approved(api, UNIT, capacity=capacity)
    whole, spring = (Period(starts=date(AHEAD, 2, 1), ends=date(AHEAD, last, 30)) for last in (11, 6))
    requests = [
        await opened(owner, a_submission(a_contract_line(window=window), state=state))
        for window, state in ((whole, "KEN"), (spring, "NER"))
    ]
    found = await planned(api, db, seconds=5)
    assert 200 == (await end(api, found, "adopt")).status_code

    taken = []
    for request in requests:
        (match,) = await matches_of(api, request)
        match = await move(api, match, "accept", f"{request.state}:focal_point")
        taken.append((await move(api, match, "confirm", UNIT))["capacity_period"]["from"])

    assert [f"{AHEAD}-07-01", f"{AHEAD}-01-01"] == taken
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
    finally:
        await migrator.close()


# -- capacity under concurrency ---------------------------------------------------------------------------------------


async def booked(db: Database) -> dict[UUID, tuple[int, int]]:
    """Return, by offering, the units it has, and the units promised or taken."""
    async with db.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT offering_id, sum(units) AS units, sum(taken) + (SELECT count(*) FROM match
                WHERE match.offering_id = capacity.offering_id AND status = ANY ($1::text[])) AS booked
            FROM capacity GROUP BY offering_id
            """,
            [str(status) for status in SHOWN],
        )
    return {row["offering_id"]: (row["units"], row["booked"]) for row in rows}


STATES = ("KEN", "NER", "PER", "TUV", "KAZ", "NPL")


@pytest.mark.thinned
@pytest.mark.parametrize("luck", range(cases(2, soak=6)))
async def test_concurrent_adoptions_do_not_overbook(api: Client, db: Database, owner: Owner, luck: int) -> None:
    """Meanwhile States and providers continue with matches that were presented before."""
    chance = Random(luck)
    for _ in range(chance.randint(1, 3)):
        await offered(api, units=chance.randint(1, 3))
    requests = [await opened(owner, a_submission(state=state)) for state in STATES[: chance.randint(2, 6)]]
    before_it = [
        await move(api, chance.choice(await matches_of(api, request)), "present", COORDINATOR, departure="other")
        for request in requests[: chance.randint(0, 2)]
    ]
    first = await planned(api, db, seconds=5, seed=luck)
    second = await planned(api, db, seconds=5, seed=luck + 1, forbidden=some_of(first, chance))

    async def go_on() -> None:
        for match in before_it:
            accepted = await attempt(api, match, "accept", f"{match['state']}:focal_point")
            if accepted.status_code == 200:
                await attempt(api, accepted.json(), "confirm", UNIT)

    before = await booked(db)
    *answers, _ = await asyncio.gather(end(api, first, "adopt"), end(api, second, "adopt"), go_on())

    assert {200, 409} >= {one.status_code for one in answers}
    for offering, (units, promised) in (await booked(db)).items():
        assert promised <= max(units, before[offering][1])


def some_of(one: Mapping[str, Any], chance: Random) -> list[dict[str, str]]:
    """Return some pairs of a plan; without them, another plan gives the same units to others."""
    pairs = [(line, offering) for line, offerings in served(dict(one)).items() for offering in offerings]
    return [{"line_id": line, "offering_id": offering} for line, offering in pairs if chance.random() < 0.5]


async def test_second_round_respects_promises_of_the_first(api: Client, db: Database, owner: Owner) -> None:
    """The second round is of other lines, so that only the offering's capacity makes them wait."""
    offering = await offered(api, units=2)
    lines = [await wanted(owner, state) for state in STATES[:4]]
    first, second = [
        await planned(
            api,
            db,
            seconds=5,
            forbidden=[{"line_id": str(line), "offering_id": offering["offering_id"]} for line in others],
        )
        for others in (lines[:2], lines[2:])
    ]
    assert [2, 2] == [one["deliveries"] for one in (first, second)]
    caller = a_caller(COORDINATOR)

    async with db.transaction(by=caller) as tx:
        ctx = Context(caller=caller, now=NOON, expected=first["revision"])
        await adoption.adopt(tx, ctx, UUID(first["round_id"]))
        waiting = asyncio.create_task(end(api, second, "adopt"))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    answer = await waiting

    assert (409, "round-outdated") == (answer.status_code, answer.json()["slug"])
    assert [(2, 2)] == list((await booked(db)).values())
