"""Codes of a line, from its match to the requirement and into the fund's IATI file."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from chassis.rebuild import verify
from contracts.facts import Event, decode_event
from contracts.matching import MatchConfirmed
from contracts.registry import decode_fact
from contracts.requests import Line
from contracts.values import Money
from services.pledges.consumers import HANDLERS
from services.pledges.open_data.iati.activity import Activity
from services.pledges.wiring import SERVICE
from tests.builders import an_event
from tests.databases import connected
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Owner, matches_of, move, opened
from tests.pledges.allocations.steps import a_match, confirmed
from tests.pledges.open_data.builders import schema_in
from tests.pledges.open_data.steps import asked, file_of
from tests.pledges.steps import FINANCE, Client, funded, get, post, usd

pytestmark = pytest.mark.all_schemas

TOPICS = ("mutual_legal_assistance", "trafficking_in_persons", "drug_offences", "smuggling_of_migrants")


@pytest.fixture
def hears(databases: Mapping[str, Database]) -> Inbox:
    return Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)


async def of_matching(databases: Mapping[str, Database]) -> list[Event]:
    async with databases["matching"].transaction() as tx:
        rows = await tx.fetch("SELECT event FROM journal WHERE type LIKE 'matching.match.%' ORDER BY position")
    return [decode_event(row["event"]) for row in rows]


async def set_aside(api: Client) -> None:
    """Allocate a thousand dollars to the only requirement."""
    await funded(api, 2_000_00)
    (requirement,) = (await get(api, "/v1/requirements"))["requirements"]
    body = {"fund": "SHERLOC-MNT", "money": usd(1_000_00), "requirement_id": requirement["requirement_id"]}
    await post(api, "/v1/allocations", FINANCE, **body)


def reported(activity: Activity) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    return (
        [(one.vocabulary, one.code, one.percentage) for one in activity.sectors],
        [(one.vocabulary, one.code, one.significance) for one in activity.markers],
    )


async def suggested(matching: Client, owner: Owner, line: Line) -> dict[str, Any]:
    """Return the match of the only offering with the line."""
    (match,) = await matches_of(matching, await opened(owner, a_submission(line)))
    return match


async def agree(matching: Client, match: dict[str, Any]) -> None:
    for name, by in (("present", COORDINATOR), ("accept", KENYA), ("confirm", NORWAY)):
        match = await move(matching, match, name, by)


async def test_requirement_is_published_with_sectors_of_its_line(
    api: Client,
    hears: Inbox,
    client_of: Callable[..., Awaitable[Client]],
    databases: Mapping[str, Database],
    database_url: str,
    shared_data: Path,
) -> None:
    matching, owner = await client_of("matching"), Owner(databases["matching"])
    await approved(matching, resource_status="partly", funding_needed=usd(5_000_00))
    line = a_contract_line(topics=list(TOPICS), gender_marker=2)
    await agree(matching, await suggested(matching, owner, line))
    for event in await of_matching(databases):
        assert await hears.receive(event) is Outcome.APPLIED

    await set_aside(api)
    fund, assistance = await file_of(api)

    assert ([("1", "15130", "100")], []) == reported(fund)
    assert (
        [("1", "15190", "50"), ("1", "15130", "25"), ("1", "16063", "25")],
        [("1", "1", "2")],
    ) == reported(assistance)
    file = etree.fromstring((await asked(api)).content)
    assert schema_in(shared_data / "iati").validate(file)
    async with connected(database_url, "pledges", owner=True) as owner:
        assert [] == await verify(owner, SERVICE), "the rebuild from the journal gives the same tables"


async def test_requirement_without_codes_has_no_sectors(api: Client, hears: Inbox) -> None:
    await hears.receive(an_event(confirmed(a_match(), Money(minor=1_000_00, currency="USD")), 1))

    await set_aside(api)
    _, assistance = await file_of(api)

    assert ([("1", "15130", "100")], []) == reported(assistance)


async def test_funded_match_fact_has_no_line_codes(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    matching, owner = await client_of("matching"), Owner(databases["matching"])
    await approved(matching)

    await agree(matching, await suggested(matching, owner, a_contract_line()))

    fact = decode_fact((await of_matching(databases))[-1])
    assert isinstance(fact, MatchConfirmed)
    assert (None, None) == (fact.funding_needed, fact.about)
