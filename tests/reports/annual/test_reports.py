"""Tests of yearly reports over HTTP: drafted from figures, written in several languages, issued, superseded."""

import asyncpg
import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts import reference
from services.reports.wiring import SERVICE
from tests.builders import headers
from tests.clocks import TODAY
from tests.reports.annual.steps import (
    AS_OF,
    YEAR,
    drafted,
    drafting,
    issued,
    moving,
    of_paragraph,
    removing,
    report,
    showing,
    slug,
    texts,
    writing,
    written,
)
from tests.reports.steps import COORDINATOR, KENYA, OFFICIAL, Client, Owners, day


async def test_a_report_has_the_figures_of_every_paragraph_as_of_its_day(api: Client, owners: Owners) -> None:
    await owners.submit(12, paragraphs=("I.k",))
    await owners.submit(7, day=40, paragraphs=("I.k",))

    view = await report(api, await drafted(api))

    assert list(reference.paragraphs()) == [one["paragraph"] for one in view["figures"]["paragraphs"]]
    assert {"in_year": 12, "to_date": 12} == of_paragraph(view, "I.k")["requests"]
    assert {"in_year": 0, "to_date": 0} == of_paragraph(view, "I.a")["requests"]
    assert AS_OF == view["figures"]["as_of"]


async def test_a_report_counts_records_as_they_are(api: Client, owners: Owners) -> None:
    """The report of two requests says two: what counts records without naming anyone hides nothing."""
    await owners.submit(2, paragraphs=("I.k",))
    await owners.submit(1, state="UGA", paragraphs=("II.d",))

    for who, state in ((COORDINATOR, None), (KENYA, "KEN")):
        figures = (await report(api, await drafted(api, who), who))["figures"]
        counted = {one["paragraph"]: one["numbers"]["requests"]["to_date"] for one in figures["paragraphs"]}
        assert (2, 0 if state else 1, 0) == (counted["I.k"], counted["II.d"], counted["I.a"])
        assert (2 if state else 3) == figures["totals"]["requests"]["to_date"]
        numbers = [one for of in figures["paragraphs"] for one in of["numbers"].values()]
        assert [] == [one for one in numbers if None in one.values()], "nothing of it is a number of people"


async def test_year_and_all_until_then_are_separate(api: Client, owners: Owners) -> None:
    await owners.submit(6, day=-100, paragraphs=("I.k",))
    await owners.submit(10, paragraphs=("I.k",))

    view = await report(api, await drafted(api))

    assert {"in_year": 10, "to_date": 16} == of_paragraph(view, "I.k")["requests"]
    years = [(one["year"], one["numbers"]["requests"]) for one in view["figures"]["years"]]
    assert [(YEAR - 1, 6), (YEAR, 10)] == years


async def test_a_state_reports_on_its_own_records(api: Client, owners: Owners) -> None:
    await owners.submit(6, paragraphs=("I.k",))
    await owners.submit(20, state="UGA", paragraphs=("I.k",))

    view = await report(api, await drafted(api, KENYA), KENYA)

    assert "KEN" == view["state"]
    assert 6 == of_paragraph(view, "I.k")["requests"]["to_date"]
    assert "pledged" not in view["figures"]["totals"]


@pytest.mark.parametrize("who", [OFFICIAL, "UNODC:auditor", "NOR:donor_officer", "UNODC:finance_officer"])
async def test_others_draft_no_report(api: Client, who: str) -> None:
    assert (403, "not-for-your-role") == slug(await drafting(api, who))


@pytest.mark.parametrize("as_of", [f"{YEAR + 1}-01-01", f"{YEAR - 1}-12-31", f"{YEAR}-12-31"])
async def test_the_day_has_come_and_is_of_the_year(api: Client, as_of: str) -> None:
    assert f"{YEAR}-12-31" > str(TODAY)
    assert (400, "report-day") == slug(await drafting(api, as_of=as_of))


async def test_there_is_one_draft_of_a_year(api: Client) -> None:
    await drafted(api)

    assert (409, "report-draft-exists") == slug(await drafting(api))
    await drafted(api, KENYA)
    await drafted(api, "UGA:focal_point")


async def test_an_edit_in_one_language_leaves_the_others_as_they_are(api: Client) -> None:
    report_id = await drafted(api)
    await written(api, report_id, "I.k", "fr", "Vingt demandes.")
    await written(api, report_id, "I.k", "ar", "عشرون طلبا.")
    view = await written(api, report_id, "I.k", "ar", "عشرون طلبا في السنة.")

    assert {("I.k", "fr"): ("Vingt demandes.", False), ("I.k", "ar"): ("عشرون طلبا في السنة.", False)} == texts(view)
    assert {"fr"} == {one["source_language"] for one in view["texts"]}


async def test_a_translation_is_stale_once_its_source_has_changed(api: Client) -> None:
    report_id = await drafted(api)
    await written(api, report_id, "introduction", "en", "First.")
    await written(api, report_id, "introduction", "es", "Primero.")
    view = await written(api, report_id, "introduction", "en", "Second.")

    assert ("Primero.", True) == texts(view)["introduction", "es"]
    view = await written(api, report_id, "introduction", "es", "Segundo.")
    assert ("Segundo.", False) == texts(view)["introduction", "es"]


async def test_of_two_who_write_at_once_the_second_reads_first(api: Client) -> None:
    report_id = await drafted(api)
    seen = (await report(api, report_id))["revision"]
    await written(api, report_id, "I.k", "fr", "Un.")

    assert 412 == (await writing(api, report_id, "I.k", "fr", "Deux.", revision=seen)).status_code
    assert ("Un.", False) == texts(await report(api, report_id))["I.k", "fr"]


