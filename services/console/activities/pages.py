"""What the pages of an activity take from elsewhere: the funds, and its allocations."""

from collections.abc import Mapping
from typing import Any

from services.console.activities.model import ACTIVITIES
from services.console.moves.records import LIST_LENGTH, routes_of
from services.console.page import Page
from services.console.pledges.new import given_funds


async def _allocations(page: Page, activity: Mapping[str, Any]) -> Mapping[str, Any]:
    found = await page.api.get("/v1/allocations", activity=activity["activity_id"], limit=LIST_LENGTH)
    return {"allocations": found["allocations"]}


ROUTES = routes_of(ACTIVITIES, given=given_funds, adds=_allocations)
