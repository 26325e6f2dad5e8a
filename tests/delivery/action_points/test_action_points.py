"""Tests of action points: every cell of the table of statuses and moves, and all moves over HTTP."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.journal.outbox import read_aggregates
from chassis.rebuild import verify
from contracts.action_points import ActionOwner, ActionSource
from contracts.facts import Fact
from contracts.refusals import Conflict, Forbidden, Invalid
from contracts.values import Language, Role
from services.delivery import policy, wiring
from services.delivery.action_points.evolve import evolve
from services.delivery.action_points.model import MOVES, ROLES, ActionPoint, ActionStatus, Terms, add, of_delivery
from services.delivery.policy import ACTION_POINT_MOVERS, Action
from tests.builders import NOON, a_caller, headers
from tests.delivery.action_points.steps import DAY, DUE, added, adding, move, shown, tried
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
    a_delivery,
    on,
    slug,
)

S = ActionStatus
WHO, OTHER = uuid4(), uuid4()
TERMS = Terms(owner=ActionOwner.STATE, due_on=DUE, language=Language.EN)
DECIDE: dict[str, Callable[[ActionPoint], Fact]] = {
    "revise_action_point": lambda p: p.revise(TERMS, "hash", now=NOON),
    "report_done": lambda p: p.report_done(WHO, now=NOON),
    "verify": lambda p: p.verify(OTHER, now=NOON),
    "reopen_action_point": lambda p: p.reopen(now=NOON),
    "drop_action_point": lambda p: p.drop("other", now=NOON),
}
TABLE: dict[str, dict[ActionStatus, ActionStatus]] = {
    "revise_action_point": {S.OPEN: S.OPEN},
    "report_done": {S.OPEN: S.DONE},
    "verify": {S.DONE: S.VERIFIED},
    "reopen_action_point": dict.fromkeys((S.DONE, S.VERIFIED, S.DROPPED), S.OPEN),
    "drop_action_point": dict.fromkeys((S.OPEN, S.DONE), S.DROPPED),
}


def a_point(owner: ActionOwner = ActionOwner.STATE, **changes: Any) -> ActionPoint:
    terms = replace(TERMS, owner=owner)
    fact = add(uuid4(), of_delivery(a_delivery()), ActionSource.EVALUATION, terms, "hash", others=0, now=NOON)
    return replace(evolve(None, fact), **changes)


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() == DECIDE.keys() == MOVES.keys() == {str(one) for one in ACTION_POINT_MOVERS}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: ActionStatus) -> None:
    before = a_point(status=status)

    if status not in TABLE[move]:
        with pytest.raises(Conflict, match="action-point-status"):
            DECIDE[move](before)
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("owner", ActionOwner)
@pytest.mark.parametrize("move", sorted(ACTION_POINT_MOVERS))
def test_each_move_is_for_its_roles(move: Action, owner: ActionOwner, role: Role) -> None:
    caller = a_caller(f"{'NOR' if role is Role.PROVIDER_OFFICER else 'KEN'}:{role}")
    expected = role in ACTION_POINT_MOVERS[move] and (move is not Action.REPORT_DONE or role is ROLES[owner])

    assert expected == policy.decide(caller, move, a_point(owner)).allowed


def test_who_reported_it_done_does_not_verify_it() -> None:
    with pytest.raises(Forbidden, match="verified-by-another"):
        a_point(status=S.DONE, done_by=WHO).verify(WHO, now=NOON)


def test_it_is_due_today_at_the_earliest_and_there_are_not_too_many() -> None:
    with pytest.raises(Invalid, match="due-day-past"):
        a_point().revise(replace(TERMS, due_on=NOON.date() - DAY), "hash", now=NOON)
    with pytest.raises(Conflict, match="too-many-action-points"):
        add(uuid4(), of_delivery(a_delivery()), ActionSource.OTHER, TERMS, "hash", others=200, now=NOON)


# -- over HTTP --------------------------------------------------------------------------------------------------------


async def test_done_by_its_owner_and_verified_by_another_person(api: Client, matching: Matching) -> None:
    point = await added(api, await matching.confirms())
    assert (403, "not-its-owner") == slug(await tried(api, point, "report-done", NORWAY))

    done = await move(api, point, "report-done", KENYA, comment="They are trained.")
    assert ("done", "They are trained.") == (done["status"], done["comment"])
    assert "verify" not in done["moves"]
    assert "verify" in (await shown(api, point, NORWAY))["moves"]
    assert (403, "verified-by-another") == slug(await tried(api, point, "verify", KENYA))
    verified = await move(api, point, "verify", NORWAY)

    assert "verified" == verified["status"]
    assert verified["verified_by"] != verified["done_by"]


async def test_revised_reopened_and_dropped(api: Client, matching: Matching) -> None:
    point = await added(api, await matching.confirms(), COORDINATOR, owner="unodc")
    terms = {"text": "Fictitious: train three.", "language": "en", "owner": "state", "due_on": str(DUE + DAY)}

    revised = await move(api, point, "", NORWAY, **terms)
    assert terms == {name: revised[name] for name in terms}
    await move(api, point, "report-done", KENYA)
    reopened = await move(api, point, "reopen", NORWAY, comment="One is missing.")
    assert ("open", None, "One is missing.") == (reopened["status"], reopened["done_by"], reopened["comment"])
    assert (400, "unknown-code") == slug(await tried(api, point, "drop", KENYA, reason="incomplete"))
    dropped = await move(api, point, "drop", KENYA, reason="no_longer_needed")

    assert ("dropped", "no_longer_needed", ["reopen_action_point"]) == tuple(
        dropped[name] for name in ("status", "reason", "moves")
    )


async def test_who_adds_one(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()

    assert (403, "not-for-your-role") == slug(await adding(api, delivery_id, KENYAS_OFFICIAL))
    assert (404, "not-found") == slug(await adding(api, delivery_id, OTHERS[0]))
    past = await adding(api, delivery_id, due_on=str(date(2020, 1, 1)))
    assert (400, "due-day-past") == slug(past)


async def test_owner_is_reminded_once_on_the_due_day(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await matching.confirms()
    point, done, later = [await added(api, delivery_id, due_on=str(DUE + days * DAY)) for days in (0, 0, 1)]
    await move(api, done, "report-done", KENYA)

    async def reminders() -> list[str]:
        async with db.transaction() as tx:
            events = await read_aggregates(tx, [UUID(one["action_point_id"]) for one in (point, done, later)])
        return [each.subject for found in events.values() for each in found if "reminded" in each.type]

    with on(DUE - DAY):
        await wiring.remind(db)
    assert [] == await reminders()
    with on(DUE):
        await wiring.remind(db)
        await wiring.remind(db)

    assert [f"action_point/{point['action_point_id']}"] == await reminders()
    assert (await shown(api, point))["reminded_at"]


async def test_read_by_who_sees_the_delivery(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await matching.confirms()
    point = await added(api, delivery_id)

    async def rows(table: str, who: str) -> int:
        async with db.transaction(by=a_caller(who)) as tx:
            return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))

    for who in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR, OTHER_SERVICE, *OTHERS):
        answer = await api.get(f"/v1/deliveries/{delivery_id}/action-points", headers=headers(who))
        seen = who not in OTHERS
        assert (200 if seen else 404) == answer.status_code
        assert int(seen) == await rows("action_point", who) == await rows("action_point_text", who)
        if seen:
            assert point["text"] == (await shown(api, point, who))["text"] == answer.json()["action_points"][0]["text"]


async def test_rebuilt_from_the_journal(api: Client, matching: Matching, database_url: str, db: Database) -> None:
    delivery_id = await matching.confirms()
    for name, body in (("report-done", {}), ("drop", {"reason": "other"})):
        point = await added(api, delivery_id)
        await move(api, point, name, KENYA, **body)
    await move(api, point, "reopen", NORWAY)
    with on(DUE):
        await wiring.remind(db)
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, wiring.SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE action_point SET owner = 'unodc'")
            assert not await tx.fetchval("SELECT count(*) FROM journal WHERE event::text ~ 'prosecutors'")
        assert 1 == len(await verify(migrator, wiring.SERVICE))
    finally:
        await migrator.close()
