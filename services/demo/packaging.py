"""A package for Fiji: South Africa's offering, a unit of UNODC and Kuwait's pledge. It waits for South Africa."""

from collections.abc import Mapping
from typing import Any

from chassis import clock
from services.demo.desk import BY_NOTE, COORDINATOR, FIJI
from services.demo.people import StepError
from services.demo.steps import Steps

PROVIDER, UNIT, DONOR = "ZAF:provider_officer", "UNODC-MLA:provider_officer", "KWT:donor_officer"
FUND = "TA-REQUESTS"
LACKING = {"minor": 12_000_00, "currency": "USD"}
ATTEMPTS = 5
"""Maximum number of attempts to present the match, whose revision may change."""


async def present_package(steps: Steps) -> Mapping[str, Any]:
    """Present the package and return it; a second run returns the existing one."""
    found: list[Mapping[str, Any]] = []

    async def present(_: str) -> None:
        packages = await steps.all(COORDINATOR, "/v1/packages", "packages")
        found.append(packages[0] if packages else await _presented(steps))

    await steps.each("an offering, a unit and a pledge are presented as one", ["one"], present)
    return found[0]


async def _presented(steps: Steps) -> Mapping[str, Any]:
    await _offer(steps)
    package = await _present(steps, await _open(steps))
    path = f"/v1/packages/{package['package_id']}"
    for who in (UNIT, DONOR):
        package = await steps.api.post(who, f"{path}/agree", {}, revision=package["revision"])
    match = await steps.api.get(FIJI, f"/v1/matches/{package['match_id']}")
    await steps.api.post(FIJI, f"/v1/matches/{package['match_id']}/accept", {}, revision=match["revision"])
    return await steps.api.get(COORDINATOR, path)


async def _offer(steps: Steps) -> None:
    year = clock.now().year + 1
    body = {
        "submit": True,
        "language": "en",
        "title": "[Fictitious sample] Training of magistrates by magistrates",
        "summary": "[Fictitious sample] Ten evenings of cases on mutual legal assistance.",
        "kinds": ["training"],
        "topics": ["mutual_legal_assistance"],
        "languages": ["en"],
        "modalities": ["remote"],
        "valid": {"from": f"{year - 1}-01-01", "until": f"{year}-12-31"},
        "capacity": [{"from": f"{year}-01-01", "until": f"{year}-12-31", "units": 1}],
        "resource_status": "partly",
        "funding_needed": LACKING,
    }
    offering = await steps.api.post(PROVIDER, "/v1/offerings", body, step="package")
    if offering["status"] == "submitted":
        path = f"/v1/offerings/{offering['offering_id']}/approve"
        await steps.api.post(COORDINATOR, path, {}, revision=offering["revision"])


async def _open(steps: Steps) -> str:
    """Open the request that came by note verbale, and return its id."""
    own = await steps.all(FIJI, "/v1/requests", "requests")
    request = next(one for one in own if one["title"] == BY_NOTE["title"])
    path = f"/v1/requests/{request['request_id']}"
    request = await steps.api.get(COORDINATOR, path)
    if request["status"] == "submitted":
        request = await steps.api.post(COORDINATOR, f"{path}/register", {}, revision=request["revision"])
    if request["status"] == "registered":
        body = {"priority": "normal"}
        request = await steps.api.post(COORDINATOR, f"{path}/open", body, revision=request["revision"])
    return str(request["request_id"])


async def _present(steps: Steps, request_id: str) -> Mapping[str, Any]:
    pledges = await steps.all(DONOR, f"/v1/pledges?fund={FUND}&status=received", "pledges")
    asked = {"unit": "UNODC-MLA", "unit_role": "backstopping", "pledge_id": pledges[0]["pledge_id"], "money": LACKING}
    comment = {"departure": "other", "comment": "[Fictitious sample] From magistrates to magistrates."}

    async def suggested() -> Mapping[str, Any] | None:
        matches = await steps.all(COORDINATOR, f"/v1/matches?request={request_id}", "matches")
        return next((one for one in matches if one["provider"] == PROVIDER.partition(":")[0]), None)

    for left in reversed(range(ATTEMPTS)):
        match = await steps.until(suggested, "the match of South Africa's offering")
        chosen = {name: match[name] for name in ("match_id", "revision")}
        try:
            return await steps.api.post(COORDINATOR, "/v1/packages", {**chosen, **asked, **comment}, step=str(left))
        except StepError as error:
            # The model scores a match again once it has encoded the texts.
            if error.slug != "revision-stale" or not left:
                raise
    raise AssertionError("the last attempt returns or raises")
