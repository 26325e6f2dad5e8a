"""Tests of effects over HTTP: recorded by either side with evidence, verified by another person, withdrawn."""

from pathlib import Path

from chassis.db.database import Database
from chassis.rebuild import verify
from services.delivery.wiring import SERVICE
from tests.builders import headers
from tests.delivery.effects.steps import LAW, recorded, recording, shown, tried
from tests.delivery.files.steps import added, removed, scanned
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHERS,
    Client,
    Matching,
    begun,
    slug,
)


async def test_effect_is_recorded_and_verified_by_the_other_side(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await begun(api, matching)
    effect_id = await recorded(api, delivery_id)

    for by in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR):
        found = await shown(api, effect_id, by)
        assert LAW == {name: found[name] for name in LAW}
    for by in OTHERS:
        assert (404, "not-found") == slug(await api.get(f"/v1/effects/{effect_id}", headers=headers(by)))
    assert (403, "own-effect") == slug(await tried(api, effect_id, "verify", KENYA))
    assert (403, "not-for-your-role") == slug(await tried(api, effect_id, "verify", KENYAS_OFFICIAL))
    assert ["verify_effect", "decline_effect"] == (await shown(api, effect_id, NORWAY))["moves"]
    verified = (await tried(api, effect_id, "verify", NORWAY, comment="Fictitious: read.")).json()
    assert ("verified", "Fictitious: read.") == (verified["status"], verified["comment"])
    assert (409, "effect-status") == slug(await tried(api, effect_id, "decline", COORDINATOR, reason="other"))
    given = headers(NORWAY, revision=1)
    assert 412 == (await api.post(f"/v1/effects/{effect_id}/verify", json={}, headers=given)).status_code
    assert not await verify(db, SERVICE)


async def test_effect_of_a_coordinator_is_declined_with_a_reason(api: Client, matching: Matching) -> None:
    effect_id = await recorded(api, await begun(api, matching), COORDINATOR)
    assert (403, "own-effect") == slug(await tried(api, effect_id, "verify", COORDINATOR))
    assert (400, "unknown-code") == slug(await tried(api, effect_id, "decline", KENYA, reason="incomplete"))

    declined = (await tried(api, effect_id, "decline", KENYA, reason="evidence_insufficient")).json()

    assert ("declined", "evidence_insufficient", []) == (declined["status"], declined["reason"], declined["moves"])


async def test_withdrawn_effect_says_nothing_any_more(api: Client, matching: Matching, db: Database) -> None:
    effect_id = await recorded(api, await begun(api, matching), NORWAY)
    assert (403, "not-for-your-role") == slug(await tried(api, effect_id, "withdraw", KENYA))

    assert 200 == (await tried(api, effect_id, "withdraw", NORWAY)).status_code

    found = await shown(api, effect_id)
    assert ("withdrawn", "", "", "") == tuple(found[name] for name in ("status", "title", "gazette", "address"))
    assert not await verify(db, SERVICE)


async def test_effect_is_refused_for_what_does_not_fit(api: Client, matching: Matching) -> None:
    assert (409, "delivery-status") == slug(await recording(api, await matching.confirms()))
    delivery_id = await begun(api, matching)
    for expected, changes in (
        ("missing-field", {"gazette": None}),
        ("unknown-code", {"articles": ["UNTOC:999"]}),
        ("effect-evidence-missing", {"address": None}),
        ("effect-evidence-unsuitable", {"file_id": delivery_id}),
        ("day-to-come", {"happened_on": "2027-12-31"}),
    ):
        assert (400, expected) == slug(await recording(api, delivery_id, **changes)), expected
    assert (403, "not-for-your-role") == slug(await recording(api, delivery_id, KENYAS_OFFICIAL))
    assert (404, "not-found") == slug(await recording(api, delivery_id, "UGA:focal_point"))


async def test_file_that_shows_an_effect_is_not_removed(
    api: Client, db: Database, folder: Path, matching: Matching
) -> None:
    delivery_id = await begun(api, matching)
    file = await added(api, delivery_id, KENYA, purpose="material")
    await scanned(db, folder)
    file |= {"revision": 2}
    effect_id = await recorded(api, delivery_id, file_id=file["file_id"], address=None)

    assert (409, "evidence-of-an-effect") == slug(await removed(api, file, KENYA))
    await tried(api, effect_id, "withdraw", KENYA)
    assert (await removed(api, file, KENYA)).is_success


async def test_effects_are_listed_by_request_and_status(api: Client, matching: Matching) -> None:
    delivery_id = await begun(api, matching)
    first, second = await recorded(api, delivery_id), await recorded(api, delivery_id, change="other")
    other = await recorded(api, await begun(api, matching), NORWAY)
    await tried(api, first, "verify", NORWAY)
    request_id = (await shown(api, first))["request_id"]

    async def listed(by: str, **query: str) -> list[str]:
        page = await api.get("/v1/effects", params=query, headers=headers(by))
        return [one["effect_id"] for one in page.json()["effects"]]

    for by in (KENYA, NORWAY, AUDITOR):
        assert [other, second, first] == await listed(by)
    assert [second, first] == await listed(COORDINATOR, request=request_id)
    assert [first] == await listed(NORWAY, delivery=delivery_id, status="verified")
    assert [second] == await listed(COORDINATOR, change="other")
    assert [] == await listed("FRA:provider_officer")
