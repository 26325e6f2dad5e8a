"""The deliveries of the main workflow, with a distinct text in every free field."""

from collections.abc import Mapping
from typing import Any

from tests.system.canaries import Readers
from tests.system.canary_stage import AUDITOR, COORDINATOR, KENYA, NORWAY, Stage, until

PATH = "/v1/deliveries/{delivery_id}"


async def opened(stage: Stage, match: Mapping[str, Any]) -> Any:
    """The delivery of a confirmed match."""

    async def found() -> Any:
        page = await stage.see(COORDINATOR, f"/v1/deliveries?request={match['request_id']}")
        return next((one for one in page["deliveries"] if one["delivery_id"] == match["match_id"]), None)

    return await until(found)


async def deliver(stage: Stage, match: Mapping[str, Any], sides: Readers) -> None:
    """From its contacts to its completion."""
    delivery = await opened(stage, match)
    for who in (KENYA, NORWAY):
        contacts = {"contacts": [{}]}
        delivery = await stage.say(who, "PUT", f"{PATH}/contacts", contacts, about=delivery, to=sides - {AUDITOR})
        delivery = await stage.say(who, "POST", f"{PATH}/waive-agreement", {}, about=delivery, to=sides)
    for who, name, body in (
        (NORWAY, "begin", {}),
        (NORWAY, "suspend", {"reason": "other"}),
        (KENYA, "resume", {}),
        (KENYA, "complete", {}),
    ):
        delivery = await stage.say(who, "POST", f"{PATH}/{name}", body, about=delivery, to=sides)
