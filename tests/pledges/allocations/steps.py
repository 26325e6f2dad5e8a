"""Steps of tests of requirements and allocations."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from contracts.matching import MatchAccepted, MatchConfirmed, MatchRevoked
from contracts.values import Money, Period
from services.pledges.consumers import HANDLERS
from tests.builders import NOON, an_event, headers
from tests.pledges.steps import FINANCE, NORWAY, Client, eur, funded, get, post, usd

PERIOD = Period(starts=date(2027, 1, 1), ends=date(2027, 6, 30))
UNFUNDED = "/v1/requirements/unfunded"
LACKING = 250_000
FUND = "/v1/funds/SHERLOC-MNT"
PATH = f"{FUND}/requirements"


def a_match(**changes: Any) -> dict[str, Any]:
    names = ("match_id", "request_id", "line_id", "offering_id")
    return {name: uuid4() for name in names} | {"state": "KEN", "provider": "UNODC-SHERLOC"} | changes


def confirmed(match: dict[str, Any], needed: Money | None) -> MatchConfirmed:
    return MatchConfirmed(**match, capacity_period=PERIOD, confirmed_at=NOON, funding_needed=needed)


async def lacking(inbox: Inbox, request: Mapping[str, Any]) -> dict[str, Any]:
    """Confirm a match of the request's line that needs money, and return the match."""
    line_id = UUID(request["lines"][0]["line_id"])
    match = a_match(request_id=UUID(request["request_id"]), line_id=line_id)
    await inbox.receive(an_event(confirmed(match, Money(minor=LACKING, currency="USD")), 1))
    return match


async def shown(api: Client, by: str = NORWAY) -> list[dict[str, Any]]:
    return list((await get(api, UNFUNDED, by))["requirements"])


def a_need(**changes: Any) -> dict[str, Any]:
    return {"year": 2027, "money": usd(70_000_000), "reason": "needs_changed"} | changes


async def revise(client: Client, revision: int, **changes: Any) -> dict[str, Any]:
    return await post(client, PATH, FINANCE, revision=revision, **a_need(**changes))


async def open_and_give_back(api: Client, databases: Mapping[str, Database]) -> None:
    """Open a requirement by a confirmed match, allocate to it, and return the money by a revoked match."""
    inbox = Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)
    match = a_match()
    opening = an_event(confirmed(match, Money(minor=10_000, currency="EUR")), 2)
    assert await inbox.receive(an_event(MatchAccepted(**match, accepted_at=NOON), 1)) is Outcome.APPLIED
    assert [await inbox.receive(opening) for _ in range(2)] == [Outcome.APPLIED, Outcome.REPEATED]

    (requirement,) = (await get(api, f"/v1/requirements?request={match['request_id']}"))["requirements"]
    assert (requirement["usd_minor"], requirement["gap_usd_minor"], requirement["status"]) == (11_500, 11_500, "open")
    assert requirement["money"] == eur(10_000)

    await funded(api, 8_000, "TA-REQUESTS")
    await funded(api, 8_000, "SHERLOC-MNT")
    for fund, minor in (("SHERLOC-MNT", 6_000), ("TA-REQUESTS", 5_000), ("SHERLOC-MNT", 100)):
        made = await post(
            api,
            "/v1/allocations",
            FINANCE,
            fund=fund,
            money=usd(minor),
            requirement_id=requirement["requirement_id"],
        )
        assert (made["request_id"], made["line_id"]) == (str(match["request_id"]), str(match["line_id"]))
    (requirement,) = (await get(api, f"/v1/requirements?request={match['request_id']}"))["requirements"]
    assert (requirement["covered_usd_minor"], requirement["gap_usd_minor"]) == (11_100, 400)
    too_much = await api.post(
        "/v1/allocations",
        json={"fund": "SHERLOC-MNT", "money": usd(401), "requirement_id": requirement["requirement_id"]},
        headers=headers(FINANCE),
    )
    assert (too_much.status_code, too_much.json()["slug"]) == (409, "requirement-exceeded")
    assert too_much.json()["details"] == {"gap_usd_minor": 400}

    await inbox.receive(an_event(MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=NOON), 3))
    (requirement,) = (await get(api, f"/v1/requirements?request={match['request_id']}"))["requirements"]
    assert (requirement["status"], requirement["covered_usd_minor"], requirement["revision"]) == ("cancelled", 0, 2)
    for fund in ("SHERLOC-MNT", "TA-REQUESTS"):
        shown = await get(api, f"/v1/funds/{fund}")
        assert (shown["allocated_usd_minor"], shown["available_usd_minor"]) == (0, 8_000)
    allocations = (await get(api, f"/v1/allocations?request={match['request_id']}"))["allocations"]
    assert [allocation["status"] for allocation in allocations] == ["returned"] * 3
    late = await api.post(
        "/v1/allocations",
        json={"fund": "SHERLOC-MNT", "money": usd(1), "requirement_id": requirement["requirement_id"]},
        headers=headers(FINANCE),
    )
    assert (late.status_code, late.json()["slug"]) == (409, "requirement-cancelled")
