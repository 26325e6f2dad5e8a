"""Extensions of the portal: proposals, votes, earmarked pledges, and notices until the release (paragraph I.e)."""

import asyncio
from datetime import date
from uuid import UUID, uuid4

from chassis.db.database import Database
from chassis.ids import new_id
from chassis.rebuild import verify
from contracts.pledges import PledgeWithdrawn
from services.sherloc.consumers import on_earmark_ended, on_pledged
from services.sherloc.wiring import SERVICE
from tests.builders import NOON, headers
from tests.sherloc.extensions.steps import (
    DOLLARS,
    NORWAY,
    SEARCH,
    VALUATION,
    donors_notified,
    move,
    pledged,
    proposed,
    shown,
    tried,
)
from tests.sherloc.steps import COORDINATOR, KENYA, KENYAS_OFFICIAL, UGANDA, Client, slug


async def test_extension_goes_from_proposal_to_release_and_everybody_reads_its_progress(api: Client) -> None:
    extension_id = (await proposed(api))["extension_id"]
    await move(api, extension_id, "plan")
    await move(api, extension_id, "begin")
    await move(api, extension_id, "note", language="en", text="Fictitious: the index is complete.")
    await move(api, extension_id, "release")

    for reader in (KENYA, KENYAS_OFFICIAL, NORWAY, "JPN:provider_officer", "UNODC:auditor"):
        (one,) = (await api.get("/v1/extensions", headers=headers(reader))).json()["extensions"]
        assert ("released", SEARCH["scope"], SEARCH["cost"]) == (one["status"], one["scope"], one["cost"])
        assert ["Fictitious: the index is complete."] == [note["text"] for note in one["progress_notes"]]
        assert [] == one["moves"] or reader == COORDINATOR


async def test_each_state_has_one_vote_which_it_may_withdraw(api: Client) -> None:
    extension_id = (await proposed(api))["extension_id"]
    assert ["vote_for_extension"] == (await shown(api, extension_id, UGANDA))["moves"]
    await move(api, extension_id, "vote", UGANDA)
    assert ["KEN", "UGA"] == (await move(api, extension_id, "vote", KENYA))["voted_by"]
    assert ["withdraw_vote"] == (await shown(api, extension_id, UGANDA))["moves"]

    assert (409, "extension-voted") == slug(await tried(api, extension_id, "vote", KENYA))
    assert (403, "not-for-your-role") == slug(await tried(api, extension_id, "vote", KENYAS_OFFICIAL))
    assert (403, "not-for-your-role") == slug(await tried(api, extension_id, "vote", NORWAY))
    assert ["UGA"] == (await move(api, extension_id, "withdraw-vote", KENYA))["voted_by"]
    assert (409, "extension-not-voted") == slug(await tried(api, extension_id, "withdraw-vote", KENYA))


async def test_states_that_vote_at_once_all_have_their_vote(api: Client, db: Database) -> None:
    at = f"/v1/extensions/{(await proposed(api))['extension_id']}"
    states = ("KEN", "UGA", "NOR", "FRA")

    answers = await asyncio.gather(
        *(api.post(f"{at}/vote", json={}, headers=headers(f"{one}:focal_point")) for one in (*states, "KEN"))
    )

    assert [200, 200, 200, 200, 409] == sorted(one.status_code for one in answers)
    found = (await api.get(at, headers=headers(COORDINATOR))).json()
    assert (sorted(states), 5) == (found["voted_by"], found["revision"])
    assert not await verify(db, SERVICE)


async def test_donors_who_earmarked_a_pledge_are_notified_of_each_phase(api: Client, db: Database) -> None:
    extension_id = (await proposed(api))["extension_id"]
    theirs, given_up = new_id(), new_id()
    async with db.transaction() as tx:
        for fact in (
            pledged(UUID(extension_id), theirs),
            pledged(UUID(extension_id), new_id(), "DEU"),
            pledged(UUID(extension_id), given_up, "FRA"),
            pledged(None, new_id(), "JPN"),
            pledged(uuid4(), new_id(), "ITA"),
        ):
            await on_pledged(tx, None, fact)
        withdrawn = PledgeWithdrawn(
            pledge_id=given_up, donor="FRA", fund="SHERLOC-EXT", money=DOLLARS, valuation=VALUATION,
            effective_on=date(2026, 11, 2), withdrawn_at=NOON,
        )  # fmt: skip
        await on_earmark_ended(tx, None, withdrawn)

    planned = await move(api, extension_id, "plan")

    assert 2 == planned["pledges"]
    assert ["DEU", "NOR"] == await donors_notified(db, extension_id)
    await move(api, extension_id, "drop", reason="no_funding")
    assert ["DEU", "NOR"] == await donors_notified(db, extension_id)


async def test_only_a_coordinator_proposes_and_moves_an_extension(api: Client) -> None:
    extension_id = (await proposed(api))["extension_id"]
    for other in (KENYA, NORWAY, "UNODC:finance_officer"):
        answer = await api.post("/v1/extensions", json=SEARCH, headers=headers(other))
        assert (403, "not-for-your-role") == slug(answer)
        assert (403, "not-for-your-role") == slug(await tried(api, extension_id, "plan", other))


async def test_revision_replaces_the_words_and_keeps_the_votes(api: Client, db: Database) -> None:
    extension_id = (await proposed(api))["extension_id"]
    await move(api, extension_id, "vote", KENYA)

    revised = await move(api, extension_id, "revise", **SEARCH | {"scope": "Fictitious: narrower."})

    assert ("Fictitious: narrower.", ["KEN"]) == (revised["scope"], revised["voted_by"])
    async with db.transaction() as tx:
        assert ["Fictitious: narrower."] == [row["scope"] for row in await tx.fetch("SELECT scope FROM extension_text")]


async def test_unknown_work_package_and_reason_are_refused(api: Client) -> None:
    body = SEARCH | {"work_package": "banquets"}
    assert (400, "unknown-code") == slug(await api.post("/v1/extensions", json=body, headers=headers(COORDINATOR)))
    extension_id = (await proposed(api))["extension_id"]
    assert (400, "unknown-code") == slug(await tried(api, extension_id, "drop", COORDINATOR, reason="need_met"))


async def test_move_of_another_phase_is_refused(api: Client) -> None:
    extension_id = (await proposed(api))["extension_id"]
    for name, body in (("begin", {}), ("release", {}), ("note", {"language": "en", "text": "Fictitious."})):
        assert (409, "extension-status") == slug(await tried(api, extension_id, name, COORDINATOR, **body))
    await move(api, extension_id, "drop", reason="no_funding")
    for name in ("plan", "vote", "withdraw-vote"):
        by = KENYA if "vote" in name else COORDINATOR
        assert (409, "extension-status") == slug(await tried(api, extension_id, name, by))


async def test_extension_has_at_most_a_hundred_notes(api: Client, db: Database) -> None:
    extension_id = (await proposed(api))["extension_id"]
    await move(api, extension_id, "plan")
    async with db.transaction() as tx:
        await tx.execute("UPDATE extension SET notes = 100")
    body = {"language": "en", "text": "Fictitious."}
    assert (409, "extension-notes") == slug(await tried(api, extension_id, "note", COORDINATOR, **body))
