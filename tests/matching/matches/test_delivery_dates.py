"""A delivery begins once its money is allocated, and completes on one of its days."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.journal.outbox import read_aggregate
from contracts.matching import MatchConfirmed
from contracts.registry import decode_fact
from services.pledges.allocations.model import requirement_id_of
from services.pledges.consumers import HANDLERS
from tests.builders import AHEAD, headers
from tests.clocks import Ticking
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Owner, attempt, matches_of, move, opened
from tests.pledges.steps import FINANCE, funded, post, prepared, usd

pytestmark = pytest.mark.all_schemas

Client = httpx.AsyncClient
FUND = "TA-REQUESTS"


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await prepared(await client_of("requests", "matching", "pledges"))


async def confirmed(api: Client, databases: Mapping[str, Database], **offering: Any) -> dict[str, Any]:
    """A match that both sides accepted."""
    await approved(api, NORWAY, **offering)
    (match,) = await matches_of(api, await opened(Owner(databases["matching"])))
    for name, by in (("present", COORDINATOR), ("accept", KENYA), ("confirm", NORWAY)):
        match = await move(api, match, name, by)
    return match


async def heard(databases: Mapping[str, Database], match: Mapping[str, Any]) -> str:
    """The ledger hears of the confirmation; returns the requirement that it opens."""
    async with databases["matching"].transaction() as tx:
        events = await read_aggregate(tx, UUID(match["match_id"]))
    told = next(event for event in events if event.type == "matching.match.confirmed.v1")
    fact = decode_fact(told)
    assert isinstance(fact, MatchConfirmed)
    assert fact.funding_needed is not None
    assert match["funding_needed"] == usd(fact.funding_needed.minor)
    async with databases["pledges"].transaction() as tx:
        await HANDLERS[MatchConfirmed](tx, told, fact)
    return str(requirement_id_of(UUID(match["match_id"])))


@pytest.mark.parametrize("by", [KENYA, NORWAY])
async def test_delivery_does_not_begin_without_its_money(
    api: Client, databases: Mapping[str, Database], by: str
) -> None:
    match = await confirmed(api, databases, resource_status="partly", funding_needed=usd(80_000))

    early = await attempt(api, match, "begin", by)
    assert (409, "delivery-not-funded", {"gap_usd_minor": None}) == (
        early.status_code, early.json()["slug"], early.json()["details"],
    )  # fmt: skip
    requirement_id = await heard(databases, match)
    await funded(api, 100_000, FUND)
    for minor, status in ((30_000, 409), (50_000, 200)):
        await post(api, "/v1/allocations", FINANCE, fund=FUND, requirement_id=requirement_id, money=usd(minor))
        answer = await attempt(api, match, "begin", by)
        assert status == answer.status_code, answer.text
        if status == 409:
            assert {"gap_usd_minor": 50_000} == answer.json()["details"]


async def test_delivery_does_not_begin_while_the_ledger_is_unavailable(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api = await client_of("matching")
    match = await confirmed(api, databases, resource_status="partly", funding_needed=usd(80_000))

    answer = await attempt(api, match, "begin", NORWAY)

    assert (503, "funding-unheard") == (answer.status_code, answer.json()["slug"])


async def test_delivery_does_not_complete_before_its_dates(api: Client, databases: Mapping[str, Database]) -> None:
    match = await move(api, await confirmed(api, databases), "begin", NORWAY)
    first = date(AHEAD, 2, 1)

    async def completed_on(day: date) -> httpx.Response:
        with clock.use_clock(Ticking(datetime.combine(day, clock.now().time(), clock.now().tzinfo))):
            return await api.post(
                f"/v1/matches/{match['match_id']}/complete", json={}, headers=headers(KENYA, revision=match["revision"])
            )

    early = await completed_on(first - timedelta(days=1))
    assert (409, "delivery-not-due", {"first_day": str(first)}) == (
        early.status_code, early.json()["slug"], early.json()["details"],
    )  # fmt: skip
    assert 200 == (await completed_on(first)).status_code
