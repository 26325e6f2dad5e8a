"""Concurrent changes of a State's law by two of its people: one takes effect, and nothing is lost."""

import asyncio

from chassis.db.database import Database
from chassis.rebuild import verify
from services.sherloc.wiring import SERVICE
from tests.builders import headers
from tests.sherloc.steps import KENYA, KENYAS_OFFICIAL, LAW, Client, recorded, recording, shown


async def test_two_people_who_record_the_same_article_at_once_make_one_record(api: Client, db: Database) -> None:
    titles = {f"Fictitious: Act {n}": (KENYA, KENYAS_OFFICIAL)[n % 2] for n in range(8)}

    answers = await asyncio.gather(*(recording(api, by, title=title) for title, by in titles.items()))

    made = [one.json() for one in answers if one.status_code == 201]
    refused = [(one.status_code, one.json()["slug"]) for one in answers if one.status_code != 201]
    assert (1, 7 * [(409, "legislation-recorded")]) == (len(made), refused)
    found = await shown(api, made[0]["legislation_id"])
    assert (1, made[0]["title"]) == (found["revision"], found["title"])
    async with db.transaction() as tx:
        assert [1, 1, 1] == [
            await tx.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("journal", "legislation_version", "legislation_text")
        ]
    assert not await verify(db, SERVICE)


async def test_of_two_concurrent_revisions_one_is_refused(api: Client, db: Database) -> None:
    legislation_id = await recorded(api)
    body = {name: value for name, value in LAW.items() if name not in {"state", "article"}}

    answers = await asyncio.gather(
        *(
            api.post(
                f"/v1/legislation/{legislation_id}/revise",
                json=body | {"title": f"Fictitious: {by}"},
                headers=headers(by, revision=1),
            )
            for by in (KENYA, KENYAS_OFFICIAL)
        )
    )

    assert [200, 412] == sorted(one.status_code for one in answers)
    (kept,) = [one.json()["title"] for one in answers if one.status_code == 200]
    found = await shown(api, legislation_id)
    assert (2, kept) == (found["revision"], found["title"])
    assert not await verify(db, SERVICE)
