"""A Monday of a focal point, a coordinator and a provider in the sample world, each with the number of its calls."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chassis.auth.tokens import Issuer
from services.demo.people import Api
from services.demo.steps import Steps
from tests.builders import AHEAD, a_line, a_request
from tests.personas import ISSUER
from tests.system.platform import Platform

KENYA, OFFICIAL, COORDINATOR = "KEN:focal_point", "KEN:official", "UNODC:coordinator"
FOCAL_POINT_CALLS_MAX, COORDINATOR_CALLS_MAX, PROVIDER_CALLS_MAX = 5, 6, 3
KINDS = ("outreach", "explanatory_legal_material", "inequality_analysis")
"""Kinds that the sample world offers only later than its requests want them."""

LINES = len(KINDS)


class CountingApi(Api):
    """A client that counts its calls."""

    calls = 0

    async def _call(self, *args: Any, **options: Any) -> Any:
        self.calls += 1
        return await super()._call(*args, **options)


async def run(platform: Platform, state: Path) -> None:
    issuer = Issuer.load(state / "issuer.jwk", ISSUER)
    apis = [CountingApi(platform.addresses, issuer) for _ in range(3)]
    waiting = Api(platform.addresses, issuer)
    try:
        request_id = await focal_point(apis[0])
        await suggested(Steps(waiting, lambda *_: None), request_id)
        matches = await coordinator(apis[1], request_id)
        provider = await presented(Steps(waiting, lambda *_: None), matches)
        await provider_officer(apis[2], provider)
    finally:
        for api in (*apis, waiting):
            await api.close()
    assert apis[0].calls <= FOCAL_POINT_CALLS_MAX
    assert apis[1].calls <= COORDINATOR_CALLS_MAX
    assert apis[2].calls <= PROVIDER_CALLS_MAX


async def focal_point(api: Api) -> str:
    """Read what waits and what the draft still needs; submit a request that an official began, and return its id."""
    work = (await api.get(KENYA, "/v1/work"))["work"]
    assert {one["organization"] for one in work} <= {"KEN"}
    wanted = {"group_size": 5, "modality": "remote", "window": {"from": f"{AHEAD}-07-01", "until": f"{AHEAD}-12-31"}}
    lines = [a_line(kind=kind, **wanted) for kind in KINDS]
    body = a_request(submit=False, lines=lines, title="[Fictitious sample] A Monday's request")
    partial = {name: value for name, value in body.items() if name not in {"submit", "title"}}
    assert [one["field"] for one in (await api.post(KENYA, "/v1/requests/check", partial))["missing"]] == ["title"]
    draft = await api.post(OFFICIAL, "/v1/requests", partial, step="a Monday")
    path = f"/v1/requests/{draft['request_id']}"
    draft = await api.patch(KENYA, path, {"title": body["title"]}, revision=draft["revision"])
    submitted = await api.post(KENYA, f"{path}/submit", {}, revision=draft["revision"])
    assert submitted["status"] == "submitted"
    return str(draft["request_id"])


async def coordinator(api: Api, request_id: str) -> Sequence[Mapping[str, Any]]:
    """Go from the queue to presented matches, one for each of three lines."""
    work = (await api.get(COORDINATOR, "/v1/work?step=acknowledge&sort=since&limit=100"))["work"]
    (waiting,) = [one for one in work if one["request_id"] == request_id]
    path = f"/v1/requests/{waiting['request_id']}"
    request = await api.get(COORDINATOR, path)
    request = await api.post(COORDINATOR, f"{path}/register", {}, revision=request["revision"])
    await api.post(COORDINATOR, f"{path}/open", {"priority": "high"}, revision=request["revision"])
    found = (await api.get(COORDINATOR, f"/v1/matches?request={request_id}&limit=100"))["matches"]
    best: dict[str, Mapping[str, Any]] = {}
    for match in found:
        best.setdefault(match["line_id"], match)
    chosen = [{"match_id": one["match_id"], "revision": one["revision"]} for one in best.values()]
    answer = await api.post(COORDINATOR, "/v1/matches/present", {"matches": chosen}, step=request_id)
    assert [one["status"] for one in answer["matches"]] == ["presented"] * LINES
    return answer["matches"]


async def provider_officer(api: Api, provider: str) -> None:
    """Read what waits for an answer, and one match with its reasons; confirm the match."""
    officer = f"{provider}:provider_officer"
    work = (await api.get(officer, "/v1/work?step=provider_answer&sort=since&limit=100"))["work"]
    assert {one["organization"] for one in work} == {provider}
    match = await api.get(officer, f"/v1/matches/{work[-1]['match_id']}")
    assert match["explanation"]
    confirmed = await api.post(officer, f"/v1/matches/{match['match_id']}/confirm", {}, revision=match["revision"])
    assert confirmed["status"] == "provider_confirmed"


async def suggested(steps: Steps, request_id: str) -> None:
    async def all_lines() -> bool:
        found = (await steps.api.get(COORDINATOR, f"/v1/matches?request={request_id}&limit=100"))["matches"]
        return len({one["line_id"] for one in found}) == LINES

    await steps.until(all_lines, "suggestions for each line")


async def presented(steps: Steps, matches: Sequence[Mapping[str, Any]]) -> str:
    """Return a provider whose clock runs now, and in whose list of work the match is."""
    provider = str(matches[0]["provider"])

    async def waits() -> bool:
        path = "/v1/work?step=provider_answer&limit=100"
        found = (await steps.api.get(f"{provider}:provider_officer", path))["work"]
        return matches[0]["match_id"] in {one["match_id"] for one in found}

    await steps.until(waits, "the clock of the provider")
    return provider
