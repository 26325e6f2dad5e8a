"""Proposals for the register: after a completed delivery its State is asked to record the law."""

import asyncio
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.legislation_proposals import KINDS
from contracts.refusals import Conflict
from services.sherloc.proposals import model
from services.sherloc.proposals.evolve import evolve
from services.sherloc.proposals.model import MOVES, Completed, LegislationProposalStatus
from services.sherloc.wiring import SERVICE
from tests.builders import NOON, headers
from tests.sherloc.proposals.steps import ARTICLES, facts, hear
from tests.sherloc.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    LAW,
    OTHERS,
    Client,
    move,
    published,
    recorded,
    shown,
    slug,
)

BODY = {name: value for name, value in LAW.items() if name not in {"state", "article"}}


async def proposals(api: Client, by: str = KENYA, **query: str) -> list[dict[str, Any]]:
    answer = await api.get("/v1/legislation/proposals", params=query, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["proposals"])


async def tried(api: Client, proposal_id: str, name: str, by: str = KENYA, **body: Any) -> Any:
    path = f"/v1/legislation/proposals/{proposal_id}"
    revision = (await api.get(path, headers=headers(COORDINATOR))).json()["revision"]
    return await api.post(f"{path}/{name}", json=body, headers=headers(by, revision=revision))


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_completed_delivery_proposes_each_article_of_its_line(api: Client, db: Database, kind: str) -> None:
    events = facts(kind)
    await hear(db, *events, *events)

    found = await proposals(api)

    assert set(ARTICLES) == {one["article"] for one in found}
    assert {("KEN", kind, "proposed")} == {(one["state"], one["kind"], one["status"]) for one in found}
    assert {("accept_proposal", "drop_proposal")} == {tuple(one["moves"]) for one in found}
    for by in (KENYAS_OFFICIAL, COORDINATOR, AUDITOR):
        assert 2 == len(await proposals(api, by, status="proposed"))
    for by in OTHERS:
        assert [] == await proposals(api, by)
        path = f"/v1/legislation/proposals/{found[0]['legislation_proposal_id']}"
        assert (404, "not-found") == slug(await api.get(path, headers=headers(by)))
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT event::json->>'causationid' AS cause FROM journal")
    assert 2 * [str(events[1].id)] == [row["cause"] for row in rows]


async def test_delivery_received_before_its_request_waits_for_it(api: Client, db: Database) -> None:
    submitted, completed = facts()
    await hear(db, completed)
    assert [] == await proposals(api)

    await hear(db, submitted)

    assert 2 == len(await proposals(api))
    async with db.transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM waiting_delivery")
    assert not await verify(db, SERVICE)


async def test_request_and_delivery_received_at_once_lead_to_one_proposal(api: Client, db: Database) -> None:
    pairs = [facts(articles=("UNTOC:18",)) for _ in range(8)]

    await asyncio.gather(*(hear(db, event) for pair in pairs for event in pair))

    assert 8 == len(await proposals(api))


async def test_delivery_of_another_kind_proposes_nothing(api: Client, db: Database) -> None:
    await hear(db, *facts("mla_training"))

    assert [] == await proposals(api, COORDINATOR)


async def test_accepted_proposal_records_what_the_state_enters(api: Client, db: Database) -> None:
    await hear(db, *facts(articles=("UNTOC:18",)))
    (found,) = await proposals(api)
    own = found["legislation_proposal_id"]
    for by in (COORDINATOR, AUDITOR):
        assert (403, "not-for-your-role") == slug(await tried(api, own, "accept", by, **BODY))
    assert (400, "legislation-proposal-article") == slug(await tried(api, own, "accept", **BODY, article="UNTOC:5"))
    assert (400, "legislation-not-stated") == slug(await tried(api, own, "accept", **BODY | {"status": "published"}))

    view = (await tried(api, own, "accept", KENYAS_OFFICIAL, **BODY)).json()

    assert ("accepted", [], 2) == (view["status"], view["moves"], view["revision"])
    law = await shown(api, view["legislation_id"], KENYA)
    assert LAW | {"revision": 1} == {name: law[name] for name in (*LAW, "revision")}
    assert (409, "legislation-proposal-status") == slug(await tried(api, own, "accept", **BODY))
    assert not await verify(db, SERVICE)


