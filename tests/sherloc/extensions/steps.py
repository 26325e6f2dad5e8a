"""Steps of tests of extensions: a proposed extension, its moves, and a pledge that is earmarked to it."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx

from chassis.db.database import Database
from contracts.extensions import ExtensionStatus
from contracts.pledges import PledgePledged, Valuation
from contracts.values import Money
from tests.builders import NOON, headers
from tests.sherloc.steps import COORDINATOR, Client

S = ExtensionStatus
DOLLARS = Money(minor=12_000_000, currency="USD")
SEARCH = {
    "language": "en",
    "title": "Fictitious: search of court decisions",
    "scope": "Fictitious: by article and offence, in six languages.",
    "cost": {"minor": 12_000_000, "currency": "USD"},
    "work_package": "development",
}
NORWAY = "NOR:donor_officer"
VALUATION = Valuation(usd_minor=100, rate="1", rate_source="fictitious", rate_date=date(2026, 11, 1))


async def proposed(api: Client, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/extensions", json=SEARCH | changes, headers=headers(COORDINATOR))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def shown(api: Client, extension_id: str, by: str = COORDINATOR) -> dict[str, Any]:
    return dict((await api.get(f"/v1/extensions/{extension_id}", headers=headers(by))).json())


async def tried(api: Client, extension_id: str, name: str, by: str, **body: Any) -> httpx.Response:
    given = headers(by, revision=(await shown(api, extension_id))["revision"])
    return await api.post(f"/v1/extensions/{extension_id}/{name}", json=body, headers=given)


async def move(api: Client, extension_id: str, name: str, by: str = COORDINATOR, **body: Any) -> dict[str, Any]:
    answer = await tried(api, extension_id, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def pledged(extension_id: UUID | None, pledge_id: UUID, donor: str = "NOR") -> PledgePledged:
    return PledgePledged(
        pledge_id=pledge_id,
        donor=donor,
        fund="SHERLOC-EXT",
        money=DOLLARS,
        valuation=VALUATION,
        earmarking="earmarked",
        effective_on=date(2026, 11, 1),
        texts_hash="hash",
        pledged_at=NOON,
        extension_id=extension_id,
    )


async def donors_notified(db: Database, extension_id: str) -> list[str]:
    """Return the donors named in the last fact about the extension."""
    async with db.transaction() as tx:
        return list(
            await tx.fetchval(
                """
                SELECT ARRAY(SELECT json_array_elements_text(event -> 'data' -> 'donors')) FROM journal
                WHERE aggregate_id = $1 ORDER BY version DESC LIMIT 1
                """,
                UUID(extension_id),
            )
        )
