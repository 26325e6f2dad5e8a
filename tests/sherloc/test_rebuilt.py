"""A rebuild from the journal yields the same tables of the desk."""

import httpx

from chassis.db.database import Database
from chassis.rebuild import verify
from services.sherloc.wiring import SERVICE
from tests.sherloc.extensions import steps as extensions
from tests.sherloc.meetings import steps as meetings
from tests.sherloc.outreach import steps as outreach
from tests.sherloc.review_progress import steps as progress
from tests.sherloc.steps import KENYA, UGANDA, recorded


async def test_tables_are_rebuilt_from_the_journal(api: httpx.AsyncClient, db: Database) -> None:
    await recorded(api)
    extension_id = (await extensions.proposed(api))["extension_id"]
    await extensions.move(api, extension_id, "vote", KENYA)
    await extensions.move(api, extension_id, "vote", UGANDA)
    await extensions.move(api, extension_id, "withdraw-vote", KENYA)
    await extensions.move(api, extension_id, "plan")
    await extensions.move(api, extension_id, "note", language="en", text="Fictitious: begun.")
    await extensions.move(api, extension_id, "drop", reason="no_funding")
    await outreach.tried(api, await outreach.planned(api), "hold", reach=3)
    await outreach.tried(api, await outreach.planned(api), "cancel", reason="other")
    shown = await progress.move(api, await progress.recorded(api), "consent")
    await progress.move(api, shown, "revise", **progress.AGAIN)
    one = await meetings.planned(api)
    one = await meetings.move(api, one, "sign-up", KENYA, people=2)
    one = await meetings.move(api, one, "sign-up", UGANDA, people=1)
    one = await meetings.move(api, one, "withdraw-sign-up", KENYA)
    one = await meetings.move(api, one, "hold")
    await meetings.move(api, one, "lessons", UGANDA, text=meetings.LESSON)

    assert not await verify(db, SERVICE)