async def test_accepted_proposal_revises_what_is_recorded_in_the_revision_that_was_read(
    api: Client, db: Database
) -> None:
    legislation_id = await published(api)
    await hear(db, *facts(articles=("UNTOC:18",)))
    (found,) = await proposals(api)
    changed = BODY | {"status": "outdated", "title": "Fictitious: Act of 2027"}
    for read in ({}, {"legislation_revision": 3}):
        answer = await tried(api, found["legislation_proposal_id"], "accept", **changed, **read)
        assert (412, "revision-stale") == slug(answer)

    answer = await tried(api, found["legislation_proposal_id"], "accept", **changed, legislation_revision=4)

    assert legislation_id == answer.json()["legislation_id"]
    law = await shown(api, legislation_id)
    assert ("outdated", "Fictitious: Act of 2027", 5) == (law["status"], law["title"], law["revision"])
    assert not await verify(db, SERVICE)


async def test_proposal_stays_open_while_the_record_is_under_review(api: Client, db: Database) -> None:
    await move(api, await recorded(api), "submit", KENYA)
    await hear(db, *facts(articles=("UNTOC:18",)))
    (found,) = await proposals(api)

    answer = await tried(api, found["legislation_proposal_id"], "accept", **BODY, legislation_revision=2)

    assert (409, "legislation-status") == slug(answer)
    assert ["proposed"] == [one["status"] for one in await proposals(api)]


async def test_line_without_an_article_leads_to_a_proposal_that_names_none(api: Client, db: Database) -> None:
    await hear(db, *facts(articles=()))
    (found,) = await proposals(api)
    assert found["article"] is None
    own = found["legislation_proposal_id"]
    assert (400, "missing-field") == slug(await tried(api, own, "accept", **BODY))
    assert (400, "unknown-code") == slug(await tried(api, own, "accept", **BODY, article="UNTOC:999"))

    view = (await tried(api, own, "accept", **BODY, article="UNTOC:5")).json()

    assert "UNTOC:5" == (await shown(api, view["legislation_id"]))["article"]


async def test_state_drops_a_proposal_with_a_reason(api: Client, db: Database) -> None:
    await hear(db, *facts(articles=("UNTOC:18",)))
    (found,) = await proposals(api)
    own = found["legislation_proposal_id"]
    assert (400, "unknown-code") == slug(await tried(api, own, "drop", reason="duplicate"))
    assert (403, "not-for-your-role") == slug(await tried(api, own, "drop", COORDINATOR, reason="other"))

    view = (await tried(api, own, "drop", reason="law_not_changed")).json()

    assert ("dropped", "law_not_changed", []) == (view["status"], view["reason"], view["moves"])
    assert not await verify(db, SERVICE)


@pytest.mark.parametrize(("status", "name"), list(product(LegislationProposalStatus, MOVES)))
def test_move_is_made_only_in_its_states(status: LegislationProposalStatus, name: str) -> None:
    completed = Completed(
        delivery_id=uuid4(), request_id=uuid4(), line_id=uuid4(), state="KEN", completed_on=NOON.date()
    )
    one = evolve(None, model.make(uuid4(), completed, "legislative_drafting", "UNTOC:18", now=NOON))
    one, then = replace(one, status=status), NOON + timedelta(days=1)
    decide = {
        "accept_proposal": lambda: one.accept(UUID(int=1), now=then),
        "drop_proposal": lambda: one.drop("other", now=then),
    }[name]

    if status not in MOVES[name]:
        with pytest.raises(Conflict, match="legislation-proposal-status"):
            decide()
        return
    after = evolve(one, decide())
    assert (2, {"accept_proposal": "accepted", "drop_proposal": "dropped"}[name]) == (after.revision, after.status)
