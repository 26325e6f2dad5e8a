"""Requirements of confirmed matches, their allocations, and the rebuild from the journal."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from contracts.facts import decode_event
from contracts.matching import MatchRevoked
from contracts.pledges import AllocationMade, AllocationReturned
from contracts.registry import decode_fact
from contracts.values import Money
from services.pledges.consumers import HANDLERS
from tests.builders import NOON, an_event
from tests.pledges.allocations.steps import PERIOD, a_match, confirmed, open_and_give_back
from tests.pledges.steps import FINANCE, NORWAY, Client, committed, funded, get, pledged, post, usd


async def test_confirmed_match_opens_requirement_and_revoked_match_returns_it(
    api: Client, databases: Mapping[str, Database]
) -> None:
    await open_and_give_back(api, databases)


async def test_funded_match_opens_no_requirement(api: Client, databases: Mapping[str, Database]) -> None:
    inbox = Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)
    for needed in (None, Money(minor=0, currency="USD")):
        match = a_match()
        assert await inbox.receive(an_event(confirmed(match, needed), 1)) is Outcome.APPLIED
        revoked = MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=NOON)
        assert await inbox.receive(an_event(revoked, 2)) is Outcome.APPLIED

    assert (await get(api, "/v1/requirements"))["requirements"] == []


async def test_requirement_without_rate_is_parked(api: Client, databases: Mapping[str, Database]) -> None:
    inbox = Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)
    parked = await inbox.receive(an_event(confirmed(a_match(), Money(minor=100, currency="KES")), 1))

    assert parked is Outcome.PARKED
    assert (await get(api, "/v1/requirements"))["requirements"] == []


async def test_allocation_facts_name_donors_with_agreements(api: Client, databases: Mapping[str, Database]) -> None:
    inbox = Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)
    match = a_match()
    await inbox.receive(an_event(confirmed(match, Money(minor=100, currency="USD")), 1))
    await funded(api, 8_000)
    await committed(api, "DEU:donor_officer")
    await pledged(api, "FRA:donor_officer")
    (requirement,) = (await get(api, "/v1/requirements"))["requirements"]
    body = {"fund": "SHERLOC-MNT", "money": usd(100), "requirement_id": requirement["requirement_id"]}
    await post(api, "/v1/allocations", FINANCE, **body)
    await inbox.receive(an_event(MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=NOON), 2))

    async with databases["pledges"].transaction() as tx:
        rows = await tx.fetch("SELECT event FROM journal WHERE type LIKE 'pledges.allocation.%' ORDER BY position")
    facts = [decode_fact(decode_event(row["event"])) for row in rows]
    assert [type(fact) for fact in facts] == [AllocationMade, AllocationReturned]
    assert [getattr(fact, "fund_donors", None) for fact in facts] == [("DEU", "NOR")] * 2


async def test_requirements_are_visible_to_parties_only(api: Client, databases: Mapping[str, Database]) -> None:
    inbox = Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)
    for state, provider in (("KEN", "UNODC-SHERLOC"), ("PER", "NOR")):
        match = a_match(state=state, provider=provider)
        await inbox.receive(an_event(confirmed(match, Money(minor=100, currency="USD")), 1))

    async def states(by: str) -> list[str]:
        return sorted(one["state"] for one in (await get(api, "/v1/requirements?limit=50", by))["requirements"])

    assert await states(FINANCE) == await states("UNODC:coordinator") == ["KEN", "PER"]
    assert await states("KEN:focal_point") == ["KEN"]
    assert await states("NOR:provider_officer") == ["PER"]
    assert await states(NORWAY) == await states("NOR:focal_point") == await states("NOR:finance_officer") == []
    first = await get(api, "/v1/requirements?limit=1")
    second = await get(api, f"/v1/requirements?limit=1&cursor={first['cursor']}")
    assert {first["requirements"][0]["state"], second["requirements"][0]["state"]} == {"KEN", "PER"}
    assert second["cursor"] is None
    # For the second State, a page after the first State's requirement equals a page after an unknown id.
    hidden, state = first["requirements"][0]["requirement_id"], second["requirements"][0]["state"]
    pages = [await get(api, f"/v1/requirements?cursor={of}", f"{state}:focal_point") for of in (hidden, uuid4())]
    assert pages[0] == pages[1]


# -- the journal ------------------------------------------------------------------------------------------------------


async def test_entry_id_is_event_id(api: Client, databases: Mapping[str, Database]) -> None:
    await pledged(api)
    async with databases["pledges"].transaction() as tx:
        ids = await tx.fetch("SELECT event_id FROM journal WHERE type LIKE 'pledges.pledge.%'")
    entries = (await get(api, "/v1/ledger/entries"))["entries"]

    assert [UUID(entry["entry_id"]) for entry in entries] == [row["event_id"] for row in ids]