async def test_a_source_is_removed_after_its_translations(api: Client) -> None:
    report_id = await drafted(api)
    await written(api, report_id, "I.k", "fr", "Un.")
    await written(api, report_id, "I.k", "ru", "Один.")

    assert (409, "report-text-translated") == slug(await removing(api, report_id, "I.k", "fr"))
    assert 200 == (await removing(api, report_id, "I.k", "ru")).status_code
    assert 200 == (await removing(api, report_id, "I.k", "fr")).status_code
    assert (404, "not-found") == slug(await removing(api, report_id, "I.k", "fr"))
    assert {} == texts(await report(api, report_id))


async def test_a_text_belongs_to_a_paragraph_of_the_resolution(api: Client) -> None:
    answer = await writing(api, await drafted(api), "III.z", "en", "Nothing.")

    assert (400, "unknown-code") == slug(answer)


async def test_figures_of_a_draft_are_drawn_again(api: Client, owners: Owners) -> None:
    report_id = await drafted(api)
    await owners.submit(12, day=40, paragraphs=("I.k",))

    answer = await moving(api, report_id, "refresh", as_of=day(41))

    assert 12 == of_paragraph(answer.json(), "I.k")["requests"]["to_date"]
    assert (400, "report-day") == slug(await moving(api, report_id, "refresh", as_of=f"{YEAR - 1}-06-01"))


async def test_what_is_issued_does_not_change_any_more(api: Client, owners: Owners, db: Database) -> None:
    await owners.submit(12, paragraphs=("I.k",))
    report_id = await drafted(api)
    await written(api, report_id, "I.k", "fr", "Douze demandes.")
    before = await issued(api, report_id)
    await owners.submit(20, paragraphs=("I.k",))

    assert (409, "report-status") == slug(await writing(api, report_id, "I.k", "fr", "Autre."))
    assert (409, "report-status") == slug(await moving(api, report_id, "refresh", as_of=AS_OF))
    assert (409, "report-status") == slug(await moving(api, report_id, "issue"))
    assert before == await report(api, report_id)
    for statement in (
        "UPDATE report_figures SET figures = '{}'",
        "DELETE FROM report_figures",
        "UPDATE report_text SET text = 'x'",
        "DELETE FROM report_text",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with db.transaction() as tx:
                await tx.execute(statement)


async def test_a_new_version_begins_with_the_texts_and_supersedes_the_last(api: Client) -> None:
    first = await drafted(api)
    await written(api, first, "I.k", "fr", "Un.")
    await written(api, first, "I.k", "es", "Uno.")
    await written(api, first, "I.k", "fr", "Deux.")
    await issued(api, first)

    second = await drafted(api)
    copied = await report(api, second)
    assert texts(await report(api, first)) == texts(copied)
    assert 2 == copied["number"]
    assert "issued" == (await report(api, first))["status"], "a report is valid until the next one is issued"

    await issued(api, second)
    superseded = await report(api, first)
    assert ("superseded", second) == (superseded["status"], superseded["superseded_by"])


async def test_reports_are_listed_by_year_and_state(api: Client) -> None:
    conference, kenya = await drafted(api), await drafted(api, KENYA)
    await issued(api, conference)
    await issued(api, kenya, KENYA)

    async def listed(who: str, **query: object) -> list[str]:
        answer = await api.get("/v1/reports", params=query, headers=headers(who))
        assert answer.status_code == 200, answer.text
        return [one["report_id"] for one in answer.json()["reports"]]

    assert [kenya, conference] == await listed(COORDINATOR)
    assert [conference] == await listed(COORDINATOR, conference=True)
    assert [kenya] == await listed(COORDINATOR, state="KEN", year=YEAR, status="issued")
    assert [] == await listed(COORDINATOR, year=YEAR - 1)
    assert [conference] == await listed("NOR:donor_officer")


async def test_reports_are_rebuilt_from_the_journal(api: Client, database_url: str) -> None:
    report_id = await drafted(api)
    await written(api, report_id, "I.k", "fr", "Un.")
    await written(api, report_id, "II.a", "ar", "واحد.")
    await removing(api, report_id, "II.a", "ar")
    await moving(api, report_id, "refresh", as_of=day(31))
    await issued(api, report_id)
    await issued(api, await drafted(api))
    await drafted(api, KENYA)

    owner = await Database.connect(database_url, "reports", owner=True)
    try:
        assert [] == await verify(owner, SERVICE)
    finally:
        await owner.close()


async def test_facts_have_no_words_and_no_numbers_of_records(api: Client, owners: Owners, db: Database) -> None:
    await owners.submit(12, paragraphs=("I.k",))
    report_id = await drafted(api)
    await written(api, report_id, "I.k", "fr", "Douze demandes secretes.")

    async with db.transaction() as tx:
        journal = await tx.fetchval("SELECT string_agg(event::text, ' ') FROM journal")
    assert "secretes" not in journal
    assert "paragraphs" not in journal


async def test_absent_report_is_answered_as_a_hidden_one(api: Client) -> None:
    hidden = await showing(api, await drafted(api), KENYA)
    absent = await showing(api, "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a60", KENYA)

    assert [404, 404] == [hidden.status_code, absent.status_code]
    assert hidden.json()["slug"] == absent.json()["slug"]
