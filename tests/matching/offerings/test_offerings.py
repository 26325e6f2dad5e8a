"""Offerings from their routes to their tables."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from chassis.db.database import Database
from chassis.texts import hash_texts
from contracts.matching import Capacity
from contracts.refusals import Missing
from contracts.values import Role
from services.matching import policy
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import OfferingStatus, ShownStatus
from services.matching.wiring import lapse_offerings
from tests.builders import AHEAD, NOON, a_caller, headers
from tests.matching.builders import AUTUMN, SPRING, an_offering, an_offering_body, terms
from tests.matching.offerings.steps import COORDINATOR, NORWAY, Client, approved, move, offered


async def test_created_offering_has_location_and_revision(api: Client) -> None:
    answer = await api.post("/v1/offerings", json=an_offering_body(), headers=headers(NORWAY))

    assert 201 == answer.status_code
    body = an_offering_body()
    view = answer.json()
    assert {key: view[key] for key in body if key not in {"submit", "capacity"}} == {
        key: body[key] for key in body if key not in {"submit", "capacity"}
    }
    assert [period | {"taken": 0} for period in body["capacity"]] == view["capacity"]
    assert ("submitted", "NOR", 1) == (view["status"], view["provider"], view["revision"])
    assert [3] == [len(view["missing_curriculum"])]
    shown = await api.get(answer.headers["Location"], headers=headers(NORWAY))
    assert view == shown.json()
    assert '"1"' == answer.headers["ETag"]
    assert shown.headers["ETag"].startswith('"1-')


async def test_fact_has_the_hash_of_the_texts_only(api: Client, databases: Mapping[str, Database]) -> None:
    await offered(api, title="Canary-title", summary="Canary-summary")

    async with databases["matching"].transaction() as tx:
        events = [row["event"] for row in await tx.fetch("SELECT event FROM journal")]
    assert 1 == len(events)
    assert "Canary" not in events[0]


async def test_offering_makes_all_moves(api: Client) -> None:
    offering = await offered(api, submit=False, kinds=[])
    assert "draft" == offering["status"]
    body = {key: value for key, value in an_offering_body(title="Second thought").items() if key != "submit"}
    path = f"/v1/offerings/{offering['offering_id']}"

    offering = (await api.patch(path, json=body, headers=headers(NORWAY, revision=1))).json()
    assert ("Second thought", "draft") == (offering["title"], offering["status"])
    offering = await move(api, offering, "submit", NORWAY)
    offering = await move(api, offering, "return", COORDINATOR, reason="incomplete", comment="Which treaty articles?")
    assert ("returned", "incomplete", "Which treaty articles?") == tuple(
        offering[key] for key in ("status", "reason", "comment")
    )
    offering = await move(api, offering, "submit", NORWAY)
    offering = await move(api, offering, "approve", COORDINATOR)
    offering = await move(api, offering, "suspend", NORWAY)
    offering = await move(api, offering, "resume", NORWAY)
    offering = await move(api, offering, "reconfirm", NORWAY)
    assert "available" == offering["status"]
    assert offering["reconfirmed_at"]
    offering = await move(api, offering, "withdraw", NORWAY)
    assert ("withdrawn", 10) == (offering["status"], offering["revision"])


async def test_revision_after_approval_needs_approval_again(api: Client) -> None:
    offering = await approved(api)
    body = {key: value for key, value in an_offering_body(group_size_max=10).items() if key != "submit"}

    revised = await api.patch(
        f"/v1/offerings/{offering['offering_id']}", json=body, headers=headers(NORWAY, revision=offering["revision"])
    )

    assert 200 == revised.status_code
    assert ("submitted", 10) == (revised.json()["status"], revised.json()["group_size_max"])


async def test_a_merge_patch_keeps_what_it_does_not_name(api: Client) -> None:
    offering = await offered(api, submit=False, eligible={"states": ["KEN"], "excluded_states": ["UGA"]})
    path, given = f"/v1/offerings/{offering['offering_id']}", headers(NORWAY, revision=1)

    body = {"group_size_max": None, "summary": None, "eligible": {"states": None, "regions": ["african"]}}
    revised = (await api.patch(path, json=body, headers=given)).json()

    changed = {name for name in offering if offering[name] != revised[name]}
    assert {"group_size_max", "summary", "eligible", "revision"} == changed
    assert (None, "") == (revised["group_size_max"], revised["summary"])
    assert {"states": [], "regions": ["african"], "excluded_states": ["UGA"]} == {
        name: revised["eligible"][name] for name in ("states", "regions", "excluded_states")
    }
    refused = await api.patch(path, json={"title": None}, headers=headers(NORWAY, revision=2))
    assert (400, "title") == (refused.status_code, refused.json()["details"]["field"])


async def test_repeated_idempotency_key_has_one_effect(api: Client, databases: Mapping[str, Database]) -> None:
    key = str(uuid4())
    answers = [
        await api.post("/v1/offerings", json=an_offering_body(), headers=headers(NORWAY, key=key)) for _ in range(3)
    ]
    offering = answers[0].json()
    moves = [
        await api.post(
            f"/v1/offerings/{offering['offering_id']}/approve",
            json={},
            headers=headers(COORDINATOR, key=key, revision=1),
        )
        for _ in range(2)
    ]

    assert 1 == len({answer.text for answer in answers}) == len({answer.text for answer in moves})
    async with databases["matching"].transaction() as tx:
        assert 2 == await tx.fetchval("SELECT count(*) FROM journal")


async def test_change_without_revision_is_refused(api: Client) -> None:
    offering = await offered(api)
    path = f"/v1/offerings/{offering['offering_id']}"
    body = {key: value for key, value in an_offering_body().items() if key != "submit"}

    missing = await api.post(f"{path}/withdraw", json={}, headers=headers(NORWAY))
    stale = await api.patch(path, json=body, headers=headers(NORWAY, revision=9))

    assert (428, "if-match-missing") == (missing.status_code, missing.json()["slug"])
    assert (412, "revision-stale") == (stale.status_code, stale.json()["slug"])


def units(starts: str, ends: str, count: int = 1) -> dict[str, Any]:
    return {"from": starts, "until": ends, "units": count}


def unfunded(minor: int, currency: str = "USD") -> dict[str, Any]:
    return {"resource_status": "unfunded", "funding_needed": {"minor": minor, "currency": currency}}


JANUARY, FEBRUARY = units(f"{AHEAD}-01-01", f"{AHEAD}-02-01"), units(f"{AHEAD}-02-01", f"{AHEAD}-03-01")
LONG_AGO = {
    "valid": {"from": "2020-01-01", "until": "2021-01-01"},
    "capacity": [units("2020-01-01", "2021-01-01")],
}


@pytest.mark.parametrize(
    ("by", "changes", "status", "slug"),
    [
        ("NOR:donor_officer", {}, 403, "not-for-your-role"),
        (COORDINATOR, {}, 403, "not-for-your-role"),
        (NORWAY, {"kinds": ["alchemy"]}, 400, "unknown-code"),
        (NORWAY, {"eligible": {"states": ["XXX"]}}, 400, "unknown-code"),
        (NORWAY, {"eligible": {"regions": ["atlantis"]}}, 400, "unknown-code"),
        (NORWAY, {"eligible": {"income_groups": ["high"]}}, 400, "unknown-code"),
        (NORWAY, {"eligible": {"special_groups": ["lcd"]}}, 400, "unknown-code"),
        (NORWAY, {"curriculum": ["alchemy"]}, 400, "unknown-code"),
        (NORWAY, {"resource_status": "rich"}, 400, "invalid-field"),
        (NORWAY, {"resource_status": "partly"}, 400, "funding-inconsistent"),
        (NORWAY, {"funding_needed": {"minor": 5, "currency": "USD"}}, 400, "funding-inconsistent"),
        (NORWAY, unfunded(0), 400, "funding-inconsistent"),
        (NORWAY, unfunded(5, "ZZZ"), 400, "unknown-code"),
        (NORWAY, unfunded(10**30), 400, "number-out-of-range"),
        (NORWAY, {"kinds": []}, 400, "offering-incomplete"),
        (NORWAY, {"valid": {"from": f"{AHEAD + 1}-01-01", "until": f"{AHEAD}-01-01"}}, 400, "dates-reversed"),
        (NORWAY, {"capacity": [units(f"{AHEAD}-02-01", f"{AHEAD}-01-01")]}, 400, "dates-reversed"),
        (NORWAY, {"capacity": [JANUARY, FEBRUARY]}, 400, "capacity-overlaps"),
        (NORWAY, {"capacity": [units(f"{AHEAD + 2}-01-01", f"{AHEAD + 2}-02-01")]}, 400, "capacity-outside-validity"),
        (NORWAY, {"capacity": [JANUARY | {"units": 0}]}, 400, "number-out-of-range"),
        (NORWAY, LONG_AGO, 409, "validity-ended"),
        (NORWAY, {"titel": "x"}, 400, "unknown-field"),
        (NORWAY, {"provider": "FRA"}, 400, "unknown-field"),
    ],
)
async def test_invalid_offering_is_refused_without_effect(
    api: Client, databases: Mapping[str, Database], by: str, changes: dict[str, Any], status: int, slug: str
) -> None:
    answer = await api.post("/v1/offerings", json=an_offering_body(**changes), headers=headers(by))

    assert (status, slug) == (answer.status_code, answer.json()["slug"])
    async with databases["matching"].transaction() as tx:
        for table in ("offering", "capacity", "journal", "pending", "command", "offering_text"):
            assert 0 == await tx.fetchval(f"SELECT count(*) FROM {table}"), table


async def test_move_in_the_wrong_status_is_a_conflict(api: Client) -> None:
    offering = await offered(api)

    answer = await api.post(
        f"/v1/offerings/{offering['offering_id']}/resume", json={}, headers=headers(COORDINATOR, revision=1)
    )

    assert (409, "offering-status") == (answer.status_code, answer.json()["slug"])


async def test_others_see_only_available_offerings_and_cannot_move_them(api: Client) -> None:
    hidden, shown = await offered(api), await approved(api)
    for by in ("FRA:provider_officer", "KEN:focal_point", "NOR2:donor_officer"):
        answer = await api.get(f"/v1/offerings/{hidden['offering_id']}", headers=headers(by))
        nothing = await api.get(f"/v1/offerings/{uuid4()}", headers=headers(by))
        assert 404 == answer.status_code == nothing.status_code
        assert answer.json()["slug"] == nothing.json()["slug"]
        listed = (await api.get("/v1/offerings", headers=headers(by))).json()["offerings"]
        assert [shown["offering_id"]] == [one["offering_id"] for one in listed]

    taken = await api.post(
        f"/v1/offerings/{shown['offering_id']}/withdraw",
        json={},
        headers=headers("FRA:provider_officer", revision=shown["revision"]),
    )
    assert (403, "not-your-organization") == (taken.status_code, taken.json()["slug"])


async def test_comments_are_visible_to_provider_and_unodc(api: Client) -> None:
    offering = await move(api, await offered(api), "approve", COORDINATOR, comment="Between us.")
    path = f"/v1/offerings/{offering['offering_id']}"

    assert "Between us." == (await api.get(path, headers=headers(NORWAY))).json()["comment"]
    assert "" == (await api.get(path, headers=headers("KEN:focal_point"))).json()["comment"]


async def test_list_is_filtered_and_paged_without_gaps(api: Client) -> None:
    ids = [(await approved(api))["offering_id"] for _ in range(5)]
    await offered(api, "FRA:provider_officer")
    seen: list[str] = []
    path = "/v1/offerings?provider=NOR&kind=mla_training&status=available&limit=2"
    cursor = ""
    while cursor is not None:
        page = (await api.get(path + cursor, headers=headers(COORDINATOR))).json()
        seen += [one["offering_id"] for one in page["offerings"]]
        cursor = f"&cursor={page['cursor']}" if page["cursor"] else None

    assert ids[::-1] == seen


async def test_list_is_filtered_by_a_language_that_is_spoken_or_interpreted(api: Client) -> None:
    spoken = await offered(api, languages=["fr"], interpretation=[])
    interpreted = await offered(api, languages=["en"], interpretation=["fr"])
    await offered(api, languages=["en"], interpretation=["es"])

    found = (await api.get("/v1/offerings?delivery_language=fr", headers=headers(NORWAY))).json()["offerings"]

    assert [interpreted["offering_id"], spoken["offering_id"]] == [one["offering_id"] for one in found]


async def test_offering_lapses_after_its_validity(api: Client, databases: Mapping[str, Database]) -> None:
    offering = await approved(api)
    async with databases["matching"].transaction() as tx:
        await tx.execute("UPDATE offering SET valid_from = '2020-01-01', valid_until = '2020-12-31'")

    await lapse_offerings(databases["matching"])
    await lapse_offerings(databases["matching"])

    shown = (await api.get(f"/v1/offerings/{offering['offering_id']}", headers=headers(NORWAY))).json()
    assert ("lapsed", offering["revision"] + 1) == (shown["status"], shown["revision"])


# -- rules that are in Python and in SQL ------------------------------------------------------------------------------


async def test_policy_in_sql_equals_policy_in_python(databases: Mapping[str, Database]) -> None:
    db = databases["matching"]
    every = [an_offering(offering_id=uuid4(), status=status, available_since=None) for status in OfferingStatus]
    every = [
        msgspec.structs.replace(one, available_since=NOON) if one.status is OfferingStatus.AVAILABLE else one
        for one in every
    ]
    async with db.transaction() as tx:
        for one in every:
            await offering_store.save(tx, one)
        for organization in ("UNODC", "UNODC-CEB", "NOR"):
            for role in Role:
                caller = a_caller(f"{organization}:{role}")
                for one in every:
                    try:
                        seen = await offering_store.get(tx, one.offering_id, caller)
                    except Missing:
                        seen = None
                    assert (seen is not None) == policy.may_see_offering(caller, one), (caller, one.status)


async def test_shown_status_in_sql_equals_python(databases: Mapping[str, Database]) -> None:
    db = databases["matching"]
    taken: list[dict[date, int]] = [{}, {SPRING.starts: 2}, {AUTUMN.starts: 1}, {SPRING.starts: 2, AUTUMN.starts: 1}]
    async with db.transaction() as tx:
        for status in OfferingStatus:
            for units in taken:
                since = NOON if status is OfferingStatus.AVAILABLE else None
                one = an_offering(offering_id=uuid4(), status=status, available_since=since, taken=units)
                await offering_store.save(tx, one)
                await offering_store.save_capacity(tx, one)
                for starts, count in units.items():
                    await tx.execute(
                        "UPDATE capacity SET taken = $3 WHERE offering_id = $1 AND starts = $2",
                        one.offering_id,
                        starts,
                        count,
                    )
                kept = await offering_store.get_as_service(tx, one.offering_id)
                assert one == kept
                for today in (SPRING.starts, SPRING.ends, AUTUMN.starts, date(AHEAD + 1, 1, 1)):
                    sql = await tx.fetchval(
                        "SELECT shown_status(offering_id, status, $2) FROM offering WHERE offering_id = $1",
                        one.offering_id,
                        today,
                    )
                    assert ShownStatus(sql) == one.shown_status(today)


@pytest.mark.parametrize("taken", [-1, 3])
async def test_schema_checks_capacity_bounds(databases: Mapping[str, Database], taken: int) -> None:
    one = an_offering(terms=terms(capacity=(Capacity(period=SPRING, units=2),)))
    async with databases["matching"].transaction() as tx:
        await offering_store.save(tx, one)
        await offering_store.save_capacity(tx, one)

    with pytest.raises(asyncpg.CheckViolationError):
        async with databases["matching"].transaction() as tx:
            await tx.execute("UPDATE capacity SET taken = $1", taken)


async def test_period_in_use_is_not_removed(api: Client, databases: Mapping[str, Database]) -> None:
    offering = await approved(api)
    async with databases["matching"].transaction() as tx:
        await tx.execute("UPDATE capacity SET taken = 1 WHERE starts = $1", SPRING.starts)
    body = {key: value for key, value in an_offering_body().items() if key != "submit"}
    fewer = body | {"capacity": body["capacity"][1:]}
    path = f"/v1/offerings/{offering['offering_id']}"

    refused = await api.patch(path, json=fewer, headers=headers(NORWAY, revision=2))
    kept = await api.patch(path, json=body, headers=headers(NORWAY, revision=2))

    assert (409, "capacity-in-use") == (refused.status_code, refused.json()["slug"])
    assert [1, 0] == [period["taken"] for period in kept.json()["capacity"]]


def test_texts_are_hashed_with_their_own_salt() -> None:
    texts = offering_store.Texts(title="a", summary="b")

    assert hash_texts(texts) != hash_texts(texts)


async def test_unknown_offering_is_none(databases: Mapping[str, Database]) -> None:
    async with databases["matching"].transaction() as tx:
        assert await offering_store.get_as_service(tx, UUID(int=1), lock=True) is None


async def test_taken_units_of_restricted_kinds_are_hidden(api: Client, databases: Mapping[str, Database]) -> None:
    unit, kenya = "UNODC-CEB:provider_officer", "KEN:focal_point"
    kept, reported = await approved(api, unit, kinds=["witness_protection"]), await approved(api, unit)
    async with databases["matching"].transaction() as tx:
        await tx.execute("UPDATE capacity SET taken = 1")

    for offering, by, taken in ((kept, kenya, None), (kept, NORWAY, None), (kept, unit, 1), (reported, kenya, 1)):
        shown = await api.get(f"/v1/offerings/{offering['offering_id']}", headers=headers(by))
        assert {taken} == {period["taken"] for period in shown.json()["capacity"]}
