"""Tests of sessions over HTTP: planned, rescheduled, cancelled, held, with participants, before completion."""

from datetime import timedelta
from uuid import UUID

import msgspec

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.sessions import BySex, ParticipantsBySex, SessionHeld
from services.delivery.wiring import SERVICE
from tests.builders import AHEAD, a_caller, headers
from tests.delivery.sessions.steps import (
    MARCH,
    TERMS,
    counts,
    expert,
    held,
    listed,
    move,
    of,
    planned,
    planning,
    shown,
    tried,
)
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHER_SERVICE,
    OTHERS,
    Client,
    Matching,
    begun,
    completed,
    on,
    slug,
)
from tests.delivery.steps import move as move_delivery
from tests.delivery.steps import shown as delivery_shown
from tests.delivery.steps import tried as tried_delivery

UGANDA = "UGA:focal_point"
APRIL = {"from": f"{AHEAD}-04-01", "until": f"{AHEAD}-04-02"}


async def test_a_session_is_planned_by_either_side_and_read_by_both(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()

    first = await planned(api, delivery_id)
    await planned(api, delivery_id, KENYA, period=APRIL)

    for by in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR):
        found = await shown(api, first["session_id"], by)
        assert (TERMS["place"], [delivery_id], 1) == (found["place"], found["deliveries"], found["serves"])
        page = await listed(api, delivery_id, by)
        assert [str(MARCH.starts), APRIL["from"]] == [one["period"]["from"] for one in page["sessions"]]
        assert (40, 20) == (page["people"], page["women"])
    for by in OTHERS:
        answer = await api.get(f"/v1/sessions/{first['session_id']}", headers=headers(by))
        assert (404, "not-found") == slug(answer)
    assert (403, "not-for-your-role") == slug(await planning(api, delivery_id, COORDINATOR))
    assert (404, "not-found") == slug(await planning(api, delivery_id, UGANDA))


async def test_a_session_is_refused_for_what_does_not_fit(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    for expected, changes in (
        ("session-outside-period", {"period": {"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-01-02"}}),
        ("unknown-code", {"modality": "by_post"}),
        ("women-of-people", {"women": 21}),
        ("session-deliveries", {"deliveries": [await matching.confirms()]}),
    ):
        assert (400, expected) == slug(await planning(api, delivery_id, **changes))


async def test_a_session_is_revised_rescheduled_and_cancelled(api: Client, matching: Matching) -> None:
    session_id = (await planned(api, await matching.confirms()))["session_id"]

    revised = await move(
        api, session_id, "", KENYA, **TERMS | {"place": "https://meet.example/1", "modality": "remote"}
    )
    assert ("remote", "https://meet.example/1") == (revised["modality"], revised["place"])
    moved = await move(api, session_id, "reschedule", KENYA, period=APRIL, comment="Fictitious: elections.")
    assert (APRIL, "Fictitious: elections.") == (moved["period"], moved["comment"])
    assert (400, "unknown-code") == slug(await tried(api, session_id, "cancel", reason="incomplete"))
    ended = await move(api, session_id, "cancel", reason="dates_unsuitable")

    assert ("cancelled", "dates_unsuitable", "", []) == (
        ended["status"],
        ended["reason"],
        ended["comment"],
        ended["moves"],
    )
    assert (409, "session-status") == slug(await tried(api, session_id, "reschedule", period=APRIL))


async def test_delivery_is_completed_after_its_sessions(api: Client, matching: Matching) -> None:
    delivery_id = await begun(api, matching)
    session_id, other = [(await planned(api, delivery_id))["session_id"] for _ in range(2)]
    await move(api, other, "cancel", reason="other")
    with on(MARCH.ends - timedelta(days=1)):
        last = str(MARCH.ends)
        later = (await api.get(f"/v1/deliveries/{delivery_id}", headers=headers(NORWAY))).json()["later"]
        assert [{"move": "propose_completion", "slug": "delivery-not-due", "from": last}] == later
        later = (await api.get(f"/v1/sessions/{session_id}", headers=headers(NORWAY))).json()["later"]
        assert [{"move": "hold", "slug": "session-not-over", "from": last}] == later
        assert (409, "delivery-not-due") == slug(await tried_delivery(api, delivery_id, "propose-completion", NORWAY))
        assert (409, "session-not-over") == slug(await tried(api, session_id, "hold"))
    with on(MARCH.ends):
        assert (409, "session-unrecorded") == slug(await tried_delivery(api, delivery_id, "propose-completion", NORWAY))
        await move(api, session_id, "hold")
        assert "completed" == (await completed(api, delivery_id))["status"]

    assert (409, "delivery-status") == slug(await planning(api, delivery_id))
    reported = await move(api, session_id, "participants", participants=of(delivery_id, counts(9, 8)))
    assert 17 == reported["participants"][0]["participants"]["people"]


async def test_termination_cancels_what_was_planned(api: Client, matching: Matching) -> None:
    delivery_id = await begun(api, matching)
    done, session_id = await held(api, delivery_id, 9, 9), (await planned(api, delivery_id))["session_id"]

    await move_delivery(api, delivery_id, "terminate", KENYA, reason="other")

    ended = await shown(api, session_id)
    assert ("cancelled", "delivery_ended") == (ended["status"], ended["reason"])
    assert "held" == (await shown(api, done))["status"]


async def test_revoked_match_cancels_what_was_planned(api: Client, matching: Matching) -> None:
    session_id = (await planned(api, delivery_id := await matching.confirms()))["session_id"]

    await matching.revokes(await delivery_shown(api, delivery_id))

    assert "delivery_ended" == (await shown(api, session_id))["reason"]


# -- participants -----------------------------------------------------------------------------------------------------


async def test_small_counts_are_for_the_sides_and_coordinators(api: Client, matching: Matching) -> None:
    delivery_id = await begun(api, matching)
    session_id = await held(api, delivery_id, 3, 17)

    def women(found: dict[str, list[dict[str, object]]]) -> tuple[object, object]:
        return found["by_sex"][0]["people"], found["by_sex"][0]["suppressed"]

    for by in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR):
        (found,) = (await shown(api, session_id, by))["participants"]
        assert ((3, False), 2) == (women(found["participants"]), len(found["participants"]["counts"])), by
        assert (3, False) == women((await listed(api, delivery_id, by))["participants"])
    for by in (AUDITOR, OTHER_SERVICE):
        (found,) = (await shown(api, session_id, by))["participants"]
        assert ((None, True), 20, []) == (
            women(found["participants"]),
            found["participants"]["people"],
            found["participants"]["counts"],
        )
        assert (None, True) == women((await listed(api, delivery_id, by))["participants"])


