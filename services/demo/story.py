"""The main job from end to end, told through the public API alone: filed, matched, agreed, funded, told.

Every step looks at what is there first, so that telling it again changes nothing and checks everything; a step that was
cut off is sent again under its own Idempotency-Key.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from chassis import clock
from contracts.facts import Event
from services.demo.appointing import appoint_everybody
from services.demo.giving import Given, give
from services.demo.people import Api, Persona, StepError, personas
from services.demo.planning import Planned, plan_a_round
from services.demo.samples import coming, world
from services.matching.texts import meaning

COORDINATOR = "UNODC:coordinator"
FINANCE = "UNODC:finance_officer"
MAINTENANCE = "SHERLOC-MNT"
WORK_PACKAGE = "maintenance"
REQUESTS_FUND = "TA-REQUESTS"
MAINTENANCE_USD_MINOR = 20_000_000
PATIENCE_SECONDS = 120
"""How long to wait for what the story cannot go on without; on a busy machine a step takes many times its own time."""

READING_SECONDS = 30
"""How long to wait for the model to read all texts, which the story can go on without."""

RESCORED_TIMES = 5
"""How often a match is read again because its revision moved between reading and presenting it."""

POLL_SECONDS = 0.05
SIDE_BY_SIDE = 4
DEPARTURE = {"departure": "other", "comment": "The State has not let the request circulate: a unit of UNODC."}

T = TypeVar("T")
Say = Callable[[str, int, int], None]
"""`(step, done, of)`: progress, for whoever shows it."""


@dataclass
class Line:
    """What became of one line of a request."""

    kind: str
    match: Mapping[str, Any] = field(default_factory=dict)
    offering: Mapping[str, Any] = field(default_factory=dict)
    passed_over: int = 0
    needed: Mapping[str, Any] | None = None
    covered: bool = False


@dataclass
class Told:
    """What became of one request."""

    appointment: str
    title: str
    language: str
    request: Mapping[str, Any]
    lines: list[Line] = field(default_factory=list)
    suggestion_ms: float | None = None
    notified: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """The facts that passed on NATS: how many of each type, and when the first of an aggregate or of its cause came."""

    types: dict[str, int] = field(default_factory=dict)
    suggested_at: dict[str, float] = field(default_factory=dict)

    async def keep(self, events: "asyncio.Queue[Event]") -> None:
        while True:
            event = await events.get()
            self.types[event.type] = self.types.get(event.type, 0) + 1
            if event.type == "matching.line.ranked.v1":
                request_id = msgspec.json.decode(event.data)["request_id"]
                self.suggested_at.setdefault(request_id, time.monotonic())


class Story:
    """The steps in their order; `say` hears how far each is, and files for the donor go into `folder`."""

    def __init__(
        self, api: Api, seen: Seen, say: Say, folder: Path, *, reading_seconds: float = READING_SECONDS
    ) -> None:
        self._api = api
        self._folder = folder
        self._seen = seen
        self._say = say
        self._reading_seconds = reading_seconds
        self.not_waited_for: list[str] = []
        self.filed_before = 0
        self.told: list[Told] = []
        self.funds: list[Mapping[str, Any]] = []
        self.years: Sequence[Mapping[str, Any]] = []
        self.planned: Planned | None = None
        self.given: Given | None = None

    async def tell(self) -> None:
        """Raises StepError at the first step that is not answered as it should be."""
        await appoint_everybody(self._api, self._all, self._each)
        await self._subscribe()
        await self._raise_funds()
        await self._offer()
        await self._file()
        await self._read()
        await self._agree()
        self.given = await give(
            self._api, self._all, self._each, self._until, self._folder, circulating=self._circulating()
        )
        await self._fund()
        await self._hear()
        self.planned = await plan_a_round(self._api, self._all, self._each, self._until)

    async def _each(self, step: str, items: Sequence[T], work: Callable[[T], Awaitable[None]], width: int) -> None:
        done = 0
        places = asyncio.Semaphore(width)
        self._say(step, 0, len(items))

        async def one(item: T) -> None:
            nonlocal done
            async with places:
                await work(item)
            done += 1
            self._say(step, done, len(items))

        async with asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(one(item))

    async def _all(self, appointment: str, path: str, name: str) -> list[Mapping[str, Any]]:
        """Every page of a list."""
        found: list[Mapping[str, Any]] = []
        cursor = ""
        while True:
            page = await self._api.get(appointment, f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            found += page[name]
            if page["cursor"] is None:
                return found
            cursor = f"&cursor={page['cursor']}"

    # -- who is told where, and the money --------------------------------------------------------------------------

    async def _subscribe(self) -> None:
        async def subscribe(persona: Persona) -> None:
            # A coordinator's desk hears of every case: it reads its inbox, and no mail for each of a hundred matches.
            channels = ["inbox"] if persona.role == "coordinator" else ["inbox", "mail"]
            body = {"language": persona.language, "channels": channels, "email": persona.email}
            await self._api.put(persona.appointment, "/v1/subscriptions", body, person=persona.person_id)

        await self._each("people say where they want to be told", personas(), subscribe, SIDE_BY_SIDE)

    async def _raise_funds(self) -> None:
        sample = msgspec.json.decode(world("pledges.json"))
        steps = 1 + len(sample["funds"]) + len(sample["pledges"])
        self._say("donors pledge, UNODC commits and receives", 0, steps)
        await self._api.load(FINANCE, "/v1/rates/csv", world("rates.csv"))
        opened = {fund["code"] for fund in await self._all(FINANCE, "/v1/funds", "funds")}
        for number, fund in enumerate(sample["funds"], 1):
            if fund["code"] not in opened:
                await self._api.post(FINANCE, "/v1/funds", fund, step=fund["code"])
            self._say("donors pledge, UNODC commits and receives", 1 + number, steps)
        for number, pledge in enumerate(sample["pledges"], 1):
            await self._pledge(number, pledge)
            self._say("donors pledge, UNODC commits and receives", 1 + len(sample["funds"]) + number, steps)

    async def _pledge(self, number: int, sample: Mapping[str, Any]) -> None:
        body = {name: sample[name] for name in ("fund", "money", "pledged_on", "note")}
        made = await self._all(sample["as"], "/v1/pledges", "pledges")
        pledge = next((one for one in made if all(one[name] == body[name] for name in body)), None)
        pledge = pledge or await self._api.post(sample["as"], "/v1/pledges", body, step=f"pledge {number}")
        path = f"/v1/pledges/{pledge['pledge_id']}"
        if pledge["status"] == "pledged":
            committed = {"committed_on": sample["pledged_on"]}
            pledge = await self._api.post(FINANCE, f"{path}/commit", committed, revision=pledge["revision"])
        if pledge["status"] == "committed":
            paid = {"money": sample["money"], "received_on": sample["pledged_on"]}
            pledge = await self._api.post(FINANCE, f"{path}/receive", paid, revision=pledge["revision"])
        if pledge["status"] != "received":
            raise StepError(f"pledge {number} is {pledge['status']}, not received")

    # -- offerings, requests ---------------------------------------------------------------------------------------

    async def _offer(self) -> None:
        known = {one["title"]: one for one in await self._all(COORDINATOR, "/v1/offerings", "offerings")}

        async def offer(numbered: tuple[int, Mapping[str, Any]]) -> None:
            number, sample = numbered
            body = {**sample["body"], "submit": True}
            offering = known.get(body["title"])
            offering = offering or await self._api.post(sample["as"], "/v1/offerings", body, step=f"offering {number}")
            if offering["status"] == "submitted":
                path = f"/v1/offerings/{offering['offering_id']}/approve"
                await self._api.post(COORDINATOR, path, {}, revision=offering["revision"])

        samples = list(enumerate(msgspec.json.decode(coming("offerings.json", today=clock.now().date())), 1))
        await self._each("providers offer, a coordinator approves", samples, offer, SIDE_BY_SIDE)

    async def _file(self) -> None:
        samples = list(enumerate(msgspec.json.decode(coming("requests.json", today=clock.now().date())), 1))
        self.told = [None] * len(samples)  # type: ignore[list-item]

        async def file(numbered: tuple[int, Mapping[str, Any]]) -> None:
            number, sample = numbered
            request = await self._filed(sample)
            if first := request is None:
                request = await self._api.post(sample["as"], "/v1/requests", sample["body"], step=f"request {number}")
            else:
                self.filed_before += 1
            answered = time.monotonic()
            told = Told(sample["as"], sample["body"]["title"], sample["body"]["language"], request)
            told.lines = [Line(line["kind"]) for line in request["lines"]]
            self.told[number - 1] = told
            await self._suggestions(request)
            if first:
                told.suggestion_ms = max(0.0, (await self._seen_suggested(request) - answered) * 1000)
            if request["status"] == "submitted":
                path = f"/v1/requests/{request['request_id']}"
                request = await self._api.post(COORDINATOR, f"{path}/register", {}, revision=request["revision"])
                request = await self._api.post(
                    COORDINATOR, f"{path}/open", {"priority": "normal"}, revision=request["revision"]
                )
            told.request = request

        # One after the other, so that each time from 201 to suggestion is its own.
        await self._each("States file, the system suggests, a coordinator triages", samples, file, 1)

    async def _filed(self, sample: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The State's own request of that title, if it was filed before."""
        own = await self._all(sample["as"], "/v1/requests", "requests")
        known = next((one for one in own if one["title"] == sample["body"]["title"]), None)
        return await self._api.get(sample["as"], f"/v1/requests/{known['request_id']}") if known else None

    async def _suggestions(self, request: Mapping[str, Any]) -> None:
        """Wait until every line has a suggestion."""
        lines = {line["line_id"] for line in request["lines"]}

        async def all_there() -> bool:
            matches = await self._matches(request["request_id"])
            return lines <= {match["line_id"] for match in matches}

        await self._until(all_there, f"suggestions for {request['request_id']}")

    async def _seen_suggested(self, request: Mapping[str, Any]) -> float:
        """When the fact passed: what is committed may be read before it is published."""

        async def seen() -> float | None:
            return self._seen.suggested_at.get(request["request_id"])

        return await self._until(seen, f"the fact of a suggestion for {request['request_id']}")

    async def _matches(self, request_id: str) -> list[Mapping[str, Any]]:
        return await self._all(COORDINATOR, f"/v1/matches?request={request_id}", "matches")

    async def _read(self) -> None:
        """Wait until the model has read what nobody was shown: a score that changes meanwhile is another table.

        After `reading_seconds` go on without: scores by codes alone are whole, and what is read later changes them.
        """
        if meaning.lack() is not None:
            return
        step = "the texts are read, the suggestions ranked by what they mean, too"
        deadline = time.monotonic() + self._reading_seconds
        self._say(step, 0, len(self.told))
        for number, told in enumerate(self.told):
            if not await self._is_read(told, deadline):
                left = len(self.told) - number
                self.not_waited_for.append(
                    f"the texts of {left} of {len(self.told)} requests to be read by the model: "
                    f"after {self._reading_seconds:g} s their suggestions are ranked by codes"
                )
                return
            self._say(step, number + 1, len(self.told))

    async def _is_read(self, told: Told, deadline: float) -> bool:
        while True:
            matches = await self._matches(told.request["request_id"])
            if all(one["judgement"] for one in matches if one["status"] == "suggested"):
                return True
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)

    # -- agreement -------------------------------------------------------------------------------------------------

    async def _agree(self) -> None:
        lines = [(told, number) for told in self.told for number in range(len(told.lines))]

        async def agree(of: tuple[Told, int]) -> None:
            told, number = of
            await self._agree_on(told, told.request["lines"][number], told.lines[number])

        # Side by side two lines may reach for the last unit of one offering; one after the other the table is the same
        # in every run.
        await self._each("matches are presented, accepted, confirmed", lines, agree, 1)

    async def _agree_on(self, told: Told, line: Mapping[str, Any], outcome: Line) -> None:
        """Take the best match that may be presented and has room."""
        matches = [m for m in await self._matches(told.request["request_id"]) if m["line_id"] == line["line_id"]]
        settled = [m for m in matches if m["status"] in {"confirmed", "in_delivery", "completed"}]
        ranked = settled or sorted(matches, key=lambda m: (-m["score"], m["rank"] or 0))
        granted = told.request["circulation"] == "granted"
        for match in ranked:
            if match["status"] in {"suggested", "shortlisted", "presented", "accepted", "provider_confirmed"}:
                if not granted and not match["provider"].startswith("UNODC"):
                    outcome.passed_over += 1
                    continue
                match = await self._carry_through(told, match, outcome)
            if match["status"] == "confirmed":
                path = f"/v1/matches/{match['match_id']}"
                outcome.match = await self._api.get(COORDINATOR, path, language=told.language)
                outcome.offering = await self._api.get(COORDINATOR, f"/v1/offerings/{match['offering_id']}")
                outcome.needed = match["funding_needed"]
                return
        raise StepError(f"no match of {told.appointment}'s {outcome.kind} could be confirmed")

    async def _carry_through(self, told: Told, match: Mapping[str, Any], outcome: Line) -> Mapping[str, Any]:
        path = f"/v1/matches/{match['match_id']}"
        if match["status"] in {"suggested", "shortlisted"}:
            body = DEPARTURE if outcome.passed_over else {}
            match = await self._present(match, body)
        if match["status"] in {"presented", "provider_confirmed"}:
            match = await self._api.post(told.appointment, f"{path}/accept", {}, revision=match["revision"])
        if match["status"] == "accepted":
            provider = f"{match['provider']}:provider_officer"
            match = await self._api.post(provider, f"{path}/confirm", {}, revision=match["revision"])
        return match

    async def _present(self, match: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Present a match, whose revision moves when the model scores it anew."""
        path = f"/v1/matches/{match['match_id']}"
        for left in reversed(range(RESCORED_TIMES)):
            try:
                presented: Mapping[str, Any] = await self._api.post(
                    COORDINATOR, f"{path}/present", body, revision=match["revision"]
                )
                return presented
            except StepError as error:
                if error.slug != "revision-stale" or not left:
                    raise
                match = await self._api.get(COORDINATOR, path)
        raise AssertionError("the last attempt returns or raises")

    def _circulating(self) -> list[str]:
        """The request of each line that lacks money, where its State lets the request circulate."""
        return [
            told.request["request_id"]
            for told in self.told
            for line in told.lines
            if line.needed and told.request["circulation"] == "granted"
        ]

    # -- money and words -------------------------------------------------------------------------------------------

    async def _fund(self) -> None:
        """SHERLOC's maintenance first, then what the confirmed matches lack."""
        unfunded = [(told, line) for told in self.told for line in told.lines if line.needed]
        self._say("funds are allocated, SHERLOC's maintenance first", 0, len(unfunded) + 1)
        body = {
            "fund": MAINTENANCE,
            "work_package": WORK_PACKAGE,
            "money": {"minor": MAINTENANCE_USD_MINOR, "currency": "USD"},
        }
        made = await self._all(FINANCE, f"/v1/allocations?fund={MAINTENANCE}", "allocations")
        if not any(one["work_package"] == WORK_PACKAGE for one in made):
            await self._api.post(FINANCE, "/v1/allocations", body, step="maintenance")
        self._say("funds are allocated, SHERLOC's maintenance first", 1, len(unfunded) + 1)
        for number, (told, line) in enumerate(unfunded, 2):
            await self._cover(told, line)
            self._say("funds are allocated, SHERLOC's maintenance first", number, len(unfunded) + 1)
        self.funds = (await self._api.get(FINANCE, "/v1/funds"))["funds"]
        fund = next(one for one in self.funds if one["code"] == MAINTENANCE)
        self.years = (await self._api.get(FINANCE, f"/v1/funds/{MAINTENANCE}/years"))["years"]
        for figure in ("requirement_usd_minor", "committed_usd_minor", "paid_usd_minor", "allocated_usd_minor"):
            if fund[figure] != sum(one[figure] for one in self.years):
                raise StepError(f"the years of {MAINTENANCE} do not come to its {figure}")

    async def _cover(self, told: Told, line: Line) -> None:
        async def requirement() -> Mapping[str, Any] | None:
            page = await self._api.get(FINANCE, f"/v1/requirements?request={told.request['request_id']}")
            return next((r for r in page["requirements"] if r["match_id"] == line.match["match_id"]), None)

        found = await self._until(requirement, f"the requirement of {told.appointment}'s {line.kind}")
        if found["gap_usd_minor"]:
            body = {
                "fund": REQUESTS_FUND,
                "requirement_id": found["requirement_id"],
                "money": {"minor": found["gap_usd_minor"], "currency": "USD"},
            }
            await self._api.post(FINANCE, "/v1/allocations", body, step=found["requirement_id"])
            found = await self._until(requirement, "the requirement")
        line.covered = found["gap_usd_minor"] == 0

    async def _hear(self) -> None:
        """Everyone concerned has been told: in the inbox, and by a mail that the mail server took."""

        async def hear(told: Told) -> None:
            providers = {f"{line.match['provider']}:provider_officer" for line in told.lines}
            concerned = [told.appointment, COORDINATOR, *sorted(providers)]

            async def all_told() -> list[str] | None:
                return concerned if all([await self._was_told(who, told) for who in concerned]) else None

            told.notified = await self._until(all_told, f"everyone to be told of {told.request['request_id']}")

        await self._each("everyone concerned is told", self.told, hear, 2)

    async def _was_told(self, appointment: str, told: Told) -> bool:
        told_of = await self._all(appointment, "/v1/notifications", "notifications")
        return any(
            one["request_id"] == told.request["request_id"]
            and all(d["status"] == "delivered" for d in one["dispatches"])
            for one in told_of
        )

    async def _until(self, ask: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Ask until there is an answer. Raises StepError when none comes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if answer := await ask():
                return answer
            await asyncio.sleep(POLL_SECONDS)
        raise StepError(f"waited {PATIENCE_SECONDS} s for {what}")
