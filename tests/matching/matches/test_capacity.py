"""Capacity under concurrency, candidates by constraints, and rebuilding from the journal."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.context import Context
from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.matching import Capacity
from contracts.refusals import Refusal
from contracts.values import Period
from services.matching.lines.model import WantedLine
from services.matching.matches import actions as match_actions
from services.matching.matches import store as match_store
from services.matching.matches.model import Match, MatchStatus
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering, OfferingStatus
from services.matching.scoring.constraints import violated
from services.matching.wiring import SERVICE
from tests.builders import AHEAD, NOON, a_caller
from tests.matching.builders import (
    AUTUMN,
    SPRING,
    a_contract_line,
    a_submission,
    a_wanted_line,
    an_offering,
    terms,
)
from tests.matching.matches.steps import given_matches, taken_of
from tests.matching.offerings.steps import approved
from tests.matching.scoring.builders import lines, nearly_fitting, offerings
from tests.matching.steps import CEB, KENYA, NORWAY, Owner, delivered, matches_of, move, opened
from tests.soak import cases

Client = httpx.AsyncClient
HOLDING = {MatchStatus.CONFIRMED, MatchStatus.IN_DELIVERY, MatchStatus.COMPLETED}
COORDINATOR = "UNODC:coordinator"


async def test_hundred_concurrent_confirmations_take_ten_units(databases: Mapping[str, Database]) -> None:
    db = databases["matching"]
    offering = an_offering(terms=terms(capacity=(Capacity(period=SPRING, units=10),)))
    matches = await given_matches(db, offering, MatchStatus.ACCEPTED, 100)
    places = asyncio.Semaphore(10)

    async def confirm(match: Match) -> str:
        async with places:
            try:
                async with db.transaction(by=a_caller(CEB)) as tx:
                    after = await match_actions.agree(
                        tx, Context(caller=a_caller(CEB), now=NOON, expected=1), match.match_id, "confirm", comment=""
                    )
            except Refusal as no:
                return no.slug
            return after.status

    outcomes = await asyncio.gather(*(confirm(match) for match in matches))

    assert {"confirmed": 10, "capacity-exhausted": 90} == {said: outcomes.count(said) for said in set(outcomes)}
    assert 10 == await taken_of(db, offering.offering_id)
    async with db.transaction() as tx:
        assert 10 == await tx.fetchval("SELECT count(*) FROM journal WHERE type = 'matching.match.confirmed.v1'")
        assert 10 == await tx.fetchval("SELECT count(*) FROM match WHERE status = 'confirmed'")


async def test_second_period_is_taken_when_the_first_is_full(databases: Mapping[str, Database]) -> None:
    db = databases["matching"]
    spring, early = (
        Period(starts=date(AHEAD, 3, 1), ends=date(AHEAD, 6, 30)),
        Period(starts=date(AHEAD, 1, 1), ends=date(AHEAD, 2, 28)),
    )
    offering = an_offering(terms=terms(capacity=(Capacity(period=early, units=1), Capacity(period=spring, units=1))))
    async with db.transaction() as tx:
        await offering_store.save(tx, offering)
        await offering_store.save_capacity(tx, offering)
        window = Period(starts=date(AHEAD, 2, 1), ends=date(AHEAD, 6, 30))

        took = [await offering_store.take(tx, offering.offering_id, window) for _ in range(3)]
        await offering_store.give_back(tx, offering.offering_id, early)
        again = await offering_store.take(tx, offering.offering_id, window)
        outside = await offering_store.take(
            tx, offering.offering_id, Period(starts=date(AHEAD + 1, 1, 1), ends=date(AHEAD + 1, 2, 1))
        )

    assert [early, spring, None] == took
    assert early == again
    assert outside is None


MOVES = st.tuples(st.sampled_from(["accept", "confirm", "begun", "completed", "terminated"]), st.integers(0, 3))


@pytest.mark.thinned
@settings(max_examples=cases(10, soak=50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(units=st.integers(1, 3), steps=st.lists(st.lists(MOVES, min_size=1, max_size=6), min_size=1, max_size=8))
async def test_taken_units_equal_confirmed_matches_under_concurrency(
    databases: Mapping[str, Database], units: int, steps: list[list[tuple[str, int]]]
) -> None:
    db = databases["matching"]
    offering = an_offering(offering_id=uuid4(), terms=terms(capacity=(Capacity(period=SPRING, units=units),)))
    found = await given_matches(db, offering, MatchStatus.PRESENTED, 4)
    by_id = {match.match_id: msgspec.to_builtins(match) for match in found}
    matches = list(by_id)

    async def attempt(name: str, match_id: UUID) -> None:
        by = a_caller(KENYA if name == "accept" else CEB)
        with contextlib.suppress(Refusal):
            if name not in {"accept", "confirm"}:
                await delivered(db, by_id[match_id], name)
                return
            async with db.transaction(by=by) as tx:
                # Read without a lock, so that the move meets changes made in between.
                revision = await tx.fetchval("SELECT revision FROM match WHERE match_id = $1", match_id)
                ctx = Context(caller=by, now=NOON, expected=revision)
                await match_actions.agree(tx, ctx, match_id, name, comment="")

    for step in steps:
        await asyncio.gather(*(attempt(name, matches[number]) for name, number in step))
        async with db.transaction() as tx:
            statuses = [
                row["status"]
                for row in await tx.fetch("SELECT status FROM match WHERE offering_id = $1", offering.offering_id)
            ]
        taken = await taken_of(db, offering.offering_id)
        assert taken == sum(MatchStatus(status) in HOLDING for status in statuses)
        assert 0 <= taken <= units


# -- candidates -------------------------------------------------------------------------------------------------------


@pytest.mark.thinned
@settings(max_examples=cases(60, soak=300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    line=lines() | st.builds(a_wanted_line),
    found=st.lists(offerings() | nearly_fitting(), unique_by=lambda offering: offering.offering_id, max_size=6),
)
async def test_candidates_are_the_offerings_without_violations(
    databases: Mapping[str, Database], line: WantedLine, found: list[Offering]
) -> None:
    async with databases["matching"].transaction() as tx:
        # Only the offerings of this example are stored.
        await tx.execute("DELETE FROM capacity")
        await tx.execute("DELETE FROM offering")
        for offering in found:
            await _put(tx, offering)

        candidates = await offering_store.candidates(tx, line)

    expected = [offering for offering in found if not violated(line, offering)]
    assert {one.offering_id: one for one in expected} == {one.offering_id: one for one in candidates}


async def _put(tx: Any, offering: Offering) -> None:
    """Save an offering with its capacity and the units taken."""
    await offering_store.save(tx, offering)
    await offering_store.save_capacity(tx, offering)
    for starts, taken in offering.taken.items():
        await tx.execute(
            "UPDATE capacity SET taken = $3 WHERE offering_id = $1 AND starts = $2", offering.offering_id, starts, taken
        )


async def test_only_available_offerings_are_candidates(databases: Mapping[str, Database]) -> None:
    async with databases["matching"].transaction() as tx:
        for status in OfferingStatus:
            since = NOON if status is OfferingStatus.AVAILABLE else None
            offering = an_offering(offering_id=uuid4(), status=status, available_since=since)
            await offering_store.save(tx, offering)
            await offering_store.save_capacity(tx, offering)

        found = await offering_store.candidates(tx, a_wanted_line())

    assert [OfferingStatus.AVAILABLE] == [one.status for one in found]


MANY_MENTORS = """
    WITH mentors AS (
        INSERT INTO offering
        SELECT made.* FROM offering AS o, generate_series(1, 3000) AS n,
            json_populate_record(o, json_build_object('offering_id', gen_random_uuid(), 'number', n)) AS made
        WHERE o.kinds = '{mentoring}' RETURNING offering_id
    )
    INSERT INTO capacity (offering_id, starts, ends, units) SELECT offering_id, $1::date, $2::date, 2 FROM mentors
    """


@pytest.mark.new_database
async def test_candidates_are_found_by_the_index_of_kinds(databases: Mapping[str, Database], database_url: str) -> None:
    async with databases["matching"].transaction() as tx:
        for kind in ("mla_training", "mentoring"):
            offering = an_offering(offering_id=uuid4(), terms=terms(kinds=(kind,)))
            await offering_store.save(tx, offering)
            await offering_store.save_capacity(tx, offering)
        await tx.execute(MANY_MENTORS, SPRING.starts, AUTUMN.ends)
    migrator = await Database.connect(database_url, "matching", owner=True)
    async with migrator.transaction() as tx:
        await tx.execute("ANALYZE offering, capacity")
    await migrator.close()

    async with databases["matching"].transaction() as tx:
        plan = await tx.fetch("EXPLAIN " + offering_store.OF_KIND, a_wanted_line().kind)
        found = await offering_store.candidates(tx, a_wanted_line())

    assert any("offering_available_kinds" in row[0] for row in plan), plan
    assert 1 == len(found)


# -- the journal ------------------------------------------------------------------------------------------------------


async def test_tables_are_rebuilt_from_the_journal(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database], database_url: str
) -> None:
    api, owner = await client_of("matching"), Owner(databases["matching"])
    await approved(api)
    await approved(api, CEB, resource_status="unfunded", funding_needed={"minor": 5, "currency": "USD"})
    first, second = await opened(owner), await opened(owner)
    for request, by, provider in ((first, NORWAY, "NOR"), (second, CEB, "UNODC-CEB")):
        match = next(m for m in await matches_of(api, request) if m["provider"] == provider)
        match = await move(api, match, "present", COORDINATOR, departure="other")
        match = await move(api, match, "accept", KENYA)
        match = await move(api, match, "confirm", by)
    await delivered(owner.db, match, "terminated")
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE capacity SET taken = 0")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()


async def test_ending_offering_and_returning_line_do_not_deadlock(
    databases: Mapping[str, Database],
) -> None:
    """One transaction locks the offering and then its matches; the other locks a match and adds one of the offering."""
    db = databases["matching"]
    offering = an_offering()
    match = (await given_matches(db, offering, MatchStatus.SUGGESTED, 1))[0]
    offering_held, match_held = asyncio.Event(), asyncio.Event()

    async def end() -> None:
        async with db.transaction() as tx:
            await offering_store.get_as_service(tx, offering.offering_id, lock=True)
            offering_held.set()
            await match_held.wait()
            await match_store.not_confirmed_of_offering(tx, offering.offering_id)

    async def come_back() -> None:
        await offering_held.wait()
        async with db.transaction() as tx:
            await match_store.not_confirmed_of_request(tx, match.request_id)
            match_held.set()
            await match_store.save(tx, msgspec.structs.replace(match, match_id=uuid4(), line_id=uuid4()))

    async with asyncio.timeout(10):
        await asyncio.gather(end(), come_back())

    async with db.transaction() as tx:
        of_offering = "SELECT count(*) FROM match WHERE offering_id = $1"
        assert 2 == await tx.fetchval(of_offering, offering.offering_id), "the returning line's match is saved"


async def test_confirmation_takes_the_least_blocking_period(
    client_of: Callable[..., Awaitable[httpx.AsyncClient]], databases: Mapping[str, Database]
) -> None:
    api, owner = await client_of("matching"), Owner(databases["matching"])
    capacity = [{"from": str(one.starts), "until": str(one.ends), "units": 1} for one in (SPRING, AUTUMN)]
    await approved(api, NORWAY, capacity=capacity)
    whole = Period(starts=SPRING.starts, ends=AUTUMN.ends)
    either, first_half = [
        await opened(owner, a_submission(a_contract_line(window=msgspec.to_builtins(window))))
        for window in (whole, SPRING)
    ]
    for request in (either, first_half):
        (match,) = await matches_of(api, request)
        for name, by in (("present", COORDINATOR), ("accept", KENYA)):
            match = await move(api, match, name, by)
    taken = []
    for request in (either, first_half):
        (match,) = await matches_of(api, request)
        taken.append((await move(api, match, "confirm", NORWAY))["capacity_period"]["from"])

    assert [str(AUTUMN.starts), str(SPRING.starts)] == taken
