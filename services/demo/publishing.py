"""Public summaries in the sample world: UNODC drafts them, and the States approve them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.demo.people import StepError
from services.demo.records import RequestRecord
from services.demo.samples import world
from services.demo.steps import Steps

COORDINATOR = "UNODC:coordinator"


async def publish_summaries(steps: Steps, requests: list[RequestRecord]) -> None:
    """Draft the summaries of the samples with their translations, and approve them; leave existing ones unchanged."""
    api = steps.api
    by_title = {record.title: record for record in requests}

    async def publish(sample: Mapping[str, Any]) -> None:
        record = by_title[sample["of"]]
        path = f"/v1/requests/{record.request['request_id']}/summary"
        if await _is_drafted(steps, path):
            return
        made = await api.post(COORDINATOR, path, sample["source"])
        for language, text in sample["translations"].items():
            made = await api.put(COORDINATOR, f"{path}/translations/{language}", text, revision=made["revision"])
        await api.post(record.appointment, f"{path}/approve", {}, revision=made["revision"])

    samples = msgspec.json.decode(world("summaries.json"))
    await steps.each("three States approve a public summary", samples, publish)


async def _is_drafted(steps: Steps, path: str) -> bool:
    try:
        await steps.api.get(COORDINATOR, path)
    except StepError as error:
        if error.slug == "not-found":
            return False
        raise
    return True
