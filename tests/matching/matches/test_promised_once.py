"""A group is never promised twice: a confirmation takes places of its line under the line's lock."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.requests import LineFulfilmentChanged
from services.matching.wiring import SERVICE
from tests.builders import NOON, headers
from tests.matching.joint_deliveries.steps import focal_point, match_of, proposed, read, requests_of, statuses, try_move
from tests.matching.matches.steps import GROUP, confirmed, line_of, nominated, residue
from tests.matching.offerings.steps import approved
from tests.matching.steps import (
    CEB,
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Owner,
    attempt,
    begin,
    delivered,
    ids,
    matches_of,
    move,
    opened,
    shown,
)
from tests.soak import cases

FRANCE = "FRA:provider_officer"


async def both_shown(api: Client, owner: Owner, *covers: int | None) -> list[dict[str, Any]]:
    """Present matches of one line, of Norway, a unit of UNODC and France in turn."""
    line_id = line_of(await opened(owner))
    found = []
    for by, count in zip((NORWAY, CEB, FRANCE), covers, strict=False):
        offering = await approved(api, by)
        part = await nominated(api, line_id, offering, **({"covers": count} if count else {}))
        found.append(await move(api, part, "present", COORDINATOR))
    return found


async def accepted(api: Client, matches: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [await move(api, one, "accept", KENYA) for one in matches]


def officer(match: Mapping[str, Any]) -> str:
    return f"{match['provider']}:provider_officer"


async def promised(db: Database) -> list[int]:
    """Return how many persons each confirmed match covers."""
    async with db.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT coalesce(covers, $1) AS covers FROM match WHERE status IN ('confirmed', 'in_delivery', 'completed')
            ORDER BY covers
            """,
            GROUP,
        )
    return [row["covers"] for row in rows]


async def at_once(api: Client, matches: Sequence[Mapping[str, Any]], **body: Any) -> list[httpx.Response]:
    return list(await asyncio.gather(*(attempt(api, one, "confirm", officer(one), **body) for one in matches)))


@pytest.mark.parametrize("repetition", range(3))
async def test_second_of_two_concurrent_confirmations_gets_what_is_left(
    api: Client, owner: Owner, db: Database, repetition: int
) -> None:
    matches = await accepted(api, await both_shown(api, owner, 20, 20))

    answers = await at_once(api, matches)

    assert [200, 409] == sorted(one.status_code for one in answers), [one.text for one in answers]
    lost = next(number for number, one in enumerate(answers) if one.status_code == 409)
    assert ("covers-more-than-residue", 5) == (
        answers[lost].json()["slug"], answers[lost].json()["details"]["residue"],
    )  # fmt: skip
    for wrong in (4, 6):
        assert 409 == (await attempt(api, matches[lost], "confirm", officer(matches[lost]), covers=wrong)).status_code
    rest = await move(api, matches[lost], "confirm", officer(matches[lost]), covers=5)
    assert ("confirmed", 5, 0) == (rest["status"], rest["covers"], await residue(api, rest))
    assert [5, 20] == await promised(db)


@pytest.mark.parametrize("side", ["accept", "confirm"])
async def test_one_of_several_whole_matches_is_confirmed_and_the_others_lapse(
    api: Client, owner: Owner, db: Database, side: str, database_url: str
) -> None:
    matches = await both_shown(api, owner, None, None, None)
    first = "confirm" if side == "accept" else "accept"
    first_by = {"accept": lambda _: KENYA, "confirm": officer}
    ready = [await move(api, one, first, first_by[first](one)) for one in matches]

    answers = await asyncio.gather(*(attempt(api, one, side, first_by[side](one)) for one in ready))

    assert [200, 409, 409] == sorted(one.status_code for one in answers), [one.text for one in answers]
    lost = [one.json() for one in answers if one.status_code == 409]
    assert [("covers-more-than-residue", 0)] * 2 == [(one["slug"], one["details"]["residue"]) for one in lost]
    assert [GROUP] == await promised(db)
    now = [(await shown(api, one))["status"] for one in matches]
    assert ["confirmed", "expired", "expired"] == sorted(now)
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
    finally:
        await migrator.close()


