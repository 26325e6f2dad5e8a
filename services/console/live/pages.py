"""The stream that notifies an open page of changes for its person."""

from functools import partial
from typing import Any

from litestar import Response, get

from chassis import clock
from services.console.live.following import FEEDS, ChangeStream
from services.console.live.refresh import FOLLOWING
from services.console.page import CurrentPage

IDS_MAX = 60


@get(f"/{{language:str}}{FOLLOWING}")
async def follow(page: CurrentPage) -> Response[Any]:
    """Stream changes of the records with these ids, in these feeds; without ids, of all that the person may see there.

    It does not count as use of the session, and ends with it or when the person acts in another appointment.
    """
    session, console = page.signed_in, page.console

    async def is_live() -> bool:
        now = await console.sessions.find(session.cookie, now=clock.now(), seen=False)
        return now is not None and now.held.acting == session.held.acting

    settings = console.settings
    place = partial(
        console.following.place,
        session.person_id,
        each_max=settings.event_streams_each,
        all_max=settings.event_streams_all,
    )
    missed = "last-event-id" in page.request.headers
    feeds = [one for one in FEEDS if one in page.asked_all("feed")]
    return ChangeStream(page.api, feeds, page.asked_all("id")[:IDS_MAX], place, is_live, missed=missed)


ROUTES = (follow,)