async def test_participants_are_counted_again(api: Client, matching: Matching) -> None:
    delivery_id = await begun(api, matching)
    session_id = await held(api, delivery_id, 3, 17)

    (found,) = (
        await move(
            api,
            session_id,
            "participants",
            KENYA,
            participants=of(delivery_id, [*counts(4, 0), *counts(2, 6, "prosecutor"), *counts(1, 0)]),
        )
    )["participants"]

    assert [5, 8] == [one["people"] for one in found["participants"]["by_function"] if one["people"]]
    unknown = of(delivery_id, counts(4, 0, "astronaut"))
    assert (400, "unknown-code") == slug(await tried(api, session_id, "participants", participants=unknown))
    twice = [*of(delivery_id, counts(1, 1)), *of(delivery_id, counts(1, 1))]
    assert (400, "participants-delivery") == slug(await tried(api, session_id, "participants", participants=twice))


async def test_states_of_a_joint_session_do_not_see_each_other(api: Client, matching: Matching) -> None:
    joint = "01890a5d-ac96-774b-bcce-b302099a8057"
    kenyas, ugandas = [await begun(api, matching, state=one, joint_delivery_id=joint) for one in ("KEN", "UGA")]
    assert (400, "session-deliveries") == slug(await planning(api, kenyas, KENYA, deliveries=[ugandas]))
    session_id = (await planned(api, kenyas, deliveries=[ugandas]))["session_id"]
    assert (403, "session-of-several") == slug(await tried(api, session_id, "cancel", UGANDA, reason="other"))

    await move_delivery(api, ugandas, "suspend", UGANDA, reason="other")
    with on(MARCH.ends):
        of_suspended = await tried(api, session_id, "hold", participants=of(ugandas, counts(9, 8)))
        assert (409, "delivery-status") == slug(of_suspended)
        await move(api, session_id, "hold", participants=of(kenyas, counts(9, 8)))
        answer = await tried(api, session_id, "participants", KENYA, participants=of(ugandas, counts(1, 1)))
        assert (400, "participants-delivery") == slug(answer)
        seen = await move(api, session_id, "participants", UGANDA, participants=of(ugandas, counts(5, 5)))

    assert ([ugandas], 2, [ugandas]) == (
        seen["deliveries"],
        seen["serves"],
        [one["delivery_id"] for one in seen["participants"]],
    )
    assert 17 == (await listed(api, kenyas, KENYA))["participants"]["people"]
    assert {kenyas, ugandas} == {one["delivery_id"] for one in (await shown(api, session_id, NORWAY))["participants"]}


# -- rows -------------------------------------------------------------------------------------------------------------


async def test_tables_are_rebuilt_from_the_journal(api: Client, matching: Matching, database_url: str) -> None:
    delivery_id = await begun(api, matching)
    await held(api, delivery_id, 3, 17)
    await move(api, (await planned(api, delivery_id))["session_id"], "reschedule", period=APRIL)
    await move_delivery(api, delivery_id, "terminate", KENYA, reason="other")
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE session SET women = 1")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()


async def test_rows_are_those_that_the_policy_shows(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await begun(api, matching)
    await held(api, delivery_id, 3, 17)

    async def rows(table: str, who: str) -> int:
        async with db.transaction(by=a_caller(who)) as tx:
            return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))

    for who in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR, OTHER_SERVICE, *OTHERS):
        seen = who not in OTHERS
        assert int(seen) == await rows("session", who) == await rows("session_text", who)
        assert int(seen and who not in {AUDITOR, OTHER_SERVICE}) == await rows("participant_count", who), who


async def test_facts_have_participants_and_trainers_by_sex_alone(api: Client, matching: Matching, db: Database) -> None:
    delivery_id, trainers = await begun(api, matching), [await expert(api, sex="women"), await expert(api)]
    session_id = (await planned(api, delivery_id, trainers=trainers))["session_id"]
    counted = [*counts(300, 888), *counts(477, 0, "prosecutor")]
    with on(MARCH.ends):
        await move(api, session_id, "hold", participants=of(delivery_id, counted))

    # Numbers are compared as values, because ids can contain the same digits.
    anywhere = "event::jsonb @? '$.** ? (@ == 300 || @ == 477)' OR event::text LIKE '%Nairobi%'"
    async with db.transaction() as tx:
        assert not await tx.fetchval(f"SELECT count(*) FROM journal WHERE {anywhere}")
        fact = await tx.fetchval(
            "SELECT event -> 'data' FROM journal WHERE aggregate_id = $1 AND type = 'delivery.session.held.v1'",
            UUID(session_id),
        )
    reported = msgspec.json.decode(fact, type=SessionHeld)
    assert (ParticipantsBySex(delivery_id=UUID(delivery_id), women=777, men=888),) == reported.participants
    assert BySex(women=1, other_or_not_stated=1) == reported.trainers
