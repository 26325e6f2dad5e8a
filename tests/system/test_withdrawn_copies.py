"""What was withdrawn is on no public page of the console, even if its service does not answer any more."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from chassis.db.database import Database
from chassis.embedded import Nats
from tests.matching.offerings.steps import approved, move
from tests.matching.steps import COORDINATOR, NORWAY
from tests.personas import appoint_in_directory
from tests.system.platform import Platform, running

UP = ("directory", "matching", "console")
WITHDRAWN, STAYS = "Fictitious title, taken back", "Fictitious title, still public"
EVERYWHERE_SECONDS = 5


@pytest.fixture
async def platform(
    database_url: str, databases: Mapping[str, Database], own_broker: Nats, state: Path
) -> AsyncIterator[Platform]:
    await appoint_in_directory(databases["directory"], [NORWAY, COORDINATOR])
    with running("apart", database_url=database_url, nats=own_broker, smtp_url=None, state=state, only=UP) as made:
        yield made


def kept_seconds(answer: httpx.Response) -> int:
    return int(answer.headers["Cache-Control"].partition("max-age=")[2].partition(",")[0])


async def test_old_copy_shows_nothing_that_was_withdrawn_since(platform: Platform) -> None:
    offerings = {}
    async with httpx.AsyncClient(base_url=platform.addresses["matching"], trust_env=False) as api:
        for title in (WITHDRAWN, STAYS):
            text = {"language": "en", "title": title, "summary": "Fictitious"}
            offerings[title] = await move(api, await approved(api), "publish", NORWAY, **text)
        async with httpx.AsyncClient(base_url=platform.addresses["console"], trust_env=False, timeout=30) as pages:
            paths = {title: f"/en/public/offerings/{one['offering_id']}" for title, one in offerings.items()}
            for path in (*paths.values(), "/en/public/offerings"):
                shown = await pages.get(path)
                assert (200, True) == (shown.status_code, "Fictitious title" in shown.text)
                assert kept_seconds(shown) < EVERYWHERE_SECONDS

            await move(api, offerings[WITHDRAWN], "unpublish", NORWAY)
            await asyncio.sleep(1)
            platform.end("matching")

            old = await pages.get(paths[STAYS])
            assert (200, True) == (old.status_code, STAYS in old.text)
            for path in (paths[WITHDRAWN], "/en/public/offerings"):
                answer = await pages.get(path)
                assert (503, False) == (answer.status_code, WITHDRAWN in answer.text), path
