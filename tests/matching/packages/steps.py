"""Steps of tests about packages: an offering of France, a unit, and a pledge of Norway to a need of Kenya."""

from collections.abc import Mapping
from typing import Any

import httpx

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.journal.outbox import read
from contracts.requests import RequestSubmitted
from services.pledges.consumers import HANDLERS
from tests.builders import headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, Client, Owner, matches_of, opened
from tests.pledges.steps import committed, usd

KENYA, FRANCE, UNIT, DONOR = (
    "KEN:focal_point",
    "FRA:provider_officer",
    "UNODC-CEB:provider_officer",
    "NOR:donor_officer",
)
FUND = "TA-REQUESTS"
LACKING = 1_000_00


class Stage:
    """The records of a test; `match` is suggested, `pledge` is committed."""

    def __init__(self, api: Client, owner: Owner, databases: Mapping[str, Database]) -> None:
        self.api, self.owner, self.databases = api, owner, databases
        self.request = a_submission(a_contract_line())
        self.match: dict[str, Any] = {}
        self.pledge: dict[str, Any] = {}

    async def prepare(self, request: RequestSubmitted | None = None, by: str = FRANCE, **offering: Any) -> "Stage":
        lacks = {"resource_status": "partly", "funding_needed": usd(LACKING)} | offering
        await approved(self.api, by, **lacks)
        await self.open(request or self.request, by)
        self.pledge = self.pledge or await committed(self.api, DONOR, fund=FUND, money=usd(5_000_00))
        return self

    async def open(self, request: RequestSubmitted, by: str = FRANCE) -> None:
        """Open another request, and use its match with this provider."""
        self.request = await opened(self.owner, request)
        found = await matches_of(self.api, self.request)
        [self.match] = [one for one in found if one["provider"] == by.partition(":")[0]]

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "match_id": self.match["match_id"],
            "revision": self.match["revision"],
            "unit": "UNODC-CEB",
            "unit_role": "backstopping",
            "pledge_id": self.pledge["pledge_id"],
            "money": usd(LACKING),
            "comment": "Fictitious sample: as agreed by telephone.",
        } | changes

    async def attempt(self, by: str = COORDINATOR, *, key: str | None = None, **changes: Any) -> httpx.Response:
        headers(UNIT)
        return await self.api.post("/v1/packages", json=self.body(**changes), headers=headers(by, key=key))

    async def presented(self, **changes: Any) -> dict[str, Any]:
        answer = await self.attempt(**changes)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def shown(self, package: Mapping[str, Any], by: str = COORDINATOR) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/packages/{package['package_id']}", headers=headers(by))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def tried(self, package: Mapping[str, Any], name: str, by: str, **body: Any) -> httpx.Response:
        """Try a move of the package in its current revision."""
        revision = (await self.shown(package))["revision"]
        path = f"/v1/packages/{package['package_id']}/{name}"
        return await self.api.post(path, json=body, headers=headers(by, revision=revision))

    async def move(self, package: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
        answer = await self.tried(package, name, by, **body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def of_match(self, name: str, by: str, **body: Any) -> httpx.Response:
        """Try a move of the match in its current revision."""
        path = f"/v1/matches/{self.match['match_id']}"
        revision = (await self.api.get(path, headers=headers(COORDINATOR))).json()["revision"]
        return await self.api.post(f"{path}/{name}", json=body, headers=headers(by, revision=revision))

    async def agree(self, package: Mapping[str, Any], party: str) -> httpx.Response:
        match party:
            case "state":
                return await self.of_match("accept", KENYA)
            case "provider":
                return await self.of_match("confirm", FRANCE)
        return await self.tried(package, "agree", UNIT if party == "unit" else DONOR)

    async def pledges_hear(self) -> None:
        """Deliver the facts of matching to the pledges service, as the broker would."""
        inbox = Inbox(self.databases["pledges"], "pledges", ["matching"], HANDLERS)
        async with self.databases["matching"].transaction() as tx:
            page = await read(tx, after="0.0")
        for event in page.events:
            await inbox.receive(event)

    async def facts(self) -> list[str]:
        """Return the names of the facts of packages, in order."""
        async with self.databases["matching"].transaction() as tx:
            rows = await tx.fetch("SELECT type FROM journal WHERE aggregate = 'package' ORDER BY position")
        return [row["type"].split(".")[2] for row in rows]


def given(record: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(record[name] for name in names)


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["slug"]
