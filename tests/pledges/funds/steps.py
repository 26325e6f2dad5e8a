"""Steps of tests of the budgets of funds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from chassis.journal.inbox import Inbox
from contracts.budgets import Budgeted
from contracts.matching import MatchRevoked
from contracts.values import Money
from services.pledges.allocations.model import requirement_id_of
from tests.builders import NOON, an_event, headers
from tests.pledges.allocations.steps import PERIOD, a_match, confirmed
from tests.pledges.steps import FINANCE, Client, committed, post, receive, usd
from tests.requests.steps import consent, opened

FUND, MATCHING = "TA-REQUESTS", "service:matching"


async def reported(api: Client, *funds: str, currencies: tuple[str, ...] = ()) -> Budgeted:
    asked = {"funds": funds or [FUND], "currencies": currencies}
    answer = await api.post("/internal/budgets", json=asked, headers=headers(MATCHING))
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Budgeted)


async def parts(api: Client, fund: str = FUND) -> tuple[int, dict[UUID, int]]:
    """Return the available money, and the part kept for each line."""
    (one,) = (await reported(api, fund)).funds
    return one.available_usd_minor, {part.line_id: part.usd_minor for part in one.earmarked}


class Need:
    """A confirmed match that needs money, of a request shown to Norway."""

    def __init__(self, api: Client, inbox: Inbox) -> None:
        self.api, self.inbox = api, inbox
        self.requirement_id = ""
        self.match: dict[str, Any] = {}

    async def opened(self, minor: int = 5_000, request: Mapping[str, Any] | None = None) -> "Need":
        request = request or await consent(self.api, await opened(self.api), recipients=["NOR"])
        self.request = request
        line_id = UUID(request["lines"][0]["line_id"])
        self.match = a_match(request_id=UUID(request["request_id"]), line_id=line_id)
        await self.inbox.receive(an_event(confirmed(self.match, Money(minor=minor, currency="USD")), 1))
        self.requirement_id = str(requirement_id_of(self.match["match_id"]))
        return self

    @property
    def line_id(self) -> UUID:
        found: UUID = self.match["line_id"]
        return found

    async def paid_by_norway(self, minor: int, **more: Any) -> dict[str, Any]:
        pledge = await committed(self.api, fund=FUND, money=usd(minor), requirement_id=self.requirement_id, **more)
        return await receive(self.api, pledge, usd(minor))

    async def allocated(self, minor: int) -> dict[str, Any]:
        body = {"fund": FUND, "requirement_id": self.requirement_id, "money": usd(minor)}
        return await post(self.api, "/v1/allocations", FINANCE, **body)

    async def revoked(self) -> None:
        fact = MatchRevoked(**self.match, reason="other", capacity_period=PERIOD, revoked_at=NOON)
        await self.inbox.receive(an_event(fact, 2))
