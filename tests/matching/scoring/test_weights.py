"""Score weights: readable by all, adopted by coordinators, applied to later scores."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import httpx
import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.matching.consumers import handlers
from services.matching.index import memory
from services.matching.index.memory import Memory
from services.matching.scoring import store as scoring_store
from services.matching.scoring.criteria import Experience
from services.matching.scoring.weights import FIRST
from services.matching.wiring import SERVICE, refresh_context, refresh_offerings
from tests.builders import AHEAD, a_caller, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings.steps import approved
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, Owner, delivered, matches_of, move, opened

PATH = "/v1/matches/weights"
OF_FIRST = [{"criterion": name, "of": of} for name, of in FIRST.of.items()]
LOAD_ALONE = [{"criterion": "load", "of": 1000}]


async def adopt(
    api: Client, weights: Any = None, *, revision: int = 0, by: str = COORDINATOR, **changes: Any
) -> httpx.Response:
    body = {"weights": LOAD_ALONE if weights is None else weights, "reason": "calibrated"} | changes
    return await api.post(PATH, json=body, headers=headers(by, revision=revision))


async def test_default_weights_are_readable_by_all(api: Client) -> None:
    for by in (KENYA, NORWAY, "NOR:donor_officer", "UNODC:auditor"):
        answer = await api.get(PATH, headers=headers(by))
        assert (200, '"0') == (answer.status_code, answer.headers["ETag"].partition("-")[0])
        assert {
            "revision": 0, "algorithm": "codes-4:weights-0", "weights": OF_FIRST, "reason": None, "adopted_at": None,
        } == answer.json()  # fmt: skip


async def test_adopted_weights_apply_to_later_scores(api: Client, owner: Owner) -> None:
    await approved(api)
    before = await opened(owner)

    answer = await adopt(api)

    assert (200, 1, '"1"') == (answer.status_code, answer.json()["revision"], answer.headers["ETag"])
    after = await opened(owner)
    (old,), (new,) = await matches_of(api, before), await matches_of(api, after)
    assert "codes-4:weights-0" == old["algorithm"]
    assert ("codes-4:weights-1", 1000, [{"criterion": "load", "points": 1000, "of": 1000}]) == (
        new["algorithm"], new["score"], new["shares"],
    )  # fmt: skip
    of_old = await api.get(f"{PATH}?revision=0", headers=headers(KENYA))
    assert OF_FIRST == of_old.json()["weights"]
    assert LOAD_ALONE == (await api.get(f"{PATH}?revision=1", headers=headers(KENYA))).json()["weights"]
    assert 404 == (await api.get(f"{PATH}?revision=2", headers=headers(KENYA))).status_code


async def test_idle_process_uses_weights_adopted_by_another(
    api: Client, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    db, held = databases["matching"], Memory()
    owner = Owner(db, handlers(held))
    await approved(api)
    await refresh_offerings(db, held)
    await refresh_context(db, held)
    assert 200 == (await adopt(api)).status_code
    (kept,) = await matches_of(api, await opened(owner))
    assert "codes-4:weights-0" == kept["algorithm"], "the weights were read not long ago"

    monkeypatch.setattr(memory, "CONTEXT_SECONDS_MAX", -1)
    (match,) = await matches_of(api, await opened(owner))

    assert "codes-4:weights-1" == match["algorithm"]


async def test_repeated_command_adopts_once(api: Client) -> None:
    once = headers(COORDINATOR, revision=0)
    answers = [
        await api.post(PATH, json={"weights": LOAD_ALONE, "reason": "calibrated"}, headers=once) for _ in range(2)
    ]

    assert [(200, 1), (200, 1)] == [(answer.status_code, answer.json()["revision"]) for answer in answers]


async def test_invalid_weights_are_refused(api: Client) -> None:
    refused = [
        await adopt(api, [{"criterion": "load", "of": 999}]),
        await adopt(api, [{"criterion": "load", "of": 500}] * 2),
        await adopt(api, [{"criterion": "beauty", "of": 1000}]),
        await adopt(api, [{"criterion": "load", "of": 1001}]),
        await adopt(api, []),
        await adopt(api, reason="because"),
        await adopt(api, revision=3),
        await adopt(api, by=NORWAY),
    ]

    assert [
        (400, "weights-not-whole"),
        (400, "weights-criterion-twice"),
        (400, "unknown-code"),
        (400, "number-out-of-range"),
        (400, "invalid-field"),
        (400, "unknown-code"),
        (412, "revision-stale"),
        (403, "not-for-your-role"),
    ] == [(answer.status_code, answer.json()["slug"]) for answer in refused]
    without = await api.post(PATH, json={"weights": LOAD_ALONE, "reason": "calibrated"}, headers=headers(COORDINATOR))
    assert 428 == without.status_code


async def test_one_of_two_concurrent_versions_is_adopted(api: Client) -> None:
    answers = await asyncio.gather(*(adopt(api) for _ in range(4)))

    assert [200, 412, 412, 412] == sorted(answer.status_code for answer in answers)


async def test_only_coordinators_adopt_weights(databases: Mapping[str, Database]) -> None:
    for by in (NORWAY, "UNODC:auditor"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with databases["matching"].transaction(by=a_caller(by)) as tx:
                await tx.execute("INSERT INTO weights VALUES (1, '[]', 'other', now())")


async def test_weights_are_in_the_journal(api: Client, database_url: str) -> None:
    await adopt(api)
    await adopt(api, OF_FIRST, revision=1)
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("SET LOCAL entraide.role = 'owner'")
            assert 2 == await tx.fetchval("SELECT count(*) FROM weights")
            await tx.execute("DELETE FROM weights WHERE version = 1")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()


# -- completed deliveries ---------------------------------------------------------------------------------------------


async def completed(api: Client, owner: Owner, by: str, kind: str = "mla_training") -> None:
    request = await opened(owner, a_submission(a_contract_line(kind=kind)))
    provider = by.partition(":")[0]
    match = next(one for one in await matches_of(api, request) if one["provider"] == provider)
    match = await move(api, match, "present", COORDINATOR, departure="other")
    for name, who in (("accept", KENYA), ("confirm", by)):
        match = await move(api, match, name, who)
    await delivered(owner.db, match, "begun", "completed")


async def test_completed_deliveries_count_and_are_explained(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY)
    await approved(api, CEB, capacity=[{"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-06-30", "units": 9}])
    await completed(api, owner, CEB)

    request = await opened(owner)

    points = {
        match["provider"]: next(one["points"] for one in match["shares"] if one["criterion"] == "experience")
        for match in await matches_of(api, request)
    }
    assert 0 == points["NOR"] < points["UNODC-CEB"]
    match = next(one for one in await matches_of(api, request) if one["provider"] == "UNODC-CEB")
    detail = (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(COORDINATOR))).json()
    said = next(one["says"] for one in detail["explanation"] if one["criterion"] == "experience")
    assert said.startswith(
        "Deliveries of this kind that the provider has completed: at least 1. It has completed deliveries on:"
    )


async def test_restricted_kinds_are_not_counted(api: Client, owner: Owner, databases: Mapping[str, Database]) -> None:
    await approved(api, CEB, kinds=["witness_protection", "mla_training"])
    await completed(api, owner, CEB, "witness_protection")
    await completed(api, owner, CEB)

    async with databases["matching"].transaction() as tx:
        found = await scoring_store.experience(tx, ["UNODC-CEB", "NOR"])

    topics = frozenset(a_contract_line().topics)
    assert {"UNODC-CEB": Experience(deliveries={"mla_training": 1}, topics=topics)} == found