async def test_whole_match_beside_a_confirmed_part_covers_the_rest(api: Client, owner: Owner) -> None:
    part, whole = await both_shown(api, owner, 20, None)
    await move(api, await move(api, part, "accept", KENYA), "confirm", NORWAY)

    refused = await attempt(api, whole, "accept", KENYA)
    reduced = await move(api, whole, "accept", KENYA, covers=5)
    done = await move(api, reduced, "confirm", CEB)

    assert (409, 5) == (refused.status_code, refused.json()["details"]["residue"])
    assert (5, "confirmed", 5) == (reduced["covers"], done["status"], done["covers"])


async def test_nobody_agrees_to_fewer_than_the_match_covers_while_they_are_left(api: Client, owner: Owner) -> None:
    (one,) = await both_shown(api, owner, 20)

    refused = await attempt(api, one, "accept", KENYA, covers=5)

    assert (409, "covers-not-as-presented", {"covers": 20}) == (
        refused.status_code, refused.json()["slug"], refused.json()["details"],
    )  # fmt: skip


async def test_wholly_covered_line_gets_no_new_match(api: Client, owner: Owner) -> None:
    (whole,) = await both_shown(api, owner, None)
    other = await approved(api, CEB)
    request = whole["request_id"]
    line_id = whole["line_id"]
    nominated_before = (await begin(api, line_id, other, COORDINATOR)).json()
    await move(api, await move(api, whole, "accept", KENYA), "confirm", NORWAY)
    late = await approved(api, FRANCE)

    refused = [await begin(api, line_id, late, by) for by in (COORDINATOR, FRANCE)]

    assert [(409, "covers-more-than-residue", 0)] * 2 == [
        (one.status_code, one.json()["slug"], one.json()["details"]["residue"]) for one in refused
    ]
    assert "expired" == (await shown(api, nominated_before))["status"]
    answer = await api.get(f"/v1/matches?request={request}", headers=headers(COORDINATOR))
    assert {"confirmed", "expired"} == {one["status"] for one in answer.json()["matches"]}


async def test_revoking_gives_the_places_back(api: Client, owner: Owner, db: Database) -> None:
    first, second = await both_shown(api, owner, None, None)
    await move(api, await move(api, first, "accept", KENYA), "confirm", NORWAY)
    assert "expired" == (await shown(api, second))["status"]

    await delivered(owner.db, first, "terminated")

    assert GROUP == await residue(api, first)
    answer = await begin(api, first["line_id"], {"offering_id": second["offering_id"]}, COORDINATOR)
    again = await confirmed(api, answer.json(), CEB)
    assert "confirmed" == again["status"]
    assert [GROUP] == await promised(db)


async def test_presenting_more_than_is_left_is_a_choice_for_the_state(api: Client, owner: Owner) -> None:
    first, second = await both_shown(api, owner, 20, 20)

    seen = {by: await shown(api, second, by) for by in (COORDINATOR, KENYA, CEB)}

    assert (20, 40) == (first["presented_persons"], second["presented_persons"])
    assert {COORDINATOR: (GROUP, 40), KENYA: (GROUP, 40), CEB: (GROUP, None)} == {
        by: (one["residue"], one["presented_persons"]) for by, one in seen.items()
    }
    await move(api, await move(api, first, "accept", KENYA), "confirm", NORWAY)
    after = await shown(api, second)
    assert (5, 20) == (after["residue"], after["presented_persons"])


