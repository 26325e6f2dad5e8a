"""Contributions over HTTP (paragraphs I.d and I.o): submitted by a State, checked by UNODC, published on SHERLOC."""

from typing import Any

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.sherloc.wiring import SERVICE
from tests.builders import headers
from tests.databases import connected
from tests.sherloc.contributions.steps import (
    CASE,
    CHECKED,
    NAMED,
    OF_DECISION,
    PATH,
    body_of,
    drafted,
    drafting,
    listed,
    move,
    published,
    shown,
    submitted,
    tried,
)
from tests.sherloc.steps import AUDITOR, COORDINATOR, KENYA, KENYAS_OFFICIAL, OTHERS, UGANDA, Client, slug


async def test_draft_is_of_the_state_and_hidden_from_others(api: Client, db: Database) -> None:
    contribution_id = await drafted(api, KENYAS_OFFICIAL)

    for by in (KENYA, KENYAS_OFFICIAL, COORDINATOR, AUDITOR):
        found = await shown(api, contribution_id, by)
        assert CASE | {"state": "KEN", "status": "draft"} == {name: found[name] for name in (*CASE, "state", "status")}
    for by in OTHERS:
        assert (404, "not-found") == slug(await api.get(f"{PATH}/{contribution_id}", headers=headers(by)))
        assert [] == await listed(api, by)
    assert (403, "not-for-your-role") == slug(await drafting(api, COORDINATOR))
    assert not await verify(db, SERVICE)


async def test_court_decision_is_submitted_accepted_and_published(api: Client, db: Database) -> None:
    contribution_id = await submitted(api)
    view = await move(api, contribution_id, "accept", COORDINATOR, **CHECKED, comment="Fictitious: in order.")
    assert ("accepted", ["return_contribution", "publish_contribution"]) == (view["status"], view["moves"])

    page = "https://sherloc.example/cases/112"
    view = await move(api, contribution_id, "publish", COORDINATOR, portal_address=page)

    assert ("published", page, CASE["title"]) == (view["status"], view["portal_address"], view["title"])
    for by in OTHERS:
        found = await shown(api, contribution_id, by)
        assert ("published", "", []) == (found["status"], found["comment"], found["moves"])
    assert not await verify(db, SERVICE)


async def test_marked_passage_keeps_it_from_being_accepted_until_somebody_says_it_is_none(
    api: Client, db: Database
) -> None:
    contribution_id = await submitted(api, text=NAMED)
    view = await shown(api, contribution_id)
    marks = [(one["field"], NAMED[one["start"] : one["end"]], one["kind"]) for one in view["marks"]]
    assert [("text", "Mr. John Sample", "name")] == marks
    refused = await tried(api, contribution_id, "accept", COORDINATOR, **CHECKED)
    assert (409, "contribution-marks-left") == slug(refused)

    view = await move(api, contribution_id, "clear-marks", COORDINATOR)

    assert view["marks_cleared"]
    assert (409, "contribution-no-marks") == slug(await tried(api, contribution_id, "clear-marks", KENYA))
    assert "accepted" == (await move(api, contribution_id, "accept", COORDINATOR, **CHECKED))["status"]
    assert not await verify(db, SERVICE)


async def test_decision_is_returned_for_personal_data_and_mended(api: Client, database_url: str, db: Database) -> None:
    contribution_id = await submitted(api, text=NAMED)
    await move(api, contribution_id, "clear-marks", KENYA)
    view = await move(
        api, contribution_id, "return", COORDINATOR, reason="personal_data", comment="Fictitious: a name."
    )
    assert ("returned", "personal_data", "Fictitious: a name.") == (view["status"], view["reason"], view["comment"])

    mended = {name: value for name, value in body_of(text="Fictitious: A. was convicted.").items() if name != "kind"}
    view = await move(api, contribution_id, "revise", KENYA, **mended)

    assert ([], False) == (view["marks"], view["marks_cleared"])
    async with connected(database_url, "sherloc", owner=True) as owner, owner.transaction() as tx:
        assert not await tx.fetchval("SELECT count(*) FROM contribution_text WHERE text LIKE '%Sample%'")
    await move(api, contribution_id, "submit", KENYA)
    view = await move(api, contribution_id, "accept", COORDINATOR, **CHECKED)
    assert ("accepted", None) == (view["status"], view["reason"])
    assert not await verify(db, SERVICE)


async def test_revision_is_marked_again(api: Client) -> None:
    contribution_id = await drafted(api, text=NAMED)
    await move(api, contribution_id, "clear-marks", KENYA)
    again = {name: value for name, value in body_of(text=f"{NAMED} a@b.example").items() if name != "kind"}

    view = await move(api, contribution_id, "revise", KENYA, **again)

    assert (2, False) == (len(view["marks"]), view["marks_cleared"])


async def test_each_check_and_clear_rights_are_needed_to_accept(api: Client) -> None:
    contribution_id = await submitted(api, rights="unclear")
    for lacking in CHECKED:
        answer = await tried(api, contribution_id, "accept", COORDINATOR, **(CHECKED | {lacking: False}))
        assert (400, "contribution-not-checked") == slug(answer)
    refused = await tried(api, contribution_id, "accept", COORDINATOR, **CHECKED)
    assert (409, "contribution-rights-unclear") == slug(refused)
    assert (403, "not-for-your-role") == slug(await tried(api, contribution_id, "accept", KENYA, **CHECKED))


