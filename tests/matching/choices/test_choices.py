"""Recorded choices: every ranking shown, every move with its outcome, and only the role of persons."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.requests import RequestReopened, RequestWithdrawn
from services.matching.wiring import SERVICE
from tests.builders import NOON, headers
from tests.matching.builders import an_offering_body
from tests.matching.offerings.steps import approved
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import (
    CEB,
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Owner,
    begin,
    delivered,
    matches_of,
    move,
    opened,
)
from tests.platform.operations import ACTORS

AUDITOR = "UNODC:auditor"


async def read(api: Client, what: str, by: str = COORDINATOR, **query: Any) -> dict[str, Any]:
    answer = await api.get(f"/v1/matches/{what}", params=query, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def moves_of(api: Client, match: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = (await read(api, "choices", line=match["line_id"]))["choices"]
    return next(one["moves"] for one in found if one["match_id"] == match["match_id"])


async def shown(api: Client, by: str = COORDINATOR) -> list[dict[str, Any]]:
    return list((await read(api, "rankings", by))["rankings"])


async def read_matches(api: Client, by: str, **query: Any) -> None:
    answer = await api.get("/v1/matches", params=query, headers=headers(by))
    assert 200 == answer.status_code, answer.text


async def two_suggested(api: Client, owner: Owner) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the better and the other match of a line."""
    await approved(api, CEB, topics=["mutual_legal_assistance", "electronic_evidence"])
    await approved(api, NORWAY, topics=["wildlife_forest_fisheries"])
    better, other = await matches_of(api, await opened(owner))
    return better, other


async def test_choice_has_place_score_reason_and_outcome(api: Client, owner: Owner) -> None:
    better, other = await two_suggested(api, owner)
    match = await move(api, other, "present", COORDINATOR, departure="stated_preference")
    match = await move(api, match, "accept", KENYA)
    match = await move(api, match, "confirm", NORWAY)
    await delivered(owner.db, match, "begun", "completed")

    moves = await moves_of(api, other)

    assert [
        ("suggested", None, 2, None),
        ("presented", "coordinator", 2, "stated_preference"),
        ("accepted", "focal_point", 2, None),
        ("confirmed", "provider_officer", 2, None),
        ("in_delivery", None, 1, None),
        ("completed", None, 1, None),
    ] == [(one["status"], one["chosen_by"], one["place"], one["reason"]) for one in moves]
    assert {(other["score"], "codes-4:weights-0")} == {(one["score"], one["algorithm"]) for one in moves}
    assert [2, 2, 2, 2, 1, 1] == [one["of"] for one in moves], "the better one lapsed when the group was covered"
    assert all(other["shares"] == one["shares"] for one in moves)
    assert [("suggested", 1), ("expired", 1)] == [(one["status"], one["place"]) for one in await moves_of(api, better)]


async def test_place_is_that_at_the_time_of_the_choice(api: Client, owner: Owner) -> None:
    better, other = await two_suggested(api, owner)
    await move(api, better, "not-pursue", COORDINATOR, reason="other")

    await move(api, other, "present", COORDINATOR)

    assert [("suggested", 2, 2), ("presented", 1, 1)] == [
        (one["status"], one["place"], one["of"]) for one in await moves_of(api, other)
    ]
    ended = (await moves_of(api, better))[-1]
    assert ("not_pursued", "coordinator", "other", 1, 2) == tuple(
        ended[name] for name in ("status", "chosen_by", "reason", "place", "of")
    )


async def test_nomination_and_interest_are_choices(api: Client, owner: Owner) -> None:
    request = await opened(owner)
    for by, who in ((COORDINATOR, "coordinator"), (NORWAY, "provider_officer")):
        offering = await approved(api, NORWAY)
        match = (await begin(api, request.lines[0].line_id, offering, by)).json()
        assert who == (await moves_of(api, match))[-1]["chosen_by"]


async def test_second_side_to_agree_is_recorded_as_confirming(api: Client, owner: Owner) -> None:
    better, _ = await two_suggested(api, owner)
    match = await move(api, better, "present", COORDINATOR)
    match = await move(api, match, "confirm", CEB)
    await move(api, match, "accept", KENYA)

    assert ["provider_officer", "focal_point"] == [one["chosen_by"] for one in (await moves_of(api, better))[-2:]]


async def test_ranking_is_recorded_once_per_role(api: Client, owner: Owner) -> None:
    better, other = await two_suggested(api, owner)
    for _ in range(3):
        await read_matches(api, COORDINATOR, line=better["line_id"])
        await read_matches(api, "KEN:official", line=better["line_id"])

    (only,) = await shown(api, AUDITOR)

    assert (better["line_id"], "coordinator") == (only["line_id"], only["role"])
    assert [(better["match_id"], 1), (other["match_id"], 2)] == [
        (one["match_id"], one["place"]) for one in only["entries"]
    ]
    assert [better["shares"], other["shares"]] == [one["shares"] for one in only["entries"]]
    await move(api, other, "present", COORDINATOR, departure="other")
    await read_matches(api, "KEN:official", line=better["line_id"])
    newest = (await shown(api))[0]
    assert ("official", [2]) == (newest["role"], [one["place"] for one in newest["entries"]])


