"""The main process from end to end through the public API: requests, matches, agreements, funding, notifications.

Every step first reads the existing records, so that a second run changes nothing and checks everything; an interrupted
step is repeated with the same Idempotency-Key.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chassis import clock
from contracts import reference
from services.demo.appointing import appoint_all
from services.demo.delivering import end_early, propose_completion
from services.demo.desk import DeskStory, Escalate, Intake
from services.demo.donor import DonorStory
from services.demo.ending import complete_request, refund
from services.demo.extending import Extended, extend_portal
from services.demo.joint import JointDelivery, deliver_jointly, propose_jointly
from services.demo.meetings import meet
from services.demo.outcomes import Ask, Mails, answer_mail
from services.demo.outreach import plan_outreach
from services.demo.packaging import present_package
from services.demo.people import Api, Persona, StepError, personas
from services.demo.planning import Planned, plan_round
from services.demo.portal import Portal, keep_portal
from services.demo.publishing import publish_summaries
from services.demo.records import Ended, LineRecord, RequestRecord, Seen
from services.demo.reporting import Reported, report_the_year
from services.demo.samples import shift_to_today, world
from services.demo.steps import POLL_SECONDS, Say, Steps
from services.matching.texts import meaning

COORDINATOR = "UNODC:coordinator"
FINANCE = "UNODC:finance_officer"
MAINTENANCE = "SHERLOC-MNT"
WORK_PACKAGE = "maintenance"
REQUESTS_FUND = "TA-REQUESTS"
UNPAID = "PRY:focal_point"
"""Whose match still lacks money at the end, so that donors find what they may pledge to."""
MAINTENANCE_USD_MINOR = 20_000_000
READING_SECONDS = 30
"""Maximum wait for the model to encode all texts; the story can continue without."""

RESCORED_TIMES = 5
"""Maximum number of attempts to present a match, whose revision may change before."""

SIDE_BY_SIDE = 4
AGREED = frozenset({"confirmed", "in_delivery", "completed"})
DEPARTURE = {"departure": "other", "comment": "The State has not let the request circulate: a unit of UNODC."}


class Story:
    """The steps in order; `say` reports progress, and files for the donor go into `folder`."""

    def __init__(
        self,
        api: Api,
        seen: Seen,
        say: Say,
        folder: Path,
        *,
        reading_seconds: float = READING_SECONDS,
        intake: Intake | None = None,
        escalate: Escalate | None = None,
        ask: Ask | None = None,
        mails: Mails | None = None,
    ) -> None:
        self._api = api
        self._folder = folder
        self._seen = seen
        self._steps = Steps(api, say)
        self._reading_seconds = reading_seconds
        self._ask, self._mails = ask, mails
        self.desk = DeskStory(self._steps, intake, escalate)
        self.not_waited_for: list[str] = []
        self.filed_before = 0
        self.requests: list[RequestRecord] = []
        self.funds: list[Mapping[str, Any]] = []
        self.years: Sequence[Mapping[str, Any]] = []
        self.planned: Planned | None = None
        self.given: DonorStory | None = None
        self.refunded: Mapping[str, Any] = {}
        self.joint = JointDelivery()
        self.ended: Ended | None = None
        self.proposed: Mapping[str, Any] = {}
        """A delivery whose completion is proposed and waits for its State."""
        self.reported: Reported | None = None
        self.portal = Portal()
        self.extended = Extended()
        self.kinds_offered: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Run all steps. Raises StepError at the first unexpected answer."""
        await appoint_all(self._steps)
        await self._subscribe()
        await self.desk.prepare()
        await self.desk.watch()
        await self._raise_funds()
        await self._offer()
        await self._file()
        await self._read()
        await self._agree()
        self.given = DonorStory(self._steps, self._folder, self._circulating())
        await self.given.give()
        await self._fund()
        await publish_summaries(self._steps, self.requests)
        await self._end()
        await self._check_notifications()
        await self.desk.run()
        self.planned = await plan_round(self._steps)
        # After the round, which would otherwise plan for the State that declines.
        self.desk.joint = await propose_jointly(self._steps)
        self.joint = await deliver_jointly(self._steps, self.desk.joint)
        self.desk.package = await present_package(self._steps)
        self.ended = await end_early(self._steps)
        self.proposed = await propose_completion(self._steps)
        for record in self.requests:
            if record.delivery is not None:
                await answer_mail(self._steps, record, self._ask, self._mails)
        self.reported = await report_the_year(self._steps, self._folder)
        self.portal = await keep_portal(self._steps, self.requests)
        await plan_outreach(self._steps)
        await meet(self._steps)
        self.extended = await extend_portal(self._steps)
        await self._read_funds()

    # -- subscriptions, and the money ------------------------------------------------------------------------------

    async def _subscribe(self) -> None:
        async def subscribe(persona: Persona) -> None:
            # A coordinator is notified of every case: inbox only, no mail for each of a hundred matches.
            channels = ["inbox"] if persona.role == "coordinator" else ["inbox", "mail"]
            body = {"language": persona.language, "channels": channels, "email": persona.email}
            await self._api.put(persona.appointment, "/v1/subscriptions", body, person=persona.person_id)

        await self._steps.each("people subscribe to notifications", personas(), subscribe, SIDE_BY_SIDE)

    async def _raise_funds(self) -> None:
        sample = msgspec.json.decode(world("pledges.json"))
        await self._api.load(FINANCE, "/v1/rates/csv", world("rates.csv"))
        opened = {fund["code"] for fund in await self._steps.all(FINANCE, "/v1/funds", "funds")}
        for fund in sample["funds"]:
            if fund["code"] not in opened:
                await self._api.post(FINANCE, "/v1/funds", fund, step=fund["code"])
        pledges = list(enumerate(sample["pledges"], 1))
        await self._steps.each("donors pledge, UNODC commits and receives", pledges, self._pledge)

    async def _pledge(self, numbered: tuple[int, Mapping[str, Any]]) -> None:
        number, sample = numbered
        body = {name: sample[name] for name in ("fund", "money", "pledged_on", "note")}
        made = await self._steps.all(sample["as"], "/v1/pledges", "pledges")
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
        known = {one["title"]: one for one in await self._steps.all(COORDINATOR, "/v1/offerings", "offerings")}

        async def offer(numbered: tuple[int, Mapping[str, Any]]) -> None:
            number, sample = numbered
            body = {**sample["body"], "submit": True}
            offering = known.get(body["title"])
            offering = offering or await self._api.post(sample["as"], "/v1/offerings", body, step=f"offering {number}")
            if offering["status"] == "submitted":
                path = f"/v1/offerings/{offering['offering_id']}/approve"
                offering = await self._api.post(COORDINATOR, path, {}, revision=offering["revision"])
            # Assistance that may endanger people when known is not published.
            restricted = any(reference.kinds()[kind].restricted for kind in body["kinds"])
            if offering["status"] == "available" and offering["publication"] is None and not restricted:
                path = f"/v1/offerings/{offering['offering_id']}/publish"
                text = {name: body[name] for name in ("language", "title", "summary")}
                await self._api.post(sample["as"], path, text, revision=offering["revision"])

        samples = list(enumerate(msgspec.json.decode(shift_to_today("offerings.json", today=clock.now().date())), 1))
        await self._steps.each("providers offer and publish, a coordinator approves", samples, offer, SIDE_BY_SIDE)
        available = await self._steps.all(COORDINATOR, "/v1/offerings?status=available", "offerings")
        self.kinds_offered = frozenset(kind for one in available for kind in one["kinds"])

    async def _file(self) -> None:
        samples = list(enumerate(msgspec.json.decode(shift_to_today("requests.json", today=clock.now().date())), 1))
        self.requests = [None] * len(samples)  # type: ignore[list-item]

        async def file(numbered: tuple[int, Mapping[str, Any]]) -> None:
            number, sample = numbered
            request = await self._filed(sample)
            if first := request is None:
                request = await self._api.post(sample["as"], "/v1/requests", sample["body"], step=f"request {number}")
            else:
                self.filed_before += 1
            answered = time.monotonic()
            record = RequestRecord(sample["as"], sample["body"]["title"], sample["body"]["language"], request)
            record.outcome = sample.get("outcome")
            record.lines = [LineRecord(line["kind"]) for line in request["lines"]]
            self.requests[number - 1] = record
            await self._suggestions(request)
            if first:
                record.suggestion_ms = max(0.0, (await self._seen_suggested(request) - answered) * 1000)
            if request["status"] == "submitted":
                path = f"/v1/requests/{request['request_id']}"
                request = await self._api.post(COORDINATOR, f"{path}/register", {}, revision=request["revision"])
                request = await self._api.post(
                    COORDINATOR, f"{path}/open", {"priority": "normal"}, revision=request["revision"]
                )
            record.request = request

        # Sequentially, so that the time from each 201 to the suggestion is measured separately.
        await self._steps.each("States file, the system suggests, a coordinator triages", samples, file)

    async def _filed(self, sample: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The State's own request with the title of the sample, if it was filed before."""
        own = await self._steps.all(sample["as"], "/v1/requests", "requests")
        known = next((one for one in own if one["title"] == sample["body"]["title"]), None)
        return await self._api.get(sample["as"], f"/v1/requests/{known['request_id']}") if known else None

    async def _suggestions(self, request: Mapping[str, Any]) -> None:
        """Wait until every line has a suggestion."""
        lines = {line["line_id"] for line in request["lines"]}

        async def all_there() -> bool:
            matches = await self._matches(request["request_id"])
            return lines <= {match["line_id"] for match in matches}

        await self._steps.until(all_there, f"suggestions for {request['request_id']}")

    async def _seen_suggested(self, request: Mapping[str, Any]) -> float:
        """Wait for the fact of a suggestion, and return its time. The suggestion can be read before that."""

        async def seen() -> float | None:
            return self._seen.suggested_at.get(request["request_id"])

        return await self._steps.until(seen, f"the fact of a suggestion for {request['request_id']}")

    async def _matches(self, request_id: str) -> list[Mapping[str, Any]]:
        return await self._steps.all(COORDINATOR, f"/v1/matches?request={request_id}", "matches")

    async def _read(self) -> None:
        """Wait until the model has encoded all texts, because scores change until then, and the output with them.

        The story continues after `reading_seconds`: scores from codes alone are complete, and are updated later.
        """
        if meaning.model_problem() is not None:
            return
        step = "the texts are read, the suggestions ranked by what they mean, too"
        deadline = time.monotonic() + self._reading_seconds
        self._steps.say(step, 0, len(self.requests))
        for number, record in enumerate(self.requests):
            if not await self._is_read(record, deadline):
                left = len(self.requests) - number
                self.not_waited_for.append(
                    f"the texts of {left} of {len(self.requests)} requests to be read by the model: "
                    f"after {self._reading_seconds:g} s their suggestions are ranked by codes"
                )
                return
            self._steps.say(step, number + 1, len(self.requests))

    async def _is_read(self, record: RequestRecord, deadline: float) -> bool:
        while True:
            matches = await self._matches(record.request["request_id"])
            if all(one["judgement"] for one in matches if one["status"] == "suggested"):
                return True
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)

    # -- agreement -------------------------------------------------------------------------------------------------

    async def _agree(self) -> None:
        lines = [(record, number) for record in self.requests for number in range(len(record.lines))]

        async def agree(of: tuple[RequestRecord, int]) -> None:
            record, number = of
            await self._agree_on(record, record.request["lines"][number], record.lines[number])

        # If run concurrently, two lines could compete for the last unit of one offering; sequentially, the output is
        # the same in every run.
        await self._steps.each("matches are presented, accepted, confirmed", lines, agree)

    async def _agree_on(self, record: RequestRecord, line: Mapping[str, Any], outcome: LineRecord) -> None:
        """Agree on the best match that can be presented and has capacity."""
        matches = [m for m in await self._matches(record.request["request_id"]) if m["line_id"] == line["line_id"]]
        settled = [m for m in matches if m["status"] in AGREED]
        ranked = settled or sorted(matches, key=lambda m: (-m["score"], m["rank"] or 0))
        granted = record.request["circulation"] == "granted"
        for match in ranked:
            if match["status"] in {"suggested", "shortlisted", "presented", "accepted", "provider_confirmed"}:
                if not granted and not match["provider"].startswith("UNODC"):
                    outcome.passed_over += 1
                    continue
                match = await self._carry_through(record, match, outcome)
            if match["status"] in AGREED:
                path = f"/v1/matches/{match['match_id']}"
                outcome.match = await self._api.get(COORDINATOR, path, language=record.language)
                outcome.needed = match["funding_needed"]
                return
        raise StepError(f"no match of {record.appointment}'s {outcome.kind} could be confirmed")

    async def _carry_through(
        self, record: RequestRecord, match: Mapping[str, Any], outcome: LineRecord
    ) -> Mapping[str, Any]:
        path = f"/v1/matches/{match['match_id']}"
        if match["status"] in {"suggested", "shortlisted"}:
            body = DEPARTURE if outcome.passed_over else {}
            match = await self._present(match, body)
        if match["status"] in {"presented", "provider_confirmed"}:
            match = await self._api.post(record.appointment, f"{path}/accept", {}, revision=match["revision"])
        if match["status"] == "accepted":
            provider = f"{match['provider']}:provider_officer"
            match = await self._api.post(provider, f"{path}/confirm", {}, revision=match["revision"])
        return match

    async def _present(self, match: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Present a match, whose revision changes when the model scores it again."""
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
        """The ids of the requests of lines that lack money, if the State lets the request circulate."""
        return [
            record.request["request_id"]
            for record in self.requests
            for line in record.lines
            if line.needed and record.request["circulation"] == "granted"
        ]

    # -- money and words -------------------------------------------------------------------------------------------

    async def _fund(self) -> None:
        """Allocate money to SHERLOC's maintenance, then the money that the confirmed matches lack."""
        body = {
            "fund": MAINTENANCE,
            "work_package": WORK_PACKAGE,
            "money": {"minor": MAINTENANCE_USD_MINOR, "currency": "USD"},
        }
        made = await self._steps.all(FINANCE, f"/v1/allocations?fund={MAINTENANCE}", "allocations")
        if not any(one["work_package"] == WORK_PACKAGE for one in made):
            await self._api.post(FINANCE, "/v1/allocations", body, step="maintenance")
        unfunded = [(record, line) for record in self.requests for line in record.lines if line.needed]
        paid = [one for one in unfunded if one[0].appointment != UNPAID]
        await self._steps.each("a fund pays for what the matches lack, but for one State's", paid, self._cover)

    async def _end(self) -> None:
        """Close the requests whose sample has an outcome, and refund a donor by two finance officers."""

        async def end(record: RequestRecord) -> None:
            await complete_request(self._steps, record)

        async def give_back(_: str) -> None:
            self.refunded = await refund(self._steps)

        ending = [record for record in self.requests if record.outcome is not None]
        await self._steps.each("deliveries are made and evaluated, requests closed", ending, end)
        await self._steps.each("two finance officers refund a donor", ["one"], give_back)

    async def _read_funds(self) -> None:
        self.funds = (await self._api.get(FINANCE, "/v1/funds"))["funds"]
        fund = next(one for one in self.funds if one["code"] == MAINTENANCE)
        self.years = (await self._api.get(FINANCE, f"/v1/funds/{MAINTENANCE}/years"))["years"]
        for figure in ("requirement_usd_minor", "committed_usd_minor", "paid_usd_minor", "allocated_usd_minor"):
            if fund[figure] != sum(one[figure] for one in self.years):
                raise StepError(f"the years of {MAINTENANCE} do not come to its {figure}")

    async def _cover(self, of: tuple[RequestRecord, LineRecord]) -> None:
        record, line = of

        async def requirement() -> Mapping[str, Any] | None:
            page = await self._api.get(FINANCE, f"/v1/requirements?request={record.request['request_id']}")
            return next((r for r in page["requirements"] if r["match_id"] == line.match["match_id"]), None)

        found = await self._steps.until(requirement, f"the requirement of {record.appointment}'s {line.kind}")
        if found["gap_usd_minor"]:
            body = {
                "fund": REQUESTS_FUND,
                "requirement_id": found["requirement_id"],
                "money": {"minor": found["gap_usd_minor"], "currency": "USD"},
            }
            await self._api.post(FINANCE, "/v1/allocations", body, step=found["requirement_id"])
            found = await self._steps.until(requirement, "the requirement")
        line.requirement_id, line.covered = found["requirement_id"], found["gap_usd_minor"] == 0

    async def _check_notifications(self) -> None:
        """Check that everyone concerned was notified, in the inbox and by a delivered mail."""

        async def check(record: RequestRecord) -> None:
            providers = {f"{line.match['provider']}:provider_officer" for line in record.lines}
            concerned = [record.appointment, COORDINATOR, *sorted(providers)]

            async def all_notified() -> list[str] | None:
                return concerned if all([await self._was_notified(who, record) for who in concerned]) else None

            record.notified = await self._steps.until(
                all_notified, f"everyone to be notified of {record.request['request_id']}"
            )

        await self._steps.each("everyone concerned is notified", self.requests, check, 2)

    async def _was_notified(self, appointment: str, record: RequestRecord) -> bool:
        received = await self._steps.all(appointment, "/v1/notifications", "notifications")
        return any(
            one["request_id"] == record.request["request_id"]
            and all(d["status"] == "delivered" for d in one["dispatches"])
            for one in received
        )