@pytest.mark.parametrize("kind", ["explanatory_material", "strategy", "bibliography"])
async def test_other_kinds_need_no_court(api: Client, kind: str) -> None:
    bare: dict[str, Any] = dict.fromkeys(OF_DECISION)
    authors = "Fictitious Author" if kind == "bibliography" else ""

    contribution_id = await drafted(api, kind=kind, authors=authors, **bare)

    assert "submitted" == (await move(api, contribution_id, "submit", KENYA))["status"]
    assert (400, "contribution-field-not-of-kind") == slug(await drafting(api, kind=kind, authors=authors))


async def test_what_a_court_decision_lacks_is_named_when_it_is_submitted(api: Client) -> None:
    contribution_id = await drafted(api, **dict.fromkeys((*OF_DECISION, "title", "articles", "address", "text")))

    answer = await tried(api, contribution_id, "submit", KENYA)

    assert (400, "missing-field") == slug(answer)
    lacking = {"title", "articles", "court", "decided_on", "parties", "offence", "outcome", "address"}
    assert lacking == {one["field"] for one in answer.json()["details"]["errors"]}


async def test_contribution_is_refused_for_what_does_not_fit(api: Client) -> None:
    for expected, changes in (
        ("unknown-code", {"articles": ["UNTOC:999"]}),
        ("unknown-code", {"offence": "parking"}),
        ("party-not-anonymised", {"parties": ["Republic", "John Sample"]}),
        ("day-to-come", {"decided_on": "2037-01-01"}),
        ("contribution-field-not-of-kind", {"authors": "Fictitious Author"}),
    ):
        assert (400, expected) == slug(await drafting(api, **changes)), changes
    contribution_id = await drafted(api)
    given = headers(KENYA, revision=9)
    answer = await api.post(f"{PATH}/{contribution_id}/submit", json={}, headers=given)
    assert (412, "revision-stale") == slug(answer)
    assert (404, "not-found") == slug(await tried(api, contribution_id, "submit", UGANDA))


async def test_newer_one_takes_the_place_of_a_published_one(api: Client, db: Database) -> None:
    older, newer = await published(api), await published(api, 2)
    draft, strategy = await drafted(api), await published(api, 3, kind="strategy", **dict.fromkeys(OF_DECISION))
    for unsuitable in (older, draft, strategy, "00000000-0000-4000-8000-000000000000"):
        answer = await tried(api, older, "supersede", COORDINATOR, superseded_by=unsuitable)
        assert (400, "contribution-successor-unsuitable") == slug(answer)

    view = await move(api, older, "supersede", COORDINATOR, superseded_by=newer)

    assert ("superseded", newer) == (view["status"], view["superseded_by"])
    assert "superseded" == (await shown(api, older, UGANDA))["status"]
    assert (409, "contribution-status") == slug(await tried(api, older, "withdraw", KENYA))
    assert not await verify(db, SERVICE)


async def test_withdrawn_contribution_loses_its_words_and_is_hidden(api: Client, db: Database) -> None:
    contribution_id = await published(api)
    assert (403, "not-your-state") == slug(await tried(api, contribution_id, "withdraw", UGANDA))

    view = await move(api, contribution_id, "withdraw", KENYA)

    assert ("withdrawn", "", "", []) == (view["status"], view["title"], view["text"], view["moves"])
    assert (404, "not-found") == slug(await api.get(f"{PATH}/{contribution_id}", headers=headers(UGANDA)))
    assert not await verify(db, SERVICE)


async def test_list_is_filtered_and_paged(api: Client) -> None:
    bare: dict[str, Any] = dict.fromkeys(OF_DECISION)
    first = await published(api)
    second = await drafted(api, kind="strategy", language="fr", articles=["UNTOC:31"], **bare)
    third = await drafted(api)

    for query, expected in (
        ({"state": "KEN"}, [third, second, first]),
        ({"kind": "strategy"}, [second]),
        ({"article": "UNTOC:31"}, [second]),
        ({"status": "draft"}, [third, second]),
        ({"language": "fr"}, [second]),
        ({"state": "UGA"}, []),
    ):
        assert expected == [one["contribution_id"] for one in await listed(api, **query)], query
    assert [first] == [one["contribution_id"] for one in await listed(api, UGANDA)]
    answer = await api.get(PATH, params={"limit": 2}, headers=headers(KENYA))
    rest = await listed(api, limit=2, cursor=answer.json()["cursor"])
    assert [first] == [one["contribution_id"] for one in rest]
    assert (400, "unknown-code") == slug(await api.get(f"{PATH}?article=UNTOC:0", headers=headers(KENYA)))


async def test_repeated_command_drafts_once(api: Client) -> None:
    given = headers(KENYA)
    first, second = [await api.post(PATH, json=CASE, headers=given) for _ in range(2)]

    assert (201, first.json()) == (second.status_code, second.json())
    assert 1 == len(await listed(api))
