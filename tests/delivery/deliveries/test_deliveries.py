"""Tests of deliveries over HTTP: opened by a match, prepared by both sides, begun, suspended, completed, terminated."""

from datetime import date

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.delivery.consumers import forget
from services.delivery.wiring import SERVICE
from tests.builders import AHEAD, a_caller, headers
from tests.delivery.steps import (
    AUDITOR,
    CONTACT,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHERS,
    SPRING,
    WHY,
    Client,
    Matching,
    agreed,
    begun,
    completed,
    facts_of,
    move,
    on,
    shown,
    slug,
    tried,
    usd,
)
from tests.personas import persona_id


async def test_a_confirmed_match_opens_a_delivery_for_both_sides(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms(covers=20)

    for by in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR):
        found = await shown(api, delivery_id, by)
        assert ("open", 20, SPRING.starts.isoformat()) == (found["status"], found["covers"], found["period"]["from"])
        page = (await api.get("/v1/deliveries?status=open", headers=headers(by))).json()
        assert [delivery_id] == [one["delivery_id"] for one in page["deliveries"]]
    for by in OTHERS:
        answer = await api.get(f"/v1/deliveries/{delivery_id}", headers=headers(by))
        assert (404, "not-found") == slug(answer)
        assert [] == (await api.get("/v1/deliveries", headers=headers(by))).json()["deliveries"]


async def test_each_side_names_contacts_whom_both_read(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()

    await move(api, delivery_id, "contacts", KENYA, method="PUT", contacts=[CONTACT])
    await move(
        api, delivery_id, "contacts", NORWAY, method="PUT", contacts=[CONTACT | {"telephone": "+47 22 00 00 00"}]
    )

    for by in (KENYA, NORWAY, COORDINATOR):
        contacts = (await shown(api, delivery_id, by))["contacts"]
        assert "person@example.org" == contacts["state"][0]["email"]
        assert "+47 22 00 00 00" == contacts["provider"][0]["telephone"]
    assert {"state": [], "provider": []} == (await shown(api, delivery_id, AUDITOR))["contacts"]
    removed = await move(api, delivery_id, "contacts", KENYA, method="PUT", contacts=[])
    assert ([], 1) == (removed["contacts"]["state"], len(removed["contacts"]["provider"]))
    answer = await tried(api, delivery_id, "contacts", COORDINATOR, method="PUT", contacts=[CONTACT])
    assert (403, "not-for-your-role") == slug(answer)


async def test_erasure_of_a_person_deletes_the_contact(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await matching.confirms()
    person_id = persona_id(KENYA)
    await move(
        api, delivery_id, "contacts", KENYA, method="PUT", contacts=[CONTACT | {"person_id": str(person_id)}, CONTACT]
    )

    async with db.transaction() as tx:
        assert 1 == (await forget(tx, person_id))["contact_text"]

    assert 1 == len((await shown(api, delivery_id))["contacts"]["state"])


async def test_delivery_begins_once_both_sides_waived_an_agreement(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    assert (409, "delivery-not-agreed") == slug(await tried(api, delivery_id, "begin", NORWAY))

    first = await move(api, delivery_id, "waive-agreement", KENYA)
    assert (None, ["name_contacts", "terminate"]) == (first["agreed_at"], first["moves"][:1] + first["moves"][-1:])
    assert (409, "agreement-settled") == slug(await tried(api, delivery_id, "waive-agreement", KENYA))
    second = await move(api, delivery_id, "waive-agreement", NORWAY)

    assert second["agreed_at"] is not None
    assert "begin" in second["moves"]
    assert "in_delivery" == (await move(api, delivery_id, "begin", KENYA))["status"]


@pytest.mark.parametrize("by", [KENYA, NORWAY])
async def test_delivery_does_not_begin_while_the_ledger_is_unavailable(
    api: Client, matching: Matching, by: str
) -> None:
    delivery_id = await agreed(api, matching, funding_needed=usd(80_000))

    assert (503, "funding-unheard") == slug(await tried(api, delivery_id, "begin", by))


async def test_delivery_is_suspended_and_goes_on(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await begun(api, matching)

    suspended = await move(
        api, delivery_id, "suspend", KENYA, reason="security_situation", comment="Fictitious: roads are closed."
    )

    assert ("suspended", "security_situation") == (suspended["status"], suspended["reason"])
    assert "Fictitious: roads are closed." == (await shown(api, delivery_id, NORWAY))["comment"]
    with on(date(AHEAD, 3, 1)):
        assert (409, "delivery-status") == slug(await tried(api, delivery_id, "propose-completion", KENYA))
    resumed = await move(api, delivery_id, "resume", COORDINATOR, comment="Fictitious: they are open.")
    said = [(one["move"], one["comment"]) for one in resumed["remarks"]]
    assert [("suspended", "Fictitious: roads are closed."), ("resumed", "Fictitious: they are open.")] == said
    assert ("in_delivery", None, None) == (resumed["status"], resumed["reason"], resumed["suspended_at"])
    assert ["opened", "agreement-waived", "agreement-waived", "begun", "suspended", "resumed"] == await facts_of(db)


async def test_either_side_terminates_with_a_reason(api: Client, matching: Matching) -> None:
    delivery_id = await begun(api, matching)
    assert (400, "unknown-code") == slug(await tried(api, delivery_id, "terminate", KENYA, reason="incomplete"))

    ended = await move(api, delivery_id, "terminate", NORWAY, reason="provider_unable")

    assert ("terminated", "provider_unable") == (ended["status"], ended["reason"])
    assert ["report_result", "add_action_point", "record_effect"] == ended["moves"]
    await matching.revokes(ended)
    assert ended["revision"] == (await shown(api, delivery_id))["revision"], "its own termination revoked the match"


async def test_stale_move_is_refused(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    await move(api, delivery_id, "waive-agreement", KENYA)

    assert 412 == (await tried(api, delivery_id, "waive-agreement", NORWAY, revision=1)).status_code


async def test_tables_are_rebuilt_from_the_journal(api: Client, matching: Matching, database_url: str) -> None:
    await begun(api, matching, covers=3)
    await move(api, await begun(api, matching), "terminate", NORWAY, reason="provider_unable")
    await move(api, await begun(api, matching), "suspend", NORWAY, reason="other")
    with on(SPRING.ends):
        await move(api, await begun(api, matching), "propose-completion", NORWAY, comment=WHY)
        await completed(api, await begun(api, matching))
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE delivery SET covers = 4")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()


async def test_rows_are_those_that_the_policy_shows(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await matching.confirms()
    await move(api, delivery_id, "contacts", KENYA, method="PUT", contacts=[CONTACT])

    async def rows(table: str, who: str) -> int:
        async with db.transaction(by=a_caller(who)) as tx:
            return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))

    for who in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR, *OTHERS):
        seen = who not in OTHERS
        assert int(seen) == await rows("delivery", who)
        assert int(seen and who != AUDITOR) == await rows("contact_text", who), who
