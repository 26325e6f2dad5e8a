"""One delivery is proposed to several States: each agrees by itself, capacity is taken once."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.context import Context
from chassis.db.database import Database
from chassis.rebuild import verify
from services.matching.matches import actions as match_actions
from services.matching.matches.model import SHOWN
from services.matching.policy import Action
from services.matching.rounds import store as round_store
from services.matching.wiring import SERVICE
from tests.builders import AHEAD, NOON, a_caller, headers
from tests.matching.builders import a_submission
from tests.matching.joint_deliveries.steps import (
    GAP,
    ONE_UNIT,
    STATES,
    facts_of,
    focal_point,
    match_of,
    move_joint,
    propose,
    proposed,
    read,
    requests_of,
    statuses,
    try_move,
)
from tests.matching.matches.steps import taken_of
from tests.matching.offerings.steps import approved
from tests.matching.steps import (
    CEB,
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Owner,
    attempt,
    delivered,
    matches_of,
    move,
    opened,
)
from tests.platform.operations import ACTORS


async def a_joint_delivery(api: Client, owner: Owner, by: str = CEB, **changes: Any) -> dict[str, Any]:
    offering = await approved(api, by, capacity=ONE_UNIT, **changes)
    return await proposed(api, offering, await requests_of(owner))


async def decide(api: Client, joint: dict[str, Any], state: str, name: str, **body: Any) -> dict[str, Any]:
    return await move(api, await match_of(api, joint, state), name, focal_point(state), **body)


async def taken(db: Database, joint: dict[str, Any]) -> int:
    return await taken_of(db, joint["offering_id"])


async def test_three_states_two_accept_and_capacity_is_taken_once(api: Client, owner: Owner, db: Database) -> None:
    joint = await a_joint_delivery(api, owner, resource_status="partly", funding_needed=GAP)
    assert ("proposed", 3, 60, dict.fromkeys(STATES, "presented")) == (
        joint["status"], joint["states"], joint["people"], statuses(joint),
    )  # fmt: skip
    for state in STATES[:2]:
        await decide(api, joint, state, "accept")
    await decide(api, joint, "TZA", "decline", reason="other")
    assert "partly_agreed" == (await read(api, joint))["status"]

    agreed = await move_joint(api, joint, "confirm", CEB)

    assert ("agreed", {"KEN": "confirmed", "UGA": "confirmed", "TZA": "declined_by_state"}) == (
        agreed["status"], statuses(agreed),
    )  # fmt: skip
    assert (1, {"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-06-30"}) == (
        await taken(db, joint), agreed["capacity_period"],
    )  # fmt: skip
    confirmed = await facts_of(db, "matching.match.confirmed.v1")
    assert [True, False] == [one["capacity_taken"] for one in confirmed]
    assert [333_334, 333_333] == [one["funding_needed"]["minor"] for one in confirmed]
    (fact,) = await facts_of(db, "matching.joint_delivery.proposed.v1")
    assert 1_000_000 == sum(one["funding_needed"]["minor"] for one in fact["members"])
    assert (GAP, 333_333) == (agreed["money_needed"], agreed["money_uncovered"]["minor"])


async def test_unit_is_given_back_with_the_last_match(api: Client, owner: Owner, db: Database) -> None:
    joint = await a_joint_delivery(api, owner)
    for state in STATES[:2]:
        await decide(api, joint, state, "accept")
    await move_joint(api, joint, "confirm", CEB)
    left = []
    for state in STATES[:2]:
        await delivered(db, await match_of(api, joint, state), "terminated")
        left.append(await taken(db, joint))

    assert [1, 0] == left
    assert [False, True] == [one["capacity_released"] for one in await facts_of(db, "matching.match.revoked.v1")]
    await decide(api, joint, "TZA", "accept")
    assert (1, "agreed") == (await taken(db, joint), (await read(api, joint))["status"])


async def test_two_states_that_agree_at_once_take_one_unit(api: Client, owner: Owner, db: Database) -> None:
    offering = await approved(api, CEB)
    for _ in range(2):
        joint = await proposed(api, offering, await requests_of(owner))
        before = await taken(db, joint)
        await move_joint(api, joint, "confirm", CEB)
        matches = [await match_of(api, joint, state) for state in STATES]

        answers = await asyncio.gather(*(attempt(api, one, "accept", focal_point(one["state"])) for one in matches))

        assert [200] * 3 == [one.status_code for one in answers]
        assert before + 1 == await taken(db, joint)


async def test_concurrent_moves_of_three_matches_count_one_unit(api: Client, owner: Owner, db: Database) -> None:
    """The moves run in separate transactions, without the lock that the routes take first."""
    offering = await approved(api, CEB)
    joint = await proposed(api, offering, await requests_of(owner))
    await move_joint(api, joint, "confirm", CEB)

    async def at_once(name: str) -> None:
        found = [await match_of(api, joint, state) for state in STATES]

        async def one(match: dict[str, Any]) -> None:
            if name != "accept":
                await delivered(db, match, name)
                return
            by = a_caller(focal_point(match["state"]))
            ctx = Context(caller=by, now=NOON, expected=match["revision"])
            async with db.transaction(by=by) as tx:
                await match_actions.agree(tx, ctx, UUID(match["match_id"]), Action.ACCEPT, comment="")

        await asyncio.gather(*map(one, found))

    await at_once("accept")
    assert 1 == await taken(db, joint)
    await at_once("terminated")
    assert 0 == await taken(db, joint)
    assert [False, False, True] == [one["capacity_released"] for one in await facts_of(db, "matching.match.revoked.v1")]


async def test_names_are_shown_once_both_have_accepted(api: Client, owner: Owner) -> None:
    joint = await a_joint_delivery(api, owner)
    seen = await read(api, joint, KENYA)
    assert (3, ["KEN"], None, None, None) == (
        seen["states"], list(statuses(seen)), seen["people"], seen["money_needed"], seen["money_uncovered"],
    )  # fmt: skip
    assert [] == seen["moves"]

    await decide(api, joint, "UGA", "accept")
    assert ["KEN"] == list(statuses(await read(api, joint, KENYA)))
    await decide(api, joint, "KEN", "accept")
    for state, other in (("KEN", "UGA"), ("UGA", "KEN")):
        members = {one["state"]: one for one in (await read(api, joint, focal_point(state)))["members"]}
        assert {state, other} == set(members)
        assert (None, None, None, None) == tuple(
            members[other][name] for name in ("match_id", "request_id", "line_id", "persons")
        )
    assert ["TZA"] == list(statuses(await read(api, joint, "TZA:focal_point")))

    await move(api, await match_of(api, joint, "UGA"), "not-pursue", COORDINATOR, reason="other")
    assert ["KEN"] == list(statuses(await read(api, joint, KENYA)))


async def test_match_says_that_it_is_joint(api: Client, owner: Owner) -> None:
    joint = await a_joint_delivery(api, owner)
    match = await match_of(api, joint, "KEN")

    for by in (KENYA, CEB, COORDINATOR):
        one = (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(by))).json()
        assert (joint["joint_delivery_id"], 2) == (one["joint_delivery_id"], one["jointly_with"])


async def test_who_sees_a_joint_delivery(api: Client, owner: Owner) -> None:
    joint = await a_joint_delivery(api, owner)
    path = f"/v1/joint-deliveries/{joint['joint_delivery_id']}"

    seeing = {by for by in ACTORS if (await api.get(path, headers=headers(by))).status_code == 200}
    listed = {
        by
        for by in ACTORS
        if (await api.get("/v1/joint-deliveries", headers=headers(by))).json().get("joint_deliveries")
    }

    assert {KENYA, "KEN:official", COORDINATOR, "UNODC:auditor", "UNODC:service"} == seeing == listed
    assert 3 == len((await read(api, joint, CEB))["members"])
    absent = await api.get(f"/v1/joint-deliveries/{uuid4()}", headers=headers("FRA:focal_point"))
    hidden = await api.get(path, headers=headers("FRA:focal_point"))
    assert (404, absent.json()["slug"]) == (hidden.status_code, hidden.json()["slug"])


async def test_withdrawal_ends_every_match(api: Client, owner: Owner) -> None:
    joint = await a_joint_delivery(api, owner)
    await decide(api, joint, "KEN", "accept")
    refused = await try_move(api, joint, "withdraw", CEB, reason="other")
    unknown = await try_move(api, joint, "withdraw", COORDINATOR, reason="nonsense")

    ended = await move_joint(api, joint, "withdraw", COORDINATOR, reason="other", comment="As agreed by telephone.")

    assert (403, 400) == (refused.status_code, unknown.status_code)
    assert ("ended", {"not_pursued"}, []) == (ended["status"], {*statuses(ended).values()}, ended["moves"])
    again = await try_move(api, joint, "withdraw", COORDINATOR, reason="other")
    assert (409, "joint-delivery-status") == (again.status_code, again.json()["slug"])


async def test_confirmed_joint_delivery_is_not_withdrawn(api: Client, owner: Owner) -> None:
    joint = await a_joint_delivery(api, owner)
    await decide(api, joint, "KEN", "accept")
    assert ["withdraw"] == (await read(api, joint))["moves"]
    assert ["confirm"] == (await read(api, joint, CEB))["moves"]
    await move_joint(api, joint, "confirm", CEB)

    refused = await try_move(api, joint, "withdraw", COORDINATOR, reason="other")

    assert (409, "joint-delivery-status") == (refused.status_code, refused.json()["slug"])
    assert [] == (await read(api, joint))["moves"] == (await read(api, joint, CEB))["moves"]


async def test_provider_confirms_what_it_has_read(api: Client, owner: Owner) -> None:
    joint = await a_joint_delivery(api, owner)
    await decide(api, joint, "KEN", "decline", reason="other")

    path = f"/v1/joint-deliveries/{joint['joint_delivery_id']}/confirm"
    stale = await api.post(path, json={}, headers=headers(CEB, revision=joint["revision"]))

    assert (412, "revision-stale") == (stale.status_code, stale.json()["slug"])


async def test_repeated_proposal_with_its_key_is_the_same(api: Client, owner: Owner) -> None:
    offering, requests = await approved(api, CEB), await requests_of(owner)
    sent = headers(COORDINATOR) | {"Idempotency-Key": str(uuid4())}
    body = {"offering_id": offering["offering_id"], "lines": [str(one.lines[0].line_id) for one in requests]}

    answers = [await api.post("/v1/joint-deliveries", json=body, headers=sent) for _ in range(2)]

    assert [201, 201] == [one.status_code for one in answers]
    assert answers[0].json() == answers[1].json()


async def test_cohort_is_proposed_as_it_is(api: Client, owner: Owner) -> None:
    await approved(api, CEB)
    await requests_of(owner)
    found = await api.get("/v1/matches/cohorts", headers=headers(COORDINATOR))
    (cohort,) = found.json()["cohorts"]
    body = {"offering_id": cohort["offering_id"], "lines": [one["line_id"] for one in cohort["members"]]}

    answer = await api.post("/v1/joint-deliveries", json=body, headers=headers(COORDINATOR))

    assert (201, cohort["window"], cohort["topics"]) == (
        answer.status_code, answer.json()["window"], answer.json()["topics"],
    )  # fmt: skip


# -- refusals ---------------------------------------------------------------------------------------------------------


async def test_refusal_lists_what_is_wrong_with_each_line(api: Client, owner: Owner, db: Database) -> None:
    offering = await approved(api, CEB, group_size_max=60)
    (kenya,) = await requests_of(owner, "KEN")
    (again,) = await requests_of(owner, "KEN")
    (french,) = await requests_of(owner, "UGA", languages=["fr"])
    (many,) = await requests_of(owner, "TZA", group_size=50)
    (mentoring,) = await requests_of(owner, "RWA", kind="mentoring")
    (late,) = await requests_of(owner, "ETH", window={"from": f"{AHEAD}-07-01", "until": f"{AHEAD}-08-31"})

    answer = await propose(api, offering, [kenya, again, french, many, mentoring, late])

    assert (409, "lines-not-servable-together") == (answer.status_code, answer.json()["slug"])
    errors = answer.json()["details"]["errors"]
    found = {(one["field"], one["problem"], one.get("expected")) for one in errors}
    apart = "lines-not-servable-together"
    assert {
        ("lines[1]", apart, "same_state"), ("lines[2]", apart, "language"), ("lines[3]", apart, "group_size"),
        ("lines[4]", apart, "kind"), ("lines[5]", apart, "window"),
        ("lines[4]", "offering-does-not-fit", "kind"),
    } == found  # fmt: skip
    assert ["KEN", "KEN", "UGA", "TZA", "RWA", "ETH"] == answer.json()["details"]["states"]
    assert [] == await facts_of(db, "matching.match.presented.v1")
    assert [] == await facts_of(db, "matching.match.nominated.v1")


async def test_lines_have_to_be_open_and_circulating(api: Client, owner: Owner) -> None:
    norway = await approved(api, NORWAY)
    ready, quiet = await requests_of(owner, "KEN"), await requests_of(owner, "UGA")
    private = await opened(owner, a_submission(state="TZA", circulation_rule="none"))
    submitted = a_submission(state="RWA")
    await owner.publish(submitted)
    (suggested,) = await matches_of(api, quiet[0])
    await move(api, suggested, "present", COORDINATOR)

    answer = await propose(api, norway, [*ready, *quiet, private, submitted])

    found = {(one["field"], one["problem"]) for one in answer.json()["details"]["errors"]}
    assert {
        ("lines[1]", "match-status"), ("lines[2]", "circulation-not-granted"), ("lines[3]", "request-not-open"),
    } <= found  # fmt: skip
    assert "presented" != (await matches_of(api, ready[0]))[0]["status"]


async def test_passing_over_a_better_match_needs_a_reason(api: Client, owner: Owner) -> None:
    better, other = (
        await approved(api, CEB),
        await approved(api, NORWAY, topics=["extradition", "mutual_legal_assistance"], articles=[]),
    )
    requests = await requests_of(owner)
    ranked = await matches_of(api, requests[0])
    assert better["offering_id"] == ranked[0]["offering_id"]

    refused = await propose(api, other, requests)
    joint = await proposed(api, other, requests, departure="other", comment="Cheaper for all.")

    assert {("departure", "departure-reason-missing")} == {
        (one["field"], one["problem"]) for one in refused.json()["details"]["errors"]
    }
    match = await match_of(api, joint, "KEN")
    assert (True, "other", "Cheaper for all.") == (match["departs"], match["departure"], match["comment"])


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"lines": []}, 400, None),
        ({"lines": [str(uuid4())]}, 400, None),
        ({"lines": [str(uuid4()) for _ in range(21)]}, 400, None),
        ({"lines": ["00000000-0000-4000-8000-000000000001"] * 2}, 400, "decided-twice"),
        ({"lines": [str(uuid4()), str(uuid4())]}, 409, "lines-not-servable-together"),
        ({"departure": "nonsense"}, 400, "unknown-code"),
        ({"offering_id": str(uuid4())}, 404, "not-found"),
        ({"people": 3}, 400, "unknown-field"),
    ],
)
async def test_illegal_body_is_refused(
    api: Client, owner: Owner, changes: dict[str, Any], status: int, slug: str | None
) -> None:
    offering, requests = await approved(api, CEB), await requests_of(owner, "KEN", "UGA")
    answer = await propose(api, offering, requests, **changes)

    assert (status, slug or answer.json()["slug"]) == (answer.status_code, answer.json()["slug"])


async def test_only_coordinators_propose(api: Client, owner: Owner) -> None:
    offering, requests = await approved(api, CEB), await requests_of(owner, "KEN", "UGA")

    answers = {by: (await propose(api, offering, requests, by=by)).status_code for by in (KENYA, CEB, "UNODC:auditor")}

    assert {403} == {*answers.values()}


# -- capacity ---------------------------------------------------------------------------------------------------------


async def test_second_joint_delivery_finds_no_capacity(api: Client, owner: Owner, db: Database) -> None:
    offering = await approved(api, CEB, capacity=ONE_UNIT)
    first, second = [await proposed(api, offering, await requests_of(owner)) for _ in range(2)]
    for joint in (first, second):
        await decide(api, joint, "KEN", "accept")
    await move_joint(api, first, "confirm", CEB)

    refused = await try_move(api, second, "confirm", CEB)

    assert (409, "capacity-exhausted") == (refused.status_code, refused.json()["slug"])
    assert {"KEN": "accepted", "UGA": "presented", "TZA": "presented"} == statuses(await read(api, second))
    await decide(api, first, "UGA", "accept")
    assert 1 == await taken(db, first)


async def test_rounds_count_one_promise(api: Client, owner: Owner, db: Database) -> None:
    joint = await a_joint_delivery(api, owner)

    async def promised() -> list[tuple[str, str]]:
        async with db.transaction() as tx:
            return [(str(one.starts), str(one.ends)) for one in await round_store.promises(tx, list(SHOWN))]

    assert [(joint["window"]["from"], joint["window"]["until"])] == await promised()
    await decide(api, joint, "KEN", "accept")
    assert 1 == len(await promised())
    await move(api, await match_of(api, joint, "KEN"), "confirm", CEB)
    assert [] == await promised(), "the unit is taken"


async def test_tables_are_rebuilt_from_the_journal(api: Client, owner: Owner, db: Database, database_url: str) -> None:
    joint = await a_joint_delivery(api, owner, resource_status="partly", funding_needed=GAP)
    for state in STATES:
        await decide(api, joint, state, "accept")
    await move_joint(api, joint, "confirm", CEB)
    await delivered(db, await match_of(api, joint, "KEN"), "terminated")
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE capacity SET taken = 0")
            await tx.execute("UPDATE joint_delivery_member SET persons = 1")
        assert 2 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()
