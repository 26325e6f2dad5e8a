"""Progress after the review: voluntary records of a State, and the table for the Conference (paragraph II.j)."""

import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.sherloc.review_progress.steps import AGAIN, PATH, SAID, move, recorded, table, tried
from tests.sherloc.steps import AUDITOR, COORDINATOR, KENYA, KENYAS_OFFICIAL, OTHERS, UGANDA, Client, slug


async def test_table_shows_those_who_agreed_until_they_withdraw(api: Client) -> None:
    kenya = await recorded(api)
    await move(api, await recorded(api, UGANDA, state="UGA"), "consent", UGANDA)
    assert ["UGA: partly_addressed"] == await table(api, KENYA)

    kenya = await move(api, kenya, "consent")
    for reader in (*OTHERS, COORDINATOR):
        assert ["KEN: partly_addressed", "UGA: partly_addressed"] == await table(api, reader)
    kenya = await move(api, kenya, "revise", **AGAIN)
    assert ["KEN: addressed", "UGA: partly_addressed"] == await table(api)

    await move(api, kenya, "withdraw-consent")
    assert ["UGA: partly_addressed"] == await table(api, COORDINATOR)


async def test_record_is_for_its_state_and_unodc_until_the_state_agrees(api: Client) -> None:
    one = await recorded(api, KENYAS_OFFICIAL)
    at = f"{PATH}/{one['review_progress_id']}"

    for reader in (KENYA, KENYAS_OFFICIAL, COORDINATOR, AUDITOR):
        assert SAID["text"] == (await api.get(at, headers=headers(reader))).json()["text"]
    for other in OTHERS:
        assert (404, "not-found") == slug(await api.get(at, headers=headers(other)))
        assert [] == (await api.get(PATH, headers=headers(other))).json()["review_progress"]
    await move(api, one, "consent")
    assert "shown" == (await api.get(at, headers=headers(UGANDA))).json()["status"]


async def test_what_is_taken_back_is_deleted_and_needs_a_new_consent(api: Client, db: Database) -> None:
    one = await move(api, await recorded(api), "consent")

    one = await move(api, one, "withdraw")

    assert [] == await table(api)
    async with db.transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM review_progress_text")
    assert (409, "review-progress-status") == slug(await tried(api, one, "consent"))
    one = await move(api, one, "revise", **AGAIN)
    assert ("own", AGAIN["text"]) == (one["status"], one["text"])
    assert [] == await table(api)


async def test_state_records_for_itself_once_for_each_cluster(api: Client) -> None:
    one = await recorded(api)
    await recorded(api, cluster="prevention_and_assistance")

    assert (409, "review-progress-recorded") == slug(await api.post(PATH, json=SAID, headers=headers(KENYA)))
    assert (403, "not-your-state") == slug(await api.post(PATH, json=SAID, headers=headers(UGANDA)))
    assert (403, "not-for-your-role") == slug(await api.post(PATH, json=SAID, headers=headers(COORDINATOR)))
    assert (403, "not-for-your-role") == slug(await tried(api, one, "consent", KENYAS_OFFICIAL))
    assert (403, "not-for-your-role") == slug(await tried(api, one, "revise", COORDINATOR, **AGAIN))
    shown = await move(api, one, "consent")
    assert (403, "not-your-state") == slug(await tried(api, shown, "withdraw-consent", UGANDA))


@pytest.mark.parametrize("query", [{"state": "XXX"}, {"cluster": "weather"}])
async def test_unknown_code_is_refused(api: Client, query: dict[str, str]) -> None:
    assert (400, "unknown-code") == slug(await api.get(PATH, params=query, headers=headers(KENYA)))
    body = SAID | {"cluster": "weather"}
    assert (400, "unknown-code") == slug(await api.post(PATH, json=body, headers=headers(KENYA)))


async def test_progress_is_listed_by_state_and_cluster(api: Client) -> None:
    await recorded(api)
    for query, count in (({"state": "KEN"}, 1), ({"state": "UGA"}, 0), ({"cluster": SAID["cluster"]}, 1)):
        answer = await api.get(PATH, params=query, headers=headers(COORDINATOR))
        assert count == len(answer.json()["review_progress"])
