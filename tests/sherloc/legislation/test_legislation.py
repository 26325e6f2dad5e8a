"""The register over HTTP: recorded by a State, published by UNODC, verified by both, with every version kept."""

from datetime import datetime, timedelta
from typing import Any

from chassis import clock
from chassis.db.database import Database
from chassis.rebuild import verify
from services.sherloc.wiring import SERVICE
from tests.builders import NOON, headers
from tests.clocks import Ticking
from tests.sherloc.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    LAW,
    OTHERS,
    PAGE,
    UGANDA,
    Client,
    listed,
    move,
    published,
    recorded,
    recording,
    shown,
    slug,
    tried,
)


def in_days(days: int) -> Any:
    """Set the clock of the block forward by a number of days."""
    moment: datetime = NOON + timedelta(days=days)
    return clock.use_clock(Ticking(moment))


async def test_law_is_recorded_by_the_state_and_hidden_from_others(api: Client, db: Database) -> None:
    legislation_id = await recorded(api)

    for by in (KENYA, KENYAS_OFFICIAL, COORDINATOR, AUDITOR):
        found = await shown(api, legislation_id, by)
        assert LAW == {name: found[name] for name in LAW}
    for by in OTHERS:
        assert (404, "not-found") == slug(await api.get(f"/v1/legislation/{legislation_id}", headers=headers(by)))
        answer = await api.get(f"/v1/legislation/{legislation_id}/versions", headers=headers(by))
        assert (404, "not-found") == slug(answer)
        (row,) = await listed(api, by, state="KEN", article="UNTOC:18")
        assert ("not_known", "", 0) == (row["status"], row["title"], row["revision"])
    assert not await verify(db, SERVICE)


async def test_law_is_published_and_then_seen_by_every_appointment(api: Client, db: Database) -> None:
    legislation_id = await recorded(api, KENYAS_OFFICIAL)
    assert ["revise_legislation", "submit_legislation", "confirm_unchanged"] == (
        await shown(api, legislation_id, KENYA)
    )["moves"]
    await move(api, legislation_id, "submit", KENYAS_OFFICIAL)
    await move(api, legislation_id, "review", COORDINATOR, comment="Fictitious: read.")

    view = await move(api, legislation_id, "publish", COORDINATOR, portal_address=PAGE)

    assert ("published", PAGE, LAW["title"]) == (view["status"], view["portal_address"], view["title"])
    for by in OTHERS:
        assert "published" == (await shown(api, legislation_id, by))["status"]
        assert [] == (await shown(api, legislation_id, by))["moves"]
    assert not await verify(db, SERVICE)


async def test_every_version_is_kept_and_others_read_the_published_ones(api: Client, db: Database) -> None:
    legislation_id = await published(api)
    await move(api, legislation_id, "verify", COORDINATOR)
    changed = {name: LAW[name] for name in ("language", "in_force_on", "gazette")}
    await move(api, legislation_id, "revise", KENYA, status="outdated", title="Fictitious: Act of 2027", **changed)
    await move(api, legislation_id, "submit", KENYA)
    await move(api, legislation_id, "review", COORDINATOR)
    await move(api, legislation_id, "publish", COORDINATOR, portal_address=PAGE, comment="Fictitious: new.")

    async def versions(by: str) -> list[dict[str, Any]]:
        answer = await api.get(f"/v1/legislation/{legislation_id}/versions", headers=headers(by))
        return list(answer.json()["versions"])

    assert [(one, LAW["title"] if one < 6 else "Fictitious: Act of 2027") for one in range(9, 0, -1)] == [
        (one["revision"], one["title"]) for one in await versions(KENYA)
    ]
    seen = await versions(UGANDA)
    assert [(9, "published", ""), (5, "verified", ""), (4, "published", "")] == [
        (one["revision"], one["status"], one["comment"]) for one in seen
    ]
    assert ["Fictitious: Act of 2027", LAW["title"], LAW["title"]] == [one["title"] for one in seen]
    assert "Fictitious: new." == (await versions(COORDINATOR))[0]["comment"]
    assert not await verify(db, SERVICE)


async def test_state_verifies_that_nothing_has_changed(api: Client, db: Database) -> None:
    legislation_id = await published(api)
    assert (404, "not-found") == slug(await tried(api, await recorded(api, article="UNTOC:5"), "verify", UGANDA))
    assert (403, "not-your-state") == slug(await tried(api, legislation_id, "confirm-unchanged", UGANDA))
    assert (403, "not-for-your-role") == slug(await tried(api, legislation_id, "confirm-unchanged", COORDINATOR))

    view = await move(api, legislation_id, "confirm-unchanged", KENYAS_OFFICIAL)

    assert ("verified", "official") == (view["status"], view["last_verified_by"])
    none = await recorded(api, article="UNTOC:6", status="none", title="", language=None, in_force_on=None, gazette="",
                          address="")  # fmt: skip
    view = await move(api, none, "confirm-unchanged", KENYA)
    assert ("none", "focal_point") == (view["status"], view["last_verified_by"])
    assert not await verify(db, SERVICE)


