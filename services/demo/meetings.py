"""Informal meetings of States: one that was held, with a lesson, and a future one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from chassis import clock
from services.demo.planning import COORDINATOR
from services.demo.steps import Steps

FICTITIOUS = "Fictitious sample: "
STATES = {"KEN": 2, "FJI": 1, "PER": 3}
"""The invited States, and the number of people of each."""

HELD, TO_COME = f"{FICTITIOUS}what helped to adopt a law", f"{FICTITIOUS}how central authorities are staffed"
DAYS_UNTIL: Mapping[str, int] = {HELD: 0, TO_COME: 30}
LESSON = f"{FICTITIOUS}a first draft is shorter if the ministry of justice is asked before it is written."


def _lesson_id() -> UUID:
    """An id that is the same in each run, in the form of a random id, which the API requires."""
    return UUID(bytes=uuid5(NAMESPACE_URL, LESSON).bytes, version=4)


async def meet(steps: Steps) -> None:
    """Plan and hold the meetings. A second run leaves existing ones unchanged."""
    known = {one["title"] for one in await steps.all(COORDINATOR, "/v1/meetings", "meetings")}

    async def keep(title: str) -> None:
        if title not in known:
            await _keep(steps, title)

    await steps.each("States meet informally", [HELD, TO_COME], keep)


async def _keep(steps: Steps, title: str) -> None:
    api, day = steps.api, clock.now().date() + timedelta(days=DAYS_UNTIL[title])
    body = {
        "starts_on": day.isoformat(),
        "place": "https://meet.example/1",
        "language": "en",
        "title": title,
        "agenda": f"{FICTITIOUS}each State says what it would do again, and what it would not.",
        "invitation": f"{FICTITIOUS}bring a person who took part in the assistance.",
    }
    meeting: Any = await api.post(COORDINATOR, "/v1/meetings", body, step=title)
    at = f"/v1/meetings/{meeting['meeting_id']}"
    invited = {"states": list(STATES)}
    meeting = await api.post(COORDINATOR, f"{at}/invite", invited, revision=meeting["revision"])
    for state, people in STATES.items():
        by = f"{state}:focal_point"
        meeting = await api.post(by, f"{at}/sign-up", {"people": people}, revision=meeting["revision"])
    if title == HELD:
        await api.post(COORDINATOR, f"{at}/hold", {}, revision=meeting["revision"])
        await api.put("FJI:focal_point", f"{at}/lessons/{_lesson_id()}", {"text": LESSON})
