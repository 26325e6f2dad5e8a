"""An attacker reads all that is public of figures, over two months, to tell what a published request asks for.

A public summary names the State and the request, not its lines. Two worlds differ in the lines of one request alone:
what the attacker reads has to be the same in both.
"""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.db.database import Database
from contracts.requests import RequestSubmitted
from contracts.summaries import PublicSummaryUnpublished
from services.reports.figures.model import FIGURES
from tests.builders import NOON
from tests.open_data import records
from tests.reports.open_data.steps import issued
from tests.reports.steps import STATES, Client, Owners, a_line, a_submission, approval, asked, numbers, shown

WORLDS: tuple[dict[str, Any], ...] = (
    {},
    {
        "kind": "equipment",
        "topics": ("extradition",),
        "articles": ("UNTOC:16",),
        "paragraphs": ("I.i",),
        "pillars": ("protect",),
        "institution": "police",
        "languages": ("fr",),
        "modality": "online",
        "gender_marker": 2,
        "human_rights_marker": 1,
    },
)
MONTHS = [datetime(2026, month, 1, 0, 5, tzinfo=UTC) for month in range(4, 9)]


async def public_reads(api: Client) -> list[Any]:
    """Return every public table, its CSV and chart, and the open data, without the days on which they were made."""
    seen: list[Any] = [[{**one, "issue": "", "as_of": ""} for one in await records(api, "figures")]]
    for name, figure in FIGURES.items():
        for by in figure.dimensions:
            answer = await asked(api, name, public=True, by=by)
            found = answer.json()
            seen.append((name, by, found.get("slug"), found.get("total"), found.get("withheld"), found.get("cells")))
            if answer.is_error:
                continue
            for path, query in (("table", {"format": "csv"}), ("chart", {})):
                file = await api.get(f"/v1/public/figures/{name}/{path}", params={"by": by, "language": "en", **query})
                seen.append((name, by, path, re.sub(r"\d{4}-\d\d-\d\d|\d+ [A-Z][a-z]+ \d{4}", "", file.text)))
    return seen


async def published(owners: Owners, world: dict[str, Any]) -> tuple[RequestSubmitted, Any]:
    request = a_submission(a_line(**world), state="KEN")
    summary = approval(request)
    await owners.tell(request, summary)
    return request, summary


@pytest.mark.parametrize("others", [0, 2, 7], ids=["alone", "at-the-edge", "among-many"])
async def test_all_public_reads_tell_no_code_of_one_request(
    api: Client, owners: Owners, db: Database, others: int
) -> None:
    """`others` requests of each of seven States have the lines of the first world, as many those of the second."""
    for world in WORLDS:
        for state in STATES:
            await owners.submit(others, public=True, state=state, **world)
    months = iter(MONTHS)
    await issued(db, next(months))
    seen = []
    for world in WORLDS:
        request, summary = await published(owners, world)
        assert world.get("kind", "mla_training") in await numbers(api, "unserved_lines", by="kind")
        assert bool(others) == bool((await shown(api, "lines", public=True, by="kind"))["cells"])
        today = await public_reads(api)
        await issued(db, next(months))
        seen.append((today, await public_reads(api)))
        ids = {"public_summary_id": summary.public_summary_id, "request_id": request.request_id, "state": "KEN"}
        await owners.tell(PublicSummaryUnpublished(**ids, unpublished_at=NOON), day=1)
        await issued(db, next(months))

    differ = [one for one, other in zip(seen[0][1], seen[1][1], strict=True) if one != other]
    differ += [one for one, other in zip(seen[0][0], seen[1][0], strict=True) if one != other]
    assert [] == differ, f"{len(differ)} of {len(seen[0][0])} reads tell it, the first is {str(differ[0])[:400]}"


async def of_lines(api: Client) -> tuple[int | None, dict[str, int | None]]:
    found = await shown(api, "lines", public=True, by="kind")
    assert found["withheld"] is not bool(found["cells"])
    return found["total"], {cell["value"]: cell["number"] for cell in found["cells"]}


async def test_what_all_published_requests_have_in_common_is_not_shown(
    api: Client, owners: Owners, db: Database
) -> None:
    """Everybody counts the published requests: if ten of ten are training, it is known what each of them asks for."""
    for state in STATES[:5]:
        await owners.submit(2, public=True, state=state)
    await issued(db, MONTHS[0])
    assert (None, {}) == await of_lines(api), "five States of five"

    for state in STATES[:5]:
        await owners.submit(1, public=True, state=state, kind="equipment", day=31)
    await owners.submit(1, public=True, state="MLI", kind="equipment", day=31)
    await issued(db, MONTHS[1])
    assert (15, {"equipment": 5, "mla_training": 10}) == await of_lines(api), "six States"


async def test_units_of_one_state_are_no_five(api: Client, owners: Owners, db: Database) -> None:
    """What counts are the States behind a number: eight lines of one request are one request's."""
    request = a_submission(*(a_line(kind="equipment") for _ in range(8)))
    await owners.tell(request, approval(request))
    for state in STATES:
        await owners.submit(2, public=True, state=state)
    await issued(db, MONTHS[0])

    assert (20, {"mla_training": 10}) == await of_lines(api)


async def test_a_month_in_which_few_changed_repeats_the_last_one(api: Client, owners: Owners, db: Database) -> None:
    for state in STATES:
        await owners.submit(1, public=True, state=state)
        await owners.submit(1, public=True, state=state, kind="equipment")
    await issued(db, MONTHS[0])
    first = await of_lines(api)

    for state in STATES[:4]:
        await owners.submit(5, public=True, state=state, day=40)
    await issued(db, MONTHS[1])
    assert first == await of_lines(api) == (10, {"equipment": 5, "mla_training": 5})
    of_four = await shown(api, "lines", public=True, by="kind")
    assert "2026-03-31" == of_four["as_of"]

    await owners.submit(5, public=True, state=STATES[4], day=70)
    await issued(db, MONTHS[2])
    assert (35, {"equipment": 5, "mla_training": 30}) == await of_lines(api), "five States since March"
