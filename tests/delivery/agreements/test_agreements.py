"""Tests of agreements over HTTP: proposals in turn, signatures, amendments, and concurrent edits."""

import asyncio

from chassis.db.database import Database
from chassis.rebuild import verify
from services.delivery.wiring import SERVICE
from tests.builders import AHEAD, a_caller, headers
from tests.delivery.agreements.steps import act, agreed, propose, read
from tests.delivery.files.steps import added, removed
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHERS,
    Client,
    Matching,
    a_version,
    move,
    shown,
    slug,
)


async def test_delivery_begins_once_both_signed(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    assert (404, "not-found") == slug(await read(api, delivery_id))

    first = await propose(api, delivery_id, NORWAY)

    assert (201, "proposed", "state") == (first.status_code, first.json()["status"], first.json()["turn"])
    assert ["drop_amendment" not in (await read(api, delivery_id, KENYA)).json()["moves"]] == [True]
    assert ["propose", "sign"] == (await read(api, delivery_id, KENYA)).json()["moves"]
    assert [] == (await read(api, delivery_id, NORWAY)).json()["moves"]
    assert (409, "not-your-turn") == slug(await act(api, delivery_id, "sign", NORWAY))
    answered = await propose(api, delivery_id, KENYA, women=12, place="Mombasa")
    assert ["women", "place"] == answered.json()["versions"][0]["changed"]
    assert 200 == (await act(api, delivery_id, "sign", NORWAY)).status_code
    assert (await shown(api, delivery_id))["agreed_at"] is None
    signed = (await act(api, delivery_id, "sign", KENYA, signed_on="2026-11-01")).json()
    assert ("in_force", 2, None) == (signed["status"], signed["in_force"], signed["turn"])
    assert "2026-11-01" == signed["versions"][0]["state_signed_on"]
    found = await shown(api, delivery_id, NORWAY)
    assert signed["agreement_id"] == found["agreement_id"]
    assert "in_delivery" == (await move(api, delivery_id, "begin", NORWAY))["status"]


async def test_agreement_is_amended_while_it_is_delivered(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    await agreed(api, delivery_id)
    await move(api, delivery_id, "begin", NORWAY)

    amendment = (await propose(api, delivery_id, KENYA, participants=30)).json()

    assert ("amending", 1, 2, "provider") == (
        amendment["status"], amendment["in_force"], amendment["version"], amendment["turn"],
    )  # fmt: skip
    dropped = (await act(api, delivery_id, "drop-amendment", NORWAY)).json()
    assert ("in_force", 1) == (dropped["status"], dropped["in_force"])
    assert dropped["versions"][0]["dropped_at"] is not None
    await propose(api, delivery_id, NORWAY, participants=28)
    await act(api, delivery_id, "sign", KENYA)
    assert 3 == (await act(api, delivery_id, "sign", NORWAY)).json()["in_force"]


async def test_two_editors_at_once_lose_no_text(api: Client, matching: Matching) -> None:
    """One of them is refused with 412 and can send its text again; the other one's version is stored completely."""
    delivery_id = await matching.confirms()
    await propose(api, delivery_id, NORWAY)
    revision = (await read(api, delivery_id)).json()["revision"]
    path = f"/v1/deliveries/{delivery_id}/agreement/propose"

    answers = await asyncio.gather(
        *(
            api.post(path, json=a_version(scope=text), headers=headers(KENYA, revision=revision))
            for text in ("Fictitious: one", "Fictitious: another")
        )
    )

    assert [200, 412] == sorted(one.status_code for one in answers)
    won = next(one for one in answers if one.status_code == 200).json()
    versions = (await read(api, delivery_id)).json()["versions"]
    assert [won["versions"][0]["texts"]["scope"], a_version()["scope"]] == [one["texts"]["scope"] for one in versions]


async def test_bad_versions_are_refused_with_their_reason(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    for changes, expected in (
        ({"period": {"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-03-05"}}, (400, "outside-delivery")),
        ({"women": 26}, (400, "more-women-than-participants")),
        ({"modality": "by_mail"}, (400, "unknown-code")),
    ):
        assert expected == slug(await propose(api, delivery_id, KENYA, **changes))
    assert (403, "not-for-your-role") == slug(await propose(api, delivery_id, COORDINATOR))
    assert 201 == (await propose(api, delivery_id, KENYA)).status_code
    again = await api.post(f"/v1/deliveries/{delivery_id}/agreement", json=a_version(), headers=headers(NORWAY))
    assert (409, "agreement-exists") == slug(again)


async def test_agreement_is_kept_by_both_sides_and_hidden_from_others(
    api: Client, matching: Matching, db: Database
) -> None:
    delivery_id = await matching.confirms()
    await agreed(api, delivery_id)
    await move(api, delivery_id, "terminate", KENYA, reason="other")

    for by in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR):
        found = (await read(api, delivery_id, by)).json()
        assert ("terminated", []) == (found["status"], found["moves"])
    for by in OTHERS:
        assert (404, "not-found") == slug(await read(api, delivery_id, by))
        for table in ("agreement", "agreement_version", "agreement_text"):
            async with db.transaction(by=a_caller(by)) as tx:
                assert 0 == await tx.fetchval(f"SELECT count(*) FROM {table}")
    assert (409, "delivery-status") == slug(await propose(api, delivery_id, KENYA))


async def test_tables_are_rebuilt_from_the_journal(api: Client, matching: Matching, database_url: str) -> None:
    first, second = await matching.confirms(), await matching.confirms()
    await agreed(api, first)
    await move(api, first, "begin", KENYA)
    await propose(api, first, KENYA, women=3)
    await act(api, first, "drop-amendment", KENYA)
    await propose(api, second, KENYA)
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE agreement_version SET provider_signed_on = NULL")
            await tx.execute("UPDATE agreement SET in_force_since = now() WHERE in_force IS NOT NULL")
        assert 2 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()


async def test_signature_is_the_scan_that_the_side_added(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    assert 201 == (await propose(api, delivery_id, NORWAY)).status_code
    scan = await added(api, delivery_id, purpose="agreement", name="Signed.pdf")
    for by, purpose in ((KENYA, "material"), (NORWAY, "agreement")):
        other = await added(api, delivery_id, by, purpose=purpose)
        assert (400, "scan-unsuitable") == slug(await act(api, delivery_id, "sign", KENYA, file_id=other["file_id"]))
    assert 200 == (await removed(api, scan | {"file_id": (await added(api, delivery_id))["file_id"]})).status_code

    assert 200 == (await act(api, delivery_id, "sign", KENYA, file_id=scan["file_id"])).status_code

    assert (409, "scan-of-an-agreement") == slug(await removed(api, scan))
