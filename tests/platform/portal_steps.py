"""Other records of SHERLOC's desk in the world: extensions of the portal, outreach, progress, meetings."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from chassis import clock
from chassis.db.database import Tx
from chassis.nouns.statements import get_locked
from services.sherloc.extensions.model import EXTENSIONS
from services.sherloc.meetings.model import MEETINGS
from services.sherloc.outreach import OUTREACH
from services.sherloc.review_progress.model import REVIEW_PROGRESS
from tests.builders import headers

KENYA, COORDINATOR = "KEN:focal_point", "UNODC:coordinator"
AN_EXTENSION = {
    "language": "en",
    "title": "A sample.",
    "scope": "A sample.",
    "cost": {"minor": 100_000, "currency": "USD"},
    "work_package": "development",
}
AN_ACTIVITY = {
    "audience": "academia",
    "outreach_kind": "webinar",
    "language": "en",
    "title": "A sample.",
    "text": "A sample.",
    "languages": ["en"],
    "starts": "2026-11-20",
    "ends": "2026-11-20",
    "budget": {"minor": 0, "currency": "USD"},
    "reach_target": 10,
}
A_MEETING = {
    "place": "https://meeting.example",
    "language": "en",
    "title": "A sample.",
    "agenda": "A sample.",
    "invitation": "A sample.",
}


async def keep_portal(world: Any) -> None:
    """Create two extensions, one in progress with Kenya's vote; an activity, review progress and meetings."""
    path = "/v1/extensions"
    await world.say(COORDINATOR, path, **AN_EXTENSION)
    extension = await world.say(COORDINATOR, path, **AN_EXTENSION)
    at = f"{path}/{extension['extension_id']}"
    extension = await world.say(KENYA, f"{at}/vote", about=extension)
    for move in ("plan", "begin"):
        extension = await world.say(COORDINATOR, f"{at}/{move}", about=extension)
    await world.say(COORDINATOR, f"{at}/note", about=extension, language="en", text="A sample.")
    await world.say(COORDINATOR, "/v1/outreach-activities", **AN_ACTIVITY)
    for cluster in ("international_cooperation", "prevention_and_assistance"):
        said = {"state": "KEN", "cluster": cluster, "progress": "addressed", "language": "en", "text": "A sample."}
        record = await world.say(KENYA, "/v1/review-progress", **said)
    await world.say(KENYA, f"/v1/review-progress/{record['review_progress_id']}/consent", about=record)
    today = str(clock.now().date())
    meeting = await world.say(COORDINATOR, "/v1/meetings", **A_MEETING, starts_on=today)
    at = f"/v1/meetings/{meeting['meeting_id']}"
    meeting = await world.say(COORDINATOR, f"{at}/invite", about=meeting, states=["KEN"])
    meeting = await world.say(KENYA, f"{at}/sign-up", about=meeting, people=2)
    await world.say(COORDINATOR, f"{at}/hold", about=meeting)
    said = await world.client.put(f"{at}/lessons/{uuid4()}", json={"text": "A sample."}, headers=headers(KENYA))
    assert said.status_code == 200, said.text
    await world.say(COORDINATOR, "/v1/meetings", **A_MEETING, starts_on=today)


async def portal_records(tx: Tx, ids: Callable[[Tx, str], Awaitable[Sequence[UUID]]]) -> dict[str, dict[UUID, Any]]:
    """Return the records of the desk except the register, by the name of their id in a path."""
    return {
        "review_progress_id": {
            one: await get_locked(tx, REVIEW_PROGRESS, one) for one in await ids(tx, "review_progress")
        },
        "meeting_id": {one: await get_locked(tx, MEETINGS, one) for one in await ids(tx, "meeting")},
        "extension_id": {one: await get_locked(tx, EXTENSIONS, one) for one in await ids(tx, "extension")},
        "outreach_activity_id": {
            one: await get_locked(tx, OUTREACH, one) for one in await ids(tx, "outreach_activity")
        },
    }
