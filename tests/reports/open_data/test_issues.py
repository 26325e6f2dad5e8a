"""The monthly issue of the public figures: made after a month's end, kept until the next one, without small numbers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.db.database import Database
from contracts.summaries import PublicSummaryUnpublished
from services.reports.figures.figure_reader import FigureReader
from services.reports.figures.store import OWNERS
from services.reports.open_data.issues import last_day, month_ended
from services.reports.open_data.planner import issue_figures
from tests.builders import NOON
from tests.open_data import records
from tests.reports.open_data.steps import APRIL, MAY, issued, read
from tests.reports.steps import STATES, Client, Owners, a_line, a_submission, approval


async def by_kind(api: Client) -> dict[str, Any]:
    """Return the numbers of lines by kind in the newest issue."""
    found = await records(api, "figures")
    return {one["value"]: one["number"] for one in found if ("lines", "kind") == (one["figure"], one["by"])}


async def test_an_issue_has_what_was_public_at_the_end_of_the_month(api: Client, owners: Owners, db: Database) -> None:
    await owners.submit(11, public=True)
    await owners.submit(6)
    await owners.submit(9, day=31, public=True)

    await issued(db, APRIL)

    found = await records(api, "figures")
    assert {("2026-03", "2026-03-31")} == {(one["issue"], one["as_of"]) for one in found}
    assert {"mla_training": 10} == await by_kind(api)
    (total,) = [one for one in found if ("requests", "total") == (one["figure"], one["by"])]
    assert ("records", "total", 10) == (total["counts"], total["value"], total["number"])


async def test_an_issue_lists_only_what_may_be_shown(api: Client, owners: Owners, db: Database) -> None:
    await owners.submit(3, public=True)
    await owners.submit(7, kind="equipment", public=True)
    await owners.submit(9, kind="mentoring", public=True)

    await issued(db, APRIL)

    assert {"equipment": 5, "mentoring": 5} == await by_kind(api)
    assert [] == [one["number"] for one in await records(api, "figures") if one["number"] % 5]


async def test_an_issue_names_no_state_provider_or_amount(api: Client, owners: Owners, db: Database) -> None:
    await owners.submit(7, public=True)

    await issued(db, APRIL)

    found = await records(api, "figures")
    assert {"state", "provider", "donor"}.isdisjoint({one["by"] for one in found})
    assert "usd_minor" not in {one["counts"] for one in found}
    assert "KEN" not in {one["value"] for one in found}
    assert not [
        one for one, times in Counter((row["figure"], row["by"], row["value"]) for row in found).items() if times > 1
    ]


async def test_what_states_take_back_is_in_the_issue_until_the_next_one(
    api: Client, owners: Owners, db: Database
) -> None:
    requests = [a_submission(a_line(kind="equipment"), state=state) for state in STATES]
    summaries = [approval(request) for request in requests]
    await owners.submit(7, public=True)
    await owners.tell(*requests, *summaries)
    await issued(db, APRIL)
    before = await api.get("/v1/public/figures.csv")
    assert {"equipment": 5, "mla_training": 5} == await by_kind(api)

    for one in summaries:
        taken = {"public_summary_id": one.public_summary_id, "request_id": one.request_id, "state": one.state}
        await owners.tell(PublicSummaryUnpublished(**taken, unpublished_at=NOON), day=33)

    await issued(db, APRIL + timedelta(days=20))
    assert before.content == (await api.get("/v1/public/figures.csv")).content, "an issue does not change"
    await issued(db, MAY)
    assert {"mla_training": 5} == await by_kind(api)
    assert {"2026-04"} == {one["issue"] for one in await records(api, "figures")}
    async with db.transaction() as tx:
        assert 1 == await tx.fetchval("SELECT count(*) FROM figure_issue"), "no earlier issue is kept"


@pytest.mark.parametrize("late", OWNERS)
async def test_no_issue_is_made_before_all_journals_are_read_to_the_end_of_the_month(
    api: Client, owners: Owners, db: Database, late: str
) -> None:
    await owners.submit(7, public=True)
    await read(db, APRIL)
    await read(db, APRIL - timedelta(minutes=6), late)

    await issue_figures(db, FigureReader(db).published, now=APRIL)
    assert [] == await records(api, "figures")

    await issued(db, APRIL)
    assert {"mla_training": 5} == await by_kind(api)


async def test_no_issue_is_made_while_figures_are_rebuilt(api: Client, owners: Owners, db: Database) -> None:
    await owners.submit(7, public=True)
    async with db.transaction() as tx:
        await tx.execute("UPDATE folding SET incomplete = true")

    await issued(db, APRIL)

    assert [] == await records(api, "figures")


def test_the_month_that_ended_is_one_in_utc() -> None:
    assert [(2025, 12), (2026, 1), (2026, 2)] == [
        (at.year, at.month)
        for at in map(
            month_ended,
            (
                datetime(2026, 1, 1, tzinfo=UTC),
                datetime.fromisoformat("2026-03-01T01:00:00+02:00"),
                datetime.fromisoformat("2026-02-28T23:00:00-02:00"),
            ),
        )
    ]
    assert 28 == last_day(month_ended(datetime(2026, 3, 9, tzinfo=UTC))).day
