"""The main workflow of one request, by clients that repeat every unanswered command unchanged."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

import httpx

from chassis import clock
from tests import builders
from tests.builders import a_line, a_request
from tests.delivery.sessions.steps import TERMS, counts
from tests.delivery.steps import CONTACT, a_version
from tests.matching.builders import an_offering_body
from tests.matching.steps import settled
from tests.personas import persona_id
from tests.system.platform import UNREACHABLE

STATE = "KEN:focal_point"
COORDINATOR = "UNODC:coordinator"
PROVIDER = "UNODC-SHERLOC:provider_officer"
FINANCE = "UNODC:finance_officer"
DONOR = "NOR:donor_officer"
CHANNELS = {STATE: ["inbox", "mail"], COORDINATOR: ["inbox"], PROVIDER: ["inbox"], DONOR: ["mail"]}
"""Channels of each subscriber. Finance gets no notifications, since it acts here itself."""

FUND = "TA-REQUESTS"
NEEDED_MINOR = 3_800_000
PATIENCE_SECONDS = 120
"""Three platforms that begin again on two busy processors are not ready within thirty."""

PAUSE_SECONDS = 0.02
UNDER_WAY = frozenset({"command-under-way", "request-not-open"})
"""Temporary refusals: a repeated command is still in progress, or matching has not applied the opening yet."""

T = TypeVar("T")


class Persistent:
    """A client that sends each command, under its own key, until it is answered."""

    def __init__(self, client: httpx.AsyncClient, address: str) -> None:
        self._client = client
        self._address = address
        self.repeats = 0

    async def get(self, who: str, path: str) -> dict[str, Any]:
        return await self._until_answered("GET", who, path)

    async def post(self, who: str, path: str, body: Any, *, revision: int | None = None) -> dict[str, Any]:
        """Send a command under a key made of caller and path: the same command has the same key in every run."""
        return await self._until_answered(
            "POST", who, path, body, key=str(uuid5(NAMESPACE_URL, f"{who} {path}")), revision=revision
        )

    async def put(self, who: str, path: str, body: Any, *, revision: int | None = None) -> dict[str, Any]:
        """Put, and return nothing if the revision has passed: an unanswered attempt may have been carried out."""
        return await self._until_answered("PUT", who, path, body, revision=revision)

    async def move(self, who: str, path: str, move: str, record: dict[str, Any], **body: Any) -> dict[str, Any]:
        return await self.post(who, f"{path}/{move}", body, revision=record["revision"])

    async def until(self, ask: Callable[[], Awaitable[T | None]], what: str) -> T:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if answer := await ask():
                return answer
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"waited {PATIENCE_SECONDS} s for {what}")

    async def _until_answered(
        self, method: str, who: str, path: str, body: Any = None, *, key: str | None = None, revision: int | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {builders.token(who)}"}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"If-Match": f'"{revision}"'} if revision is not None else {}
        said = "nothing"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = await self._client.request(method, self._address + path, json=body, headers=headers)
            except UNREACHABLE as error:
                said = type(error).__name__
            else:
                if answer.is_success:
                    return dict(answer.json())
                if method == "PUT" and answer.status_code == httpx.codes.PRECONDITION_FAILED:
                    return {}
                said = f"{answer.status_code} {answer.text}"
                again = answer.status_code >= 500 or (answer.status_code == 409 and answer.json()["slug"] in UNDER_WAY)
                assert again, f"{method} {path} as {who}: {said}"
            self.repeats += 1
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"{method} {path} was not answered in {PATIENCE_SECONDS} s: {said}")


async def run_main_workflow(api: Persistent) -> None:
    """Run a pledge, an offering and a request to a delivery under an agreement, with a thread and a session.

    Returns when all sides have seen the end.
    """
    for who, channels in CHANNELS.items():
        email = f"{persona_id(who).hex}@people.example" if "mail" in channels else None
        await api.put(who, "/v1/subscriptions", {"language": "en", "channels": channels, "email": email})
    await _raise_money(api)
    await _offer(api)
    request, match = await agree(api, await file_request(api))
    await _fund(api, request, match)
    await deliver(api, request)


async def _raise_money(api: Persistent) -> None:
    labels = {code: f"Fictitious sample: {code}" for code in ("ar", "en", "es", "fr", "ru", "zh")}
    await api.post(FINANCE, "/v1/funds", {"code": FUND, "labels": labels})
    money = {"minor": 5_000_000, "currency": "USD"}
    body = {"fund": FUND, "money": money, "pledged_on": "2026-02-12", "note": "Fictitious sample."}
    pledge = await api.post(DONOR, "/v1/pledges", body)
    path = f"/v1/pledges/{pledge['pledge_id']}"
    pledge = await api.move(FINANCE, path, "commit", pledge, committed_on="2026-02-12")
    await api.move(FINANCE, path, "receive", pledge, money=money, received_on="2026-02-12")


async def _offer(api: Persistent) -> None:
    needed = {"resource_status": "partly", "funding_needed": {"minor": NEEDED_MINOR, "currency": "USD"}}
    offering = await api.post(PROVIDER, "/v1/offerings", an_offering_body(**needed))
    await api.move(COORDINATOR, f"/v1/offerings/{offering['offering_id']}", "approve", offering)


async def file_request(api: Persistent) -> dict[str, Any]:
    request = await api.post(STATE, "/v1/requests", a_request(lines=[a_line()]))
    path = f"/v1/requests/{request['request_id']}"
    request = await api.move(COORDINATOR, path, "register", request)
    return await api.move(COORDINATOR, path, "open", request, priority="normal")


async def agree(api: Persistent, request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    async def suggested() -> list[dict[str, Any]] | None:
        matches = (await api.get(COORDINATOR, f"/v1/matches?request={request['request_id']}"))["matches"]
        return matches if matches and settled(matches) else None

    match = (await api.until(suggested, "a suggestion"))[0]
    path = f"/v1/matches/{match['match_id']}"
    match = await api.move(COORDINATOR, path, "present", match)
    match = await api.move(STATE, path, "accept", match)
    return request, await api.move(PROVIDER, path, "confirm", match)


async def _fund(api: Persistent, request: dict[str, Any], match: dict[str, Any]) -> None:
    async def opened() -> list[dict[str, Any]] | None:
        return (await api.get(FINANCE, f"/v1/requirements?request={request['request_id']}"))["requirements"] or None

    requirement = (await api.until(opened, "the requirement"))[0]
    assert requirement["match_id"] == match["match_id"]
    money = {"minor": requirement["gap_usd_minor"], "currency": "USD"}
    body = {"fund": FUND, "requirement_id": requirement["requirement_id"], "money": money}
    await api.post(FINANCE, "/v1/allocations", body)


async def _contacts(api: Persistent, who: str, path: str, side: str) -> bool:
    delivery = await api.get(who, path)
    if not delivery["contacts"][side]:
        await api.put(who, f"{path}/contacts", {"contacts": [CONTACT]}, revision=delivery["revision"])
        return False
    return True


async def _sign(api: Persistent, path: str, period: dict[str, str]) -> None:
    """Answer the provider's version with another one of the State, which both sign."""
    agreement = await api.post(PROVIDER, f"{path}/agreement", a_version(period=period))
    path = f"{path}/agreement"
    agreement = await api.move(STATE, path, "propose", agreement, **a_version(period=period, women=12))
    for who in (PROVIDER, STATE):
        agreement = await api.move(who, path, "sign", agreement, version=2)


