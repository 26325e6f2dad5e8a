"""Visibility, order and revisions of matches."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from chassis.db.database import Database
from contracts.refusals import Missing
from contracts.values import Role
from services.matching import policy
from services.matching.lines import store as line_store
from services.matching.matches import store as match_store
from services.matching.matches.model import MatchStatus
from services.matching.offerings import store as offering_store
from tests.builders import NOON, a_caller, headers
from tests.matching.builders import a_contract_line, a_match, a_submission, an_offering
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Client, Owner, matches_of, move, opened, presented


async def test_match_is_visible_to_both_sides_once_presented(api: Client, owner: Owner) -> None:
    await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]
    path = f"/v1/matches/{match['match_id']}"
    sides, others = (KENYA, "KEN:official", NORWAY), ("PER:focal_point", "FRA:provider_officer", "NOR:donor_officer")

    before = {by: (await api.get(path, headers=headers(by))).status_code for by in sides + others}
    await move(api, match, "present", COORDINATOR)
    after = {by: (await api.get(path, headers=headers(by))).status_code for by in sides + others}

    assert {404} == set(before.values())
    assert dict.fromkeys(sides, 200) | dict.fromkeys(others, 404) == after


async def test_provider_does_not_see_competitors(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)

    theirs = (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(NORWAY))).json()

    assert [None] * 3 == [theirs[key] for key in ("rank", "departs", "departure")]
    assert 1 == (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(KENYA))).json()["rank"]


async def test_policy_in_sql_equals_policy_in_python(databases: Mapping[str, Database]) -> None:
    requests = uuid4(), uuid4(), uuid4()
    every = [
        a_match(
            status,
            request_id=of,
            provider=provider,
            presented_at=presented_at,
            interested_at=interested_at,
            offering_id=offering_id,
            **({"accepted_at": NOON, "provider_confirmed_at": NOON} if status is MatchStatus.CONFIRMED else {}),
        )
        for of in requests
        for status in (MatchStatus.SUGGESTED, MatchStatus.CONFIRMED)
        for provider in ("UNODC-CEB", "NOR")
        for presented_at in (None, NOON)
        for interested_at in (None, NOON)
        for offering_id in (uuid4(),)
    ]
    reported = a_submission(request_id=every[0].request_id)
    excluding = a_submission(request_id=requests[2], excluded_providers=("NOR", "UNODC-CEB"))
    await Owner(databases["matching"]).publish(reported, excluding)
    async with databases["matching"].transaction() as tx:
        for one in every:
            await offering_store.save(tx, an_offering(offering_id=one.offering_id))
        await match_store.save(tx, *every)
        for organization in ("UNODC", "UNODC-CEB", "KEN", "NOR"):
            for role in Role:
                caller = a_caller(f"{organization}:{role}")
                for one in every:
                    known = replace(
                        one, disclosed=role is Role.PROVIDER_OFFICER and one.request_id == reported.request_id
                    )
                    try:
                        seen = (await match_store.ranked(tx, one.match_id, caller)).match
                    except Missing:
                        seen = None
                    assert (seen is not None) == policy.may_see_match(caller, known), (caller, one)
                    assert seen in (None, known)
        for of in (reported, excluding):
            line = await line_store.line(tx, of.lines[0].line_id)
            assert line is not None
            for organization in ("UNODC", "UNODC-CEB", "KEN", "NOR"):
                in_sql = await tx.fetchval("SELECT disclosed($1, $2)", of.request_id, organization)
                assert in_sql == line.may_be_disclosed_to(organization) == (organization not in of.excluded_providers)


async def test_row_security_hides_exclusions_from_the_provider(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    """`disclosed` reads exclusions as the owner of the tables, and afterwards the caller's role is unchanged."""
    reported, excluding = a_submission(), a_submission(excluded_providers=("NOR",))
    await owner.publish(reported, excluding)
    async with databases["matching"].transaction(by=a_caller(NORWAY)) as tx:
        asked = "SELECT ARRAY[disclosed($1, 'NOR'), disclosed($2, 'NOR'), disclosed($2, 'FRA')], caller_role()"
        assert [[True, False, True], "provider_officer"] == list(
            await tx.fetchrow(asked, reported.request_id, excluding.request_id) or ()
        )
        assert 0 == await tx.fetchval("SELECT count(*) FROM wanted_request")


async def test_matches_are_paged_best_first_without_gaps(api: Client, owner: Owner) -> None:
    for _ in range(5):
        await approved(api)
    request = await opened(owner, a_submission(a_contract_line(), a_contract_line()))
    whole = await matches_of(api, request)
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/v1/matches?request={request.request_id}&status=suggested&limit=3{cursor}"
        page = (await api.get(path, headers=headers(COORDINATOR))).json()
        seen += page["matches"]
        cursor = f"&cursor={page['cursor']}" if page["cursor"] else None

    assert 10 == len(whole)
    assert whole == seen
    of_line = await api.get(f"/v1/matches?line={request.lines[0].line_id}", headers=headers(COORDINATOR))
    assert [1, 2, 3, 4, 5] == [match["rank"] for match in of_line.json()["matches"]]


async def test_cursor_does_not_reveal_a_hidden_match(api: Client, owner: Owner) -> None:
    await presented(api, owner)
    hidden = (await matches_of(api, await opened(owner)))[0]["match_id"]

    pages = [(await api.get(f"/v1/matches?cursor={of}", headers=headers(KENYA))).text for of in (hidden, uuid4())]

    assert pages[0] == pages[1]


async def test_move_needs_the_revision_and_repeats_have_one_effect(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    path, key = f"/v1/matches/{match['match_id']}/accept", str(uuid4())

    stale = await api.post(path, json={}, headers=headers(KENYA, revision=0))
    missing = await api.post(path, json={}, headers=headers(KENYA))
    answers = [await api.post(path, json={}, headers=headers(KENYA, key=key, revision=1)) for _ in range(2)]

    assert (412, 428) == (stale.status_code, missing.status_code)
    assert [200, 200] == [answer.status_code for answer in answers]
    assert answers[0].json() == answers[1].json()
    assert ("accepted", 2) == (answers[0].json()["status"], answers[0].json()["revision"])
