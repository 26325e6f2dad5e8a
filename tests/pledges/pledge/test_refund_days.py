"""Refunds and carry-overs do not take effect before their money was received, whatever was received since."""

from typing import Any

from tests.pledges.steps import FINANCE, SECOND, Client, agreed, approve, get, move, pledge_of, post, refused, usd


async def came_in_march_and_may(client: Client, minor: int = 500) -> tuple[dict[str, Any], str]:
    """Make a pledge, half of it received in March and half in May, in a fund with other money from the beginning."""
    other = await agreed(client, 10_000)
    await move(client, other, "receive", money=usd(10_000), received_on="2026-03-06")
    pledge = await agreed(client, 2 * minor)
    pledge = await move(client, pledge, "receive", money=usd(minor), received_on="2026-03-20")
    pledge = await move(client, pledge, "receive", money=usd(minor), received_on="2026-05-20")
    return pledge, f"/v1/pledges/{pledge['pledge_id']}"


async def test_refund_before_receipt_date_is_rejected(api: Client) -> None:
    pledge, path = await came_in_march_and_may(api)
    revision = {"revision": pledge["revision"]}
    early = {"money": usd(501), "reason": "not_used", "refunded_on": "2026-05-19"}
    assert (409, "not-yet-received") == await refused(api, f"{path}/refund", FINANCE, **revision, **early)

    await move(api, pledge, "refund", **early | {"money": usd(500)})


async def test_approved_refund_before_receipt_date_is_rejected(api: Client) -> None:
    pledge, path = await came_in_march_and_may(api)
    body = {"money": usd(400), "reason": "not_used", "refunded_on": "2026-04-01"}
    refund = await move(api, pledge, "refund", **body)
    carried = {"to_fund": "SHERLOC-DEV", "money": usd(200), "carried_over_on": "2026-04-02"}
    await move(api, pledge, "carry-over", **carried)

    path = f"/v1/proposals/{refund['proposal_id']}/approve"
    assert (409, "not-yet-received") == await refused(api, path, SECOND, revision=refund["revision"])


async def test_carry_over_before_receipt_date_is_rejected(api: Client) -> None:
    pledge, path = await came_in_march_and_may(api)
    revision = {"revision": pledge["revision"]}
    early = {"to_fund": "SHERLOC-DEV", "money": usd(501), "carried_over_on": "2026-05-19"}
    assert (409, "not-yet-received") == await refused(api, f"{path}/carry-over", FINANCE, **revision, **early)

    await move(api, pledge, "carry-over", **early | {"money": usd(500)})


async def test_refunded_receipt_cannot_be_reversed(api: Client) -> None:
    pledge, _ = await came_in_march_and_may(api)
    entries = (await get(api, f"/v1/ledger/entries?pledge={pledge['pledge_id']}"))["entries"]
    first = next(one for one in entries if one["effective_on"] == "2026-03-20")
    body = {"money": usd(300), "reason": "not_used", "refunded_on": "2026-04-01"}
    await approve(api, await move(api, pledge, "refund", **body))

    wrong = {"entry_id": first["entry_id"], "reason": "recorded_wrongly"}
    early = {**wrong, "reversed_on": "2026-04-30"}
    assert (409, "receipt-used") == await refused(api, "/v1/ledger/reversals", FINANCE, **early)
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **wrong, reversed_on="2026-05-20"))
    assert "partially_received" == (await pledge_of(api, pledge))["status"]
