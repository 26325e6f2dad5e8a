"""A State accepts or declines a presented match by the link of its mail, without signing in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.http.application import application
from chassis.rebuild import verify
from chassis.runtime import verifier
from chassis.settings import Settings
from contracts.answer_links import AnswerLink, Purpose, token_of
from contracts.requests import RequestHeld, RequestWithdrawn
from services.matching.lines import store as line_store
from services.matching.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.conftest import running_of
from tests.databases import connected
from tests.matching.builders import NOON
from tests.matching.matches.steps import confirmed, line_of, nominated, residue, taken_of
from tests.matching.offerings.steps import approved
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import (
    CEB,
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Owner,
    attempt,
    ids,
    matches_of,
    move,
    opened,
    presented,
    shown,
)
from tests.personas import appoint_persona, end_appointment

KEY = b"0123456789abcdef0123456789abcdef"
OFFICIAL, UGANDA = "KEN:official", "UGA:focal_point"
ACCEPT: Mapping[str, str] = {"answer": "accept"}
DECLINE: Mapping[str, str] = {"answer": "decline", "reason": "dates_unsuitable"}
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, reply_key=KEY.decode())


def link(match: Mapping[str, Any], by: str = KENYA, key: bytes = KEY, purpose: Purpose = Purpose.MATCH) -> str:
    """Return the address that the mail of this person leads to; the person holds the appointment `by`."""
    appoint_persona(by)
    said = AnswerLink(purpose=purpose, about=UUID(match["match_id"]), person_id=a_caller(by).person_id)
    return f"/v1/matches/link?token={token_of(key, said)}"


async def answer(api: Client, match: Mapping[str, Any], body: Mapping[str, str] = ACCEPT) -> httpx.Response:
    return await api.post(link(match), json=body)


async def facts_of(db: Database, match: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the facts of a match after its presentation, with who acted."""
    async with db.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT type, event::json->>'actorid' AS actor FROM journal
            WHERE aggregate_id = $1 AND type !~ 'suggested|nominated|presented' ORDER BY version
            """,
            UUID(match["match_id"]),
        )
    return [(row["type"], row["actor"]) for row in rows]


async def test_opening_the_link_shows_the_match_and_changes_nothing(api: Client, owner: Owner, db: Database) -> None:
    match = await presented(api, owner)

    pages = [await api.get(link(match)) for _ in range(2)]

    assert [200, 200] == [page.status_code for page in pages]
    assert pages[0].json() == pages[1].json() == {
        "status": "presented",
        "provider": "NOR",
        "kind": "mla_training",
        "covers": None,
        "persons": 25,
        "residue": 25,
        "presented_at": match["presented_at"],
        "reason": None,
        "opens_says": (await shown(api, match, KENYA))["opens"]["says"],
        "override_says": None,
    }  # fmt: skip
    assert match["revision"] == (await shown(api, match))["revision"]
    assert [] == await facts_of(db, match)


async def test_state_accepts_by_its_link_and_a_repeat_changes_nothing(api: Client, owner: Owner, db: Database) -> None:
    match = await presented(api, owner)

    answers = [await answer(api, match) for _ in range(3)]

    assert [(200, "accepted")] * 3 == [(one.status_code, one.json()["status"]) for one in answers]
    assert answers[0].json() == answers[2].json() == (await api.get(link(match))).json()
    after = await shown(api, match, NORWAY)
    assert ("accepted", match["revision"] + 1) == (after["status"], after["revision"])
    assert [("matching.match.accepted.v1", str(a_caller(KENYA).person_id))] == await facts_of(db, match)


async def test_state_declines_for_a_reason_and_a_repeat_changes_nothing(
    api: Client, owner: Owner, db: Database
) -> None:
    match = await presented(api, owner)

    answers = [await answer(api, match, DECLINE), await answer(api, match, DECLINE | {"reason": "other"})]

    assert [(200, "declined_by_state", "dates_unsuitable")] * 2 == [
        (one.status_code, one.json()["status"], one.json()["reason"]) for one in answers
    ]
    assert [("matching.match.declined-by-state.v1", str(a_caller(KENYA).person_id))] == await facts_of(db, match)
    late = await answer(api, match)
    assert (409, "match-status") == (late.status_code, late.json()["slug"])


async def test_acceptance_can_be_declined_until_the_provider_confirms(api: Client, owner: Owner) -> None:
    first, second = await presented(api, owner), await presented(api, owner)
    for one in (first, second):
        assert 200 == (await answer(api, one)).status_code
    await move(api, await shown(api, second), "confirm", NORWAY)

    declined, late = await answer(api, first, DECLINE), await answer(api, second, DECLINE)

    assert (200, "declined_by_state") == (declined.status_code, declined.json()["status"])
    assert (409, "match-status") == (late.status_code, late.json()["slug"])
    assert "confirmed" == (await shown(api, second))["status"]


async def test_second_agreement_by_link_confirms_and_takes_capacity(
    api: Client, owner: Owner, db: Database, database_url: str
) -> None:
    match = await move(api, await presented(api, owner), "confirm", NORWAY)

    answers = [await answer(api, match) for _ in range(2)]

    assert [(200, "confirmed")] * 2 == [(one.status_code, one.json()["status"]) for one in answers]
    assert 1 == await taken_of(db, UUID(match["offering_id"]))
    assert 0 == await residue(api, match)
    migrator = await Database.connect(database_url, "matching", owner=True)
    assert [] == await verify(migrator, SERVICE)
    await migrator.close()


async def test_link_says_what_was_done_after_the_provider_has_confirmed(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    await answer(api, match)
    await move(api, await shown(api, match), "confirm", NORWAY)

    again = await answer(api, match)

    assert (200, "confirmed") == (again.status_code, again.json()["status"])
    assert again.json() == (await api.get(link(match))).json()


async def test_exhausted_capacity_is_refused_and_nothing_changes(api: Client, owner: Owner, db: Database) -> None:
    await approved(api, capacity=[{"from": "2027-01-01", "until": "2027-12-31", "units": 1}])
    first, second = [
        await move(api, await move(api, (await matches_of(api, one))[0], "present", COORDINATOR), "confirm", NORWAY)
        for one in (await opened(owner), await opened(owner))
    ]
    await answer(api, first)

    refused = await answer(api, second)

    assert (409, "capacity-exhausted") == (refused.status_code, refused.json()["slug"])
    assert second["revision"] == (await shown(api, second))["revision"]
    assert 1 == await taken_of(db, UUID(second["offering_id"]))


async def test_more_persons_than_are_left_are_refused_with_what_is_left(
    api: Client, owner: Owner, db: Database
) -> None:
    course, other = await approved(api, NORWAY, group_size_max=20), await approved(api, CEB, group_size_max=20)
    line_id = line_of(await opened(owner))
    part = await move(api, await nominated(api, line_id, other, covers=20), "present", COORDINATOR, departure="other")
    page = (await api.get(link(part))).json()
    assert (20, 20) == (page["covers"], page["persons"])
    await confirmed(api, await nominated(api, line_id, course, covers=20), NORWAY)

    refused = await answer(api, part)

    assert (409, "covers-more-than-residue") == (refused.status_code, refused.json()["slug"])
    assert {"residue": 5, "match_id": part["match_id"]} == refused.json()["details"]
    after = await shown(api, part)
    assert ("presented", part["revision"]) == (after["status"], after["revision"])
    assert [] == await facts_of(db, part)


async def test_answer_is_refused_as_after_signing_in(api: Client, owner: Owner) -> None:
    await approved(api)
    request = await opened(owner)
    match = await move(api, (await matches_of(api, request))[0], "present", COORDINATOR)
    await owner.publish(RequestHeld(**ids(request), reason="other", held_at=NOON))

    refused = [await attempt(api, match, "accept", KENYA), await answer(api, match)]

    assert [(409, "request-not-open", {"status": "on_hold"})] * 2 == [
        (one.status_code, one.json()["slug"], one.json()["details"]) for one in refused
    ]


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"answer": "decline"}, "missing-field"),
        ({"answer": "decline", "reason": "no_such_reason"}, "unknown-code"),
        ({"answer": "decline", "reason": "capacity_committed"}, "unknown-code"),
        ({"answer": "accept", "reason": "other"}, "unknown-field"),
        ({"answer": "accept", "covers": 5}, "unknown-field"),
        ({"answer": "confirm"}, "invalid-field"),
        ({}, "missing-field"),
    ],
)
async def test_wrong_answer_is_refused(api: Client, owner: Owner, body: dict[str, Any], slug: str) -> None:
    match = await presented(api, owner)

    refused = await answer(api, match, body)

    assert (400, slug) == (refused.status_code, refused.json()["slug"])
    assert match["revision"] == (await shown(api, match))["revision"]


async def refused_alike(api: Client, *wrong: str) -> bool:
    """Return whether each of these links gets the same 404, opened and answered, as one that is no token at all."""
    said = []
    for one in ("/v1/matches/link?token=x", *wrong):
        for got in (await api.get(one), *[await api.post(one, json=body) for body in (ACCEPT, DECLINE)]):
            said.append(
                {name: value for name, value in got.json().items() if name not in ("instance", "correlation_id")}
            )
    assert 404 == said[0]["status"]
    return [said[0]] * len(said) == said


async def test_link_that_is_not_of_a_person_who_may_answer_gets_the_same_404(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    suggested = (await matches_of(api, await opened(owner)))[0]

    assert await refused_alike(
        api,
        link(match, key=b"another"),
        f"{link(match)[:-8]}AAAAAAAA",
        link(match, purpose=Purpose.FOLLOW_UP),
        link(match, purpose=Purpose.LEGISLATION_CHECK),
        link(match, NORWAY),
        link(match, OFFICIAL),
        link(match, UGANDA),
        link(match, COORDINATOR),
        link({"match_id": str(uuid4())}),
        link(suggested),
    )
    assert match["revision"] == (await shown(api, match))["revision"]


async def test_person_who_lost_the_appointment_cannot_answer(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    assert 200 == (await api.get(link(match))).status_code

    end_appointment(KENYA)

    assert await refused_alike(api, link(match))
    assert "presented" == (await shown(api, match))["status"]


@pytest.mark.parametrize("ended", ["withdrawn", "expired", "not_pursued", "declined_by_provider"])
async def test_match_that_has_ended_gets_the_same_404(api: Client, owner: Owner, ended: str) -> None:
    await approved(api)
    request = await opened(owner)
    match = await move(api, (await matches_of(api, request))[0], "present", COORDINATOR)
    if ended == "withdrawn":
        await owner.publish(RequestWithdrawn(**ids(request), withdrawn_at=NOON))
    elif ended == "expired":
        offering = (await api.get(f"/v1/offerings/{match['offering_id']}", headers=headers(NORWAY))).json()
        await move_offering(api, offering, "withdraw", NORWAY)
    elif ended == "not_pursued":
        await move(api, match, "not-pursue", COORDINATOR, reason="other")
    else:
        await move(api, match, "decline", NORWAY, reason="other")

    assert await refused_alike(api, link(match))


async def test_without_a_key_no_link_is_answered(
    client_of: Callable[..., Awaitable[Client]], owner: Owner, settings: Settings, db: Database
) -> None:
    api = await client_of("matching")
    match = await presented(api, owner)
    keyless = replace(settings, reply_key=None)
    running = running_of(keyless, {"matching": db}, "matching")
    app = application(running, verifier(keyless, running[0].callers), settings=keyless)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as other:
        assert 404 == (await other.get(link(match))).status_code


async def test_clicks_at_once_in_two_processes_accept_once(
    api: Client, owner: Owner, settings: Settings, database_url: str, db: Database
) -> None:
    match = await move(api, await presented(api, owner), "confirm", NORWAY)
    async with connected(database_url, "matching", role=role_of("matching")) as of_another:
        running = running_of(settings, {"matching": of_another}, "matching")
        app = application(running, verifier(settings, running[0].callers), settings=settings)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as other:
            answers = await asyncio.gather(*(answer(one, match) for one in (api, other) * 3))

    assert [(200, "confirmed")] * 6 == [(one.status_code, one.json()["status"]) for one in answers]
    assert 1 == await taken_of(db, UUID(match["offering_id"]))
    assert match["revision"] + 1 == (await shown(api, match))["revision"]


async def test_answer_locks_the_line_before_its_matches(
    api: Client, owner: Owner, db: Database, database_url: str
) -> None:
    """All moves have this order, so that an answer and another move of the line never wait for each other."""
    match = await presented(api, owner)
    looking = await asyncpg.connect(database_url)
    try:
        async with db.transaction() as tx:
            await line_store.lock_lines(tx, [UUID(match["line_id"])])
            answering = asyncio.create_task(answer(api, match))
            async with asyncio.timeout(20):
                while not await looking.fetchval(WAITING):
                    await asyncio.sleep(0.02)
            await tx.execute("SELECT FROM match WHERE match_id = $1 FOR UPDATE NOWAIT", UUID(match["match_id"]))
    finally:
        await looking.close()

    assert 200 == (await answering).status_code
