"""The policy of joint deliveries in SQL and in Python, and row-level security."""

from typing import Any
from uuid import UUID

from chassis.db.database import Database
from chassis.journal.outbox import read as read_journal
from contracts.refusals import Missing
from contracts.requests import ConsentWithdrawn
from contracts.values import Role
from services.matching import event_feed, policy
from services.matching.joint_deliveries import store as joint_store
from tests.builders import NOON, a_caller, headers
from tests.matching.joint_deliveries.steps import (
    STATES,
    focal_point,
    match_of,
    proposed,
    read,
    requests_of,
    statuses,
)
from tests.matching.offerings.steps import approved
from tests.matching.steps import CEB, COORDINATOR, NORWAY, Client, Owner, ids, move


async def test_policy_in_sql_equals_policy_in_python(api: Client, owner: Owner, db: Database) -> None:
    found = []
    for by in (CEB, NORWAY):
        offering = await approved(api, by)
        found.append(await proposed(api, offering, await requests_of(owner, "KEN", "UGA"), departure="other"))
    for organization in ("UNODC", "UNODC-CEB", "NOR", "KEN", "UGA", "FRA"):
        for role in Role:
            caller = a_caller(f"{organization}:{role}")
            for one in found:
                joint_id = UUID(one["joint_delivery_id"])
                async with db.transaction() as tx:
                    try:
                        seen: Any = await joint_store.get(tx, joint_id, caller)
                    except Missing:
                        seen = None
                    whole = await joint_store.get(tx, joint_id, a_caller("UNODC:service"))
                    listed = await joint_store.page(tx, caller, offering_id=None, before=None, limit=9)
                known = seen or whole
                allowed = policy.decide(caller, policy.Action.SHOW_JOINT_DELIVERY, known).allowed
                assert allowed == (seen is not None), (caller, one)
                assert allowed == (joint_id in {each.joint_delivery_id for each in listed})


async def test_row_security_shows_a_state_its_own_part(api: Client, owner: Owner, db: Database) -> None:
    await proposed(api, await approved(api, CEB), await requests_of(owner))
    found = {}
    for by in (*map(focal_point, STATES), CEB, "FRA:focal_point", NORWAY, COORDINATOR):
        async with db.transaction(by=a_caller(by)) as tx:
            rows = await tx.fetch("SELECT state FROM joint_delivery_member")
            count = await tx.fetchval("SELECT count(*) FROM joint_delivery")
        found[by] = {row["state"] for row in rows}
        assert count == bool(rows), by

    assert {"FRA:focal_point": set(), NORWAY: set(), CEB: {*STATES}, COORDINATOR: {*STATES}} | {
        focal_point(one): {one} for one in STATES
    } == found


async def test_provider_sees_no_part_without_consent(api: Client, owner: Owner) -> None:
    requests = await requests_of(owner)
    joint = await proposed(api, await approved(api, NORWAY), requests)
    assert {*STATES} == set(statuses(await read(api, joint, NORWAY)))
    kenya = requests[0]
    await owner.publish(
        ConsentWithdrawn(**ids(kenya), consent_id=kenya.request_id, circulation="withdrawn", withdrawn_at=NOON)
    )

    seen = await read(api, joint, NORWAY)

    assert ({"UGA", "TZA"}, 3) == (set(statuses(seen)), seen["states"])
    assert "expired" == statuses(await read(api, joint))["KEN"]


async def test_joint_deliveries_are_paged_newest_first(api: Client, owner: Owner) -> None:
    offering, other = await approved(api, CEB), await approved(api, CEB)
    made = [
        (await proposed(api, one, await requests_of(owner, "KEN", "UGA"), departure="other"))["joint_delivery_id"]
        for one in (offering, other, offering)
    ]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/v1/joint-deliveries?limit=2{cursor}"
        page = (await api.get(path, headers=headers(COORDINATOR))).json()
        seen += [one["joint_delivery_id"] for one in page["joint_deliveries"]]
        cursor = f"&cursor={page['cursor']}" if page["cursor"] else None
    of_one = await api.get(f"/v1/joint-deliveries?offering={other['offering_id']}", headers=headers("KEN:focal_point"))

    assert made[::-1] == seen
    assert [made[1]] == [one["joint_delivery_id"] for one in of_one.json()["joint_deliveries"]]


async def test_only_unodc_follows_the_fact_that_names_all(api: Client, owner: Owner, db: Database) -> None:
    await proposed(api, await approved(api, CEB), await requests_of(owner))
    callers = [a_caller(by) for by in (CEB, focal_point("KEN"), COORDINATOR, "UNODC:auditor")]
    async with db.transaction() as tx:
        page = await read_journal(tx, after="0.0")
        about = [one for one in page.events if one.aggregate == "joint_delivery"]
        seen = await event_feed.visible_events(tx, callers, about)

    assert 1 == len(about)
    assert [0, 0, 1, 1] == [len(seen[one]) for one in callers]


async def test_match_that_is_nominated_again_leaves(api: Client, owner: Owner) -> None:
    requests = await requests_of(owner)
    joint = await proposed(api, await approved(api, NORWAY), requests)
    match = await match_of(api, joint, "KEN")
    kenya = requests[0]
    await owner.publish(
        ConsentWithdrawn(**ids(kenya), consent_id=kenya.request_id, circulation="withdrawn", withdrawn_at=NOON)
    )
    body = {"line_id": match["line_id"], "offering_id": match["offering_id"]}
    again = await api.post("/v1/matches", json=body, headers=headers(COORDINATOR))

    assert (match["match_id"], None) == (again.json()["match_id"], again.json()["joint_delivery_id"])
    assert "expired" == statuses(await read(api, joint))["KEN"]
    hidden = await api.get(f"/v1/joint-deliveries/{joint['joint_delivery_id']}", headers=headers("KEN:focal_point"))
    assert 404 == hidden.status_code
    await move(api, await match_of(api, joint, "UGA"), "decline", "UGA:focal_point", reason="other")
