"""The requests service from its routes to its tables."""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from chassis import clock
from chassis.db.database import Database, Tx
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from contracts.matching import MatchBegun, MatchCompleted, MatchConfirmed, MatchRevoked
from contracts.values import Caller, Period
from services.requests.consumers import HANDLERS
from services.requests.request import actions, store
from services.requests.request import reference as reference_numbers
from services.requests.request.values import Circulation, Status
from services.requests.wiring import SERVICE
from tests.builders import NOON, a_caller, a_line, a_request, an_event, headers
from tests.clocks import TODAY
from tests.databases import connected
from tests.requests import builders
from tests.requests.steps import Client, filed

COORDINATOR = "UNODC:coordinator"
REFERENCE = re.compile(rf"TA-{TODAY.year}-[1-9]\d{{4}}-\d{{5}}")


async def move(api: Client, request: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(
        f"/v1/requests/{request['request_id']}/{name}", json=body, headers=headers(by, revision=request["revision"])
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def opened(api: Client, **changes: Any) -> dict[str, Any]:
    request = await filed(api, **changes)
    request = await move(api, request, "register", COORDINATOR)
    return await move(api, request, "open", COORDINATOR, priority="high")


async def test_filed_request_has_location_and_revision(api: Client) -> None:
    answer = await api.post("/v1/requests", json=a_request(), headers=headers())

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/requests/{answer.json()['request_id']}"
    assert answer.headers["ETag"] == '"1"'
    shown = await api.get(answer.headers["Location"], headers=headers())
    assert shown.json() == answer.json()
    assert shown.headers["ETag"].startswith('"1-')


async def test_fact_contains_a_hash_of_the_words_and_not_the_words(
    api: Client, databases: Mapping[str, Database]
) -> None:
    await filed(api, title="Canary-title", need="Canary-need", lines=[a_line(outcome="Canary-outcome")])

    async with databases["requests"].transaction() as tx:
        events = [row["event"] for row in await tx.fetch("SELECT event FROM journal ORDER BY position")]
        pending = await tx.fetchval("SELECT count(*) FROM pending")
    assert [json.loads(event)["type"] for event in events] == [
        "requests.request.submitted.v1", "requests.clock.started.v1", "requests.clock.started.v1",
    ]  # fmt: skip
    assert pending == len(events)
    assert "Canary" not in "".join(events)
    assert len(json.loads(events[0])["data"]["texts_hash"]) == 64


async def test_draft_is_revised_submitted_registered_and_opened(api: Client) -> None:
    draft = await filed(api, submit=False, lines=[])
    assert draft["status"] == "draft"

    body = {k: v for k, v in a_request(title="Second thought").items() if k != "submit"}
    revised = await api.patch(f"/v1/requests/{draft['request_id']}", json=body, headers=headers(revision=1))
    assert revised.status_code == 200, revised.text
    assert (revised.json()["title"], len(revised.json()["lines"])) == ("Second thought", 1)

    request = await move(api, revised.json(), "submit", "KEN:focal_point")
    request = await move(api, request, "register", COORDINATOR)
    assert request["reference"].startswith("TA-")
    request = await move(api, request, "open", COORDINATOR, priority="urgent")
    assert (request["status"], request["priority"], request["revision"]) == ("open", "urgent", 5)

    history = (await api.get(f"/v1/requests/{draft['request_id']}/history", headers=headers())).json()["entries"]
    assert [entry["type"].split(".")[2] for entry in history] == [
        "drafted", "revised", "submitted", "registered", "opened",
    ]  # fmt: skip
    assert [entry["by_role"] for entry in history] == ["focal_point"] * 3 + ["coordinator"] * 2


async def test_request_has_one_reference_from_its_first_submission_on(api: Client) -> None:
    draft = await filed(api, submit=False)
    assert draft["reference"] is None
    request = await move(api, draft, "submit", "KEN:focal_point")
    given = request["reference"]
    assert given.startswith(f"TA-{TODAY.year}-"), "the State is shown it at once"

    for _ in range(2):
        request = await move(api, request, "register", COORDINATOR)
        request = await move(api, request, "return", COORDINATOR, reason=await a_reason("return"))
        request = await move(api, request, "submit", "KEN:focal_point")
        assert request["reference"] == given
    request = await move(api, request, "register", COORDINATOR)

    assert request["reference"] == given


async def test_request_filed_and_submitted_at_once_is_answered_with_its_reference(api: Client) -> None:
    request = await filed(api)

    assert request["reference"].startswith(f"TA-{TODAY.year}-")


@pytest.mark.parametrize("who", ["KEN:focal_point", COORDINATOR])
async def test_request_is_found_by_its_reference_whatever_became_of_it(api: Client, who: str) -> None:
    request, _ = await filed(api), await filed(api, need="Another one")
    await move(api, request, "withdraw", "KEN:focal_point")

    typed = request["reference"].lower()
    found = (await api.get("/v1/requests", params={"reference": typed}, headers=headers(who))).json()
    foreign = (await api.get("/v1/requests", params={"reference": typed}, headers=headers("UGA:focal_point"))).json()

    assert [one["request_id"] for one in found["requests"]] == [request["request_id"]]
    assert foreign["requests"] == []


async def test_reference_numbers_do_not_reveal_the_number_of_requests(api: Client) -> None:
    filed_ = await asyncio.gather(*(filed(api, need=f"Need {number}") for number in range(8)))

    assert all(REFERENCE.fullmatch(one["reference"]) for one in filed_)
    numbers = [int("".join(one["reference"].split("-")[2:])) for one in filed_]
    # Eight of 9,000,000,000 numbers lie within a million of each other once in 10^26 runs.
    assert max(numbers) - min(numbers) > 1_000_000


async def test_number_drawn_twice_files_nothing_until_another_is_drawn(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed = headers() | {"Idempotency-Key": "civ-2027-001"}
    with monkeypatch.context() as drawn:
        drawn.setattr(reference_numbers, "randbelow", lambda _: 7)
        first = await filed(api)
        refused = await api.post("/v1/requests", json=a_request(need="Another one"), headers=keyed)
    again = await api.post("/v1/requests", json=a_request(need="Another one"), headers=keyed)

    assert (500, 201) == (refused.status_code, again.status_code)
    assert first["reference"] == f"TA-{TODAY.year}-10007-00007" != again.json()["reference"]


async def test_comment_is_shown_in_the_history(api: Client) -> None:
    request = await filed(api)
    returned = await move(
        api, request, "return", COORDINATOR, reason=await a_reason("return"), comment="Please name the institution."
    )

    history = (await api.get(f"/v1/requests/{returned['request_id']}/history", headers=headers())).json()["entries"]
    assert history[-1]["comment"] == "Please name the institution."


async def a_reason(of: str) -> str:
    from contracts import reference

    return next(iter(reference.reasons(of)))


async def test_change_without_revision_is_rejected(api: Client) -> None:
    request = await filed(api)
    path = f"/v1/requests/{request['request_id']}/withdraw"

    missing = await api.post(path, json={}, headers=headers())
    stale = await api.post(path, json={}, headers=headers(revision=7))
    odd = await api.post(path, json={}, headers=headers() | {"If-Match": "*"})

    assert (missing.status_code, missing.json()["slug"]) == (428, "if-match-missing")
    assert (stale.status_code, stale.json()["slug"]) == (412, "revision-stale")
    assert stale.json()["details"] == {"current": 1, "expected": 7}
    assert (odd.status_code, odd.json()["slug"]) == (400, "if-match-invalid")


@pytest.mark.writes_nothing
@pytest.mark.parametrize(
    ("by", "changes", "status", "slug"),
    [
        ("KEN:official", {}, 403, "not-for-your-role"),
        (COORDINATOR, {}, 403, "not-for-your-role"),
        ("NOR:donor_officer", {}, 403, "not-for-your-role"),
        ("UNODC:focal_point", {}, 403, "not-for-your-role"),
        ("IOM:official", {"submit": False}, 403, "not-for-your-role"),
        ("KEN:focal_point", {"state": "PER"}, 403, "not-your-state"),
        ("KEN:focal_point", {"lines": []}, 400, "request-incomplete"),
        ("KEN:focal_point", {"lines": [a_line(kind="alchemy")]}, 400, "unknown-code"),
        ("KEN:focal_point", {"lines": [a_line(topics=["alchemy"])]}, 400, "unknown-code"),
        ("KEN:focal_point", {"lines": [a_line(window={"from": "2027-06-30", "until": "2027-02-01"})]}, 400, "dates-reversed"),
        ("KEN:focal_point", {"lines": [a_line(kind="witness_protection")], "circulation": "silence"}, 400, "silence-not-for-restricted"),
        ("KEN:focal_point", {"addressee": {"to": "states", "states": ["XXX"]}}, 400, "unknown-code"),
        ("KEN:focal_point", {"titel": "x"}, 400, "unknown-field"),
        ("KEN:focal_point", {"lines": [a_line(group_size="12")]}, 400, "invalid-field"),
        ("KEN:focal_point", {"lines": [a_line(group_size=10**30)]}, 400, "number-out-of-range"),
        ("KEN:focal_point", {"lines": [a_line(gender_marker=3)]}, 400, "number-out-of-range"),
        ("KEN:focal_point", {"lines": [a_line()] * 21}, 400, "invalid-field"),
        ("KEN:focal_point", {"title": "x" * 201}, 400, "invalid-field"),
    ],
)  # fmt: skip
async def test_rejected_request_leaves_no_rows(
    api: Client, databases: Mapping[str, Database], by: str, changes: dict[str, Any], status: int, slug: str
) -> None:
    answer = await api.post("/v1/requests", json=a_request(**changes), headers=headers(by))

    assert (answer.status_code, answer.json()["slug"]) == (status, slug)
    async with databases["requests"].transaction() as tx:
        for table in ("request", "journal", "pending", "command", "request_text"):
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_move_not_allowed_by_the_status_is_a_conflict(api: Client) -> None:
    request = await filed(api)
    answer = await api.post(
        f"/v1/requests/{request['request_id']}/open", json={}, headers=headers(COORDINATOR, revision=1)
    )

    assert (answer.status_code, answer.json()["slug"]) == (409, "request-status")
    assert answer.json()["details"] == {"status": "submitted", "move": "open"}


async def test_forbidden_and_absent_requests_are_answered_identically(api: Client) -> None:
    request = await filed(api)
    for by in ("PER:focal_point", "NOR:provider_officer", "UNODC:finance_officer"):
        theirs = await api.get(f"/v1/requests/{request['request_id']}", headers=headers(by))
        nothing = await api.get(f"/v1/requests/{uuid4()}", headers=headers(by))

        assert theirs.status_code == nothing.status_code == 404
        different = {"correlation_id"}
        assert {k: v for k, v in theirs.json().items() if k not in different} == {
            k: v for k, v in nothing.json().items() if k not in different
        }
        assert theirs.headers.keys() == nothing.headers.keys()


async def test_provider_sees_a_circulating_request_once_it_is_open(api: Client) -> None:
    shown = await opened(api)
    kept = await opened(api, circulation="none")
    submitted = await filed(api)

    listed = (await api.get("/v1/requests", headers=headers("NOR:provider_officer"))).json()["requests"]

    assert [row["request_id"] for row in listed] == [shown["request_id"]]
    for hidden in (kept, submitted):
        answer = await api.get(f"/v1/requests/{hidden['request_id']}", headers=headers("NOR:provider_officer"))
        assert answer.status_code == 404


async def test_withdrawn_consent_hides_the_request_at_once(api: Client) -> None:
    request = await opened(api)
    path = f"/v1/requests/{request['request_id']}"
    assert (await api.get(path, headers=headers("NOR:provider_officer"))).status_code == 200

    answer = await api.delete(f"{path}/consents/{request['request_id']}", headers=headers(revision=request["revision"]))

    assert answer.status_code == 200, answer.text
    assert answer.json()["circulation"] == "objected"
    assert (await api.get(path, headers=headers("NOR:provider_officer"))).status_code == 404


async def test_list_is_paged_to_its_end_without_a_gap(api: Client) -> None:
    ids = [(await filed(api))["request_id"] for _ in range(7)]
    await move(api, await filed(api), "withdraw", "KEN:focal_point")
    seen: list[str] = []
    path = "/v1/requests?limit=3&status=submitted"
    while path:
        answer = await api.get(path, headers=headers())
        page = answer.json()
        seen += [row["request_id"] for row in page["requests"]]
        assert ("next" in answer.links) == (page["cursor"] is not None)
        path = answer.links["next"]["url"] if page["cursor"] else ""
        assert not path or "status=submitted" in path

    assert seen == ids[::-1]


async def test_checked_draft_is_not_stored(api: Client, databases: Mapping[str, Database]) -> None:
    similar = await filed(api)
    body = {k: v for k, v in a_request(lines=[a_line(outcome="training", in_place="")]).items() if k != "submit"}

    answer = await api.post("/v1/requests/check", json=body, headers=headers())

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "missing": [],
        "advice": [{"position": 1, "score": 4, "missing": ["outcome", "in_place"]}],
        "similar": [similar["request_id"]],
        "circulating": [],
    }
    async with databases["requests"].transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM request") == 1


async def test_matches_change_fulfilment_and_status(api: Client, databases: Mapping[str, Database]) -> None:
    request = await opened(api)
    inbox = Inbox(databases["requests"], "requests", ["matching"], HANDLERS)
    match: dict[str, Any] = {
        "match_id": uuid4(),
        "request_id": request["request_id"],
        "line_id": request["lines"][0]["line_id"],
        "offering_id": uuid4(),
        "state": "KEN",
        "provider": "UNODC",
    }
    from uuid import UUID

    match |= {name: UUID(match[name]) for name in ("request_id", "line_id")}
    period = Period(starts=NOON.date(), ends=NOON.date())
    facts = [
        (MatchConfirmed(**match, capacity_period=period, confirmed_at=NOON), "covered", "open"),
        (MatchBegun(**match, begun_at=NOON), "covered", "in_delivery"),
        (MatchRevoked(**match, reason="other", capacity_period=period, revoked_at=NOON), "none", "open"),
        (MatchCompleted(**match | {"match_id": uuid4()}, completed_at=NOON), "complete", "open"),
    ]
    for version, (fact, fulfilment, status) in enumerate(facts, 1):
        event = an_event(fact, version if fact.aggregate_id == match["match_id"] else 1)
        await inbox.receive(event)
        await inbox.receive(event)
        shown = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers())).json()
        assert (shown["lines"][0]["fulfilment"], shown["status"]) == (fulfilment, status)