async def test_choice_names_the_ranking_its_side_saw(api: Client, owner: Owner) -> None:
    better, _ = await two_suggested(api, owner)
    (before,) = await shown(api)
    match = await move(api, better, "present", COORDINATOR)
    await read_matches(api, KENYA, line=better["line_id"])
    await move(api, match, "accept", KENYA)

    by_state = next(one for one in await shown(api) if one["role"] == "focal_point")
    assert [None, before["ranking_id"], by_state["ranking_id"]] == [
        one["ranking_id"] for one in await moves_of(api, better)
    ]


async def test_other_lists_are_not_recorded_as_rankings(api: Client, owner: Owner) -> None:
    better, _ = await two_suggested(api, owner)
    count = len(await shown(api))
    await read_matches(api, AUDITOR, line=better["line_id"])
    await read_matches(api, NORWAY, line=better["line_id"])
    await read_matches(api, COORDINATOR, offering=better["offering_id"])
    await read_matches(api, COORDINATOR, line=better["line_id"], status="suggested")
    await read_matches(api, COORDINATOR)

    assert count == len(await shown(api))


async def test_repeated_read_of_a_ranking_writes_nothing(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    better, _ = await two_suggested(api, owner)
    await read_matches(api, COORDINATOR, line=better["line_id"])

    async with databases["matching"].transaction() as tx:
        before = await tx.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    for _ in range(3):
        await read_matches(api, COORDINATOR, line=better["line_id"])
    async with databases["matching"].transaction() as tx:
        # No transaction between the two was given an id: none has changed a row.
        assert before == await tx.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")


async def test_only_coordinators_and_auditors_read_choices(api: Client, owner: Owner) -> None:
    await two_suggested(api, owner)

    for what in ("choices", "rankings"):
        for by in ACTORS:
            answer = await api.get(f"/v1/matches/{what}", headers=headers(by))
            may = by in {COORDINATOR, AUDITOR}
            assert (200 if may else 403) == answer.status_code, by


async def test_choices_are_paged(api: Client, owner: Owner) -> None:
    for _ in range(3):
        await approved(api)
    for _ in range(2):
        await matches_of(api, await opened(owner))
    for what, key, count in (("choices", "match_id", 6), ("rankings", "ranking_id", 2)):
        whole = [one[key] for one in (await read(api, what))[what]]
        paged, cursor = [], {}
        while True:
            page = await read(api, what, limit=1, **cursor)
            paged += [one[key] for one in page[what]]
            if page["cursor"] is None:
                break
            cursor = {"cursor": page["cursor"]}
        assert count == len(whole)
        assert whole == paged


async def test_choices_have_no_texts_and_no_persons(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    better, _ = await two_suggested(api, owner)
    await move(api, better, "not-pursue", COORDINATOR, reason="other", comment="canary-of-a-comment")
    answers = [str(await read(api, what)) for what in ("choices", "rankings")]
    async with databases["matching"].transaction() as tx:
        rows = [str(dict(row)) for row in await tx.fetch("SELECT * FROM match_move")]
        rows += [str(dict(row)) for row in await tx.fetch("SELECT * FROM ranking_shown")]
        people = {str(row["person_id"]) for row in await tx.fetch("SELECT DISTINCT person_id FROM audit")} - {"None"}

    assert people
    for text in (*answers, *rows):
        assert "canary" not in text
        assert not [person for person in people if person in text]


# -- rebuild from the journal -----------------------------------------------------------------------------------------


async def begun_again(api: Client, owner: Owner) -> None:
    """Suggest a line's matches, move and end them, and suggest them again with another score."""
    better, other = await two_suggested(api, owner)
    match = await move(api, other, "shortlist", COORDINATOR)
    match = await move(api, match, "present", COORDINATOR, departure="other")
    match = await move(api, match, "accept", KENYA)
    match = await move(api, match, "confirm", NORWAY)
    await delivered(owner.db, match, "terminated")
    reported = {"request_id": UUID(better["request_id"]), "state": "KEN"}
    await owner.publish(RequestWithdrawn(**reported, withdrawn_at=NOON))
    await revised(api, better["offering_id"], topics=["mutual_legal_assistance"])
    await owner.publish(RequestReopened(**reported, reason="new_need", reopened_at=NOON))
    assert 2 == len({one["score"] for one in await moves_of(api, better)})


async def revised(api: Client, offering_id: str, **changes: Any) -> None:
    path = f"/v1/offerings/{offering_id}"
    before = (await api.get(path, headers=headers(CEB))).json()
    body = {name: value for name, value in an_offering_body(**changes).items() if name != "submit"}
    after = await api.patch(path, json=body, headers=headers(CEB, revision=before["revision"]))
    assert 200 == after.status_code, after.text
    await move_offering(api, after.json(), "approve", COORDINATOR)


@pytest.fixture
async def migrator(database_url: str) -> Any:
    database = await Database.connect(database_url, "matching", owner=True)
    yield database
    await database.close()


async def test_moves_are_rebuilt_from_the_journal(api: Client, owner: Owner, migrator: Database) -> None:
    await begun_again(api, owner)

    assert [] == await verify(migrator, SERVICE)
    async with migrator.transaction() as tx:
        await tx.execute("SET LOCAL entraide.role = 'owner'")
        await tx.execute("UPDATE match_move SET score = 1 WHERE status = 'presented'")
    assert 1 == len(await verify(migrator, SERVICE))
