"""Steps of tests about yearly reports."""

from datetime import date
from typing import Any

import httpx

from tests.builders import headers
from tests.reports.steps import COORDINATOR, Client, day

AS_OF = day(30)
YEAR = date.fromisoformat(AS_OF).year


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["slug"]


async def drafting(api: Client, who: str = COORDINATOR, **changes: Any) -> httpx.Response:
    return await api.post("/v1/reports", json={"year": YEAR, "as_of": AS_OF} | changes, headers=headers(who))


async def drafted(api: Client, who: str = COORDINATOR, **changes: Any) -> str:
    answer = await drafting(api, who, **changes)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/v1/reports/{answer.json()['report_id']}"
    return str(answer.json()["report_id"])


async def showing(api: Client, report_id: str, who: str = COORDINATOR) -> httpx.Response:
    return await api.get(f"/v1/reports/{report_id}", headers=headers(who))


async def report(api: Client, report_id: str, who: str = COORDINATOR) -> dict[str, Any]:
    answer = await showing(api, report_id, who)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def writing(
    api: Client,
    report_id: str,
    block: str,
    language: str,
    text: str,
    who: str = COORDINATOR,
    *,
    revision: int | None = None,
) -> httpx.Response:
    seen = revision or (await report(api, report_id, who))["revision"]
    return await api.put(
        f"/v1/reports/{report_id}/texts/{block}/{language}", json={"text": text}, headers=headers(who, revision=seen)
    )


async def written(
    api: Client, report_id: str, block: str, language: str, text: str, who: str = COORDINATOR
) -> dict[str, Any]:
    answer = await writing(api, report_id, block, language, text, who)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def removing(api: Client, report_id: str, block: str, language: str, who: str = COORDINATOR) -> httpx.Response:
    seen = (await report(api, report_id, who))["revision"]
    return await api.delete(f"/v1/reports/{report_id}/texts/{block}/{language}", headers=headers(who, revision=seen))


async def moving(api: Client, report_id: str, move: str, who: str = COORDINATOR, **body: Any) -> httpx.Response:
    seen = (await report(api, report_id, who))["revision"]
    return await api.post(f"/v1/reports/{report_id}/{move}", json=body, headers=headers(who, revision=seen))


async def issued(api: Client, report_id: str, who: str = COORDINATOR) -> dict[str, Any]:
    answer = await moving(api, report_id, "issue", who)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def texts(view: dict[str, Any]) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return text and staleness by block and language."""
    return {(one["block"], one["language"]): (one["text"], one["stale"]) for one in view["texts"]}


def of_paragraph(view: dict[str, Any], paragraph: str) -> dict[str, Any]:
    return next(one["numbers"] for one in view["figures"]["paragraphs"] if one["paragraph"] == paragraph)