async def test_tables_are_rebuilt_from_the_journal(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    await test_matches_change_fulfilment_and_status(api, databases)
    request = await opened(api, circulation="silence")
    await move(api, request, "hold", "KEN:focal_point", reason=await a_reason("hold"))
    draft = await filed(api, submit=False)
    body = {k: v for k, v in a_request().items() if k != "submit"}
    await api.patch(f"/v1/requests/{draft['request_id']}", json=body, headers=headers(revision=1))
    async with connected(database_url, "requests", owner=True) as owner:
        assert await verify(owner, SERVICE) == []
        async with owner.transaction() as tx:
            await tx.execute("UPDATE request SET priority = 'low' WHERE priority = 'high'")
        assert await verify(owner, SERVICE) == ["request: 2 rows are not in the journal, 2 are only there"]


async def test_unanswered_request_is_reminded_twice_and_lapses(api: Client, databases: Mapping[str, Database]) -> None:
    request = await filed(api)
    request = await move(api, request, "return", COORDINATOR, reason=await a_reason("return"))
    now = clock.now()
    seen = []
    for days in (19, 21, 22, 41, 61, 62):
        async with databases["requests"].transaction() as tx:
            await actions.remind_or_lapse(tx, now + timedelta(days=days))
        shown = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers())).json()
        seen.append((shown["status"], shown["revision"]))

    assert seen == [
        ("returned", 2), ("returned", 3), ("returned", 3), ("returned", 4), ("lapsed", 5), ("lapsed", 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "by", "move_name", "body"),
    [
        (Status.IN_DELIVERY, "KEN:focal_point", "reopen", {"reason": "other"}),
        (Status.CLOSED, COORDINATOR, "reopen", {"reason": "other"}),
        (Status.IN_DELIVERY, COORDINATOR, "deliver", {"suffices": True}),
        (Status.SUBMITTED, "KEN:focal_point", "register", {}),
        (Status.SUBMITTED, "KEN:official", "withdraw", {}),
    ],
)
async def test_move_is_allowed_for_its_roles_only(
    api: Client, databases: Mapping[str, Database], status: Status, by: str, move_name: str, body: dict[str, Any]
) -> None:
    request = builders.a_request(status)
    async with databases["requests"].transaction() as tx:
        await store.save(tx, request)

    answer = await api.post(
        f"/v1/requests/{request.request_id}/{move_name}", json=body, headers=headers(by, revision=request.revision)
    )

    assert (answer.status_code, answer.json()["slug"]) == (403, "not-for-your-role")


async def test_schema_rejects_what_the_domain_rejects(databases: Mapping[str, Database]) -> None:
    request = builders.a_request()
    for broken in (
        {"circulation": Circulation.WINDOW_RUNNING, "window_ends_at": NOON, "restricted": True},
        {"status": Status.CLOSED},
        {"held_from": Status.OPEN},
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with databases["requests"].transaction() as tx:
                await store.save(tx, replace(request, **broken))


async def test_locking_read_applies_visibility(api: Client, databases: Mapping[str, Database]) -> None:
    request = await filed(api)

    async def read(tx: Tx, caller: Caller) -> str:
        from uuid import UUID

        return (await store.get(tx, UUID(request["request_id"]), caller, lock=True)).state

    async with databases["requests"].transaction() as tx:
        assert await read(tx, a_caller("KEN:focal_point")) == "KEN"
        with pytest.raises(Exception, match="not-found"):
            await read(tx, a_caller("PER:focal_point"))