async def _hold_session(api: Persistent, path: str) -> None:
    """Hold a session today, with its participants."""
    today = clock.now().date().isoformat()
    planned = {**TERMS, "period": {"from": today, "until": today}, "comment": "Fictitious: before the agreed days."}
    session = await api.post(PROVIDER, f"{path}/sessions", planned)
    held = {"participants": [{"delivery_id": path.rpartition("/")[2], "counts": counts(3, 20)}]}
    await api.move(PROVIDER, f"/v1/sessions/{session['session_id']}", "hold", session, **held)


async def deliver(api: Persistent, request: dict[str, Any]) -> None:
    async def opened() -> dict[str, Any] | None:
        found = (await api.get(STATE, f"/v1/deliveries?request={request['request_id']}"))["deliveries"]
        return found[0] if found else None

    delivery = await api.until(opened, "the delivery")
    path = f"/v1/deliveries/{delivery['delivery_id']}"
    for who, side in ((STATE, "state"), (PROVIDER, "provider")):
        await api.until(partial(_contacts, api, who, path, side), f"the contacts of {who}")
        await api.post(who, f"{path}/messages", {"text": "Fictitious: when does it begin?", "language": "en"})
    await _sign(api, path, delivery["period"])
    await api.move(PROVIDER, path, "begin", await api.get(PROVIDER, path))
    await _hold_session(api, path)

    async def in_delivery() -> bool:
        return (await api.get(STATE, f"/v1/requests/{request['request_id']}"))["status"] == "in_delivery"

    await api.until(in_delivery, "the request to be in delivery")
