"""Every measure by two people requires a second one, by the rules and by the schema."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.db.database import Database
from services.pledges.proposals.model import Measure
from tests.builders import a_caller
from tests.pledges.steps import (
    FINANCE,
    LAST_YEAR,
    SECOND,
    Client,
    agreed,
    approve,
    entry_of,
    funded,
    get,
    move,
    pledged,
    post,
    receive,
    refused,
    unchanged,
    usd,
)

Propose = Callable[[Client], Awaitable[dict[str, Any]]]


async def a_write_off(api: Client) -> dict[str, Any]:
    return await move(api, await receive(api, await agreed(api, 1000), usd(400)), "write-off", reason="not_expected")


async def a_refund(api: Client) -> dict[str, Any]:
    return await move(api, await funded(api, 1000), "refund", money=usd(200), reason="not_used")


async def an_earmark_release(api: Client) -> dict[str, Any]:
    return await move(api, await pledged(api, earmarking="tightly_earmarked"), "release-earmark", reason="donor_agreed")


async def a_reversal(api: Client) -> dict[str, Any]:
    await funded(api, 1000)
    body = {"entry_id": (await entry_of(api, "received"))["entry_id"], "reason": "recorded_wrongly"}
    return await post(api, "/v1/ledger/reversals", FINANCE, **body)


async def a_reopening(api: Client) -> dict[str, Any]:
    path = f"/v1/ledger/periods/{LAST_YEAR}"
    await post(api, f"{path}/close", FINANCE)
    return await post(api, f"{path}/reopen", FINANCE, reason="audit_finding")


PROPOSED: dict[Measure, Propose] = {
    Measure.WRITE_OFF: a_write_off,
    Measure.REFUND: a_refund,
    Measure.REVERSAL: a_reversal,
    Measure.REOPENING: a_reopening,
    Measure.EARMARK_RELEASE: an_earmark_release,
}


def test_every_measure_is_tested() -> None:
    assert set(Measure) == set(PROPOSED)


@pytest.mark.parametrize("measure", Measure)
async def test_proposer_cannot_approve_and_another_can(
    api: Client, databases: Mapping[str, Database], measure: Measure
) -> None:
    proposal = await PROPOSED[measure](api)
    assert (measure, "open") == (proposal["measure"], proposal["status"])
    path = f"/v1/proposals/{proposal['proposal_id']}"
    before = await unchanged(databases["pledges"])

    assert (403, "own-proposal") == await refused(api, f"{path}/approve", FINANCE, revision=1)

    assert (proposal, before) == (await get(api, path), await unchanged(databases["pledges"]))
    approved = await approve(api, proposal, SECOND)
    assert ("approved", True) == (approved["status"], approved["decided_by"] != approved["proposed_by"])


@pytest.mark.parametrize("measure", Measure)
async def test_schema_requires_another_approver(
    api: Client, databases: Mapping[str, Database], measure: Measure
) -> None:
    """The statement is that of a service whose code omits the check."""
    db, proposal_id = databases["pledges"], UUID((await PROPOSED[measure](api))["proposal_id"])
    finance, second = a_caller(FINANCE), a_caller(SECOND)

    async def decide_as(decided_by: UUID | None) -> str:
        async with db.transaction(by=finance) as tx:
            return str(
                await tx.execute(
                    """
                    UPDATE proposal SET status = 'approved', decided_by = $2,
                        decided_at = CASE WHEN $2::uuid IS NOT NULL THEN now() END
                    WHERE proposal_id = $1
                    """,
                    proposal_id,
                    decided_by,
                )
            )

    for nobody_else, rule in ((finance.person_id, "(decided_by <> proposed_by)"), (None, "(decided_by IS NULL)")):
        with pytest.raises(asyncpg.CheckViolationError) as no:
            await decide_as(nobody_else)
        async with db.transaction(by=finance) as tx:
            query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1"
            assert rule in await tx.fetchval(query, no.value.constraint_name)
    assert "UPDATE 1" == await decide_as(second.person_id)


async def test_proposed_reversal_shows_the_whole_entry(api: Client) -> None:
    proposal = await a_reversal(api)
    entry = await entry_of(api, "received")

    read = await get(api, f"/v1/proposals/{proposal['proposal_id']}", SECOND)
    listed = await get(api, "/v1/proposals", SECOND)

    assert entry == read["entry"]
    assert [entry] == [one["entry"] for one in listed["proposals"]]
    refund = await a_refund(api)
    assert refund["entry"] is None