async def test_joint_delivery_promises_no_group_again(api: Client, owner: Owner) -> None:
    offering = await approved(api, CEB)
    kenya, uganda = await requests_of(owner, "KEN", "UGA")
    joint = await proposed(api, offering, [kenya, uganda])
    other = await approved(api, NORWAY)
    rival = (await begin(api, kenya.lines[0].line_id, other, COORDINATOR, covers=15)).json()
    rival = await move(api, await move(api, rival, "present", COORDINATOR), "accept", KENYA)
    for state in ("KEN", "UGA"):
        await move(api, await match_of(api, joint, state), "accept", focal_point(state))

    won, lost = await asyncio.gather(attempt(api, rival, "confirm", NORWAY), try_move(api, joint, "confirm", CEB))

    assert [200, 409] == sorted((won.status_code, lost.status_code)), (won.text, lost.text)
    if lost.status_code == 409:
        details = lost.json()["details"]
        member = await match_of(api, joint, "KEN")
        assert (5, member["match_id"]) == (details["residue"], details["match_id"])
        await move(api, member, "confirm", CEB, covers=5)
        assert 200 == (await try_move(api, joint, "confirm", CEB)).status_code
        assert {"KEN": "confirmed", "UGA": "confirmed"} == statuses(await read(api, joint))


async def test_suggestions_stop_when_the_group_is_covered_and_go_on_when_places_come_back(
    api: Client, owner: Owner
) -> None:
    course = await approved(api, NORWAY)
    request = await opened(owner)
    (whole,) = await matches_of(api, request)
    await confirmed(api, whole, NORWAY)
    await approved(api, CEB)
    assert [("confirmed", course["offering_id"])] == [
        (one["status"], one["offering_id"]) for one in await matches_of(api, request)
    ]

    await delivered(owner.db, whole, "terminated")
    await owner.publish(
        LineFulfilmentChanged(
            **ids(request),
            line_id=line_of(request),
            fulfilment="none",
            match_id=UUID(whole["match_id"]),
            match_status="revoked",
            changed_at=NOON,
        )
    )

    assert {("revoked", "NOR"), ("suggested", "UNODC-CEB")} == {
        (one["status"], one["provider"]) for one in await matches_of(api, request)
    }


@settings(max_examples=cases(6, soak=60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(1, GROUP)), st.booleans()), min_size=2, max_size=5))
async def test_confirmed_persons_never_exceed_the_group(
    api: Client, owner: Owner, db: Database, given_matches: list[tuple[int | None, bool]]
) -> None:
    """Both sides of several matches agree at once, again with what is left; the residue is the group less the sum."""
    line_id = line_of(await opened(owner))
    matches = []
    for number, (covers, _) in enumerate(given_matches):
        offering = await approved(api, (NORWAY, CEB, FRANCE)[number % 3])
        part = await nominated(api, line_id, offering, **({"covers": covers} if covers else {}))
        matches.append(await move(api, part, "present", COORDINATOR, departure="stated_preference"))

    async def agree(match: Mapping[str, Any], name: str, by: str) -> None:
        while True:
            now = await shown(api, match)
            if name not in ("accept", "confirm") or now["status"] not in (
                "presented",
                "accepted",
                "provider_confirmed",
            ):
                return
            if now["status"] == {"accept": "accepted", "confirm": "provider_confirmed"}[name]:
                return
            left = {"covers": now["residue"]} if now["residue"] < (now["covers"] or GROUP) else {}
            answer = await attempt(api, now, name, by, **left)
            assert answer.status_code in (200, 409, 412), answer.text

    both = [
        agree(one, name, by)
        for one, (_, state_first) in zip(matches, given_matches, strict=True)
        for name, by in (
            (("accept", KENYA), ("confirm", officer(one)))
            if state_first
            else (("confirm", officer(one)), ("accept", KENYA))
        )
    ]
    await asyncio.gather(*both)

    async with db.transaction() as tx:
        sums = await tx.fetchrow(
            """
            SELECT coalesce(sum(coalesce(covers, $2)) FILTER (WHERE status = 'confirmed'), 0) AS confirmed,
                count(*) FILTER (WHERE status IN ('presented', 'accepted', 'provider_confirmed')) AS open
            FROM match WHERE line_id = $1
            """,
            line_id,
            GROUP,
        )
    left = await residue(api, matches[0])
    assert GROUP == sums["confirmed"] + left
    assert sums["open"] == 0, "each was confirmed, or lapsed"