async def test_law_is_returned_with_a_reason_and_submitted_again(api: Client) -> None:
    legislation_id = await recorded(api)
    await move(api, legislation_id, "submit", KENYA)
    assert (400, "unknown-code") == slug(await tried(api, legislation_id, "return", COORDINATOR, reason="duplicate"))

    view = await move(api, legislation_id, "return", COORDINATOR, reason="incomplete", comment="Fictitious: page 2.")

    assert ("missing", "incomplete", "Fictitious: page 2.") == (view["status"], view["reason"], view["comment"])
    view = await move(api, legislation_id, "submit", KENYA)
    assert ("submitted", None, "") == (view["status"], view["reason"], view["comment"])


async def test_a_published_law_stays_for_others_marked_outdated_while_another_is_prepared(
    api: Client, db: Database
) -> None:
    legislation_id = await published(api)
    assert (403, "not-for-your-role") == slug(await tried(api, legislation_id, "mark-outdated", KENYA))

    async def read(by: str = UGANDA) -> tuple[str, str]:
        view = await shown(api, legislation_id, by)
        listed = (await api.get("/v1/legislation?state=KEN&status=outdated", headers=headers(by))).json()["legislation"]
        assert [view["legislation_id"]] == [one["legislation_id"] for one in listed]
        return view["status"], view["title"]

    await move(api, legislation_id, "mark-outdated", COORDINATOR)
    assert ("outdated", LAW["title"]) == await read()
    assert (409, "legislation-status") == slug(await tried(api, legislation_id, "verify", COORDINATOR))

    said = {name: LAW[name] for name in LAW if name not in ("state", "article")}
    await move(
        api, legislation_id, "revise", KENYA, **said | {"status": "outdated", "title": "Fictitious: Act of 2027"}
    )
    assert ("outdated", "Fictitious: Act of 2027") == await read(KENYA)
    assert ("outdated", LAW["title"]) == await read()
    await move(api, legislation_id, "submit", KENYA)
    assert ("outdated", LAW["title"]) == await read()
    counted = (await api.get("/v1/legislation/freshness?state=KEN", headers=headers(UGANDA))).json()["states"][0]
    assert {"outdated": 1} == {
        one["status"]: one["articles"] for one in counted["counts"] if one["articles"] and one["status"] != "not_known"
    }
    returned = await move(api, legislation_id, "return", COORDINATOR, reason="incomplete")
    assert ("outdated", "incomplete") == (returned["status"], returned["reason"])
    assert ("outdated", LAW["title"]) == await read()

    await move(api, legislation_id, "revise", KENYA, **said | {"status": "missing"})
    answer = await api.get(f"/v1/legislation/{legislation_id}", headers=headers(UGANDA))
    assert (404, "not-found") == slug(answer)
    assert not await verify(db, SERVICE)


async def test_record_is_refused_for_what_does_not_fit(api: Client) -> None:
    for expected, changes in (
        ((403, "not-your-state"), {"state": "UGA"}),
        ((400, "unknown-code"), {"article": "UNTOC:999"}),
        ((400, "legislation-not-stated"), {"status": "published"}),
        ((400, "legislation-none"), {"status": "none"}),
        ((400, "missing-field"), {"language": None}),
        ((400, "day-to-come"), {"in_force_on": "2037-01-01"}),
    ):
        assert expected == slug(await recording(api, **changes)), changes
    assert (403, "not-for-your-role") == slug(await recording(api, COORDINATOR))
    legislation_id = await recorded(api)
    assert (409, "legislation-recorded") == slug(await recording(api, KENYAS_OFFICIAL))
    given = headers(KENYA, revision=9)
    answer = await api.post(f"/v1/legislation/{legislation_id}/submit", json={}, headers=given)
    assert (412, "revision-stale") == slug(answer)
    without = await recorded(api, article="UNTOC:5", gazette="", address="")
    assert (400, "legislation-source-missing") == slug(await tried(api, without, "submit", KENYA))


async def test_repeated_command_records_once(api: Client) -> None:
    given = headers(KENYA)
    first, second = [await api.post("/v1/legislation", json=LAW, headers=given) for _ in range(2)]

    assert (201, first.json()) == (second.status_code, second.json())


async def test_law_unverified_for_months_is_listed_and_counted(api: Client) -> None:
    fresh, stale = await published(api), await published(api, article="UNTOC:19")
    await move(api, stale, "verify", COORDINATOR)

    with in_days(400):
        await move(api, fresh, "confirm-unchanged", KENYA)
        old = await listed(api, KENYA, older_than_months=12)
        answer = await api.get("/v1/legislation/freshness?state=KEN", headers=headers(UGANDA))

    assert [stale] == [one["legislation_id"] for one in old]
    (kenya,) = answer.json()["states"]
    counts = {one["status"]: one["articles"] for one in kenya["counts"]}
    assert (1, 2, kenya["articles"] - 2) == (kenya["unverified"], counts["verified"], counts["not_known"])
